// The real store under a simulated device: every write, sync and name goes to a disk that forgets or tears
// what was not synced when the power is cut, fails calls, decays, and can be set back to what it was.
#include <sqlite3.h>

#include <utility>

#include "crash/power_vfs.hpp"
#include "moot/fsck.hpp"
#include "moot/repair.hpp"
#include "sim/disk.hpp"

namespace folkmoot::sim {
namespace {

using crash::Mounted;
using crash::PowerDisk;

/// Small enough that a short world sees many checkpoints.
constexpr int checkpoint_frames = 24;
constexpr std::size_t most_images = 8;
/// Calls of the file system that one transaction may come to: a fault strikes one of the first so many.
constexpr std::uint64_t calls_to_fail = 12;

const std::filesystem::path place = crash::disk_folder / "store.db";

store::SqliteOptions options() {
    auto out = crash::power_options();
    out.checkpoint_frames = checkpoint_frames;
    return out;
}

class SqliteDisk final : public SimDisk {
   public:
    SqliteDisk(const StoreInstance& instance, std::uint64_t seed, std::function<void(const char*)> reached)
        : instance_(instance),
          random_(Random::of(seed, "sqlite")),
          reached_(std::move(reached)),
          disk_(std::make_shared<PowerDisk>()) {}

    Result<std::unique_ptr<Store>> open() override { return open_on(disk_, this); }
    Result<std::unique_ptr<Store>> peek() override {
        return open_on(std::make_shared<PowerDisk>(disk_->settled()), nullptr);
    }
    void arm(DiskFault fault) override;
    bool cut_power(Random& random, const std::function<bool()>& writing) override;
    void cut_power_while_opening(Random& random) override {
        cut_power(random, [this] { return open().has_value(); });
        reached_("power_cut_while_opening");
    }
    std::size_t images() const override { return images_.size(); }
    Result<void> restore_image(std::size_t image, const StoreInstance& instance) override;
    void lose_all(const StoreInstance& instance) override {
        disk_ = std::make_shared<PowerDisk>();
        images_.clear();
        instance_ = instance;
        decayed_ = false;
        own_noted = 0;
    }
    bool decay(Random& random) override;
    Result<void> mend(const GroupId& group, const StoreInstance& fresh, const Verifier& verifier) override;

    // --- For the store that is open ---
    void begin_write();
    void end_write(bool stored);

   private:
    Result<std::unique_ptr<Store>> open_on(std::shared_ptr<PowerDisk> disk, SqliteDisk* owner) const;

    StoreInstance instance_;
    Random random_;
    std::function<void(const char*)> reached_;
    std::shared_ptr<PowerDisk> disk_;
    DiskFault fault_ = DiskFault::none;
    crash::FailingCalls failing_;
    bool cutting_ = false;  // then the events are needed
    bool decayed_ = false;
    /// Copies of the files, the oldest first; the further apart the longer the world lasts.
    std::vector<PowerDisk> images_;
    std::uint64_t written_ = 0;
    std::uint64_t image_every_ = 3;
};

/// What a process holds open. It stays on its disk: once the power was cut that one is nobody's.
class OpenSqlite final : public Store {
   private:
    template <class Call>
    auto on_disk(Call&& call) const {
        const Mounted mounted(*disk_);
        return call();
    }
    template <class Call>
    Result<void> write(Call&& call) {
        const Mounted mounted(*disk_);
        if (owner_ != nullptr) owner_->begin_write();
        auto done = call();
        if (owner_ != nullptr) owner_->end_write(done.has_value());
        return done;
    }

   public:
    OpenSqlite(std::shared_ptr<PowerDisk> disk, SqliteDisk* owner, std::unique_ptr<Store> inner)
        : disk_(std::move(disk)), owner_(owner), inner_(std::move(inner)) {}
    ~OpenSqlite() override {
        const Mounted mounted(*disk_);
        inner_.reset();
    }

    StoreInstance instance() const override { return inner_->instance(); }
    bool may_be_rolled_back() const override { return inner_->may_be_rolled_back(); }
    Result<StoredOp> read(const OpId& id) const override {
        return on_disk([&] { return inner_->read(id); });
    }
    Result<void> for_each(bool payloads,
                          const std::function<Result<void>(StoredOp&&)>& visit) const override {
        return on_disk([&] { return inner_->for_each(payloads, visit); });
    }
    Result<std::uint64_t> count() const override { return inner_->count(); }
    Result<std::vector<RememberedFrontier>> remembered() const override {
        return on_disk([&] { return inner_->remembered(); });
    }
    Result<StoreCheck> check(CheckDepth depth) const override {
        return on_disk([&] { return inner_->check(depth); });
    }
    Result<void> backup(const std::filesystem::path& to) const override {
        return on_disk([&] { return inner_->backup(to); });
    }
    Result<void> renew_instance(const StoreInstance& instance) override {
        return write([&] { return inner_->renew_instance(instance); });
    }
    Result<void> mark_rolled_back(bool value) override {
        return write([&] { return inner_->mark_rolled_back(value); });
    }
    Result<void> append(std::span<const StoredOp> ops) override {
        return write([&] { return inner_->append(ops); });
    }
    Result<void> add_signatures(std::span<const OpSignature> signatures) override {
        return write([&] { return inner_->add_signatures(signatures); });
    }
    Result<void> add_payload(const OpId& id, ByteView payload) override {
        return write([&] { return inner_->add_payload(id, payload); });
    }
    Result<void> erase_payload(const OpId& id) override {
        return write([&] { return inner_->erase_payload(id); });
    }
    Result<void> remember(const DeviceKey& peer, std::span<const RememberedFrontier> frontiers) override {
        return write([&] { return inner_->remember(peer, frontiers); });
    }
    Result<void> checkpoint() override {
        return write([&] { return inner_->checkpoint(); });
    }

   private:
    std::shared_ptr<PowerDisk> disk_;
    SqliteDisk* owner_;
    std::unique_ptr<Store> inner_;
};

Result<std::unique_ptr<Store>> SqliteDisk::open_on(std::shared_ptr<PowerDisk> disk, SqliteDisk* owner) const {
    const Mounted mounted(*disk);
    auto inner = store::open_sqlite_store(place, instance_, options());
    if (!inner) return std::unexpected(inner.error());
    return std::make_unique<OpenSqlite>(std::move(disk), owner, std::move(*inner));
}

void SqliteDisk::arm(DiskFault fault) {
    fault_ = fault;
    failing_ = {};
    if (fault == DiskFault::none) return;
    failing_.at = static_cast<std::int64_t>(random_.below(calls_to_fail));
    failing_.for_ever = random_.chance(500);
    failing_.full = fault == DiskFault::full;
}

void SqliteDisk::begin_write() {
    crash::failing_calls() = fault_ == DiskFault::none ? crash::FailingCalls{} : failing_;
}

void SqliteDisk::end_write(bool stored) {
    const crash::FailingCalls met = std::exchange(crash::failing_calls(), {});
    if (met.failed > 0) {
        reached_(failing_.full ? "sqlite_met_a_full_disk" : "sqlite_met_a_failing_disk");
        fault_ = DiskFault::none;
    } else if (fault_ != DiskFault::none) {
        failing_.at -= met.calls;  // the next transaction goes on counting
    }
    if (stored && ++written_ % image_every_ == 0) {
        images_.push_back(disk_->settled());
        if (images_.size() > most_images) {
            for (std::size_t i = 1; i < images_.size(); ++i)
                images_.erase(images_.begin() + static_cast<std::ptrdiff_t>(i));
            image_every_ *= 2;
        }
    }
    if (!cutting_) disk_->forget_events();
}

bool SqliteDisk::cut_power(Random& random, const std::function<bool()>& writing) {
    disk_->forget_events();
    PowerDisk image = *disk_;
    cutting_ = true;
    const bool whole = !writing || writing();
    cutting_ = false;
    const auto& events = disk_->events();
    const std::size_t until = random.below(events.size() + 1);
    for (std::size_t i = 0; i < until; ++i) image.replay(events[i]);
    if (image.anything_pending()) reached_("power_cut_tore_a_store");
    PowerDisk::Random tearing(random.next());
    const bool torn = !whole || until < events.size();
    disk_ = std::make_shared<PowerDisk>(image.after_cut(tearing));
    return writing && torn;
}

Result<void> SqliteDisk::restore_image(std::size_t image, const StoreInstance& instance) {
    images_.resize(image, PowerDisk());
    disk_ = std::make_shared<PowerDisk>(images_.back());
    decayed_ = false;
    own_noted = 0;
    auto store = open();
    if (!store) return std::unexpected(store.error());
    return (*store)->renew_instance(instance);
}

bool SqliteDisk::decay(Random& random) {
    std::vector<crash::FileNumber> files;
    std::size_t size = 0;
    for (const char* suffix : {"", "-wal"}) {
        const auto* file = disk_->find(place.filename().string() + suffix);
        if (file == nullptr) continue;
        files.push_back(*file);
        size += disk_->contents(*file).size();
    }
    if (size == 0) return false;
    for (std::uint64_t flips = random.between(1, 6); flips > 0; --flips) {
        std::size_t at = random.below(size);
        for (const auto file : files) {
            const Bytes& bytes = disk_->contents(file);
            if (at < bytes.size()) {
                const std::uint8_t byte[] = {static_cast<std::uint8_t>(bytes[at] ^ (1U << random.below(8)))};
                disk_->write(file, at, byte);
                disk_->sync(file);
                break;
            }
            at -= bytes.size();
        }
    }
    disk_->forget_events();
    decayed_ = true;
    return true;
}

Result<void> SqliteDisk::mend(const GroupId& group, const StoreInstance& fresh, const Verifier& verifier) {
    if (!std::exchange(decayed_, false)) return {};
    const Mounted mounted(*disk_);
    auto store = store::open_sqlite_store(place, fresh, options());
    if (!store && store.error().code == ErrorCode::store_version) {
        // It passes for one of a newer program, which no repair touches. What is left is to begin anew.
        lose_all(fresh);
        reached_("decay_made_a_store_unknown");
        return {};
    }
    if (!store && store.error().code != ErrorCode::store_damaged) return std::unexpected(store.error());
    if (store) {
        const auto found = moot::check_group(**store, group, moot::FsckDepth::full, verifier);
        store->reset();
        if (found.faults.empty()) {
            reached_("decay_left_a_sound_store");
            return {};
        }
    }
    auto repaired = moot::repair_group(place, group, fresh, verifier, options());
    if (!repaired) return std::unexpected(repaired.error());
    reached_(repaired->lost_ops() ? "decay_cost_ops" : "decay_mended_whole");
    disk_->forget_events();
    return {};
}

}  // namespace

std::unique_ptr<SimDisk> make_sqlite_disk(const StoreInstance& instance, std::uint64_t seed,
                                          std::function<void(const char*)> reached) {
    // The salts of SQLite's logs: from the seed, not from the system.
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, static_cast<int>(seed % 0x7fffffff) + 1, nullptr);
    return std::make_unique<SqliteDisk>(instance, seed, std::move(reached));
}

}  // namespace folkmoot::sim
