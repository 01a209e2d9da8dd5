// What the replica keeps of one session and of one op on its way in.
#pragma once

#include "folkmoot/replica.hpp"

namespace folkmoot {

struct Replica::Link {
    Session session;
    DeviceKey peer;
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
