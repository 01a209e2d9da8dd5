// Ops that wait for an ancestor, kept by the session that received them (Y6). Each session has a budget of
// its own, so no peer can evict what another sent, and room for all of it is set aside when the session
// opens; nothing is scanned, waiters are indexed by what they wait for (an orphan flood once stalled Bitcoin
// nodes with quadratic rescans).
#pragma once

#include <map>
#include <set>
#include <vector>

#include "folkmoot/limits.hpp"
#include "folkmoot/operation.hpp"

namespace folkmoot::sync {

/// What an id in a set takes, node and all; generously.
inline constexpr std::size_t bytes_per_id = 96;

class Parking {
   public:
    explicit Parking(std::size_t room = limits::parked_bytes_per_peer) : room_(room) {}
    /// What an op that waits for so many ids counts against the budget.
    [[nodiscard]] static std::size_t cost(const EncodedOp& op, std::size_t missing);
    /// False, and nothing kept, if the op is over budget or already parked. `missing` names at least one id.
    bool park(EncodedOp op, std::vector<OpId> missing);
    /// An op became available: the ops that waited for nothing else, in no particular order.
    [[nodiscard]] std::vector<EncodedOp> resolve(const OpId& arrived);
    /// Drops everything that waits, directly or not, for `id`; returns the ids dropped, each after one that
    /// it waits for. Adds the ops themselves to `ops`, if given.
    std::vector<OpId> drop_waiting_for(const OpId& id, std::vector<EncodedOp>* ops = nullptr);
    void clear();

    /// What parked ops wait for and what is not parked itself, ascending.
    [[nodiscard]] std::vector<OpId> missing() const;
    [[nodiscard]] bool holds(const OpId& id) const { return parked_.contains(id); }
    [[nodiscard]] std::size_t size() const { return parked_.size(); }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    /// Whether an op was turned away for lack of room since the last clear.
    [[nodiscard]] bool overflowed() const { return overflowed_; }

   private:
    struct Entry {
        EncodedOp op;
        std::set<OpId> missing;
        std::size_t bytes;
    };
    EncodedOp take(std::map<OpId, Entry>::iterator at);

    std::map<OpId, Entry> parked_;
    std::map<OpId, std::set<OpId>> waiting_;  // missing id -> parked ids
    std::size_t room_;
    std::size_t bytes_ = 0;
    bool overflowed_ = false;
};

}  // namespace folkmoot::sync
