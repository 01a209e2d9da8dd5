// group create, group list, ticket.
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <CLI/CLI.hpp>

#include <nlohmann/json.hpp>

#include "moot/commands.hpp"
#include "moot/environment.hpp"
#include "moot/text.hpp"
#include "moot/ticket.hpp"
#include "moot/view.hpp"

namespace folkmoot::moot {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* default_address = "127.0.0.1:7447";

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

// Where others may reach a daemon that listens on every interface.
std::vector<std::string> interface_addresses(const std::string& port) {
    std::vector<std::string> out;
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) return out;
    for (const ifaddrs* at = first; at != nullptr; at = at->ifa_next) {
        const bool usable = at->ifa_addr != nullptr && at->ifa_addr->sa_family == AF_INET &&
                            (at->ifa_flags & IFF_UP) != 0 && (at->ifa_flags & IFF_LOOPBACK) == 0;
        if (!usable || out.size() >= 4) continue;
        sockaddr_in address{};
        std::memcpy(&address, at->ifa_addr, sizeof address);
        std::array<char, INET_ADDRSTRLEN> text{};
        if (::inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size()) != nullptr) {
            out.push_back(std::string(text.data()) + ":" + port);
        }
    }
    ::freeifaddrs(first);
    return out;
}

std::vector<std::string> default_addresses(Environment& environment, const Groups& groups) {
    std::vector<std::string> out;
    for (const auto& address : groups.listening) {
        const bool everywhere = address.starts_with("0.0.0.0:") || address.starts_with("[::]:");
        const auto reachable = everywhere ? interface_addresses(address.substr(address.rfind(':') + 1))
                                          : std::vector<std::string>();
        if (reachable.empty()) {
            out.push_back(address);
        } else {
            out.insert(out.end(), reachable.begin(), reachable.end());
        }
    }
    if (!out.empty()) return out;
    out.push_back(groups.home().address().empty() ? default_address : groups.home().address());
    environment.note("no daemon listens now; the ticket names " + out.back() +
                     ", so run: moot serve --listen " + out.back() + " (or give --address)");
    return out;
}

Result<int> ticket(Environment& environment, const std::string& group_text,
                   std::vector<std::string> addresses) {
    auto group = environment.group(group_text);
    if (!group) return std::unexpected(group.error());
    auto groups = environment.groups();
    if (!groups) return std::unexpected(groups.error());
    if (addresses.empty()) addresses = default_addresses(environment, **groups);
    const auto text = encode_ticket({(*group)->id, (*groups)->signer().key(), addresses});
    if (!text) return std::unexpected(text.error());
    if (environment.json()) {
        environment.print(
            {{"ticket", *text}, {"group", to_hex((*group)->id.view())}, {"addresses", addresses}});
    } else {
        environment.answer(*text);
    }
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

    auto* ticket_command = add_command(app, "ticket", "Print what a new member needs to find the group",
                                       "moot ticket \"book club\" --address moot.example.org:7447");
    auto group = std::make_shared<std::string>();
    auto addresses = std::make_shared<std::vector<std::string>>();
    ticket_command->add_option("GROUP", *group, "The group")->required();
    ticket_command
        ->add_option("--address", *addresses,
                     "HOST:PORT to put in; repeatable (else where the daemon listens)")
        ->allow_extra_args(false);
    ticket_command->callback([&chosen, group, addresses] {
        chosen.on_groups = true;
        chosen.run = [group, addresses](Environment& environment) {
            return ticket(environment, *group, *addresses);
        };
    });
}

}  // namespace folkmoot::moot
