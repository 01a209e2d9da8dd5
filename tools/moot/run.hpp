// Parses a command line and runs what it asks for.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace folkmoot::moot {

/// The whole program but its process: `arguments` without the program's name. Returns the exit code.
int run_program(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace folkmoot::moot
