// What the replica keeps of one session and of one op on its way in.
#pragma once

#include "base/id_table.hpp"
#include "folkmoot/replica.hpp"

namespace folkmoot {

/// Where the new ops of a batch stand in it, by id.
class Replica::BatchPlaces {
   public:
    BatchPlaces(const std::vector<EncodedOp>& ops, std::uint64_t seed) : table_(seed, IdAt{&ops}) {}
    /// False if the batch has the id already.
    bool add(const OpId& id, std::size_t place) {
        if (table_.find(id)) return false;
        table_.insert(static_cast<std::uint32_t>(place));
        return true;
    }
    [[nodiscard]] std::size_t find(const OpId& id) const {
        const auto at = table_.find(id);
        return at ? *at : SIZE_MAX;
    }

   private:
    struct IdAt {
        const std::vector<EncodedOp>* ops;
        const OpId& operator()(std::uint32_t i) const { return (*ops)[i].id; }
    };
    IdTable<OpId, IdAt> table_;
};

struct Replica::Link {
    Link(Session the_session, const DeviceKey& the_peer) : session(std::move(the_session)), peer(the_peer) {}
    Session session;
    DeviceKey peer;
    bool initiator = false;
    std::uint64_t rank = 0;           // keyed, so not chosen by the peer; see choose_whole_pushes()
    bool live = false;                // counted among the live sessions
    bool asked = false;               // an answer to what in_flight_ gave is waited for
    Outcome told = Outcome::running;  // what went out as an event
    /// A message built, and the ticket that must be persisted before it may leave.
    std::optional<Bytes> message;
    std::uint64_t barrier = 0;
};

struct Replica::Incoming {
    Operation op;
    bool fresh = false;              // not in the graph before
    bool ready = false;              // can be admitted with what is here
    std::size_t voucher = SIZE_MAX;  // the op in the batch that proves it, if any
    std::size_t waits = 0;           // direct ancestors in the batch that come first
    std::uint32_t position = 0;      // in its author's chain; only of ops that are ready
    Admitted result;
};

}  // namespace folkmoot
