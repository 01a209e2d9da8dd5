// X25519 (RFC 7748) as libsodium gives it.
#pragma once

#include "crypto/secret.hpp"
#include "folkmoot/bytes.hpp"

namespace folkmoot::crypto {

using X25519Key = Fixed<struct X25519KeyTag, 32>;
using X25519Secret = SecretArray<32>;

/// The public key that belongs to `secret`; any 32 random bytes are a secret. About 25 us.
[[nodiscard]] X25519Key x25519_public(const X25519Secret& secret);

/// Writes what `secret` and `theirs` have in common to `out`. False, with `out` wiped, if that is all zero:
/// then `theirs` has small order and contributes nothing (RFC 7748 section 6.1). About 60 us, in constant
/// time.
[[nodiscard]] bool x25519(const X25519Secret& secret, const X25519Key& theirs, X25519Secret& out);

}  // namespace folkmoot::crypto
