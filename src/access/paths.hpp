// The paths of ranks (G2), shared instead of copied: a path is a node of a trie, so a chain of n grants
// costs n nodes, and forks with equal paths meet in one node.
//
// Two paths of equal length are compared in O(log length) by jump pointers (E. W. Myers, "An applicative
// random-access stack", 1983): the first place where they differ decides.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace folkmoot {

class PathTrie {
   public:
    using Node = std::uint32_t;
    static constexpr Node root = 0;  // the empty path

    PathTrie() : nodes_(1) {}

    Node extend(Node parent, std::uint32_t step) {
        const auto [at, added] = children_.try_emplace({parent, step}, static_cast<Node>(nodes_.size()));
        if (!added) return at->second;
        const Entry& up = nodes_[parent];
        const Entry& jump = nodes_[up.jump];
        const bool doubled = up.length - jump.length == jump.length - nodes_[jump.jump].length;
        nodes_.push_back({parent, doubled ? jump.jump : parent, step, up.length + 1});
        return at->second;
    }

    [[nodiscard]] std::uint32_t length(Node node) const { return nodes_[node].length; }
    /// The last step; for founders their order.
    [[nodiscard]] std::uint32_t step(Node node) const { return nodes_[node].step; }

    /// Lexicographic. Precondition: equal lengths.
    [[nodiscard]] std::strong_ordering compare(Node a, Node b) const {
        if (a == b) return std::strong_ordering::equal;
        while (nodes_[a].parent != nodes_[b].parent) {
            const bool jump = nodes_[a].jump != nodes_[b].jump;
            a = jump ? nodes_[a].jump : nodes_[a].parent;
            b = jump ? nodes_[b].jump : nodes_[b].parent;
        }
        return nodes_[a].step <=> nodes_[b].step;
    }

    [[nodiscard]] std::size_t memory() const {
        return nodes_.capacity() * sizeof(Entry) + children_.size() * 64;
    }

   private:
    struct Entry {
        Node parent = 0;
        Node jump = 0;
        std::uint32_t step = 0;
        std::uint32_t length = 0;
    };
    std::vector<Entry> nodes_;
    std::map<std::pair<Node, std::uint32_t>, Node> children_;
};

}  // namespace folkmoot
