// `moot lab reconcile`: two replicas, real signatures, encoding and session, over a wire in memory.
#pragma once

#include <string>

#include "folkmoot/session.hpp"
#include "moot/lab_history.hpp"

namespace folkmoot::lab {

/// What the two ends remember of each other.
enum class Memory : std::uint8_t {
    first,  // nothing
    met,    // both the point where they last met
    lost,   // only A; the disk of B is new or from before they met
    stale,  // A that point, B one half as far back: each names a frontier that the other does not know
};

struct ReconcileOptions {
    Memory memory = Memory::first;
    /// So many of the common ops came to both from others after they last met. Fewer than the common ops.
    std::size_t third_party = 0;
    /// Measures so often; the CPU times are the least of all.
    unsigned repeat = 1;
    SummaryChoice summary = SummaryChoice::automatic;
    bool sign_each = false;
};

struct ReconcileReport {
    std::size_t common = 0;
    std::size_t only_a = 0;
    std::size_t only_b = 0;
    std::uint64_t bytes_total = 0;
    std::uint64_t bytes_ops = 0;
    std::uint64_t trips = 0;
    double session_ms = 0;
    double total_ms = 0;
    std::uint64_t signatures_checked = 0;
    std::uint64_t ops_delivered = 0;
    std::string summary;
    bool complete = false;
    bool equal = false;
    Outcome outcome = Outcome::failed;
    std::string error;
};

/// CPU times are of this thread; `session_ms` is all of it but checking signatures.
[[nodiscard]] Result<ReconcileReport> reconcile(const History& history, const ReconcileOptions& options);

}  // namespace folkmoot::lab
