// Hash-table positions that an author of ids cannot predict: ids are hashes that can be ground, the seed
// is the table owner's. Nothing that leaves a peer depends on these values or on table order.
#pragma once

#include <cstdint>
#include <cstring>

#include "folkmoot/bytes.hpp"

namespace folkmoot {

/// Mixes 16 bytes of `data` (at least 16 long) with a seed by one widening multiplication.
[[nodiscard]] inline std::uint64_t salted_hash(ByteView data, std::uint64_t seed) {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    std::memcpy(&low, data.data(), 8);
    std::memcpy(&high, data.data() + 8, 8);
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(low ^ seed) * (high ^ (seed * 0x9e3779b97f4a7c15ULL | 1U));
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

}  // namespace folkmoot
