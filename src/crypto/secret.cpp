#include "crypto/secret.hpp"

#include <sodium.h>

#include <utility>

namespace folkmoot::crypto {

void wipe(std::span<std::uint8_t> data) { sodium_memzero(data.data(), data.size()); }

bool equal_constant_time(ByteView a, ByteView b) {
    // The length is compared first: a shorter tag must never match a prefix.
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

Result<GuardedBytes> GuardedBytes::make(std::size_t size) {
    auto* data = static_cast<std::uint8_t*>(sodium_malloc(size));
    if (data == nullptr) return fail(ErrorCode::crypto_unavailable, "no guarded memory for a key");
    // sodium_malloc fills with a pattern of its own.
    sodium_memzero(data, size);
    return GuardedBytes(data, size);
}

GuardedBytes::GuardedBytes(GuardedBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

GuardedBytes& GuardedBytes::operator=(GuardedBytes&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
}

GuardedBytes::~GuardedBytes() { sodium_free(data_); }

void GuardedBytes::seal() { sodium_mprotect_readonly(data_); }

}  // namespace folkmoot::crypto
