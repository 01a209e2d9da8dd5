// Everything a store holds of a group, checked again from the bytes.
#pragma once

#include <string>
#include <vector>

#include "folkmoot/signer.hpp"
#include "folkmoot/store.hpp"

namespace folkmoot::moot {

struct FsckReport {
    std::uint64_t ops = 0;
    std::uint64_t signatures = 0;
    /// A sentence each, at most 1,000; empty if the group is sound.
    std::vector<std::string> faults;
};

enum class FsckDepth : std::uint8_t {
    quick,         // the store's structure and counts
    connectivity,  // that every op decodes and all it names is stored before it (O3, O4)
    standard,  // the structure; every op's hash, encoding, ancestors and admission (O1 to O4, A1); payloads
    full       // also every key and signature, or the voucher where an op has none (O5, O6)
};

[[nodiscard]] FsckReport check_group(const Store& store, const GroupId& group, FsckDepth depth,
                                     const Verifier& verifier = ed25519_verifier());

}  // namespace folkmoot::moot
