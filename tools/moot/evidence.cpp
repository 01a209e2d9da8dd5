// equivocations: who signed two ops in the same place, as a list, as a file that proves it, and that file
// checked by anybody.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>

#include "folkmoot/evidence.hpp"
#include "moot/commands.hpp"
#include "moot/environment.hpp"
#include "moot/files.hpp"
#include "moot/text.hpp"
#include "moot/view.hpp"

namespace folkmoot::moot {
namespace {

using Json = nlohmann::ordered_json;

constexpr int not_valid = 1;

struct Arguments {
    std::string group;
    std::string op;
    std::string export_to;
    std::string verify;
};

// Which came first differs from device to device; what is shown does not.
Equivocation by_id(const Graph& graph, Equivocation pair) {
    if (graph.id(pair.second) < graph.id(pair.first)) std::swap(pair.first, pair.second);
    return pair;
}

Json pair_json(const OpenGroup& group, const Names& names, const Equivocation& pair) {
    const Graph& graph = group.replica->graph();
    const DeviceKey& author = graph.key(graph.author(pair.first));
    const OpIndex prev = graph.prev(pair.first);
    return {{"author", to_hex(author.view())},
            {"author_name", petname_json(names, author)},
            {"prev", prev == no_index ? Json() : Json(to_hex(graph.id(prev).view()))},
            {"ops", {to_hex(graph.id(pair.first).view()), to_hex(graph.id(pair.second).view())}},
            {"kinds", {to_text(graph.kind(pair.first)), to_text(graph.kind(pair.second))}},
            {"ticket", is_ticket_fork(group, pair)}};
}

std::string pair_line(const OpenGroup& group, const Names& names, const Equivocation& pair) {
    const Graph& graph = group.replica->graph();
    const DeviceKey& author = graph.key(graph.author(pair.first));
    const OpIndex prev = graph.prev(pair.first);
    const std::string both = short_id(graph, pair.first) + " and " + short_id(graph, pair.second);
    if (is_ticket_fork(group, pair)) {
        return "a ticket, " + names.of(author) + ", was used twice at once: " + both +
               " both count; nobody is accused";
    }
    return names.of(author) + " signed both " + both + " on top of " +
           (prev == no_index ? std::string("nothing") : short_id(graph, prev));
}

// The one to export: the only one, or the one with the op that the user names.
Result<Equivocation> chosen_pair(const OpenGroup& group, const Arguments& arguments) {
    const auto& all = group.replica->graph().equivocations();
    if (!arguments.op.empty()) {
        const auto op = find_op(group, arguments.op);
        if (!op) return std::unexpected(op.error());
        const auto at = std::ranges::find_if(
            all, [&](const auto& pair) { return pair.first == *op || pair.second == *op; });
        if (at != all.end()) return by_id(group.replica->graph(), *at);
        return fail(ErrorCode::not_found, "no equivocation begins with that op");
    }
    if (all.size() == 1) return by_id(group.replica->graph(), all.front());
    if (all.empty()) return fail(ErrorCode::not_found, "there is no equivocation to export");
    return fail(ErrorCode::ambiguous, "there are " + counted(all.size(), "equivocation") +
                                          "; say which by one of its ops: --op OP");
}

Result<int> export_evidence(Environment& environment, OpenGroup& group, const Arguments& arguments) {
    const auto pair = chosen_pair(group, arguments);
    if (!pair) return std::unexpected(pair.error());
    const auto bytes = group.replica->evidence(*pair);
    if (!bytes) return std::unexpected(bytes.error());
    const std::string content(bytes->begin(), bytes->end());
    if (arguments.export_to == "-") {
        environment.out() << content << std::flush;
        return 0;
    }
    const auto path = environment.path(arguments.export_to);
    if (auto written = write_file(path, content, Replace::no); !written)
        return std::unexpected(written.error());
    if (environment.json()) {
        Json out = pair_json(group, environment.names(), *pair);
        out["file"] = path.string();
        out["bytes"] = content.size();
        environment.print(out);
    } else {
        environment.say(pair_line(group, environment.names(), *pair));
        environment.say("Anybody can check " + printable(path.string()) +
                        ": moot equivocations --verify FILE");
    }
    return 0;
}

// Needs no home and no group: the file convinces by itself, or not.
Result<int> verify(Environment& environment, const std::string& file) {
    auto content = file == "-" ? environment.read_input(limits::evidence_bytes)
                               : read_file(environment.path(file), limits::evidence_bytes);
    if (!content) return std::unexpected(content.error());
    const auto proof = verify_evidence(ed25519_verifier(), as_bytes(*content));
    if (!proof) {
        if (environment.json()) {
            environment.print({{"valid", false}, {"error", error_json(proof.error())}});
        } else {
            environment.answer("No evidence: " + proof.error().text + ".");
        }
        return not_valid;
    }
    const bool links = proof->first_kind == Kind::link && proof->second_kind == Kind::link;
    if (environment.json()) {
        environment.print({{"valid", true},
                           {"author", to_hex(proof->author.view())},
                           {"group", to_hex(proof->group.view())},
                           {"prev", proof->prev ? Json(to_hex(proof->prev->view())) : Json()},
                           {"ops", {to_hex(proof->first.view()), to_hex(proof->second.view())}},
                           {"kinds", {to_text(proof->first_kind), to_text(proof->second_kind)}}});
        return 0;
    }
    environment.answer(
        "Valid: in group " + to_hex(proof->group.view()) + "\n  " + to_hex(proof->author.view()) +
        "\nsigned both\n  " + to_hex(proof->first.view()) + "  " + std::string(to_text(proof->first_kind)) +
        "\n  " + to_hex(proof->second.view()) + "  " + std::string(to_text(proof->second_kind)) +
        "\non top of " + (proof->prev ? "\n  " + to_hex(proof->prev->view()) : std::string("nothing.")));
    if (links) environment.answer("Both link devices: a ticket used twice at once looks like this.");
    return 0;
}

Result<int> list(Environment& environment, const OpenGroup& group) {
    const Names& names = environment.names();
    Json all = Json::array();
    const Graph& graph = group.replica->graph();
    std::vector<Equivocation> pairs;
    for (const auto& pair : graph.equivocations()) pairs.push_back(by_id(graph, pair));
    std::ranges::sort(pairs, [&](const auto& a, const auto& b) {
        return std::pair(graph.id(a.first), graph.id(a.second)) <
               std::pair(graph.id(b.first), graph.id(b.second));
    });
    for (const auto& pair : pairs) {
        all.push_back(pair_json(group, names, pair));
        environment.answer(pair_line(group, names, pair));
    }
    const bool none = all.empty();
    if (environment.json()) {
        environment.print({{"equivocations", std::move(all)}});
    } else if (none) {
        environment.say("None: every author has one chain.");
    }
    return 0;
}

Result<int> run(Environment& environment, const Arguments& arguments) {
    auto group = environment.group(arguments.group);
    if (!group) return std::unexpected(group.error());
    return arguments.export_to.empty() ? list(environment, **group)
                                       : export_evidence(environment, **group, arguments);
}

}  // namespace

void add_evidence_commands(CLI::App& app, Command& chosen) {
    auto* command = add_command(app, "equivocations", "Authors who signed two ops in the same place",
                                "moot equivocations \"book club\" --export proof.cbor");
    auto arguments = std::make_shared<Arguments>();
    auto* group = command->add_option("GROUP", arguments->group, "The group");
    auto* to = command->add_option("--export", arguments->export_to,
                                   "Write what proves one of them to this file (- for standard output)");
    command->add_option("--op", arguments->op, "Which one to export, by one of its two ops")->needs(to);
    auto* file = command->add_option("--verify", arguments->verify,
                                     "Check such a file (- for standard input): exit 0 valid, 1 not");
    file->excludes(group)->excludes(to);
    command->callback([&chosen, arguments, group, file] {
        if (file->count() > 0) {
            chosen.run = [arguments](Environment& environment) {
                return verify(environment, arguments->verify);
            };
            return;
        }
        if (group->count() == 0) throw CLI::RequiredError("GROUP");
        chosen.on_groups = true;
        chosen.run = [arguments](Environment& environment) { return run(environment, *arguments); };
    });
}

}  // namespace folkmoot::moot
