#include "net/log_budget.hpp"

#include <algorithm>
#include <utility>

#include "net/address.hpp"

namespace folkmoot::net {
namespace {

constexpr std::uint64_t hour_ms = 3'600'000;

std::string source_of(const std::string& address) {
    const auto parsed = parse_address(address);
    if (!parsed) return address;
    boost::system::error_code failed;
    const auto numeric = boost::asio::ip::make_address(parsed->host, failed);
    return failed ? parsed->host : address_group(numeric);
}

}  // namespace

// Whole hours at most are counted, so nothing here overflows.
void LogBudget::refill(Bucket& bucket, std::uint64_t now_ms) const {
    const std::uint64_t passed = std::min(now_ms - std::min(now_ms, bucket.updated_ms), hour_ms);
    const std::uint64_t back = room_ * passed / hour_ms;
    // Time that gives no whole byte is not lost.
    if (back == 0 && bucket.used > 0) return;
    bucket.used -= std::min(bucket.used, back);
    bucket.updated_ms = now_ms;
}

LogBudget::Bucket& LogBudget::bucket_of(const std::string& source, std::uint64_t now_ms) {
    if (const auto at = buckets_.find(source); at != buckets_.end()) return at->second;
    if (buckets_.size() >= sources_) {
        for (auto& [known, bucket] : buckets_) refill(bucket, now_ms);
        std::erase_if(buckets_, [](const auto& entry) { return entry.second.used == 0; });
    }
    if (buckets_.size() >= sources_) return others_;
    return buckets_.emplace(source, Bucket{0, now_ms, 0}).first->second;
}

std::optional<std::uint64_t> LogBudget::admit(const std::string& address, std::uint64_t bytes,
                                              std::uint64_t now_ms) {
    Bucket& bucket = bucket_of(source_of(address), now_ms);
    refill(bucket, now_ms);
    if (bytes > room_ - bucket.used) {
        ++bucket.left_out;
        return std::nullopt;
    }
    bucket.used += bytes;
    return std::exchange(bucket.left_out, 0);
}

}  // namespace folkmoot::net
