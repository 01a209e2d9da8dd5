// What a world knows of its peers that they do not know of each other: who is correct, and whose key is no
// longer theirs alone.
#pragma once

#include <set>

#include "folkmoot/bytes.hpp"

namespace folkmoot::sim {

struct Society {
    /// Devices whose every holder is correct.
    std::set<DeviceKey> correct;
    /// Devices of correct peers whose key a thief holds too.
    std::set<DeviceKey> stolen;
    /// Devices of correct peers that were set back to an older disk: they may contradict themselves.
    std::set<DeviceKey> set_back;

    /// Whoever meets this key at a connection meets a correct peer.
    [[nodiscard]] bool is_correct(const DeviceKey& key) const {
        return correct.contains(key) && !stolen.contains(key);
    }
    /// Nobody may ever hold two ops of this key that exclude each other.
    [[nodiscard]] bool never_forks(const DeviceKey& key) const {
        return is_correct(key) && !set_back.contains(key);
    }
};

}  // namespace folkmoot::sim
