// ticket, ticket list, ticket withdraw: what lets somebody find a group, or come in.
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "crypto/random.hpp"
#include "crypto/secret.hpp"
#include "moot/acting.hpp"
#include "moot/commands.hpp"
#include "moot/environment.hpp"
#include "moot/text.hpp"
#include "moot/ticket.hpp"
#include "moot/view.hpp"

namespace folkmoot::moot {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* default_address = "127.0.0.1:7447";

struct Arguments {
    std::string group;
    std::vector<std::string> addresses;
    std::string level;
    std::string label;
    std::string which;
    Manner manner;
};

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

Result<int> give_plain(Environment& environment, const OpenGroup& group, const Ticket& ticket) {
    const auto text = encode_ticket(ticket);
    if (!text) return fail(ErrorCode::usage, text.error().text);
    if (environment.json()) {
        environment.print(
            {{"ticket", *text}, {"group", to_hex(group.id.view())}, {"addresses", ticket.addresses}});
    } else {
        environment.answer(*text);
    }
    return 0;
}

// A ticket that could not be used should not be given.
Result<Level> wanted_level(const std::string& text, const Rules& rules) {
    const auto level = level::from_text(text);
    if (!level || *level < 1 || *level > limits::granted_level) {
        return fail(
            ErrorCode::usage,
            printable(text) + " is no level: reader, member, moderator, admin, or a number up to 100");
    }
    const Level needed = std::max(rules.link, rules.read);
    if (*level >= needed) return *level;
    return fail(ErrorCode::usage, "in this group linking a device and reading take " +
                                      level::to_text(needed) + ": a ticket below that opens nothing");
}

Result<std::string> free_label(const Arguments& arguments, const std::vector<GivenTicket>& given,
                               const GroupId& group) {
    const auto taken = [&](const std::string& label) {
        return std::ranges::any_of(
            given, [&](const auto& ticket) { return ticket.group == group && ticket.label == label; });
    };
    if (!arguments.label.empty()) {
        if (!is_utf8(arguments.label) || arguments.label.size() > limits::text_bytes)
            return fail(ErrorCode::usage, "a label has at most 255 bytes of UTF-8");
        if (!taken(arguments.label)) return arguments.label;
        return fail(ErrorCode::already_exists, "another ticket has the label " + printable(arguments.label));
    }
    std::size_t number = 1;
    while (taken("ticket-" + std::to_string(number))) ++number;
    return "ticket-" + std::to_string(number);
}

// The key is linked before the ticket is shown, and noted before it is linked: what was given out can be
// found and withdrawn, whenever this ends.
Result<int> give_open(Environment& environment, const Arguments& arguments, OpenGroup& group, Ticket ticket) {
    const auto level = wanted_level(arguments.level, group.replica->access().rules());
    if (!level) return std::unexpected(level.error());
    auto groups = environment.groups();
    if (!groups) return std::unexpected(groups.error());
    auto given = given_tickets((*groups)->home());
    if (!given) return std::unexpected(given.error());
    const auto label = free_label(arguments, *given, group.id);
    if (!label) return std::unexpected(label.error());
    ticket.key = TicketKey{{}, *level};
    crypto::random_bytes(ticket.key->secret.bytes);
    const auto signer = make_signer(ticket.key->secret.view());
    if (!signer) return std::unexpected(signer.error());
    const DeviceKey key = (*signer)->key();
    auto text = encode_ticket(ticket);
    crypto::wipe(ticket.key->secret.bytes);
    if (!text) return fail(ErrorCode::usage, text.error().text);
    if (auto allowed = group.replica->may_act(Link{key, *level}); !allowed)
        return std::unexpected(allowed.error());
    if (!arguments.manner.dry_run) {
        given->push_back({group.id, key, *level, *label, clock_ms()});
        if (auto noted = remember_tickets((*groups)->home(), *given); !noted)
            return std::unexpected(noted.error());
    }
    const auto effect = act(environment, group, Link{key, *level}, arguments.manner);
    if (!effect) return std::unexpected(effect.error());
    if (environment.json()) {
        Json out = {{"ticket", effect->op ? Json(*text) : Json()},
                    {"group", to_hex(group.id.view())},
                    {"addresses", ticket.addresses},
                    {"key", to_hex(key.view())},
                    {"level", level_json(*level)},
                    {"label", *label}};
        out.update(effect_json(group, *effect, environment.names()));
        environment.print(out);
        return 0;
    }
    if (!effect->op) {
        tell_effect(environment, group, *effect);
        return 0;
    }
    environment.answer(*text);
    environment.note(*label + ": whoever has this line comes in as " + level::to_text(*level) +
                     ", until: moot ticket withdraw " + shell_word(arguments.group) + " " +
                     shell_word(*label));
    return 0;
}

Result<int> give(Environment& environment, const Arguments& arguments) {
    auto group = environment.group(arguments.group);
    if (!group) return std::unexpected(group.error());
    auto groups = environment.groups();
    if (!groups) return std::unexpected(groups.error());
    const auto addresses =
        arguments.addresses.empty() ? default_addresses(environment, **groups) : arguments.addresses;
    const Ticket ticket{(*group)->id, (*groups)->signer().key(), addresses};
    if (!arguments.level.empty()) return give_open(environment, arguments, **group, ticket);
    if (arguments.manner.dry_run || !arguments.label.empty())
        return fail(ErrorCode::usage, "only a ticket with a --level signs something or has a --label");
    return give_plain(environment, **group, ticket);
}

// The devices that came in by a ticket.
std::vector<DeviceKey> uses_of(const OpenGroup& group, const DeviceKey& ticket) {
    std::vector<DeviceKey> out;
    const Graph& graph = group.replica->graph();
    const auto author = graph.find_author(ticket);
    if (!author) return out;
    for (const BranchIndex branch : graph.branches(*author)) {
        for (const OpIndex op : graph.branch_ops(branch)) {
            const auto subject = group.replica->access().subject_of(op);
            if (subject && graph.kind(op) == Kind::link) out.push_back(*subject);
        }
    }
    std::ranges::sort(out);
    out.erase(std::ranges::unique(out).begin(), out.end());
    return out;
}

Result<int> list(Environment& environment, const Arguments& arguments) {
    auto group = environment.group(arguments.group);
    if (!group) return std::unexpected(group.error());
    auto groups = environment.groups();
    if (!groups) return std::unexpected(groups.error());
    const auto given = given_tickets((*groups)->home());
    if (!given) return std::unexpected(given.error());
    const Resolution& now = (*group)->replica->access().now();
    const Names& names = environment.names();
    Json all = Json::array();
    for (const auto& ticket : *given) {
        if (ticket.group != (*group)->id) continue;
        const bool open = now.level_of(ticket.key) > 0;
        environment.answer(to_hex(ticket.key.view().first(4)) + "  " + printable(ticket.label) + "  " +
                           level::to_text(ticket.level) + "  " + time_text(ticket.made_ms) +
                           (open ? "" : "  opens nothing any more"));
        Json uses = Json::array();
        for (const auto& key : uses_of(**group, ticket.key)) {
            const Level level = now.level_of(key);
            environment.answer("    " + names.of(key) + "  " +
                               (level == 0 ? std::string("out") : level::to_text(level)));
            uses.push_back({{"key", to_hex(key.view())},
                            {"name", petname_json(names, key)},
                            {"level", level == 0 ? Json() : level_json(level)}});
        }
        all.push_back({{"key", to_hex(ticket.key.view())},
                       {"label", ticket.label},
                       {"level", level_json(ticket.level)},
                       {"open", open},
                       {"made_ms", ticket.made_ms},
                       {"uses", std::move(uses)}});
    }
    if (environment.json()) {
        environment.print({{"tickets", std::move(all)}});
    } else if (all.empty()) {
        environment.say("This device gave out no open tickets to this group.");
    }
    return 0;
}

Result<int> withdraw(Environment& environment, const Arguments& arguments) {
    auto group = environment.group(arguments.group);
    if (!group) return std::unexpected(group.error());
    auto groups = environment.groups();
    if (!groups) return std::unexpected(groups.error());
    const auto given = given_tickets((*groups)->home());
    if (!given) return std::unexpected(given.error());
    std::optional<DeviceKey> key;
    for (const auto& ticket : *given) {
        if (ticket.group == (*group)->id && ticket.label == arguments.which) key = ticket.key;
    }
    if (!key) {
        // Somebody else's ticket, or one that an earlier home gave out: by its key.
        auto found = environment.names().find(arguments.which, *group);
        if (!found) {
            return fail(ErrorCode::not_found, "no ticket is called " + printable(arguments.which) +
                                                  "; see moot ticket list " + shell_word(arguments.group));
        }
        key = *found;
    }
    const auto effect = act(environment, **group, Remove{*key, std::nullopt}, arguments.manner);
    if (!effect) return std::unexpected(effect.error());
    if (environment.json()) {
        environment.print(effect_json(**group, *effect, environment.names()));
    } else {
        tell_effect(environment, **group, *effect);
        if (effect->changes.size() > 1) {
            environment.note("who came in by it falls with it; to keep somebody: moot member add " +
                             shell_word(arguments.group) + " WHO");
        }
    }
    return 0;
}

void add_manner(CLI::App& command, Arguments& arguments) {
    command.add_flag("--dry-run", arguments.manner.dry_run, "Sign nothing, tell what would change");
    command.add_flag("--force", arguments.manner.force, "Sign although own ops may be missing here");
}

}  // namespace

void add_ticket_commands(CLI::App& app, Command& chosen) {
    auto* ticket =
        add_command(app, "ticket", "Print what a new member needs to find the group, or to come in",
                    "moot ticket \"book club\" --level member --label tuesday");
    auto arguments = std::make_shared<Arguments>();
    // Not required: `list` and `withdraw` have their own.
    auto* group = ticket->add_option("GROUP", arguments->group, "The group");
    ticket
        ->add_option("--address", arguments->addresses,
                     "HOST:PORT to put in; repeatable (else where the daemon listens)")
        ->allow_extra_args(false);
    ticket->add_option("--level", arguments->level,
                       "Whoever has the ticket comes in at this level (else it opens nothing)");
    ticket->add_option("--label", arguments->label, "What you call the ticket");
    add_manner(*ticket, *arguments);
    ticket->require_subcommand(0, 1);

    const auto add = [&](const char* name, const char* purpose, const char* example, auto what) {
        auto* command = add_command(*ticket, name, purpose, example);
        auto own = std::make_shared<Arguments>();
        command->add_option("GROUP", own->group, "The group")->required();
        command->callback([&chosen, own, what] {
            chosen.on_groups = true;
            chosen.run = [own, what](Environment& environment) { return what(environment, *own); };
        });
        return std::pair(command, own);
    };
    add("list", "The open tickets this device gave out, and who used them", "moot ticket list \"book club\"",
        list);
    auto [command, own] = add("withdraw", "End a ticket; who came in by it falls with it",
                              "moot ticket withdraw \"book club\" tuesday --dry-run", withdraw);
    command->add_option("WHICH", own->which, "Its label, or its key or the key's start")->required();
    add_manner(*command, *own);

    ticket->callback([&chosen, arguments, ticket, group] {
        if (!ticket->get_subcommands().empty()) return;
        if (group->count() == 0) throw CLI::RequiredError("GROUP");
        chosen.on_groups = true;
        chosen.run = [arguments](Environment& environment) { return give(environment, *arguments); };
    });
}

}  // namespace folkmoot::moot
