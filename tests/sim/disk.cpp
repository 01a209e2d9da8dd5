#include "sim/disk.hpp"

#include <utility>

namespace folkmoot::sim {
namespace {

/// A transaction, as something that can be done to a store again.
using Transaction = std::function<Result<void>(Store&)>;

class JournalDisk final : public SimDisk {
   public:
    explicit JournalDisk(const StoreInstance& instance) : instance_(instance) {}

    Result<std::unique_ptr<Store>> open() override;
    Result<std::unique_ptr<Store>> peek() override { return open(); }
    void arm(DiskFault fault) override { fault_ = fault; }
    bool cut_power(Random& random, const std::function<bool()>& writing) override {
        if (!writing) return false;
        // Of the transactions it has done any number.
        power_for_ = random.below(4);
        const bool whole = writing();
        power_for_.reset();
        return !whole;
    }
    void cut_power_while_opening(Random&) override {}
    std::size_t images() const override { return journal_.size(); }
    Result<void> restore_image(std::size_t image, const StoreInstance& instance) override {
        if (image < journal_.size()) journal_.resize(image);
        own_noted = 0;
        journal_.emplace_back([instance](Store& store) { return store.renew_instance(instance); });
        return {};
    }
    void lose_all(const StoreInstance& instance) override {
        journal_.clear();
        instance_ = instance;
        own_noted = 0;
    }
    bool decay(Random&) override { return false; }
    Result<void> mend(const GroupId&, const StoreInstance&, const Verifier&) override { return {}; }

    /// Does it to `store` and writes it down, unless something is wrong with the disk.
    Result<void> write(Store& store, Transaction transaction);
    [[nodiscard]] DiskFault take_fault() { return std::exchange(fault_, DiskFault::none); }
    [[nodiscard]] bool skips() const { return fault_ == DiskFault::skips_an_op; }

   private:
    StoreInstance instance_;
    std::vector<Transaction> journal_;
    DiskFault fault_ = DiskFault::none;
    std::optional<std::size_t> power_for_;
};

/// What a process holds open.
class OpenDisk final : public Store {
   public:
    OpenDisk(JournalDisk& disk, std::unique_ptr<Store> now) : disk_(disk), now_(std::move(now)) {}

    StoreInstance instance() const override { return now_->instance(); }
    Result<void> renew_instance(const StoreInstance& instance) override {
        return write([instance](Store& store) { return store.renew_instance(instance); });
    }
    bool may_be_rolled_back() const override { return now_->may_be_rolled_back(); }
    Result<void> mark_rolled_back(bool value) override {
        return write([value](Store& store) { return store.mark_rolled_back(value); });
    }
    Result<void> append(std::span<const StoredOp> ops) override {
        std::vector<StoredOp> kept(ops.begin(), ops.end());
        if (disk_.skips() && !kept.empty()) {
            (void)disk_.take_fault();
            kept.erase(kept.begin());
        }
        return write([kept](Store& store) { return store.append(kept); });
    }
    Result<void> add_signatures(std::span<const OpSignature> signatures) override {
        return write([kept = std::vector<OpSignature>(signatures.begin(), signatures.end())](Store& store) {
            return store.add_signatures(kept);
        });
    }
    Result<void> add_payload(const OpId& id, ByteView payload) override {
        return write([id, kept = Bytes(payload.begin(), payload.end())](Store& store) {
            return store.add_payload(id, kept);
        });
    }
    Result<void> erase_payload(const OpId& id) override {
        return write([id](Store& store) { return store.erase_payload(id); });
    }
    Result<void> remember(const DeviceKey& peer, std::span<const RememberedFrontier> frontiers) override {
        return write([peer, kept = std::vector<RememberedFrontier>(frontiers.begin(), frontiers.end())](
                         Store& store) { return store.remember(peer, kept); });
    }
    Result<StoredOp> read(const OpId& id) const override { return now_->read(id); }
    Result<void> for_each(bool payloads,
                          const std::function<Result<void>(StoredOp&&)>& visit) const override {
        return now_->for_each(payloads, visit);
    }
    Result<std::uint64_t> count() const override { return now_->count(); }
    Result<std::vector<RememberedFrontier>> remembered() const override { return now_->remembered(); }
    Result<void> checkpoint() override { return now_->checkpoint(); }
    Result<StoreCheck> check(CheckDepth depth) const override { return now_->check(depth); }
    Result<void> backup(const std::filesystem::path& to) const override { return now_->backup(to); }

   private:
    // As store.hpp has it: after an input or output error every write is refused until the next opening.
    Result<void> write(Transaction transaction) {
        if (failed_) return fail(ErrorCode::store_read_only, "the disk failed before");
        auto done = disk_.write(*now_, std::move(transaction));
        failed_ = !done && done.error().code == ErrorCode::store_io;
        return done;
    }
    JournalDisk& disk_;
    std::unique_ptr<Store> now_;
    bool failed_ = false;
};

Result<void> JournalDisk::write(Store& store, Transaction transaction) {
    if (power_for_) {
        if (*power_for_ == 0) return fail(ErrorCode::store_io, "the power is gone");
        --*power_for_;
    }
    const DiskFault fault = skips() ? DiskFault::none : take_fault();
    if (fault == DiskFault::full) return fail(ErrorCode::store_full, "no space left");
    if (fault == DiskFault::io_before) return fail(ErrorCode::store_io, "the disk failed");
    auto done = transaction(store);
    if (!done) return done;
    journal_.push_back(std::move(transaction));
    if (fault == DiskFault::io_after) return fail(ErrorCode::store_io, "the disk failed");
    return {};
}

Result<std::unique_ptr<Store>> JournalDisk::open() {
    auto now = make_memory_store(instance_);
    for (const Transaction& transaction : journal_) {
        if (auto done = transaction(*now); !done) return std::unexpected(done.error());
    }
    return std::make_unique<OpenDisk>(*this, std::move(now));
}

}  // namespace

std::unique_ptr<SimDisk> make_journal_disk(const StoreInstance& instance) {
    return std::make_unique<JournalDisk>(instance);
}

}  // namespace folkmoot::sim
