// BLAKE2b (RFC 7693) and SipHash-2-4 as libsodium gives them. Keyed hashes separate their uses by a domain.
#pragma once

#include <initializer_list>

#include "folkmoot/bytes.hpp"

namespace folkmoot::crypto {

/// BLAKE2b-256 over the parts, concatenated.
[[nodiscard]] Hash32 blake2b_256(std::initializer_list<ByteView> parts);

/// BLAKE2b over the parts with `key` (16 to 64 bytes); `out` takes 16 to 64 bytes of digest.
void blake2b_keyed(ByteView key, std::initializer_list<ByteView> parts, std::span<std::uint8_t> out);

/// 128-bit SipHash-2-4 of `data`: a fast keyed fingerprint, not a digest to sign.
struct SipKey {
    std::array<std::uint8_t, 16> bytes{};
};
struct Sip128 {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
};
[[nodiscard]] Sip128 siphash128(const SipKey& key, ByteView data);

}  // namespace folkmoot::crypto
