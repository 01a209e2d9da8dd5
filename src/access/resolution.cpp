#include "access/resolution.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace folkmoot {

Line& Resolution::State::line_of(std::vector<Line>& lines, GrantIndex as, BranchIndex branch) {
    const auto same = [&](const Line& line) { return line.as == as && line.branch == branch; };
    const auto at = std::ranges::find_if(lines, same);
    if (at != lines.end()) return *at;
    return lines.emplace_back(Line{as, branch, {}, {}});
}

void Resolution::State::grow() {
    const std::size_t first_grant = states.size();
    states.resize(ledger.grant_count());
    devices.resize(ledger.device_count());
    effective.resize(ledger.act_count(), 0);
    for (GrantIndex g = static_cast<GrantIndex>(first_grant); g < states.size(); ++g) {
        states[g].known = in_scope(ledger.grant(g).op);
    }
}

void Resolution::State::mark(GrantIndex grant) {
    GrantState& state = states[grant];
    if (!state.known || state.queued) return;
    state.queued = true;
    queue.push(grant);
}

void Resolution::State::mark_tenures_below(DeviceIndex device, GrantIndex as) {
    for (const GrantIndex g : ledger.device(device).tenures) {
        if (ledger.above(as, g)) mark(g);
    }
}

void Resolution::State::resolve_all() {
    states.clear();
    devices.clear();
    effective.clear();
    grow();
    // E3: every leave is effective.
    for (ActIndex a = 0; a < effective.size(); ++a) {
        const AccessAct& act = ledger.act(a);
        if (!in_scope(act.op)) continue;
        if (act.kind == Kind::create) effective[a] = 1;
        if (act.kind == Kind::leave) {
            effective[a] = 1;
            line_of(devices[act.author].leaves, no_index, ledger.graph().branch(act.op)).plain.push_back(a);
        }
    }
    for (GrantIndex g = 0; g < states.size(); ++g) mark(g);
    settle(no_index);
}

void Resolution::State::take(ActIndex act) {
    grow();
    const AccessAct& a = ledger.act(act);
    if (a.kind == Kind::create) {
        effective[act] = 1;
        for (GrantIndex g = 0; g < states.size(); ++g) mark(g);
    } else if (a.kind == Kind::leave) {
        effective[act] = 1;
        line_of(devices[a.author].leaves, no_index, ledger.graph().branch(a.op)).plain.push_back(act);
        for (const GrantIndex g : ledger.device(a.author).tenures) mark(g);
    } else {
        if (a.makes != no_index) mark(a.makes);
        if (!voided(a)) set_effective(act, true);
    }
    settle(a.op);
}

void Resolution::State::settle(OpIndex cause) {
    while (!queue.empty()) {
        const GrantIndex grant = queue.top();
        queue.pop();
        states[grant].queued = false;
        decide(grant);
    }
    update_levels(cause);
}

// E1 and E2 for an act of known grant; leaves are dealt with by the caller.
bool Resolution::State::voided(const AccessAct& act) const {
    const GrantState& state = states[act.as];
    if (!state.made) return true;
    return std::ranges::any_of(state.hits, [&](ActIndex hit) { return !has_seen(hit, act.op); });
}

void Resolution::State::decide(GrantIndex grant) {
    GrantState& state = states[grant];
    const Grant& facts = ledger.grant(grant);
    const bool made = effective[facts.act] != 0;
    auto hits_now = find_hits(grant);
    const bool same_hits = hits_now == state.hits;
    if (made == state.made && same_hits) return;
    state.made = made;
    state.hits = std::move(hits_now);
    DeviceState& holder = devices[facts.holder];
    if (!holder.touched) {
        holder.touched = true;
        touched.push_back(facts.holder);
    }
    if (!same_hits) hits_changed(grant);
    for (const ActIndex a : facts.acts) {
        const AccessAct& act = ledger.act(a);
        if (act.kind == Kind::leave || !in_scope(act.op)) continue;
        set_effective(a, !voided(act));
    }
}

// What depends on the hits of a grant besides the acts under it: tenures linked under it, and how long the
// bans under it last.
void Resolution::State::hits_changed(GrantIndex grant) {
    const Grant& facts = ledger.grant(grant);
    for (const GrantIndex link : facts.links) mark(link);
    for (const ActIndex a : facts.acts) {
        const AccessAct& act = ledger.act(a);
        if (act.kind == Kind::ban) mark_tenures_below(act.subject, grant);
    }
}

void Resolution::State::set_effective(ActIndex act, bool now) {
    if ((effective[act] != 0) == now) return;
    effective[act] = now ? 1 : 0;
    const AccessAct& a = ledger.act(act);
    if (a.makes != no_index) mark(a.makes);
    const bool revokes = a.kind == Kind::remove || a.kind == Kind::ban || a.kind == Kind::set_level;
    if (!revokes && a.kind != Kind::unban) return;
    DeviceState& subject = devices[a.subject];
    Line& line = line_of(revokes ? subject.revocations : subject.unbans, a.as, ledger.graph().branch(a.op));
    auto& acts = a.cut != no_index ? line.cut : line.plain;
    const auto at = std::ranges::lower_bound(acts, act);
    if (now) {
        acts.insert(at, act);
    } else {
        FOLKMOOT_ASSERT(at != acts.end() && *at == act);
        acts.erase(at);
    }
    mark_tenures_below(a.subject, a.as);
}

void Resolution::State::update_levels(OpIndex cause) {
    for (const DeviceIndex d : touched) {
        DeviceState& device = devices[d];
        device.touched = false;
        // M1: the highest among its live grants; without one it is out.
        Level level = 0;
        for (const GrantIndex g : ledger.device(d).tenures) {
            if (states[g].live()) level = std::max(level, ledger.grant(g).level);
        }
        if (level != device.level) changes.push_back({ledger.device(d).key, device.level, level, cause});
        device.level = level;
    }
    touched.clear();
}

Verdict Resolution::State::verdict(OpIndex op) const {
    const GrantIndex as = ledger.as_of(op);
    if (as == no_index) return {};
    const GrantState& state = states[as];
    if (ledger.graph().kind(op) == Kind::leave) return {};
    if (!state.made) return {Rule::E1, ledger.grant(as).op};
    const auto unseeing = [&](ActIndex hit) { return !has_seen(hit, op); };
    if (std::ranges::none_of(state.hits, unseeing)) return {};
    for (const ActIndex hit : all_hits(as)) {
        if (unseeing(hit)) return {Rule::E2, ledger.act(hit).op};
    }
    FOLKMOOT_ASSERT(false);
    return {};
}

GrantView Resolution::State::view(GrantIndex grant) const {
    const Grant& facts = ledger.grant(grant);
    const GrantState& state = states[grant];
    GrantView out;
    out.grant = grant;
    out.op = facts.op;
    out.holder = ledger.device(facts.holder).key;
    out.level = facts.level;
    out.link = facts.link;
    out.under = facts.under;
    out.known = state.known;
    if (!state.known) return out;
    out.live = state.live();
    out.made = verdict(facts.op);
    if (!state.hits.empty()) {
        const auto every = all_hits(grant);
        out.hit_by = ledger.act(every.front()).op;
        (void)hits(every.front(), grant, &out.hit_through);
    }
    return out;
}

}  // namespace folkmoot
