#include "sync/batch.hpp"

namespace folkmoot::sync {

void encode_batch(encoding::Writer& out, std::span<const EncodedOp> ops) {
    out.begin_array(ops.size());
    for (const auto& op : ops) {
        // [body, signature, payload], with an array around the payload that tells absence from emptiness.
        out.begin_array(3);
        out.write_bytes(op.body);
        out.write_bytes(op.signature ? op.signature->view() : ByteView{});
        out.begin_array(op.payload ? 1 : 0);
        if (op.payload) out.write_bytes(*op.payload);
    }
}

Result<std::vector<EncodedOp>> decode_batch(encoding::Reader& in) {
    const auto count = in.begin_array(limits::batch_ops);
    if (!count) return std::unexpected(count.error());
    std::vector<EncodedOp> ops;
    ops.reserve(*count);
    for (std::size_t i = 0; i < *count; ++i) {
        EncodedOp op;
        const std::size_t before = in.position();
        if (auto array = in.expect_array(3); !array) return std::unexpected(array.error());
        const auto body = in.read_bytes(limits::body_bytes);
        if (!body) return std::unexpected(body.error());
        const auto signature = in.read_bytes(Signature::size);
        if (!signature) return std::unexpected(signature.error());
        const auto payloads = in.begin_array(1);
        if (!payloads) return std::unexpected(payloads.error());
        if (*payloads == 1) {
            const auto payload = in.read_bytes(limits::payload_bytes);
            if (!payload) return std::unexpected(payload.error());
            op.payload.emplace(payload->begin(), payload->end());
        }
        in.end_array();
        in.end_array();
        if (!signature->empty()) {
            op.signature = Signature::from(*signature);
            if (!op.signature) return fail(ErrorCode::session_bad_message, "a signature of the wrong length");
        }
        op.body.assign(body->begin(), body->end());
        op.id = op_id(op.body);
        op.wire_bytes = static_cast<std::uint32_t>(in.position() - before);
        ops.push_back(std::move(op));
    }
    in.end_array();
    return ops;
}

std::size_t batch_cost(const EncodedOp& op) {
    return op.body.size() + (op.signature ? Signature::size : 0) + (op.payload ? op.payload->size() : 0) + 12;
}

}  // namespace folkmoot::sync
