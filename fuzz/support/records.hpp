// A mutator for scripts made of records of one size behind a header. The fuzzer's own mutator inserts single
// bytes, which shifts every later record and turns one change into a new script; this one keeps the rest of
// the story as it was.
#pragma once

#include <algorithm>
#include <cstring>

#include "folkmoot/bytes.hpp"

/// The fuzzer's mutator; absent where a corpus is only replayed.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size)
    __attribute__((weak));

namespace folkmoot::fuzz {

/// splitmix64: the fuzzer gives one number a call.
class Dice {
   public:
    explicit Dice(std::uint64_t seed) : state_(seed) {}
    std::size_t below(std::size_t n) {
        state_ += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
        return static_cast<std::size_t>((z ^ (z >> 31U)) % n);
    }

   private:
    std::uint64_t state_;
};

template <std::size_t header, std::size_t record>
class Records {
   public:
    /// For LLVMFuzzerCustomMutator: the new size.
    static std::size_t mutate(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed) {
        Dice dice(seed);
        if (max_size < header + record) return std::min(size, max_size);
        if (size < header) {
            std::memset(data + size, 0, header - size);
            size = header;
        }
        std::size_t count = (size - header) / record;
        const std::size_t most = (max_size - header) / record;
        const auto at = [data](std::size_t i) { return data + header + i * record; };
        // Opens a gap before record i.
        const auto open = [&](std::size_t i) {
            std::memmove(at(i + 1), at(i), (count - i) * record);
            ++count;
        };
        const std::size_t what = count == 0 ? 0 : dice.below(16);
        if (what <= 2 && count < most) {
            const std::size_t i = dice.below(count + 1);
            open(i);
            for (std::size_t b = 0; b < record; ++b) at(i)[b] = some_byte(dice);
        } else if (what == 3 && count < most) {
            const std::size_t from = dice.below(count);
            std::uint8_t copy[record];
            std::memcpy(copy, at(from), record);
            const std::size_t i = dice.below(count + 1);
            open(i);
            std::memcpy(at(i), copy, record);
        } else if (what == 4 && count > 1) {
            const std::size_t i = dice.below(count);
            const std::size_t gone = 1 + dice.below(std::min<std::size_t>(count - i, 4));
            std::memmove(at(i), at(i + gone), (count - i - gone) * record);
            count -= gone;
        } else if (what == 5 && count > 1) {
            const std::size_t a = dice.below(count);
            const std::size_t b = dice.below(count);
            if (a != b) std::swap_ranges(at(a), at(a) + record, at(b));
        } else if (what == 6) {
            data[dice.below(header)] = some_byte(dice);
        } else if (what <= 9 && LLVMFuzzerMutate != nullptr) {
            // Also gets the fuzzer's own hints, such as values it saw compared.
            std::uint8_t one[record];
            const std::size_t i = dice.below(count);
            std::memcpy(one, at(i), record);
            (void)LLVMFuzzerMutate(one, record, record);
            std::memcpy(at(i), one, record);
        } else if (count > 0) {
            at(dice.below(count))[dice.below(record)] = some_byte(dice);
        }
        return header + count * record;
    }

    /// For LLVMFuzzerCustomCrossOver: the beginning of one story and the end of another.
    static std::size_t cross(ByteView a, ByteView b, std::uint8_t* out, std::size_t max_size, unsigned seed) {
        Dice dice(seed);
        if (a.size() < header || b.size() < header || max_size < header) return 0;
        const std::size_t in_a = (a.size() - header) / record;
        const std::size_t in_b = (b.size() - header) / record;
        const std::size_t most = (max_size - header) / record;
        const std::size_t head = std::min(dice.below(in_a + 1), most);
        const std::size_t tail = std::min(dice.below(in_b + 1), most - head);
        std::memcpy(out, a.data(), header + head * record);
        if (tail > 0) {
            std::memcpy(out + header + head * record, b.data() + header + (in_b - tail) * record,
                        tail * record);
        }
        return header + (head + tail) * record;
    }

   private:
    // Small numbers choose something everywhere.
    static std::uint8_t some_byte(Dice& dice) {
        return static_cast<std::uint8_t>(dice.below(3) == 0 ? dice.below(256) : dice.below(24));
    }
};

}  // namespace folkmoot::fuzz

/// The two hooks, for a script of `record` bytes a record behind `header` bytes.
#define FOLKMOOT_FUZZ_RECORDS(header, record)                                                          \
    extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,               \
                                                   std::size_t max_size, unsigned seed) {              \
        return folkmoot::fuzz::Records<header, record>::mutate(data, size, max_size, seed);            \
    }                                                                                                  \
    extern "C" std::size_t LLVMFuzzerCustomCrossOver(                                                  \
        const std::uint8_t* a, std::size_t a_size, const std::uint8_t* b, std::size_t b_size,          \
        std::uint8_t* out, std::size_t max_size, unsigned seed) {                                      \
        return folkmoot::fuzz::Records<header, record>::cross({a, a_size}, {b, b_size}, out, max_size, \
                                                              seed);                                   \
    }
