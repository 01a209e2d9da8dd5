#include "crypto/random.hpp"

#include <sodium.h>

namespace folkmoot::crypto {

void random_bytes(std::span<std::uint8_t> out) { randombytes_buf(out.data(), out.size()); }

std::uint64_t random_number() {
    std::uint64_t number = 0;
    randombytes_buf(&number, sizeof number);
    return number;
}

}  // namespace folkmoot::crypto
