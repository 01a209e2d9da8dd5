// A ticket from any text: refused with bad_ticket, or the only spelling of what it says. As the check value
// would refuse almost everything, the input is also taken as the content of either kind and given a right
// one.
#include <algorithm>

#include "base/assert.hpp"
#include "crypto/hash.hpp"
#include "encoding/base64url.hpp"
#include "folkmoot/ticket.hpp"

namespace {

using namespace folkmoot;

void check(const std::string& text) {
    const auto ticket = decode_ticket(text);
    if (!ticket) {
        FOLKMOOT_ASSERT(ticket.error().code == ErrorCode::bad_ticket && !ticket.error().text.empty());
        return;
    }
    FOLKMOOT_ASSERT(text.size() <= limits::ticket_text && !ticket->addresses.empty());
    FOLKMOOT_ASSERT(
        std::ranges::all_of(ticket->addresses, [](const auto& each) { return is_address(each); }));
    FOLKMOOT_ASSERT(!ticket->key || (ticket->key->level >= 1 && ticket->key->level <= limits::granted_level));
    const auto again = encode_ticket(*ticket);
    FOLKMOOT_ASSERT(again && *again == text);
}

// protocol-spec/ticket.md: what stands behind the prefix, with its check value.
void check_content(ByteView content, std::string_view prefix, std::string_view domain) {
    Bytes whole(content.begin(), content.end());
    const Hash32 hash = crypto::blake2b_256({as_bytes(domain), content});
    whole.insert(whole.end(), hash.bytes.begin(), hash.bytes.begin() + 4);
    check(std::string(prefix) + encoding::base64url(whole));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView input(data, size);
    check(std::string(input.begin(), input.end()));
    check_content(input, "moot1", "folkmoot ticket");
    check_content(input, "moot2", "folkmoot ticket 2");
    return 0;
}
