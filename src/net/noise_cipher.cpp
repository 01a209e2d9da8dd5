#include "net/noise_cipher.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "crypto/sha256.hpp"

namespace folkmoot::net {

bool CipherState::encrypt_with_ad(ByteView ad, ByteView plain, Bytes& out) {
    if (nonce_ == reserved_nonce) return false;
    if (!has_key_) {
        append(out, plain);
        return true;
    }
    crypto::aead_seal(key_, nonce_, ad, plain, out);
    ++nonce_;
    return true;
}

bool CipherState::decrypt_with_ad(ByteView ad, ByteView sealed, Bytes& out) {
    if (nonce_ == reserved_nonce) return false;
    if (!has_key_) {
        append(out, sealed);
        return true;
    }
    if (!crypto::aead_open(key_, nonce_, ad, sealed, out)) return false;
    ++nonce_;
    return true;
}

void CipherState::rekey() {
    constexpr std::array<std::uint8_t, 32> zeros{};
    Bytes sealed;
    crypto::aead_seal(key_, reserved_nonce, {}, zeros, sealed);
    std::copy_n(sealed.begin(), 32, key_.writable().begin());
    crypto::wipe(sealed);
}

void CipherState::destroy() {
    key_.clear();
    // A state without a key passes bytes through; a destroyed one must do nothing at all.
    nonce_ = reserved_nonce;
}

SymmetricState::SymmetricState(std::string_view protocol_name) {
    FOLKMOOT_ASSERT(protocol_name.size() == Hash32::size);
    std::copy(protocol_name.begin(), protocol_name.end(), hash_.bytes.begin());
    std::copy(hash_.bytes.begin(), hash_.bytes.end(), chaining_key_.writable().begin());
}

void SymmetricState::mix_hash(ByteView data) { hash_ = crypto::sha256({hash_.view(), data}); }

void SymmetricState::mix_key(ByteView input) {
    crypto::SecretArray<32> next;
    crypto::AeadKey key;
    crypto::hkdf_sha256(chaining_key_.view(), input, next, key);
    chaining_key_ = std::move(next);
    cipher_ = CipherState(std::move(key));
}

bool SymmetricState::encrypt_and_hash(ByteView plain, Bytes& out) {
    const std::size_t start = out.size();
    if (!cipher_.encrypt_with_ad(hash_.view(), plain, out)) return false;
    mix_hash(ByteView(out).subspan(start));
    return true;
}

bool SymmetricState::decrypt_and_hash(ByteView sealed, Bytes& out) {
    if (!cipher_.decrypt_with_ad(hash_.view(), sealed, out)) return false;
    mix_hash(sealed);
    return true;
}

std::pair<CipherState, CipherState> SymmetricState::split() const {
    crypto::AeadKey from_initiator;
    crypto::AeadKey from_responder;
    crypto::hkdf_sha256(chaining_key_.view(), {}, from_initiator, from_responder);
    return {CipherState(std::move(from_initiator)), CipherState(std::move(from_responder))};
}

}  // namespace folkmoot::net
