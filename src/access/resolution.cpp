#include "access/resolution.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace folkmoot {

Line& Resolution::State::line_of(std::vector<Line>& lines, GrantIndex as, BranchIndex branch) {
    const auto same = [&](const Line& line) { return line.as == as && line.branch == branch; };
    const auto at = std::ranges::find_if(lines, same);
    if (at != lines.end()) return *at;
    return lines.emplace_back(Line{as, branch, {}, {}, {}, {}, 255});
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
    // From scratch, those below `as` are still in the queue.
    if (from_scratch_) return;
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
    from_scratch_ = true;
    settle(no_index);
    from_scratch_ = false;
}

// The act has just arrived: no op follows it.
void Resolution::State::take(ActIndex act) {
    grow();
    const AccessAct& a = ledger.act(act);
    if (a.kind == Kind::create) {
        effective[act] = 1;
        for (GrantIndex g = 0; g < states.size(); ++g) mark(g);
    } else if (a.kind == Kind::leave) {
        effective[act] = 1;
        take_leave(act);
    } else {
        if (a.makes != no_index) mark(a.makes);
        if (!voided(a)) {
            effective[act] = 1;
            // No granting op has seen a new unban, so it ends no ban yet.
            if (a.kind == Kind::unban) file(act, true);
            if (a.kind == Kind::remove || a.kind == Kind::ban || a.kind == Kind::set_level)
                take_revocation(act);
        }
    }
    settle(a.op);
}

// A new leave hits its author's tenures except those that an earlier leave on its branch hits already; the
// others follow that leave and were admitted after it.
void Resolution::State::take_leave(ActIndex act) {
    const AccessAct& a = ledger.act(act);
    const Graph& graph = ledger.graph();
    auto& leaves = line_of(devices[a.author].leaves, no_index, graph.branch(a.op)).plain;
    const OpIndex last = leaves.empty() ? no_index : ledger.act(leaves.back()).op;
    leaves.push_back(act);
    std::vector<GrantIndex> struck;
    const auto& tenures = ledger.device(a.author).tenures;
    for (auto at = tenures.rbegin(); at != tenures.rend(); ++at) {
        const OpIndex granting = ledger.grant(*at).op;
        if (last != no_index && granting < last) break;
        if (states[*at].known && (last == no_index || graph.is_ancestor(last, granting)))
            struck.push_back(*at);
    }
    strike(std::move(struck), act);
}

// A new revocation adds itself to the hits of the tenures it covers, but not where an earlier one of its line
// that covers as much has seen less (line_hits). Of those the last is asked: who follows it follows all.
void Resolution::State::take_revocation(ActIndex act) {
    const AccessAct& a = ledger.act(act);
    const Graph& graph = ledger.graph();
    const Line& line = line_of(devices[a.subject].revocations, a.as, graph.branch(a.op));
    OpIndex last = no_index;
    for (auto at = line.plain.rbegin(); a.cut == no_index && last == no_index && at != line.plain.rend();
         ++at) {
        // A remove of own links only leaves alone what a ban or a set_level after it covers.
        const AccessAct& earlier = ledger.act(*at);
        const bool covers_as_much = earlier.level <= a.level && (!earlier.own_links_only || a.own_links_only);
        if (covers_as_much) last = earlier.op;
    }
    std::vector<GrantIndex> struck;
    std::vector<ActIndex> returning;
    const auto& tenures = ledger.device(a.subject).tenures;
    for (auto at = tenures.rbegin(); at != tenures.rend(); ++at) {
        const Grant& g = ledger.grant(*at);
        if (last != no_index && g.op < last) break;
        if (!states[*at].known || g.act == act || !ledger.outranks(a.as, *at)) continue;
        const bool own_link = g.link && ledger.linked_under(*at, a.author);
        if (!revocation_applies(a, g.level, own_link)) continue;
        if (last != no_index && !graph.is_ancestor(last, g.op)) continue;
        if (!returning_hit(line, *at, own_link, returning)) struck.push_back(*at);
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
        if (dominated(revocation, grant)) continue;
        const bool was_live = state.live();
        state.hits.push_back(revocation);
        count_live(grant, was_live);
        for (const ActIndex a : ledger.grant(grant).acts) {
            const AccessAct& act = ledger.act(a);
            if (act.kind == Kind::leave || effective[a] == 0 || has_seen(revocation, act.op)) continue;
            set_effective(a, false);
        }
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
    const bool was_live = state.live();
    state.made = made;
    state.hits = std::move(hits_now);
    count_live(grant, was_live);
    if (!same_hits) {
        for (const GrantIndex link : facts.links) mark(link);
    }
    for (const ActIndex a : facts.acts) {
        const AccessAct& act = ledger.act(a);
        if (act.kind == Kind::leave || !in_scope(act.op)) continue;
        set_effective(a, !voided(act));
        // How long a ban lasts depends on the hits of its grant.
        if (!same_hits && act.kind == Kind::ban) subjects_.push_back(act.subject);
    }
    mark_subjects(grant);
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

// Puts an effective revocation or unban on its line, or takes it off.
void Resolution::State::file(ActIndex act, bool now) {
    const AccessAct& a = ledger.act(act);
    DeviceState& subject = devices[a.subject];
    auto& lines = a.kind == Kind::unban ? subject.unbans : subject.revocations;
    Line& line = line_of(lines, a.as, ledger.graph().branch(a.op));
    const auto put = [&](std::vector<ActIndex>& acts) {
        const auto at = std::ranges::lower_bound(acts, act);
        if (now) {
            acts.insert(at, act);
        } else {
            FOLKMOOT_ASSERT(at != acts.end() && *at == act);
            acts.erase(at);
        }
    };
    put(a.cut != no_index ? line.cut : line.plain);
    line.floor = std::min(line.floor, a.level);
    if (a.kind == Kind::remove) put(line.removes);
    if (a.kind == Kind::ban) put(line.bans);
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
