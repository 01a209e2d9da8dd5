// The families of commands. Each adds its commands to the parser; what the chosen one does is put into
// `chosen` while parsing and run afterwards, here or in the daemon.
#pragma once

#include <functional>
#include <string>

#include "folkmoot/error.hpp"

namespace CLI {
class App;
}

namespace folkmoot::moot {

class Environment;

/// What a parsed command line asks for.
struct Command {
    /// The exit code, or why it failed.
    std::function<Result<int>(Environment&)> run;
    /// Works on the device's groups: if a daemon holds them, it runs there.
    bool on_groups = false;
    /// Reads standard input, which is then sent along to the daemon.
    bool reads_input = false;
    /// Makes room or ends somebody's access: on a full disk it may use what the home keeps for that.
    bool may_use_ballast = false;
};

/// A subcommand with an example under its help.
[[nodiscard]] CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& purpose,
                                    const std::string& example);

void add_device_commands(CLI::App& app, Command& chosen);
void add_group_commands(CLI::App& app, Command& chosen);
void add_ticket_commands(CLI::App& app, Command& chosen);
void add_member_commands(CLI::App& app, Command& chosen);
void add_query_commands(CLI::App& app, Command& chosen);
void add_content_commands(CLI::App& app, Command& chosen);
void add_explain_commands(CLI::App& app, Command& chosen);
void add_join_command(CLI::App& family, Command& chosen);
void add_cut_command(CLI::App& family, Command& chosen);
void add_diff_command(CLI::App& app, Command& chosen);
void add_evidence_commands(CLI::App& app, Command& chosen);
void add_network_commands(CLI::App& app, Command& chosen);
void add_backup_commands(CLI::App& app, Command& chosen);
void add_upkeep_commands(CLI::App& app, Command& chosen);
void add_fsck_command(CLI::App& app, Command& chosen);
void add_scenario_commands(CLI::App& app, Command& chosen);
void add_lab_commands(CLI::App& app, Command& chosen);
void add_lab_gossip(CLI::App& family, Command& chosen);
void add_sim_commands(CLI::App& app, Command& chosen);

}  // namespace folkmoot::moot
