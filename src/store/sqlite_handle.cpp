#include "store/sqlite_handle.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace folkmoot::store {
namespace {

/// The system's error numbers at the last failures on the file and on its log, 0 where there was none;
/// without either, that of another file SQLite was writing (a backup).
std::array<int, 2> last_errors(sqlite3* handle) {
    std::array<int, 2> out{};
    if (handle == nullptr) return out;
    sqlite3_file_control(handle, "main", SQLITE_FCNTL_LAST_ERRNO, &out[0]);
    sqlite3_file* log = nullptr;
    sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, static_cast<void*>(&log));
    if (log != nullptr && log->pMethods != nullptr) {
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &out[1]);
    }
    if (out[0] == 0 && out[1] == 0) out[0] = sqlite3_system_errno(handle);
    return out;
}

bool lacks_space(int system_error) {
    return system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG;
}

/// The disk, a quota or a limit of the process is exhausted; SQLite reports only the first as such. A failed
/// fsync is never "full", whatever the reason: after it nobody knows what is on the disk.
bool means_full(int rc, const std::array<int, 2>& errors) {
    if ((rc & 0xff) == SQLITE_FULL) return true;
    if (rc != SQLITE_IOERR_WRITE && rc != SQLITE_IOERR_TRUNCATE) return false;
    const bool any = errors[0] != 0 || errors[1] != 0;
    return any && std::ranges::all_of(errors, [](int error) { return error == 0 || lacks_space(error); });
}

/// SQLite takes a read that the device refused for a damaged file system, and calls the file corrupt. Whoever
/// is told so may give up a good store. An error number stays until the file is closed, but so does the
/// distrust of the disk.
bool means_failed_read(int rc, const std::array<int, 2>& errors) {
    return (rc & 0xff) == SQLITE_CORRUPT &&
           std::ranges::any_of(errors, [](int error) { return error == EIO || error == ENXIO; });
}

}  // namespace

Result<Database> Database::open(const std::filesystem::path& path, bool create, const char* vfs) {
    Database out;
    out.path_ = path;
    sqlite3* handle = nullptr;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                      (create ? SQLITE_OPEN_CREATE : 0);
    const int rc = sqlite3_open_v2(path.c_str(), &handle, flags, vfs);
    out.handle_.reset(handle);
    if (rc != SQLITE_OK) return std::unexpected(out.error(rc, "open the store"));
    if (sqlite3_db_readonly(handle, "main") == 1) {
        return fail(ErrorCode::store_open, "no permission to write to " + path.string() +
                                               "; give this user the right to, or use another folder");
    }
    return out;
}

Error Database::error(int rc, const char* doing) const {
    const auto errors = last_errors(handle_.get());
    const std::string where = path_.string();
    const std::string start = std::string("cannot ") + doing + ": ";
    if (means_full(rc, errors)) {
        return {ErrorCode::store_full, start + "no space left for " + where +
                                           "; nothing of it was stored; free some space and try again"};
    }
    switch (means_failed_read(rc, errors) ? SQLITE_IOERR : rc & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {ErrorCode::store_locked, where + " is in use by another program; close that one first"};
        case SQLITE_NOTADB:
            return {
                ErrorCode::store_damaged,
                where + " is not a store, or its start is damaged; name another file or restore a backup"};
        case SQLITE_CORRUPT:
        case SQLITE_FORMAT:
        case SQLITE_TOOBIG:
        case SQLITE_MISMATCH:
        case SQLITE_ERROR:  // our statements do not fit the schema that the file has
            return {ErrorCode::store_damaged, start + where + " is damaged (" + sqlite3_errstr(rc) +
                                                  "); keep a copy, then run fsck or restore a backup"};
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_AUTH:
        case SQLITE_READONLY:
            return {ErrorCode::store_open,
                    start + where +
                        " or a file beside it cannot be opened for writing; check that the folder "
                        "exists and this user may write in it"};
        default: break;
    }
    std::string why = sqlite3_errstr(rc);
    for (const int error : errors) {
        if (error != 0) why += ", " + std::generic_category().message(error);
    }
    return {ErrorCode::store_io, start + "the disk under " + where + " failed (" + why + ", code " +
                                     std::to_string(rc) + "); check the disk, then open the store again"};
}

Result<void> Database::run(const char* sql, const char* doing) const {
    const int rc = exec(sql);
    if (rc != SQLITE_OK) return std::unexpected(error(rc, doing));
    return {};
}

Result<Statement> Database::prepare(std::string_view sql, bool kept) const {
    sqlite3_stmt* statement = nullptr;
    const unsigned flags = kept ? SQLITE_PREPARE_PERSISTENT : 0U;
    const int rc =
        sqlite3_prepare_v3(get(), sql.data(), static_cast<int>(sql.size()), flags, &statement, nullptr);
    if (rc != SQLITE_OK) return std::unexpected(error(rc, "read the schema"));
    return Statement(statement);
}

Result<std::int64_t> Database::number(std::string_view sql, const char* doing) const {
    auto query = prepare(sql);
    if (!query) return std::unexpected(query.error());
    const int rc = query->step();
    if (rc == SQLITE_DONE) return 0;
    if (rc != SQLITE_ROW) return std::unexpected(error(rc, doing));
    return query->number(0);
}

Result<std::string> Database::text(std::string_view sql, const char* doing) const {
    auto query = prepare(sql);
    if (!query) return std::unexpected(query.error());
    const int rc = query->step();
    if (rc == SQLITE_DONE) return std::string();
    if (rc != SQLITE_ROW) return std::unexpected(error(rc, doing));
    return query->text(0);
}

}  // namespace folkmoot::store
