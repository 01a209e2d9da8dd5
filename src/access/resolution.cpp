#include "access/resolution.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace folkmoot {

void Resolution::State::grow() {
    const std::size_t first_grant = states.size();
    states.resize(ledger.grant_count());
    devices.resize(ledger.device_count());
    effective.resize(ledger.act_count(), 0);
    upto.resize(ledger.run_count(), 0);
    lines.resize(ledger.line_count());
    for (GrantIndex g = static_cast<GrantIndex>(first_grant); g < states.size(); ++g) {
        states[g].known = in_scope(ledger.grant(g).op);
        devices[ledger.grant(g).holder].open.push_back(g);
    }
}

void Resolution::State::mark(GrantIndex grant) {
    GrantState& state = states[grant];
    if (!state.known || state.queued) return;
    state.queued = true;
    queue.push(grant);
}

// Grants are decided in rank order, so what an earlier call marked for a grant that is not below this one is
// still in the queue.
void Resolution::State::mark_tenures_below(DeviceIndex device, GrantIndex as) {
    // From scratch, those below `as` are still in the queue.
    if (from_scratch_) return;
    GrantIndex& marked = devices[device].marked;
    if (marked == no_index) {
        marked_.push_back(device);
    } else if (!ledger.above(as, marked)) {
        return;
    }
    marked = as;
    for (const GrantIndex g : ledger.device(device).tenures) {
        if (!states[g].queued && ledger.above(as, g)) mark(g);
    }
}

void Resolution::State::resolve_all() {
    states.clear();
    devices.clear();
    effective.clear();
    upto.clear();
    lines.clear();
    grow();
    // E3: every leave is effective.
    for (ActIndex a = 0; a < effective.size(); ++a) {
        const AccessAct& act = ledger.act(a);
        if (!in_scope(act.op)) continue;
        if (act.kind == Kind::create) effective[a] = 1;
        if (act.kind == Kind::leave) {
            effective[a] = 1;
            lines[act.line].plain.push_back(a);
        }
    }
    for (GrantIndex g = 0; g < states.size(); ++g) mark(g);
    from_scratch_ = true;
    settle(no_index);
    from_scratch_ = false;
}

// Until now one hit was enough.
void Resolution::State::use(GrantIndex grant) {
    if (grant >= states.size() || states[grant].whole) return;
    states[grant].whole = true;
    if (states[grant].hits.empty()) return;
    open_or_park(grant);
    mark(grant);
    settle(no_index);
}

// The act has just arrived: no op follows it.
void Resolution::State::take(ActIndex act) {
    grow();
    const AccessAct& a = ledger.act(act);
    if (a.kind == Kind::create) {
        effective[act] = 1;
        for (GrantIndex g = 0; g < states.size(); ++g) mark(g);
        settle(a.op);
        return;
    }
    use(a.as);
    if (a.kind == Kind::leave) {
        effective[act] = 1;
        take_leave(act);
    } else {
        if (a.makes != no_index) mark(a.makes);
        const bool others_count = upto[a.run] + 1 == ledger.run(a.run).acts.size();
        if (effective[act] == 0 && others_count && !voided(a)) {
            effective[act] = 1;
            ++upto[a.run];
            // No granting op has seen a new unban, so it ends no ban yet.
            if (a.kind == Kind::unban) file(act, true);
            if (revokes(act)) take_revocation(act);
        }
    }
    settle(a.op);
}

// A new leave hits its author's tenures except those that an earlier leave on its branch hits already; the
// others follow that leave and were admitted after it.
void Resolution::State::take_leave(ActIndex act) {
    const AccessAct& a = ledger.act(act);
    const Graph& graph = ledger.graph();
    auto& leaves = lines[a.line].plain;
    const OpIndex last = leaves.empty() ? no_index : ledger.act(leaves.back()).op;
    leaves.push_back(act);
    std::vector<GrantIndex> struck;
    const auto& tenures = devices[a.author].open;
    for (auto at = tenures.rbegin(); at != tenures.rend(); ++at) {
        const OpIndex granting = ledger.grant(*at).op;
        if (last != no_index && granting < last) break;
        if (!states[*at].known || states[*at].parked) continue;
        if (last == no_index || graph.is_ancestor(last, granting)) struck.push_back(*at);
    }
    strike(std::move(struck), act);
}

// A new revocation adds itself to the hits of the tenures it covers, but not where an earlier one of its line
// that covers as much has seen no more. Of those the last is asked: who follows it follows all.
void Resolution::State::take_revocation(ActIndex act) {
    const AccessAct& a = ledger.act(act);
    const OpIndex last = last_as_strong(act);
    std::vector<GrantIndex> struck;
    std::vector<ActIndex> returning;
    const auto& tenures = devices[a.subject].open;
    for (auto at = tenures.rbegin(); at != tenures.rend(); ++at) {
        const Grant& g = ledger.grant(*at);
        if (last != no_index && g.op < last) break;
        if (!states[*at].known || states[*at].parked || g.act == act) continue;
        if (!ledger.outranks(a.as, *at) || !revocation_applies(a, *at)) continue;
        if (last != no_index && !ledger.graph().is_ancestor(last, g.op)) continue;
        if (!returning_hit(a.line, *at, returning)) struck.push_back(*at);
    }
    file(act, true);
    strike(std::move(struck), act);
}

// The revocation, which nothing follows, hits these tenures and through them what was linked under them.
void Resolution::State::strike(std::vector<GrantIndex> tenures, ActIndex revocation) {
    const AccessAct& r = ledger.act(revocation);
    while (!tenures.empty()) {
        const GrantIndex grant = tenures.back();
        tenures.pop_back();
        GrantState& state = states[grant];
        if (state.parked || dominated(revocation, grant)) continue;
        const bool was_live = state.live();
        state.hits.push_back(revocation);
        count_live(grant, was_live);
        open_or_park(grant);
        for (const RunIndex run : ledger.grant(grant).runs) cut_run(run, revocation);
        mark_subjects(grant);
        for (const GrantIndex link : ledger.grant(grant).links) {
            const bool covers = r.kind != Kind::set_level || ledger.grant(link).level > r.level;
            if (states[link].known && covers) tenures.push_back(link);
        }
    }
}

void Resolution::State::settle(OpIndex cause) {
    while (!queue.empty()) {
        const GrantIndex grant = queue.top();
        queue.pop();
        states[grant].queued = false;
        decide(grant);
    }
    for (const DeviceIndex device : marked_) devices[device].marked = no_index;
    marked_.clear();
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
    state.whole = facts.used;
    auto hits_now = find_hits(grant);
    const bool same_hits = hits_now == state.hits;
    if (made == state.made && same_hits) return;
    const bool was_live = state.live();
    state.made = made;
    state.hits = std::move(hits_now);
    count_live(grant, was_live);
    open_or_park(grant);
    if (!same_hits) {
        for (const GrantIndex link : facts.links) mark(link);
        // How long a ban lasts depends on the hits of its grant.
        for (const ActIndex ban : facts.bans) subjects_.push_back(ledger.act(ban).subject);
    }
    decide_runs(grant);
    mark_subjects(grant);
}

// V3: how many of the first `at_most` acts of the run the revocation has seen.
std::uint32_t Resolution::State::seen_of(ActIndex revocation, RunIndex run, std::uint32_t at_most) const {
    const auto acts = std::span(ledger.run(run).acts).first(at_most);
    const auto seen = [&](ActIndex a) { return has_seen(revocation, ledger.act(a).op); };
    if (acts.empty() || seen(acts.back())) return at_most;
    return static_cast<std::uint32_t>(std::ranges::partition_point(acts, seen) - acts.begin());
}

// E1 and E2 for the acts under a grant.
void Resolution::State::decide_runs(GrantIndex grant) {
    const GrantState& state = states[grant];
    for (const RunIndex run : ledger.grant(grant).runs) {
        const auto& acts = ledger.run(run).acts;
        const auto inside = [this](ActIndex a) { return in_scope(ledger.act(a).op); };
        std::uint32_t count = 0;
        if (state.made)
            count = static_cast<std::uint32_t>(std::ranges::partition_point(acts, inside) - acts.begin());
        for (const ActIndex hit : state.hits) count = seen_of(hit, run, count);
        // From the last to the first, and the other way: lines are changed at their ends.
        for (std::uint32_t i = upto[run]; i > count; --i) set_effective(acts[i - 1], false);
        for (std::uint32_t i = upto[run]; i < count; ++i) set_effective(acts[i], true);
        upto[run] = count;
    }
}

// E2: one more revocation hits the grant.
void Resolution::State::cut_run(RunIndex run, ActIndex revocation) {
    const std::uint32_t count = seen_of(revocation, run, upto[run]);
    for (std::uint32_t i = upto[run]; i > count; --i) set_effective(ledger.run(run).acts[i - 1], false);
    upto[run] = count;
}

// Once for each subject, however many acts about it changed.
void Resolution::State::mark_subjects(GrantIndex as) {
    std::ranges::sort(subjects_);
    const auto rest = std::ranges::unique(subjects_);
    subjects_.erase(rest.begin(), rest.end());
    for (const DeviceIndex device : subjects_) mark_tenures_below(device, as);
    subjects_.clear();
}

// The caller follows with mark_subjects.
void Resolution::State::set_effective(ActIndex act, bool now) {
    if ((effective[act] != 0) == now) return;
    effective[act] = now ? 1 : 0;
    const AccessAct& a = ledger.act(act);
    if (a.makes != no_index) mark(a.makes);
    if (a.kind == Kind::add || a.kind == Kind::link) return;
    file(act, now);
    subjects_.push_back(a.subject);
}

// A tenure that is hit and under which nobody acts has nothing more to lose. It stays in the list until half
// of that is such, so that each costs O(1).
void Resolution::State::open_or_park(GrantIndex grant) {
    GrantState& state = states[grant];
    const bool parked = !state.whole && !state.hits.empty();
    if (parked == state.parked) return;
    state.parked = parked;
    DeviceState& holder = devices[ledger.grant(grant).holder];
    const auto at = std::ranges::lower_bound(holder.open, grant);
    if (!parked) {
        if (at != holder.open.end() && *at == grant) {
            --holder.parked;
        } else {
            holder.open.insert(at, grant);
        }
        return;
    }
    if (++holder.parked * 2 <= holder.open.size()) return;
    std::erase_if(holder.open, [this](GrantIndex g) { return states[g].parked; });
    holder.parked = 0;
}

void Resolution::State::count_live(GrantIndex grant, bool was_live) {
    const bool is_live = states[grant].live();
    if (was_live == is_live) return;
    const Grant& facts = ledger.grant(grant);
    DeviceState& holder = devices[facts.holder];
    if (!holder.touched) {
        holder.touched = true;
        touched.push_back(facts.holder);
    }
    const auto at = std::ranges::lower_bound(holder.live, facts.level, {}, &LiveLevel::level);
    const bool counted = at != holder.live.end() && at->level == facts.level;
    if (is_live && !counted) {
        holder.live.insert(at, {facts.level, 1});
    } else if (is_live) {
        ++at->count;
    } else if (--at->count == 0) {
        holder.live.erase(at);
    }
}

void Resolution::State::update_levels(OpIndex cause) {
    for (const DeviceIndex d : touched) {
        DeviceState& device = devices[d];
        device.touched = false;
        // M1: the highest among its live grants; without one it is out.
        const Level level = device.live.empty() ? Level{0} : device.live.back().level;
        if (level != device.level) changes.push_back({ledger.device(d).key, device.level, level, cause});
        device.level = level;
    }
    touched.clear();
}

bool Resolution::State::is_effective(OpIndex op) const {
    const GrantIndex as = ledger.as_of(op);
    if (as == no_index || ledger.graph().kind(op) == Kind::leave) return true;
    const GrantState& state = states[as];
    return state.made && std::ranges::all_of(state.hits, [&](ActIndex hit) { return has_seen(hit, op); });
}

Verdict Resolution::State::verdict(OpIndex op) const {
    if (is_effective(op)) return {};
    const GrantIndex as = ledger.as_of(op);
    if (!states[as].made) return {Rule::E1, ledger.grant(as).op};
    const ActIndex by = first_hit(as, op);
    FOLKMOOT_ASSERT(by != no_index);
    return {Rule::E2, ledger.act(by).op};
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
        const ActIndex first = first_hit(grant);
        out.hit_by = ledger.act(first).op;
        (void)hits(first, grant, &out.hit_through);
    }
    return out;
}

}  // namespace folkmoot
