#include "crash/recorder.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace folkmoot::crash {
namespace {

/// Small enough that a short run sees many checkpoints.
constexpr int checkpoint_frames = 24;

StoreInstance first_instance() {
    StoreInstance out;
    out.bytes.fill(7);
    return out;
}

}  // namespace

Result<World> world_of(const Store& store) {
    World out;
    out.instance = store.instance();
    out.rolled_back = store.may_be_rolled_back();
    const auto visited = store.for_each(true, [&](StoredOp&& op) -> Result<void> {
        out.ops.push_back(std::move(op));
        return {};
    });
    if (!visited) return std::unexpected(visited.error());
    auto remembered = store.remembered();
    if (!remembered) return std::unexpected(remembered.error());
    out.remembered = std::move(*remembered);
    return out;
}

std::string difference(const World& found, const World& wanted) {
    if (found.ops.size() != wanted.ops.size()) {
        return std::to_string(found.ops.size()) + " ops instead of " + std::to_string(wanted.ops.size());
    }
    for (std::size_t i = 0; i < found.ops.size(); ++i) {
        const StoredOp& a = found.ops[i];
        const StoredOp& b = wanted.ops[i];
        const std::string which = "op " + std::to_string(i) + ": ";
        if (a.id != b.id || a.body != b.body) return which + "another body";
        if (a.signatures != b.signatures) return which + "other signatures";
        if (a.payload != b.payload) return which + "another payload";
        if (a.payload_erased != b.payload_erased) return which + "another note of erasure";
    }
    if (found.remembered != wanted.remembered) return "other frontiers are remembered";
    if (found.instance != wanted.instance) return "another instance";
    if (found.rolled_back != wanted.rolled_back) return "another mark";
    return {};
}

template <class Call, class Effect>
Result<void> RecordingStore::step(Call&& call, Effect&& effect) const {
    const std::size_t begin = disk_.events().size();
    auto done = call();
    EXPECT_TRUE(done.has_value()) << done.error().text;
    if (!done) return done;
    effect();
    steps_.push_back({begin, disk_.events().size(), now_});
    return done;
}

RecordingStore::RecordingStore(PowerDisk& disk) : disk_(disk) {
    now_.instance = first_instance();
    open();
}

RecordingStore::~RecordingStore() {
    const std::size_t begin = disk_.events().size();
    inner_.reset();
    steps_.push_back({begin, disk_.events().size(), now_});
    if (into_ != nullptr) *into_ = {disk_.events(), std::move(steps_)};
}

void RecordingStore::open() {
    static_cast<void>(step(
        [&]() -> Result<void> {
            auto options = power_options();
            options.checkpoint_frames = checkpoint_frames;
            auto opened = store::open_sqlite_store(disk_folder / "store.db", first_instance(), options);
            if (!opened) return std::unexpected(opened.error());
            inner_ = std::move(*opened);
            return {};
        },
        [] {}));
}

void RecordingStore::reopen() {
    inner_.reset();
    open();
}

StoredOp& RecordingStore::op(const OpId& id) const { return *std::ranges::find(now_.ops, id, &StoredOp::id); }

Result<void> RecordingStore::renew_instance(const StoreInstance& instance) {
    return step([&] { return inner_->renew_instance(instance); },
                [&] {
                    now_.instance = instance;
                    now_.rolled_back = true;
                });
}

Result<void> RecordingStore::mark_rolled_back(bool value) {
    return step([&] { return inner_->mark_rolled_back(value); }, [&] { now_.rolled_back = value; });
}

Result<void> RecordingStore::append(std::span<const StoredOp> ops) {
    return step([&] { return inner_->append(ops); },
                [&] { now_.ops.insert(now_.ops.end(), ops.begin(), ops.end()); });
}

Result<void> RecordingStore::add_signatures(std::span<const OpSignature> signatures) {
    return step([&] { return inner_->add_signatures(signatures); },
                [&] {
                    for (const auto& [id, signature] : signatures) {
                        auto& held = op(id).signatures;
                        if (std::ranges::find(held, signature) == held.end()) held.push_back(signature);
                    }
                });
}

Result<void> RecordingStore::add_payload(const OpId& id, ByteView payload) {
    return step([&] { return inner_->add_payload(id, payload); },
                [&] {
                    StoredOp& held = op(id);
                    if (!held.payload) held.payload = Bytes(payload.begin(), payload.end());
                    held.payload_erased = false;
                });
}

Result<void> RecordingStore::erase_payload(const OpId& id) {
    return step([&] { return inner_->erase_payload(id); },
                [&] {
                    op(id).payload.reset();
                    op(id).payload_erased = true;
                });
}

Result<void> RecordingStore::remember(const DeviceKey& peer, std::span<const RememberedFrontier> frontiers) {
    return step([&] { return inner_->remember(peer, frontiers); },
                [&] {
                    // The limits on what is kept have tests of their own; no workload comes near them.
                    auto& all = now_.remembered;
                    std::erase_if(all, [&](const auto& one) { return one.peer == peer; });
                    auto at = std::ranges::lower_bound(all, peer, {}, &RememberedFrontier::peer);
                    for (auto frontier : frontiers) {
                        frontier.peer = peer;
                        at = std::next(all.insert(at, std::move(frontier)));
                    }
                });
}

Result<void> RecordingStore::checkpoint() {
    return step([&] { return inner_->checkpoint(); }, [] {});
}

Result<void> RecordingStore::backup(const std::filesystem::path& to) const {
    return step([&] { return inner_->backup(to); },
                [&] { now_.backups[to.filename().string()] = now_.ops.size(); });
}

}  // namespace folkmoot::crash
