// The messages of a session from any bytes: whatever decodes is the only spelling of its meaning, and only
// `have` and `closed` name a group. It asks for memory in proportion to the bytes that are there.
#include <algorithm>

#include "base/assert.hpp"
#include "fuzz/support/allocations.hpp"
#include "sync/messages.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace folkmoot;
    const ByteView input(data, size);
    const std::size_t before = fuzz::allocated_bytes;
    const auto message = sync::decode_message(input);
    // Read once and, to be compared, written once, while a buffer doubles; an id takes 34 bytes of the input.
    FOLKMOOT_ASSERT(fuzz::allocated_bytes - before <=
                    4096 + 32 * std::min<std::size_t>(size, 1000) + 8 * size);
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
