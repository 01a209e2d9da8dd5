#include "crypto/sha256.hpp"

#include <sodium.h>

namespace folkmoot::crypto {

Hash32 sha256(std::initializer_list<ByteView> parts) {
    Hash32 out;
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (const auto part : parts) crypto_hash_sha256_update(&state, part.data(), part.size());
    crypto_hash_sha256_final(&state, out.bytes.data());
    return out;
}

void hmac_sha256(ByteView key, std::initializer_list<ByteView> parts, SecretArray<32>& out) {
    // libsodium wants an address even for no bytes. A key of zeros is the same key to HMAC.
    constexpr std::array<std::uint8_t, 1> zero{};
    if (key.empty()) key = zero;
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key.data(), key.size());
    for (const auto part : parts) crypto_auth_hmacsha256_update(&state, part.data(), part.size());
    crypto_auth_hmacsha256_final(&state, out.writable().data());
    sodium_memzero(&state, sizeof(state));
}

void hkdf_sha256(ByteView salt, ByteView input, SecretArray<32>& first, SecretArray<32>& second) {
    constexpr std::array<std::uint8_t, 1> one{1};
    constexpr std::array<std::uint8_t, 1> two{2};
    SecretArray<32> extracted;
    hmac_sha256(salt, {input}, extracted);
    hmac_sha256(extracted.view(), {one}, first);
    hmac_sha256(extracted.view(), {first.view(), two}, second);
}

}  // namespace folkmoot::crypto
