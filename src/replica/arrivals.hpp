// A batch on its way in: what can be said of it before anything of it is admitted (O5).
#pragma once

#include <span>
#include <vector>

#include "base/id_table.hpp"
#include "folkmoot/replica.hpp"

namespace folkmoot {

/// Ops and replica must outlive it. check() is called once, before anything of the batch is admitted.
class Replica::Arrivals {
   public:
    /// `peer` is who sends them, null if the app hands them in.
    Arrivals(const Replica& replica, std::vector<DecodedOp>& ops, const DeviceKey* peer);

    /// Proves the batch as a whole and verifies the signatures of what can be admitted. An error condemns the
    /// batch and is that of the first op in order.
    [[nodiscard]] Result<void> check();
    /// After check(): the ops to admit, by place, parents before children and otherwise as they came.
    [[nodiscard]] const std::vector<std::uint32_t>& sequence() const { return sequence_; }
    /// After check(): ops held without a signature of their own that came with a good one, by place.
    [[nodiscard]] const std::vector<std::uint32_t>& late_signatures() const { return late_; }
    /// One an op. After check() only those in the sequence are still to be decided.
    [[nodiscard]] std::vector<Admitted>& results() { return results_; }

   private:
    static constexpr std::uint32_t nowhere = UINT32_MAX;

    /// Where a direct ancestor is.
    struct Ancestor {
        std::uint32_t place = nowhere;  // among the new ops of the batch
        OpIndex held = no_index;        // in the graph
    };
    struct State {
        bool fresh = false;                // not in the graph before, and the first of its id in the batch
        bool ready = false;                // can be admitted with what is here
        bool has_child = false;            // an op of the batch names it as prev
        std::uint32_t voucher = nowhere;   // the op of the batch that may speak for it
        std::uint32_t proof = nowhere;     // the signed op that proves it, itself or at the end of its run
        std::uint32_t position = 0;        // in its author's chain; only of ops that are ready
        std::uint32_t first_ancestor = 0;  // in ancestors_: prev first, if there is one
        std::uint32_t ancestors = 0;
    };
    struct IdAt {
        const std::vector<DecodedOp>* ops;
        const OpId& operator()(std::uint32_t i) const { return (*ops)[i].id(); }
    };

    [[nodiscard]] std::span<const Ancestor> ancestors(std::uint32_t i) const;
    /// Nothing for ops without prev.
    [[nodiscard]] Ancestor prev(std::uint32_t i) const;
    [[nodiscard]] bool is_signed(std::uint32_t i) const { return ops_[i].signature().has_value(); }
    [[nodiscard]] bool continues_held(const Operation& op, OpIndex held) const;

    void find_ids();
    [[nodiscard]] Result<void> check_group() const;
    void find_ancestors();
    [[nodiscard]] Ancestor find(const OpId& id) const;
    [[nodiscard]] Result<void> prove();
    void find_ready();
    void drop_dependents(std::vector<std::uint32_t> dropped);
    void note_missing();
    void put_in_order();
    [[nodiscard]] std::vector<bool> find_bound() const;
    [[nodiscard]] bool has_standing(std::uint32_t i) const;
    void exempt(std::vector<bool>& bound) const;
    void refuse_over_quota();
    [[nodiscard]] Result<void> check_runs();
    [[nodiscard]] Result<void> verify();

    const Replica& replica_;
    const DeviceKey* peer_;
    const Graph& graph_;
    std::vector<DecodedOp>& ops_;
    IdTable<OpId, IdAt> places_;
    std::vector<State> states_;
    std::vector<Ancestor> ancestors_;
    std::vector<Admitted> results_;
    std::vector<std::uint32_t> sequence_;
    std::vector<std::uint32_t> late_;
};

}  // namespace folkmoot
