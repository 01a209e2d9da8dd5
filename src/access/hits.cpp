// Which revocations hit which tenures: V1 (covers), V2 (hits) and V3 (has seen).
#include <algorithm>
#include <set>

#include "access/resolution.hpp"

namespace folkmoot {
// V3: r has seen what is in its past; with `cut`, the named ops and their past; a leave all but what follows.
bool Resolution::State::has_seen(ActIndex revocation, OpIndex op) const {
    const AccessAct& r = ledger.act(revocation);
    if (r.kind == Kind::leave) return !ledger.graph().is_ancestor(r.op, op);
    if (r.cut != no_index) {
        return std::ranges::any_of(ledger.cut(r), [&](OpIndex named) {
            return named == op || ledger.graph().is_ancestor(op, named);
        });
    }
    return ledger.graph().is_ancestor(op, r.op);
}

// The first act on a line that is not in the past of `op`; those before it are.
std::size_t Resolution::State::first_unseen(const std::vector<ActIndex>& acts, OpIndex op) const {
    const auto seen = [&](ActIndex a) { return ledger.graph().is_ancestor(ledger.act(a).op, op); };
    // Most lines are seen wholly or not at all.
    if (acts.empty() || seen(acts.back())) return acts.size();
    return static_cast<std::size_t>(std::ranges::partition_point(acts, seen) - acts.begin());
}

// V1's exceptions: set_level covers only above the level it gives, a remove below the remove level only what
// is linked under its author.
bool Resolution::State::revocation_applies(const AccessAct& act, GrantIndex grant) const {
    const Grant& g = ledger.grant(grant);
    if (act.kind == Kind::set_level) return g.level > act.level;
    return !act.own_links_only || (g.link && ledger.linked_under(grant, act.author));
}

// V1, third case: whether the op that granted again had seen the ban end, by an effective unban that saw the
// ban and comes from somebody the banner does not outrank, or by a revocation that hits the banner's grant.
bool Resolution::State::ban_ended(ActIndex ban, OpIndex granting) const {
    const AccessAct& b = ledger.act(ban);
    const Graph& graph = ledger.graph();
    for (const ActIndex hit : states[b.as].hits) {
        if (graph.is_ancestor(ledger.act(hit).op, granting)) return true;
    }
    for (const LineIndex line : ledger.device(b.subject).unban_lines) {
        if (ledger.outranks(b.as, ledger.line_as(line))) continue;
        // The latest unban of the line that the granting op knew has seen the most bans.
        const auto& unbans = lines[line].plain;
        const std::size_t known = first_unseen(unbans, granting);
        if (known > 0 && graph.is_ancestor(b.op, ledger.act(unbans[known - 1]).op)) return true;
    }
    return false;
}

// V1, second and third case: the tenure follows the revocation and is covered all the same. Such a revocation
// has seen nothing done under the tenure, so one is enough.
bool Resolution::State::returning_hit(LineIndex index, GrantIndex grant, std::vector<ActIndex>& out) const {
    const Line& line = lines[index];
    const Grant& g = ledger.grant(grant);
    if ((line.bans.empty() && (line.removes.empty() || !g.link)) || g.under == no_index) return false;
    if (!ledger.outranks(ledger.line_as(index), g.under)) return false;
    // All removes of a line are by one grant: they apply all or none.
    if (g.link && !line.removes.empty() && revocation_applies(ledger.act(line.removes.front()), grant)) {
        const std::size_t known = first_unseen(line.removes, g.op);
        if (known > 0) {
            out.push_back(line.removes[known - 1]);
            return true;
        }
    }
    // Of a line's bans the latest is the last to end.
    const std::size_t known = first_unseen(line.bans, g.op);
    if (known == 0 || ban_ended(line.bans[known - 1], g.op)) return false;
    out.push_back(line.bans[known - 1]);
    return true;
}

// A leave covers its author's tenures that do not follow it; it needs no rank (V2).
void Resolution::State::leave_hits(GrantIndex grant, std::vector<ActIndex>& out) const {
    const Grant& g = ledger.grant(grant);
    for (const LineIndex line : ledger.device(g.holder).leave_lines) {
        const auto& leaves = lines[line].plain;
        const std::size_t first = first_unseen(leaves, g.op);
        if (first < leaves.size()) out.push_back(leaves[first]);
    }
}

// Of a tenure under which nobody acts one hit is enough. The newest lines are those it is least likely to
// know.
void Resolution::State::direct_hits(GrantIndex grant, std::vector<ActIndex>& out) {
    const auto& about = ledger.device(ledger.grant(grant).holder).revocation_lines;
    leave_hits(grant, out);
    for (auto line = about.rbegin(); line != about.rend(); ++line) {
        if (!states[grant].whole && !out.empty()) return;
        if (!ledger.outranks(ledger.line_as(*line), grant)) continue;
        if (!returning_hit(*line, grant, out)) line_hits(*line, grant, out);
    }
}

// V1 and V2: a linked tenure is covered also through the one it was linked under, and so on up; a set_level
// still only above its level.
void Resolution::State::inherited_hits(GrantIndex grant, std::vector<ActIndex>& out) const {
    const Grant& g = ledger.grant(grant);
    for (const ActIndex hit : states[g.under].hits) {
        const AccessAct& r = ledger.act(hit);
        if (r.kind != Kind::set_level || g.level > r.level) out.push_back(hit);
    }
}

// Revocations under one grant by one branch, and leaves of one branch, are nested in what they have seen,
// whoever their subjects are: of two on one tenure the later adds nothing if it covers no more. This bounds
// what a long chain of links inherits. The first number says which are nested, the second how much they cover
// or have seen.
std::pair<std::uint64_t, std::uint32_t> Resolution::State::nesting(ActIndex act) const {
    const AccessAct& a = ledger.act(act);
    if (a.kind == Kind::leave) return {0, 0};
    if (a.cut == no_index) return {1, a.level};
    return {2 + cut_at(act), seen_by(act)};
}

bool Resolution::State::dominated(ActIndex revocation, GrantIndex grant) const {
    // What is no link has only direct hits, of which each line has sorted out its own.
    const auto& hits = states[grant].hits;
    if (!ledger.grant(grant).link || hits.empty()) return false;
    // It is the newest act, and hits are ascending.
    if (hits.back() == revocation) return true;
    const AccessAct& r = ledger.act(revocation);
    if (r.kind != Kind::leave && ledger.run(r.run).acts.size() == 1) return false;
    const auto newest = nesting(revocation);
    return std::ranges::any_of(hits, [&](ActIndex hit) {
        const AccessAct& a = ledger.act(hit);
        if (a.as != r.as || ledger.graph().branch(a.op) != ledger.graph().branch(r.op)) return false;
        const auto older = nesting(hit);
        return older.first == newest.first && older.second <= newest.second;
    });
}

// Drops the hits that add nothing to an earlier one. Index order is branch order.
void Resolution::State::prune(std::vector<ActIndex>& hits) const {
    struct Key {
        GrantIndex as;
        BranchIndex branch;
        std::uint64_t kind;
        ActIndex act;
        std::uint32_t most;
        auto operator<=>(const Key&) const = default;
    };
    std::vector<Key> keys;
    for (const ActIndex hit : hits) {
        const AccessAct& a = ledger.act(hit);
        const auto [kind, most] = nesting(hit);
        keys.push_back({a.as, ledger.graph().branch(a.op), kind, hit, most});
    }
    std::ranges::sort(keys);
    hits.clear();
    const Key* last = nullptr;
    for (const Key& key : keys) {
        const bool nested =
            last != nullptr && last->as == key.as && last->branch == key.branch && last->kind == key.kind;
        if (nested && last->most <= key.most) continue;
        hits.push_back(key.act);
        last = &key;
    }
    std::ranges::sort(hits);
}

std::vector<ActIndex> Resolution::State::find_hits(GrantIndex grant) {
    std::vector<ActIndex> out;
    direct_hits(grant, out);
    const bool link = ledger.grant(grant).link;
    if (link && (states[grant].whole || out.empty())) inherited_hits(grant, out);
    std::ranges::sort(out);
    const auto rest = std::ranges::unique(out);
    out.erase(rest.begin(), rest.end());
    if (link && out.size() > 1) prune(out);
    return out;
}

// V1 for one pair, as the rule says it.
bool Resolution::State::covers_directly(ActIndex revocation, GrantIndex grant) const {
    const AccessAct& r = ledger.act(revocation);
    const Grant& g = ledger.grant(grant);
    const bool leaves = r.kind == Kind::leave;
    if ((leaves ? r.author : r.subject) != g.holder) return false;
    const bool follows = ledger.graph().is_ancestor(r.op, g.op);
    if (leaves) return !follows;
    if (!revocation_applies(r, grant)) return false;
    if (!follows) return true;
    if (g.under == no_index || !ledger.outranks(r.as, g.under)) return false;
    if (r.kind == Kind::remove) return g.link;
    return r.kind == Kind::ban && !ban_ended(revocation, g.op);
}

// V2 for one pair.
bool Resolution::State::hits(ActIndex revocation, GrantIndex grant, GrantIndex* through) const {
    const AccessAct& r = ledger.act(revocation);
    for (GrantIndex t = grant;; t = ledger.grant(t).under) {
        const bool ranks = r.kind == Kind::leave || ledger.outranks(r.as, t);
        const bool applies = r.kind != Kind::set_level || ledger.grant(grant).level > r.level;
        if (ranks && applies && covers_directly(revocation, t)) {
            if (through != nullptr) *through = t == grant ? no_index : t;
            return true;
        }
        if (!ledger.grant(t).link) return false;
    }
}

// Calls `each` with every effective revocation about the grant's holder, or about that of a tenure it was
// linked under; those of one device may come more than once.
template <class Each>
void Resolution::State::for_each_candidate(GrantIndex grant, const Each& each) const {
    for (GrantIndex t = grant;; t = ledger.grant(t).under) {
        const Device& device = ledger.device(ledger.grant(t).holder);
        for (const auto* acts : {&device.revocations, &device.leaves}) {
            for (const ActIndex a : *acts) {
                if (a < effective.size() && effective[a] != 0) each(a);
            }
        }
        if (!ledger.grant(t).link) return;
    }
}

// Grants that hang on one chain of links share its upper part, which is climbed once.
std::vector<ActIndex> Resolution::State::candidates(std::span<const GrantIndex> grants) const {
    std::set<GrantIndex> climbed;
    std::set<DeviceIndex> holders;
    for (GrantIndex t : grants) {
        while (climbed.insert(t).second) {
            holders.insert(ledger.grant(t).holder);
            if (!ledger.grant(t).link) break;
            t = ledger.grant(t).under;
        }
    }
    std::vector<ActIndex> out;
    for (const DeviceIndex holder : holders) {
        const Device& device = ledger.device(holder);
        for (const auto* acts : {&device.revocations, &device.leaves}) {
            for (const ActIndex a : *acts) {
                if (a < effective.size() && effective[a] != 0) out.push_back(a);
            }
        }
    }
    std::ranges::sort(out);
    return out;
}

std::vector<ActIndex> Resolution::State::all_hits(GrantIndex grant) const {
    std::vector<ActIndex> out;
    for_each_candidate(grant, [&](ActIndex a) {
        if (hits(a, grant, nullptr)) out.push_back(a);
    });
    std::ranges::sort(out);
    const auto rest = std::ranges::unique(out);
    out.erase(rest.begin(), rest.end());
    return out;
}

// Nearly always a stored hit tells. Where only a leave is stored there may be others beside it.
bool Resolution::State::sealed(GrantIndex grant) const {
    if (!states[grant].made) return true;
    const auto seals = [this](ActIndex hit) { return ledger.act(hit).kind != Kind::leave; };
    if (states[grant].hits.empty()) return false;
    bool found = std::ranges::any_of(states[grant].hits, seals);
    if (found) return true;
    for_each_candidate(grant, [&](ActIndex a) { found = found || (seals(a) && hits(a, grant, nullptr)); });
    return found;
}

ActIndex Resolution::State::first_hit(GrantIndex grant, OpIndex unseen) const {
    ActIndex first = no_index;
    if (states[grant].hits.empty()) return first;
    for_each_candidate(grant, [&](ActIndex a) {
        // The cheap questions first.
        if (first != no_index && !ledger.decides_before(a, first)) return;
        if (unseen != no_index && has_seen(a, unseen)) return;
        if (hits(a, grant, nullptr)) first = a;
    });
    return first;
}

}  // namespace folkmoot
