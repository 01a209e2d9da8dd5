// The two ways in which bytes and meaning of an op come together.
#include "folkmoot/operation.hpp"

namespace folkmoot {

Result<DecodedOp> DecodedOp::from_bytes(EncodedOp bytes) {
    auto value = decode_body(bytes.body);
    if (!value) return std::unexpected(value.error());
    if (bytes.payload) {
        const auto* post = std::get_if<Post>(&value->act);
        if (post == nullptr)
            return fail(ErrorCode::op_payload_mismatch, "a payload beside an op that is no post");
        if (auto checked = check_payload(*post, *bytes.payload); !checked)
            return std::unexpected(checked.error());
    }
    bytes.id = op_id(bytes.body);
    return DecodedOp(std::move(bytes), std::move(*value));
}

Result<DecodedOp> DecodedOp::from_value(Operation value, std::optional<Bytes> payload) {
    if (payload) {
        auto* post = std::get_if<Post>(&value.act);
        if (post == nullptr)
            return fail(ErrorCode::op_payload_mismatch, "a payload beside an op that is no post");
        if (payload->size() > limits::payload_bytes)
            return fail(ErrorCode::op_payload_too_large, "a payload has at most 32 KiB");
        *post = {static_cast<std::uint32_t>(payload->size()), payload_hash(*payload)};
    }
    auto body = encode_body(value);
    if (!body) return std::unexpected(body.error());
    EncodedOp bytes;
    bytes.id = op_id(*body);
    bytes.body = std::move(*body);
    bytes.payload = std::move(payload);
    return DecodedOp(std::move(bytes), std::move(value));
}

}  // namespace folkmoot
