// Verdicts (V1 to E3) and membership (M1) over the facts of a Ledger, whole or within one frontier.
//
// Grants are decided in rank order. Whatever can void an op, or end a ban for it, acts under a grant that
// ranks above the op's own, so one pass decides each once (E3). When ops arrive later, only the grants that
// they can touch are decided again, in the same order, by the same function: incremental is from scratch
// with fewer grants in the queue.
//
// What keeps it near-linear: a grant remembers only the *hits* that matter. Revocations under one grant by
// one branch of its holder are nested in what they have seen, so of each such line only the earliest that
// covers the tenure counts (set_levels: the earliest for each lower level). Verdicts of posts are not stored
// but read off the hits of their grant. An act that arrives has nothing after it, so a new revocation can
// only add itself to hits, and only on tenures that know the last one of its line; a new unban ends nothing
// yet. Many rounds of removing and adding somebody thus cost the same each.
//
// Invariants between calls:
//   1. A line holds exactly the effective acts of its kind, in branch order.
//   2. states[g].made and states[g].hits are what decide(g) would compute again.
//   3. effective[a] for every act in scope is E1 to E3 applied to its grant's state.
#pragma once

#include <queue>
#include <vector>

#include "access/ledger.hpp"
#include "folkmoot/explanation.hpp"

namespace folkmoot {

/// Effective acts about one device, under one grant and on one branch of its holder, in branch order.
struct Line {
    GrantIndex as;  // no_index for leaves
    BranchIndex branch;
    std::vector<ActIndex> plain;
    std::vector<ActIndex> cut;  // with a cut: what they have seen is not nested
    // Those of both that can cover a tenure which follows them.
    std::vector<ActIndex> removes;
    std::vector<ActIndex> bans;
    Level floor = 255;  // no plain one gives a lower level; ends a search early
};

struct GrantState {
    bool known = false;  // in scope
    bool made = false;   // its op is effective
    bool queued = false;
    std::vector<ActIndex> hits;
    [[nodiscard]] bool live() const { return known && made && hits.empty(); }
};

/// How many live grants of a level a device holds.
struct LiveLevel {
    Level level;
    std::uint32_t count;
};

struct DeviceState {
    std::vector<Line> revocations;
    std::vector<Line> unbans;
    std::vector<Line> leaves;
    std::vector<LiveLevel> live;  // ascending by level, none with count 0
    Level level = 0;
    bool touched = false;
};

struct Resolution::State {
    explicit State(const Ledger& facts, std::optional<Closure> within = std::nullopt)
        : ledger(facts), scope(std::move(within)), queue(Below{&facts}) {}

    // Grants of higher rank come out first.
    struct Below {
        const Ledger* ledger;
        bool operator()(GrantIndex a, GrantIndex b) const { return ledger->above(b, a); }
    };

    [[nodiscard]] bool in_scope(OpIndex op) const { return !scope || ledger.graph().contains(*scope, op); }

    /// Makes room for facts recorded since, without deciding anything.
    void grow();
    /// Decides everything in scope from scratch.
    void resolve_all();
    /// Takes in one new act and decides again what it touches.
    void take(ActIndex act);

    [[nodiscard]] Verdict verdict(OpIndex op) const;
    [[nodiscard]] bool is_effective(OpIndex op) const;
    [[nodiscard]] bool knows(GrantIndex grant) const { return grant < states.size() && states[grant].known; }
    [[nodiscard]] bool revokes(ActIndex act) const {
        const Kind kind = ledger.act(act).kind;
        return kind == Kind::remove || kind == Kind::ban || kind == Kind::set_level || kind == Kind::leave;
    }
    [[nodiscard]] bool voided(const AccessAct& act) const;
    /// V3 for a plain op: whether `revocation` has seen it.
    [[nodiscard]] bool has_seen(ActIndex revocation, OpIndex op) const;
    /// V1 and V2, without shortcuts: whether an effective revocation hits the grant, and through what.
    [[nodiscard]] bool hits(ActIndex revocation, GrantIndex grant, GrantIndex* through) const;
    /// Every effective revocation that hits the grant; for explanations. Unlike the stored hits they do not
    /// depend on the order in which forks arrived.
    [[nodiscard]] std::vector<ActIndex> all_hits(GrantIndex grant) const;
    /// Of those the first in the order of E3 that has not seen `unseen`, if that is an op; no_index if none.
    [[nodiscard]] ActIndex first_hit(GrantIndex grant, OpIndex unseen = no_index) const;
    [[nodiscard]] GrantView view(GrantIndex grant) const;

    // explain.cpp
    [[nodiscard]] ExplanationStep hit_step(ExplanationStep::Kind kind, OpIndex op, ActIndex by,
                                           GrantIndex grant) const;
    [[nodiscard]] std::vector<ExplanationStep> steps_of(OpIndex op) const;

    // difference.cpp
    [[nodiscard]] OpIndex root_of(OpIndex op) const;
    [[nodiscard]] OpIndex ban_ender(ActIndex ban, OpIndex granting) const;
    [[nodiscard]] OpIndex cause_of_release(const State& before, OpIndex revocation, GrantIndex grant) const;
    [[nodiscard]] OpIndex cause_of_return(const State& before, OpIndex op) const;
    [[nodiscard]] OpIndex cause_of_gain(const State& before, GrantIndex grant) const;
    [[nodiscard]] OpIndex cause_of_loss(GrantIndex grant) const;
    [[nodiscard]] GrantIndex giver(DeviceIndex device) const;

    const Ledger& ledger;
    std::optional<Closure> scope;
    std::vector<GrantState> states;
    std::vector<std::uint8_t> effective;  // by act
    std::vector<DeviceState> devices;
    std::vector<DeviceIndex> touched;
    std::vector<MemberChange> changes;
    std::priority_queue<GrantIndex, std::vector<GrantIndex>, Below> queue;

   private:
    void mark(GrantIndex grant);
    void mark_tenures_below(DeviceIndex device, GrantIndex as);
    void mark_subjects(GrantIndex as);
    void settle(OpIndex cause);
    void decide(GrantIndex grant);
    void set_effective(ActIndex act, bool now);
    void count_live(GrantIndex grant, bool was_live);
    void update_levels(OpIndex cause);

    void file(ActIndex act, bool now);
    void take_leave(ActIndex act);
    void take_revocation(ActIndex act);
    void strike(std::vector<GrantIndex> tenures, ActIndex revocation);
    [[nodiscard]] bool dominated(ActIndex revocation, GrantIndex grant) const;
    void prune(std::vector<ActIndex>& hits) const;

    template <class Each>
    void for_each_candidate(GrantIndex grant, const Each& each) const;
    [[nodiscard]] std::vector<ActIndex> find_hits(GrantIndex grant) const;
    void direct_hits(GrantIndex grant, std::vector<ActIndex>& out) const;
    void inherited_hits(GrantIndex grant, std::vector<ActIndex>& out) const;
    void leave_hits(GrantIndex grant, std::vector<ActIndex>& out) const;
    [[nodiscard]] bool returning_hit(const Line& line, GrantIndex grant, bool own_link,
                                     std::vector<ActIndex>& out) const;
    void line_hits(const Line& line, GrantIndex grant, bool own_link, std::vector<ActIndex>& out) const;
    [[nodiscard]] bool ban_ended(ActIndex ban, OpIndex granting) const;
    [[nodiscard]] bool covers_directly(ActIndex revocation, GrantIndex grant) const;
    [[nodiscard]] std::size_t first_unseen(const std::vector<ActIndex>& acts, OpIndex op) const;
    [[nodiscard]] bool revocation_applies(const AccessAct& act, Level level, bool own_link) const;
    static Line& line_of(std::vector<Line>& lines, GrantIndex as, BranchIndex branch);

    std::vector<DeviceIndex> subjects_;  // of acts under the grant being decided: their tenures may change
    bool from_scratch_ = false;          // every grant is queued already
};

}  // namespace folkmoot
