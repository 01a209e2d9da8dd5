#include "crypto/hash.hpp"

#include <sodium.h>

#include "base/assert.hpp"

namespace folkmoot::crypto {
namespace {

std::uint64_t load_le64(const unsigned char* p) {
    std::uint64_t value = 0;
    for (int i = 7; i >= 0; --i) value = value << 8U | p[i];
    return value;
}

}  // namespace

Hash32 blake2b_256(std::initializer_list<ByteView> parts) {
    Hash32 out;
    crypto_generichash_state state;
    crypto_generichash_init(&state, nullptr, 0, out.bytes.size());
    for (const auto part : parts) crypto_generichash_update(&state, part.data(), part.size());
    crypto_generichash_final(&state, out.bytes.data(), out.bytes.size());
    return out;
}

void blake2b_keyed(ByteView key, std::initializer_list<ByteView> parts, std::span<std::uint8_t> out) {
    FOLKMOOT_ASSERT(key.size() >= crypto_generichash_KEYBYTES_MIN &&
                    key.size() <= crypto_generichash_KEYBYTES_MAX);
    FOLKMOOT_ASSERT(out.size() >= crypto_generichash_BYTES_MIN && out.size() <= crypto_generichash_BYTES_MAX);
    crypto_generichash_state state;
    crypto_generichash_init(&state, key.data(), key.size(), out.size());
    for (const auto part : parts) crypto_generichash_update(&state, part.data(), part.size());
    crypto_generichash_final(&state, out.data(), out.size());
}

Sip128 siphash128(const SipKey& key, ByteView data) {
    static_assert(sizeof(key.bytes) == crypto_shorthash_siphashx24_KEYBYTES);
    std::array<unsigned char, crypto_shorthash_siphashx24_BYTES> out{};
    crypto_shorthash_siphashx24(out.data(), data.data(), data.size(), key.bytes.data());
    return {.low = load_le64(out.data()), .high = load_le64(out.data() + 8)};
}

}  // namespace folkmoot::crypto
