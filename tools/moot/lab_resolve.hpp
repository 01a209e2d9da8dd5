// `moot lab resolve`: what deciding who belongs costs.
#pragma once

#include <cstdint>

#include "folkmoot/error.hpp"

namespace folkmoot::lab {

struct ResolveOptions {
    std::uint32_t ops = 100'000;
    std::uint32_t access = 1'000;
    std::uint32_t members = 100;
    /// If not 0: this many admins who all remove each other, and nothing else.
    std::uint32_t clique = 0;
};

struct ResolveReport {
    std::size_t ops = 0;
    std::size_t access_ops = 0;
    /// Everything from scratch, the graph being read.
    double resolve_ms = 0;
    /// Of one op in order: placing, judging, entering and resolving it, on average.
    double append_us = 0;
    std::size_t effective = 0;
    std::size_t voided = 0;
};

/// Ops have real ids and no signatures. CPU time of this thread.
[[nodiscard]] Result<ResolveReport> resolve(const ResolveOptions& options);

}  // namespace folkmoot::lab
