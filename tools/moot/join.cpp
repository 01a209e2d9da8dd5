// group join: a plain ticket finds a group one was added to; an open one lets this device in.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "crypto/random.hpp"
#include "moot/commands.hpp"
#include "moot/environment.hpp"
#include "moot/forward.hpp"
#include "moot/network.hpp"
#include "moot/serve.hpp"
#include "moot/text.hpp"
#include "moot/ticket.hpp"
#include "moot/view.hpp"

namespace folkmoot::moot {
namespace {

using Json = nlohmann::ordered_json;

// Whether another address of the same peer may do better.
bool worth_another_address(const Error& error) {
    return error.code == ErrorCode::net_unreachable || error.code == ErrorCode::channel_timed_out ||
           error.code == ErrorCode::channel_wrong_identity || error.code == ErrorCode::channel_handshake ||
           error.code == ErrorCode::channel_truncated || error.code == ErrorCode::channel_authentication;
}

net::SyncReport sync_with_inviter(net::Node& node, const Ticket& ticket) {
    net::SyncReport report;
    for (const auto& address : ticket.addresses) {
        report = node.sync(ticket.group, address, ticket.inviter, sync_timeout_ms);
        if (report.outcome != Outcome::failed || !worth_another_address(report.error)) break;
    }
    return report;
}

// Whatever an earlier attempt left of the group is gone on with.
Result<Store*> store_for(Groups& groups, const GroupId& id, bool& fresh) {
    std::error_code error;
    fresh = !std::filesystem::exists(groups.home().group_path(id), error);
    return fresh ? groups.prepare_store(id) : groups.open_store(id);
}

// Why a ticket opens nothing, in the view of what came.
Error refusal(const Replica& replica, const DeviceKey& key, const net::SyncReport& report) {
    const bool known = replica.graph().size() > 0 && !replica.access().now().grants_of(key).empty();
    if (known)
        return {ErrorCode::bad_ticket,
                "the ticket was withdrawn, or whoever gave it out is out of the group"};
    const Error& error = report.error;
    const bool closed = report.outcome != Outcome::failed || error.code == ErrorCode::session_not_let_in ||
                        error.code == ErrorCode::session_closed_by_peer;
    if (!closed) return error;
    return {ErrorCode::session_not_let_in,
            "the peer knows nothing of this ticket: it was withdrawn, or the peer must sync first"};
}

struct Entry {
    /// What links this device, if it took one.
    std::optional<OpId> op;
    net::SyncReport report;
};

// As the ticket's key: learns the group, links this device on top of all that it learnt, and gives that back.
// Others may do the same at the same time from the same place: both links count, since the fork is that of a
// key that does nothing else (O9).
Result<Entry> enter(Groups& groups, const Ticket& ticket, Store& store) {
    const auto signer = make_signer(ticket.key->secret.view());
    if (!signer) return std::unexpected(signer.error());
    const DeviceKey key = (*signer)->key();
    const DeviceKey self = groups.signer().key();
    auto replica =
        Replica::open({ticket.group, crypto::random_number()}, store, signer->get(), ed25519_verifier());
    if (!replica) return std::unexpected(replica.error());
    net::Node node(**signer, ed25519_verifier());
    node.add_group(**replica, store);
    Entry entry;
    entry.report = sync_with_inviter(node, ticket);
    const bool known = (*replica)->graph().size() > 0;
    const Level level = known ? (*replica)->access().now().level_of(key) : Level{0};
    if (level == 0 || !(*replica)->access().now().may_read(key))
        return std::unexpected(refusal(**replica, key, entry.report));
    if (entry.report.outcome == Outcome::failed) return std::unexpected(entry.report.error);
    const Level wanted = std::min(level, ticket.key->level);
    if ((*replica)->access().now().level_of(self) < wanted) {
        auto op = (*replica)->act(Link{self, wanted}, clock_ms());
        if (!op) return std::unexpected(op.error());
        entry.op = *op;
        if (auto saved = node.touched(ticket.group); !saved) return std::unexpected(saved.error());
    }
    // Also where an earlier attempt signed the link and ended before it was given to anybody.
    entry.report = sync_with_inviter(node, ticket);
    if (entry.report.outcome == Outcome::failed) return std::unexpected(entry.report.error);
    return entry;
}

// The daemon, if there is one, serves the group from now on.
void hand_to_daemon(Environment& environment, Groups& groups, const GroupId& id) {
    groups.close_all();
    std::error_code error;
    const std::string socket = groups.home().socket_path();
    if (!std::filesystem::exists(socket, error)) return;
    const auto answer = ask_daemon(socket, {{"group", "adopt", to_hex(id.view())}, "", "/"});
    if (answer && answer->exit != 0) environment.note("the daemon does not serve the group: " + answer->err);
}

Result<int> told(Environment& environment, const Ticket& ticket, const Replica& replica,
                 const net::SyncReport& report, const std::optional<OpId>& link) {
    const std::string name = replica.access().group_name();
    const std::size_t members = replica.access().now().members().size();
    const std::size_t ops = replica.graph().size();
    if (environment.json()) {
        environment.print({{"group", to_hex(ticket.group.view())},
                           {"name", name},
                           {"members", members},
                           {"ops", ops},
                           {"link", link ? Json(to_hex(link->view())) : Json()},
                           {"peers", Json::array({sync_json(report)})}});
    } else {
        environment.say("Joined " + printable(name) + ": " + counted(members, "member") + ", " +
                        counted(ops, "operation") + ".");
    }
    return 0;
}

Result<int> join(Environment& environment, const std::string& text) {
    auto opened = environment.groups();
    if (!opened) return std::unexpected(opened.error());
    Groups& groups = **opened;
    const auto ticket = decode_ticket(text);
    if (!ticket) return std::unexpected(ticket.error());
    std::optional<OpId> link;
    if (ticket->key) {
        bool fresh = false;
        auto store = store_for(groups, ticket->group, fresh);
        if (!store) return std::unexpected(store.error());
        auto entered = enter(groups, *ticket, **store);
        if (!entered) {
            if (fresh) groups.discard(ticket->group);
            return std::unexpected(entered.error());
        }
        link = entered->op;
    }
    auto group = ticket->key ? groups.open(ticket->group) : groups.prepare(ticket->group);
    if (!group) return std::unexpected(group.error());
    const auto report = sync_with_inviter(groups.node(), *ticket);
    const Replica& replica = *(*group)->replica;
    if (replica.graph().size() == 0) {
        groups.discard(ticket->group);
        if (report.outcome == Outcome::failed) return report_failure(environment, report.error);
        return fail(ErrorCode::session_not_let_in,
                    "the peer gave nothing: ask whether this device was added");
    }
    if (auto done = told(environment, *ticket, replica, report, link); !done) return done;
    hand_to_daemon(environment, groups, ticket->group);
    if (report.outcome == Outcome::failed) return report_failure(environment, report.error);
    if (report.outcome == Outcome::equal) return 0;
    environment.note("the two sides are not equal yet; run moot sync again");
    return partly_done;
}

}  // namespace

void add_join_command(CLI::App& family, Command& chosen) {
    auto* command = add_command(family, "join", "Join a group by a ticket", "moot group join moot1...");
    auto ticket = std::make_shared<std::string>();
    command->add_option("TICKET", *ticket, "What moot ticket printed")->required();
    command->callback([&chosen, ticket] {
        chosen.run = [ticket](Environment& environment) { return join(environment, *ticket); };
    });
}

}  // namespace folkmoot::moot
