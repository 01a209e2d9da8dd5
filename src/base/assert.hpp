// Always-on assertion for our own bugs. Never reachable from a peer's bytes, the disk or a user.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace folkmoot::detail {

[[noreturn]] inline void assertion_failed(const char* what, const char* file, int line) {
    std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, what);
    std::abort();
}

}  // namespace folkmoot::detail

#define FOLKMOOT_ASSERT(condition)      \
    ((condition) ? static_cast<void>(0) \
                 : ::folkmoot::detail::assertion_failed(#condition, __FILE__, __LINE__))
