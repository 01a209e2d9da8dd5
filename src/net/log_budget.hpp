// How much may be written down about each peer, so that nobody fills a disk by connecting, failing and coming
// again (CVE-2025-54604, CVE-2025-54605).
//
// A source is whom a cap per address counts (C17): keys are free, addresses are not. Each has a bucket that
// holds half of an hour's bytes and fills again within an hour, so that no hour has more than
// limits::log_bytes_per_hour of it. When there are too many sources to remember, those whose bucket is full
// are forgotten, which changes nothing, and further ones share a bucket: the whole stays below
// (limits::log_sources + 1) times that, whoever comes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "folkmoot/limits.hpp"

namespace folkmoot::net {

/// Not thread-safe. Times are monotonic. A call costs O(log n), and O(n) while the table is full.
class LogBudget {
   public:
    explicit LogBudget(std::uint64_t bytes_per_hour = limits::log_bytes_per_hour,
                       std::size_t sources = limits::log_sources)
        : room_(bytes_per_hour / 2), sources_(sources) {}

    /// Whether a line of `bytes` about the peer at "HOST:PORT" may be written: how many lines about its
    /// source were left out since the last one, or nothing if this one is left out too. An address of this
    /// machine's own doing, such as a name to dial, is a source like any other.
    [[nodiscard]] std::optional<std::uint64_t> admit(const std::string& address, std::uint64_t bytes,
                                                     std::uint64_t now_ms);
    [[nodiscard]] std::size_t sources() const { return buckets_.size(); }

   private:
    struct Bucket {
        std::uint64_t used = 0;  // of room_, at updated_ms
        std::uint64_t updated_ms = 0;
        std::uint64_t left_out = 0;
    };
    void refill(Bucket& bucket, std::uint64_t now_ms) const;
    [[nodiscard]] Bucket& bucket_of(const std::string& source, std::uint64_t now_ms);

    std::uint64_t room_;
    std::size_t sources_;
    std::map<std::string, Bucket> buckets_;
    Bucket others_;
};

}  // namespace folkmoot::net
