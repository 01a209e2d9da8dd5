// The rails of `log --graph`: which lines run beside each op.
#pragma once

#include <string>
#include <vector>

#include "folkmoot/graph.hpp"

namespace folkmoot::moot {

/// What stands before an op's line, and the lines of rails that follow it.
struct RailRow {
    std::string before;
    std::vector<std::string> after;
};

/// One row an op of `order`, which has ancestors first and is closed under ancestors.
/// Cost: O(ops * width of the graph).
[[nodiscard]] std::vector<RailRow> rails(const Graph& graph, const std::vector<OpIndex>& order);

}  // namespace folkmoot::moot
