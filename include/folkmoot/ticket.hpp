// Tickets: how a device finds a group, as a line of text. A plain one opens nothing: it says where to go and
// whom to expect there, for somebody who was added. An open one carries the secret of a key that its inviter
// linked: whoever holds it may read as that key and links a device of their own under it. Withdrawing it is
// removing that key. protocol-spec/ticket.md has the bytes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "folkmoot/bytes.hpp"
#include "folkmoot/error.hpp"
#include "folkmoot/limits.hpp"
#include "folkmoot/operation.hpp"

namespace folkmoot {

/// Seed of a ticket's key; give it to make_signer.
using TicketSecret = Fixed<struct TicketSecretTag, 32>;

/// What opens a group.
struct TicketKey {
    TicketSecret secret;
    /// What the inviter linked the key at: the level for the device that uses it, 1 to 100.
    Level level = 0;
    friend bool operator==(const TicketKey&, const TicketKey&) = default;
};

struct Ticket {
    GroupId group;
    /// The device that gave it out, expected at the addresses.
    DeviceKey inviter;
    std::vector<std::string> addresses;
    /// Absent in a plain ticket.
    std::optional<TicketKey> key = std::nullopt;
    friend bool operator==(const Ticket&, const Ticket&) = default;
};

/// bad_ticket if it would have more than limits::ticket_text characters, has no address or one that is none,
/// or a level out of range.
[[nodiscard]] Result<std::string> encode_ticket(const Ticket& ticket);
/// bad_ticket, with what is wrong with it.
[[nodiscard]] Result<Ticket> decode_ticket(std::string_view text);
/// "HOST:PORT" with a port from 0 to 65535.
[[nodiscard]] bool is_address(std::string_view text);

}  // namespace folkmoot
