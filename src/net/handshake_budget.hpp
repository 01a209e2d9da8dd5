// How often somebody may begin a handshake, decided before any of its cryptography (C17.5): a handshake costs
// its sender 34 bytes and the listener a few hundred microseconds.
//
// Each address has a share that nobody else can use up. Beyond it connections are taken from what all
// addresses have in common, so that many honest devices behind one address are not held to the share of one,
// and a flood of any kind costs at most that and its own addresses' shares.
//
// Bound: limits::handshake_addresses are remembered. When there are more, the one that came longest ago is
// forgotten and so has its share anew: whoever has that many addresses is not stopped here, and keeps nobody
// out here.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>

#include "folkmoot/limits.hpp"

namespace folkmoot::net {

/// So many at once, and one more whenever a pause has passed. Its state is one number: when all of it will be
/// there again.
class Bucket {
   public:
    Bucket(std::uint64_t room, std::uint64_t pause_ms) : room_(room), pause_ms_(pause_ms) {}
    /// Takes one if there is one. Times are monotonic.
    [[nodiscard]] bool take(std::uint64_t now_ms);
    [[nodiscard]] bool full(std::uint64_t now_ms) const { return full_at_ms_ <= now_ms; }

   private:
    std::uint64_t room_;
    std::uint64_t pause_ms_;
    std::uint64_t full_at_ms_ = 0;
};

/// Not thread-safe. A call costs O(log n).
class HandshakeBudget {
   public:
    struct Rates {
        std::uint64_t own = limits::handshakes_per_address;
        std::uint64_t own_pause_ms = limits::handshake_pause_ms;
        std::uint64_t shared = limits::shared_handshakes;
        std::uint64_t shared_pause_ms = limits::shared_handshake_pause_ms;
        std::size_t addresses = limits::handshake_addresses;
    };
    HandshakeBudget() : HandshakeBudget(Rates{}) {}
    explicit HandshakeBudget(const Rates& rates)
        : rates_(rates), shared_(rates.shared, rates.shared_pause_ms) {}

    /// Whether a connection from the address (as address_group() names it) may begin one.
    [[nodiscard]] bool admit(const std::string& address, std::uint64_t now_ms);
    [[nodiscard]] std::size_t addresses() const { return places_.size(); }

   private:
    struct Source {
        std::string address;
        Bucket bucket;
    };
    [[nodiscard]] Bucket& bucket_of(const std::string& address, std::uint64_t now_ms);

    Rates rates_;
    Bucket shared_;
    std::list<Source> sources_;  // who came longest ago first
    std::map<std::string, std::list<Source>::iterator> places_;
};

}  // namespace folkmoot::net
