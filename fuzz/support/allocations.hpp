// Counts what a target allocates, so that it can hold a decoder to "bounded before allocated". Include it in
// one file of a target: it replaces the global operators.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

namespace folkmoot::fuzz {

/// Bytes asked for since the start.
inline std::size_t allocated_bytes = 0;

}  // namespace folkmoot::fuzz

void* operator new(std::size_t size) {
    folkmoot::fuzz::allocated_bytes += size;
    if (void* out = std::malloc(size)) return out;
    throw std::bad_alloc();
}
void operator delete(void* data) noexcept { std::free(data); }
void operator delete(void* data, std::size_t) noexcept { std::free(data); }
