#include <gtest/gtest.h>

#include "encoding/cbor.hpp"

namespace folkmoot::encoding {
namespace {

std::string written(const auto& write) {
    Bytes out;
    Writer writer(out);
    write(writer);
    return to_hex(out);
}

TEST(Writer, O1_writes_the_shortest_form_at_every_width) {
    const auto uint = [](std::uint64_t value) {
        return written([&](Writer& out) { out.write_uint(value); });
    };
    EXPECT_EQ(uint(0), "00");
    EXPECT_EQ(uint(23), "17");
    EXPECT_EQ(uint(24), "1818");
    EXPECT_EQ(uint(255), "18ff");
    EXPECT_EQ(uint(256), "190100");
    EXPECT_EQ(uint(65535), "19ffff");
    EXPECT_EQ(uint(65536), "1a00010000");
    EXPECT_EQ(uint(0xffffffff), "1affffffff");
    EXPECT_EQ(uint(0x100000000), "1b0000000100000000");
    EXPECT_EQ(uint(UINT64_MAX), "1bffffffffffffffff");
}

TEST(Writer, writes_strings_and_arrays_with_their_length) {
    EXPECT_EQ(written([](Writer& out) { out.write_bytes({}); }), "40");
    EXPECT_EQ(written([](Writer& out) { out.write_bytes(Bytes{1, 2}); }), "420102");
    EXPECT_EQ(written([](Writer& out) { out.write_bytes(Bytes(24)); }).substr(0, 4), "5818");
    EXPECT_EQ(written([](Writer& out) { out.write_text(""); }), "60");
    EXPECT_EQ(written([](Writer& out) { out.write_text("moot"); }), "646d6f6f74");
    EXPECT_EQ(written([](Writer& out) { out.begin_array(0); }), "80");
    EXPECT_EQ(written([](Writer& out) { out.begin_array(24); }), "9818");
}

TEST(Writer, appends) {
    Bytes out{0xff};
    Writer(out).write_uint(1);
    EXPECT_EQ(out, (Bytes{0xff, 1}));
}

TEST(Writer, the_reader_reads_integers_around_every_power_of_two) {
    for (unsigned bit = 0; bit < 64; ++bit) {
        for (const std::uint64_t delta : {UINT64_MAX, std::uint64_t{0}, std::uint64_t{1}}) {
            const std::uint64_t value = (std::uint64_t{1} << bit) + delta;
            Bytes out;
            Writer(out).write_uint(value);
            Reader in(out, 1, 1);
            EXPECT_EQ(in.read_uint(), value);
            EXPECT_TRUE(in.finish());
        }
    }
}

}  // namespace
}  // namespace folkmoot::encoding
