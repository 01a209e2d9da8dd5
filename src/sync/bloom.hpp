// The salted Bloom filter of Y3: 16 bits an op and 11 probes, fixed by the protocol, so a filter from the
// wire has no parameter to lie about but its bytes. The salt comes from the channel and the round (Y4):
// nobody can grind ids that hide in it. B. H. Bloom, 1970; probes by double hashing, Kirsch and Mitzenmacher,
// 2006. False positives at the design load: about 0.05 %.
#pragma once

#include "crypto/hash.hpp"
#include "folkmoot/bytes.hpp"
#include "folkmoot/limits.hpp"

namespace folkmoot::sync {

class BloomFilter {
   public:
    /// An empty filter for `ops` ops: 2 bytes an op, at least 8, at most limits::bloom_bytes.
    BloomFilter(const crypto::SipKey& salt, std::size_t ops);
    /// A filter as received. Precondition: 1 to limits::bloom_bytes bytes.
    BloomFilter(const crypto::SipKey& salt, ByteView bits);

    void insert(const OpId& id);
    [[nodiscard]] bool may_contain(const OpId& id) const;
    [[nodiscard]] ByteView bits() const { return bits_; }

    /// How many ops a filter of the largest size covers.
    static constexpr std::size_t capacity = limits::bloom_bytes * 8 / limits::bloom_bits_per_op;

   private:
    crypto::SipKey salt_;
    Bytes bits_;
};

}  // namespace folkmoot::sync
