#include "crypto/random.hpp"

#include <sodium.h>

namespace folkmoot::crypto {

void random_bytes(std::span<std::uint8_t> out) { randombytes_buf(out.data(), out.size()); }

}  // namespace folkmoot::crypto
