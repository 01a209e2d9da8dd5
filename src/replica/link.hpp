// What the replica keeps of one session.
#pragma once

#include "folkmoot/replica.hpp"

namespace folkmoot {

struct Replica::Link {
    Link(Session the_session, const SessionConfig& config)
        : session(std::move(the_session)), peer(config.peer), parking_bytes(config.parking_bytes) {}
    Session session;
    DeviceKey peer;
    std::size_t parking_bytes;  // set aside for what the session parks
    bool initiator = false;
    std::uint64_t rank = 0;           // keyed, so not chosen by the peer; see choose_whole_pushes()
    bool live = false;                // counted among the live sessions
    bool asked = false;               // an answer to what in_flight_ gave is waited for
    Outcome told = Outcome::running;  // what went out as an event
    /// A message built, and the ticket that must be persisted before it may leave.
    std::optional<Bytes> message;
    std::uint64_t barrier = 0;
};

/// An op by this device itself on its way in.
struct Replica::OwnArrival {
    std::size_t place = 0;  // in its batch
    OpId id;
    std::optional<Signature> signature;
};

}  // namespace folkmoot
