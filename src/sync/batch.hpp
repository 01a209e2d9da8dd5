// The ops inside an `ops` message (Y7, Y11).
#pragma once

#include <span>
#include <vector>

#include "encoding/cbor.hpp"
#include "folkmoot/operation.hpp"

namespace folkmoot::sync {

/// Appends the batch as one CBOR array.
void encode_batch(encoding::Writer& out, std::span<const EncodedOp> ops);
/// Reads a batch of at most limits::batch_ops. Ids are computed from the bodies, payloads checked for size
/// only.
[[nodiscard]] Result<std::vector<EncodedOp>> decode_batch(encoding::Reader& in);
/// About how many bytes the op adds to a batch; what a batch's size is judged by.
[[nodiscard]] std::size_t batch_cost(const EncodedOp& op);

}  // namespace folkmoot::sync
