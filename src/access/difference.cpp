// What differs between two resolutions of the same facts, and which op each difference comes down to.
#include <algorithm>

#include "access/resolution.hpp"
#include "base/assert.hpp"
#include "folkmoot/explanation.hpp"

namespace folkmoot {

// The revocation at the end of all steps of E1. Precondition: the op is void.
OpIndex Resolution::State::root_of(OpIndex op) const {
    for (;;) {
        const Verdict found = verdict(op);
        if (found.rule != Rule::E1) return found.by;
        op = found.by;
    }
}

// V1: of what ended the ban for the op that granted again, the first in the order of E3; no_index if nothing
// did.
OpIndex Resolution::State::ban_ender(ActIndex ban, OpIndex granting) const {
    const AccessAct& b = ledger.act(ban);
    const Graph& graph = ledger.graph();
    ActIndex first = no_index;
    const auto take = [&](ActIndex a) {
        if (first == no_index || ledger.decides_before(a, first)) first = a;
    };
    for (const ActIndex a : ledger.device(b.subject).unbans) {
        const AccessAct& unban = ledger.act(a);
        const bool ends = a < effective.size() && effective[a] != 0 && !ledger.outranks(b.as, unban.as) &&
                          graph.is_ancestor(b.op, unban.op) && graph.is_ancestor(unban.op, granting);
        if (ends) take(a);
    }
    for (const ActIndex a : all_hits(b.as)) {
        if (graph.is_ancestor(ledger.act(a).op, granting)) take(a);
    }
    return first == no_index ? no_index : ledger.act(first).op;
}

// The grant was hit by the revocation in `before` and is not in this state: the revocation is not there, it
// is void, or it is a ban and something ended it.
OpIndex Resolution::State::cause_of_release(const State& before, OpIndex revocation, GrantIndex grant) const {
    if (!in_scope(revocation)) return no_index;
    if (!verdict(revocation).effective()) return root_of(revocation);
    GrantIndex through = no_index;
    const ActIndex act = ledger.act_of(revocation);
    (void)before.hits(act, grant, &through);
    return ban_ender(act, ledger.grant(through == no_index ? grant : through).op);
}

// The op was void in `before` and is effective here.
OpIndex Resolution::State::cause_of_return(const State& before, OpIndex op) const {
    for (;;) {
        const Verdict was = before.verdict(op);
        if (was.rule == Rule::E2) return cause_of_release(before, was.by, ledger.as_of(op));
        FOLKMOOT_ASSERT(was.rule == Rule::E1);
        op = was.by;
    }
}

OpIndex Resolution::State::cause_of_gain(const State& before, GrantIndex grant) const {
    const OpIndex op = ledger.grant(grant).op;
    if (!before.knows(grant)) return op;
    if (!before.states[grant].made) return cause_of_return(before, op);
    return cause_of_release(before, ledger.act(before.first_hit(grant)).op, grant);
}

OpIndex Resolution::State::cause_of_loss(GrantIndex grant) const {
    if (!knows(grant)) return no_index;
    if (!states[grant].made) return root_of(ledger.grant(grant).op);
    return ledger.act(first_hit(grant)).op;
}

// M1: the highest-ranking live grant that gives the device its level.
GrantIndex Resolution::State::giver(DeviceIndex device) const {
    GrantIndex best = no_index;
    for (const GrantIndex g : ledger.device(device).tenures) {
        if (!knows(g) || !states[g].live()) continue;
        if (best == no_index || ledger.above(g, best)) best = g;
    }
    return best;
}

namespace {

Level level_in(const Resolution::State& state, DeviceIndex device) {
    return device < state.devices.size() ? state.devices[device].level : Level{0};
}

std::vector<LevelChange> level_changes(const Resolution::State& before, const Resolution::State& after) {
    std::vector<LevelChange> out;
    const Ledger& ledger = after.ledger;
    for (DeviceIndex d = 0; d < ledger.device_count(); ++d) {
        LevelChange change{ledger.device(d).key, level_in(before, d), level_in(after, d), no_index, no_index};
        if (change.before == change.after) continue;
        const bool gained = change.after > change.before;
        change.grant = (gained ? after : before).giver(d);
        change.cause = gained ? after.cause_of_gain(before, change.grant) : after.cause_of_loss(change.grant);
        out.push_back(change);
    }
    std::ranges::sort(out, {}, &LevelChange::key);
    return out;
}

// Equal states void the same ops of both; so only ops under grants whose states differ are looked at.
std::vector<VerdictChange> verdict_changes(const Resolution::State& before, const Resolution::State& after) {
    std::vector<VerdictChange> out;
    const Ledger& ledger = after.ledger;
    const Graph& graph = ledger.graph();
    std::vector<bool> differ(ledger.grant_count(), false);
    for (GrantIndex g = 0; g < differ.size(); ++g) {
        if (!before.knows(g) || !after.knows(g)) continue;
        const GrantState& x = before.states[g];
        const GrantState& y = after.states[g];
        differ[g] = x.made != y.made || x.hits != y.hits;
    }
    for (OpIndex op = 0; op < graph.size(); ++op) {
        const GrantIndex as = ledger.as_of(op);
        if (as == no_index || !differ[as] || !before.in_scope(op) || !after.in_scope(op)) continue;
        if (before.is_effective(op) == after.is_effective(op)) continue;
        VerdictChange change{op, before.verdict(op), after.verdict(op), no_index};
        change.cause = change.after.effective() ? after.cause_of_return(before, op) : after.root_of(op);
        out.push_back(change);
    }
    std::ranges::sort(out, {}, [&](const VerdictChange& change) { return graph.id(change.op); });
    return out;
}

}  // namespace

Difference difference(const Resolution& before, const Resolution& after) {
    const Resolution::State& x = *before.state_;
    const Resolution::State& y = *after.state_;
    FOLKMOOT_ASSERT(&x.ledger == &y.ledger);
    return {level_changes(x, y), verdict_changes(x, y)};
}

Difference Access::difference(std::span<const OpIndex> before, std::span<const OpIndex> after) const {
    return folkmoot::difference(at(before), at(after));
}

}  // namespace folkmoot
