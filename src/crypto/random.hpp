// The one place that draws randomness from the system. Only drivers (net, tools) call it; the core
// takes random bytes as arguments.
#pragma once

#include "folkmoot/bytes.hpp"

namespace folkmoot::crypto {

void random_bytes(std::span<std::uint8_t> out);
[[nodiscard]] std::uint64_t random_number();

}  // namespace folkmoot::crypto
