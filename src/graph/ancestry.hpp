// Exact ancestry in a growing DAG.
//
// Why not (author, position) vectors: an author who forks has two ops at one position, and whoever was
// evicted escapes through the second. Here the ops are cut into *chains*, each totally ordered by ancestry
// whoever the authors are, and an op's past is the vector (chain -> last position seen). An op joins any
// chain whose tip is in its past, so the number of chains follows the graph's width and not the number
// of authors. (Where new elements are maximal, w(w+1)/2 chains suffice for width w: S. Felsner, "On-line
// chain partitions of orders", 1997. The greedy choice here has no such proof; its answers are exact all the
// same.)
//
// Memory: an op stores only the entries in which its past exceeds that of one direct ancestor (its base);
// from time to time a base gets its whole vector (a keyframe) so that a query walks few steps. Keyframes
// are paid for by the deltas stored so far, so that no shape of graph makes them dominate.
//
// Invariants:
//   1. index(ancestor) < index(descendant): ops are added parents first.
//   2. On a chain, each op is an ancestor of the next.
//   3. past(v) as a vector = max over v's direct ancestors of (their vector and themselves).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/chunked.hpp"

namespace folkmoot {

/// One coordinate of a past: the ops of `chain` up to `position` are in it.
struct ChainEntry {
    std::uint32_t chain;
    std::uint32_t position;
    friend bool operator==(const ChainEntry&, const ChainEntry&) = default;
};
/// Sorted by chain, one entry a chain.
using PastVector = std::vector<ChainEntry>;

class Ancestry {
   public:
    using Index = std::uint32_t;

    Ancestry() = default;
    Ancestry(const Ancestry&) = delete;
    Ancestry& operator=(const Ancestry&) = delete;

    /// Computes the past of an op with these direct ancestors; `add` may follow with the same ones.
    /// Cost: O(|direct| * |vector|); for a single ancestor, usually nothing.
    void prepare(std::span<const Index> direct);
    /// Adds the prepared op and returns its index, which is the number of ops before it.
    Index add_prepared(std::span<const Index> direct);
    /// Whether `op` is in the prepared past.
    [[nodiscard]] bool prepared_has(Index op) const { return has(*prepared_past_, op); }

    /// Whether `a` is a proper ancestor of `b`. Cost: a walk of a few steps, then a binary search.
    [[nodiscard]] bool is_ancestor(Index a, Index b) const;
    /// Whether `op` is in the past described by `past`.
    [[nodiscard]] bool has(const PastVector& past, Index op) const;
    /// Where `op` stands: its own coordinate.
    [[nodiscard]] ChainEntry place(Index op) const { return {nodes_[op].chain, nodes_[op].position}; }
    /// The vector of `op` and everything before it.
    [[nodiscard]] PastVector closed_past(Index op) const;
    /// The vector of all of `ops` and everything before them. Cost: that of their vectors, and for more than
    /// a few O(chains) once, in whatever order they come.
    [[nodiscard]] PastVector closed_past(std::span<const Index> ops) const;
    /// Pointwise maximum into `into`.
    static void merge(PastVector& into, const PastVector& from);

    [[nodiscard]] std::size_t size() const { return nodes_.size(); }
    [[nodiscard]] std::size_t chains() const { return tips_.size(); }
    [[nodiscard]] std::size_t memory() const;

    /// A past that grows by one op's after the other's. As a vector it would move most of its entries each
    /// time when heads come in the order of their ids.
    class Growing {
       public:
        explicit Growing(const Ancestry& ancestry) : ancestry_(ancestry), upto_(ancestry.chains(), 0) {}
        /// Takes in the op and its past.
        void add(Index op);
        [[nodiscard]] bool has(Index op) const {
            const Node& node = ancestry_.nodes_[op];
            return upto_[node.chain] > node.position;
        }
        [[nodiscard]] PastVector vector() const;

       private:
        const Ancestry& ancestry_;
        std::vector<std::uint32_t> upto_;  // by chain: how many of its ops are in
    };

   private:
    static constexpr Index none = UINT32_MAX;
    struct Node {
        std::uint32_t chain;
        std::uint32_t position;
        Index base;            // none for keyframes and roots
        std::uint32_t offset;  // into entries_
        std::uint32_t count;
        std::uint32_t walk;  // entries a query may have to read before the next keyframe
    };

    [[nodiscard]] PastVector load(Index op) const;  // without op itself
    const PastVector& cached(Index op);             // with op itself
    void remember(Index op, PastVector& vector);
    void forget(Index op);
    void make_keyframe(Index op);
    void take_prepared(PastVector& out);
    std::uint32_t choose_chain();
    std::uint32_t store(std::span<const ChainEntry> entries);

    Chunked<Node> nodes_;
    Chunked<ChainEntry> entries_;
    std::vector<std::uint32_t> tips_;  // chain -> number of ops on it
    std::size_t delta_entries_ = 0;
    std::size_t keyframe_entries_ = 0;

    PastVector prepared_;                           // of several direct ancestors; of one, the cache has it
    const PastVector* prepared_past_ = &prepared_;  // good until the next prepare or add
    Index prepared_base_ = none;

    // Whole vectors of recent ops, the likely parents of the next: each op has one place, which the op
    // max_recent later takes over. Bounded also in entries; only a cache.
    struct Cached {
        Index op = none;
        PastVector vector;
    };
    [[nodiscard]] const PastVector* recent(Index op) const;
    std::vector<Cached> recent_;
    std::size_t recent_entries_ = 0;  // room for so many is held
    PastVector scratch_;              // its memory goes round between the places
};

}  // namespace folkmoot
