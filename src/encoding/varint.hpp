// Variable-length integers as in LEB128: seven bits a byte, low bits first, only the shortest form.
#pragma once

#include <cstdint>
#include <optional>

#include "folkmoot/bytes.hpp"

namespace folkmoot::encoding {

inline void write_varint(Bytes& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) out.push_back(static_cast<std::uint8_t>(value | 0x80U));
    out.push_back(static_cast<std::uint8_t>(value));
}

/// Signed values with the small ones first: 0, -1, 1, -2...
[[nodiscard]] constexpr std::uint64_t zigzag(std::int64_t value) {
    return (static_cast<std::uint64_t>(value) << 1U) ^ (value < 0 ? ~std::uint64_t{0} : std::uint64_t{0});
}
[[nodiscard]] constexpr std::int64_t unzigzag(std::uint64_t value) {
    return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
}

/// Reads plain bytes in order; every read past the end, and every varint not in its shortest form, fails and
/// makes all later reads fail.
class ByteReader {
   public:
    explicit ByteReader(ByteView data) : data_(data) {}

    [[nodiscard]] std::uint8_t byte() {
        if (failed_ || at_ == data_.size()) {
            failed_ = true;
            return 0;
        }
        return data_[at_++];
    }
    [[nodiscard]] std::uint64_t varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const std::uint8_t next = byte();
            if (failed_) return 0;
            const std::uint64_t bits = next & 0x7fU;
            if ((shift == 63 && bits > 1) || (shift > 0 && next == 0)) break;
            value |= bits << shift;
            if ((next & 0x80U) == 0) return value;
        }
        failed_ = true;
        return 0;
    }
    /// The next `count` bytes; empty if there are not as many.
    [[nodiscard]] ByteView bytes(std::uint64_t count) {
        if (failed_ || count > data_.size() - at_) {
            failed_ = true;
            return {};
        }
        const ByteView out = data_.subspan(at_, static_cast<std::size_t>(count));
        at_ += out.size();
        return out;
    }
    template <class T>
    [[nodiscard]] T fixed() {
        return T::from(bytes(T::size)).value_or(T{});
    }

    [[nodiscard]] bool failed() const { return failed_; }
    [[nodiscard]] bool finished() const { return !failed_ && at_ == data_.size(); }
    [[nodiscard]] std::size_t position() const { return at_; }
    [[nodiscard]] std::size_t left() const { return failed_ ? 0 : data_.size() - at_; }

   private:
    ByteView data_;
    std::size_t at_ = 0;
    bool failed_ = false;
};

}  // namespace folkmoot::encoding
