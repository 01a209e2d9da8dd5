// How long to wait before something is tried again that has come to nothing: twice as long each time, from
// one bound to another, and never for good (C13, C18). Without randomness; whoever meets many adds some.
#pragma once

#include <algorithm>
#include <cstdint>

#include "folkmoot/limits.hpp"

namespace folkmoot {

class Backoff {
   public:
    explicit Backoff(std::uint64_t first_ms = limits::first_retry_ms,
                     std::uint64_t last_ms = limits::last_retry_ms)
        : first_ms_(first_ms), last_ms_(std::max(first_ms, last_ms)) {}

    /// The pause after another attempt in vain.
    [[nodiscard]] std::uint64_t next_ms() {
        pause_ms_ = pause_ms_ == 0 ? first_ms_ : pause_ms_ > last_ms_ / 2 ? last_ms_ : pause_ms_ * 2;
        return pause_ms_;
    }
    /// An attempt brought something: the next pause is the first one again.
    void reset() { pause_ms_ = 0; }

   private:
    std::uint64_t first_ms_;
    std::uint64_t last_ms_;
    std::uint64_t pause_ms_ = 0;  // the last one given; 0: none
};

}  // namespace folkmoot
