// Explanations: the steps from an op to the revocation that decides, and what falls with an op. Computed from
// the facts by the rules as written, not from the stored hits, whose choice may depend on the order of
// arrival.
#include <algorithm>

#include "access/resolution.hpp"
#include "folkmoot/explanation.hpp"

namespace folkmoot {

std::vector<GrantIndex> Ledger::path_of(GrantIndex grant) const {
    std::vector<GrantIndex> out;
    for (GrantIndex g = grant; g != no_index; g = grants_[g].under) out.push_back(g);
    return out;
}

// V1, V2: the tenure through which it hits, and the part of the rank by which it may.
ExplanationStep Resolution::State::hit_step(ExplanationStep::Kind kind, OpIndex op, ActIndex by,
                                            GrantIndex grant) const {
    const AccessAct& r = ledger.act(by);
    ExplanationStep step{kind, op, r.op, grant, no_index, no_index, RankPart::none};
    (void)hits(by, grant, &step.through);
    if (r.kind == Kind::leave) return step;
    step.above = r.as;
    step.part = ledger.outranks_by(r.as, step.through == no_index ? grant : step.through);
    return step;
}

std::vector<ExplanationStep> Resolution::State::steps_of(OpIndex op) const {
    std::vector<ExplanationStep> out;
    // E1 leads from each op to one ranking above it, so this ends.
    for (;;) {
        const Verdict found = verdict(op);
        if (found.effective()) return out;
        const GrantIndex as = ledger.as_of(op);
        if (found.rule == Rule::E2) {
            out.push_back(hit_step(ExplanationStep::Kind::hit_op, op, ledger.act_of(found.by), as));
            return out;
        }
        out.push_back(
            {ExplanationStep::Kind::void_grant, op, found.by, as, no_index, no_index, RankPart::none});
        op = found.by;
    }
}

OpExplanation Resolution::explain_op(OpIndex op) const {
    const GrantIndex as = state_->ledger.as_of(op);
    return {op, state_->verdict(op), state_->ledger.path_of(as), state_->steps_of(op)};
}

MemberExplanation Resolution::explain_member(const DeviceKey& device) const {
    const Ledger& ledger = state_->ledger;
    const Graph& graph = ledger.graph();
    MemberExplanation out;
    out.key = device;
    out.level = level_of(device);
    for (auto& grant : grants_of(device)) {
        if (!grant.known) continue;
        if (grant.live && out.by == no_index) out.by = grant.grant;
        GrantExplanation story{grant, ledger.path_of(grant.grant), {}};
        if (!grant.made.effective()) {
            story.steps = state_->steps_of(grant.op);
        } else if (grant.hit_by != no_index) {
            story.steps.push_back(state_->hit_step(ExplanationStep::Kind::hit_grant, grant.op,
                                                   ledger.act_of(grant.hit_by), grant.grant));
        }
        out.grants.push_back(std::move(story));
    }
    const auto hits = revocations_of(device);
    out.banned = std::ranges::any_of(hits, [&](OpIndex op) { return graph.kind(op) == Kind::ban; });
    const auto known = ledger.find_device(device);
    if (!known) return out;
    for (const ActIndex act : ledger.device(*known).revocations) {
        const OpIndex op = ledger.act(act).op;
        if (ledger.act(act).kind == Kind::set_level || !state_->in_scope(op)) continue;
        if (std::ranges::find(hits, op) == hits.end()) out.misses.push_back({op, state_->steps_of(op)});
    }
    std::ranges::sort(out.misses, {}, [&](const Miss& miss) { return graph.id(miss.op); });
    return out;
}

// Ops in index order: what made a grant stands before whatever acts under it.
std::vector<OpIndex> Resolution::fallen_with(OpIndex op) const {
    const Ledger& ledger = state_->ledger;
    const Graph& graph = ledger.graph();
    const ActIndex act = ledger.act_of(op);
    std::vector<OpIndex> out;
    if (act == no_index || !state_->in_scope(op)) return out;
    enum : std::uint8_t { unknown, hit, not_hit };
    std::vector<std::uint8_t> struck(state_->states.size(), unknown);  // by grant: whether op hits it
    std::vector<std::uint8_t> fallen(state_->states.size(), 0);        // by grant: its op falls with op
    const bool strikes = effective(op) && state_->revokes(act);
    for (OpIndex each = 0; each < graph.size(); ++each) {
        const GrantIndex as = ledger.as_of(each);
        if (as == no_index || as >= struck.size() || graph.kind(each) == Kind::leave) continue;
        if (!state_->in_scope(each)) continue;
        bool falls = !state_->states[as].made && (ledger.grant(as).op == op || fallen[as] != 0);
        if (strikes && state_->states[as].made) {
            if (struck[as] == unknown) struck[as] = state_->hits(act, as, nullptr) ? hit : not_hit;
            falls = struck[as] == hit && state_->verdict(each).by == op;
        }
        if (!falls) continue;
        out.push_back(each);
        const ActIndex made = ledger.act_of(each);
        if (made != no_index && ledger.act(made).makes != no_index) fallen[ledger.act(made).makes] = 1;
    }
    std::ranges::sort(out, {}, [&](OpIndex each) { return graph.id(each); });
    return out;
}

}  // namespace folkmoot
