// The store (T): ops in the order they were admitted, and what is remembered of peers.
//
// One transaction an admitted batch, closed under parents at every commit. What append returned for is
// on the disk: it survives a power cut, a kill and a full disk. Two implementations ship.
//
// The store keeps bytes; it judges none. Hashes, signatures, parents and the rules are checked by layers that
// know them, before append and, for fsck, through for_each.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "folkmoot/operation.hpp"

namespace folkmoot {

/// An op as the store keeps it. `signatures` holds every one received, first received first, each once; it
/// may be empty where the author's chain vouches (O5).
struct StoredOp {
    OpId id;
    Bytes body;
    std::vector<Signature> signatures;
    std::optional<Bytes> payload;
    /// Set by the store, ignored by append: the payload was erased here on purpose, so do not fetch it again.
    bool payload_erased = false;
};

/// A signature of an op that is stored already.
struct OpSignature {
    OpId id;
    Signature signature;
};

/// Random identity of one store, new whenever a store is created: a peer that lost its disk has another.
using StoreInstance = Fixed<struct StoreInstanceTag, 16>;

/// A frontier known common with a peer's store instance (Y3), ids ascending.
struct RememberedFrontier {
    DeviceKey peer;
    std::vector<OpId> heads;
    StoreInstance peer_instance{};
    friend bool operator==(const RememberedFrontier&, const RememberedFrontier&) = default;
};

enum class CheckDepth : std::uint8_t {
    /// Structure and counts. Reads every page once.
    quick,
    /// Also indexes against tables, and that no id occurs twice. O(n log n).
    full,
};

/// What a check of the store's own structure found. Says nothing of what the bytes mean.
struct StoreCheck {
    std::uint64_t ops = 0;
    std::uint64_t payloads = 0;
    /// A sentence for each fault, at most 100; empty if the structure is sound.
    std::vector<std::string> faults;
    [[nodiscard]] bool sound() const { return faults.empty(); }
};

/// Not thread-safe. All failures are values:
///   store_full       nothing was stored; may be tried again once there is space
///   store_io         the disk failed. Whether the last write took place is known only after opening again;
///                    until then every write gives store_read_only, while reads go on
///   store_damaged    the bytes are not what was written; as store_io for later writes
///   store_not_found  no such op
/// A process that forked must not use, nor close, a store opened before the fork.
class Store {
   public:
    virtual ~Store() = default;

    [[nodiscard]] virtual StoreInstance instance() const = 0;
    /// Makes this another store in the eyes of peers, and marks it as one that may have been rolled back.
    /// Call after restoring a backup, before the first session.
    [[nodiscard]] virtual Result<void> renew_instance(const StoreInstance& instance) = 0;
    /// The durable mark that own ops may be missing here; Replica says what follows from it.
    [[nodiscard]] virtual bool may_be_rolled_back() const = 0;
    [[nodiscard]] virtual Result<void> mark_rolled_back(bool value) = 0;

    /// Appends ops, parents before children, in one durable transaction: all or nothing. already_exists if
    /// the store or the batch holds one of them twice; op_body_too_large and op_payload_too_large by O7.
    [[nodiscard]] virtual Result<void> append(std::span<const StoredOp> ops) = 0;
    /// Adds signatures to ops it holds, in one durable transaction: all or nothing. The same signature twice
    /// is harmless. Cost and size are linear in the signatures of an op: the caller bounds how many it takes.
    [[nodiscard]] virtual Result<void> add_signatures(std::span<const OpSignature> signatures) = 0;
    /// Stores the payload of a post it holds without one; harmless if it has it. The caller has checked it
    /// against the post.
    [[nodiscard]] virtual Result<void> add_payload(const OpId& id, ByteView payload) = 0;
    /// Erases the payload and notes that it was; history and verdicts are untouched. Harmless if there is
    /// none. The bytes are gone from the file's log too after the next checkpoint(). What the medium or a
    /// backup still holds is out of reach.
    [[nodiscard]] virtual Result<void> erase_payload(const OpId& id) = 0;
    /// store_not_found if it does not hold the op.
    [[nodiscard]] virtual Result<StoredOp> read(const OpId& id) const = 0;
    /// Every op in the order of admission; stops when `visit` returns an error and returns that error.
    /// Payloads are left out unless asked for. `visit` may call the store; ops appended meanwhile are not
    /// visited.
    [[nodiscard]] virtual Result<void> for_each(
        bool payloads, const std::function<Result<void>(StoredOp&&)>& visit) const = 0;
    [[nodiscard]] virtual Result<std::uint64_t> count() const = 0;

    /// Replaces what is remembered of the peer, newest first; keeps the first
    /// limits::remembered_frontiers_per_peer, each with its first limits::frontier_ids heads (part of a
    /// common frontier is common too). None forgets the peer. The `peer` inside a frontier is not read.
    [[nodiscard]] virtual Result<void> remember(const DeviceKey& peer,
                                                std::span<const RememberedFrontier> frontiers) = 0;
    /// By peer ascending, newest first within a peer.
    [[nodiscard]] virtual Result<std::vector<RememberedFrontier>> remembered() const = 0;

    /// Moves everything from the log into the file and empties the log. Closing does this too.
    [[nodiscard]] virtual Result<void> checkpoint() = 0;
    /// Examines the structure. An error only if it cannot be read at all; damage is in the answer.
    [[nodiscard]] virtual Result<StoreCheck> check(CheckDepth depth) const = 0;
    /// Writes a consistent copy to `to`, which open_sqlite_store opens; it is durable with its directory on
    /// return, and nothing is at `to` after an error. already_exists if something is there. The copy has
    /// the same instance: whoever restores it calls renew_instance. Not from within for_each.
    [[nodiscard]] virtual Result<void> backup(const std::filesystem::path& to) const = 0;
};

/// Keeps everything in memory, for tests and laboratories.
[[nodiscard]] std::unique_ptr<Store> make_memory_store(const StoreInstance& instance);

/// What SQLite keeps at `path`; created with `new_instance` if the file does not exist, and then usable only
/// after the directory was synced. One process writes, through one store: store_locked for the second, at
/// once. store_version if a newer program wrote it, store_damaged if it is not such a store (an empty file is
/// none: a store that was cut to nothing must not pass for a new one), store_open if it cannot be reached.
/// While it is open, nothing else in this process may open and close the file at `path`: POSIX would drop the
/// lock.
[[nodiscard]] Result<std::unique_ptr<Store>> open_sqlite_store(const std::filesystem::path& path,
                                                               const StoreInstance& new_instance);

}  // namespace folkmoot
