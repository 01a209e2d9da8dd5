// Keys through an interface: the private key may live in a keychain or in hardware (rule E4), and
// simulators and fuzzers may replace the cipher without touching the code that checks signatures.
#pragma once

#include <memory>
#include <span>

#include "folkmoot/bytes.hpp"
#include "folkmoot/error.hpp"

namespace folkmoot {

/// Signs for one device. Calls may block (hardware); implementations need not be thread-safe.
class Signer {
   public:
    virtual ~Signer() = default;
    [[nodiscard]] virtual DeviceKey key() const = 0;
    /// Ed25519 (RFC 8032) over `message`, or `signer_failed`.
    [[nodiscard]] virtual Result<Signature> sign(ByteView message) = 0;
};

/// One signature to judge, apart from all others.
struct SignatureCheck {
    DeviceKey key;
    Bytes message;
    Signature signature;
    /// The answer: what Verifier::verify says.
    bool good = false;
};

/// Decides whether keys and signatures are good. The default is Ed25519 with the pinned acceptance of O6.
class Verifier {
   public:
    virtual ~Verifier() = default;
    /// Whether `key` may enter a group: canonical and in the prime-order subgroup. About 35 us.
    [[nodiscard]] virtual bool key_acceptable(const DeviceKey& key) const = 0;
    /// Whether `signature` is `key`'s over `message`. Precondition: key_acceptable(key). About 53 us.
    [[nodiscard]] virtual bool verify(const DeviceKey& key, ByteView message,
                                      const Signature& signature) const = 0;
    /// Answers every check as verify would: no batch algebra, which accepts more than single verification
    /// (O6). Same precondition. A driver with cores to spare may override it (net::make_pooled_verifier).
    virtual void verify_each(std::span<SignatureCheck> checks) const;
};

/// The process-wide Ed25519 verifier; stateless and thread-safe.
[[nodiscard]] const Verifier& ed25519_verifier();

/// A signer whose 32-byte seed lives in locked, guarded memory and is wiped on destruction.
[[nodiscard]] Result<std::unique_ptr<Signer>> make_signer(ByteView seed);

/// Must succeed once before anything else is called: initialises libsodium and checks that the linked
/// build gives the expected verdict on known edge vectors (O6). Idempotent and thread-safe.
[[nodiscard]] Result<void> start_crypto();

}  // namespace folkmoot
