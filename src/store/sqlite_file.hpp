// From a path to a connection that may be used: creation, locking, version gate, durable copies.
#pragma once

#include "store/file_system.hpp"
#include "store/sqlite_handle.hpp"

namespace folkmoot::store {

/// Written into the header of every store, "folk" in ASCII.
inline constexpr std::int64_t application_id = 0x666f6c6b;
/// Rises with every change of the schema.
inline constexpr std::int64_t schema_version = 1;

/// What tests vary. The defaults are what open_sqlite_store uses.
struct SqliteOptions {
    /// Name of a registered VFS, null for the system's.
    const char* vfs = nullptr;
    /// Where that VFS keeps its files.
    FileSystem* files = &system_files();
    /// Frames of 4 KiB in the log after which a commit is followed by a checkpoint.
    int checkpoint_frames = 2000;
};

/// A connection to the store at `path`, locked, configured, of this version and in WAL mode; the file is
/// created first if there is none.
[[nodiscard]] Result<Database> open_file(const std::filesystem::path& path, const StoreInstance& new_instance,
                                         const SqliteOptions& options);

/// A connection to a store of which anything may be damaged, for reading what is left of it. store_damaged if
/// nothing is.
[[nodiscard]] Result<Database> open_damaged(const std::filesystem::path& path, const SqliteOptions& options);

/// A durable copy of what `source` sees at `to`, without traces of what was erased.
[[nodiscard]] Result<void> copy_file(const Database& source, const std::filesystem::path& to,
                                     FileSystem& files);

/// open_sqlite_store with a choice.
[[nodiscard]] Result<std::unique_ptr<Store>> open_sqlite_store(const std::filesystem::path& path,
                                                               const StoreInstance& new_instance,
                                                               const SqliteOptions& options);

}  // namespace folkmoot::store
