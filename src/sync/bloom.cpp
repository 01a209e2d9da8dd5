#include "sync/bloom.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace folkmoot::sync {
namespace {

// Calls visit(bit) for each probe until it returns false.
template <class Visit>
bool probes(const crypto::SipKey& salt, const OpId& id, std::uint64_t bit_count, Visit visit) {
    const auto hash = crypto::siphash128(salt, id.view());
    std::uint64_t at = hash.low;
    const std::uint64_t step = hash.high | 1U;
    for (unsigned i = 0; i < limits::bloom_probes; ++i, at += step) {
        if (!visit(at % bit_count)) return false;
    }
    return true;
}

}  // namespace

BloomFilter::BloomFilter(const crypto::SipKey& salt, std::size_t ops)
    : salt_(salt),
      bits_(std::clamp<std::size_t>(ops * limits::bloom_bits_per_op / 8, 8, limits::bloom_bytes)) {}

BloomFilter::BloomFilter(const crypto::SipKey& salt, ByteView bits)
    : salt_(salt), bits_(bits.begin(), bits.end()) {
    FOLKMOOT_ASSERT(!bits_.empty() && bits_.size() <= limits::bloom_bytes);
}

void BloomFilter::insert(const OpId& id) {
    probes(salt_, id, bits_.size() * 8, [this](std::uint64_t bit) {
        bits_[bit / 8] = static_cast<std::uint8_t>(bits_[bit / 8] | 1U << (bit % 8));
        return true;
    });
}

bool BloomFilter::may_contain(const OpId& id) const {
    return probes(salt_, id, bits_.size() * 8,
                  [this](std::uint64_t bit) { return (bits_[bit / 8] >> (bit % 8) & 1U) != 0; });
}

}  // namespace folkmoot::sync
