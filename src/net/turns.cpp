#include "net/turns.hpp"

#include <algorithm>

namespace folkmoot::net {

Turns::Entry& Turns::entry_of(const DeviceKey& device) {
    if (const auto at = places_.find(device); at != places_.end()) {
        entries_.splice(entries_.end(), entries_, at->second);
        return *at->second;
    }
    if (!entries_.empty() && entries_.size() >= room_) {
        places_.erase(entries_.front().device);
        entries_.pop_front();
    }
    entries_.push_back({device, {}, 0, {}});
    places_.emplace(device, std::prev(entries_.end()));
    return entries_.back();
}

bool Turns::take(const DeviceKey& device, const std::string& address, bool occupied, std::uint64_t now_ms) {
    Entry& entry = entry_of(device);
    if (entry.holder == address) return true;
    std::erase_if(entry.waiting,
                  [now_ms](const Waiting& other) { return now_ms - other.since_ms >= limits::turn_wait_ms; });
    const auto own = std::ranges::find(entry.waiting, address, &Waiting::address);
    const bool next = entry.waiting.empty() || own == entry.waiting.begin();
    const bool over = entry.holder.empty() || !occupied || now_ms - entry.since_ms >= turn_ms_;
    if (!next || !over) {
        if (own != entry.waiting.end()) {
            own->since_ms = now_ms;
        } else if (entry.waiting.size() < limits::turn_addresses) {
            entry.waiting.push_back({address, now_ms});
        }
        return false;
    }
    if (own != entry.waiting.end()) entry.waiting.erase(own);
    entry.holder = address;
    entry.since_ms = now_ms;
    return true;
}

}  // namespace folkmoot::net
