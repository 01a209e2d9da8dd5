#include "crypto/aead.hpp"

#include <sodium.h>

namespace folkmoot::crypto {
namespace {

static_assert(aead_tag_bytes == crypto_aead_chacha20poly1305_ietf_ABYTES);
using Nonce = std::array<unsigned char, crypto_aead_chacha20poly1305_ietf_NPUBBYTES>;

Nonce nonce_bytes(std::uint64_t counter) {
    Nonce out{};
    for (std::size_t i = 0; i < 8; ++i) out[4 + i] = static_cast<unsigned char>(counter >> (8 * i));
    return out;
}

}  // namespace

void aead_seal(const AeadKey& key, std::uint64_t nonce, ByteView ad, ByteView plain, Bytes& out) {
    const std::size_t start = out.size();
    out.resize(start + plain.size() + aead_tag_bytes);
    crypto_aead_chacha20poly1305_ietf_encrypt(out.data() + start, nullptr, plain.data(), plain.size(),
                                              ad.data(), ad.size(), nullptr, nonce_bytes(nonce).data(),
                                              key.view().data());
}

bool aead_open(const AeadKey& key, std::uint64_t nonce, ByteView ad, ByteView sealed, Bytes& out) {
    if (sealed.size() < aead_tag_bytes) return false;
    const std::size_t start = out.size();
    out.resize(start + sealed.size() - aead_tag_bytes);
    if (crypto_aead_chacha20poly1305_ietf_decrypt(out.data() + start, nullptr, nullptr, sealed.data(),
                                                  sealed.size(), ad.data(), ad.size(),
                                                  nonce_bytes(nonce).data(), key.view().data()) != 0) {
        out.resize(start);
        return false;
    }
    return true;
}

}  // namespace folkmoot::crypto
