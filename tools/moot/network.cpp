// sync: one reconciliation, and what came of it.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "moot/commands.hpp"
#include "moot/environment.hpp"
#include "moot/network.hpp"
#include "moot/serve.hpp"
#include "moot/text.hpp"
#include "moot/ticket.hpp"
#include "moot/view.hpp"

namespace folkmoot::moot {

// What a session found wrong with bytes it was given is the peer's doing, whatever the code says otherwise.
int report_failure(Environment& environment, const Error& error) {
    constexpr unsigned first_about_acts = 400;
    constexpr int protocol_broken = 22;
    const int exit = report(environment, error);
    return static_cast<unsigned>(error.code) < first_about_acts ? protocol_broken : exit;
}

namespace {

using Json = nlohmann::ordered_json;

Result<int> adopt(Environment& environment, const std::string& text) {
    auto groups = environment.groups();
    if (!groups) return std::unexpected(groups.error());
    const auto id = fixed_from_hex<GroupId>(text);
    if (!id) return fail(ErrorCode::usage, "adopt takes a whole group id");
    auto group = (*groups)->open(*id);
    if (!group) return std::unexpected(group.error());
    return 0;
}

Result<int> sync(Environment& environment, const std::string& group_text,
                 const std::vector<std::string>& addresses) {
    auto groups = environment.groups();
    if (!groups) return std::unexpected(groups.error());
    for (const auto& address : addresses) {
        if (!is_address(address)) return fail(ErrorCode::usage, printable(address) + " is no HOST:PORT");
    }
    // A group of which nothing is here yet may be synced too.
    auto id = (*groups)->find_id(group_text);
    if (!id) return std::unexpected(id.error());
    auto group = (*groups)->open(*id);
    if (!group) return std::unexpected(group.error());
    Json peers = Json::array();
    std::size_t equal = 0;
    std::size_t failed = 0;
    std::optional<Error> trouble;
    for (const auto& address : addresses) {
        auto report = (*groups)->node().sync(*id, address, std::nullopt, sync_timeout_ms);
        report.group = *id;
        equal += report.outcome == Outcome::equal ? 1 : 0;
        failed += report.outcome == Outcome::failed ? 1 : 0;
        if (report.outcome == Outcome::failed && !trouble) trouble = report.error;
        peers.push_back(sync_json(report, address));
        environment.say(sync_line(report, address));
        if (report.outcome == Outcome::failed && !environment.json() && addresses.size() > 1) {
            environment.err() << "moot: " << address << ": " << report.error.text << "\n";
        }
        if (report.error.code == ErrorCode::interrupted) break;
    }
    if (environment.json()) {
        environment.print({{"group", to_hex(id->view())}, {"peers", std::move(peers)}});
    }
    if (equal == addresses.size()) return 0;
    if (failed < addresses.size() && trouble && trouble->code != ErrorCode::interrupted) return partly_done;
    if (trouble) return report_failure(environment, *trouble);
    return partly_done;
}

void add_sync_commands(CLI::App& app, Command& chosen) {
    auto* command = add_command(app, "sync", "Reconcile a group with peers: 0 only if all are equal",
                                "moot sync \"book club\" 127.0.0.1:7447 --json");
    auto group = std::make_shared<std::string>();
    auto addresses = std::make_shared<std::vector<std::string>>();
    command->add_option("GROUP", *group, "The group")->required();
    command->add_option("ADDR", *addresses, "HOST:PORT of peers")->required();
    command->callback([&chosen, group, addresses] {
        chosen.on_groups = true;
        chosen.run = [group, addresses](Environment& environment) {
            return sync(environment, *group, *addresses);
        };
    });
}

void add_serve_command(CLI::App& app, Command& chosen) {
    auto* command = add_command(app, "serve", "Stay open: accept peers, keep connections, push what is new",
                                "moot serve --listen 127.0.0.1:7447 --peer moot.example.org:7447");
    auto arguments = std::make_shared<ServeArguments>();
    command->add_option("--listen", arguments->listen,
                        "HOST:PORT to accept peers on; port 0 takes a free one");
    command->add_option("--peer", arguments->peers, "HOST:PORT to stay connected to; repeatable")
        ->allow_extra_args(false);
    command->callback([&chosen, arguments] {
        chosen.run = [arguments](Environment& environment) { return serve(environment, *arguments); };
    });
}

}  // namespace

void add_network_commands(CLI::App& app, Command& chosen) {
    auto* family = app.get_subcommand("group");
    add_join_command(*family, chosen);
    auto* adopt_command = add_command(*family, "adopt", "Serve a group that another process made", "");
    adopt_command->group("");
    auto id = std::make_shared<std::string>();
    adopt_command->add_option("ID", *id, "The group's id")->required();
    adopt_command->callback([&chosen, id] {
        chosen.on_groups = true;
        chosen.run = [id](Environment& environment) { return adopt(environment, *id); };
    });
    add_sync_commands(app, chosen);
    add_serve_command(app, chosen);
}

}  // namespace folkmoot::moot
