// What a store was told and when it answered, beside the events of the disk below it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "crash/power_disk.hpp"
#include "crash/power_vfs.hpp"
#include "folkmoot/store.hpp"

namespace folkmoot::crash {

/// All that a store may hold.
struct World {
    std::vector<StoredOp> ops;
    std::vector<RememberedFrontier> remembered;  // as Store::remembered returns them
    StoreInstance instance;
    bool rolled_back = false;
    /// Backups that were acknowledged, by file name: the ops in each.
    std::map<std::string, std::size_t> backups;
};
/// Everything the store says it holds, or why it cannot say.
[[nodiscard]] Result<World> world_of(const Store& store);
/// What differs, empty if nothing does. Backups are not compared.
[[nodiscard]] std::string difference(const World& found, const World& wanted);

/// One call: the disk had seen `begin` events when it was made and `end` when it returned success. Cut after
/// fewer than `end` events, the disk may show the world before; from `end` on it must show `after` or later.
struct Step {
    std::size_t begin = 0;
    std::size_t end = 0;
    World after;
};

struct Recording {
    std::vector<DiskEvent> events;
    std::vector<Step> steps;  // the first is the creation
};

/// A store on `disk`, which must be mounted, that keeps a model of what it acknowledged.
class RecordingStore final : public Store {
   public:
    explicit RecordingStore(PowerDisk& disk);
    ~RecordingStore() override;
    /// Closes the store and opens it again.
    void reopen();
    /// All steps so far. The last, the closing, is noted when the store goes: give `into` a longer life.
    void record_into(Recording& into) { into_ = &into; }

    StoreInstance instance() const override { return inner_->instance(); }
    bool may_be_rolled_back() const override { return inner_->may_be_rolled_back(); }
    Result<StoredOp> read(const OpId& id) const override { return inner_->read(id); }
    Result<void> for_each(bool payloads,
                          const std::function<Result<void>(StoredOp&&)>& visit) const override {
        return inner_->for_each(payloads, visit);
    }
    Result<std::uint64_t> count() const override { return inner_->count(); }
    Result<std::vector<RememberedFrontier>> remembered() const override { return inner_->remembered(); }
    Result<StoreCheck> check(CheckDepth depth) const override { return inner_->check(depth); }

    Result<void> renew_instance(const StoreInstance& instance) override;
    Result<void> mark_rolled_back(bool value) override;
    Result<void> append(std::span<const StoredOp> ops) override;
    Result<void> add_signatures(std::span<const OpSignature> signatures) override;
    Result<void> add_payload(const OpId& id, ByteView payload) override;
    Result<void> erase_payload(const OpId& id) override;
    Result<void> remember(const DeviceKey& peer, std::span<const RememberedFrontier> frontiers) override;
    Result<void> checkpoint() override;
    Result<void> backup(const std::filesystem::path& to) const override;

   private:
    template <class Call, class Effect>
    Result<void> step(Call&& call, Effect&& effect) const;
    void open();
    [[nodiscard]] StoredOp& op(const OpId& id) const;

    PowerDisk& disk_;
    std::unique_ptr<Store> inner_;
    mutable World now_;
    mutable std::vector<Step> steps_;
    Recording* into_ = nullptr;
};

}  // namespace folkmoot::crash
