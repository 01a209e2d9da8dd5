// Scenario files as the slow model sees them, and its histories as scenario files.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "model/model.hpp"
#include "moot/scenario_file.hpp"

namespace folkmoot::scenario {

/// A scenario with its defaults filled in, in causal order: prev by chain, `as` by M2.
struct Loaded {
    model::History history;
    model::Model model;
    /// By number of op and of device.
    std::vector<std::string> op_names;
    std::vector<std::string> device_names;
    /// Ops on a circle of ancestors: never admitted, in no history.
    std::vector<std::string> impossible;
};

/// Ids are the symbolic names padded with zeros, so equal ranks fall by name (at most 32 characters count).
[[nodiscard]] Loaded load(const ScenarioFile& file);

/// What the model says of all the ops.
[[nodiscard]] Expectation judged(const Loaded& loaded);

/// One line a difference; empty if everything that `expected` names is so.
[[nodiscard]] std::string differences(const Expectation& expected, const Expectation& found);

/// The history as a scenario with `prev` and `as` written out; ops are named o0, o1..., devices d0, d1...
/// References to unknown ops name "nowhere". `expect` is what the model finds.
[[nodiscard]] ScenarioFile to_scenario(const model::History& history, std::string name, std::string why);

}  // namespace folkmoot::scenario
