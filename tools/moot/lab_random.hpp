// A small seeded generator for made-up histories: the same numbers with every compiler and library.
#pragma once

#include <cstdint>

namespace folkmoot::lab {

/// SplitMix64 (G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", 2014).
class Random {
   public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    /// A number below `end`, which is at least 1; the bias is of no matter here.
    std::uint32_t below(std::uint32_t end) {
        state_ += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
        return static_cast<std::uint32_t>((z ^ (z >> 31U)) % end);
    }

   private:
    std::uint64_t state_;
};

}  // namespace folkmoot::lab
