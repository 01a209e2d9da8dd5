#include "store/batch.hpp"

#include <algorithm>

namespace folkmoot::store {

Result<void> check_payload_size(ByteView payload) {
    if (payload.size() <= limits::payload_bytes) return {};
    return fail(ErrorCode::op_payload_too_large,
                "a payload of " + std::to_string(payload.size()) + " bytes is above the limit of the format");
}

Result<void> check_batch(std::span<const StoredOp> ops) {
    std::vector<const OpId*> ids;
    ids.reserve(ops.size());
    for (const StoredOp& op : ops) {
        if (op.body.size() > limits::body_bytes) {
            return fail(ErrorCode::op_body_too_large, "a body of " + std::to_string(op.body.size()) +
                                                          " bytes is above the limit of the format");
        }
        if (op.payload) {
            if (auto sized = check_payload_size(*op.payload); !sized) return sized;
        }
        ids.push_back(&op.id);
    }
    std::ranges::sort(ids, [](const OpId* a, const OpId* b) { return *a < *b; });
    const auto twice = std::ranges::adjacent_find(ids, [](const OpId* a, const OpId* b) { return *a == *b; });
    if (twice != ids.end()) return already_stored(**twice);
    return {};
}

std::vector<Signature> distinct(std::span<const Signature> signatures) {
    std::vector<Signature> out;
    out.reserve(signatures.size());
    for (const Signature& signature : signatures) {
        if (std::ranges::find(out, signature) == out.end()) out.push_back(signature);
    }
    return out;
}

std::unexpected<Error> not_found(const OpId& id) {
    return fail(ErrorCode::store_not_found, "the store does not hold " + to_hex(id.view()));
}

std::unexpected<Error> already_stored(const OpId& id) {
    return fail(ErrorCode::already_exists, "the op " + to_hex(id.view()) +
                                               " is already in the store or twice in "
                                               "the batch; nothing of the batch was stored");
}

}  // namespace folkmoot::store
