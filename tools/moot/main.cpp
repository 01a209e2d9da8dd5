// The process: arguments in, exit code out.
#include <csignal>
#include <exception>
#include <filesystem>
#include <iostream>

#include "moot/run.hpp"

int main(int argc, char** argv) {
    // A reader that goes away shows as a failed write.
    std::signal(SIGPIPE, SIG_IGN);
    // A file at the limit of its size, too.
    std::signal(SIGXFSZ, SIG_IGN);
    try {
        std::error_code error;
        const auto folder = std::filesystem::current_path(error);
        return folkmoot::moot::run_program({argv + 1, argv + argc}, {std::cin, std::cout, std::cerr, folder},
                                           nullptr);
    } catch (const std::exception& error) {
        // Only from the libraries for options and JSON, or for want of memory.
        std::cerr << "moot: " << error.what() << "\n";
        return 1;
    }
}
