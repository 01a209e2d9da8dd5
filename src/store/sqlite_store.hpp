// The store on SQLite. Schema, states and invariants are at the top of sqlite_store.cpp.
#pragma once

#include "store/id_index.hpp"
#include "store/payloads.hpp"
#include "store/sqlite_file.hpp"

namespace folkmoot::store {

class SqliteStore final : public Store {
   public:
    [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::filesystem::path& path,
                                                             const StoreInstance& new_instance,
                                                             const SqliteOptions& options);
    ~SqliteStore() override;

    StoreInstance instance() const override { return instance_; }
    Result<void> renew_instance(const StoreInstance& instance) override;
    bool may_be_rolled_back() const override { return rolled_back_; }
    Result<void> mark_rolled_back(bool value) override;
    Result<void> append(std::span<const StoredOp> ops) override;
    Result<void> add_signatures(std::span<const OpSignature> signatures) override;
    Result<void> add_payload(const OpId& id, ByteView payload) override;
    Result<void> erase_payload(const OpId& id) override;
    Result<StoredOp> read(const OpId& id) const override;
    Result<void> for_each(bool payloads, const std::function<Result<void>(StoredOp&&)>& visit) const override;
    Result<std::uint64_t> count() const override { return static_cast<std::uint64_t>(count_); }
    Result<void> remember(const DeviceKey& peer, std::span<const RememberedFrontier> frontiers) override;
    Result<std::vector<RememberedFrontier>> remembered() const override;
    Result<void> checkpoint() override;
    Result<StoreCheck> check(CheckDepth depth) const override;
    Result<void> backup(const std::filesystem::path& to) const override;

   private:
    /// Kept prepared for the life of the store.
    struct Statements {
        Statement begin, commit, insert_op, count_ops, insert_signature, id_at, op_at, signatures_at, forget,
            insert_remembered;
    };

    SqliteStore(Database&& db, const SqliteOptions& options) : db_(std::move(db)), options_(options) {}
    Result<void> prepare();
    Result<void> load();
    /// Runs `body` in one durable transaction, undone if it fails.
    template <class Body>
    Result<void> write(const char* doing, Body&& body);
    void checkpoint_if_due();

    /// Error of SQLite with its effect on this object (I6).
    std::unexpected<Error> failure(int rc, const char* doing) const;
    std::unexpected<Error> damaged(const std::string& what) const;

    Result<void> fill_index() const;
    /// The row of an op, 0 if it is not held.
    Result<std::int64_t> find(const OpId& id) const;
    /// As find, with store_not_found.
    Result<std::int64_t> row_of(const OpId& id) const;
    Result<void> insert(std::int64_t row, const StoredOp& op);
    Result<void> insert_signature(const OpSignature& late);
    Result<void> write_mark(bool value);
    Result<void> read_signatures(std::int64_t row, StoredOp& op) const;

    Database db_;
    SqliteOptions options_;
    mutable Statements statements_;
    mutable Payloads payloads_;
    StoreInstance instance_;
    bool rolled_back_ = false;
    std::int64_t count_ = 0;
    mutable IdIndex index_;
    mutable bool index_filled_ = false;
    mutable bool read_only_ = false;
    /// Frames in the log after the last commit.
    int frames_ = 0;
};

/// The checks of StoreCheck on an open database; `ops` is how many rows there should be.
[[nodiscard]] Result<StoreCheck> check_database(const Database& db, CheckDepth depth, std::int64_t ops);

}  // namespace folkmoot::store
