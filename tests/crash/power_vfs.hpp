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

/// For a store on the mounted disk.
[[nodiscard]] store::SqliteOptions power_options();

}  // namespace folkmoot::crash
