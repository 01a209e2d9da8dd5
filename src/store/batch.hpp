// What both stores ask of a batch before they touch anything.
#pragma once

#include "folkmoot/store.hpp"

namespace folkmoot::store {

/// Nothing if every op is within the format limits and no id occurs twice. O(n log n), no hashing: peers
/// choose ids, and an order cannot be attacked as a hash table can.
[[nodiscard]] Result<void> check_batch(std::span<const StoredOp> ops);

[[nodiscard]] Result<void> check_payload_size(ByteView payload);

/// The first occurrence of each signature, in order.
[[nodiscard]] std::vector<Signature> distinct(std::span<const Signature> signatures);

[[nodiscard]] std::unexpected<Error> not_found(const OpId& id);
[[nodiscard]] std::unexpected<Error> already_stored(const OpId& id);

}  // namespace folkmoot::store
