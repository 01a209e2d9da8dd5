// diff: what differs between two frontiers of a group, and which op each difference comes down to.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "folkmoot/explanation.hpp"
#include "moot/commands.hpp"
#include "moot/environment.hpp"
#include "moot/text.hpp"
#include "moot/view.hpp"

namespace folkmoot::moot {
namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
    std::string group;
    std::string before;
    std::string after;
};

// "now", or ops between commas.
Result<std::vector<OpIndex>> frontier(const OpenGroup& group, const std::string& text) {
    const Graph& graph = group.replica->graph();
    if (text == "now") return graph.heads();
    std::vector<OpIndex> ops;
    for (std::size_t start = 0; start <= text.size();) {
        const std::size_t end = std::min(text.find(',', start), text.size());
        auto op = find_op(group, text.substr(start, end - start));
        if (!op) return std::unexpected(op.error());
        ops.push_back(*op);
        start = end + 1;
    }
    return graph.maximal(ops);
}

Json level_or_null(Level level) { return level == 0 ? Json() : level_json(level); }

Json op_or_null(const Graph& graph, OpIndex op) {
    return op == no_index ? Json() : Json(to_hex(graph.id(op).view()));
}

Json verdict_json(const Graph& graph, const Verdict& verdict) {
    return {{"verdict", verdict.effective() ? "effective" : "void"},
            {"rule", verdict.effective() ? Json() : Json(to_text(verdict.rule))},
            {"by", op_or_null(graph, verdict.by)}};
}

Json difference_json(const OpenGroup& group, const Names& names, const Difference& found) {
    const Graph& graph = group.replica->graph();
    Json members = Json::array();
    for (const auto& change : found.members) {
        members.push_back({{"key", to_hex(change.key.view())},
                           {"name", petname_json(names, change.key)},
                           {"before", level_or_null(change.before)},
                           {"after", level_or_null(change.after)},
                           {"cause", op_or_null(graph, change.cause)}});
    }
    Json verdicts = Json::array();
    for (const auto& change : found.verdicts) {
        verdicts.push_back({{"op", op_or_null(graph, change.op)},
                            {"title", title(group, names, change.op)},
                            {"author", to_hex(graph.key(graph.author(change.op)).view())},
                            {"before", verdict_json(graph, change.before)},
                            {"after", verdict_json(graph, change.after)},
                            {"cause", op_or_null(graph, change.cause)}});
    }
    return {{"members", std::move(members)}, {"verdicts", std::move(verdicts)}};
}

void tell(Environment& environment, const OpenGroup& group, const Difference& found) {
    const Graph& graph = group.replica->graph();
    const Names& names = environment.names();
    const auto level = [](Level value) { return value == 0 ? std::string("out") : level::to_text(value); };
    const auto because = [&](OpIndex cause) {
        return cause == no_index ? std::string()
                                 : ", by " + short_id(graph, cause) + " " + described(group, names, cause);
    };
    for (const auto& change : found.members) {
        environment.answer(names.of(change.key) + ": " + level(change.before) + " -> " + level(change.after) +
                           because(change.cause));
    }
    for (const auto& change : found.verdicts) {
        const Verdict& verdict = change.after;
        environment.answer(
            short_id(graph, change.op) + " " + described(group, names, change.op) +
            (verdict.effective() ? " counts again" : " turns void: " + std::string(to_text(verdict.rule))) +
            because(change.cause));
    }
    if (found.members.empty() && found.verdicts.empty())
        environment.say("No level and no verdict differs between the two.");
}

Result<int> diff(Environment& environment, const Arguments& arguments) {
    auto group = environment.group(arguments.group);
    if (!group) return std::unexpected(group.error());
    const auto before = frontier(**group, arguments.before);
    if (!before) return std::unexpected(before.error());
    const auto after = frontier(**group, arguments.after);
    if (!after) return std::unexpected(after.error());
    const Difference found = (*group)->replica->access().difference(*before, *after);
    if (!environment.json()) {
        tell(environment, **group, found);
        return 0;
    }
    const auto ids = [&](const std::vector<OpIndex>& ops) {
        Json out = Json::array();
        for (const OpIndex op : ops) out.push_back(op_or_null((*group)->replica->graph(), op));
        return out;
    };
    Json out = {{"before", ids(*before)}, {"after", ids(*after)}};
    out.update(difference_json(**group, environment.names(), found));
    environment.print(out);
    return 0;
}

}  // namespace

void add_diff_command(CLI::App& app, Command& chosen) {
    auto* command = add_command(app, "diff", "Whose level and which verdicts differ between two points",
                                "moot diff \"book club\" 77aa90 now");
    auto arguments = std::make_shared<Arguments>();
    command->add_option("GROUP", arguments->group, "The group")->required();
    command->add_option("A", arguments->before, "now, or ops with commas between: they and their past")
        ->required();
    command->add_option("B", arguments->after, "The same")->required();
    command->callback([&chosen, arguments] {
        chosen.on_groups = true;
        chosen.run = [arguments](Environment& environment) { return diff(environment, *arguments); };
    });
}

}  // namespace folkmoot::moot
