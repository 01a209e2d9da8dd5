// Which of several addresses has a device's one connection (C17.2).
//
// The attack it stops: whoever stole a device's key connects with it, and again whenever the owner does, so
// that the owner is kept away from this peer for good. "The new one replaces the old" alone lets the quicker
// of them win every time; a rule by handshake hash lets the one that dials grind for a better hash.
//
// A turn belongs to an address, not to a connection: connecting again from the same address neither begins it
// anew nor waits for anybody, so that a device that lost its line comes back at once. After limits::turn_ms
// it can be taken over. Addresses that came too early have the next turns in the order in which they first
// came; a reserved turn lapses after limits::turn_wait_ms, more than the longest pause before an honest
// device tries again. So of up to limits::turn_addresses others nobody is kept out for longer than their
// turns take.
//
// Bound: limits::turn_devices devices, a few short strings each; then the one that came longest ago is
// forgotten.
#pragma once

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <string>

#include "folkmoot/bytes.hpp"
#include "folkmoot/limits.hpp"

namespace folkmoot::net {

/// Not thread-safe. Times are monotonic. A call costs O(log n).
class Turns {
   public:
    explicit Turns(std::uint64_t turn_ms = limits::turn_ms, std::size_t devices = limits::turn_devices)
        : turn_ms_(turn_ms), room_(devices) {}

    /// A connection of the device from the address came to stand: whether it may stay and take the place of
    /// the others there are (`occupied`). If not, the address waits for its turn.
    [[nodiscard]] bool take(const DeviceKey& device, const std::string& address, bool occupied,
                            std::uint64_t now_ms);
    [[nodiscard]] std::size_t size() const { return places_.size(); }

   private:
    struct Waiting {
        std::string address;
        std::uint64_t since_ms = 0;  // when it last came
    };
    struct Entry {
        DeviceKey device;
        std::string holder;
        std::uint64_t since_ms = 0;  // when the holder's turn began
        std::deque<Waiting> waiting;
    };
    [[nodiscard]] Entry& entry_of(const DeviceKey& device);

    std::uint64_t turn_ms_;
    std::size_t room_;
    std::list<Entry> entries_;  // who came longest ago first
    std::map<DeviceKey, std::list<Entry>::iterator> places_;
};

}  // namespace folkmoot::net
