// The evaluation of "Byzantine Eventual Consistency and the Fundamental Limits of Peer-to-Peer Databases"
// (M. Kleppmann, H. Howard, arXiv:2012.00472), with this library's replicas: four of them make ops and meet
// in random pairs, whole sessions with real signatures, each remembering where it last met whom.
#pragma once

#include <map>

#include "folkmoot/session.hpp"

namespace folkmoot::comparison {

struct Point {
    std::uint32_t replicas = 4;
    std::uint32_t updates = 0;  // between two reconciliations, by all replicas together
    std::uint32_t reconciliations = 600;
    std::uint32_t payload_bytes = 200;
    std::uint64_t seed = 1;
    SummaryChoice summary = SummaryChoice::automatic;
};

struct Measured {
    std::uint64_t reconciliations = 0;
    /// How many took so many round trips until both ends held the same ops. Equal ends take one: that is
    /// when they learn it.
    std::map<std::uint64_t, std::uint64_t> round_trips;
    std::uint64_t ops = 0;            // delivered
    std::uint64_t op_bytes = 0;       // what these took
    std::uint64_t control_bytes = 0;  // all else, both ways, until both were done
    std::uint64_t summaries = 0;      // how many were sent

    [[nodiscard]] double mean_round_trips() const;
    [[nodiscard]] double share(std::uint64_t at_least, std::uint64_t at_most) const;
    void add(const Measured& other);
};

/// The same numbers everywhere for one seed. Any session that does not end equal is an error.
[[nodiscard]] Result<Measured> measure(const Point& point);

}  // namespace folkmoot::comparison
