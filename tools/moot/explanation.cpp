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

OpExplanation Explainer::of_op(OpIndex op) const { return group_.replica->access().now().explain_op(op); }

MemberExplanation Explainer::of_member(const DeviceKey& device) const {
    auto found = group_.replica->access().now().explain_member(device);
    std::ranges::sort(found.misses, {}, &Miss::op);
    return found;
}

GrantView Explainer::view(GrantIndex grant) const { return group_.replica->access().now().grant(grant); }

namespace {

// The tenure that was outranked.
GrantIndex below(const ExplanationStep& step) { return step.through == no_index ? step.grant : step.through; }

}  // namespace

std::string Explainer::rank_text(const ExplanationStep& step) const {
    switch (step.part) {
        case RankPart::level:
            return level::to_text(view(step.above).level) + " over " +
                   level::to_text(view(below(step)).level);
        case RankPart::founder_order: return "named earlier among the founders";
        case RankPart::path_length: return "fewer steps from a founder";
        case RankPart::path: return "their appointment stands earlier";
        case RankPart::id: return "equal but for the smaller id";
        case RankPart::none: break;
    }
    return "by rank";
}

std::vector<std::string> Explainer::lines(const std::vector<ExplanationStep>& steps,
                                          std::size_t indent) const {
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
        const ExplanationStep& step = steps[i];
        if (step.kind == ExplanationStep::Kind::void_grant) {
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
            const GrantView grant = view(step.grant);
            line += " hits " + names_.of(grant.holder) + "'s grant " + id_text(grant.op);
        }
        if (step.through != no_index) {
            const GrantView through = view(step.through);
            line += " through " + names_.of(through.holder) + "'s grant " + id_text(through.op) +
                    ", under which it was linked,";
        }
        if (step.kind == ExplanationStep::Kind::hit_op) line += " and had not seen it";
        out.push_back(line);
        if (step.above != no_index) {
            out.push_back(spaces(indent) + names_.of(view(step.above).holder) + " outranks " +
                          names_.of(view(below(step)).holder) + ": " + rank_text(step));
        }
    }
    return out;
}

Json Explainer::rank_json(const ExplanationStep& step) const {
    const auto grant_json = [&](const GrantView& grant) {
        return Json{{"grant", to_hex(group_.replica->graph().id(grant.op).view())},
                    {"key", to_hex(grant.holder.view())},
                    {"name", petname_json(names_, grant.holder)},
                    {"level", level_json(grant.level)}};
    };
    if (step.above == no_index) return {};
    return {{"above", grant_json(view(step.above))},
            {"below", grant_json(view(below(step)))},
            {"part", to_text(step.part)},
            {"text", rank_text(step)}};
}

Json Explainer::json(const std::vector<ExplanationStep>& steps) const {
    const Graph& graph = group_.replica->graph();
    const auto op_id_json = [&](OpIndex op) { return Json(to_hex(graph.id(op).view())); };
    Json out = Json::array();
    for (const auto& step : steps) {
        const char* rule = step.kind == ExplanationStep::Kind::void_grant ? "E1"
                           : step.kind == ExplanationStep::Kind::hit_op   ? "E2"
                                                                          : "M1";
        const GrantView grant = view(step.grant);
        Json one = {{"rule", rule},
                    {"op", op_id_json(step.op)},
                    {"by", op_id_json(step.by)},
                    {"by_author", to_hex(graph.key(graph.author(step.by)).view())},
                    {"by_title", title(group_, names_, step.by)},
                    {"grant", op_id_json(grant.op)},
                    {"holder", to_hex(grant.holder.view())},
                    {"through", step.through == no_index ? Json() : op_id_json(view(step.through).op)}};
        one["rank"] = rank_json(step);
        out.push_back(std::move(one));
    }
    return out;
}

}  // namespace folkmoot::moot
