#include "net/handshake_budget.hpp"

#include <algorithm>

namespace folkmoot::net {

bool Bucket::take(std::uint64_t now_ms) {
    const std::uint64_t next = std::max(full_at_ms_, now_ms) + pause_ms_;
    if (next - now_ms > room_ * pause_ms_) return false;
    full_at_ms_ = next;
    return true;
}

Bucket& HandshakeBudget::bucket_of(const std::string& address, std::uint64_t now_ms) {
    if (const auto at = places_.find(address); at != places_.end()) {
        sources_.splice(sources_.end(), sources_, at->second);
        return at->second->bucket;
    }
    // To forget a full one changes nothing; two for each that comes keep the table small.
    for (int i = 0; i < 2 && !sources_.empty(); ++i) {
        if (sources_.size() < rates_.addresses && !sources_.front().bucket.full(now_ms)) break;
        places_.erase(sources_.front().address);
        sources_.pop_front();
    }
    sources_.push_back({address, Bucket(rates_.own, rates_.own_pause_ms)});
    places_.emplace(address, std::prev(sources_.end()));
    return sources_.back().bucket;
}

bool HandshakeBudget::admit(const std::string& address, std::uint64_t now_ms) {
    return bucket_of(address, now_ms).take(now_ms) || shared_.take(now_ms);
}

}  // namespace folkmoot::net
