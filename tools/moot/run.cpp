#include "moot/run.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "folkmoot/signer.hpp"
#include "moot/commands.hpp"
#include "moot/environment.hpp"

namespace folkmoot::moot {
namespace {

void build_parser(CLI::App& app, Options& options, Command& chosen) {
    // Options of the program are also taken after a command's name.
    app.fallthrough();
    app.require_subcommand(1);
    app.add_flag("--json", options.json, "One JSON object a line instead of text");
    app.add_flag("-q,--quiet", options.quiet, "Nothing but errors and what was asked for");
    app.add_flag("-v,--verbose", options.verbose, "Tell more");
    app.add_option("--home", options.home,
                   "Folder of the device (else $MOOT_HOME, else the XDG data folder)");
    add_scenario_commands(app, chosen);
    add_lab_commands(app, chosen);
}

}  // namespace

CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& purpose,
                      const std::string& example) {
    auto* command = parent.add_subcommand(name, purpose);
    command->footer("Example: " + example);
    return command;
}

int run_program(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
    Options options;
    Command chosen;
    CLI::App app("Groups without a server: who belongs, and what was said", "moot");
    build_parser(app, options, chosen);
    try {
        auto reversed = arguments;
        std::ranges::reverse(reversed);
        app.parse(reversed);
    } catch (const CLI::Success& asked) {
        app.exit(asked, out, err);
        return 0;
    } catch (const CLI::ParseError& wrong) {
        options.json = options.json || std::ranges::find(arguments, "--json") != arguments.end();
        Environment environment(out, err, options);
        return report(environment, {ErrorCode::usage, std::string(wrong.what()) + "; see moot --help"});
    }
    Environment environment(out, err, options);
    if (const auto crypto = start_crypto(); !crypto) return report(environment, crypto.error());
    const auto done = chosen.run(environment);
    return done ? *done : report(environment, done.error());
}

}  // namespace folkmoot::moot
