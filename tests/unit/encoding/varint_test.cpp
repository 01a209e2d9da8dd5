// Variable-length integers: one meaning has one spelling (O1, Y11).
#include "encoding/varint.hpp"

#include <gtest/gtest.h>

namespace folkmoot::encoding {
namespace {

Bytes spelled(std::uint64_t value) {
    Bytes out;
    write_varint(out, value);
    return out;
}

TEST(Varint, Y11_every_value_comes_back) {
    for (unsigned bit = 0; bit < 64; ++bit) {
        for (const std::uint64_t value : {(1ULL << bit) - 1, 1ULL << bit, (1ULL << bit) + 1}) {
            const Bytes bytes = spelled(value);
            ByteReader in(bytes);
            EXPECT_EQ(in.varint(), value);
            EXPECT_TRUE(in.finished());
        }
    }
    EXPECT_EQ(spelled(UINT64_MAX).size(), 10U);
    const Bytes most = spelled(UINT64_MAX);
    ByteReader in(most);
    EXPECT_EQ(in.varint(), UINT64_MAX);
}

TEST(Varint, Y11_no_other_string_means_the_same) {
    std::size_t read = 0;
    // All strings of one and two bytes, and of three with the edges of the first.
    for (unsigned n = 0; n < 1U << 24U; ++n) {
        const Bytes bytes{static_cast<std::uint8_t>(n), static_cast<std::uint8_t>(n >> 8U),
                          static_cast<std::uint8_t>(n >> 16U)};
        if ((bytes[0] & 0x7fU) > 1 && (bytes[0] & 0x7fU) < 0x7f) continue;
        ByteReader in(bytes);
        const std::uint64_t value = in.varint();
        if (in.failed()) continue;
        ++read;
        const Bytes again = spelled(value);
        ASSERT_TRUE(std::equal(again.begin(), again.end(), bytes.begin())) << n;
        ASSERT_EQ(again.size(), in.position()) << n;
    }
    EXPECT_GT(read, 10'000U);
}

TEST(Varint, Y11_what_is_longer_than_needed_cut_short_or_too_large_fails) {
    const std::vector<Bytes> bad{{},
                                 {0x80},
                                 {0x80, 0x00},
                                 {0xff, 0x80, 0x00},
                                 {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02},
                                 {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81, 0x00}};
    for (const Bytes& bytes : bad) {
        ByteReader in(bytes);
        EXPECT_EQ(in.varint(), 0U);
        EXPECT_TRUE(in.failed());
        EXPECT_EQ(in.byte(), 0U) << "what failed stays failed";
        EXPECT_FALSE(in.finished());
    }
}

}  // namespace
}  // namespace folkmoot::encoding
