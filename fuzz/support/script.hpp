// An input read as a script: numbers and byte strings until it ends, zeros after that.
#pragma once

#include <algorithm>

#include "folkmoot/bytes.hpp"

namespace folkmoot::fuzz {

class Script {
   public:
    Script(const std::uint8_t* data, std::size_t size) : data_(data, size) {}
    [[nodiscard]] bool empty() const { return data_.empty(); }
    [[nodiscard]] std::size_t left() const { return data_.size(); }
    std::uint8_t byte() {
        if (data_.empty()) return 0;
        const std::uint8_t out = data_.front();
        data_ = data_.subspan(1);
        return out;
    }
    /// Low byte first.
    std::uint16_t word() {
        const unsigned low = byte();
        return static_cast<std::uint16_t>(low | unsigned{byte()} << 8U);
    }
    /// 0 to n - 1; n from 1 to 256.
    std::size_t below(std::size_t n) { return byte() % n; }
    /// At most `count` bytes: what is left.
    Bytes bytes(std::size_t count) {
        count = std::min(count, data_.size());
        Bytes out(data_.begin(), data_.begin() + static_cast<std::ptrdiff_t>(count));
        data_ = data_.subspan(count);
        return out;
    }

   private:
    ByteView data_;
};

}  // namespace folkmoot::fuzz
