// What the commands that talk to peers share.
#pragma once

#include <cstdint>

#include "moot/environment.hpp"

namespace folkmoot::moot {

inline constexpr std::uint64_t sync_timeout_ms = 600'000;
inline constexpr int partly_done = 3;

/// Like report; what a session found wrong with bytes it was given is the peer's doing, whatever the code
/// says otherwise.
int report_failure(Environment& environment, const Error& error);

}  // namespace folkmoot::moot
