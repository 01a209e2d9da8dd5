// Any bytes through the strict reader. What it accepts is written again to the same bytes, and a second
// opinion on the profile, written without the reader, agrees on what is accepted (O1).
#include "base/assert.hpp"
#include "support/walk_cbor.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const folkmoot::ByteView input(data, size);
    const auto copy = folkmoot::walk::rewrite(input);
    FOLKMOOT_ASSERT(copy.has_value() == folkmoot::walk::in_profile(input));
    if (copy) FOLKMOOT_ASSERT(std::ranges::equal(*copy, input));
    return 0;
}
