// Reading what can still be read of a damaged store, and putting another in its place.
#pragma once

#include <functional>

#include "store/sqlite_file.hpp"

namespace folkmoot::store {

struct Salvage {
    /// Whether the file could be opened as a database at all.
    bool readable = false;
    /// Rows that are named or must have been there, and cannot be read.
    std::uint64_t lost_rows = 0;
};

/// Gives every op whose row can be read to `visit`, in the order of the rows, with an id, signatures and a
/// payload that may be wrong, and fewer than there were. Reads row by row, as one bad page would end any
/// query that walks the table. store_locked if another process holds the store, store_version if a newer
/// program wrote it.
[[nodiscard]] Result<Salvage> salvage(const std::filesystem::path& path, bool payloads,
                                      const std::function<Result<void>(StoredOp&&)>& visit,
                                      const SqliteOptions& options = {});

/// Where the new store is built: NAME.repair.
[[nodiscard]] std::filesystem::path replacement_path(const std::filesystem::path& path);

/// Puts the closed store at replacement_path(path) in the place of the closed one at `path`, which keeps its
/// bytes under the name that is returned: NAME.damaged-1, -2 and so on, with its log beside it. After a crash
/// anywhere the old store is at `path`, or nothing that opens is and finish_replacement goes on.
[[nodiscard]] Result<std::filesystem::path> replace_store(const std::filesystem::path& path,
                                                          const SqliteOptions& options = {});
/// Whether a replacement that a crash ended has to be finished before anything else is done.
[[nodiscard]] bool replacement_interrupted(const std::filesystem::path& path,
                                           const SqliteOptions& options = {});
[[nodiscard]] Result<void> finish_replacement(const std::filesystem::path& path,
                                              const SqliteOptions& options = {});

}  // namespace folkmoot::store
