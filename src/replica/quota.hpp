// What the ops of authors that are out may take (threats: a removed member floods ops on old parents).
//
// An author is *out* when its level is 0 and all its grants are sealed: whatever it still signs is void as
// things stand. Such ops are kept, since a current member may have seen them before it learnt of the
// removal; but only up to limits::removed_author_bytes, unless an op that is no such op stands on them: then
// they are part of that op's past, and every correct peer needs them whatever they weigh. Beyond the quota an
// op is refused, which says nothing about it: it may come again (O8). So all correct peers agree on the past
// of what counts, and the rest costs a bounded number of bytes.
//
// Appointing others does not help: whoever holds only what void ops gave is charged to the device at the
// start of that chain, the last one whose own grant was ever effective.
//
// A device that left and was not removed is not out: what it signs beside its `leave` counts, so it is
// bounded as a member is, by a warning; a removal seals it.
//
// Nothing here enters a verdict. It is counted from the graph, so that a replica that opens again knows what
// it knew. Cost: nothing while no op of an author that is out comes; then O(members * width) for each of a
// part of that many ops if an effective access op is among them, so O(width) an op; and amortised
// O(ancestors). Memory: 4 bytes an op.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "folkmoot/access.hpp"
#include "folkmoot/limits.hpp"
#include "folkmoot/replica.hpp"

namespace folkmoot {

/// What an op takes: its body and the payload it names, here or erased.
[[nodiscard]] std::size_t stored_size(ByteView body, const Operation& op);

/// Graph and access must outlive it.
class Quota {
   public:
    Quota(const Graph& graph, const Access& access) : graph_(graph), access_(access) {}

    /// Takes in the op the graph has just committed, of so many bytes.
    void record(OpIndex op, std::size_t bytes);
    /// As record, once access has taken in the op too. True when its author is past limits::author_bytes or
    /// limits::author_ops for the first time.
    [[nodiscard]] bool add(OpIndex op, std::size_t bytes);

    [[nodiscard]] Usage of_author(const DeviceKey& author) const;
    /// Whether the quota binds the ops of this author.
    [[nodiscard]] bool is_out(const DeviceKey& author) const;
    /// Whom the ops of an author that is out are charged to. Precondition: is_out(author).
    [[nodiscard]] DeviceKey account_of(const DeviceKey& author);
    /// Bytes held of ops charged to the account and in the past of no op that counts against no quota.
    [[nodiscard]] std::uint64_t charged(const DeviceKey& account);
    /// How often all was counted; for tests.
    [[nodiscard]] std::size_t recounts() const { return recounts_; }

    // --- What must be taken from a peer, whatever the quota -------------------------------------------
    // Ids in the past of an op by somebody who is not out, learnt from that op down, so nobody can make them
    // up. By peer, at most limits::wanted_ids_per_peer and then without the oldest: nobody fills another's.
    void want(const DeviceKey& peer, const OpId& id);
    [[nodiscard]] bool wanted(const DeviceKey& peer, const OpId& id) const;
    void forget(const DeviceKey& peer) { wanted_.erase(peer); }
    [[nodiscard]] std::size_t wanted_count(const DeviceKey& peer) const;

   private:
    void recount_if_due();
    void recount();
    [[nodiscard]] DeviceKey find_account(const DeviceKey& author);
    void uncharge_past(OpIndex op);

    const Graph& graph_;
    const Access& access_;
    std::vector<std::uint32_t> bytes_;  // of each op
    std::vector<Usage> authors_;
    std::set<AuthorIndex> heavy_;  // told

    mutable std::map<DeviceKey, bool> out_;  // is_out, of those asked about since the last access op
    bool counted_ = false;                   // what follows was counted, and kept up with every op since
    bool stale_ = false;                     // but levels or seals have changed
    std::size_t counted_to_ = 0;             // ops in the graph then
    std::size_t count_work_ = 0;             // what it cost
    std::size_t recounts_ = 0;
    std::vector<bool> is_charged_;      // of each op
    std::vector<OpIndex> charged_ops_;  // those, and some that were
    std::map<DeviceKey, std::uint64_t> accounts_;
    std::map<DeviceKey, DeviceKey> account_by_author_;
    std::map<GrantIndex, DeviceKey> account_by_grant_;

    struct Wanted {
        std::set<OpId> ids;
        std::deque<OpId> order;
    };
    std::map<DeviceKey, Wanted> wanted_;
};

}  // namespace folkmoot
