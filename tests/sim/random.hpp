// The simulator's only source of randomness: one seed, split into a tree, so that what one part draws never
// shifts what another does. The same numbers with every compiler and library.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "folkmoot/bytes.hpp"

namespace folkmoot::sim {

/// SplitMix64 (G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", 2014).
class Random {
   public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    [[nodiscard]] std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15ULL;
        return mix(state_);
    }
    /// 0 to end - 1; end above 0. The bias is of no matter here.
    [[nodiscard]] std::uint64_t below(std::uint64_t end) { return next() % end; }
    /// Both ends included.
    [[nodiscard]] std::uint64_t between(std::uint64_t low, std::uint64_t high) {
        return low + below(high - low + 1);
    }
    [[nodiscard]] bool chance(std::uint64_t permille) { return below(1000) < permille; }
    template <class T>
    [[nodiscard]] const T& pick(const std::vector<T>& from) {
        return from.at(below(from.size()));
    }
    /// A generator of its own, decided by this one's seed and the name alone: drawing from this one before or
    /// after changes nothing.
    [[nodiscard]] static Random of(std::uint64_t seed, std::string_view name, std::uint64_t number = 0) {
        std::uint64_t state = mix(seed ^ 0x666f6c6b6d6f6f74ULL);
        for (const char c : name) state = mix(state ^ static_cast<std::uint8_t>(c));
        return Random(mix(state ^ number));
    }
    void fill(std::span<std::uint8_t> out) {
        for (auto& byte : out) byte = static_cast<std::uint8_t>(next());
    }

   private:
    [[nodiscard]] static std::uint64_t mix(std::uint64_t z) {
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31U);
    }
    std::uint64_t state_;
};

}  // namespace folkmoot::sim
