// The overlay of kept peers (C18): which of them are connected, and when they change places.
//
// Attacks it stops: an eclipse by peers that please (see peer_choice.hpp: a part of the choices is uniform,
// both of whom to meet and of whom to leave); dead addresses that take up places (they pause ever longer and
// give the place back meanwhile). Nobody is kept out for good.
//
// Bounds: limits::known_peers addresses, NodeOptions::outgoing dials and connections of them at a time.
#include <algorithm>

#include "crypto/random.hpp"
#include "net/core.hpp"

namespace folkmoot::net {
using crypto::random_number;

void Core::keep_peer(const std::string& address) {
    if (std::ranges::any_of(kept_, [&](const KeptPeer& peer) { return peer.address == address; })) return;
    const auto number = static_cast<PeerChoice::Peer>(kept_.size());
    if (!choice_.add(number)) return;
    kept_.push_back({address, std::nullopt, false, false, false, {}, 0});
    if (kept_.size() == 1) {
        spawn(overlay_loop());
    } else {
        overlay_.cancel();
    }
}

asio::awaitable<void> Core::overlay_loop() {
    changed_places_ms_ = now_ms();
    while (!closing_) {
        const std::uint64_t now = now_ms();
        change_places(now);
        fill_places(now);
        // Who else is connected is looked at from time to time; the rest wakes the timer.
        std::uint64_t pause = options_.first_retry_ms;
        if (const auto next = choice_.next_ms(now)) pause = std::min(pause, *next - now);
        overlay_.expires_after(std::chrono::milliseconds(pause));
        co_await overlay_.async_wait(as_result);
    }
}

// Not to be dialled now: dialled already, or this device itself. A device that connected from wherever it
// likes is dialled all the same from time to time: somebody else may have its key.
std::set<PeerChoice::Peer> Core::busy_peers(std::uint64_t now) const {
    std::set<PeerChoice::Peer> busy;
    for (std::size_t i = 0; i < kept_.size(); ++i) {
        const KeptPeer& peer = kept_[i];
        const bool lately = !peer.waits_for_turn && now - peer.since_ms < options_.anti_entropy_ms;
        if (peer.active || peer.self || (lately && peer.known && connected_to(*peer.known)))
            busy.insert(static_cast<PeerChoice::Peer>(i));
    }
    return busy;
}

void Core::fill_places(std::uint64_t now) {
    auto busy = busy_peers(now);
    auto used = static_cast<std::size_t>(std::ranges::count(kept_, true, &KeptPeer::active));
    for (; used < options_.outgoing; ++used) {
        const auto number = choice_.choose(now, random_number(), busy);
        if (!number) return;
        busy.insert(*number);
        kept_[*number].active = true;
        kept_[*number].since_ms = now;
        spawn(meet_kept(*number));
    }
}

// When others wait for a place, one is given up now and then. Who came last keeps it until the next time.
void Core::change_places(std::uint64_t now) {
    if (now - changed_places_ms_ < options_.anti_entropy_ms) return;
    changed_places_ms_ = now;
    const auto used = static_cast<std::size_t>(std::ranges::count(kept_, true, &KeptPeer::active));
    if (used < options_.outgoing || !choice_.choose(now, 0, busy_peers(now))) return;
    std::set<PeerChoice::Peer> settled;
    for (std::size_t i = 0; i < kept_.size(); ++i) {
        const auto connection = kept_[i].connection.lock();
        const bool open = connection != nullptr && connection->open();
        if (open && now - kept_[i].since_ms >= options_.anti_entropy_ms)
            settled.insert(static_cast<PeerChoice::Peer>(i));
    }
    const auto number = choice_.choose_to_leave(random_number(), settled);
    if (!number) return;
    if (const auto connection = kept_[*number].connection.lock()) connection->close();
}

asio::awaitable<void> Core::meet_kept(PeerChoice::Peer number) {
    KeptPeer& peer = kept_[number];  // a deque: it stays where it is
    const auto dial = std::make_shared<Dial>(context_);
    const auto connected = co_await connect(dial, peer.address);
    if (closing_) co_return;
    if (!connected) {
        emit({NodeEvent::Kind::disconnected, peer.address, {}, {}, {}, {}, connected.error()});
        choice_.handle_failure(number, now_ms(), random_number());
    } else {
        const auto connection = std::make_shared<Connection>(*this, std::move(dial->socket), Purpose::kept,
                                                             peer.address, std::nullopt, nullptr);
        peer.connection = connection;
        add(connection);
        co_await connection->run();
        peer.known = connection->peer();
        if (peer.known == signer_.key()) {
            peer.self = true;
        } else if (connection->useful()) {
            choice_.pause(number, now_ms(), random_number());
        } else {
            choice_.handle_failure(number, now_ms(), random_number());
        }
    }
    peer.connection.reset();
    peer.active = false;
    overlay_.cancel();
}

std::optional<PeerChoice::Peer> Core::kept_number(const Connection& connection) const {
    for (std::size_t i = 0; i < kept_.size(); ++i) {
        if (kept_[i].connection.lock().get() == &connection) return static_cast<PeerChoice::Peer>(i);
    }
    return std::nullopt;
}

void Core::note_visit(const Connection& connection, const Visit& visit) {
    if (const auto number = kept_number(connection)) choice_.handle_visit(*number, visit);
}

}  // namespace folkmoot::net
