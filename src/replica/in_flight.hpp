// Ids that peers announced and that are not here yet, once for all sessions of a group (Y10): who announced
// them, who was asked, and who is asked next.
//
// Attacks it stops:
//   - "already asked for" (Miller et al., TxProbe): a peer that announces what others hold and withholds it
//     keeps an id for one time-out. Then the next announcer is asked, and until the withholder answers a
//     request in time it is asked only for what nobody else has given within a time-out.
//   - phantom ids: each counts in its announcer's budget and in no other's; what one peer is asked for never
//     keeps another from being asked, since each has a queue of its own.
//
// Invariants:
//   1. An entry has at least one announcer, and each of them counts it once.
//   2. An entry that was asked for stands in deadlines_ and in the asked set of that peer, and in no queue.
//      One that was not stands in the queue of each of its announcers.
//
// Costs: each announcement is put in and taken out of O(announcers) ordered sets, so O(log n) for each;
// nothing is ever scanned. Memory is announced_ids_per_peer entries a peer.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "folkmoot/operation.hpp"

namespace folkmoot {

class InFlight {
   public:
    /// A session, by its number.
    using Announcer = std::uint64_t;

    /// The peer says that it holds `id`, which is not here. False, and nothing kept, if it has announced too
    /// many.
    bool announce(const OpId& id, Announcer peer, std::uint64_t now_ms);
    /// What this peer is to be asked for now, ascending by how long it waits: at most limits::need_ids. Call
    /// it only for a peer that can be asked. They count as asked for from here on.
    [[nodiscard]] std::vector<OpId> take(Announcer peer, std::uint64_t now_ms);
    /// The op is here, by whatever way.
    void arrived(const OpId& id);
    /// The peer has answered what it was asked for. What did not come it does not have: the next announcer's
    /// turn. Returns how many those are.
    std::size_t answered(Announcer peer);
    /// The peer is gone; what it alone announced is forgotten.
    void forget(Announcer peer);
    /// Whoever has kept an id for too long loses it to the next.
    void handle_time(std::uint64_t now_ms);
    /// When to call handle_time, if at all.
    [[nodiscard]] std::optional<std::uint64_t> deadline_ms() const;
    /// From when on there is something to ask this peer for.
    [[nodiscard]] std::optional<std::uint64_t> ready_ms(Announcer peer) const;

    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    [[nodiscard]] std::size_t announced_by(Announcer peer) const;
    /// Checks the invariants; for tests and fuzzers.
    [[nodiscard]] bool consistent() const;

   private:
    using Queue = std::set<std::pair<std::uint64_t, OpId>>;  // (time, id)
    struct Entry {
        std::map<Announcer, std::uint64_t> announcers;  // from when on each may be asked
        std::optional<Announcer> asked;
        std::uint64_t deadline_ms = 0;
    };
    struct Peer {
        std::set<OpId> announced;
        Queue queue;
        std::set<OpId> asked;
        bool late = false;       // kept an id for too long, and has not answered in time since
        bool timed_out = false;  // the same, of the request that is open
    };
    using Entries = std::map<OpId, Entry>;

    void unqueue(Entries::iterator at);
    void unask(Entries::iterator at);
    void drop_announcer(Entries::iterator at, Announcer peer);
    void settle(Entries::iterator at);

    Entries entries_;
    std::map<Announcer, Peer> peers_;
    Queue deadlines_;
};

}  // namespace folkmoot
