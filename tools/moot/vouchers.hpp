// Which op of a stored history vouches for another that has no signature of its own.
//
// Any authentic op that names another as prev proves it (O5). But a peer is told so only in the form in which
// it could refuse nothing of it: a post by the first op that names it as prev, itself a post under the same
// grant, with nothing between them that may be invalid on its own. What a replica takes it stores like that.
// An op that lost its signature and has no such voucher could be kept, and never given to anybody.
#pragma once

#include <optional>
#include <vector>

#include "folkmoot/graph.hpp"
#include "folkmoot/limits.hpp"

namespace folkmoot::moot {

class Vouchers {
   public:
    explicit Vouchers(const Graph& graph) : graph_(graph) {}

    /// Every op in the order of the store, right after the graph took it.
    void add(OpIndex at, const Operation& op) {
        const OpIndex prev = graph_.prev(at);
        as_.push_back(op.as ? graph_.find(*op.as).value_or(no_index) : no_index);
        const bool safe = prev != no_index && op.kind() == Kind::post && graph_.kind(prev) == Kind::post &&
                          as_[at] == as_[prev];
        safe_.push_back(safe);
        unsafe_before_.push_back(unsafe_);
        unsafe_ += safe ? 0 : 1;
        first_next_.push_back(no_index);
        if (prev != no_index && first_next_[prev] == no_index) first_next_[prev] = at;
    }

    [[nodiscard]] std::optional<OpIndex> of(OpIndex op) const {
        const OpIndex next = first_next_[op];
        if (next == no_index || !safe_[next]) return std::nullopt;
        if (graph_.position(op) % limits::signed_every == 0) return std::nullopt;
        // Between the two: op itself does not count.
        if (unsafe_before_[next] - unsafe_before_[op] > (safe_[op] ? 0U : 1U)) return std::nullopt;
        return next;
    }

   private:
    const Graph& graph_;
    std::vector<OpIndex> as_;          // by OpIndex, as all that follow
    std::vector<bool> safe_;           // a post that continues its prev: valid where its ancestors are
    std::vector<OpIndex> first_next_;  // the first op that names it as prev
    std::vector<OpIndex> unsafe_before_;
    OpIndex unsafe_ = 0;
};

}  // namespace folkmoot::moot
