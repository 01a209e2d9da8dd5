// The scenario format: a small history with symbolic names, and what must come of it.
//
// Only the text is handled here. Names stay strings and what is left out stays left out, so that both the
// program (which makes real ops of it) and the tests (which feed a model) fill in the defaults themselves.
// A file that parses may still describe ops that cannot be admitted; that is what many of them are for.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "folkmoot/operation.hpp"

namespace folkmoot::scenario {

/// Whether `prev` is left to the default, is explicitly none (`null` in the file), or is named.
enum class PrevChoice : std::uint8_t { by_default, none, named };

struct ScenarioOp {
    std::string id;
    std::string author;
    Kind kind = Kind::post;
    /// All direct ancestors; `prev` may be among them or not.
    std::vector<std::string> deps;
    PrevChoice prev_choice = PrevChoice::by_default;
    std::string prev;
    /// Absent: chosen by rule M2.
    std::optional<std::string> as;
    /// Of add, link, set_level, remove, ban and unban.
    std::string subject;
    /// Of add, link and set_level; 0 to 255, whether it is allowed is for rule A1 to say.
    Level level = 0;
    /// Of remove and ban; an empty one differs from none (rule V3).
    std::optional<std::vector<std::string>> cut;
    /// Of create; empty means the author alone.
    std::vector<std::string> founders;
    Rules rules;

    friend bool operator==(const ScenarioOp&, const ScenarioOp&) = default;
};

/// What must come out; what is absent is not checked.
struct Expectation {
    std::optional<std::map<std::string, Level>> members;
    std::optional<std::vector<std::string>> void_ops;
    std::optional<std::vector<std::string>> invalid_ops;

    friend bool operator==(const Expectation&, const Expectation&) = default;
};

struct ScenarioFile {
    std::string name;
    std::string why;
    std::vector<ScenarioOp> ops;
    std::optional<Expectation> expect;

    friend bool operator==(const ScenarioFile&, const ScenarioFile&) = default;
};

/// Fails with bad_scenario and the place of the first fault; never throws. Unknown keys are ignored.
[[nodiscard]] Result<ScenarioFile> parse_scenario(std::string_view json);

/// As parse_scenario; file_io if the file cannot be read.
[[nodiscard]] Result<ScenarioFile> load_scenario(const std::string& path);

/// JSON with an op a line, ending in a newline. parse_scenario gives the same value back.
[[nodiscard]] std::string serialise_scenario(const ScenarioFile& file);

/// Indices into `ops` such that each op comes after those it names (deps, prev, as and cut) that the file
/// has: its id depends on theirs. Ops on a circle of names, which no hash can make, are left out.
[[nodiscard]] std::vector<std::size_t> causal_order(const ScenarioFile& file);

}  // namespace folkmoot::scenario
