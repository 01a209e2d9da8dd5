#include "moot/explanation.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "moot/view.hpp"

namespace folkmoot::moot {
namespace {

using Json = nlohmann::ordered_json;

std::string spaces(std::size_t count) { return std::string(count, ' '); }

}  // namespace

std::string Explainer::id_text(OpIndex op) const { return short_id(group_.replica->graph(), op); }

std::string Explainer::op_text(OpIndex op) const { return id_text(op) + " " + described(group_, names_, op); }

// V2: a revocation reaches a linked tenure directly or through one it was linked under; it must outrank that
// one. Found by going up from the grant that was hit.
Step Explainer::hit(Step::Kind kind, OpIndex op, OpIndex by, GrantIndex grant) const {
    const Access& access = group_.replica->access();
    Step step{kind, op, by, access.now().grant(grant), std::nullopt, std::nullopt};
    const GrantView known = step.grant;
    GrantIndex tenure = grant;
    if (known.hit_by == by && known.hit_through != no_index) {
        tenure = known.hit_through;
    } else if (group_.replica->graph().kind(by) != folkmoot::Kind::leave) {
        GrantView at = known;
        while (access.outranks(access.grant_of(by), tenure) == RankPart::none && at.link &&
               at.under != no_index) {
            tenure = at.under;
            at = access.now().grant(tenure);
        }
    }
    if (tenure != grant) step.through = access.now().grant(tenure);
    const GrantIndex above = access.grant_of(by);
    if (group_.replica->graph().kind(by) != folkmoot::Kind::leave && above != no_index) {
        step.rank =
            Outranking{access.now().grant(above), access.now().grant(tenure), access.outranks(above, tenure)};
    }
    return step;
}

std::vector<Step> Explainer::of_op(OpIndex op) const {
    const Access& access = group_.replica->access();
    std::vector<Step> out;
    // E1 leads from each op to one ranking above it, so this ends.
    for (;;) {
        const Verdict verdict = access.now().verdict(op);
        if (verdict.effective() || verdict.by == no_index) return out;
        const GrantIndex grant = access.grant_of(op);
        if (verdict.rule == Rule::E2) {
            out.push_back(hit(Step::Kind::hit_op, op, verdict.by, grant));
            return out;
        }
        out.push_back(
            {Step::Kind::void_grant, op, verdict.by, access.now().grant(grant), std::nullopt, std::nullopt});
        op = verdict.by;
    }
}

std::vector<GrantStory> Explainer::of_member(const DeviceKey& device) const {
    std::vector<GrantStory> out;
    for (const auto& grant : group_.replica->access().now().grants_of(device)) {
        if (!grant.known) continue;
        GrantStory story{grant, {}};
        if (!grant.made.effective()) {
            story.steps = of_op(grant.op);
        } else if (grant.hit_by != no_index) {
            story.steps.push_back(hit(Step::Kind::hit_grant, grant.op, grant.hit_by, grant.grant));
        }
        out.push_back(std::move(story));
    }
    return out;
}

std::vector<Miss> Explainer::misses(const DeviceKey& device) const {
    const Graph& graph = group_.replica->graph();
    const Access& access = group_.replica->access();
    const auto hits = access.now().revocations_of(device);
    std::vector<Miss> out;
    for (OpIndex op = 0; op < graph.size(); ++op) {
        const folkmoot::Kind kind = graph.kind(op);
        const bool revokes = kind == folkmoot::Kind::remove || kind == folkmoot::Kind::ban;
        if (!revokes || access.subject_of(op) != device) continue;
        if (std::ranges::find(hits, op) != hits.end()) continue;
        out.push_back({op, of_op(op)});
    }
    return out;
}

bool Explainer::banned(const DeviceKey& device) const {
    const Graph& graph = group_.replica->graph();
    const auto hits = group_.replica->access().now().revocations_of(device);
    return std::ranges::any_of(hits, [&](OpIndex op) { return graph.kind(op) == folkmoot::Kind::ban; });
}

std::string Explainer::text(const Outranking& rank) {
    switch (rank.part) {
        case RankPart::level:
            return level::to_text(rank.above.level) + " over " + level::to_text(rank.below.level);
        case RankPart::founder_order: return "named earlier among the founders";
        case RankPart::path_length: return "fewer steps from a founder";
        case RankPart::path: return "their appointment stands earlier";
        case RankPart::id: return "equal but for the smaller id";
        case RankPart::none: break;
    }
    return "by rank";
}

std::vector<std::string> Explainer::lines(const std::vector<Step>& steps, std::size_t indent) const {
    // A long chain of E1 says little in its middle.
    constexpr std::size_t most = 12;
    const Graph& graph = group_.replica->graph();
    const Access& access = group_.replica->access();
    std::vector<std::string> out;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (steps.size() > most && i == most / 2) {
            out.push_back(spaces(indent) + "... " + std::to_string(steps.size() - most) + " more such steps");
            i += steps.size() - most;
        }
        const Step& step = steps[i];
        if (step.kind == Step::Kind::void_grant) {
            const Verdict next = access.now().verdict(step.by);
            out.push_back(spaces(indent) + id_text(step.op) + " acts under " + op_text(step.by) +
                          ", which is void: " + std::string(to_text(next.rule)));
            continue;
        }
        std::string line = spaces(indent) + op_text(step.by);
        const bool leave = graph.kind(step.by) == folkmoot::Kind::leave;
        if (leave) {
            line += " ends what its author held";
        } else {
            line += " hits " + names_.of(step.grant.holder) + "'s grant " + id_text(step.grant.op);
        }
        if (step.through) {
            line += " through " + names_.of(step.through->holder) + "'s grant " + id_text(step.through->op) +
                    ", under which it was linked,";
        }
        if (step.kind == Step::Kind::hit_op) line += " and had not seen it";
        out.push_back(line);
        if (step.rank) {
            out.push_back(spaces(indent) + names_.of(step.rank->above.holder) + " outranks " +
                          names_.of(step.rank->below.holder) + ": " + text(*step.rank));
        }
    }
    return out;
}

Json Explainer::json(const std::vector<Step>& steps) const {
    const Graph& graph = group_.replica->graph();
    const auto op_id_json = [&](OpIndex op) { return Json(to_hex(graph.id(op).view())); };
    const auto grant_json = [&](const GrantView& grant) {
        return Json{{"grant", op_id_json(grant.op)},
                    {"key", to_hex(grant.holder.view())},
                    {"name", petname_json(names_, grant.holder)},
                    {"level", level_json(grant.level)}};
    };
    Json out = Json::array();
    for (const auto& step : steps) {
        const char* rule = step.kind == Step::Kind::void_grant ? "E1"
                           : step.kind == Step::Kind::hit_op   ? "E2"
                                                               : "M1";
        Json one = {{"rule", rule},
                    {"op", op_id_json(step.op)},
                    {"by", op_id_json(step.by)},
                    {"by_author", to_hex(graph.key(graph.author(step.by)).view())},
                    {"by_title", title(group_, names_, step.by)},
                    {"grant", op_id_json(step.grant.op)},
                    {"holder", to_hex(step.grant.holder.view())},
                    {"through", step.through ? op_id_json(step.through->op) : Json()}};
        one["rank"] = !step.rank ? Json()
                                 : Json{{"above", grant_json(step.rank->above)},
                                        {"below", grant_json(step.rank->below)},
                                        {"part", to_text(step.rank->part)},
                                        {"text", text(*step.rank)}};
        out.push_back(std::move(one));
    }
    return out;
}

}  // namespace folkmoot::moot
