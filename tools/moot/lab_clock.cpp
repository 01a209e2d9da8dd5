#include "moot/lab_clock.hpp"

#include <ctime>

namespace folkmoot::lab {
namespace {

double read(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

}  // namespace

double cpu_ms() { return read(CLOCK_THREAD_CPUTIME_ID); }
double wall_ms() { return read(CLOCK_MONOTONIC); }

}  // namespace folkmoot::lab
