// An op made from a meaning: what the payload says of itself is computed, and what does not fit is refused.
#include <gtest/gtest.h>

#include "folkmoot/limits.hpp"
#include "folkmoot/operation.hpp"
#include "support/sample_operations.hpp"

namespace folkmoot {
namespace {

Operation an_op(Act act) {
    Operation op;
    op.group.emplace();
    op.parents = {OpId{}};
    op.as.emplace();
    op.act = std::move(act);
    return op;
}

TEST(DecodedOp, O3_a_post_gets_the_length_and_hash_of_its_payload) {
    const Bytes payload(100, 7);
    const auto made = DecodedOp::from_value(an_op(Post{3, Hash32{}}), payload);
    ASSERT_TRUE(made.has_value()) << made.error().text;
    EXPECT_EQ(std::get<Post>(made->value().act), (Post{100, payload_hash(payload)}));
    EXPECT_EQ(made->id(), op_id(made->bytes().body));
    EXPECT_EQ(made->bytes().payload, payload);
}

TEST(DecodedOp, O3_only_a_post_has_a_payload) {
    const auto made = DecodedOp::from_value(an_op(Leave{}), Bytes(1, 0));
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error().code, ErrorCode::op_payload_mismatch);
}

TEST(DecodedOp, O3_a_payload_has_at_most_payload_bytes) {
    EXPECT_TRUE(DecodedOp::from_value(an_op(Post{}), Bytes(limits::payload_bytes, 0)).has_value());
    const auto made = DecodedOp::from_value(an_op(Post{}), Bytes(limits::payload_bytes + 1, 0));
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error().code, ErrorCode::op_payload_too_large);
}

}  // namespace
}  // namespace folkmoot
