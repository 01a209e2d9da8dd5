#include "replica/peer_choice.hpp"

#include <algorithm>
#include <vector>

#include "base/assert.hpp"

namespace folkmoot {
namespace {

constexpr std::uint32_t most = 1000;
// The average forgets: what a peer was worth some ten visits ago no longer counts.
constexpr std::uint32_t memory = 8;
// A visit of this length earns half of what an instant one does for being quick.
constexpr std::uint64_t half_speed_ms = 100;

// The upper bits choose among the candidates, the lower ones decide how: independent for a uniform number.
bool chooses_uniformly(std::uint64_t random) { return random % 100 < limits::uniform_choices_percent; }
std::size_t place(std::uint64_t random, std::size_t count) {
    return static_cast<std::size_t>((random >> 8U) % count);
}

std::uint64_t with_jitter(std::uint64_t pause_ms, std::uint64_t random) {
    return pause_ms / 2 + random % (pause_ms / 2 + 1);
}

}  // namespace

std::uint32_t reward(const Visit& visit) {
    const auto news = [](std::uint64_t ops) { return ops == 0 ? 0U : ops == 1 ? 300U : 400U; };
    const std::uint32_t moved = news(visit.ops_new) + news(visit.ops_given);
    if (moved == 0) return 0;
    constexpr std::uint64_t for_speed = 200;
    const auto ms = std::min<std::uint64_t>(visit.milliseconds, limits::last_retry_ms);
    return moved + static_cast<std::uint32_t>(for_speed * half_speed_ms / (half_speed_ms + ms));
}

bool PeerChoice::add(Peer peer) {
    if (arms_.contains(peer)) return true;
    if (arms_.size() >= room_) return false;
    arms_.emplace(peer, Arm{});
    return true;
}

std::optional<PeerChoice::Peer> PeerChoice::choose(std::uint64_t now_ms, std::uint64_t random,
                                                   const std::set<Peer>& busy) const {
    std::vector<Peer> all;
    std::vector<Peer> best;
    std::uint32_t best_worth = 0;
    for (const auto& [peer, arm] : arms_) {
        if (arm.from_ms > now_ms || busy.contains(peer)) continue;
        all.push_back(peer);
        if (best.empty() || arm.worth > best_worth) {
            best.clear();
            best_worth = arm.worth;
        }
        if (arm.worth == best_worth) best.push_back(peer);
    }
    if (all.empty()) return std::nullopt;
    const auto& from = !learned_ || chooses_uniformly(random) ? all : best;
    return from[place(random, from.size())];
}

std::optional<PeerChoice::Peer> PeerChoice::choose_to_leave(std::uint64_t random,
                                                            const std::set<Peer>& connected) const {
    std::vector<Peer> all;
    for (const Peer peer : connected) {
        if (arms_.contains(peer)) all.push_back(peer);
    }
    if (all.empty()) return std::nullopt;
    if (!learned_ || chooses_uniformly(random)) return all[place(random, all.size())];
    return *std::ranges::min_element(all, {}, [this](Peer peer) { return worth(peer); });
}

std::optional<std::uint64_t> PeerChoice::next_ms(std::uint64_t now_ms) const {
    std::optional<std::uint64_t> earliest;
    for (const auto& [peer, arm] : arms_) {
        if (arm.from_ms > now_ms && (!earliest || arm.from_ms < *earliest)) earliest = arm.from_ms;
    }
    return earliest;
}

void PeerChoice::learn(Arm& arm, std::uint32_t value) {
    arm.worth = (arm.worth * (memory - 1) + std::min(value, most)) / memory;
}

void PeerChoice::handle_visit(Peer peer, const Visit& visit) {
    const auto at = arms_.find(peer);
    if (at == arms_.end()) return;
    learn(at->second, reward(visit));
    if (visit.equal || visit.ops_new > 0) at->second.failures = 0;
}

void PeerChoice::handle_failure(Peer peer, std::uint64_t now_ms, std::uint64_t random) {
    const auto at = arms_.find(peer);
    if (at == arms_.end()) return;
    Arm& arm = at->second;
    learn(arm, 0);
    // No shift beyond what a pause of one millisecond takes to become the longest.
    const std::uint64_t longer = first_pause_ms_ << std::min<std::uint32_t>(arm.failures, 20);
    arm.from_ms = now_ms + with_jitter(std::min(longer, last_pause_ms_), random);
    ++arm.failures;
}

void PeerChoice::pause(Peer peer, std::uint64_t now_ms, std::uint64_t random) {
    const auto at = arms_.find(peer);
    if (at == arms_.end()) return;
    at->second.failures = 0;
    at->second.from_ms = now_ms + with_jitter(first_pause_ms_, random);
}

void PeerChoice::set_pauses(std::uint64_t first_ms, std::uint64_t last_ms) {
    first_pause_ms_ = first_ms;
    last_pause_ms_ = last_ms;
}

std::uint32_t PeerChoice::worth(Peer peer) const {
    const auto at = arms_.find(peer);
    FOLKMOOT_ASSERT(at != arms_.end());
    return at->second.worth;
}

}  // namespace folkmoot
