// Parses a command line and runs what it asks for.
#pragma once

#include <string>
#include <vector>

#include "moot/environment.hpp"

namespace folkmoot::moot {

/// The whole program but its process: `arguments` without the program's name. `held` are the groups of the
/// daemon it runs in, null for a process of its own. Returns the exit code.
int run_program(const std::vector<std::string>& arguments, const Streams& streams, Groups* held);

}  // namespace folkmoot::moot
