// Devices that broke the protocol, for a while and up to a number: a table that grows without bound, or is
// searched from end to end, is an attack of its own (CVE-2020-14198).
//
// Only what no correct peer sends leads here, so that nobody can get an honest relay discouraged. And a
// device is discouraged together with the address it came from: a thief of its key must not be able to shut
// the owner out by breaking the protocol in their name.
#pragma once

#include <list>
#include <map>
#include <string>
#include <utility>

#include "folkmoot/bytes.hpp"
#include "folkmoot/limits.hpp"

namespace folkmoot::net {

/// Every call costs O(log n). Times are monotonic.
class DiscourageTable {
   public:
    explicit DiscourageTable(std::size_t room = limits::discouraged_devices) : room_(room) {}

    /// Counts from now, also for one that stands there already. The oldest gives way.
    void add(const DeviceKey& device, std::uint64_t now_ms, const std::string& address = {});
    [[nodiscard]] bool contains(const DeviceKey& device, std::uint64_t now_ms,
                                const std::string& address = {}) const;
    [[nodiscard]] std::size_t size() const { return entries_.size(); }

   private:
    using Source = std::pair<DeviceKey, std::string>;
    struct Entry {
        Source source;
        std::uint64_t since_ms = 0;
    };
    std::size_t room_;
    std::list<Entry> entries_;  // oldest first
    std::map<Source, std::list<Entry>::iterator> places_;
};

}  // namespace folkmoot::net
