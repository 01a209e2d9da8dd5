// The messages of a session from any bytes: whatever decodes is the only spelling of its meaning, and only
// `have` and `closed` name a group.
#include <cstdlib>

#include "base/assert.hpp"
#include "sync/messages.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace folkmoot;
    const ByteView input(data, size);
    const auto message = sync::decode_message(input);
    const auto named = named_group(input);
    if (!message) {
        FOLKMOOT_ASSERT(!named);
        return 0;
    }
    const Bytes again = sync::encode_message(*message);
    FOLKMOOT_ASSERT(again.size() == size && std::equal(again.begin(), again.end(), input.begin()));
    const bool names =
        std::holds_alternative<sync::Have>(*message) || std::holds_alternative<sync::Closed>(*message);
    FOLKMOOT_ASSERT(named.has_value() == names);
    return 0;
}
