// The library's graph and access against the slow model, on one history.
#pragma once

#include <string>

#include "model/model.hpp"

namespace folkmoot::model {

/// Feeds the history in its own order and in three others, once with every resolution from scratch, and
/// compares admission, verdicts with their causes, grants, members, the next act and reported changes: of all
/// ops, on the way, and at frontiers drawn by `seed`. What differs first, or nothing. A history that has an
/// op without bytes agrees. `orders` leaves some out: bit 0 is its own, bit 3 the one from scratch.
[[nodiscard]] std::string compare_with_library(const History& history, std::uint64_t seed,
                                               unsigned orders = 15);

}  // namespace folkmoot::model
