// SHA-256, HMAC (RFC 2104) and HKDF (RFC 5869) on it. libsodium 1.0.18 has no HKDF, so it is put together
// from its HMAC here.
#pragma once

#include <initializer_list>

#include "crypto/secret.hpp"
#include "folkmoot/bytes.hpp"

namespace folkmoot::crypto {

/// SHA-256 over the parts, concatenated.
[[nodiscard]] Hash32 sha256(std::initializer_list<ByteView> parts);

/// HMAC-SHA-256 over the parts, concatenated, with a key of any length.
void hmac_sha256(ByteView key, std::initializer_list<ByteView> parts, SecretArray<32>& out);

/// HKDF of `input` with `salt` and no info, its first 64 bytes in two halves. This is Noise's HKDF with two
/// outputs (revision 34, section 4.3), where the salt is the chaining key.
void hkdf_sha256(ByteView salt, ByteView input, SecretArray<32>& first, SecretArray<32>& second);

}  // namespace folkmoot::crypto
