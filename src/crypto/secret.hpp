// Memory for secrets: guarded pages for keys that live long, wiping and comparing for the rest.
#pragma once

#include <span>

#include "folkmoot/bytes.hpp"
#include "folkmoot/error.hpp"

namespace folkmoot::crypto {

/// Overwrites `data` in a way the compiler may not remove.
void wipe(std::span<std::uint8_t> data);

/// Whether both have the same length and bytes. Time depends on the lengths alone.
[[nodiscard]] bool equal_constant_time(ByteView a, ByteView b);

/// A byte array that wipes itself. For keys that live as long as a connection; never copied by accident.
template <std::size_t N>
class SecretArray {
   public:
    SecretArray() = default;
    SecretArray(SecretArray&& other) noexcept : bytes_(other.bytes_) { other.clear(); }
    SecretArray& operator=(SecretArray&& other) noexcept {
        if (this != &other) {
            bytes_ = other.bytes_;
            other.clear();
        }
        return *this;
    }
    SecretArray(const SecretArray&) = delete;
    SecretArray& operator=(const SecretArray&) = delete;
    ~SecretArray() { clear(); }

    void clear() { wipe(bytes_); }
    [[nodiscard]] std::span<const std::uint8_t, N> view() const { return bytes_; }
    [[nodiscard]] std::span<std::uint8_t, N> writable() { return bytes_; }

   private:
    std::array<std::uint8_t, N> bytes_{};
};

/// Bytes between guard pages, locked into memory where the system allows, wiped on destruction.
/// Costs at least three pages, so for few and lasting secrets. Movable, not copyable.
class GuardedBytes {
   public:
    /// `size` zero bytes, writable; or `crypto_unavailable` if there is no memory for them.
    [[nodiscard]] static Result<GuardedBytes> make(std::size_t size);
    GuardedBytes(GuardedBytes&& other) noexcept;
    GuardedBytes& operator=(GuardedBytes&& other) noexcept;
    GuardedBytes(const GuardedBytes&) = delete;
    GuardedBytes& operator=(const GuardedBytes&) = delete;
    ~GuardedBytes();

    [[nodiscard]] ByteView view() const { return {data_, size_}; }
    /// Precondition: not sealed.
    [[nodiscard]] std::span<std::uint8_t> writable() { return {data_, size_}; }
    /// Makes the memory read-only from here on.
    void seal();

   private:
    GuardedBytes(std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
    std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace folkmoot::crypto
