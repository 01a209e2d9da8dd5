// Creation, in an order such that a crash anywhere leaves no store or a good one:
//
//   build under a temporary name -> schema, instance, version in one transaction -> checkpoint, close
//     -> fsync the file -> rename without replacing -> fsync the directory -> open
//
// Nothing ever replaces a file at the final name. An empty file or a log without its file is therefore
// damage, not a store to be: taking it for new would make an author forget own ops, and so equivocate. The
// journal of the switch to WAL has the temporary name; were it to come back after a power cut, nothing would
// roll it back.
#include "store/sqlite_file.hpp"

#include <cerrno>
#include <system_error>

namespace folkmoot::store {
namespace {

namespace fs = std::filesystem;

constexpr const char* schema = R"sql(
CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE op(seq INTEGER PRIMARY KEY, id BLOB NOT NULL, signature BLOB, body BLOB NOT NULL) STRICT;
CREATE TABLE signature(seq INTEGER NOT NULL REFERENCES op(seq), place INTEGER NOT NULL, signature BLOB NOT NULL,
    PRIMARY KEY(seq, place)) STRICT, WITHOUT ROWID;
CREATE TABLE slot(place INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE TABLE free_slot(size INTEGER NOT NULL, place INTEGER NOT NULL REFERENCES slot(place),
    PRIMARY KEY(size, place)) STRICT, WITHOUT ROWID;
CREATE TABLE payload(seq INTEGER PRIMARY KEY REFERENCES op(seq),
    place INTEGER NOT NULL REFERENCES slot(place), length INTEGER NOT NULL) STRICT;
CREATE TABLE erased(seq INTEGER PRIMARY KEY REFERENCES op(seq)) STRICT;
CREATE TABLE remembered(peer BLOB NOT NULL, place INTEGER NOT NULL, instance BLOB NOT NULL,
    heads BLOB NOT NULL, PRIMARY KEY(peer, place)) STRICT, WITHOUT ROWID;
)sql";

fs::path with_suffix(fs::path path, const std::string& suffix) { return path += suffix; }

void remove_with_logs(FileSystem& files, const fs::path& path) {
    for (const char* suffix : {"", "-wal", "-journal", "-shm"}) files.remove(with_suffix(path, suffix));
}

std::unexpected<Error> io_failure(const char* doing, const fs::path& path, int system_error) {
    const bool full = system_error == ENOSPC || system_error == EDQUOT;
    return fail(full ? ErrorCode::store_full : ErrorCode::store_io,
                std::string("cannot ") + doing + " " + path.string() + ": " +
                    std::generic_category().message(system_error) +
                    (full ? "; free some space and try again" : "; check the disk and the folder"));
}

Result<void> sync_folder(FileSystem& files, const fs::path& folder) {
    if (const int why = files.sync_folder(folder); why != 0) return io_failure("sync", folder, why);
    return {};
}

/// Gives the finished file `from` the name `to`, durably; already_exists if something has that name.
Result<void> publish(FileSystem& files, const fs::path& from, const fs::path& to) {
    if (const int why = files.sync_file(from); why != 0) return io_failure("sync", from, why);
    const int why = files.rename_new(from, to);
    if (why == EEXIST) {
        return fail(ErrorCode::already_exists,
                    to.string() + " exists; name another file, or remove it first");
    }
    if (why != 0) return io_failure("create", to, why);
    return sync_folder(files, to.parent_path());
}

Result<void> configure(const Database& db) {
    sqlite3* handle = db.get();
    sqlite3_busy_timeout(handle, 0);
    // The file may come from elsewhere: it can neither run code nor make us allocate without bound.
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
    sqlite3_db_config(handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
    sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, 1 << 20);
    // locking_mode first: without it the first read would look for shared memory.
    return db.run(
        "PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL; PRAGMA trusted_schema=OFF;"
        "PRAGMA cell_size_check=ON; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON;"
        "PRAGMA journal_size_limit=16777216; PRAGMA cache_size=-8192",
        "configure the store");
}

/// Into WAL mode; takes the lock for as long as the connection lives.
Result<void> enter_wal(const Database& db) {
    const auto mode = db.text("PRAGMA journal_mode=WAL", "open the log of the store");
    if (!mode) return std::unexpected(mode.error());
    if (*mode == "wal") return {};
    return fail(ErrorCode::store_open, "the file system under " + db.path().string() +
                                           " cannot keep a write-ahead log; use a local disk");
}

Result<void> write_schema(const Database& db, const StoreInstance& instance) {
    const std::string stamp = "PRAGMA application_id=" + std::to_string(application_id) +
                              "; PRAGMA user_version=" + std::to_string(schema_version) + "; COMMIT";
    constexpr const char* doing = "create the store";
    if (auto begun = db.run("BEGIN IMMEDIATE", doing); !begun) return begun;
    if (auto made = db.run(schema, doing); !made) return made;
    {
        auto insert = db.prepare("INSERT INTO meta(name, value) VALUES('instance', ?), ('ops', x'30')");
        if (!insert) return std::unexpected(insert.error());
        insert->bind(1, instance.view());
        if (const int rc = insert->run(); rc != SQLITE_DONE) return std::unexpected(db.error(rc, doing));
    }
    if (auto stamped = db.run(stamp.c_str(), doing); !stamped) return stamped;
    return db.run("PRAGMA wal_checkpoint(TRUNCATE)", doing);
}

Result<void> build_file(const fs::path& path, const StoreInstance& instance, const char* vfs) {
    auto db = Database::open(path, true, vfs);
    if (!db) return std::unexpected(db.error());
    if (auto configured = configure(*db); !configured) return configured;
    if (auto wal = enter_wal(*db); !wal) return wal;
    return write_schema(*db, instance);
}

/// Temporary files of creations that a crash ended. A creation still going on loses to ours in publish.
void remove_leftovers(FileSystem& files, const fs::path& path) {
    for (const auto& name : files.names(path.parent_path(), path.filename().string() + ".new-")) {
        files.remove(path.parent_path() / name);
    }
}

Result<void> create_file(const fs::path& path, const StoreInstance& instance, const SqliteOptions& options) {
    FileSystem& files = *options.files;
    for (const char* suffix : {"-wal", "-journal"}) {
        const fs::path log = with_suffix(path, suffix);
        if (files.look(log).size > 0) {
            return fail(ErrorCode::store_damaged, log.string() +
                                                      " is left of a store whose file is gone; put " +
                                                      "that file back, or remove this one to start afresh");
        }
    }
    const fs::path temporary = with_suffix(path, ".new-" + to_hex(instance.view().first(8)));
    remove_with_logs(files, temporary);
    auto done = build_file(temporary, instance, options.vfs);
    // Who talks with whom is nobody else's business, and the log inherits the mode.
    if (done) files.restrict_to_owner(temporary);
    if (done) done = publish(files, temporary, path);
    remove_with_logs(files, temporary);
    if (done) {
        remove_leftovers(files, path);
        return {};
    }
    // Somebody else was faster. Whether it is a store is seen when it is opened.
    if (files.look(path).kind != FileSystem::Kind::nothing) return {};
    return done;
}

/// The file is ours and of a version we know. Nothing was written to it so far.
Result<void> check_version(const Database& db) {
    const auto application = db.number("PRAGMA application_id", "open the store");
    if (!application) return std::unexpected(application.error());
    if (*application != application_id) {
        return fail(ErrorCode::store_damaged,
                    db.path().string() + " is a database of another program; name " + "another file");
    }
    const auto version = db.number("PRAGMA user_version", "open the store");
    if (!version) return std::unexpected(version.error());
    if (*version > schema_version) {
        return fail(ErrorCode::store_version, db.path().string() +
                                                  " was written by a newer program (schema " +
                                                  std::to_string(*version) + ", this one knows " +
                                                  std::to_string(schema_version) + "); update this program");
    }
    if (*version == schema_version) return {};
    return fail(ErrorCode::store_damaged,
                db.path().string() + " has an impossible schema version; restore a " + "backup");
}

bool is_readable(const Database& db) {
    const auto answer = db.text("PRAGMA quick_check(1)", "check the store");
    return answer && *answer == "ok";
}

}  // namespace

Result<Database> open_file(const fs::path& given, const StoreInstance& new_instance,
                           const SqliteOptions& options) {
    std::error_code failed;
    const fs::path path = fs::absolute(given, failed);
    FileSystem& files = *options.files;
    const FileSystem::Look found = files.look(path);
    if (found.kind == FileSystem::Kind::nothing) {
        if (auto made = create_file(path, new_instance, options); !made) return std::unexpected(made.error());
    } else if (found.kind != FileSystem::Kind::file) {
        return fail(ErrorCode::store_open, path.string() + " is not a file that can be opened");
    } else if (found.size == 0) {
        return fail(ErrorCode::store_damaged, path.string() +
                                                  " is empty: it was cut to nothing or is no store; " +
                                                  "restore a backup, or remove it to start afresh");
    }
    auto db = Database::open(path, false, options.vfs);
    if (!db) return db;
    if (auto configured = configure(*db); !configured) return std::unexpected(configured.error());
    if (auto known = check_version(*db); !known) return std::unexpected(known.error());
    if (auto wal = enter_wal(*db); !wal) return std::unexpected(wal.error());
    // Also for a creation that a crash ended between its rename and its sync.
    if (auto synced = sync_folder(files, path.parent_path()); !synced) return std::unexpected(synced.error());
    return db;
}

Result<Database> open_damaged(const fs::path& path, const SqliteOptions& options) {
    auto db = Database::open(path, false, options.vfs);
    if (!db) return db;
    if (auto configured = configure(*db); !configured) return std::unexpected(configured.error());
    // Who wrote it may be among what is damaged; what a newer program wrote is not.
    const auto version = db->number("PRAGMA user_version", "open the store");
    const auto application = db->number("PRAGMA application_id", "open the store");
    if (!version) return std::unexpected(version.error());
    if (application == application_id && *version > schema_version) {
        if (auto known = check_version(*db); !known) return std::unexpected(known.error());
    }
    // Takes the lock. A log that cannot be used is as good as none here.
    auto wal = enter_wal(*db);
    if (!wal && wal.error().code == ErrorCode::store_locked) return std::unexpected(wal.error());
    // What is there stays as it is until it has gone aside.
    sqlite3_db_config(db->get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    return db;
}

Result<void> copy_file(const Database& source, const fs::path& given, FileSystem& files) {
    std::error_code failed;
    const fs::path to = fs::absolute(given, failed);
    if (files.look(to).kind != FileSystem::Kind::nothing) {
        return fail(ErrorCode::already_exists, to.string() + " exists; name another file for the backup");
    }
    const fs::path temporary = with_suffix(to, ".new-backup");
    remove_with_logs(files, temporary);
    auto vacuum = source.prepare("VACUUM INTO ?");
    if (!vacuum) return std::unexpected(vacuum.error());
    const std::string name = temporary.string();
    vacuum->bind(1, std::string_view(name));
    Result<void> done;
    if (const int rc = vacuum->run(); rc != SQLITE_DONE) {
        // SQLite answers so when it cannot ask for the size of the new file, or cannot read what it wrote to
        // it; the store itself is well.
        const bool copy_failed = rc == SQLITE_ERROR || ((rc & 0xff) == SQLITE_CORRUPT && is_readable(source));
        done = copy_failed ? io_failure("write", temporary, EIO)
                           : std::unexpected(source.error(rc, "write the backup"));
    }
    if (done) files.restrict_to_owner(temporary);
    if (done) done = publish(files, temporary, to);
    remove_with_logs(files, temporary);
    return done;
}

}  // namespace folkmoot::store
