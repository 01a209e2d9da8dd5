#include "store/payloads.hpp"

namespace folkmoot::store {
namespace {

/// The size class of a payload: a power of two, or one and a half of one.
std::size_t slot_size(std::size_t length) {
    std::size_t size = 64;
    while (size < length) size *= 2;
    const std::size_t between = size / 4 * 3;
    return size > 64 && between >= length ? between : size;
}

}  // namespace

Result<void> Payloads::prepare(const Database& db) {
    handle_ = db.get();
    const std::pair<Statement*, const char*> wanted[] = {
        {&find_, "SELECT place, length FROM payload WHERE seq = ?"},
        {&insert_, "INSERT INTO payload(seq, place, length) VALUES(?, ?, ?)"},
        {&remove_, "DELETE FROM payload WHERE seq = ?"},
        {&add_slot_, "INSERT INTO slot(bytes) VALUES(?)"},
        {&bytes_at_, "SELECT bytes FROM slot WHERE place = ?"},
        {&free_, "SELECT place FROM free_slot WHERE size = ? LIMIT 1"},
        {&take_, "DELETE FROM free_slot WHERE size = ? AND place = ?"},
        {&give_, "INSERT INTO free_slot(size, place) VALUES(?, ?)"},
        {&note_, "INSERT OR IGNORE INTO erased(seq) VALUES(?)"},
        {&unnote_, "DELETE FROM erased WHERE seq = ?"},
        {&noted_, "SELECT 1 FROM erased WHERE seq = ?"},
    };
    for (const auto& [statement, sql] : wanted) {
        auto made = db.prepare(sql, true);
        if (!made) return std::unexpected(made.error());
        *statement = std::move(*made);
    }
    const auto free = db.number("SELECT EXISTS(SELECT 1 FROM free_slot)", "open the store");
    if (!free) return std::unexpected(free.error());
    any_free_ = *free != 0;
    return {};
}

int Payloads::find(std::int64_t row, Place& place) {
    const ResetAtEnd reset(find_);
    const int rc = find_.bind(1, row).step();
    if (rc != SQLITE_ROW) return rc;
    place = {find_.number(0), find_.number(1)};
    const bool possible =
        place.length >= 0 && place.length <= static_cast<std::int64_t>(limits::payload_bytes);
    return possible && place.slot > 0 ? SQLITE_DONE : SQLITE_CORRUPT;
}

int Payloads::take_free(std::int64_t size, std::int64_t& slot) {
    {
        const ResetAtEnd reset(free_);
        const int rc = free_.bind(1, size).step();
        if (rc != SQLITE_ROW) return rc;
        slot = free_.number(0);
    }
    return take_.bind(1, size).bind(2, slot).run();
}

int Payloads::overwrite(std::int64_t slot, ByteView bytes) {
    sqlite3_blob* blob = nullptr;
    int rc = sqlite3_blob_open(handle_, "main", "slot", "bytes", slot, 1, &blob);
    // A slot that is named but not there shows as SQLITE_ERROR, which means damage as well.
    if (rc != SQLITE_OK) return rc;
    const bool fits = sqlite3_blob_bytes(blob) == static_cast<int>(bytes.size());
    rc = fits ? sqlite3_blob_write(blob, bytes.data(), static_cast<int>(bytes.size()), 0) : SQLITE_CORRUPT;
    const int closed = sqlite3_blob_close(blob);
    if (rc == SQLITE_OK) rc = closed;
    return rc == SQLITE_OK ? SQLITE_DONE : rc;
}

int Payloads::put(std::int64_t row, ByteView bytes) {
    Place held;
    const int rc = find(row, held);
    if (rc != SQLITE_DONE || held.slot != 0) return rc;
    const int put = put_new(row, bytes);
    return put == SQLITE_DONE ? unnote_.bind(1, row).run() : put;
}

int Payloads::put_new(std::int64_t row, ByteView bytes) {
    Bytes padded(bytes.begin(), bytes.end());
    padded.resize(slot_size(bytes.size()));
    std::int64_t slot = 0;
    int rc = any_free_ ? take_free(static_cast<std::int64_t>(padded.size()), slot) : SQLITE_DONE;
    if (rc != SQLITE_DONE) return rc;
    if (slot != 0) {
        rc = overwrite(slot, padded);
    } else {
        // Without a number SQLite takes the next after the last: no slot is ever deleted, so that is at the
        // end.
        rc = add_slot_.bind(1, padded).run();
        slot = sqlite3_last_insert_rowid(handle_);
    }
    if (rc != SQLITE_DONE) return rc;
    return insert_.bind(1, row).bind(2, slot).bind(3, static_cast<std::int64_t>(bytes.size())).run();
}

int Payloads::erase(std::int64_t row) {
    Place held;
    int rc = find(row, held);
    if (rc == SQLITE_DONE && held.slot != 0) {
        const Bytes zeros(slot_size(static_cast<std::size_t>(held.length)));
        rc = overwrite(held.slot, zeros);
        if (rc == SQLITE_DONE) rc = remove_.bind(1, row).run();
        if (rc == SQLITE_DONE) {
            any_free_ = true;
            rc = give_.bind(1, static_cast<std::int64_t>(zeros.size())).bind(2, held.slot).run();
        }
    }
    return rc == SQLITE_DONE ? note_.bind(1, row).run() : rc;
}

int Payloads::read(std::int64_t row, StoredOp& op) {
    Place held;
    int rc = find(row, held);
    if (rc != SQLITE_DONE) return rc;
    if (held.slot != 0) {
        const ResetAtEnd reset(bytes_at_);
        rc = bytes_at_.bind(1, held.slot).step();
        if (rc != SQLITE_ROW) return rc == SQLITE_DONE ? SQLITE_CORRUPT : rc;
        const ByteView bytes = bytes_at_.blob(0);
        const auto length = static_cast<std::size_t>(held.length);
        if (bytes.size() < length) return SQLITE_CORRUPT;
        op.payload = Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
    }
    const ResetAtEnd reset(noted_);
    rc = noted_.bind(1, row).step();
    if (rc == SQLITE_ROW) op.payload_erased = true;
    return rc == SQLITE_ROW ? SQLITE_DONE : rc;
}

}  // namespace folkmoot::store
