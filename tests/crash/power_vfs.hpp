// The VFS and the file system of the store over a PowerDisk.
#pragma once

#include "crash/power_disk.hpp"
#include "store/sqlite_file.hpp"

namespace folkmoot::crash {

/// Where every path of that disk is; there is one folder.
inline const std::filesystem::path disk_folder = "/disk";

/// From here to the end of its scope the VFS works on `disk`. Scopes nest; connections may not outlive
/// theirs.
class Mounted {
   public:
    explicit Mounted(PowerDisk& disk);
    ~Mounted();
    Mounted(const Mounted&) = delete;
    Mounted& operator=(const Mounted&) = delete;

   private:
    PowerDisk* before_;
};

/// Calls that fail: of all that the store and SQLite make of the file system, reading included, the one with
/// number `at` from 0, and with `for_ever` all after it.
struct FailingCalls {
    std::int64_t at = -1;
    bool for_ever = false;
    bool full = false;  // for lack of space where a call can report that, else the device fails
    std::int64_t calls = 0;
    std::int64_t failed = 0;
};
[[nodiscard]] FailingCalls& failing_calls();

/// For a store on the mounted disk.
[[nodiscard]] store::SqliteOptions power_options();

}  // namespace folkmoot::crash
