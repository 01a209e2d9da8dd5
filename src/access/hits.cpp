// Which revocations hit which tenures: V1 (covers), V2 (hits) and V3 (has seen).
#include <algorithm>

#include "access/resolution.hpp"

namespace folkmoot {
// V3: r has seen what is in its past; with `cut`, the named ops and their past; a leave all but what follows.
bool Resolution::State::has_seen(ActIndex revocation, OpIndex op) const {
    const AccessAct& r = ledger.act(revocation);
    if (r.kind == Kind::leave) return !ledger.graph().is_ancestor(r.op, op);
    if (r.cut != no_index) return ledger.graph().contains(ledger.cut(r.cut), op);
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
bool Resolution::State::revocation_applies(const AccessAct& act, Level level, bool own_link) const {
    if (act.kind == Kind::set_level) return level > act.level;
    return !act.own_links_only || own_link;
}

// V1, third case: whether the op that granted again had seen the ban end, by an effective unban that saw the
// ban and comes from somebody the banner does not outrank, or by a revocation that hits the banner's grant.
bool Resolution::State::ban_ended(ActIndex ban, OpIndex granting) const {
    const AccessAct& b = ledger.act(ban);
    const Graph& graph = ledger.graph();
    for (const ActIndex hit : states[b.as].hits) {
        if (graph.is_ancestor(ledger.act(hit).op, granting)) return true;
    }
    for (const Line& line : devices[b.subject].unbans) {
        if (ledger.outranks(b.as, line.as)) continue;
        // The latest unban of the line that the granting op knew has seen the most bans.
        const std::size_t known = first_unseen(line.plain, granting);
        if (known > 0 && graph.is_ancestor(b.op, ledger.act(line.plain[known - 1]).op)) return true;
    }
    return false;
}

// V1, second and third case: the tenure follows the revocation and is covered all the same. Such a revocation
// has seen nothing done under the tenure, so one is enough.
bool Resolution::State::returning_hit(const Line& line, GrantIndex grant, bool own_link,
                                      std::vector<ActIndex>& out) const {
    const Grant& g = ledger.grant(grant);
    if ((line.bans.empty() && line.removes.empty()) || g.under == no_index) return false;
    if (!ledger.outranks(line.as, g.under)) return false;
    // All removes of a line are by one grant: they apply all or none.
    if (g.link && !line.removes.empty() &&
        revocation_applies(ledger.act(line.removes.front()), g.level, own_link)) {
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

// V1, first case, for one line: the earliest revocation that the granting op does not follow has seen least.
void Resolution::State::line_hits(const Line& line, GrantIndex grant, bool own_link,
                                  std::vector<ActIndex>& out) const {
    const Grant& g = ledger.grant(grant);
    unsigned lowest = 256;
    for (std::size_t i = first_unseen(line.plain, g.op); i < line.plain.size() && lowest > line.floor; ++i) {
        const AccessAct& r = ledger.act(line.plain[i]);
        if (r.level < lowest && revocation_applies(r, g.level, own_link)) {
            out.push_back(line.plain[i]);
            lowest = r.level;
        }
    }
    for (std::size_t i = first_unseen(line.cut, g.op); i < line.cut.size(); ++i) {
        if (revocation_applies(ledger.act(line.cut[i]), g.level, own_link)) out.push_back(line.cut[i]);
    }
}

// A leave covers its author's tenures that do not follow it; it needs no rank (V2).
void Resolution::State::leave_hits(GrantIndex grant, std::vector<ActIndex>& out) const {
    const Grant& g = ledger.grant(grant);
    for (const Line& line : devices[g.holder].leaves) {
        const std::size_t first = first_unseen(line.plain, g.op);
        if (first < line.plain.size()) out.push_back(line.plain[first]);
    }
}

void Resolution::State::direct_hits(GrantIndex grant, std::vector<ActIndex>& out) const {
    const Grant& g = ledger.grant(grant);
    leave_hits(grant, out);
    for (const Line& line : devices[g.holder].revocations) {
        if (!ledger.outranks(line.as, grant)) continue;
        const bool own_link = g.link && ledger.linked_under(grant, ledger.grant(line.as).holder);
        if (returning_hit(line, grant, own_link, out)) continue;
        line_hits(line, grant, own_link, out);
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

// Whether of two hits on one tenure the later one adds nothing: revocations under one grant by one branch,
// and leaves of one branch, are nested in what they have seen, whoever their subjects are. This bounds what a
// long chain of links inherits.
namespace {
bool adds_nothing(const Ledger& ledger, ActIndex later, ActIndex earlier) {
    const AccessAct& a = ledger.act(earlier);
    const AccessAct& b = ledger.act(later);
    if (a.cut != no_index || b.cut != no_index || a.level > b.level) return false;
    if (a.as != b.as || (a.kind == Kind::leave) != (b.kind == Kind::leave)) return false;
    return ledger.graph().branch(a.op) == ledger.graph().branch(b.op);
}
}  // namespace

bool Resolution::State::dominated(ActIndex revocation, GrantIndex grant) const {
    // What is no link has only direct hits, of which each line has sorted out its own.
    if (!ledger.grant(grant).link) return false;
    return std::ranges::any_of(states[grant].hits, [&](ActIndex hit) {
        return hit == revocation || adds_nothing(ledger, revocation, hit);
    });
}

// Drops the hits that add nothing to an earlier one. Index order is branch order.
void Resolution::State::prune(std::vector<ActIndex>& hits) const {
    const auto by_line = [this](ActIndex a, ActIndex b) {
        const AccessAct& x = ledger.act(a);
        const AccessAct& y = ledger.act(b);
        if (x.as != y.as) return x.as < y.as;
        const Graph& graph = ledger.graph();
        if (graph.branch(x.op) != graph.branch(y.op)) return graph.branch(x.op) < graph.branch(y.op);
        return a < b;
    };
    std::ranges::sort(hits, by_line);
    std::vector<ActIndex> kept;
    std::size_t run = 0;  // where the kept ones of this line begin
    for (const ActIndex hit : hits) {
        const AccessAct& act = ledger.act(hit);
        if (!kept.empty()) {
            const AccessAct& last = ledger.act(kept.back());
            if (last.as != act.as || ledger.graph().branch(last.op) != ledger.graph().branch(act.op))
                run = kept.size();
        }
        const auto same = std::ranges::subrange(kept.begin() + static_cast<std::ptrdiff_t>(run), kept.end());
        if (std::ranges::none_of(same, [&](ActIndex k) { return adds_nothing(ledger, hit, k); }))
            kept.push_back(hit);
    }
    std::ranges::sort(kept);
    hits = std::move(kept);
}

std::vector<ActIndex> Resolution::State::find_hits(GrantIndex grant) const {
    std::vector<ActIndex> out;
    direct_hits(grant, out);
    const bool link = ledger.grant(grant).link;
    if (link) inherited_hits(grant, out);
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
    const bool own_link = g.link && ledger.linked_under(grant, r.author);
    if (!revocation_applies(r, g.level, own_link)) return false;
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
