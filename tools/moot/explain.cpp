// explain member, explain op: the rule, the op and the rank behind a verdict, and what mends it.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "moot/commands.hpp"
#include "moot/environment.hpp"
#include "moot/explanation.hpp"
#include "moot/text.hpp"
#include "moot/view.hpp"

namespace folkmoot::moot {
namespace {

using Json = nlohmann::ordered_json;

// What mends somebody's absence: the command, if this device may give it, else whom to ask.
struct Hint {
    std::string text;
    std::string command;
};

std::string who_could(const OpenGroup& group, const Names& names, Kind kind) {
    const Resolution& now = group.replica->access().now();
    std::string out;
    std::size_t named = 0;
    for (const auto& member : now.members()) {
        if (!now.may(member.key, kind) || named == 3) continue;
        out += (out.empty() ? "" : ", ") + names.of(member.key) + " (" + level::to_text(member.level) + ")";
        ++named;
    }
    return out;
}

Hint hint_for(const OpenGroup& group, const Names& names, const DeviceKey& device, bool banned) {
    const std::string where = shell_word(group.replica->access().group_name());
    const std::string who = names.of(device);
    const Act act = banned ? Act(Unban{device}) : Act(Add{device, level::member});
    const std::string word = banned ? "unban" : "add";
    if (device == names.self()) {
        const std::string others = who_could(group, names, kind_of(act));
        return {others.empty() ? "nobody is left who could " + word + " you" : "ask to be added: " + others,
                ""};
    }
    const std::string command = "moot member " + word + " " + where + " " + names.typed(device);
    if (group.replica->may_act(act)) {
        return {banned ? "lift the ban, then add them: " + command : "add " + who + " again: " + command,
                command};
    }
    const std::string others = who_could(group, names, kind_of(act));
    if (others.empty()) return {"nobody is left who could " + word + " " + who, ""};
    return {"this device may not " + word + " " + who + "; ask " + others, ""};
}

std::string_view state_of(const GrantView& grant) {
    if (grant.live) return "live";
    return grant.made.effective() ? "ended" : "void";
}

// What became of each grant, what decided, what mends it.
void tell_member(Environment& environment, const OpenGroup& group, const Explainer& explainer,
                 const MemberExplanation& found) {
    const Graph& graph = group.replica->graph();
    for (const auto& story : found.grants) {
        const GrantView& grant = story.grant;
        std::string line = "  op " + explainer.op_text(grant.op);
        if (grant.live) {
            line += graph.kind(grant.op) == Kind::create ? " makes them " : " gives ";
            line += level::to_text(grant.level) + ": live";
        } else if (grant.made.effective()) {
            line += " gave " + level::to_text(grant.level) + ", which ended: M1";
        } else {
            line += " is void: " + std::string(to_text(grant.made.rule));
        }
        environment.answer(line);
        for (const auto& step : explainer.lines(story.steps, 4)) environment.answer(step);
    }
    for (const auto& miss : found.misses) {
        std::string line = "  op " + explainer.op_text(miss.op);
        if (miss.steps.empty()) {
            line += " ended none of these: it came before them or does not outrank them (V1, V2)";
        } else {
            line += " ended none of these: it is void: " +
                    std::string(to_text(group.replica->access().now().verdict(miss.op).rule));
        }
        environment.answer(line);
        for (const auto& step : explainer.lines(miss.steps, 4)) environment.answer(step);
    }
}

Json member_json(const Explainer& explainer, const OpenGroup& group, const Names& names,
                 const MemberExplanation& found) {
    const Graph& graph = group.replica->graph();
    Json grants = Json::array();
    for (const auto& story : found.grants) {
        const DeviceKey& author = graph.key(graph.author(story.grant.op));
        grants.push_back({{"op", to_hex(graph.id(story.grant.op).view())},
                          {"kind", to_text(graph.kind(story.grant.op))},
                          {"author", to_hex(author.view())},
                          {"author_name", petname_json(names, author)},
                          {"level", level_json(story.grant.level)},
                          {"link", story.grant.link},
                          {"state", state_of(story.grant)},
                          {"rule", story.grant.live               ? Json()
                                   : story.grant.made.effective() ? Json("M1")
                                                                  : Json(to_text(story.grant.made.rule))},
                          {"steps", explainer.json(story.steps)}});
    }
    Json missed = Json::array();
    for (const auto& miss : found.misses) {
        missed.push_back({{"op", to_hex(graph.id(miss.op).view())},
                          {"effective", miss.steps.empty()},
                          {"steps", explainer.json(miss.steps)}});
    }
    return {{"key", to_hex(found.key.view())}, {"name", petname_json(names, found.key)},
            {"in", found.level > 0},           {"level", found.level == 0 ? Json() : level_json(found.level)},
            {"grants", std::move(grants)},     {"without_effect", std::move(missed)}};
}

Result<int> explain_member(Environment& environment, const std::string& group_text, const std::string& who) {
    auto found = environment.group(group_text);
    if (!found) return std::unexpected(found.error());
    const OpenGroup& group = **found;
    const Names& names = environment.names();
    const auto device = names.find(who, &group);
    if (!device) return std::unexpected(device.error());
    const Explainer explainer(group, names);
    const MemberExplanation why = explainer.of_member(*device);
    const Hint hint = why.level > 0 ? Hint{} : hint_for(group, names, *device, why.banned);
    if (environment.json()) {
        Json out = member_json(explainer, group, names, why);
        out["hint"] = hint.text.empty() ? Json() : Json(hint.text);
        out["command"] = hint.command.empty() ? Json() : Json(hint.command);
        environment.print(out);
        return 0;
    }
    environment.answer(names.of(*device) +
                       (why.level == 0 ? " is out." : " is in, as " + level::to_text(why.level) + "."));
    if (why.grants.empty()) environment.answer("  no op ever let them in");
    tell_member(environment, group, explainer, why);
    if (!hint.text.empty()) environment.answer("  " + hint.text);
    return 0;
}

// What an op's author can do about its being void.
std::string op_hint(const OpenGroup& group, const Names& names, const DeviceKey& author) {
    if (group.replica->access().now().level_of(author) > 0) {
        return author == names.self() ? "you are in: sign it again"
                                      : names.of(author) + " is in and may sign it again";
    }
    return "its author is out: moot explain " + shell_word(group.replica->access().group_name()) +
           " member " + names.typed(author);
}

Result<int> explain_op(Environment& environment, const std::string& group_text, const std::string& op_text) {
    auto found = environment.group(group_text);
    if (!found) return std::unexpected(found.error());
    const OpenGroup& group = **found;
    const Names& names = environment.names();
    const auto op = find_op(group, op_text);
    if (!op) return std::unexpected(op.error());
    const Graph& graph = group.replica->graph();
    const Access& access = group.replica->access();
    const Explainer explainer(group, names);
    const OpExplanation why = explainer.of_op(*op);
    const Verdict verdict = why.verdict;
    const GrantIndex grant = access.grant_of(*op);
    const bool leave = graph.kind(*op) == Kind::leave;
    const std::string hint = verdict.effective() ? "" : op_hint(group, names, graph.key(graph.author(*op)));
    if (environment.json()) {
        environment.print(
            {{"id", to_hex(graph.id(*op).view())},
             {"title", title(group, names, *op)},
             {"author", to_hex(graph.key(graph.author(*op)).view())},
             {"author_name", petname_json(names, graph.key(graph.author(*op)))},
             {"verdict", verdict.effective() ? "effective" : "void"},
             {"rule", verdict.effective() ? Json() : Json(to_text(verdict.rule))},
             {"by", verdict.by == no_index ? Json() : Json(to_hex(graph.id(verdict.by).view()))},
             {"as", grant == no_index ? Json() : Json(to_hex(graph.id(access.op_of_grant(grant)).view()))},
             {"steps", explainer.json(why.steps)},
             {"hint", hint.empty() ? Json() : Json(hint)}});
        return 0;
    }
    const std::string head = "op " + explainer.op_text(*op);
    if (!verdict.effective()) {
        environment.answer(head + " is void: " + std::string(to_text(verdict.rule)));
        for (const auto& line : explainer.lines(why.steps, 2)) environment.answer(line);
        environment.answer("  " + hint);
        return 0;
    }
    environment.answer(head + " is effective: E3");
    if (leave) environment.answer("  every leave is effective");
    if (grant != no_index) {
        const GrantView view = access.now().grant(grant);
        environment.answer("  it acts under " + explainer.op_text(view.op) + ", " +
                           level::to_text(view.level));
        if (!view.live) environment.answer("  that grant ended since; what ended it had seen this op");
    }
    return 0;
}

}  // namespace

void add_explain_commands(CLI::App& app, Command& chosen) {
    auto* family = app.add_subcommand("explain", "Why somebody is in or out, or an op counts or not");
    family->require_subcommand(1);
    // The group stands before the word, as in: moot explain "book club" member dave.
    auto group = std::make_shared<std::string>();
    family->add_option("GROUP", *group, "The group")->required();
    auto* member =
        add_command(*family, "member", "Why a device is in or out", "moot explain \"book club\" member dave");
    auto who = std::make_shared<std::string>();
    member->add_option("WHO", *who, "The device")->required();
    member->callback([&chosen, group, who] {
        chosen.on_groups = true;
        chosen.run = [group, who](Environment& environment) {
            return explain_member(environment, *group, *who);
        };
    });
    auto* op_command =
        add_command(*family, "op", "Why an op is effective or void", "moot explain \"book club\" op 77aa90");
    auto op = std::make_shared<std::string>();
    op_command->add_option("OP", *op, "The op, by the start of its id")->required();
    op_command->callback([&chosen, group, op] {
        chosen.on_groups = true;
        chosen.run = [group, op](Environment& environment) { return explain_op(environment, *group, *op); };
    });
}

}  // namespace folkmoot::moot
