// The graph of admitted ops (O3, O4, O9): who stands on whom. It holds no bodies, no signatures and no
// verdicts; about 120 bytes an op.
//
// Invariants:
//   1. Closed under ancestors: an op enters after its prev and parents.
//   2. Index order is a topological order. Indices are local to this replica and never leave it: no result
//      may depend on them, only on the set of ops.
//   3. Positions are counted along prev, depths along all direct ancestors; neither is ever claimed.
//   4. On a branch each op's prev is the op before it; an author who never forked has one branch.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "folkmoot/bytes.hpp"
#include "folkmoot/error.hpp"
#include "folkmoot/operation.hpp"

namespace folkmoot {

/// An op's number in the order of admission at this replica.
using OpIndex = std::uint32_t;
using AuthorIndex = std::uint32_t;
using BranchIndex = std::uint32_t;
inline constexpr std::uint32_t no_index = UINT32_MAX;

/// Two authentic ops of one author with the same prev, or both with none (O9). Never against an author
/// who builds on their own last op.
struct Equivocation {
    OpIndex first;
    OpIndex second;
};

/// A causally closed set of ops: some ops and all their ancestors. Answers "is it in there" exactly.
class Closure {
   public:
    Closure() = default;
    [[nodiscard]] bool empty() const { return past_.empty(); }

   private:
    friend class Graph;
    struct Entry {
        std::uint32_t chain;
        std::uint32_t position;
    };
    std::vector<Entry> past_;
};

/// Not thread-safe; const calls may run side by side. Nothing here recurses, whatever the shape.
class Graph {
   public:
    /// `seed` salts the id table; any value gives the same answers.
    explicit Graph(std::uint64_t seed = 0);
    ~Graph();
    Graph(Graph&&) noexcept;
    Graph& operator=(Graph&&) noexcept;
    Graph(const Graph&) = delete;
    Graph& operator=(const Graph&) = delete;

    // --- Insertion: prepare, judge, commit ------------------------------------------------------

    enum class Placement : std::uint8_t {
        ready,      // all ancestors are here; commit() may follow
        duplicate,  // already in the graph
        missing,    // some direct ancestor is not here: missing() names them
        invalid,    // breaks a structural rule for ever: error() says which
    };
    /// Looks where the op would stand, without adding it. The answer holds until the next call of prepare.
    /// Cost: O(ancestors * width of the graph), independent of its length.
    [[nodiscard]] Placement prepare(const OpId& id, const Operation& op);
    [[nodiscard]] const std::vector<OpId>& missing() const;
    [[nodiscard]] const Error& error() const;
    /// Whether `op` is in the past of the prepared op. Exact.
    [[nodiscard]] bool prepared_follows(OpIndex op) const;
    /// The prepared op's prev, no_index if none.
    [[nodiscard]] OpIndex prepared_prev() const;
    /// Position and depth the prepared op will have.
    [[nodiscard]] std::uint32_t prepared_position() const;
    /// Adds the prepared op. Precondition: the last prepare answered ready.
    OpIndex commit();

    // --- Reading --------------------------------------------------------------------------------

    [[nodiscard]] std::size_t size() const;
    /// The seed it was made with, for tables beside it.
    [[nodiscard]] std::uint64_t seed() const;
    /// The group's id; nothing while the graph is empty.
    [[nodiscard]] std::optional<GroupId> group() const;
    [[nodiscard]] std::optional<OpIndex> find(const OpId& id) const;
    [[nodiscard]] const OpId& id(OpIndex op) const;
    [[nodiscard]] Kind kind(OpIndex op) const;
    [[nodiscard]] AuthorIndex author(OpIndex op) const;
    [[nodiscard]] OpIndex prev(OpIndex op) const;
    /// Direct ancestors without prev.
    [[nodiscard]] std::vector<OpIndex> parents(OpIndex op) const;
    /// prev, if any, and then the parents, appended to `out`.
    void direct_ancestors(OpIndex op, std::vector<OpIndex>& out) const;
    [[nodiscard]] std::uint32_t position(OpIndex op) const;
    [[nodiscard]] std::uint32_t depth(OpIndex op) const;

    [[nodiscard]] std::size_t author_count() const;
    [[nodiscard]] const DeviceKey& key(AuthorIndex author) const;
    [[nodiscard]] std::optional<AuthorIndex> find_author(const DeviceKey& key) const;
    /// An author's branches in the order they arose here; empty for authors without ops.
    [[nodiscard]] const std::vector<BranchIndex>& branches(AuthorIndex author) const;
    [[nodiscard]] BranchIndex branch(OpIndex op) const;
    /// The ops of a branch; the first stands at position(first).
    [[nodiscard]] std::span<const OpIndex> branch_ops(BranchIndex branch) const;
    /// Whether the author has more than one branch.
    [[nodiscard]] bool forked(AuthorIndex author) const;

    /// The ops nobody cites, ascending by id.
    [[nodiscard]] std::vector<OpIndex> heads() const;
    [[nodiscard]] std::size_t head_count() const;

    /// Whether `a` is in the past of `b`. Exact, also under forks. Cost: a few memory reads.
    [[nodiscard]] bool is_ancestor(OpIndex a, OpIndex b) const;
    /// `ops` and their past.
    [[nodiscard]] Closure closure(std::span<const OpIndex> ops) const;
    [[nodiscard]] bool contains(const Closure& closure, OpIndex op) const;
    /// Adds the ops of `from` to `into`.
    void merge(Closure& into, const Closure& from) const;
    /// Of `ops`, those that are in no other's past; ascending by id, without duplicates.
    [[nodiscard]] std::vector<OpIndex> maximal(std::span<const OpIndex> ops) const;
    /// The ops of closure(heads) that are not in `since`, ascending by index.
    /// Cost: O(result * ancestors), independent of the graph's length.
    [[nodiscard]] std::vector<OpIndex> difference(std::span<const OpIndex> heads, const Closure& since) const;

    /// Forks found so far, in the order of their second op.
    [[nodiscard]] const std::vector<Equivocation>& equivocations() const;

    /// Bytes this graph holds.
    [[nodiscard]] std::size_t memory() const;

   private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace folkmoot
