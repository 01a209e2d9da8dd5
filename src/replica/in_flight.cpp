#include "replica/in_flight.hpp"

#include <algorithm>

#include "folkmoot/limits.hpp"

namespace folkmoot {

bool InFlight::announce(const OpId& id, Announcer number, std::uint64_t now_ms) {
    Peer& peer = peers_[number];
    if (peer.announced.contains(id)) return true;
    if (peer.announced.size() >= limits::announced_ids_per_peer) return false;
    peer.announced.insert(id);
    Entry& entry = entries_[id];
    // A late peer is the second choice: whoever else announces it by then goes first.
    const std::uint64_t from_ms = now_ms + (peer.late ? limits::announced_timeout_ms : 0);
    entry.announcers.emplace(number, from_ms);
    if (!entry.asked) peer.queue.emplace(from_ms, id);
    return true;
}

std::vector<OpId> InFlight::take(Announcer number, std::uint64_t now_ms) {
    std::vector<OpId> ids;
    const auto peer = peers_.find(number);
    if (peer == peers_.end()) return ids;
    Queue& queue = peer->second.queue;
    while (!queue.empty() && queue.begin()->first <= now_ms && ids.size() < limits::need_ids) {
        const OpId id = queue.begin()->second;
        const auto at = entries_.find(id);
        unqueue(at);
        at->second.asked = number;
        at->second.deadline_ms = now_ms + limits::announced_timeout_ms;
        deadlines_.emplace(at->second.deadline_ms, id);
        peer->second.asked.insert(id);
        ids.push_back(id);
    }
    return ids;
}

void InFlight::arrived(const OpId& id) {
    const auto at = entries_.find(id);
    if (at == entries_.end()) return;
    unqueue(at);
    unask(at);
    for (const auto& [number, from_ms] : at->second.announcers) peers_[number].announced.erase(id);
    entries_.erase(at);
}

std::size_t InFlight::answered(Announcer number) {
    const auto peer = peers_.find(number);
    if (peer == peers_.end()) return 0;
    const std::vector<OpId> missing(peer->second.asked.begin(), peer->second.asked.end());
    for (const auto& id : missing) {
        const auto at = entries_.find(id);
        unask(at);
        drop_announcer(at, number);
        settle(at);
    }
    if (missing.empty() && !peer->second.timed_out) peer->second.late = false;
    peer->second.timed_out = false;
    return missing.size();
}

void InFlight::forget(Announcer number) {
    const auto peer = peers_.find(number);
    if (peer == peers_.end()) return;
    const std::set<OpId> announced = peer->second.announced;
    for (const auto& id : announced) {
        const auto at = entries_.find(id);
        if (at->second.asked == number) {
            unask(at);
        } else {
            unqueue(at);
        }
        drop_announcer(at, number);
        settle(at);
    }
    peers_.erase(number);
}

void InFlight::handle_time(std::uint64_t now_ms) {
    while (!deadlines_.empty() && deadlines_.begin()->first <= now_ms) {
        const auto at = entries_.find(deadlines_.begin()->second);
        const Announcer number = *at->second.asked;
        Peer& peer = peers_[number];
        peer.late = true;
        peer.timed_out = true;
        unask(at);
        drop_announcer(at, number);
        settle(at);
    }
}

std::optional<std::uint64_t> InFlight::deadline_ms() const {
    if (deadlines_.empty()) return std::nullopt;
    return deadlines_.begin()->first;
}

std::optional<std::uint64_t> InFlight::ready_ms(Announcer number) const {
    const auto peer = peers_.find(number);
    if (peer == peers_.end() || peer->second.queue.empty()) return std::nullopt;
    return peer->second.queue.begin()->first;
}

std::size_t InFlight::announced_by(Announcer number) const {
    const auto peer = peers_.find(number);
    return peer == peers_.end() ? 0 : peer->second.announced.size();
}

void InFlight::unqueue(Entries::iterator at) {
    for (const auto& [number, from_ms] : at->second.announcers)
        peers_[number].queue.erase({from_ms, at->first});
}

void InFlight::unask(Entries::iterator at) {
    Entry& entry = at->second;
    if (!entry.asked) return;
    deadlines_.erase({entry.deadline_ms, at->first});
    peers_[*entry.asked].asked.erase(at->first);
    entry.asked.reset();
}

void InFlight::drop_announcer(Entries::iterator at, Announcer number) {
    at->second.announcers.erase(number);
    peers_[number].announced.erase(at->first);
}

// In the queues again, or gone with its last announcer.
void InFlight::settle(Entries::iterator at) {
    if (at->second.announcers.empty()) {
        entries_.erase(at);
        return;
    }
    if (at->second.asked) return;
    for (const auto& [number, from_ms] : at->second.announcers)
        peers_[number].queue.emplace(from_ms, at->first);
}

bool InFlight::consistent() const {
    std::size_t asked = 0;
    std::size_t announced = 0;
    std::size_t queued = 0;
    for (const auto& [id, entry] : entries_) {
        if (entry.announcers.empty()) return false;
        announced += entry.announcers.size();
        if (entry.asked) {
            ++asked;
            if (!deadlines_.contains({entry.deadline_ms, id})) return false;
            if (!peers_.at(*entry.asked).asked.contains(id)) return false;
        }
        for (const auto& [number, from_ms] : entry.announcers) {
            const Peer& peer = peers_.at(number);
            if (!peer.announced.contains(id)) return false;
            if (peer.queue.contains({from_ms, id}) == entry.asked.has_value()) return false;
            queued += entry.asked ? 0 : 1;
        }
    }
    for (const auto& [number, peer] : peers_) {
        if (peer.announced.size() > limits::announced_ids_per_peer) return false;
        announced -= peer.announced.size();
        queued -= peer.queue.size();
        asked -= peer.asked.size();
    }
    return announced == 0 && queued == 0 && asked == 0 &&
           deadlines_.size() ==
               static_cast<std::size_t>(std::ranges::count_if(
                   entries_, [](const auto& entry) { return entry.second.asked.has_value(); }));
}

}  // namespace folkmoot
