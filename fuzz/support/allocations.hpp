// Counts what a target allocates, so that it can hold a decoder to "bounded before allocated". Include it in
// one file of a target: it replaces the global operators. MemorySanitizer has operators of its own, so under
// it nothing is counted.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

namespace folkmoot::fuzz {

/// Bytes asked for since the start.
inline std::size_t allocated_bytes = 0;

}  // namespace folkmoot::fuzz

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#define FOLKMOOT_FUZZ_OPERATORS_TAKEN
#endif
#endif

#ifndef FOLKMOOT_FUZZ_OPERATORS_TAKEN
void* operator new(std::size_t size) {
    folkmoot::fuzz::allocated_bytes += size;
    if (void* out = std::malloc(size)) return out;
    throw std::bad_alloc();
}
// What the standard library sorts with; given back by the operators below.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    folkmoot::fuzz::allocated_bytes += size;
    return std::malloc(size);
}
void operator delete(void* data) noexcept { std::free(data); }
void operator delete(void* data, std::size_t) noexcept { std::free(data); }
#endif
