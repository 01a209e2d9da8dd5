// members, may: who is in, and what they may do.
#include <CLI/CLI.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "moot/commands.hpp"
#include "moot/environment.hpp"
#include "moot/text.hpp"
#include "moot/view.hpp"

namespace folkmoot::moot {
namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
    std::string group;
    std::string who;
    std::string act;
    std::vector<std::string> at;
};

constexpr int answer_no = 4;

// The resolution the user asked about: over everything, or at some ops.
Result<int> with_resolution(Environment& environment, const Arguments& arguments, const OpenGroup& group,
                            const std::function<int(const Resolution&, const std::vector<OpId>&)>& use) {
    (void)environment;
    const Graph& graph = group.replica->graph();
    const Access& access = group.replica->access();
    if (arguments.at.empty()) return use(access.now(), frontier_of(graph));
    std::vector<OpIndex> heads;
    for (const auto& text : arguments.at) {
        auto op = find_op(group, text);
        if (!op) return std::unexpected(op.error());
        heads.push_back(*op);
    }
    heads = graph.maximal(heads);
    std::vector<OpId> frontier;
    frontier.reserve(heads.size());
    for (const OpIndex head : heads) frontier.push_back(graph.id(head));
    return use(access.at(heads), frontier);
}

// Devices stand under those they were linked under: what falls together stands together.
void tell_members(Environment& environment, const Resolution& resolution) {
    const auto members = resolution.members();
    std::map<DeviceKey, std::vector<const Member*>> below;
    std::vector<std::pair<const Member*, std::size_t>> next;
    for (auto member = members.rbegin(); member != members.rend(); ++member) {
        const Standing standing = standing_of(resolution, member->key);
        if (standing.under) {
            below[*standing.under].push_back(&*member);
        } else {
            next.emplace_back(&*member, 0);
        }
    }
    while (!next.empty()) {
        const auto [member, depth] = next.back();
        next.pop_back();
        environment.answer(std::string(2 * depth, ' ') + to_hex(member->key.view().first(4)) + "  " +
                           level::to_text(member->level) + "  " + environment.names().of(member->key));
        for (const Member* device : below[member->key]) next.emplace_back(device, depth + 1);
        // Two devices may have linked each other; each is told once.
        below.erase(member->key);
    }
}

Result<int> members(Environment& environment, const Arguments& arguments) {
    auto group = environment.group(arguments.group);
    if (!group) return std::unexpected(group.error());
    const Names& names = environment.names();
    return with_resolution(
        environment, arguments, **group,
        [&](const Resolution& resolution, const std::vector<OpId>& frontier) {
            if (environment.json()) {
                environment.print(members_json(resolution, frontier, names));
                return 0;
            }
            tell_members(environment, resolution);
            if (environment.options().verbose) {
                environment.answer("digest " + to_hex(resolution.membership_digest().view()));
            }
            return 0;
        });
}

Level level_needed(const Rules& rules, Kind kind) {
    switch (kind) {
        case Kind::add: return rules.add;
        case Kind::link: return rules.link;
        case Kind::set_level: return rules.set_level;
        case Kind::remove: return rules.remove;
        case Kind::ban: return rules.ban;
        case Kind::unban: return rules.unban;
        case Kind::post: return rules.post;
        case Kind::create:
        case Kind::leave: break;
    }
    return 1;
}

Result<int> may(Environment& environment, const Arguments& arguments) {
    auto group = environment.group(arguments.group);
    if (!group) return std::unexpected(group.error());
    auto who = environment.names().find(arguments.who, *group);
    if (!who) return std::unexpected(who.error());
    std::string act = arguments.act;
    std::ranges::replace(act, '-', '_');
    const auto kind = kind_from_text(act);
    const bool read = act == "read";
    if ((!kind && !read) || kind == Kind::create) {
        return fail(ErrorCode::usage,
                    printable(arguments.act) +
                        " is no act: read, post, add, link, set_level, remove, ban, unban, leave");
    }
    const Rules& rules = (*group)->replica->access().rules();
    const Level needed = read ? rules.read : level_needed(rules, *kind);
    return with_resolution(
        environment, arguments, **group,
        [&](const Resolution& resolution, const std::vector<OpId>& frontier) {
            const bool answer = read ? resolution.may_read(*who) : resolution.may(*who, *kind);
            const Level level = resolution.level_of(*who);
            if (environment.json()) {
                Json heads = Json::array();
                for (const auto& id : frontier) heads.push_back(to_hex(id.view()));
                environment.print({{"may", answer},
                                   {"key", to_hex(who->view())},
                                   {"act", act},
                                   {"level", level == 0 ? Json() : level_json(level)},
                                   {"needs", level_json(needed)},
                                   {"frontier", std::move(heads)}});
            } else {
                environment.say(std::string(answer ? "Yes: " : "No: ") + environment.names().of(*who) +
                                " is " + (level == 0 ? "out" : level::to_text(level)) + ", " + act +
                                " takes " + level::to_text(needed) + ".");
            }
            return answer ? 0 : answer_no;
        });
}

}  // namespace

void add_query_commands(CLI::App& app, Command& chosen) {
    auto* members_command =
        add_command(app, "members", "Who is in, with their levels", "moot members \"book club\" --json");
    auto* may_command = add_command(app, "may", "Whether a device may do something: exit 0 yes, 4 no",
                                    "moot may \"book club\" bob post");
    for (auto* command : {members_command, may_command}) {
        auto arguments = std::make_shared<Arguments>();
        command->add_option("GROUP", arguments->group, "The group")->required();
        if (command == may_command) {
            command->add_option("WHO", arguments->who, "The device")->required();
            command
                ->add_option("ACT", arguments->act,
                             "read, post, add, link, set_level, remove, ban, unban, leave")
                ->required();
        }
        command->add_option("--at", arguments->at, "As of this op and its past; repeatable")
            ->allow_extra_args(false);
        const bool asks_may = command == may_command;
        command->callback([&chosen, arguments, asks_may] {
            chosen.on_groups = true;
            chosen.run = [arguments, asks_may](Environment& environment) {
                return asks_may ? may(environment, *arguments) : members(environment, *arguments);
            };
        });
    }
}

}  // namespace folkmoot::moot
