// member add, set-level, remove, ban, unban, link, leave: acts that change who belongs.
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
    Kind kind = Kind::add;
    std::string group;
    std::string who;
    std::string level;
    std::vector<std::string> cut;
    bool cut_all = false;
    Manner manner;
};

Result<Level> wanted_level(const Arguments& arguments, const Replica& replica, const DeviceKey& self) {
    if (arguments.level.empty()) {
        if (arguments.kind != Kind::link) return level::member;
        // A device of one's own gets what its owner may give it.
        return std::min<Level>(std::max<Level>(replica.access().now().level_of(self), 1),
                               static_cast<Level>(limits::granted_level));
    }
    const auto level = level::from_text(arguments.level);
    if (level) return *level;
    return fail(ErrorCode::usage,
                printable(arguments.level) +
                    " is no level: reader, member, moderator, admin, or a number from 1 to 100");
}

Result<std::optional<std::vector<OpId>>> wanted_cut(const Arguments& arguments, const OpenGroup& group) {
    if (arguments.cut_all) return std::vector<OpId>();
    if (arguments.cut.empty()) return std::nullopt;
    std::vector<OpId> cut;
    for (const auto& text : arguments.cut) {
        auto op = find_op(group, text);
        if (!op) return std::unexpected(op.error());
        cut.push_back(group.replica->graph().id(*op));
    }
    std::ranges::sort(cut);
    cut.erase(std::ranges::unique(cut).begin(), cut.end());
    return cut;
}

Result<Act> wanted_act(Environment& environment, const Arguments& arguments, const OpenGroup& group) {
    if (arguments.kind == Kind::leave) return Leave{};
    auto subject = environment.names().find(arguments.who, &group);
    if (!subject) return std::unexpected(subject.error());
    auto level = wanted_level(arguments, *group.replica, environment.names().self());
    if (!level) return std::unexpected(level.error());
    auto cut = wanted_cut(arguments, group);
    if (!cut) return std::unexpected(cut.error());
    switch (arguments.kind) {
        case Kind::add: return Add{*subject, *level};
        case Kind::link: return Link{*subject, *level};
        case Kind::set_level: return SetLevel{*subject, *level};
        case Kind::remove: return Remove{*subject, *cut};
        case Kind::ban: return Ban{*subject, *cut};
        default: return Unban{*subject};
    }
}

// What a removal does not do; whoever asked for more must hear of it.
std::string leftover(const Arguments& arguments, const Act& what, const OpenGroup& group,
                     const Effect& effect, const Names& names) {
    if (arguments.kind == Kind::leave) {
        return "whoever left can still fork their own past; it is sealed once somebody removes this device";
    }
    if (arguments.kind != Kind::remove && arguments.kind != Kind::ban) return {};
    const DeviceKey& subject = *subject_of(what);
    Level level = group.replica->access().now().level_of(subject);
    bool was_out = level == 0;
    for (const auto& change : effect.changes) {
        if (change.key != subject) continue;
        level = change.after;
        was_out = change.before == 0;
    }
    const std::string why = "moot explain " + shell_word(arguments.group) + " member " + names.typed(subject);
    if (level != 0) {
        return names.of(subject) + " is still in, as " + level::to_text(level) +
               ": a grant of theirs is not below yours; see " + why;
    }
    if (was_out) return names.of(subject) + " was out already; this seals what they did before";
    return {};
}

Result<int> run(Environment& environment, const Arguments& arguments) {
    auto group = environment.group(arguments.group);
    if (!group) return std::unexpected(group.error());
    auto what = wanted_act(environment, arguments, **group);
    if (!what) return std::unexpected(what.error());
    auto effect = act(environment, **group, *what, arguments.manner);
    if (!effect) return std::unexpected(effect.error());
    const Names& names = environment.names();
    const std::string note = leftover(arguments, *what, **group, *effect, names);
    if (environment.json()) {
        Json out = effect_json(**group, *effect, names);
        if (!note.empty()) out["note"] = note;
        environment.print(out);
        return 0;
    }
    tell_effect(environment, **group, *effect);
    if (!note.empty()) environment.note(note);
    return 0;
}

void add_one(CLI::App& family, Command& chosen, Kind kind, const std::string& name,
             const std::string& purpose, const std::string& example) {
    auto* command = add_command(family, name, purpose, example);
    auto arguments = std::make_shared<Arguments>();
    arguments->kind = kind;
    command->add_option("GROUP", arguments->group, "The group, by its name or the start of its id")
        ->required();
    if (kind != Kind::leave) {
        command->add_option("WHO", arguments->who, "A contact's name, or a key or its start")->required();
    }
    if (kind == Kind::set_level) {
        command->add_option("LEVEL,--level", arguments->level, "The new level")->required();
    } else if (kind == Kind::add || kind == Kind::link) {
        command->add_option("--level", arguments->level,
                            kind == Kind::add ? "reader, member (if not given), moderator, admin, or a number"
                                              : "The device's level (else one's own, at most admin)");
    }
    if (kind == Kind::remove || kind == Kind::ban) {
        command->add_option("--cut", arguments->cut, "Their last op to be trusted; repeatable")
            ->allow_extra_args(false);
        command->add_flag("--cut-all", arguments->cut_all, "Trust none of their ops")->excludes("--cut");
    }
    command->add_flag("--dry-run", arguments->manner.dry_run, "Sign nothing, tell what would change");
    command->add_flag("--force", arguments->manner.force, "Sign although own ops may be missing here");
    command->callback([&chosen, arguments] {
        chosen.on_groups = true;
        const bool lowers = arguments->kind == Kind::remove || arguments->kind == Kind::ban ||
                            arguments->kind == Kind::set_level || arguments->kind == Kind::leave;
        chosen.may_use_ballast = lowers && !arguments->manner.dry_run;
        chosen.run = [arguments](Environment& environment) { return run(environment, *arguments); };
    });
}

}  // namespace

void add_member_commands(CLI::App& app, Command& chosen) {
    auto* family = app.add_subcommand("member", "Change who belongs to a group");
    family->require_subcommand(1);
    add_one(*family, chosen, Kind::add, "add", "Let a device in",
            "moot member add \"book club\" bob --level member");
    add_one(*family, chosen, Kind::set_level, "set-level", "Give a member another level",
            "moot member set-level \"book club\" bob admin");
    add_one(*family, chosen, Kind::remove, "remove", "End a device's membership",
            "moot member remove \"book club\" bob --dry-run");
    add_cut_command(*family, chosen);
    add_one(*family, chosen, Kind::ban, "ban", "Remove a device and bar its return",
            "moot member ban \"book club\" mallory");
    add_one(*family, chosen, Kind::unban, "unban", "Lift a ban", "moot member unban \"book club\" mallory");
    add_one(*family, chosen, Kind::link, "link", "Let in a further device of one's own",
            "moot member link \"book club\" phone");
    add_one(*family, chosen, Kind::leave, "leave", "Leave a group", "moot member leave \"book club\"");
}

}  // namespace folkmoot::moot
