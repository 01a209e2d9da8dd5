// member cut: where to cut off what a suspect did. For each of their last ops, newest first, what a removal
// that trusts nothing from that op on would change, and the command that does it.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "moot/acting.hpp"
#include "moot/commands.hpp"
#include "moot/text.hpp"
#include "moot/view.hpp"

namespace folkmoot::moot {
namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
    std::string group;
    std::string who;
    // Each costs a rehearsal of the whole group.
    std::size_t last = 10;
};

std::vector<OpIndex> newest_first(const OpenGroup& group, const DeviceKey& who) {
    const Graph& graph = group.replica->graph();
    std::vector<OpIndex> out;
    const auto author = graph.find_author(who);
    if (!author) return out;
    for (const BranchIndex branch : graph.branches(*author)) {
        const auto ops = graph.branch_ops(branch);
        out.insert(out.end(), ops.begin(), ops.end());
    }
    std::ranges::sort(out, [&](OpIndex a, OpIndex b) {
        if (graph.depth(a) != graph.depth(b)) return graph.depth(a) > graph.depth(b);
        return graph.id(a) < graph.id(b);
    });
    return out;
}

// One line of the list.
struct Choice {
    OpIndex op = no_index;
    std::optional<OpId> cut;
    Effect effect;
    std::string command;
};

Result<Choice> choice_at(Environment& environment, OpenGroup& group, const Arguments& arguments,
                         const DeviceKey& who, OpIndex op) {
    const Graph& graph = group.replica->graph();
    Choice out;
    out.op = op;
    if (graph.prev(op) != no_index) out.cut = graph.id(graph.prev(op));
    std::vector<OpId> trusted;
    if (out.cut) trusted.push_back(*out.cut);
    auto effect = act(environment, group, Remove{who, trusted}, {.dry_run = true, .force = true});
    if (!effect) return std::unexpected(effect.error());
    out.effect = std::move(*effect);
    out.command = "moot member remove " + shell_word(arguments.group) + " " + environment.names().typed(who) +
                  (out.cut ? " --cut " + short_id(graph, *out.cut) : " --cut-all");
    return out;
}

std::size_t voided(const Effect& effect, const Graph& graph, bool posts) {
    return static_cast<std::size_t>(std::ranges::count_if(effect.verdicts, [&](const auto& change) {
        const auto op = graph.find(change.id);
        return change.becomes_void && op && (graph.kind(*op) == Kind::post) == posts;
    }));
}

void tell(Environment& environment, OpenGroup& group, const Choice& choice) {
    const Graph& graph = group.replica->graph();
    const Names& names = environment.names();
    const auto encoded = group.replica->load(choice.op);
    const auto op = encoded ? decode_body(encoded->body) : fail(ErrorCode::store_io, "");
    environment.answer(short_id(graph, choice.op) + "  " + (op ? time_text(op->time_ms) : std::string()) +
                       "  " + title(group, names, choice.op));
    std::string line = "    cut before it: ";
    const std::size_t levels = choice.effect.changes.size();
    for (std::size_t i = 0; i < levels && i < 4; ++i) {
        const LevelEffect& change = choice.effect.changes[i];
        line += names.of(change.key) + " -> " +
                (change.after == 0 ? std::string("out") : level::to_text(change.after)) + ", ";
    }
    if (levels > 4) line += "and " + std::to_string(levels - 4) + " more, ";
    line += counted(voided(choice.effect, graph, true), "post") + " and " +
            counted(voided(choice.effect, graph, false), "other act") + " void";
    environment.answer(line);
    environment.answer("    " + choice.command);
}

Json choice_json(const OpenGroup& group, const Names& names, const Choice& choice) {
    Json out = {{"op", to_hex(group.replica->graph().id(choice.op).view())},
                {"title", title(group, names, choice.op)},
                {"cut", choice.cut ? Json(to_hex(choice.cut->view())) : Json()},
                {"command", choice.command}};
    Json effect = effect_json(group, choice.effect, names);
    for (const char* field : {"changes", "turn_void", "turn_effective"}) out[field] = effect[field];
    return out;
}

Result<int> run(Environment& environment, const Arguments& arguments) {
    auto group = environment.group(arguments.group);
    if (!group) return std::unexpected(group.error());
    const Names& names = environment.names();
    auto who = names.find(arguments.who, *group);
    if (!who) return std::unexpected(who.error());
    auto ops = newest_first(**group, *who);
    if (ops.empty()) return fail(ErrorCode::not_found, names.of(*who) + " has signed nothing here");
    if (ops.size() > arguments.last) ops.resize(arguments.last);
    Json all = Json::array();
    for (const OpIndex op : ops) {
        auto choice = choice_at(environment, **group, arguments, *who, op);
        if (!choice) return std::unexpected(choice.error());
        tell(environment, **group, *choice);
        all.push_back(choice_json(**group, names, *choice));
    }
    if (environment.json()) environment.print({{"key", to_hex(who->view())}, {"ops", std::move(all)}});
    return 0;
}

}  // namespace

void add_cut_command(CLI::App& family, Command& chosen) {
    auto* command = add_command(family, "cut", "What removing a device with a cut would undo, op by op",
                                "moot member cut \"book club\" mallory --last 20");
    auto arguments = std::make_shared<Arguments>();
    command->add_option("GROUP", arguments->group, "The group")->required();
    command->add_option("WHO", arguments->who, "The device")->required();
    command->add_option("--last", arguments->last, "How many of their ops (else 10)")
        ->check(CLI::Range(1, 1000));
    command->callback([&chosen, arguments] {
        chosen.on_groups = true;
        chosen.run = [arguments](Environment& environment) { return run(environment, *arguments); };
    });
}

}  // namespace folkmoot::moot
