#include <gtest/gtest.h>

#include "encoding/cbor.hpp"
#include "support/raw_cbor.hpp"

namespace folkmoot::encoding {
namespace {

using raw::hex;

ErrorCode code_of(const auto& result) { return result ? ErrorCode{} : result.error().code; }

Result<std::uint64_t> read_uint(std::string_view text, std::uint64_t max = UINT64_MAX) {
    const auto data = hex(text);
    return Reader(data, 8, 4).read_uint(max);
}

TEST(Reader, O1_reads_integers_at_every_width) {
    EXPECT_EQ(read_uint("00"), 0U);
    EXPECT_EQ(read_uint("17"), 23U);
    EXPECT_EQ(read_uint("1818"), 24U);
    EXPECT_EQ(read_uint("18ff"), 255U);
    EXPECT_EQ(read_uint("190100"), 256U);
    EXPECT_EQ(read_uint("19ffff"), 65535U);
    EXPECT_EQ(read_uint("1a00010000"), 65536U);
    EXPECT_EQ(read_uint("1affffffff"), 0xffffffffU);
    EXPECT_EQ(read_uint("1b0000000100000000"), 0x100000000U);
    EXPECT_EQ(read_uint("1bffffffffffffffff"), UINT64_MAX);
}

TEST(Reader, O1_refuses_integers_that_are_longer_than_needed) {
    for (const auto* text : {"1800", "1817", "190000", "190017", "1900ff", "1a00000000", "1a0000ffff",
                             "1b0000000000000000", "1b00000000ffffffff"}) {
        EXPECT_EQ(code_of(read_uint(text)), ErrorCode::cbor_not_minimal) << text;
    }
}

TEST(Reader, O1_refuses_lengths_that_are_longer_than_needed) {
    for (const auto* text : {"5800", "580141", "59000141", "5a0000000141", "5b000000000000000141"}) {
        const auto data = hex(text);
        EXPECT_EQ(code_of(Reader(data, 8, 4).read_bytes(100)), ErrorCode::cbor_not_minimal) << text;
    }
    for (const auto* text : {"780141", "79000141"}) {
        const auto data = hex(text);
        EXPECT_EQ(code_of(Reader(data, 8, 4).read_text(100)), ErrorCode::cbor_not_minimal) << text;
    }
    for (const auto* text : {"980100", "99000100", "9b000000000000000100"}) {
        const auto data = hex(text);
        EXPECT_EQ(code_of(Reader(data, 8, 4).begin_array(100)), ErrorCode::cbor_not_minimal) << text;
    }
}

TEST(Reader, O1_refuses_every_type_outside_the_profile) {
    for (const auto* text : {
             "20",       "3903e7",                  // negative integers
             "5f4100ff", "7f6141ff",   "9f00ff",    // indefinite lengths
             "a0",       "a10102",     "bf0102ff",  // maps
             "c000",     "d818420001",              // tags
             "e0",       "f4",         "f5",
             "f6",       "f7",         "f8ff",                // simple values
             "f90000",   "fa00000000", "fb0000000000000000",  // floats
             "ff",                                            // a break alone
             "1c",       "1d",         "1e",
             "1f",       "5c",         "7d",
             "9e",       "fc",  // reserved
         }) {
        const auto data = hex(text);
        EXPECT_EQ(code_of(Reader(data, 8, 4).read_uint()), ErrorCode::cbor_type_not_allowed) << text;
        EXPECT_EQ(code_of(Reader(data, 8, 4).read_bytes(9)), ErrorCode::cbor_type_not_allowed) << text;
        EXPECT_EQ(code_of(Reader(data, 8, 4).begin_array(9)), ErrorCode::cbor_type_not_allowed) << text;
    }
}

TEST(Reader, refuses_every_proper_prefix) {
    const auto data =
        raw::array({raw::uint(1000), raw::bytes(30, 5), raw::text("moot"), raw::array({raw::uint(7)})});
    for (std::size_t size = 0; size <= data.size(); ++size) {
        Reader in(ByteView(data).first(size), 16, 4);
        const bool ok = in.expect_array(4) && in.read_uint() && in.read_bytes(30) && in.read_text(4) &&
                        in.expect_array(1) && in.read_uint() && in.finish();
        EXPECT_EQ(ok, size == data.size()) << size;
    }
}

TEST(Reader, refuses_counts_beyond_the_input_before_anybody_allocates) {
    for (const auto* text : {"9bffffffffffffffff", "9b0000000100000000", "9a7fffffff", "82", "8200"}) {
        const auto data = hex(text);
        Reader in(data, SIZE_MAX, 4);
        const auto count = in.begin_array(SIZE_MAX);
        EXPECT_FALSE(count && *count > data.size()) << text;
    }
    for (const auto* text :
         {"5bffffffffffffffff", "5b7fffffffffffffff", "5bfffffffffffffff7", "5affffffff", "4200"}) {
        const auto data = hex(text);
        EXPECT_EQ(code_of(Reader(data, 8, 4).read_bytes(SIZE_MAX)), ErrorCode::cbor_truncated) << text;
    }
}

TEST(Reader, an_array_of_n_needs_n_bytes) {
    const auto two = hex("820000");
    EXPECT_EQ(Reader(two, 8, 4).begin_array(9), 2U);
    const auto lie = hex("830000");
    EXPECT_EQ(code_of(Reader(lie, 8, 4).begin_array(9)), ErrorCode::cbor_length);
}

TEST(Reader, bounds_hold_at_the_bound_and_one_past_it) {
    EXPECT_EQ(read_uint("1864", 100), 100U);
    EXPECT_EQ(code_of(read_uint("1865", 100)), ErrorCode::cbor_length);
    const auto data = raw::bytes(10, 1);
    EXPECT_TRUE(Reader(data, 1, 4).read_bytes(10));
    EXPECT_EQ(code_of(Reader(data, 1, 4).read_bytes(9)), ErrorCode::cbor_length);
    const auto text = raw::text("0123456789");
    EXPECT_EQ(Reader(text, 1, 4).read_text(10), "0123456789");
    EXPECT_EQ(code_of(Reader(text, 1, 4).read_text(9)), ErrorCode::cbor_length);
    const auto array = raw::array({raw::uint(0), raw::uint(0)});
    EXPECT_TRUE(Reader(array, 1, 4).begin_array(2));
    EXPECT_EQ(code_of(Reader(array, 1, 4).begin_array(1)), ErrorCode::cbor_length);
    EXPECT_TRUE(Reader(array, 1, 4).expect_array(2));
    EXPECT_EQ(code_of(Reader(array, 1, 4).expect_array(1)), ErrorCode::cbor_length);
    EXPECT_EQ(code_of(Reader(array, 1, 4).expect_array(3)), ErrorCode::cbor_length);
}

TEST(Reader, O7_items_are_counted_in_all) {
    const auto data = hex("8400000000");
    const auto read_all = [&](std::size_t max_items) {
        Reader in(data, max_items, 4);
        auto array = in.expect_array(4);
        if (!array) return array;
        for (int i = 0; i < 4; ++i) {
            if (auto item = in.read_uint(); !item) return Result<void>(std::unexpected(item.error()));
        }
        return in.finish();
    };
    EXPECT_TRUE(read_all(5));
    EXPECT_EQ(code_of(read_all(4)), ErrorCode::cbor_too_many_items);
    EXPECT_EQ(code_of(read_all(0)), ErrorCode::cbor_too_many_items);
}

TEST(Reader, O7_depth_counts_the_open_arrays) {
    const auto four = hex("8181818100");
    Reader in(four, 16, 4);
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(in.expect_array(1));
    EXPECT_EQ(in.read_uint(), 0U);
    EXPECT_TRUE(in.finish());

    const auto five = hex("818181818100");
    Reader deep(five, 16, 4);
    for (int i = 0; i < 4; ++i) ASSERT_TRUE(deep.expect_array(1));
    EXPECT_EQ(code_of(deep.expect_array(1)), ErrorCode::cbor_too_deep);
}

TEST(Reader, O7_a_closed_array_gives_its_depth_back) {
    const auto data = hex("84808080810a");
    Reader in(data, 16, 2);
    ASSERT_TRUE(in.expect_array(4));
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(in.expect_array(0));
        in.end_array();
    }
    ASSERT_TRUE(in.expect_array(1));
    EXPECT_EQ(in.read_uint(), 10U);
    in.end_array();
    in.end_array();
    in.end_array();  // once too often is harmless
    EXPECT_TRUE(in.finish());
}

TEST(Reader, another_type_of_the_profile_is_unexpected) {
    const auto check = [](std::string_view text, int expected) {
        const auto data = hex(text);
        EXPECT_EQ(Reader(data, 8, 4).read_uint().has_value(), expected == 0) << text;
        EXPECT_EQ(Reader(data, 8, 4).read_bytes(9).has_value(), expected == 2) << text;
        EXPECT_EQ(Reader(data, 8, 4).read_text(9).has_value(), expected == 3) << text;
        EXPECT_EQ(Reader(data, 8, 4).begin_array(9).has_value(), expected == 4) << text;
        if (expected != 0) {
            EXPECT_EQ(code_of(Reader(data, 8, 4).read_uint()), ErrorCode::cbor_unexpected_type) << text;
        }
    };
    check("05", 0);
    check("4105", 2);
    check("6141", 3);
    check("8105", 4);
}

TEST(Reader, finish_wants_every_byte_read) {
    const auto data = hex("0000");
    Reader in(data, 8, 4);
    ASSERT_TRUE(in.read_uint());
    EXPECT_EQ(in.position(), 1U);
    EXPECT_EQ(code_of(in.finish()), ErrorCode::cbor_trailing_bytes);
    EXPECT_TRUE(Reader(ByteView{}, 8, 4).finish());
}

TEST(Reader, the_first_failure_stays) {
    const auto data = hex("f600");
    Reader in(data, 8, 4);
    EXPECT_EQ(code_of(in.read_uint()), ErrorCode::cbor_type_not_allowed);
    EXPECT_EQ(code_of(in.read_uint()), ErrorCode::cbor_type_not_allowed);
    EXPECT_EQ(code_of(in.begin_array(1)), ErrorCode::cbor_type_not_allowed);
    EXPECT_EQ(code_of(in.read_text(1)), ErrorCode::cbor_type_not_allowed);
    EXPECT_EQ(code_of(in.read_fixed<OpId>()), ErrorCode::cbor_type_not_allowed);
    EXPECT_EQ(code_of(in.finish()), ErrorCode::cbor_type_not_allowed);
}

TEST(Reader, fixed_strings_have_exactly_their_size) {
    const auto good = raw::bytes(32, 9);
    EXPECT_EQ(Reader(good, 1, 4).read_fixed<OpId>().value().bytes[31], 9);
    for (const std::size_t size : {0U, 31U, 33U, 64U}) {
        const auto bad = raw::bytes(size, 9);
        EXPECT_EQ(code_of(Reader(bad, 1, 4).read_fixed<OpId>()), ErrorCode::cbor_length) << size;
    }
}

TEST(Reader, strings_are_views_into_the_input) {
    const auto data = raw::bytes(300, 4);
    const auto view = Reader(data, 1, 4).read_bytes(300);
    ASSERT_TRUE(view);
    EXPECT_EQ(view->data(), data.data() + 3);
    EXPECT_EQ(view->size(), 300U);
}

TEST(Reader, O1_text_is_well_formed_utf8) {
    const auto good = hex("64f09f8f9b");
    EXPECT_TRUE(Reader(good, 1, 4).read_text(4));
    const auto bad = hex("62c328");
    EXPECT_EQ(code_of(Reader(bad, 1, 4).read_text(4)), ErrorCode::cbor_bad_utf8);
}

}  // namespace
}  // namespace folkmoot::encoding
