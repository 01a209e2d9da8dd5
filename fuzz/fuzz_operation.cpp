// Any bytes as a body. Decoded means: encoded again to the same bytes, within the format limits, and with
// what the specification promises of every op; refused means: with a code that speaks of the op's bytes (O1,
// O3, O8).
#include <algorithm>

#include "base/assert.hpp"
#include "folkmoot/operation.hpp"
#include "fuzz/support/allocations.hpp"
#include "support/walk_cbor.hpp"

namespace {

using namespace folkmoot;

void check_promises(const Operation& op) {
    const bool create = op.kind() == Kind::create;
    FOLKMOOT_ASSERT(create == !op.group && create == !op.as);
    FOLKMOOT_ASSERT(create == (!op.prev && op.parents.empty()));
    FOLKMOOT_ASSERT(op.parents.size() <= limits::parents);
    FOLKMOOT_ASSERT(std::ranges::is_sorted(op.parents));
    FOLKMOOT_ASSERT(std::ranges::adjacent_find(op.parents) == op.parents.end());
    FOLKMOOT_ASSERT(!op.prev || std::ranges::find(op.parents, *op.prev) == op.parents.end());
    FOLKMOOT_ASSERT(op.time_ms <= limits::time_ms);
    const auto granted = granted_level(op.act);
    FOLKMOOT_ASSERT(!granted || (*granted >= 1 && *granted <= limits::granted_level));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView input(data, size);
    const std::size_t before = fuzz::allocated_bytes;
    const auto op = decode_body(input);
    // The text of an error is copied on its way up. A count is believed up to one item a byte and up to 64.
    const std::size_t most = size > limits::body_bytes ? 0 : std::min<std::size_t>(size, 64) * 32 + 2 * size;
    FOLKMOOT_ASSERT(fuzz::allocated_bytes - before <= 2048 + most);
    if (!op) {
        const auto number = static_cast<unsigned>(op.error().code);
        FOLKMOOT_ASSERT((number >= 100 && number < 300) ||
                        op.error().code == ErrorCode::access_author_not_founder);
        return 0;
    }
    FOLKMOOT_ASSERT(size <= limits::body_bytes);
    FOLKMOOT_ASSERT(walk::in_profile(input));
    check_promises(*op);
    const auto again = encode_body(*op);
    FOLKMOOT_ASSERT(again && std::ranges::equal(*again, input));
    FOLKMOOT_ASSERT(decode_body(*again) == *op);
    return 0;
}
