#include "store/sqlite_handle.hpp"

#include <cerrno>
#include <system_error>

namespace folkmoot::store {
namespace {

/// The disk, a quota or a limit of the process is exhausted: SQLite reports only the first as such. A failed
/// fsync is never "full", whatever the reason: after it nobody knows what is on the disk.
bool means_full(int rc, int system_error) {
    if ((rc & 0xff) == SQLITE_FULL) return true;
    const bool a_write = rc == SQLITE_IOERR_WRITE || rc == SQLITE_IOERR_TRUNCATE;
    return a_write && (system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG);
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
    const int system_error = handle_ ? sqlite3_system_errno(handle_.get()) : 0;
    const std::string where = path_.string();
    const std::string start = std::string("cannot ") + doing + ": ";
    if (means_full(rc, system_error)) {
        return {ErrorCode::store_full, start + "no space left for " + where +
                                           "; nothing of it was stored; free some space and try again"};
    }
    switch (rc & 0xff) {
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
    if (system_error != 0) why += ", " + std::generic_category().message(system_error);
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
