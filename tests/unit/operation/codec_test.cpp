// The bodies that are valid: every kind, every bound, and one byte string for one meaning.
#include <gtest/gtest.h>

#include "folkmoot/operation.hpp"
#include "support/raw_cbor.hpp"
#include "support/sample_operations.hpp"

namespace folkmoot {
namespace {

using namespace sample;

void expect_round_trip(const Operation& op) {
    const auto body = encode_body(op);
    ASSERT_TRUE(body) << body.error().text;
    const auto back = decode_body(*body);
    ASSERT_TRUE(back) << back.error().text;
    EXPECT_EQ(*back, op);
    EXPECT_EQ(encode_body(*back), *body);
}

ErrorCode refused(const Operation& op) {
    const auto body = encode_body(op);
    return body ? ErrorCode{} : body.error().code;
}

TEST(Codec, O1_every_kind_survives_the_round_trip) {
    for (const auto& op : one_of_each()) {
        SCOPED_TRACE(to_text(op.kind()));
        expect_round_trip(op);
    }
}

TEST(Codec, O1_the_layout_is_the_one_of_the_specification) {
    EXPECT_EQ(encode_body(after_create(Leave{})), raw::Body{}.join());
    EXPECT_EQ(encode_body(create()), [] {
        auto body = raw::create();
        body.time = raw::uint(1'700'000'000'000);
        return body.join();
    }());
    EXPECT_EQ(encode_body(after_create(Add{key(2), 25})),
              raw::body_of(Kind::add, raw::array({raw::bytes(32, 2), raw::uint(25)})).join());
    EXPECT_EQ(
        encode_body(after_create(Ban{key(2), std::vector<OpId>{id(3)}})),
        raw::body_of(Kind::ban, raw::array({raw::bytes(32, 2), raw::array({raw::bytes(32, 3)})})).join());
}

TEST(Codec, a_missing_cut_and_an_empty_cut_are_two_meanings) {
    const auto none = encode_body(after_create(Remove{key(2), std::nullopt}));
    const auto empty = encode_body(after_create(Remove{key(2), std::vector<OpId>{}}));
    ASSERT_TRUE(none && empty);
    EXPECT_NE(*none, *empty);
    EXPECT_NE(op_id(*none), op_id(*empty));
}

TEST(Codec, O3_an_op_may_hang_on_prev_on_parents_or_on_both) {
    auto op = after_create(Leave{});
    expect_round_trip(op);
    op.parents = ids(16);
    expect_round_trip(op);
    op.prev.reset();
    expect_round_trip(op);
    op.parents = {id(0)};
    expect_round_trip(op);
    op.parents.clear();
    EXPECT_EQ(refused(op), ErrorCode::op_no_ancestor);
}

TEST(Codec, O7_parents_at_the_bound_and_one_past_it) {
    auto op = after_create(Leave{});
    op.parents = ids(16);
    expect_round_trip(op);
    op.parents = ids(17);
    EXPECT_EQ(refused(op), ErrorCode::op_too_many_parents);
}

TEST(Codec, O3_parents_ascend_strictly_and_leave_out_prev) {
    auto op = after_create(Leave{});
    op.parents = {id(2), id(1)};
    EXPECT_EQ(refused(op), ErrorCode::op_parents_not_ascending);
    op.parents = {id(2), id(2)};
    EXPECT_EQ(refused(op), ErrorCode::op_parents_not_ascending);
    op.parents = {id(0x10), *op.prev};
    EXPECT_EQ(refused(op), ErrorCode::op_parent_is_prev);
}

TEST(Codec, O3_only_create_lacks_group_grant_and_ancestors) {
    auto op = create();
    op.group = group_of(id(1));
    EXPECT_EQ(refused(op), ErrorCode::op_bad_field);
    op = create();
    op.as = id(1);
    EXPECT_EQ(refused(op), ErrorCode::op_bad_field);
    op = create();
    op.prev = id(1);
    EXPECT_EQ(refused(op), ErrorCode::op_bad_field);
    op = create();
    op.parents = {id(1)};
    EXPECT_EQ(refused(op), ErrorCode::op_bad_field);
    op = after_create(Leave{});
    op.group.reset();
    EXPECT_EQ(refused(op), ErrorCode::op_bad_field);
    op = after_create(Leave{});
    op.as.reset();
    EXPECT_EQ(refused(op), ErrorCode::op_bad_field);
}

TEST(Codec, O7_the_name_has_at_most_255_bytes_of_utf8) {
    auto op = create();
    const auto named = [&](std::string name) {
        std::get<Create>(op.act).name = std::move(name);
        return op;
    };
    expect_round_trip(named(""));
    expect_round_trip(named(std::string(255, 'x')));
    EXPECT_EQ(refused(named(std::string(256, 'x'))), ErrorCode::op_text_too_long);
    std::string wide;
    for (int i = 0; i < 85; ++i) wide += "\xe2\x82\xac";
    expect_round_trip(named(wide));
    EXPECT_EQ(refused(named(wide + "a")), ErrorCode::op_text_too_long) << "bytes count, not characters";
    EXPECT_EQ(refused(named("\xff")), ErrorCode::cbor_bad_utf8);
}

TEST(Codec, A1_founders_are_1_to_64_distinct_and_hold_the_author) {
    auto op = create();
    const auto founded = [&](std::vector<DeviceKey> founders) {
        std::get<Create>(op.act).founders = std::move(founders);
        return op;
    };
    expect_round_trip(founded(keys(1)));
    expect_round_trip(founded(keys(64)));
    expect_round_trip(founded({key(9), key(1), key(3)}));
    EXPECT_EQ(refused(founded(keys(65))), ErrorCode::op_bad_founders);
    EXPECT_EQ(refused(founded({})), ErrorCode::op_bad_founders);
    EXPECT_EQ(refused(founded({key(1), key(2), key(1)})), ErrorCode::op_bad_founders);
    EXPECT_EQ(refused(founded({key(2), key(3)})), ErrorCode::access_author_not_founder);
}

TEST(Codec, G1_the_order_of_founders_is_kept) {
    auto op = create();
    std::get<Create>(op.act).founders = {key(3), key(1), key(2)};
    const auto back = decode_body(encode_body(op).value());
    ASSERT_TRUE(back);
    EXPECT_EQ(std::get<Create>(back->act).founders, (std::vector{key(3), key(1), key(2)}));
}

TEST(Codec, rules_hold_levels_of_1_to_255_and_a_known_order) {
    auto op = create();
    auto& rules = std::get<Create>(op.act).rules;
    rules.equal = Rules::Equal::forbid;
    for (Level* value : {&rules.post, &rules.add, &rules.set_level, &rules.remove, &rules.ban, &rules.unban,
                         &rules.link, &rules.read}) {
        for (const int level : {1, 255}) {
            *value = static_cast<Level>(level);
            expect_round_trip(op);
        }
        *value = 0;
        EXPECT_EQ(refused(op), ErrorCode::op_level_out_of_range);
        *value = 77;
    }
    rules.equal = static_cast<Rules::Equal>(2);
    EXPECT_EQ(refused(op), ErrorCode::op_bad_field);
}

TEST(Codec, A1_granted_levels_are_1_to_100) {
    const auto each = [](Level level) {
        return std::vector{after_create(Add{key(2), level}), after_create(Link{key(2), level}),
                           after_create(SetLevel{key(2), level})};
    };
    for (const auto& op : each(1)) expect_round_trip(op);
    for (const auto& op : each(100)) expect_round_trip(op);
    for (const auto& op : each(0)) EXPECT_EQ(refused(op), ErrorCode::op_level_out_of_range);
    for (const auto& op : each(101)) EXPECT_EQ(refused(op), ErrorCode::op_level_out_of_range);
    for (const auto& op : each(255)) EXPECT_EQ(refused(op), ErrorCode::op_level_out_of_range);
}

TEST(Codec, O7_a_cut_ascends_strictly_and_names_at_most_64_ops) {
    expect_round_trip(after_create(Remove{key(2), ids(64)}));
    expect_round_trip(after_create(Ban{key(2), ids(64)}));
    EXPECT_EQ(refused(after_create(Remove{key(2), ids(65)})), ErrorCode::op_bad_cut);
    EXPECT_EQ(refused(after_create(Ban{key(2), ids(65)})), ErrorCode::op_bad_cut);
    EXPECT_EQ(refused(after_create(Remove{key(2), std::vector{id(2), id(1)}})), ErrorCode::op_bad_cut);
    EXPECT_EQ(refused(after_create(Ban{key(2), std::vector{id(1), id(1)}})), ErrorCode::op_bad_cut);
}

TEST(Codec, O7_the_claimed_time_is_below_2_to_the_53) {
    auto op = after_create(Leave{});
    op.time_ms = 0;
    expect_round_trip(op);
    op.time_ms = (std::uint64_t{1} << 53U) - 1;
    expect_round_trip(op);
    op.time_ms += 1;
    EXPECT_EQ(refused(op), ErrorCode::op_time_out_of_range);
    op.time_ms = UINT64_MAX;
    EXPECT_EQ(refused(op), ErrorCode::op_time_out_of_range);
}

TEST(Codec, O7_a_payload_has_at_most_32_kib) {
    auto named = post("");
    expect_round_trip(after_create(named));
    named.length = 32768;
    expect_round_trip(after_create(named));
    named.length = 32769;
    EXPECT_EQ(refused(after_create(named)), ErrorCode::op_payload_too_large);
}

TEST(Codec, O7_the_largest_value_fits_a_body) {
    auto op = after_create(Remove{key(2), ids(64)});
    op.parents = ids(16);
    op.time_ms = limits::time_ms;
    expect_round_trip(op);
    EXPECT_LE(encode_body(op)->size(), limits::body_bytes);

    auto largest = create();
    std::get<Create>(largest.act) = {.name = std::string(255, 'x'), .founders = keys(64), .rules = {}};
    largest.time_ms = limits::time_ms;
    expect_round_trip(largest);
    EXPECT_LE(encode_body(largest)->size(), limits::body_bytes);
}

}  // namespace
}  // namespace folkmoot
