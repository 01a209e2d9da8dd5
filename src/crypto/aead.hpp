// ChaCha20-Poly1305 (RFC 8439) with the nonce that Noise prescribes: four zero bytes, then the counter as
// 64 bits little-endian (Noise revision 34, section 12.3).
#pragma once

#include "crypto/secret.hpp"
#include "folkmoot/bytes.hpp"

namespace folkmoot::crypto {

using AeadKey = SecretArray<32>;
inline constexpr std::size_t aead_tag_bytes = 16;

/// Appends the ciphertext of `plain` and its tag to `out`: plain.size() + 16 bytes. `ad` is authenticated
/// too. `plain` must not lie inside `out`. The caller never uses one nonce twice with one key.
void aead_seal(const AeadKey& key, std::uint64_t nonce, ByteView ad, ByteView plain, Bytes& out);

/// Appends the plaintext of `sealed` to `out`, or returns false and leaves `out` as it was if `sealed` is
/// shorter than a tag or not authentic. `sealed` must not lie inside `out`.
[[nodiscard]] bool aead_open(const AeadKey& key, std::uint64_t nonce, ByteView ad, ByteView sealed,
                             Bytes& out);

}  // namespace folkmoot::crypto
