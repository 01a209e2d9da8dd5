#include "moot/ticket.hpp"

#include <algorithm>

#include "crypto/hash.hpp"
#include "moot/text.hpp"

namespace folkmoot::moot {
namespace {

constexpr std::string_view prefix = "moot1";
constexpr std::size_t check_bytes = 4;

Bytes check_of(ByteView content) {
    const Hash32 hash = crypto::blake2b_256({as_bytes("folkmoot ticket"), content});
    return {hash.bytes.begin(), hash.bytes.begin() + check_bytes};
}

}  // namespace

bool is_address(const std::string& text) {
    const auto colon = text.rfind(':');
    if (colon == std::string::npos || colon == 0 || text.size() > 255) return false;
    const std::string port = text.substr(colon + 1);
    if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos)
        return false;
    const bool plain = std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
    return plain && std::stoul(port) <= 65535;
}

Result<std::string> encode_ticket(const Ticket& ticket) {
    if (ticket.addresses.empty()) return fail(ErrorCode::usage, "a ticket needs an address");
    Bytes out;
    append(out, ticket.group.view());
    append(out, ticket.inviter.view());
    out.push_back(static_cast<std::uint8_t>(std::min<std::size_t>(ticket.addresses.size(), 255)));
    for (const auto& address : ticket.addresses) {
        if (!is_address(address)) return fail(ErrorCode::usage, printable(address) + " is no HOST:PORT");
        out.push_back(static_cast<std::uint8_t>(address.size()));
        append(out, as_bytes(address));
    }
    append(out, check_of(out));
    std::string text = std::string(prefix) + base64url(out);
    if (text.size() > largest_ticket) {
        return fail(ErrorCode::usage, "too many addresses: a ticket has at most 400 characters");
    }
    return text;
}

Result<Ticket> decode_ticket(const std::string& text) {
    const auto bad = [](const std::string& why) {
        return fail(ErrorCode::bad_ticket, "the ticket is not whole (" + why + "); copy it again");
    };
    if (!text.starts_with(prefix)) return bad("it does not start with moot1");
    if (text.size() > largest_ticket) return bad("it is too long");
    const auto raw = from_base64url(std::string_view(text).substr(prefix.size()));
    if (!raw || raw->size() < GroupId::size + DeviceKey::size + 1 + check_bytes)
        return bad("characters are missing");
    ByteView content(raw->data(), raw->size() - check_bytes);
    const Bytes check(raw->end() - check_bytes, raw->end());
    if (check != check_of(content)) return bad("a character is wrong");
    Ticket ticket;
    ticket.group = *GroupId::from(content.first(GroupId::size));
    content = content.subspan(GroupId::size);
    ticket.inviter = *DeviceKey::from(content.first(DeviceKey::size));
    content = content.subspan(DeviceKey::size);
    std::size_t count = content[0];
    content = content.subspan(1);
    for (; count > 0 && !content.empty() && content.size() > content[0]; --count) {
        const std::size_t length = content[0];
        ticket.addresses.emplace_back(content.begin() + 1,
                                      content.begin() + 1 + static_cast<std::ptrdiff_t>(length));
        if (!is_address(ticket.addresses.back())) return bad("an address is none");
        content = content.subspan(1 + length);
    }
    if (count != 0 || !content.empty() || ticket.addresses.empty()) return bad("the addresses are wrong");
    return ticket;
}

}  // namespace folkmoot::moot
