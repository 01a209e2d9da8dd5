// For any bytes: the reader and an independent reading of RFC 8949 agree on what is in the profile, and what
// is in it has no second encoding (O1).
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "support/arbitrary.hpp"
#include "support/walk_cbor.hpp"

namespace folkmoot {
namespace {

void expect_agreement(const Bytes& data) {
    const auto copy = walk::rewrite(data);
    RC_ASSERT(copy.has_value() == walk::in_profile(data));
    if (copy) RC_ASSERT(*copy == data);
}

// One random item written with the writer; `depth` more arrays may be opened.
void write_item(encoding::Writer& out, int depth) {
    switch (*rc::gen::inRange(0, depth > 0 ? 4 : 3)) {
        case 0: {
            const auto bits = *rc::gen::inRange(0U, 64U);
            out.write_uint(*rc::gen::arbitrary<std::uint64_t>() >> bits);
            break;
        }
        case 1: out.write_bytes(*rc::gen::arbitrary<Bytes>()); break;
        case 2: out.write_text(*arbitrary::text()); break;
        default: {
            const auto count = *rc::gen::inRange<std::size_t>(0, 6);
            out.begin_array(count);
            for (std::size_t i = 0; i < count; ++i) write_item(out, depth - 1);
            break;
        }
    }
}

Bytes any_item() {
    Bytes data;
    encoding::Writer out(data);
    write_item(out, 3);
    return data;
}

RC_GTEST_PROP(EncodingProperty, O1_what_the_writer_writes_the_reader_reads, ()) {
    const auto data = any_item();
    const auto copy = walk::rewrite(data);
    RC_ASSERT(copy.has_value());
    RC_ASSERT(*copy == data);
}

RC_GTEST_PROP(EncodingProperty, O1_damaged_items_are_refused_or_have_one_encoding, ()) {
    expect_agreement(arbitrary::damaged(any_item()));
}

RC_GTEST_PROP(EncodingProperty, O1_random_bytes_are_refused_or_have_one_encoding, (const Bytes& data)) {
    expect_agreement(data);
}

void compare(ByteView view) {
    const auto copy = walk::rewrite(view);
    ASSERT_EQ(copy.has_value(), walk::in_profile(view)) << to_hex(view);
    if (copy) {
        ASSERT_EQ(to_hex(*copy), to_hex(view));
    }
}

// Every string of up to two bytes, and those of three that end at a border of the heads' ranges.
TEST(EncodingProperty, O1_short_strings_exhaustively) {
    compare({});
    for (unsigned a = 0; a < 256; ++a) {
        const auto first = static_cast<std::uint8_t>(a);
        compare(Bytes{first});
        for (unsigned b = 0; b < 256; ++b) {
            const auto second = static_cast<std::uint8_t>(b);
            compare(Bytes{first, second});
            for (const auto third : Bytes{0x00, 0x17, 0x18, 0x40, 0x7f, 0x80, 0xff}) {
                compare(Bytes{first, second, third});
            }
        }
    }
}

}  // namespace
}  // namespace folkmoot
