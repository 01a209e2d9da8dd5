// group create, group list.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "moot/commands.hpp"
#include "moot/environment.hpp"
#include "moot/text.hpp"
#include "moot/view.hpp"

namespace folkmoot::moot {
namespace {

using Json = nlohmann::ordered_json;

struct CreateArguments {
    std::string name;
    std::string recovery;
    std::string equal = "seniority";
    std::vector<std::string> rules;
};

Result<void> apply_rule(Rules& rules, const std::string& text) {
    const auto equals = text.find('=');
    const std::string act = text.substr(0, equals);
    const auto level = equals == std::string::npos ? std::nullopt : level::from_text(text.substr(equals + 1));
    Level* at = act == "post"        ? &rules.post
                : act == "add"       ? &rules.add
                : act == "set_level" ? &rules.set_level
                : act == "set-level" ? &rules.set_level
                : act == "remove"    ? &rules.remove
                : act == "ban"       ? &rules.ban
                : act == "unban"     ? &rules.unban
                : act == "link"      ? &rules.link
                : act == "read"      ? &rules.read
                                     : nullptr;
    if (at == nullptr || !level) {
        return fail(ErrorCode::usage,
                    "--rule " + printable(text) +
                        ": write ACT=LEVEL, for instance --rule add=admin; acts are post, add, "
                        "set_level, remove, ban, unban, link and read");
    }
    *at = *level;
    return {};
}

Result<int> create(Environment& environment, const CreateArguments& arguments) {
    auto groups = environment.groups();
    if (!groups) return std::unexpected(groups.error());
    Create act{arguments.name, {}, {}};
    if (!is_utf8(arguments.name)) return fail(ErrorCode::usage, "the name is no UTF-8");
    for (const auto& rule : arguments.rules) {
        if (auto applied = apply_rule(act.rules, rule); !applied) return std::unexpected(applied.error());
    }
    if (arguments.equal == "forbid") act.rules.equal = Rules::Equal::forbid;
    const DeviceKey self = (*groups)->signer().key();
    if (!arguments.recovery.empty()) {
        auto key = environment.names().find(arguments.recovery, nullptr);
        if (!key) return std::unexpected(key.error());
        // First, so that it outranks the device in daily use.
        act.founders.push_back(*key);
    }
    act.founders.push_back(self);
    auto group = (*groups)->create(act, clock_ms());
    if (!group) return std::unexpected(group.error());
    const std::string id = to_hex((*group)->id.view());
    if (environment.json()) {
        environment.print({{"group", id}, {"name", act.name}, {"op", id}});
    } else {
        environment.say("Created " + printable(act.name) + " (" + id.substr(0, 12) + ").");
    }
    return 0;
}

Result<int> list(Environment& environment) {
    auto groups = environment.groups();
    if (!groups) return std::unexpected(groups.error());
    auto ids = (*groups)->home().groups();
    if (!ids) return std::unexpected(ids.error());
    Json all = Json::array();
    for (const auto& id : *ids) {
        auto group = (*groups)->open(id);
        if (!group) return std::unexpected(group.error());
        const Replica& replica = *(*group)->replica;
        const bool empty = replica.graph().size() == 0;
        const std::string name = empty ? "" : replica.access().group_name();
        const std::size_t members = empty ? 0 : replica.access().now().members().size();
        const Level level = empty ? Level{0} : replica.access().now().level_of(environment.names().self());
        all.push_back({{"group", to_hex(id.view())},
                       {"name", name},
                       {"members", members},
                       {"ops", replica.graph().size()},
                       {"level", level == 0 ? Json() : level_json(level)}});
        environment.answer(to_hex(id.view().first(6)) + "  " +
                           (empty ? "(not synced yet)" : printable(name)) + ": " +
                           counted(members, "member") + ", " + counted(replica.graph().size(), "operation") +
                           ", " + (level == 0 ? "you are out" : "you are " + level::to_text(level)));
    }
    if (environment.json()) environment.print({{"groups", std::move(all)}});
    return 0;
}

}  // namespace

void add_group_commands(CLI::App& app, Command& chosen) {
    auto* family = app.add_subcommand("group", "Make, list and join groups");
    family->require_subcommand(1);
    auto* create_command =
        add_command(*family, "create", "Found a group", "moot group create \"book club\" --rule add=admin");
    auto create_arguments = std::make_shared<CreateArguments>();
    create_command->add_option("NAME", create_arguments->name, "What the group is called")->required();
    create_command->add_option("--recovery", create_arguments->recovery,
                               "Key of a device kept offline, made first founder: it can undo anything");
    create_command
        ->add_option("--equal", create_arguments->equal, "How equals stand: seniority, or forbid to act")
        ->check(CLI::IsMember({"seniority", "forbid"}));
    create_command
        ->add_option("--rule", create_arguments->rules, "ACT=LEVEL: the level an act takes; repeatable")
        ->allow_extra_args(false);
    create_command->callback([&chosen, create_arguments] {
        chosen.on_groups = true;
        chosen.run = [create_arguments](Environment& environment) {
            return create(environment, *create_arguments);
        };
    });

    auto* list_command = add_command(*family, "list", "List this device's groups", "moot group list");
    list_command->callback([&chosen] {
        chosen.on_groups = true;
        chosen.run = list;
    });
}

}  // namespace folkmoot::moot
