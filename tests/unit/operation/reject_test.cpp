// Byte strings that are no body: one broken thing each, and the code that names it.
#include <gtest/gtest.h>

#include "folkmoot/operation.hpp"
#include "support/raw_cbor.hpp"
#include "support/sample_operations.hpp"

namespace folkmoot {
namespace {

using raw::Body;
using raw::hex;

ErrorCode refused(const Bytes& body) {
    const auto op = decode_body(body);
    return op ? ErrorCode{} : op.error().code;
}
ErrorCode refused(const Body& body) { return refused(body.join()); }

TEST(Reject, the_untouched_bodies_are_accepted) {
    EXPECT_TRUE(decode_body(Body{}.join()));
    EXPECT_TRUE(decode_body(raw::create().join()));
}

TEST(Reject, O1_every_proper_prefix_and_every_longer_string) {
    for (const auto& op : sample::one_of_each()) {
        const auto body = encode_body(op).value();
        for (std::size_t size = 0; size < body.size(); ++size) {
            EXPECT_FALSE(decode_body(ByteView(body).first(size))) << to_text(op.kind()) << ' ' << size;
        }
        for (unsigned byte = 0; byte < 256; ++byte) {
            auto longer = body;
            longer.push_back(static_cast<std::uint8_t>(byte));
            EXPECT_EQ(refused(longer), ErrorCode::cbor_trailing_bytes);
        }
    }
}

TEST(Reject, O1_every_other_encoding_of_each_item) {
    Body body;
    body.head = hex("9809");  // the array of nine, one byte longer than needed
    EXPECT_EQ(refused(body), ErrorCode::cbor_not_minimal);
    body.head = hex("9f");
    EXPECT_EQ(refused(body), ErrorCode::cbor_type_not_allowed);
    body = {};
    body.version = hex("1801");
    EXPECT_EQ(refused(body), ErrorCode::cbor_not_minimal);
    body = {};
    body.time = hex("1b0000000000000001");
    EXPECT_EQ(refused(body), ErrorCode::cbor_not_minimal);
    body = {};
    body.author = hex("5900200101010101010101010101010101010101010101010101010101010101010101010101");
    EXPECT_EQ(refused(body), ErrorCode::cbor_not_minimal);
    body = {};
    body.parents = hex("9fff");
    EXPECT_EQ(refused(body), ErrorCode::cbor_type_not_allowed);
}

TEST(Reject, O1_items_of_another_type_in_every_place) {
    const auto members = {&Body::version, &Body::group, &Body::author, &Body::prev, &Body::parents,
                          &Body::as,      &Body::kind,  &Body::fields, &Body::time};
    for (const auto member : members) {
        for (const auto* text :
             {"20", "a0", "c000", "f6", "f4", "f90000", "fb0000000000000000", "ff", "f818"}) {
            Body body;
            body.*member = hex(text);
            EXPECT_EQ(refused(body), ErrorCode::cbor_type_not_allowed) << text;
        }
        Body body;
        body.*member = raw::text("text");
        EXPECT_EQ(refused(body), ErrorCode::cbor_unexpected_type);
    }
}

TEST(Reject, the_number_of_items_is_nine) {
    Body body;
    body.head = hex("88");
    EXPECT_EQ(refused(body), ErrorCode::op_bad_field);
    body.head = hex("8a");
    EXPECT_EQ(refused(body), ErrorCode::op_bad_field);
    body.head = hex("80");
    EXPECT_EQ(refused(body), ErrorCode::op_bad_field);
}

TEST(Reject, other_versions_and_kinds) {
    for (const std::uint64_t version : {std::uint64_t{0}, std::uint64_t{2}, UINT64_MAX}) {
        Body body;
        body.version = raw::uint(version);
        EXPECT_EQ(refused(body), ErrorCode::op_unknown_version);
    }
    for (const std::uint64_t kind : {std::uint64_t{9}, std::uint64_t{255}, std::uint64_t{256}, UINT64_MAX}) {
        Body body;
        body.kind = raw::uint(kind);
        EXPECT_EQ(refused(body), ErrorCode::op_unknown_kind);
    }
}

TEST(Reject, ids_and_keys_of_another_length) {
    for (const std::size_t size : {1U, 31U, 33U, 64U}) {
        for (const auto member : {&Body::group, &Body::author, &Body::prev, &Body::as}) {
            Body body;
            body.*member = raw::bytes(size, 5);
            EXPECT_EQ(refused(body), ErrorCode::cbor_length) << size;
        }
        Body body;
        body.parents = raw::array({raw::bytes(size, 5)});
        EXPECT_EQ(refused(body), ErrorCode::cbor_length) << size;
    }
    Body body;
    body.author = raw::bytes(ByteView{});
    EXPECT_EQ(refused(body), ErrorCode::cbor_length) << "only group, prev and as may be absent";
    body = {};
    body.parents = raw::array({raw::bytes(ByteView{})});
    EXPECT_EQ(refused(body), ErrorCode::cbor_length);
}

TEST(Reject, O7_bodies_beyond_4_kib_before_reading_them) {
    Bytes body(4096, 0);
    EXPECT_NE(refused(body), ErrorCode::op_body_too_large);
    body.push_back(0);
    EXPECT_EQ(refused(body), ErrorCode::op_body_too_large);
    body.assign(std::size_t{1} << 20U, 0x81);
    EXPECT_EQ(refused(body), ErrorCode::op_body_too_large);
}

TEST(Reject, O3_parents_that_are_too_many_unsorted_repeated_or_prev) {
    const auto with = [](const std::vector<OpId>& parents) {
        std::vector<Bytes> items;
        for (const auto& parent : parents) items.push_back(raw::bytes(parent.view()));
        Body body;
        body.parents = raw::array(items);
        return body;
    };
    EXPECT_EQ(refused(with(sample::ids(16))), ErrorCode{});
    EXPECT_EQ(refused(with(sample::ids(17))), ErrorCode::op_too_many_parents);
    EXPECT_EQ(refused(with(sample::ids(100))), ErrorCode::op_too_many_parents);
    EXPECT_EQ(refused(with({sample::id(2), sample::id(1)})), ErrorCode::op_parents_not_ascending);
    EXPECT_EQ(refused(with({sample::id(2), sample::id(2)})), ErrorCode::op_parents_not_ascending);
    EXPECT_EQ(refused(with({sample::id(0x77)})), ErrorCode::op_parent_is_prev);
}

TEST(Reject, fields_of_another_number_for_every_kind) {
    for (const auto& op : sample::one_of_each()) {
        for (std::size_t count = 0; count < 5; ++count) {
            const auto kind = op.kind();
            const bool cut = kind == Kind::remove || kind == Kind::ban;
            const std::size_t right = kind == Kind::create  ? 3
                                      : kind == Kind::unban ? 1
                                      : kind == Kind::leave ? 0
                                                            : 2;
            if (count == right || (cut && (count == 1 || count == 2))) continue;
            Body body = raw::body_of(kind, raw::array(std::vector<Bytes>(count, raw::bytes(32, 2))));
            EXPECT_EQ(refused(body), ErrorCode::op_bad_field) << to_text(kind) << ' ' << count;
        }
    }
}

TEST(Reject, A1_levels_outside_1_to_100_and_beyond_a_byte) {
    for (const auto kind : {Kind::add, Kind::link, Kind::set_level}) {
        for (const std::uint64_t level : {std::uint64_t{0}, std::uint64_t{101}, std::uint64_t{255},
                                          std::uint64_t{256}, std::uint64_t{281}, UINT64_MAX}) {
            EXPECT_EQ(refused(raw::body_of(kind, raw::array({raw::bytes(32, 2), raw::uint(level)}))),
                      ErrorCode::op_level_out_of_range)
                << level;
        }
    }
}

TEST(Reject, rules_with_a_missing_level_or_an_unknown_order) {
    auto rules = raw::default_rules();
    const auto body = [&] {
        return raw::create_of(raw::text(""), raw::array({raw::bytes(32, 1)}), raw::array(rules));
    };
    EXPECT_EQ(refused(body()), ErrorCode{});
    for (std::size_t i = 1; i < rules.size(); ++i) {
        for (const std::uint64_t level : {0U, 256U}) {
            const auto before = std::exchange(rules[i], raw::uint(level));
            EXPECT_EQ(refused(body()), ErrorCode::op_level_out_of_range) << i;
            rules[i] = before;
        }
    }
    rules[0] = raw::uint(2);
    EXPECT_EQ(refused(body()), ErrorCode::op_bad_field);
    rules = raw::default_rules();
    rules.pop_back();
    EXPECT_EQ(refused(body()), ErrorCode::op_bad_field);
    rules = raw::default_rules();
    rules.push_back(raw::uint(1));
    EXPECT_EQ(refused(body()), ErrorCode::op_bad_field);
}

TEST(Reject, a_name_that_is_bytes_or_no_utf8_or_too_long) {
    const auto named = [](const Bytes& name) {
        return raw::create_of(name, raw::array({raw::bytes(32, 1)}), raw::array(raw::default_rules()));
    };
    EXPECT_EQ(refused(named(raw::text(std::string(255, 'x')))), ErrorCode{});
    EXPECT_EQ(refused(named(raw::text(std::string(256, 'x')))), ErrorCode::op_text_too_long);
    EXPECT_EQ(refused(named(raw::bytes(4, 'x'))), ErrorCode::cbor_unexpected_type);
    EXPECT_EQ(refused(named(hex("62c080"))), ErrorCode::cbor_bad_utf8);
    EXPECT_EQ(refused(named(hex("63eda080"))), ErrorCode::cbor_bad_utf8);
}

TEST(Reject, arrays_nested_deeper_than_the_layout) {
    Body body;
    body.fields = hex("8181818181818100");
    EXPECT_NE(refused(body), ErrorCode{});
    EXPECT_NE(refused(Bytes(4096, 0x81)), ErrorCode{});
    body = raw::body_of(Kind::remove, raw::array({raw::bytes(32, 2), hex("8181818100")}));
    EXPECT_EQ(refused(body), ErrorCode::cbor_unexpected_type);
}

// One bit anywhere: no crash, and never another byte string for a meaning that was accepted.
TEST(Reject, O1_every_flipped_bit_fails_or_is_another_meaning) {
    for (const auto& op : sample::one_of_each()) {
        const auto body = encode_body(op).value();
        for (std::size_t bit = 0; bit < body.size() * 8; ++bit) {
            auto flipped = body;
            flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
            const auto back = decode_body(flipped);
            if (!back) continue;
            EXPECT_NE(*back, op);
            EXPECT_EQ(encode_body(*back), flipped);
        }
    }
}

}  // namespace
}  // namespace folkmoot
