// Tickets: how one who was added finds the group. A ticket opens nothing; it says where to go and whom to
// expect there.
//
//     moot1 + base64url, without padding, of:
//       32 bytes  group id
//       32 bytes  key of the device that gave it out
//        1 byte   number of addresses, each: 1 byte length, "HOST:PORT"
//        4 bytes  of BLAKE2b-256 over all before, against typing errors
#pragma once

#include <string>
#include <vector>

#include "folkmoot/bytes.hpp"
#include "folkmoot/error.hpp"

namespace folkmoot::moot {

inline constexpr std::size_t largest_ticket = 400;

struct Ticket {
    GroupId group;
    DeviceKey inviter;
    std::vector<std::string> addresses;
};

/// usage if it would have more than 400 characters or has no address.
[[nodiscard]] Result<std::string> encode_ticket(const Ticket& ticket);
/// bad_ticket.
[[nodiscard]] Result<Ticket> decode_ticket(const std::string& text);
/// "HOST:PORT" with a port from 0 to 65535.
[[nodiscard]] bool is_address(const std::string& text);

}  // namespace folkmoot::moot
