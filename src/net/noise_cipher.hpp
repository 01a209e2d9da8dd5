// Noise's CipherState and SymmetricState (revision 34, sections 5.1 and 5.2) for 25519, ChaChaPoly and
// SHA256. https://noiseprotocol.org/noise.html; names follow that text. See protocol-spec/channel.md.
#pragma once

#include <string_view>
#include <utility>

#include "crypto/aead.hpp"
#include "crypto/x25519.hpp"
#include "folkmoot/bytes.hpp"

namespace folkmoot::net {

/// A key and a counter. Without a key it passes bytes through, as the handshake's first message needs.
class CipherState {
   public:
    CipherState() = default;
    explicit CipherState(crypto::AeadKey key) : key_(std::move(key)), has_key_(true) {}

    [[nodiscard]] bool has_key() const { return has_key_; }
    /// The nonce that the next call uses.
    [[nodiscard]] std::uint64_t nonce() const { return nonce_; }

    /// Appends `plain`, encrypted if there is a key, to `out`. False only if the nonces are used up: 2^64 - 1
    /// is reserved and nothing wraps.
    [[nodiscard]] bool encrypt_with_ad(ByteView ad, ByteView plain, Bytes& out);
    /// Appends the plaintext to `out`. False, with neither `out` nor the nonce changed, if `sealed` is not
    /// authentic or the nonces are used up.
    [[nodiscard]] bool decrypt_with_ad(ByteView ad, ByteView sealed, Bytes& out);
    /// REKEY (section 4.2): the next key is what the present one makes of 32 zero bytes under nonce 2^64 - 1.
    /// The counter goes on. Nobody who learns the new key learns the old one.
    void rekey();
    /// Forgets the key; from here on encrypting and decrypting fail.
    void destroy();

   private:
    static constexpr std::uint64_t reserved_nonce = UINT64_MAX;

    crypto::AeadKey key_;
    std::uint64_t nonce_ = 0;
    bool has_key_ = false;
};

/// The chaining key and the transcript hash.
class SymmetricState {
   public:
    /// `protocol_name` has exactly 32 bytes, which section 5.2 takes as the first hash.
    explicit SymmetricState(std::string_view protocol_name);

    void mix_hash(ByteView data);
    void mix_key(ByteView input);
    [[nodiscard]] bool encrypt_and_hash(ByteView plain, Bytes& out);
    [[nodiscard]] bool decrypt_and_hash(ByteView sealed, Bytes& out);
    /// The ciphers for the transport: from the initiator, then from the responder.
    [[nodiscard]] std::pair<CipherState, CipherState> split() const;

    [[nodiscard]] const Hash32& hash() const { return hash_; }
    [[nodiscard]] bool has_key() const { return cipher_.has_key(); }

   private:
    CipherState cipher_;
    crypto::SecretArray<32> chaining_key_;
    Hash32 hash_;
};

}  // namespace folkmoot::net
