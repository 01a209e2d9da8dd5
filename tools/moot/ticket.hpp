// What this home remembers of the open tickets it gave out: never their secrets.
//
//     tickets.json    {"tickets": [{"group", "key", "level", "label", "made_ms"}]}
#pragma once

#include <string>
#include <vector>

#include "folkmoot/operation.hpp"
#include "folkmoot/ticket.hpp"
#include "moot/home.hpp"

namespace folkmoot::moot {

struct GivenTicket {
    GroupId group;
    DeviceKey key;
    Level level = 0;
    std::string label;
    std::uint64_t made_ms = 0;
};

/// Oldest first.
[[nodiscard]] Result<std::vector<GivenTicket>> given_tickets(const Home& home);
[[nodiscard]] Result<void> remember_tickets(const Home& home, const std::vector<GivenTicket>& tickets);

}  // namespace folkmoot::moot
