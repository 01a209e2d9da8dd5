#include "sim/world.hpp"

namespace folkmoot::sim {

void add_counts(Counts& to, const Counts& from) {
    for (const auto& [name, count] : from) to[name] += count;
}

void World::after(std::uint64_t delay_ms, std::function<void()> what) {
    due_.push({now_ms_ + delay_ms, numbered_++, std::move(what)});
}

bool World::step(std::uint64_t until_ms) {
    if (due_.empty() || due_.top().at_ms > until_ms) {
        now_ms_ = std::max(now_ms_, until_ms);
        return false;
    }
    const Due next = due_.top();
    due_.pop();
    now_ms_ = next.at_ms;
    ++events_;
    next.what();
    return true;
}

void World::trace(const std::string& who, const std::string& what) {
    const std::string line = std::to_string(now_ms_) + " " + who + " " + what;
    // FNV-1a: the trace is compared with itself, nobody attacks it.
    for (const char c : line) hash_ = (hash_ ^ static_cast<std::uint8_t>(c)) * 0x100000001b3ULL;
    hash_ = (hash_ ^ 0x0aU) * 0x100000001b3ULL;
    if (keep_trace_) lines_.push_back(line);
}

void World::arrived(const OpId& op) {
    const auto at = made_.find(op);
    if (at == made_.end()) return;
    ++arrivals_;
    delay_ms_ += now_ms_ - at->second;
}

void World::violate(const std::string& oracle, const std::string& text) {
    trace("oracle", oracle + ": " + text);
    if (!violation_) violation_ = Violation{oracle, text};
}

std::string brief(ByteView bytes) { return to_hex(bytes.first(std::min<std::size_t>(bytes.size(), 4))); }

}  // namespace folkmoot::sim
