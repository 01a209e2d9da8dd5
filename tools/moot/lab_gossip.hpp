// `moot lab gossip`: how long an op takes to reach everybody, with peers chosen uniformly or as learnt.
#pragma once

#include <cstdint>

#include "folkmoot/error.hpp"

namespace folkmoot::lab {

struct GossipOptions {
    std::uint32_t peers = 20;
    std::uint32_t ops = 200;
    std::uint64_t seed = 1;
    bool learned = true;
    /// Each peer starts a session so often, give or take half.
    std::uint64_t interval_ms = 1000;
};

struct GossipReport {
    std::uint64_t visible = 0;  // ops that everybody holds in the end
    double mean_ms = 0;         // from being written until the last peer holds it
    double median_ms = 0;
    double p95_ms = 0;
    std::uint64_t sessions = 0;
    std::uint64_t failed = 0;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;  // of messages, without channel
    std::uint64_t simulated_ms = 0;
};

/// Real replicas and sessions over a simulated network, in virtual time: equal options, equal report. Peers
/// sit in five regions, a few milliseconds from each other within one and up to 150 between two; some
/// peers write much, most write nothing.
[[nodiscard]] Result<GossipReport> gossip(const GossipOptions& options);

}  // namespace folkmoot::lab
