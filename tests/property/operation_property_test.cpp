#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "support/arbitrary.hpp"
#include "support/walk_cbor.hpp"

namespace folkmoot {
namespace {

// O8: what the bytes alone decide is decided by codes of these ranges.
bool is_verdict_on_bytes(ErrorCode code) {
    const auto number = static_cast<unsigned>(code);
    return (number >= 100 && number < 300) || code == ErrorCode::access_author_not_founder;
}

void expect_one_encoding(const Bytes& body) {
    const auto op = decode_body(body);
    if (op) {
        RC_ASSERT(encode_body(*op).value() == body);
        RC_ASSERT(walk::in_profile(body));
    } else {
        RC_ASSERT(is_verdict_on_bytes(op.error().code));
    }
}

RC_GTEST_PROP(OperationProperty, O1_decoding_undoes_encoding, ()) {
    const auto op = *arbitrary::operation();
    const auto body = encode_body(op);
    RC_ASSERT(body.has_value());
    RC_ASSERT(body->size() <= limits::body_bytes);
    const auto back = decode_body(*body);
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == op);
}

RC_GTEST_PROP(OperationProperty, O1_damaged_bodies_are_refused_or_have_one_encoding, ()) {
    const auto body = encode_body(*arbitrary::operation()).value();
    for (int i = 0; i < 20; ++i) expect_one_encoding(arbitrary::damaged(body));
}

RC_GTEST_PROP(OperationProperty, O1_random_bytes_are_refused_or_have_one_encoding, (const Bytes& data)) {
    expect_one_encoding(data);
}

RC_GTEST_PROP(OperationProperty, O2_two_operations_have_two_ids, ()) {
    const auto one = *arbitrary::operation();
    const auto other = *arbitrary::operation();
    const bool same = op_id(encode_body(one).value()) == op_id(encode_body(other).value());
    RC_ASSERT(same == (one == other));
}

}  // namespace
}  // namespace folkmoot
