// The store for tests and laboratories: the same answers as SQLite's, without a disk.
#include <algorithm>
#include <map>

#include "base/id_table.hpp"
#include "store/batch.hpp"

namespace folkmoot {
namespace {

using store::not_found;

class MemoryStore final : public Store {
   public:
    explicit MemoryStore(const StoreInstance& instance)
        : instance_(instance), places_(salted_hash(instance.view(), 0), IdAt{&ops_}) {}

    StoreInstance instance() const override { return instance_; }

    Result<void> renew_instance(const StoreInstance& instance) override {
        instance_ = instance;
        rolled_back_ = true;
        return {};
    }

    bool may_be_rolled_back() const override { return rolled_back_; }

    Result<void> mark_rolled_back(bool value) override {
        rolled_back_ = value;
        return {};
    }

    Result<void> append(std::span<const StoredOp> ops) override {
        if (auto good = store::check_batch(ops); !good) return good;
        for (const StoredOp& op : ops) {
            if (places_.find(op.id)) return store::already_stored(op.id);
        }
        for (const StoredOp& op : ops) {
            StoredOp& kept = ops_.emplace_back(op);
            places_.insert(static_cast<std::uint32_t>(ops_.size() - 1));
            kept.signatures = store::distinct(op.signatures);
            kept.payload_erased = false;
        }
        return {};
    }

    Result<void> add_signatures(std::span<const OpSignature> signatures) override {
        for (const auto& each : signatures) {
            if (!places_.find(each.id)) return not_found(each.id);
        }
        for (const auto& [id, signature] : signatures) {
            auto& held = find(id)->signatures;
            if (std::ranges::find(held, signature) == held.end()) held.push_back(signature);
        }
        return {};
    }

    Result<void> add_payload(const OpId& id, ByteView payload) override {
        if (auto sized = store::check_payload_size(payload); !sized) return sized;
        StoredOp* op = find(id);
        if (op == nullptr) return not_found(id);
        if (!op->payload) op->payload = Bytes(payload.begin(), payload.end());
        op->payload_erased = false;
        return {};
    }

    Result<void> erase_payload(const OpId& id) override {
        StoredOp* op = find(id);
        if (op == nullptr) return not_found(id);
        op->payload.reset();
        op->payload_erased = true;
        return {};
    }

    Result<StoredOp> read(const OpId& id) const override {
        const auto place = places_.find(id);
        if (!place) return not_found(id);
        return ops_[*place];
    }

    Result<void> for_each(bool payloads,
                          const std::function<Result<void>(StoredOp&&)>& visit) const override {
        const std::size_t end = ops_.size();
        for (std::size_t i = 0; i < end; ++i) {
            StoredOp op{ops_[i].id, ops_[i].body, ops_[i].signatures, std::nullopt, ops_[i].payload_erased};
            if (payloads) op.payload = ops_[i].payload;
            if (auto visited = visit(std::move(op)); !visited) return visited;
        }
        return {};
    }

    Result<std::uint64_t> count() const override { return ops_.size(); }

    Result<void> remember(const DeviceKey& peer, std::span<const RememberedFrontier> frontiers) override {
        std::vector<RememberedFrontier> kept;
        for (const RememberedFrontier& frontier :
             frontiers.first(std::min(frontiers.size(), limits::remembered_frontiers_per_peer))) {
            RememberedFrontier& copy = kept.emplace_back(frontier);
            copy.peer = peer;
            copy.heads.resize(std::min(copy.heads.size(), limits::frontier_ids));
        }
        if (kept.empty()) {
            remembered_.erase(peer);
        } else {
            remembered_.insert_or_assign(peer, std::move(kept));
        }
        return {};
    }

    Result<std::vector<RememberedFrontier>> remembered() const override {
        std::vector<RememberedFrontier> out;
        for (const auto& [peer, frontiers] : remembered_)
            out.insert(out.end(), frontiers.begin(), frontiers.end());
        return out;
    }

    Result<void> checkpoint() override { return {}; }

    Result<StoreCheck> check(CheckDepth) const override {
        StoreCheck out;
        out.ops = ops_.size();
        out.payloads = static_cast<std::uint64_t>(
            std::ranges::count_if(ops_, [](const StoredOp& op) { return op.payload.has_value(); }));
        return out;
    }

    Result<void> backup(const std::filesystem::path& to) const override;

   private:
    struct IdAt {
        const std::vector<StoredOp>* ops;
        const OpId& operator()(std::uint32_t i) const { return (*ops)[i].id; }
    };
    StoredOp* find(const OpId& id) {
        const auto place = places_.find(id);
        return place ? &ops_[*place] : nullptr;
    }
    Result<void> copy_into(Store& other) const;

    StoreInstance instance_;
    bool rolled_back_ = false;
    std::vector<StoredOp> ops_;
    IdTable<OpId, IdAt> places_;
    std::map<DeviceKey, std::vector<RememberedFrontier>> remembered_;
};

Result<void> MemoryStore::copy_into(Store& other) const {
    for (std::size_t i = 0; i < ops_.size(); i += limits::batch_ops) {
        const std::size_t n = std::min(limits::batch_ops, ops_.size() - i);
        if (auto done = other.append(std::span(ops_).subspan(i, n)); !done) return done;
    }
    for (const StoredOp& op : ops_) {
        if (!op.payload_erased) continue;
        if (auto done = other.erase_payload(op.id); !done) return done;
    }
    for (const auto& [peer, frontiers] : remembered_) {
        if (auto done = other.remember(peer, frontiers); !done) return done;
    }
    return other.checkpoint();
}

Result<void> MemoryStore::backup(const std::filesystem::path& to) const {
    std::error_code ignored;
    if (std::filesystem::exists(std::filesystem::symlink_status(to, ignored))) {
        return fail(ErrorCode::already_exists, to.string() + " exists; name another file for the backup");
    }
    auto file = open_sqlite_store(to, instance_);
    if (!file) return std::unexpected(file.error());
    auto copied = copy_into(**file);
    file->reset();
    if (!copied) std::filesystem::remove(to, ignored);
    return copied;
}

}  // namespace

std::unique_ptr<Store> make_memory_store(const StoreInstance& instance) {
    return std::make_unique<MemoryStore>(instance);
}

}  // namespace folkmoot
