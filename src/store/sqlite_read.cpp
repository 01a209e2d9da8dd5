// Reading: one op, every op in order, what is remembered, and the check of the structure.
#include <algorithm>
#include <utility>

#include "store/batch.hpp"
#include "store/sqlite_store.hpp"

namespace folkmoot::store {
namespace {

constexpr const char* reading = "read the ops";
constexpr std::size_t most_faults = 100;

Bytes copy(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

/// A table beside op, read in step with it: both are ordered by seq, so a pass costs no look-ups.
class Beside {
   public:
    explicit Beside(Statement&& query) : query_(std::move(query)) {}

    /// SQLITE_ROW if the current row belongs to op `row`, SQLITE_DONE if none does, or an error.
    [[nodiscard]] int at(std::int64_t row) {
        if (!started_) advance();
        while (rc_ == SQLITE_ROW && query_.number(0) < row) advance();
        if (rc_ != SQLITE_ROW) return rc_;
        return query_.number(0) == row ? SQLITE_ROW : SQLITE_DONE;
    }
    void advance() {
        rc_ = query_.step();
        started_ = true;
    }
    [[nodiscard]] ByteView bytes() const { return query_.blob(1); }
    [[nodiscard]] bool is_null() const { return query_.is_null(1); }

   private:
    Statement query_;
    int rc_ = SQLITE_DONE;
    bool started_ = false;
};

/// The three tables beside op.
struct Companions {
    Beside signatures;
    Beside erased;
    std::optional<Beside> payloads;

    [[nodiscard]] int read(std::int64_t row, StoredOp& op) {
        int rc = SQLITE_DONE;
        while ((rc = signatures.at(row)) == SQLITE_ROW) {
            const auto signature = Signature::from(signatures.bytes());
            if (!signature) return SQLITE_CORRUPT;
            op.signatures.push_back(*signature);
            signatures.advance();
        }
        if (rc != SQLITE_DONE) return rc;
        rc = erased.at(row);
        if (rc == SQLITE_ROW) op.payload_erased = true;
        if (rc != SQLITE_DONE && rc != SQLITE_ROW) return rc;
        if (!payloads) return SQLITE_DONE;
        rc = payloads->at(row);
        if (rc == SQLITE_ROW && payloads->is_null()) return SQLITE_CORRUPT;
        if (rc == SQLITE_ROW) op.payload = copy(payloads->bytes());
        return rc == SQLITE_ROW ? SQLITE_DONE : rc;
    }
};

Result<Companions> companions(const Database& db, bool payloads) {
    auto signatures = db.prepare("SELECT seq, signature FROM signature ORDER BY seq, place");
    if (!signatures) return std::unexpected(signatures.error());
    auto erased = db.prepare("SELECT seq, NULL FROM erased ORDER BY seq");
    if (!erased) return std::unexpected(erased.error());
    Companions out{Beside(std::move(*signatures)), Beside(std::move(*erased)), std::nullopt};
    if (payloads) {
        auto bytes = db.prepare(
            "SELECT seq, CASE WHEN length BETWEEN 0 AND length(bytes) THEN substr(bytes, 1, length) END "
            "FROM payload CROSS JOIN slot USING(place) ORDER BY seq");
        if (!bytes) return std::unexpected(bytes.error());
        out.payloads.emplace(std::move(*bytes));
    }
    return out;
}

/// Id, signature and body from three columns on; false if their sizes are impossible.
bool read_op(const Statement& query, int column, StoredOp& op) {
    const auto id = OpId::from(query.blob(column));
    if (!id) return false;
    op.id = *id;
    if (!query.is_null(column + 1)) {
        const auto signature = Signature::from(query.blob(column + 1));
        if (!signature) return false;
        op.signatures.push_back(*signature);
    }
    op.body = copy(query.blob(column + 2));
    return true;
}

}  // namespace

Result<void> SqliteStore::for_each(bool payloads,
                                   const std::function<Result<void>(StoredOp&&)>& visit) const {
    const std::int64_t end = count_;
    auto query = db_.prepare("SELECT seq, id, signature, body FROM op WHERE seq <= ? ORDER BY seq");
    if (!query) return std::unexpected(query.error());
    query->bind(1, end);
    auto beside = companions(db_, payloads);
    if (!beside) return std::unexpected(beside.error());
    // The first complete pass fills the index on its way, which saves reading everything twice (I7).
    IdIndex index;
    if (!index_filled_) index.reserve(static_cast<std::size_t>(end));
    for (std::int64_t row = 1; row <= end; ++row) {
        const int rc = query->step();
        if (rc != SQLITE_ROW && rc != SQLITE_DONE) return failure(rc, reading);
        StoredOp op;
        if (rc == SQLITE_DONE || query->number(0) != row || !read_op(*query, 1, op)) {
            return damaged("op " + std::to_string(row) + " is missing or malformed");
        }
        if (const int more = beside->read(row, op); more != SQLITE_DONE) return failure(more, reading);
        if (!index_filled_) index.insert(op.id, static_cast<std::uint32_t>(row));
        if (auto visited = visit(std::move(op)); !visited) return visited;
    }
    if (!index_filled_) {
        index_ = std::move(index);
        index_filled_ = true;
    }
    return {};
}

Result<void> SqliteStore::read_signatures(std::int64_t row, StoredOp& op) const {
    Statement& query = statements_.signatures_at;
    const ResetAtEnd reset(query);
    query.bind(1, row);
    int rc = SQLITE_DONE;
    while ((rc = query.step()) == SQLITE_ROW) {
        const auto signature = Signature::from(query.blob(0));
        if (!signature) return damaged("a signature is malformed");
        op.signatures.push_back(*signature);
    }
    if (rc != SQLITE_DONE) return failure(rc, reading);
    return {};
}

Result<StoredOp> SqliteStore::read(const OpId& id) const {
    const auto row = row_of(id);
    if (!row) return std::unexpected(row.error());
    StoredOp op;
    {
        const ResetAtEnd reset(statements_.op_at);
        const int rc = statements_.op_at.bind(1, *row).step();
        if (rc == SQLITE_DONE) return damaged("an op has gone");
        if (rc != SQLITE_ROW) return failure(rc, reading);
        if (!read_op(statements_.op_at, 0, op)) return damaged("an op is malformed");
    }
    if (auto more = read_signatures(*row, op); !more) return std::unexpected(more.error());
    if (const int rc = payloads_.read(*row, op); rc != SQLITE_DONE) return failure(rc, reading);
    return op;
}

Result<std::vector<RememberedFrontier>> SqliteStore::remembered() const {
    auto query = db_.prepare("SELECT peer, instance, heads FROM remembered ORDER BY peer, place");
    if (!query) return std::unexpected(query.error());
    std::vector<RememberedFrontier> out;
    int rc = SQLITE_DONE;
    while ((rc = query->step()) == SQLITE_ROW) {
        const auto peer = DeviceKey::from(query->blob(0));
        const auto instance = StoreInstance::from(query->blob(1));
        const ByteView heads = query->blob(2);
        if (!peer || !instance || heads.size() % OpId::size != 0) return damaged("a frontier is malformed");
        RememberedFrontier& frontier = out.emplace_back(RememberedFrontier{*peer, {}, *instance});
        for (std::size_t at = 0; at < heads.size(); at += OpId::size) {
            frontier.heads.push_back(*OpId::from(heads.subspan(at, OpId::size)));
        }
    }
    if (rc != SQLITE_DONE) return failure(rc, "read what is remembered of peers");
    return out;
}

Result<StoreCheck> SqliteStore::check(CheckDepth depth) const { return check_database(db_, depth, count_); }

Result<StoreCheck> check_database(const Database& db, CheckDepth depth, std::int64_t ops) {
    StoreCheck out;
    // Damage met on the way is a finding; only what keeps us from looking is an error.
    const auto run = [&](std::string_view sql, auto&& each) -> Result<void> {
        auto query = db.prepare(sql);
        int rc = SQLITE_DONE;
        while (query && (rc = query->step()) == SQLITE_ROW) each(*query);
        if (query && rc == SQLITE_DONE) return {};
        Error error = query ? db.error(rc, "check the store") : std::move(query.error());
        if (error.code != ErrorCode::store_damaged) return std::unexpected(std::move(error));
        out.faults.push_back(std::move(error.text));
        return {};
    };
    // Each yields one number that must be 0.
    const std::pair<const char*, const char*> zero[] = {
        {"SELECT count(*) FROM op WHERE length(id) <> 32", "ops with a malformed id"},
        {"SELECT count(*) FROM op WHERE signature IS NOT NULL AND length(signature) <> 64",
         "ops with a malformed signature"},
        {"SELECT count(*) FROM signature WHERE length(signature) <> 64", "malformed signatures"},
        {"SELECT count(*) FROM remembered WHERE length(peer) <> 32 OR length(instance) <> 16 OR "
         "length(heads) % 32 <> 0",
         "malformed frontiers"},
        {"SELECT count(*) FROM payload JOIN erased USING(seq)", "payloads marked as erased"},
        {"SELECT (SELECT count(*) FROM slot) - (SELECT count(*) FROM (SELECT place FROM payload UNION SELECT "
         "place "
         "FROM free_slot))",
         "slots without an owner"},
        {"SELECT (SELECT count(*) FROM slot) - (SELECT count(*) FROM payload) - (SELECT count(*) FROM "
         "free_slot)",
         "slots with two owners"},
        {"SELECT count(*) FROM payload JOIN slot USING(place) WHERE length NOT BETWEEN 0 AND length(bytes)",
         "payloads longer than their slots"},
        {"SELECT (SELECT count(*) FROM op WHERE seq < 1) + (SELECT count(*) FROM meta WHERE name = "
         "'instance') - 1",
         "wrong numbers or instances"},
        {"SELECT count(*) FROM (SELECT id FROM op GROUP BY id HAVING count(*) > 1)", "ids stored twice"},
    };
    const auto text = [&](const Statement& row) {
        if (row.text(0) != "ok") out.faults.push_back(row.text(0));
    };
    const auto orphan = [&](const Statement& row) {
        if (out.faults.size() < most_faults) {
            out.faults.push_back(row.text(0) + " row " + std::to_string(row.number(1)) + " has no op");
        }
    };
    const bool full = depth == CheckDepth::full;
    if (auto r = run(full ? "PRAGMA integrity_check(50)" : "PRAGMA quick_check(50)", text); !r) {
        return std::unexpected(r.error());
    }
    if (auto r = run("PRAGMA foreign_key_check", orphan); !r) return std::unexpected(r.error());
    for (const auto& [sql, what] : std::span(zero).first(std::size(zero) - (full ? 0 : 1))) {
        const auto count = [&, name = what](const Statement& row) {
            if (row.number(0) != 0) out.faults.push_back(std::to_string(row.number(0)) + " " + name);
        };
        if (auto r = run(sql, count); !r) return std::unexpected(r.error());
    }
    const auto number_of = [](std::uint64_t& into) {
        return [&into](const Statement& row) { into = static_cast<std::uint64_t>(row.number(0)); };
    };
    if (auto r = run("SELECT count(*) FROM op", number_of(out.ops)); !r) return std::unexpected(r.error());
    if (auto r = run("SELECT count(*) FROM payload", number_of(out.payloads)); !r)
        return std::unexpected(r.error());
    if (std::cmp_not_equal(out.ops, ops)) {
        out.faults.push_back(std::to_string(out.ops) + " ops where the last has number " +
                             std::to_string(ops));
    }
    return out;
}

}  // namespace folkmoot::store
