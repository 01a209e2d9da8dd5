// Replacing, in an order such that no crash leaves a store at its place that opens without its log:
//
//   the file goes aside -> the log goes aside -> names synced -> the new file takes the place -> names synced
//
// Between the first and the last step there is no file at the place. Once the first is done nothing goes
// back: finish_replacement does the rest.
#include "store/salvage.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <system_error>

#include "store/payloads.hpp"

namespace folkmoot::store {
namespace {

namespace fs = std::filesystem;

/// An op's row with its id and the smallest body is larger.
constexpr std::uint64_t least_row = 100;

fs::path with_suffix(fs::path path, const std::string& suffix) { return path += suffix; }

/// Reads ops by row number, each by itself.
class Rows {
   public:
    explicit Rows(const Database& db) : db_(db) {}

    [[nodiscard]] Result<void> prepare(bool payloads) {
        auto op = db_.prepare("SELECT id, signature, body FROM op WHERE seq = ?");
        if (!op) return std::unexpected(op.error());
        op_ = std::move(*op);
        // Without these tables the ops are still worth having.
        if (auto more = db_.prepare("SELECT signature FROM signature WHERE seq = ? ORDER BY place")) {
            signatures_ = std::move(*more);
            has_signatures_ = true;
        }
        has_payloads_ = payloads && payloads_.prepare(db_).has_value();
        return {};
    }

    /// Nothing if the row is not there or cannot be read.
    [[nodiscard]] std::optional<StoredOp> read(std::int64_t row) {
        const ResetAtEnd reset(op_);
        if (op_.bind(1, row).step() != SQLITE_ROW) return std::nullopt;
        StoredOp out;
        if (const auto id = OpId::from(op_.blob(0))) out.id = *id;
        if (const auto signature = Signature::from(op_.blob(1))) out.signatures.push_back(*signature);
        const ByteView body = op_.blob(2);
        out.body.assign(body.begin(), body.end());
        if (has_signatures_) read_signatures(row, out);
        // Of a payload that cannot be read only the note that it was erased may have come along.
        if (has_payloads_ && payloads_.read(row, out) != SQLITE_DONE) out.payload.reset();
        return out;
    }

   private:
    void read_signatures(std::int64_t row, StoredOp& out) {
        const ResetAtEnd reset(signatures_);
        signatures_.bind(1, row);
        while (signatures_.step() == SQLITE_ROW) {
            if (const auto signature = Signature::from(signatures_.blob(0))) {
                out.signatures.push_back(*signature);
            }
        }
    }

    const Database& db_;
    Statement op_;
    Statement signatures_;
    Payloads payloads_;
    bool has_signatures_ = false;
    bool has_payloads_ = false;
};

/// How far row numbers may go: what the file says where it can, but never more than its size has room for.
std::uint64_t row_bound(const Database& db, std::uint64_t bytes) {
    const std::uint64_t room =
        std::min<std::uint64_t>(bytes / least_row + 1, std::numeric_limits<std::uint32_t>::max());
    const auto last = db.number("SELECT max(seq) FROM op", "read the ops");
    const auto count =
        db.number("SELECT CAST(CAST(value AS TEXT) AS INTEGER) FROM meta WHERE name = 'ops'", "read the ops");
    if (!last || !count) return room;
    return std::min(room, static_cast<std::uint64_t>(std::max<std::int64_t>({*last, *count, 0})));
}

std::unexpected<Error> cannot_move(const fs::path& path, int why) {
    return fail(ErrorCode::store_io, "cannot move " + path.string() + ": " +
                                         std::generic_category().message(why) +
                                         "; check the folder, then run fsck --repair again");
}

Result<void> move(FileSystem& files, const fs::path& from, const fs::path& to) {
    if (const int why = files.rename_new(from, to); why != 0) return cannot_move(from, why);
    return {};
}

Result<void> sync_names(FileSystem& files, const fs::path& path) {
    if (const int why = files.sync_folder(path.parent_path()); why != 0) {
        return cannot_move(path.parent_path(), why);
    }
    return {};
}

bool exists(FileSystem& files, const fs::path& path) {
    return files.look(path).kind != FileSystem::Kind::nothing;
}

/// The first name that nothing has, neither as a file nor as its log.
fs::path free_place(FileSystem& files, const fs::path& path) {
    for (int n = 1;; ++n) {
        const fs::path place = with_suffix(path, ".damaged-" + std::to_string(n));
        if (!exists(files, place) && !exists(files, with_suffix(place, "-wal"))) return place;
    }
}

}  // namespace

Result<Salvage> salvage(const fs::path& given, bool payloads,
                        const std::function<Result<void>(StoredOp&&)>& visit, const SqliteOptions& options) {
    std::error_code failed;
    const fs::path path = fs::absolute(given, failed);
    Salvage out;
    const auto db = open_damaged(path, options);
    if (!db && db.error().code != ErrorCode::store_damaged) return std::unexpected(db.error());
    if (!db) return out;
    Rows rows(*db);
    if (!rows.prepare(payloads)) return out;
    out.readable = true;
    FileSystem& files = *options.files;
    const std::uint64_t bytes = files.look(path).size + files.look(with_suffix(path, "-wal")).size;
    std::uint64_t last_read = 0;
    const std::uint64_t bound = row_bound(*db, bytes);
    for (std::uint64_t row = 1; row <= bound; ++row) {
        auto op = rows.read(static_cast<std::int64_t>(row));
        if (!op) continue;
        out.lost_rows += row - last_read - 1;
        last_read = row;
        if (auto visited = visit(std::move(*op)); !visited) return std::unexpected(visited.error());
    }
    const auto count = db->number("SELECT CAST(CAST(value AS TEXT) AS INTEGER) FROM meta WHERE name = 'ops'",
                                  "read the ops");
    const bool more = count && *count > 0 && static_cast<std::uint64_t>(*count) <= bound;
    if (more && static_cast<std::uint64_t>(*count) > last_read) {
        out.lost_rows += static_cast<std::uint64_t>(*count) - last_read;
    }
    return out;
}

fs::path replacement_path(const fs::path& path) { return with_suffix(path, ".repair"); }

bool replacement_interrupted(const fs::path& given, const SqliteOptions& options) {
    std::error_code failed;
    const fs::path path = fs::absolute(given, failed);
    return !exists(*options.files, path) && exists(*options.files, replacement_path(path));
}

Result<void> finish_replacement(const fs::path& given, const SqliteOptions& options) {
    std::error_code failed;
    const fs::path path = fs::absolute(given, failed);
    FileSystem& files = *options.files;
    if (const fs::path log = with_suffix(path, "-wal"); exists(files, log)) {
        // Its file went aside last: it has the highest number.
        fs::path place = with_suffix(path, ".damaged-1");
        for (int n = 2; exists(files, with_suffix(path, ".damaged-" + std::to_string(n))); ++n) {
            place = with_suffix(path, ".damaged-" + std::to_string(n));
        }
        if (auto moved = move(files, log, with_suffix(place, "-wal")); !moved) return moved;
    }
    if (auto synced = sync_names(files, path); !synced) return synced;
    if (auto moved = move(files, replacement_path(path), path); !moved) return moved;
    return sync_names(files, path);
}

Result<fs::path> replace_store(const fs::path& given, const SqliteOptions& options) {
    std::error_code failed;
    const fs::path path = fs::absolute(given, failed);
    FileSystem& files = *options.files;
    fs::path aside = free_place(files, path);
    if (auto moved = move(files, path, aside); !moved) return std::unexpected(moved.error());
    // A power cut must not bring the file back without its log, so this name is settled first.
    if (auto synced = sync_names(files, path); !synced) return std::unexpected(synced.error());
    if (auto done = finish_replacement(path, options); !done) return std::unexpected(done.error());
    return aside;
}

}  // namespace folkmoot::store
