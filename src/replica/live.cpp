// Sessions that stay open, seen together (Y10): who is pushed whole ops, and whom to ask for what was
// announced.
#include <algorithm>
#include <utility>

#include "folkmoot/replica.hpp"
#include "replica/in_flight.hpp"
#include "replica/link.hpp"

namespace folkmoot {

// Half of the places are for peers that this side called: whoever fills the listener with sessions gets the
// other half at most. Within each half the keyed rank decides, which no peer can choose and no coming and
// going changes.
void Replica::choose_whole_pushes() {
    std::vector<std::pair<SessionId, Link*>> live;
    for (auto& [id, link] : links_) {
        if (link->live) live.emplace_back(id, link.get());
    }
    std::ranges::sort(live, {}, [](const auto& at) { return std::pair(at.second->rank, at.first); });
    std::size_t left = limits::full_push_peers;
    const auto give = [&](std::size_t places, bool to_called_only) {
        for (auto& [id, link] : live) {
            if (link == nullptr || places == 0 || (to_called_only && !link->initiator)) continue;
            std::exchange(link, nullptr)->session.push_whole(true);
            --places;
            --left;
        }
    };
    give(limits::full_push_peers / 2, true);
    give(left, false);
    for (const auto& [id, link] : live) {
        if (link != nullptr) link->session.push_whole(false);
    }
}

void Replica::note_live(SessionId id, Link& link) {
    const bool live = link.session.is_live();
    if (live == link.live) return;
    link.live = live;
    if (!live) in_flight_->forget(id);
    choose_whole_pushes();
}

void Replica::note_announced(SessionId id, Link& link) {
    for (const auto& op : link.session.take_announced()) {
        if (!graph_.find(op)) static_cast<void>(in_flight_->announce(op, id, now_ms_));
    }
    if (!link.asked || link.session.requesting()) return;
    link.asked = false;
    static_cast<void>(in_flight_->answered(id));
}

void Replica::note_arrivals() {
    if (in_flight_->size() == 0) arrived_to_ = static_cast<OpIndex>(graph_.size());
    for (; arrived_to_ < graph_.size(); ++arrived_to_) in_flight_->arrived(graph_.id(arrived_to_));
}

void Replica::ask_for_announced() {
    if (in_flight_->size() == 0) return;
    for (auto& [id, link] : links_) {
        if (!link->session.can_request()) continue;
        auto ids = in_flight_->take(id, now_ms_);
        if (ids.empty()) continue;
        link->session.request(std::move(ids), now_ms_);
        link->asked = true;
    }
}

}  // namespace folkmoot
