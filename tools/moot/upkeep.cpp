// status, equivocations: whether all is well.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "moot/commands.hpp"
#include "moot/environment.hpp"
#include "moot/text.hpp"
#include "moot/view.hpp"

namespace folkmoot::moot {
namespace {

using Json = nlohmann::ordered_json;

constexpr int answer_no = 4;

Json status_of(Environment& environment, Groups& groups, const GroupId& id, bool& amiss) {
    Json out = {{"group", to_hex(id.view())}};
    auto group = groups.open(id);
    if (!group) {
        amiss = true;
        out["error"] = error_json(group.error());
        return out;
    }
    const Replica& replica = *(*group)->replica;
    const bool empty = replica.graph().size() == 0;
    const Level level = empty ? Level{0} : replica.access().now().level_of(environment.names().self());
    out["name"] = empty ? "" : replica.access().group_name();
    out["ops"] = replica.graph().size();
    out["heads"] = replica.graph().head_count();
    out["members"] = empty ? 0 : replica.access().now().members().size();
    out["level"] = level == 0 ? Json() : level_json(level);
    out["digest"] = empty ? Json() : Json(to_hex(replica.access().now().membership_digest().view()));
    // A ticket that was used twice at once is no fault of anybody.
    const auto forks = std::ranges::count_if(
        replica.graph().equivocations(), [&](const auto& pair) { return !is_ticket_fork(**group, pair); });
    out["equivocations"] = forks;
    out["read_only"] = replica.read_only();
    out["out"] = level == 0;
    const bool waits = replica.authoring_waits() != AuthoringWait::none;
    out["authoring_waits"] = waits;
    amiss = amiss || level == 0 || replica.read_only() || forks > 0 || waits;
    return out;
}

std::string status_line(const Json& status) {
    const std::string id = status["group"].get<std::string>().substr(0, 12);
    if (status.contains("error"))
        return id + "  cannot be opened: " + status["error"]["text"].get<std::string>();
    std::string line = id + "  " + printable(status["name"].get<std::string>()) + ": " +
                       counted(status["ops"].get<std::size_t>(), "operation") + ", " +
                       counted(status["members"].get<std::size_t>(), "member") + ", " +
                       counted(status["heads"].get<std::size_t>(), "head");
    if (status["out"].get<bool>()) line += "; you are out of it";
    if (status["read_only"].get<bool>()) line += "; READ-ONLY after a failed write";
    if (status["authoring_waits"].get<bool>())
        line += "; signs nothing before a sync: own ops may be missing";
    const auto forks = status["equivocations"].get<std::size_t>();
    if (forks > 0) line += "; " + counted(forks, "equivocation");
    return line;
}

Result<int> status(Environment& environment, bool exit_code) {
    auto groups = environment.groups();
    if (!groups) return std::unexpected(groups.error());
    auto ids = (*groups)->home().groups();
    if (!ids) return std::unexpected(ids.error());
    bool amiss = false;
    Json all = Json::array();
    for (const auto& id : *ids) all.push_back(status_of(environment, **groups, id, amiss));
    const Names& names = environment.names();
    if (environment.json()) {
        environment.print({{"name", names.petname(names.self())},
                           {"key", to_hex(names.self().view())},
                           {"daemon", (*groups)->daemon},
                           {"listening", (*groups)->listening},
                           {"amiss", amiss},
                           {"groups", std::move(all)}});
    } else {
        std::string where = (*groups)->daemon ? "daemon runs" : "no daemon";
        for (const auto& address : (*groups)->listening) where += ", listens on " + address;
        environment.say(names.of(names.self()) + " " + to_hex(names.self().view().first(4)) + "; " + where);
        for (const auto& one : all) environment.say(status_line(one));
    }
    return exit_code && amiss ? answer_no : 0;
}

}  // namespace

void add_upkeep_commands(CLI::App& app, Command& chosen) {
    auto* status_command =
        add_command(app, "status", "How this device and its groups are", "moot status --exit-code");
    auto exit_code = std::make_shared<bool>(false);
    status_command->add_flag("--exit-code", *exit_code,
                             "End with 4 if a group is read-only, has equivocations, or has this device out");
    status_command->callback([&chosen, exit_code] {
        chosen.on_groups = true;
        chosen.run = [exit_code](Environment& environment) { return status(environment, *exit_code); };
    });

    add_fsck_command(app, chosen);
}

}  // namespace folkmoot::moot
