// `moot lab ingest`: how fast a replica takes in history that a peer sends.
#pragma once

#include <cstdint>

#include "folkmoot/error.hpp"

namespace folkmoot::lab {

struct IngestOptions {
    std::uint32_t ops = 100'000;
    std::uint32_t authors = 8;
    std::uint32_t payload = 200;
    bool sqlite = false;        // else memory
    bool sign_each = false;     // else chains vouch
    std::uint32_t threads = 1;  // that verify
};

struct IngestReport {
    double ops_per_s = 0;
    /// The same by the processor's time, which neither waits for the disk nor shares with other programs.
    double ops_per_cpu_s = 0;
    /// libsodium's bare verification in the same run on the same core.
    double verify_per_s = 0;
    std::uint64_t ops = 0;
    std::uint64_t signatures_checked = 0;
    std::uint64_t peak_rss_bytes = 0;
    /// Graph and access of the receiver, payloads and bodies aside.
    double bytes_per_op_memory = 0;
};

/// A whole first sync through the session; only the receiver's share is timed, from message to durable
/// commit.
[[nodiscard]] Result<IngestReport> ingest(const IngestOptions& options);

}  // namespace folkmoot::lab
