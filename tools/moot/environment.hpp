// What a command runs in: its streams, its options, and the home with its groups, opened here or held by the
// daemon.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "moot/groups.hpp"
#include "moot/names.hpp"

namespace folkmoot::moot {

/// Options every command takes.
struct Options {
    bool json = false;
    bool quiet = false;
    bool verbose = false;
    std::string home;
};

/// Where a command reads and writes.
struct Streams {
    std::istream& in;
    std::ostream& out;
    std::ostream& err;
    /// Relative paths start here.
    std::filesystem::path folder;
};

class Environment {
   public:
    /// `held` are the daemon's groups, null where commands open their own.
    Environment(const Streams& streams, Options options, Groups* held);
    ~Environment();

    [[nodiscard]] const Options& options() const { return options_; }
    [[nodiscard]] bool json() const { return options_.json; }
    [[nodiscard]] std::ostream& out() { return streams_.out; }
    [[nodiscard]] std::ostream& err() { return streams_.err; }
    [[nodiscard]] std::filesystem::path path(const std::string& text) const { return streams_.folder / text; }

    /// One JSON object as one line on standard output.
    void print(const nlohmann::ordered_json& value);
    /// A line of the answer; nothing under --json.
    void answer(const std::string& line);
    /// A line that tells what was done; nothing under --json or -q.
    void say(const std::string& line);
    /// A line on standard error for people; nothing under --json or -q.
    void note(const std::string& line);
    /// All of standard input, at most `most` bytes.
    [[nodiscard]] Result<std::string> read_input(std::size_t most);

    [[nodiscard]] std::filesystem::path home_folder() const { return Home::locate(options_.home); }
    /// The device's home and groups; no_home, unsafe_key_file.
    [[nodiscard]] Result<Groups*> groups();
    /// Closes what this opened; groups() opens it anew. The daemon's stay open.
    void close_own_groups();
    /// The group the user named.
    [[nodiscard]] Result<OpenGroup*> group(const std::string& text);
    /// Precondition: groups() succeeded.
    [[nodiscard]] const Names& names();

   private:
    Streams streams_;
    Options options_;
    Groups* groups_;
    std::unique_ptr<Signer> signer_;
    std::unique_ptr<Groups> own_groups_;
    /// The daemon's contacts may be older than the file.
    std::optional<Home> home_;
    std::optional<Names> names_;
};

/// Writes the error, as text or as an object under --json, and returns the exit code for it.
int report(Environment& environment, const Error& error);

[[nodiscard]] int exit_code_of(ErrorCode code);
[[nodiscard]] nlohmann::ordered_json error_json(const Error& error);

}  // namespace folkmoot::moot
