// The commands under `lab`.
#include <CLI/CLI.hpp>

#include "moot/commands.hpp"

namespace folkmoot::moot {

void add_lab_commands(CLI::App& app, Command& chosen) {
    (void)app;
    (void)chosen;
}

}  // namespace folkmoot::moot
