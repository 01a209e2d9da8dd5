#include "folkmoot/bytes.hpp"

#include <gtest/gtest.h>

#include <type_traits>

namespace folkmoot {
namespace {

TEST(Hex, every_byte_survives_the_round_trip) {
    Bytes all(256);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint8_t>(i);
    const auto text = to_hex(all);
    EXPECT_EQ(text.size(), 512U);
    EXPECT_EQ(text.substr(0, 8), "00010203");
    EXPECT_EQ(text.substr(504), "fcfdfeff");
    EXPECT_EQ(from_hex(text), all);
}

TEST(Hex, capitals_are_read_and_never_written) {
    EXPECT_EQ(from_hex("AbCdEF"), (Bytes{0xab, 0xcd, 0xef}));
    EXPECT_EQ(to_hex(Bytes{0xab, 0xcd, 0xef}), "abcdef");
}

TEST(Hex, nothing_is_the_empty_string) {
    EXPECT_EQ(to_hex({}), "");
    EXPECT_EQ(from_hex(""), Bytes{});
}

TEST(Hex, every_character_but_the_22_digits_is_refused) {
    for (int c = 0; c < 256; ++c) {
        const char ch = static_cast<char>(c);
        const bool digit = (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'f') || (ch >= 'A' && ch <= 'F');
        EXPECT_EQ(from_hex(std::string{ch, '0'}).has_value(), digit) << c;
        EXPECT_EQ(from_hex(std::string{'0', ch}).has_value(), digit) << c;
    }
}

TEST(Hex, odd_lengths_are_refused) {
    EXPECT_FALSE(from_hex("0"));
    EXPECT_FALSE(from_hex("abc"));
}

TEST(Fixed, takes_exactly_its_size) {
    EXPECT_FALSE(OpId::from(Bytes(31)));
    EXPECT_TRUE(OpId::from(Bytes(32)));
    EXPECT_FALSE(OpId::from(Bytes(33)));
    EXPECT_FALSE(OpId::from({}));
    EXPECT_FALSE(Signature::from(Bytes(63)));
    EXPECT_TRUE(Signature::from(Bytes(64)));
}

TEST(Fixed, is_zero_by_default_and_ordered_bytewise) {
    const OpId zero;
    EXPECT_EQ(to_hex(zero.view()), std::string(64, '0'));
    OpId low;
    low.bytes[31] = 0xff;
    OpId high;
    high.bytes[0] = 0x01;
    EXPECT_LT(zero, low);
    EXPECT_LT(low, high);
    high.bytes[0] = 0x80;
    EXPECT_LT(low, high) << "bytes are unsigned";
}

TEST(Fixed, kinds_do_not_mix) {
    EXPECT_FALSE((std::is_convertible_v<OpId, DeviceKey>));
    EXPECT_FALSE((std::is_convertible_v<OpId, GroupId>));
    EXPECT_FALSE((std::is_convertible_v<Hash32, OpId>));
    EXPECT_FALSE((std::is_assignable_v<DeviceKey&, OpId>));
}

TEST(Fixed, is_read_from_hex_of_its_size_only) {
    const std::string text(64, 'a');
    const auto id = fixed_from_hex<OpId>(text);
    ASSERT_TRUE(id);
    EXPECT_EQ(to_hex(id->view()), text);
    EXPECT_FALSE(fixed_from_hex<OpId>(text.substr(2)));
    EXPECT_FALSE(fixed_from_hex<OpId>(text + "aa"));
    EXPECT_FALSE(fixed_from_hex<OpId>(std::string(64, 'g')));
}

TEST(Group, O4_id_is_the_id_of_its_create) {
    OpId create;
    create.bytes.fill(7);
    EXPECT_EQ(to_hex(group_of(create).view()), to_hex(create.view()));
    EXPECT_EQ(create_of(group_of(create)), create);
}

TEST(Append, keeps_what_was_there) {
    Bytes out{1, 2};
    append(out, Bytes{3});
    append(out, {});
    append(out, as_bytes("A"));
    EXPECT_EQ(out, (Bytes{1, 2, 3, 0x41}));
}

}  // namespace
}  // namespace folkmoot
