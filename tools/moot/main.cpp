// The process: arguments in, exit code out.
#include <exception>
#include <iostream>

#include "moot/run.hpp"

int main(int argc, char** argv) {
    try {
        return folkmoot::moot::run_program({argv + 1, argv + argc}, std::cout, std::cerr);
    } catch (const std::exception& error) {
        // Only from the libraries for options and JSON, or for want of memory.
        std::cerr << "moot: " << error.what() << "\n";
        return 1;
    }
}
