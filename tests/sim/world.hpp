// What all parts of one simulated world share: the virtual clock with what is due, the trace, what was
// reached, and the first thing that went wrong.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "folkmoot/error.hpp"
#include "folkmoot/operation.hpp"
#include "sim/random.hpp"

namespace folkmoot::sim {

/// How often what happened, by name; ordered, so that it prints the same everywhere.
using Counts = std::map<std::string, std::uint64_t>;
void add_counts(Counts& to, const Counts& from);

/// A law that did not hold.
struct Violation {
    std::string oracle;  // Q1 to Q14, Y, C
    std::string text;
};

class World {
   public:
    World(std::uint64_t seed, bool keep_trace) : seed_(seed), keep_trace_(keep_trace) {}
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    [[nodiscard]] std::uint64_t seed() const { return seed_; }
    [[nodiscard]] std::uint64_t now_ms() const { return now_ms_; }
    [[nodiscard]] std::uint64_t events() const { return events_; }

    /// What is due at the same time happens in the order in which it was asked for.
    void after(std::uint64_t delay_ms, std::function<void()> what);
    /// Does what is due next, if that is not after `until_ms`; else moves the clock there and gives false.
    bool step(std::uint64_t until_ms);

    /// One line an event. The hash covers every line, kept or not.
    void trace(const std::string& who, const std::string& what);
    [[nodiscard]] std::uint64_t trace_hash() const { return hash_; }
    [[nodiscard]] const std::vector<std::string>& trace_lines() const { return lines_; }

    void fault(const std::string& name) { ++faults_[name]; }
    void reached(const std::string& probe) { ++reached_[probe]; }
    void acted(const std::string& role) { ++byzantine_[role]; }
    void error(ErrorCode code) { ++errors_[std::string(name_of(code))]; }
    /// Q11: a correct peer made an op; another correct one holds it.
    void made(const OpId& op) { made_.emplace(op, now_ms_); }
    void arrived(const OpId& op);
    [[nodiscard]] std::uint64_t arrivals() const { return arrivals_; }
    /// Of all arrivals together.
    [[nodiscard]] std::uint64_t delay_ms() const { return delay_ms_; }

    /// The most there ever was of something.
    void peak(const char* what, std::uint64_t much) {
        auto& most = peaks_[what];
        most = std::max(most, much);
    }
    /// Nothing has gone wrong and nobody has lied so far.
    [[nodiscard]] bool quiet() const { return faults_.empty() && byzantine_.empty(); }
    [[nodiscard]] const Counts& peaks() const { return peaks_; }
    [[nodiscard]] const Counts& faults() const { return faults_; }
    [[nodiscard]] const Counts& reached() const { return reached_; }
    [[nodiscard]] const Counts& byzantine() const { return byzantine_; }
    [[nodiscard]] const Counts& errors() const { return errors_; }

    /// Only the first is kept: what follows is mostly its consequence.
    void violate(const std::string& oracle, const std::string& text);
    [[nodiscard]] const std::optional<Violation>& violation() const { return violation_; }

   private:
    struct Due {
        std::uint64_t at_ms;
        std::uint64_t number;
        std::function<void()> what;
        friend bool operator<(const Due& a, const Due& b) {
            return a.at_ms != b.at_ms ? a.at_ms > b.at_ms : a.number > b.number;
        }
    };
    std::uint64_t seed_;
    bool keep_trace_;
    std::uint64_t now_ms_ = 0;
    std::uint64_t events_ = 0;
    std::uint64_t numbered_ = 0;
    std::priority_queue<Due> due_;
    std::uint64_t hash_ = 0xcbf29ce484222325ULL;
    std::vector<std::string> lines_;
    Counts faults_, reached_, byzantine_, errors_, peaks_;
    std::map<OpId, std::uint64_t> made_;
    std::uint64_t arrivals_ = 0;
    std::uint64_t delay_ms_ = 0;
    std::optional<Violation> violation_;
};

/// The first digits of an id or key, enough to tell those of one world apart.
[[nodiscard]] std::string brief(ByteView bytes);

}  // namespace folkmoot::sim
