// What the store asks of the file system besides what SQLite does: names, and that they are on the disk.
// An interface, so that tests can cut the power between any two of these calls.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "folkmoot/error.hpp"

namespace folkmoot::store {

class FileSystem {
   public:
    enum class Kind : std::uint8_t { nothing, file, other };
    struct Look {
        Kind kind = Kind::nothing;
        std::uint64_t size = 0;  // of a file
    };
    virtual ~FileSystem() = default;

    /// What has this name; links are followed.
    [[nodiscard]] virtual Look look(const std::filesystem::path& path) = 0;
    /// Names in the folder that start so; those that can be read.
    [[nodiscard]] virtual std::vector<std::string> names(const std::filesystem::path& folder,
                                                         const std::string& start) = 0;
    /// Those below return the system's error number, 0 for none. Renaming onto a name that exists: EEXIST.
    [[nodiscard]] virtual int rename_new(const std::filesystem::path& from,
                                         const std::filesystem::path& to) = 0;
    /// Only for files that no connection of this process has open: closing drops its locks.
    [[nodiscard]] virtual int sync_file(const std::filesystem::path& path) = 0;
    [[nodiscard]] virtual int sync_folder(const std::filesystem::path& path) = 0;

    /// Whether it worked makes no difference to the callers.
    virtual void remove(const std::filesystem::path& path) = 0;
    virtual void restrict_to_owner(const std::filesystem::path& path) = 0;
};

/// The system's own.
[[nodiscard]] FileSystem& system_files();

}  // namespace folkmoot::store
