// A file system that fails on demand: SQLite's own method of testing, call n fails, for all n.
#pragma once

#include <cstdint>

namespace folkmoot::test {

enum class Fault : std::uint8_t { write_error, write_full, sync_error, read_error };

/// Registered as "faulty" over the system's VFS. One at a time; not thread-safe.
struct FaultPlan {
    Fault fault = Fault::write_error;
    /// Which call of that sort fails, from 0; negative: none.
    std::int64_t at = -1;
    /// All later ones fail too.
    bool for_ever = false;
    /// Calls of that sort so far, and how many failed.
    std::int64_t calls = 0;
    std::int64_t failed = 0;
};
inline constexpr const char* faulty_vfs = "faulty";
/// Registers the VFS on first use. What it does next is in the returned plan, which may be assigned to.
FaultPlan& fault_plan();

}  // namespace folkmoot::test
