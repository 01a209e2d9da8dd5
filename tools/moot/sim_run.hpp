// Simulated worlds, by seed. The simulator itself stands with the tests and is linked in where it is built.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace folkmoot::sim {

struct RunOptions {
    std::uint64_t start = 1;
    std::uint64_t seeds = 1;
    /// A defect to build in, by name; empty for none.
    std::string plant;
    /// Where the trace of the first failure goes; empty: nowhere.
    std::string trace_folder;
    /// Makes the first failure small.
    bool shrink = true;
    /// Ends at the first failure.
    bool stop_at_failure = false;
    /// Asked before every seed; true ends the run.
    std::function<bool()> enough;
    /// Told after every seed.
    std::function<void(std::uint64_t seed, bool failed)> progress;
};

struct Failure {
    std::uint64_t seed = 0;
    /// The law that did not hold, and how.
    std::string law;
    std::string text;
    /// What is left of the plan when nothing more can be left out.
    std::vector<std::string> minimal;
    std::string trace_file;
};

struct RunReport {
    std::uint64_t seeds = 0;
    std::vector<Failure> failures;
    std::uint64_t simulated_ms = 0;
    std::uint64_t events = 0;
    std::map<std::string, std::uint64_t> faults, byzantine, reached, errors;
    /// Seed and hash of its trace, of every seed.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> hashes;
    /// Of what was to be met at least once, what never was (Q14).
    std::vector<std::string> never;
};

/// False if there is no such plant.
[[nodiscard]] bool known_plant(const std::string& name);
[[nodiscard]] RunReport run(const RunOptions& options);

}  // namespace folkmoot::sim
