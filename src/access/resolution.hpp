// Verdicts (V1 to E3) and membership (M1) over the facts of a Ledger, whole or within one frontier.
//
// Grants are decided in rank order. Whatever can void an op, or end a ban for it, acts under a grant that
// ranks above the op's own, so one pass decides each once (E3). When ops arrive later, only the grants that
// they can touch are decided again, in the same order, by the same function: incremental is from scratch
// with fewer grants in the queue.
//
// What keeps it near-linear:
//   - A grant remembers only the *hits* that matter. Revocations under one grant by one branch of its holder,
//     a *line*, are nested in what they have seen: of each, only the earliest that covers the tenure counts
//     (set_levels: the earliest for each lower level; cuts: the earliest and the one that has seen least).
//   - Whatever a revocation has seen is closed under ancestors. So of a *run*, the acts under one grant on
//   one
//     branch, a prefix is effective, found by binary search.
//   - Of a tenure under which nobody acts only one hit is looked for: that ends it, and voids nothing.
//   - Verdicts of posts are not stored but read off the hits of their grant.
//   - An act that arrives has nothing after it: a new revocation can only add itself to hits, and only on
//     tenures that know the last one of its line; a new unban ends nothing yet.
// What remains is to ask each tenure of a device about each line about it.
//
// Invariants between calls:
//   1. A line holds exactly the effective acts of its kind, in branch order.
//   2. states[g].made is E1 to E3 for g's op. states[g].hits void the same ops and end the same bans as all
//   that
//      V2 names; of a grant under which nobody acts they are empty if and only if those are.
//   3. effective[a] for every act in scope is E1 to E3 applied to its grant's state; of a run a prefix of
//      upto[run] acts is effective.
//   4. A device's open tenures are all but those that are hit and under which nobody acts.
#pragma once

#include <queue>
#include <vector>

#include "access/ledger.hpp"
#include "folkmoot/explanation.hpp"

namespace folkmoot {

/// Plain revocations of a line that cover tenures above one level.
struct Rung {
    Level level;  // 0 for removes and bans
    std::vector<ActIndex> acts;
};

/// Revocations of a line that cut at one branch of their subject, or at nothing: their order by what they
/// have seen is that of `seen_by`. Those that cut at several branches stand alone.
struct Cuts {
    bool own_links_only;
    std::uint64_t at;
    std::vector<ActIndex> acts;
    /// Of `acts`, those that have seen no more than any after them; ascending in both.
    std::vector<ActIndex> least;
    bool stale = false;  // `least` is to be made again
};

/// Effective acts about one device, under one grant and on one branch of its holder, in branch order.
struct Line {
    std::vector<ActIndex> plain;  // without a cut; of leaves and unbans all
    std::vector<Rung> rungs;      // of `plain`, ascending by level
    std::vector<ActIndex> own;    // of `plain`, removes of own links only
    std::vector<Cuts> cuts;
    // Those that can cover a tenure which follows them, with a cut or without.
    std::vector<ActIndex> removes;
    std::vector<ActIndex> bans;
};

struct GrantState {
    bool known = false;  // in scope
    bool made = false;   // its op is effective
    bool queued = false;
    bool whole = false;   // hits are complete, for some op acts under it
    bool parked = false;  // not among its holder's open tenures
    std::vector<ActIndex> hits;
    [[nodiscard]] bool live() const { return known && made && hits.empty(); }
};

/// How many live grants of a level a device holds.
struct LiveLevel {
    Level level;
    std::uint32_t count;
};

struct DeviceState {
    std::vector<GrantIndex> open;  // tenures that a new revocation has to look at, ascending
    std::size_t parked = 0;        // how many of those it has not
    std::vector<LiveLevel> live;   // ascending by level, none with count 0
    GrantIndex marked = no_index;  // its tenures below this grant are marked already
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
    /// Takes in that some op acts under the grant.
    void use(GrantIndex grant);

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
    /// Whether the grant's op is void, or one of those that is no leave hits the grant.
    [[nodiscard]] bool sealed(GrantIndex grant) const;
    /// Of those the first in the order of E3 that has not seen `unseen`, if that is an op; no_index if none.
    [[nodiscard]] ActIndex first_hit(GrantIndex grant, OpIndex unseen = no_index) const;
    /// The effective revocations that may hit one of the grants, ascending; each once.
    [[nodiscard]] std::vector<ActIndex> candidates(std::span<const GrantIndex> grants) const;
    [[nodiscard]] GrantView view(GrantIndex grant) const;
    [[nodiscard]] std::size_t memory() const;

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
    std::vector<std::uint32_t> upto;      // by run
    std::vector<Line> lines;              // by line
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
    void decide_runs(GrantIndex grant);
    void cut_run(RunIndex run, ActIndex revocation);
    [[nodiscard]] std::uint32_t seen_of(ActIndex revocation, RunIndex run, std::uint32_t at_most) const;
    void set_effective(ActIndex act, bool now);
    void count_live(GrantIndex grant, bool was_live);
    void open_or_park(GrantIndex grant);
    void update_levels(OpIndex cause);

    void file(ActIndex act, bool now);
    void file_plain(Line& line, ActIndex act, bool now);
    void file_cut(Line& line, ActIndex act, bool now);
    void refresh(Cuts& cuts) const;
    void take_leave(ActIndex act);
    void take_revocation(ActIndex act);
    [[nodiscard]] OpIndex last_as_strong(ActIndex act);
    void strike(std::vector<GrantIndex> tenures, ActIndex revocation);
    [[nodiscard]] bool dominated(ActIndex revocation, GrantIndex grant) const;
    void prune(std::vector<ActIndex>& hits) const;

    template <class Each>
    void for_each_candidate(GrantIndex grant, const Each& each) const;
    [[nodiscard]] std::vector<ActIndex> find_hits(GrantIndex grant);
    void direct_hits(GrantIndex grant, std::vector<ActIndex>& out);
    void inherited_hits(GrantIndex grant, std::vector<ActIndex>& out) const;
    void leave_hits(GrantIndex grant, std::vector<ActIndex>& out) const;
    [[nodiscard]] bool returning_hit(LineIndex line, GrantIndex grant, std::vector<ActIndex>& out) const;
    void line_hits(LineIndex line, GrantIndex grant, std::vector<ActIndex>& out);
    void cut_hits(Cuts& cuts, OpIndex granting, std::vector<ActIndex>& out) const;
    [[nodiscard]] bool ban_ended(ActIndex ban, OpIndex granting) const;
    [[nodiscard]] bool covers_directly(ActIndex revocation, GrantIndex grant) const;
    [[nodiscard]] std::size_t first_unseen(const std::vector<ActIndex>& acts, OpIndex op) const;
    [[nodiscard]] bool revocation_applies(const AccessAct& act, GrantIndex grant) const;
    [[nodiscard]] std::uint64_t cut_at(ActIndex act) const;
    [[nodiscard]] std::uint32_t seen_by(ActIndex cut) const;
    [[nodiscard]] std::pair<std::uint64_t, std::uint32_t> nesting(ActIndex act) const;

    std::vector<DeviceIndex> subjects_;  // of acts under the grant being decided: their tenures may change
    std::vector<DeviceIndex> marked_;    // devices with `marked` set
    bool from_scratch_ = false;          // every grant is queued already
};

}  // namespace folkmoot
