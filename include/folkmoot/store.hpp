// The store (T): ops in the order they were admitted, and what is remembered of peers.
//
// One transaction an admitted batch, closed under parents at every commit. What append returned for is
// on the disk: it survives a power cut, a kill and a full disk. Two implementations ship.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "folkmoot/operation.hpp"

namespace folkmoot {

/// An op as the store keeps it. `signatures` holds every one received, first received first; it may be
/// empty where the author's chain vouches (O5).
struct StoredOp {
    OpId id;
    Bytes body;
    std::vector<Signature> signatures;
    std::optional<Bytes> payload;
};

/// A frontier known common with a peer's store instance (Y3), ids ascending.
struct RememberedFrontier {
    DeviceKey peer;
    std::vector<OpId> heads;
    friend bool operator==(const RememberedFrontier&, const RememberedFrontier&) = default;
};

/// Random identity of one store, new whenever a store is created: a peer that lost its disk has another.
using StoreInstance = Fixed<struct StoreInstanceTag, 16>;

/// Not thread-safe. All failures are values: store_full, store_io, store_locked, store_damaged.
class Store {
   public:
    virtual ~Store() = default;

    [[nodiscard]] virtual StoreInstance instance() const = 0;
    /// Appends ops, parents before children, in one durable transaction: all or nothing.
    [[nodiscard]] virtual Result<void> append(std::span<const StoredOp> ops) = 0;
    /// Adds a signature to an op it holds; the same signature twice is harmless.
    [[nodiscard]] virtual Result<void> add_signature(const OpId& id, const Signature& signature) = 0;
    /// Stores the payload of a post it holds without one. The caller has checked it against the post.
    [[nodiscard]] virtual Result<void> add_payload(const OpId& id, ByteView payload) = 0;
    /// Erases the payload; history and verdicts are untouched.
    [[nodiscard]] virtual Result<void> erase_payload(const OpId& id) = 0;
    /// store_not_found if it does not hold the op.
    [[nodiscard]] virtual Result<StoredOp> read(const OpId& id) const = 0;
    /// Every op in the order of admission; stops when `visit` returns an error and returns that error.
    /// Payloads are left out unless asked for.
    [[nodiscard]] virtual Result<void> for_each(
        bool payloads, const std::function<Result<void>(StoredOp&&)>& visit) const = 0;
    [[nodiscard]] virtual Result<std::uint64_t> count() const = 0;

    /// Replaces what is remembered of the peer, newest first, at most limits::remembered_frontiers_per_peer.
    [[nodiscard]] virtual Result<void> remember(const DeviceKey& peer,
                                                std::span<const RememberedFrontier> frontiers) = 0;
    [[nodiscard]] virtual Result<std::vector<RememberedFrontier>> remembered() const = 0;
};

/// Keeps everything in memory, for tests and laboratories.
[[nodiscard]] std::unique_ptr<Store> make_memory_store(const StoreInstance& instance);

/// What SQLite keeps at `path`; created with `new_instance` if the file does not exist, and then usable only
/// after the directory was synced. One process writes: store_locked for the second. store_version if
/// a newer program wrote it, store_damaged if it is not such a store.
[[nodiscard]] Result<std::unique_ptr<Store>> open_sqlite_store(const std::filesystem::path& path,
                                                               const StoreInstance& new_instance);

}  // namespace folkmoot
