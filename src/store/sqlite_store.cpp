// The store on SQLite.
//
// Schema (version 1; text in sqlite_file.cpp)
//   meta(name, value)                        'instance': 16 bytes; 'rolled_back': there if it may have been;
//                                            'ops': how many, in decimal
//   op(seq, id, signature, body)             one row an op, in the order of admission; `signature` is the
//   first
//                                            one received with it, NULL where the chain vouches
//   signature(seq, place, signature)         every further one, in the order received
//   slot(place, bytes)                       where payloads lie; payloads.hpp says why they never move
//   free_slot(size, place)                   the zeroed ones, by size
//   payload(seq, place, length)              which slot holds an op's payload
//   erased(seq)                              the payload was erased here on purpose
//   remembered(peer, place, instance, heads) frontiers known common; heads are ids one after the other
//
// States of an open store
//
//        open ----> WRITABLE --- I/O error, failed sync, damage ---> READ-ONLY ----> closed
//                     |  ^                                           (reads go on; opening again
//                     +--+ full disk: the transaction is undone       finds out what is on the disk)
//
// Invariants
//   I1  Rows of op are numbered 1 to count_ without a gap. Rows are added at the end and never change.
//       meta counts them: a page that decays can lose the last rows without a trace, and a history that is
//       shorter is as valid as the whole one.
//   I2  No two rows of op have the same id. No index in the file says so: append looks up every id first,
//       and this connection, holding the file's lock, is the only writer. check(full) verifies it.
//   I3  A row of signature, payload or erased names a row of op. payload and erased never share one. Each
//       slot is in exactly one row of payload or of free_slot, and in the latter it is all zeros.
//   I4  When a write returns success its transaction is in the log and the log is synced; the directory
//       entries of file and log were synced before.
//   I5  When a write returns an error nothing of it is visible, now or, after store_full, ever. After
//   store_io or
//       store_damaged it may be there, whole, once the store is opened again.
//   I6  After store_io or store_damaged this object writes no more: after a failed sync the kernel may hold
//       pages as clean that never reached the disk.
//   I7  index_filled_ implies that index_ has exactly the rows 1 to count_.
//   I8  After erase_payload and checkpoint the bytes are in neither file: slots never move and are zeroed in
//       place, and the log is cut to nothing.
#include "store/sqlite_store.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "store/batch.hpp"

namespace folkmoot::store {
namespace {

constexpr std::int64_t most_rows = std::numeric_limits<std::uint32_t>::max();

/// The hook runs after each commit and replaces SQLite's own checkpoints, which would swallow their errors.
int note_frames(void* frames, sqlite3*, const char*, int count) {
    *static_cast<int*>(frames) = count;
    return SQLITE_OK;
}

}  // namespace

Result<std::unique_ptr<Store>> SqliteStore::open(const std::filesystem::path& path,
                                                 const StoreInstance& new_instance,
                                                 const SqliteOptions& options) {
    auto db = open_file(path, new_instance, options);
    if (!db) return std::unexpected(db.error());
    std::unique_ptr<SqliteStore> out(new SqliteStore(std::move(*db), options));
    if (auto prepared = out->prepare(); !prepared) return std::unexpected(prepared.error());
    if (auto loaded = out->load(); !loaded) return std::unexpected(loaded.error());
    sqlite3_wal_hook(out->db_.get(), note_frames, &out->frames_);
    return out;
}

SqliteStore::~SqliteStore() {
    // After a failed sync the log is the only copy to trust: leave it for whoever opens next.
    if (read_only_) sqlite3_db_config(db_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Result<void> SqliteStore::prepare() {
    const std::pair<Statement*, const char*> wanted[] = {
        {&statements_.begin, "BEGIN IMMEDIATE"},
        {&statements_.commit, "COMMIT"},
        {&statements_.insert_op, "INSERT INTO op(seq, id, signature, body) VALUES(?, ?, ?, ?)"},
        {&statements_.count_ops, "UPDATE meta SET value = CAST(? AS BLOB) WHERE name = 'ops'"},
        {&statements_.insert_signature,
         "INSERT INTO signature(seq, place, signature) "
         "SELECT ?1, 1 + ifnull(max(place), 0), ?2 FROM signature WHERE seq = ?1"},
        {&statements_.id_at, "SELECT id FROM op WHERE seq = ?"},
        {&statements_.op_at, "SELECT id, signature, body FROM op WHERE seq = ?"},
        {&statements_.signatures_at, "SELECT signature FROM signature WHERE seq = ? ORDER BY place"},
        {&statements_.forget, "DELETE FROM remembered WHERE peer = ?"},
        {&statements_.insert_remembered,
         "INSERT INTO remembered(peer, place, instance, heads) VALUES(?, ?, ?, ?)"},
    };
    for (const auto& [statement, sql] : wanted) {
        auto made = db_.prepare(sql, true);
        if (!made) return std::unexpected(made.error());
        *statement = std::move(*made);
    }
    return payloads_.prepare(db_);
}

Result<void> SqliteStore::load() {
    auto query = db_.prepare("SELECT value FROM meta WHERE name = 'instance'");
    if (!query) return std::unexpected(query.error());
    const int rc = query->step();
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) return failure(rc, "open the store");
    const auto instance = rc == SQLITE_ROW ? StoreInstance::from(query->blob(0)) : std::nullopt;
    if (!instance) return damaged("the instance is missing");
    instance_ = *instance;
    const auto marks = db_.number("SELECT count(*) FROM meta WHERE name = 'rolled_back'", "open the store");
    if (!marks) return std::unexpected(marks.error());
    rolled_back_ = *marks > 0;
    const auto last = db_.number("SELECT max(seq) FROM op", "open the store");
    if (!last) return std::unexpected(last.error());
    const auto count = db_.text("SELECT value FROM meta WHERE name = 'ops'", "open the store");
    if (!count) return std::unexpected(count.error());
    if (*last < 0 || *last > most_rows || *count != std::to_string(*last)) {
        return damaged("ops are missing at the end, or numbered wrongly");
    }
    count_ = *last;
    return {};
}

std::unexpected<Error> SqliteStore::failure(int rc, const char* doing) const {
    Error error = db_.error(rc, doing);
    if (error.code != ErrorCode::store_full && error.code != ErrorCode::store_locked) read_only_ = true;
    return std::unexpected(std::move(error));
}

std::unexpected<Error> SqliteStore::damaged(const std::string& what) const {
    read_only_ = true;
    return fail(ErrorCode::store_damaged, db_.path().string() + " is damaged (" + what +
                                              "); keep a copy, then run fsck or restore a backup");
}

template <class Body>
Result<void> SqliteStore::write(const char* doing, Body&& body) {
    if (read_only_) {
        return fail(ErrorCode::store_read_only, "an earlier failure of the disk made " + db_.path().string() +
                                                    " read-only; check the disk, then open the store again");
    }
    if (const int rc = statements_.begin.run(); rc != SQLITE_DONE) return failure(rc, doing);
    Result<void> done = body();
    if (done) {
        const int rc = statements_.commit.run();
        if (rc == SQLITE_DONE) return done;
        done = failure(rc, doing);
    }
    // SQLite undoes by itself after some errors; a failing undo leaves nothing to trust.
    if (sqlite3_get_autocommit(db_.get()) == 0 && db_.exec("ROLLBACK") != SQLITE_OK) read_only_ = true;
    return done;
}

/// The commit before this is durable whatever happens here, so nothing is returned. Lack of space or a
/// running for_each puts it off to the next commit.
void SqliteStore::checkpoint_if_due() {
    if (frames_ < options_.checkpoint_frames || read_only_) return;
    const int rc = sqlite3_wal_checkpoint_v2(db_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    if (rc != SQLITE_OK) static_cast<void>(failure(rc, "move the log into the file"));
}

Result<void> SqliteStore::renew_instance(const StoreInstance& instance) {
    constexpr const char* doing = "renew the store's instance";
    auto done = write(doing, [&]() -> Result<void> {
        auto update = db_.prepare("UPDATE meta SET value = ? WHERE name = 'instance'");
        if (!update) return std::unexpected(update.error());
        const int rc = update->bind(1, instance.view()).run();
        if (rc != SQLITE_DONE) return failure(rc, doing);
        return write_mark(true);
    });
    if (done) instance_ = instance;
    if (done) rolled_back_ = true;
    return done;
}

/// Within a transaction.
Result<void> SqliteStore::write_mark(bool value) {
    auto change = db_.prepare(value ? "INSERT OR REPLACE INTO meta(name, value) VALUES('rolled_back', x'01')"
                                    : "DELETE FROM meta WHERE name = 'rolled_back'");
    if (!change) return std::unexpected(change.error());
    if (const int rc = change->run(); rc != SQLITE_DONE) return failure(rc, "mark the store");
    return {};
}

Result<void> SqliteStore::mark_rolled_back(bool value) {
    if (value == rolled_back_) return {};
    auto done = write("mark the store", [&] { return write_mark(value); });
    if (done) rolled_back_ = value;
    return done;
}

Result<void> SqliteStore::fill_index() const {
    if (index_filled_) return {};
    auto query = db_.prepare("SELECT seq, id FROM op ORDER BY seq");
    if (!query) return std::unexpected(query.error());
    IdIndex index;
    index.reserve(static_cast<std::size_t>(count_));
    int rc = SQLITE_ROW;
    for (std::int64_t row = 1; (rc = query->step()) == SQLITE_ROW; ++row) {
        const auto id = OpId::from(query->blob(1));
        if (!id || query->number(0) != row) return damaged("op " + std::to_string(row) + " is missing");
        index.insert(*id, static_cast<std::uint32_t>(row));
    }
    if (rc != SQLITE_DONE) return failure(rc, "read the ops");
    index_ = std::move(index);
    index_filled_ = true;
    return {};
}

Result<std::int64_t> SqliteStore::find(const OpId& id) const {
    if (auto filled = fill_index(); !filled) return std::unexpected(filled.error());
    std::int64_t found = 0;
    int rc = SQLITE_ROW;
    index_.find(id, [&](std::uint32_t row) {
        const ResetAtEnd reset(statements_.id_at);
        rc = statements_.id_at.bind(1, std::int64_t{row}).step();
        if (rc != SQLITE_ROW) return true;
        if (std::ranges::equal(statements_.id_at.blob(0), id.bytes)) found = row;
        return found != 0;
    });
    if (rc == SQLITE_DONE) return damaged("an op has gone");
    if (rc != SQLITE_ROW) return failure(rc, "look up an op");
    return found;
}

Result<std::int64_t> SqliteStore::row_of(const OpId& id) const {
    auto row = find(id);
    if (row && *row == 0) return not_found(id);
    return row;
}

Result<void> SqliteStore::insert(std::int64_t row, const StoredOp& op) {
    constexpr const char* doing = "store ops";
    Statement& insert_op = statements_.insert_op;
    insert_op.bind(1, row).bind(2, op.id.view()).bind(4, op.body);
    if (op.signatures.empty()) {
        insert_op.bind_null(3);
    } else {
        insert_op.bind(3, op.signatures.front().view());
    }
    if (const int rc = insert_op.run(); rc != SQLITE_DONE) return failure(rc, doing);
    if (op.signatures.size() > 1) {
        const auto signatures = distinct(op.signatures);
        for (std::size_t i = 1; i < signatures.size(); ++i) {
            const int rc = statements_.insert_signature.bind(1, row).bind(2, signatures[i].view()).run();
            if (rc != SQLITE_DONE) return failure(rc, doing);
        }
    }
    if (op.payload) {
        const int rc = payloads_.put_new(row, *op.payload);
        if (rc != SQLITE_DONE) return failure(rc, doing);
    }
    return {};
}

Result<void> SqliteStore::append(std::span<const StoredOp> ops) {
    if (ops.empty()) return {};
    if (auto good = check_batch(ops); !good) return good;
    for (const StoredOp& op : ops) {
        const auto row = find(op.id);
        if (!row) return std::unexpected(row.error());
        if (*row != 0) return already_stored(op.id);
    }
    if (std::cmp_greater(ops.size(), most_rows - count_)) {
        return fail(ErrorCode::store_full, "a store holds at most 4,294,967,295 ops; nothing was stored");
    }
    index_.reserve(ops.size());
    auto done = write("store ops", [&]() -> Result<void> {
        for (std::size_t i = 0; i < ops.size(); ++i) {
            auto inserted = insert(count_ + 1 + static_cast<std::int64_t>(i), ops[i]);
            if (!inserted) return inserted;
        }
        const auto now = count_ + static_cast<std::int64_t>(ops.size());
        if (const int rc = statements_.count_ops.bind(1, now).run(); rc != SQLITE_DONE) {
            return failure(rc, "store ops");
        }
        return {};
    });
    if (!done) return done;
    for (const StoredOp& op : ops) index_.insert(op.id, static_cast<std::uint32_t>(++count_));
    checkpoint_if_due();
    return {};
}

Result<void> SqliteStore::insert_signature(const OpSignature& late) {
    const auto row = row_of(late.id);
    if (!row) return std::unexpected(row.error());
    const auto held = read(late.id);
    if (!held) return std::unexpected(held.error());
    if (std::ranges::find(held->signatures, late.signature) != held->signatures.end()) return {};
    const int rc = statements_.insert_signature.bind(1, *row).bind(2, late.signature.view()).run();
    if (rc != SQLITE_DONE) return failure(rc, "store signatures");
    return {};
}

Result<void> SqliteStore::add_signatures(std::span<const OpSignature> signatures) {
    auto done = write("store signatures", [&]() -> Result<void> {
        for (const auto& late : signatures) {
            if (auto inserted = insert_signature(late); !inserted) return inserted;
        }
        return {};
    });
    if (done) checkpoint_if_due();
    return done;
}

Result<void> SqliteStore::add_payload(const OpId& id, ByteView payload) {
    if (auto sized = check_payload_size(payload); !sized) return sized;
    const auto row = row_of(id);
    if (!row) return std::unexpected(row.error());
    auto done = write("store a payload", [&]() -> Result<void> {
        const int rc = payloads_.put(*row, payload);
        if (rc != SQLITE_DONE) return failure(rc, "store a payload");
        return {};
    });
    if (done) checkpoint_if_due();
    return done;
}

Result<void> SqliteStore::erase_payload(const OpId& id) {
    const auto row = row_of(id);
    if (!row) return std::unexpected(row.error());
    auto done = write("erase a payload", [&]() -> Result<void> {
        const int rc = payloads_.erase(*row);
        if (rc != SQLITE_DONE) return failure(rc, "erase a payload");
        return {};
    });
    if (done) checkpoint_if_due();
    return done;
}

Result<void> SqliteStore::remember(const DeviceKey& peer, std::span<const RememberedFrontier> frontiers) {
    constexpr const char* doing = "remember a peer";
    const auto kept = frontiers.first(std::min(frontiers.size(), limits::remembered_frontiers_per_peer));
    auto done = write(doing, [&]() -> Result<void> {
        int rc = statements_.forget.bind(1, peer.view()).run();
        std::int64_t place = 0;
        for (const RememberedFrontier& frontier : kept) {
            if (rc != SQLITE_DONE) break;
            Bytes heads;
            for (const OpId& head :
                 std::span(frontier.heads).first(std::min(frontier.heads.size(), limits::frontier_ids))) {
                folkmoot::append(heads, head.view());
            }
            Statement& insert = statements_.insert_remembered;
            insert.bind(1, peer.view())
                .bind(2, place++)
                .bind(3, frontier.peer_instance.view())
                .bind(4, heads);
            rc = insert.run();
        }
        if (rc != SQLITE_DONE) return failure(rc, doing);
        return {};
    });
    if (done) checkpoint_if_due();
    return done;
}

Result<void> SqliteStore::checkpoint() {
    if (read_only_) {
        return fail(ErrorCode::store_read_only, "an earlier failure of the disk made " + db_.path().string() +
                                                    " read-only; check the disk, then open the store again");
    }
    const int rc =
        sqlite3_wal_checkpoint_v2(db_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    if (rc != SQLITE_OK) return failure(rc, "move the log into the file");
    frames_ = 0;
    return {};
}

Result<void> SqliteStore::backup(const std::filesystem::path& to) const {
    return copy_file(db_, to, *options_.files);
}

Result<std::unique_ptr<Store>> open_sqlite_store(const std::filesystem::path& path,
                                                 const StoreInstance& new_instance,
                                                 const SqliteOptions& options) {
    return SqliteStore::open(path, new_instance, options);
}

}  // namespace folkmoot::store

namespace folkmoot {

Result<std::unique_ptr<Store>> open_sqlite_store(const std::filesystem::path& path,
                                                 const StoreInstance& new_instance) {
    return store::open_sqlite_store(path, new_instance, store::SqliteOptions{});
}

}  // namespace folkmoot
