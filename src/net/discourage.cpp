#include "net/discourage.hpp"

namespace folkmoot::net {

void DiscourageTable::add(const DeviceKey& device, std::uint64_t now_ms, const std::string& address) {
    const Source source(device, address);
    if (const auto at = places_.find(source); at != places_.end()) {
        entries_.erase(at->second);
        places_.erase(at);
    }
    while (!entries_.empty() && entries_.size() >= room_) {
        places_.erase(entries_.front().source);
        entries_.pop_front();
    }
    if (room_ == 0) return;
    entries_.push_back({source, now_ms});
    places_.emplace(source, std::prev(entries_.end()));
}

bool DiscourageTable::contains(const DeviceKey& device, std::uint64_t now_ms,
                               const std::string& address) const {
    const auto at = places_.find({device, address});
    return at != places_.end() && now_ms - at->second->since_ms < limits::discouraged_ms;
}

}  // namespace folkmoot::net
