#include "moot/run.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

#include "folkmoot/signer.hpp"
#include "moot/ballast.hpp"
#include "moot/commands.hpp"
#include "moot/forward.hpp"

namespace folkmoot::moot {
namespace {

// Enough for any post and then some: what is longer is refused by the command itself.
constexpr std::size_t largest_input = 1U << 20U;

void build_parser(CLI::App& app, Options& options, Command& chosen) {
    // Options of the program are also taken after a command's name.
    app.fallthrough();
    app.require_subcommand(1);
    app.add_flag("--json", options.json, "One JSON object a line instead of text");
    app.add_flag("-q,--quiet", options.quiet, "Nothing but errors and what was asked for");
    app.add_flag("-v,--verbose", options.verbose, "Tell more");
    app.add_option("--home", options.home,
                   "Folder of the device (else $MOOT_HOME, else the XDG data folder)");
    add_device_commands(app, chosen);
    add_group_commands(app, chosen);
    add_ticket_commands(app, chosen);
    add_member_commands(app, chosen);
    add_query_commands(app, chosen);
    add_content_commands(app, chosen);
    add_explain_commands(app, chosen);
    add_diff_command(app, chosen);
    add_evidence_commands(app, chosen);
    add_network_commands(app, chosen);
    add_backup_commands(app, chosen);
    add_upkeep_commands(app, chosen);
    add_scenario_commands(app, chosen);
    add_lab_commands(app, chosen);
    add_sim_commands(app, chosen);
}

// Nothing if no daemon listens. One home has one daemon, and it has the groups.
std::optional<int> ask_elsewhere(Environment& environment, const std::vector<std::string>& arguments,
                                 const Streams& streams, const Command& chosen) {
    const auto home = Home::open(environment.home_folder());
    if (!home) return report(environment, home.error());
    std::error_code error;
    if (!std::filesystem::exists(home->socket_path(), error)) return std::nullopt;
    Request request{arguments, {}, streams.folder};
    if (chosen.reads_input) {
        auto input = environment.read_input(largest_input);
        if (!input) return report(environment, input.error());
        request.input = std::move(*input);
    }
    const auto answer = ask_daemon(home->socket_path(), request);
    if (!answer && answer.error().code == ErrorCode::net_unreachable) {
        if (!chosen.reads_input) return std::nullopt;
        // The input is read; it is handed on to the command that now runs here.
        std::istringstream again(request.input);
        Environment here({again, streams.out, streams.err, streams.folder}, environment.options(), nullptr);
        const auto done = chosen.run(here);
        return done ? *done : report(here, done.error());
    }
    if (!answer) return report(environment, answer.error());
    streams.out << answer->out << std::flush;
    streams.err << answer->err << std::flush;
    return answer->exit;
}

// A command that makes room or ends somebody's access gets the room that is kept for it. The daemon's groups
// stay open, so there it is given up before a write fails; here the command is begun anew.
Result<int> run_with_ballast(Environment& environment, Groups* held, const Command& chosen) {
    const auto home = environment.home_folder();
    const auto give_up = [&] {
        const auto size = give_up_ballast(home);
        if (size) {
            environment.note("the disk is full: " + std::to_string(*size / 1024) +
                             " KiB that were kept for this are given up; free some space");
        }
        return size.has_value();
    };
    if (is_nearly_full(home)) give_up();
    auto done = chosen.run(environment);
    if (done || done.error().code != ErrorCode::store_full || held != nullptr || !give_up()) return done;
    environment.close_own_groups();
    return chosen.run(environment);
}

Result<int> run_chosen(Environment& environment, Groups* held, const Command& chosen) {
    if (chosen.may_use_ballast) return run_with_ballast(environment, held, chosen);
    auto done = chosen.run(environment);
    std::error_code error;
    const bool full = !done && done.error().code == ErrorCode::store_full;
    if (full && std::filesystem::exists(ballast_path(environment.home_folder()), error)) {
        done.error().text +=
            "; moot member remove, ban, set-level and leave and moot fsck --repair may use the room kept "
            "in " +
            ballast_path(environment.home_folder()).string();
    }
    return done;
}

}  // namespace

CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& purpose,
                      const std::string& example) {
    auto* command = parent.add_subcommand(name, purpose);
    command->footer("Example: " + example);
    return command;
}

int run_program(const std::vector<std::string>& arguments, const Streams& streams, Groups* held) {
    Options options;
    Command chosen;
    CLI::App app("Groups without a server: who belongs, and what was said", "moot");
    build_parser(app, options, chosen);
    try {
        auto reversed = arguments;
        std::ranges::reverse(reversed);
        app.parse(reversed);
    } catch (const CLI::Success& asked) {
        app.exit(asked, streams.out, streams.err);
        return 0;
    } catch (const CLI::ParseError& wrong) {
        options.json = options.json || std::ranges::find(arguments, "--json") != arguments.end();
        Environment environment(streams, options, held);
        return report(environment, {ErrorCode::usage, std::string(wrong.what()) + "; see moot --help"});
    }
    if (held != nullptr) options.home = held->home().folder().string();
    Environment environment(streams, options, held);
    if (const auto crypto = start_crypto(); !crypto) return report(environment, crypto.error());
    if (held != nullptr && !chosen.on_groups) {
        return report(environment, {ErrorCode::usage, "the daemon does not run this command"});
    }
    if (held == nullptr && chosen.on_groups) {
        if (const auto done = ask_elsewhere(environment, arguments, streams, chosen)) return *done;
    }
    const auto done = run_chosen(environment, held, chosen);
    return done ? *done : report(environment, done.error());
}

}  // namespace folkmoot::moot
