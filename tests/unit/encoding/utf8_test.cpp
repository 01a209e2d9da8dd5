#include <gtest/gtest.h>

#include <set>

#include "encoding/cbor.hpp"

namespace folkmoot::encoding {
namespace {

// RFC 3629, from the code point's side: the only encoding of each scalar value.
std::string utf8(std::uint32_t point) {
    const auto tail = [&](unsigned shift) { return static_cast<char>(0x80U | (point >> shift & 0x3fU)); };
    if (point < 0x80) return {static_cast<char>(point)};
    if (point < 0x800) return {static_cast<char>(0xc0U | point >> 6U), tail(0)};
    if (point < 0x10000) return {static_cast<char>(0xe0U | point >> 12U), tail(6), tail(0)};
    return {static_cast<char>(0xf0U | point >> 18U), tail(12), tail(6), tail(0)};
}

TEST(Utf8, every_scalar_value_is_accepted_and_no_surrogate) {
    for (std::uint32_t point = 0; point < 0x110000; ++point) {
        const bool surrogate = point >= 0xd800 && point <= 0xdfff;
        ASSERT_EQ(is_utf8(utf8(point)), !surrogate) << point;
    }
    EXPECT_FALSE(is_utf8(utf8(0x110000)));
    EXPECT_FALSE(is_utf8(utf8(0x1fffff)));
}

// With the count right and every accepted string listed, nothing else can be accepted.
TEST(Utf8, every_string_of_up_to_three_bytes_is_accepted_only_if_scalars_spell_it) {
    std::set<std::string> spelt;
    for (std::uint32_t point = 0; point < 0x10000; ++point) {
        if (point < 0xd800 || point > 0xdfff) spelt.insert(utf8(point));
    }
    std::size_t two = 0;
    for (unsigned a = 0; a < 256; ++a) {
        EXPECT_EQ(is_utf8(std::string{static_cast<char>(a)}), a < 0x80);
        for (unsigned b = 0; b < 256; ++b) {
            const std::string text{static_cast<char>(a), static_cast<char>(b)};
            two += is_utf8(text) ? 1 : 0;
        }
    }
    EXPECT_EQ(two, 128U * 128U + 1920U);
    for (unsigned a = 0xc0; a < 256; ++a) {
        for (unsigned b = 0; b < 256; ++b) {
            for (unsigned c = 0x70; c < 0xd0; ++c) {
                const std::string text{static_cast<char>(a), static_cast<char>(b), static_cast<char>(c)};
                const bool expected = spelt.contains(text) || (c < 0x80 && spelt.contains(text.substr(0, 2)));
                ASSERT_EQ(is_utf8(text), expected) << a << ' ' << b << ' ' << c;
            }
        }
    }
}

TEST(Utf8, four_bytes_are_checked_at_their_borders) {
    EXPECT_TRUE(is_utf8("\xf0\x90\x80\x80"));
    EXPECT_FALSE(is_utf8("\xf0\x8f\xbf\xbf")) << "overlong";
    EXPECT_TRUE(is_utf8("\xf4\x8f\xbf\xbf"));
    EXPECT_FALSE(is_utf8("\xf4\x90\x80\x80")) << "beyond U+10FFFF";
    EXPECT_FALSE(is_utf8("\xf5\x80\x80\x80"));
    EXPECT_FALSE(is_utf8("\xf0\x90\x80"));
    EXPECT_FALSE(is_utf8("\xf0\x90\x80\x7f"));
    EXPECT_FALSE(is_utf8("\xf0\x90\xc0\x80"));
}

TEST(Utf8, text_may_be_empty_and_may_hold_zero_bytes) {
    EXPECT_TRUE(is_utf8(""));
    EXPECT_TRUE(is_utf8(std::string_view("a\0b", 3)));
    EXPECT_TRUE(is_utf8("\xef\xbb\xbf")) << "a byte order mark is a character like any other";
    EXPECT_FALSE(is_utf8("good until\xff"));
    EXPECT_FALSE(is_utf8("cut \xe2\x82"));
}

}  // namespace
}  // namespace folkmoot::encoding
