#include "folkmoot/ticket.hpp"

#include <algorithm>
#include <charconv>

#include "crypto/hash.hpp"
#include "encoding/base64url.hpp"

namespace folkmoot {
namespace {

constexpr std::string_view plain_prefix = "moot1";
constexpr std::string_view open_prefix = "moot2";
constexpr std::size_t check_bytes = 4;
// Against typing errors, not against anybody. A prefix is checked too: with another one the rest has another
// meaning.
Bytes check_of(bool open, ByteView content) {
    const Hash32 hash =
        crypto::blake2b_256({as_bytes(open ? "folkmoot ticket 2" : "folkmoot ticket"), content});
    return {hash.bytes.begin(), hash.bytes.begin() + check_bytes};
}

std::unexpected<Error> not_whole(std::string_view why) {
    return fail(ErrorCode::bad_ticket, "the ticket is not whole (" + std::string(why) + "); copy it again");
}

// Takes `size` bytes from the front; the caller has seen that they are there.
ByteView take(ByteView& content, std::size_t size) {
    const ByteView out = content.first(size);
    content = content.subspan(size);
    return out;
}

bool read_addresses(ByteView content, std::vector<std::string>& out) {
    if (content.empty() || content[0] == 0) return false;
    for (std::size_t count = take(content, 1)[0]; count > 0; --count) {
        if (content.empty() || content.size() <= content[0]) return false;
        const ByteView address = take(content, take(content, 1)[0]);
        out.emplace_back(address.begin(), address.end());
        if (!is_address(out.back())) return false;
    }
    return content.empty();
}

}  // namespace

bool is_address(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0 || text.size() > 255) return false;
    const std::string_view port = text.substr(colon + 1);
    unsigned number = 0;
    const auto read = std::from_chars(port.data(), port.data() + port.size(), number);
    if (port.empty() || port.size() > 5 || read.ec != std::errc() || read.ptr != port.data() + port.size())
        return false;
    return number <= 65535 && std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

Result<std::string> encode_ticket(const Ticket& ticket) {
    const auto bad = [](std::string text) { return fail(ErrorCode::bad_ticket, std::move(text)); };
    if (ticket.addresses.empty()) return bad("a ticket needs an address");
    Bytes out;
    if (ticket.key) {
        if (ticket.key->level < 1 || ticket.key->level > limits::granted_level)
            return bad("the level of a ticket is from 1 to 100");
        out.push_back(ticket.key->level);
    }
    append(out, ticket.group.view());
    append(out, ticket.inviter.view());
    if (ticket.key) append(out, ticket.key->secret.view());
    out.push_back(static_cast<std::uint8_t>(std::min<std::size_t>(ticket.addresses.size(), 255)));
    for (const auto& address : ticket.addresses) {
        if (!is_address(address)) return bad("an address is no HOST:PORT");
        out.push_back(static_cast<std::uint8_t>(address.size()));
        append(out, as_bytes(address));
    }
    append(out, check_of(ticket.key.has_value(), out));
    std::string text = std::string(ticket.key ? open_prefix : plain_prefix) + encoding::base64url(out);
    if (text.size() > limits::ticket_text)
        return bad("too many addresses: a ticket has at most 400 characters");
    return text;
}

Result<Ticket> decode_ticket(std::string_view text) {
    const bool open = text.starts_with(open_prefix);
    if (!open && !text.starts_with(plain_prefix)) return not_whole("it starts with neither moot1 nor moot2");
    if (text.size() > limits::ticket_text) return not_whole("it is too long");
    const auto raw = encoding::from_base64url(text.substr(plain_prefix.size()));
    const std::size_t fixed = GroupId::size + DeviceKey::size + (open ? 1 + TicketSecret::size : 0);
    if (!raw || raw->size() < fixed + 1 + check_bytes) return not_whole("characters are missing");
    ByteView content(raw->data(), raw->size() - check_bytes);
    if (Bytes(raw->end() - check_bytes, raw->end()) != check_of(open, content))
        return not_whole("a character is wrong");
    Ticket ticket;
    if (open) ticket.key = TicketKey{{}, take(content, 1)[0]};
    ticket.group = *GroupId::from(take(content, GroupId::size));
    ticket.inviter = *DeviceKey::from(take(content, DeviceKey::size));
    if (open) {
        ticket.key->secret = *TicketSecret::from(take(content, TicketSecret::size));
        if (ticket.key->level < 1 || ticket.key->level > limits::granted_level)
            return not_whole("its level is out of range");
    }
    if (!read_addresses(content, ticket.addresses)) return not_whole("the addresses are wrong");
    return ticket;
}

}  // namespace folkmoot
