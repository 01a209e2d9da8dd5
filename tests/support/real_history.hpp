// A model's history as real ops: bodies, ids and keys, without signatures.
#pragma once

#include <vector>

#include "folkmoot/operation.hpp"
#include "model/model.hpp"

namespace folkmoot::model {

struct RealOp {
    OpId id;
    Operation operation;
};

/// The device's key: made from its number and no point on the curve, for layers that verify nothing.
[[nodiscard]] DeviceKey real_key(int device);

/// The ops of the history, number by number. `history` gets their real ids, which break ties of rank, and
/// must be judged again. References to unknown ops name an id that nothing has. `salt` changes every id.
/// Throws std::logic_error if an op cannot be encoded.
[[nodiscard]] std::vector<RealOp> real_ops(History& history, std::uint64_t salt = 0);

}  // namespace folkmoot::model
