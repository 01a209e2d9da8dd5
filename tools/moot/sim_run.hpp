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
    /// Ops that one peer of every world is behind; 0: as the seed has it.
    std::size_t backlog = 0;
    /// Runs every world also without its attacks, to compare (Q11).
    bool compare = false;
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

/// Of many worlds, what one has attacked in percent of the same world undisturbed: the least, a twentieth,
/// half and all but a twentieth of the worlds have at most so much.
struct Distribution {
    std::uint64_t least = 0;
    std::uint64_t low = 0;
    std::uint64_t median = 0;
    std::uint64_t high = 0;
};

/// Q11: what attacks cost the correct.
struct AttackCost {
    std::uint64_t worlds = 0;
    std::uint64_t delivered = 0;              // in all worlds
    std::uint64_t delivered_undisturbed = 0;  // in all worlds
    Distribution arrivals;                    // ops that came to other correct peers, more is better
    Distribution delay;                       // mean time that took, less is better
    Distribution agreement;                   // time to agree once faults end, less is better
};

struct RunReport {
    std::uint64_t seeds = 0;
    std::vector<Failure> failures;
    std::uint64_t simulated_ms = 0;
    std::uint64_t events = 0;
    std::map<std::string, std::uint64_t> faults, byzantine, reached, errors;
    /// The most there was of something in any world.
    std::map<std::string, std::uint64_t> peaks;
    /// Only with RunOptions::compare.
    AttackCost attacks;
    /// Seed and hash of its trace, of every seed.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> hashes;
    /// Of what was to be met at least once, what never was (Q14).
    std::vector<std::string> never;
};

/// False if there is no such plant.
[[nodiscard]] bool known_plant(const std::string& name);
[[nodiscard]] RunReport run(const RunOptions& options);

}  // namespace folkmoot::sim
