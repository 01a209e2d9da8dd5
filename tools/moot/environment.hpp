// What a command runs in: its streams, its options, and the home with its groups.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "folkmoot/error.hpp"

namespace folkmoot::moot {

/// Options every command takes.
struct Options {
    bool json = false;
    bool quiet = false;
    bool verbose = false;
    std::string home;
};

class Environment {
   public:
    Environment(std::ostream& out, std::ostream& err, Options options);

    [[nodiscard]] const Options& options() const { return options_; }
    [[nodiscard]] bool json() const { return options_.json; }
    [[nodiscard]] std::ostream& out() { return out_; }
    [[nodiscard]] std::ostream& err() { return err_; }

    /// One JSON object as one line on standard output.
    void print(const nlohmann::ordered_json& value);
    /// A line for people; nothing under -q or --json.
    void say(const std::string& line);

   private:
    std::ostream& out_;
    std::ostream& err_;
    Options options_;
};

/// Writes the error as cli.md wants it and returns the exit code for it.
int report(Environment& environment, const Error& error);

}  // namespace folkmoot::moot
