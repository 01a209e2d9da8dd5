// The cases of protocol-spec/vectors/operation.json: what the file is written from and compared with.
#pragma once

#include <string>
#include <vector>

#include "folkmoot/operation.hpp"

namespace folkmoot::vectors {

/// The devices of the cases; the seed is 32 times the byte.
struct Device {
    std::string_view name;
    std::uint8_t seed_byte;
};
inline constexpr std::array<Device, 3> devices{{{"alice", 1}, {"bob", 2}, {"carol", 3}}};

/// Signs with a device's key. Precondition: start_crypto() succeeded.
[[nodiscard]] std::unique_ptr<Signer> signer_of(std::string_view name);

struct Valid {
    std::string name;
    std::string description;
    std::string author;  // the device that signs
    Operation op;
    std::string payload;  // posts only
};
[[nodiscard]] std::vector<Valid> valid_cases();

struct Invalid {
    std::string name;
    std::string description;
    Bytes body;
    ErrorCode error;
};
[[nodiscard]] std::vector<Invalid> invalid_cases();

}  // namespace folkmoot::vectors
