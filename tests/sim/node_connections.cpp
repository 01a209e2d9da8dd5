// The connections of a correct peer: the same habits as the node over TCP, without sockets. One connection a
// device, faults discouraged, nothing read from whoever does not read.
#include <algorithm>
#include <array>

#include "folkmoot/limits.hpp"
#include "sim/node.hpp"
#include "sync/messages.hpp"

namespace folkmoot::sim {
namespace {

/// A fruitful session asks for a locator, tips, each rung below, and doubles its way back.
constexpr std::uint64_t most_rounds = 16;

std::string kind_of_message(ByteView bytes) {
    const auto message = sync::decode_message(bytes);
    if (!message) return "nothing";
    if (const auto* have = std::get_if<sync::Have>(&*message)) {
        return "have round " + std::to_string(have->round) + " since " +
               std::to_string(static_cast<int>(have->since.kind)) + " summary " +
               std::to_string(static_cast<int>(have->summary.kind));
    }
    if (const auto* ops = std::get_if<sync::Ops>(&*message)) {
        return ops->role == sync::Ops::Role::answer ? "answer"
               : ops->role == sync::Ops::Role::last ? "last"
                                                    : "push";
    }
    if (const auto* need = std::get_if<sync::Need>(&*message))
        return "need " + std::to_string(need->ids.size());
    static constexpr std::array names = {"have",  "ops",           "need", "done", "closed",
                                         "grant", "unknown_since", "end",  "again"};
    return message->index() < names.size() ? names[message->index()] : "news";
}

}  // namespace

void Node::handle_open(const End& end, const std::optional<DeviceKey>& expected) {
    if (connections_.size() >= limits::connections) {
        world_.reached("no_place_left");
        return end.pipe->close(end.side);
    }
    Random random = Random::of(world_.seed(), "handshake", end.pipe->number() * 2 + end.side);
    Connection connection;
    connection.port = std::make_unique<Port>(world_, end, signer_, identities_.verifier(), expected, random);
    const auto number = end.pipe->number();
    connections_.emplace(number, std::move(connection)).first->second.port->flush();
    later(limits::handshake_timeout_ms, [this, number] {
        const auto at = connections_.find(number);
        if (at == connections_.end() || at->second.port->established()) return;
        world_.reached("handshake_timeout");
        end_connection(number, false);
    });
}

bool Node::handle_bytes(const End& end, ByteView bytes) {
    const auto at = connections_.find(end.pipe->number());
    if (at == connections_.end()) return true;
    if (world_.now_ms() < paused_until_ms_) return false;
    Connection& connection = at->second;
    // Whoever asks and does not read is not read from either.
    if (connection.port->unsent() >= limits::unsent_bytes) {
        world_.reached("back_pressure");
        return false;
    }
    const bool was_established = connection.port->established();
    const auto taken = connection.port->take(bytes);
    if (connection.session) replica_->handle_traffic(*connection.session, world_.now_ms());
    if (!was_established && connection.port->established()) established(connection);
    while (!connection.closing) {
        const auto message = connection.port->poll_message();
        if (!message) break;
        handle_message(connection, *message);
    }
    if (!taken && !connection.closing) {
        world_.trace(name(), end.pipe->name() + ": " + std::string(name_of(taken.error().code)));
        end_connection(end.pipe->number(), false);
    } else {
        connection.port->flush();
    }
    drive();
    return true;
}

void Node::established(Connection& connection) {
    const DeviceKey peer = connection.port->peer();
    const auto number = connection.port->end().pipe->number();
    if (peer == key() || discouraged_.contains(peer, world_.now_ms())) {
        world_.reached(peer == key() ? "met_itself" : "discouraged_came_again");
        return end_connection(number, false);
    }
    drop_double(peer);
    if (connection.closing) return;
    SessionConfig config;
    config.peer = peer;
    config.binding = connection.port->binding();
    if (traits_.one_binding) config.binding = Hash32{};
    config.initiator = connection.port->initiator();
    config.live = true;
    config.sign_each = traits_.sign_each;
    if (!bindings_.insert(config.binding).second) {
        world_.violate("Y4", name() + " salts two sessions alike");
    }
    if (traits_.hides_an_op) {
        connection.host = std::make_unique<LyingHost>(*replica_, Role::sleeper, random_);
        const auto self = replica_->graph().find_author(key());
        if (self && !replica_->graph().branches(*self).empty())
            connection.host->hide(
                replica_->graph().branch_ops(replica_->graph().branches(*self).front()).back());
        config.live = false;
        connection.planted = std::make_unique<Session>(*connection.host, config);
        connection.planted->start(world_.now_ms());
    } else {
        connection.session = replica_->open_session(config, world_.now_ms());
    }
    watch(number);
}

// As over TCP: of two peers that dialed each other, the one with the greater key gives up what it dialed.
// Whoever holds a stolen key can therefore not drive its owner out.
void Node::drop_double(const DeviceKey& peer) {
    if (key() < peer) return;
    const auto find = [&](bool dialed) {
        return std::ranges::find_if(connections_, [&](const auto& each) {
            const Connection& at = each.second;
            return !at.closing && at.port->established() && at.port->peer() == peer &&
                   at.port->initiator() == dialed;
        });
    };
    const auto own = find(true);
    if (own == connections_.end() || find(false) == connections_.end()) return;
    world_.reached("double_connection_dropped");
    end_connection(own->first, true);
}

void Node::handle_message(Connection& connection, const Bytes& message) {
    if (message.empty()) return;  // a ping
    if (connection.planted) return connection.planted->handle_message(message, world_.now_ms());
    if (!connection.session) return;
    world_.trace(name(), connection.port->end().pipe->name() + " brings " + kind_of_message(message) + " " +
                             std::to_string(message.size()));
    replica_->handle_message(*connection.session, message, world_.now_ms());
    // What it has to say first is asked for before the next message is looked at, as over TCP.
    pump(connection);
}

void Node::handle_room(const End& end) {
    const auto at = connections_.find(end.pipe->number());
    if (at == connections_.end() || world_.now_ms() < paused_until_ms_) return;
    at->second.port->flush();
    if (at->second.session) replica_->handle_traffic(*at->second.session, world_.now_ms());
    if (at->second.port->unsent() < limits::unsent_bytes) end.pipe->resume(end.side);
    drive();
}

void Node::handle_closed(const End& end) { end_connection(end.pipe->number(), false); }

void Node::end_connection(std::uint64_t pipe, bool politely) {
    const auto at = connections_.find(pipe);
    if (at == connections_.end() || at->second.closing) return;
    Connection& connection = at->second;
    connection.closing = true;
    if (connection.session && is_up()) replica_->close_session(*connection.session);
    connection.session.reset();
    if (politely) {
        connection.port->close();
    } else {
        connection.port->abort();
    }
    // Not now: whoever called may hold it.
    later(limits::close_timeout_ms, [this, pipe] {
        const auto old = connections_.find(pipe);
        if (old == connections_.end()) return;
        old->second.port->abort();
        connections_.erase(old);
    });
}

// Pings, and the end of whoever is silent for too long (C16).
void Node::watch(std::uint64_t number) {
    later(limits::ping_ms / 2, [this, number] {
        const auto at = connections_.find(number);
        if (at == connections_.end() || at->second.closing) return;
        Port& port = *at->second.port;
        const std::uint64_t now = world_.now_ms();
        if (now >= paused_until_ms_) {
            if (now - port.last_received_ms() >= limits::idle_timeout_ms) {
                world_.reached("idle_timeout");
                return end_connection(number, false);
            }
            if (now - port.last_sent_ms() >= limits::ping_ms) (void)port.send({});
        }
        watch(number);
    });
}

// --- Driving --------------------------------------------------------------------------------------

bool Node::pump(Connection& connection) {
    bool sent = false;
    while (connection.planted && !connection.closing) {
        const auto message = connection.planted->poll_message();
        if (!message || !connection.port->send(*message)) break;
    }
    while (connection.session && !connection.closing && connection.port->unsent() < limits::unsent_bytes) {
        const auto message = replica_->poll_message(*connection.session);
        if (!message) break;
        if (!connection.port->send(*message)) break;
        sent = true;
    }
    most_unsent_ = std::max(most_unsent_, connection.port->unsent());
    return sent;
}

void Node::drive() {
    if (!is_up() || world_.now_ms() < paused_until_ms_) return;
    note_events();
    begin_persist();
    for (auto& [number, connection] : connections_) (void)pump(connection);
    settle();
    note_events();
    arm_timer();
}

void Node::settle() {
    for (auto& [number, connection] : connections_) {
        if (!connection.session || connection.port->unsent() >= limits::unsent_bytes) continue;
        const Session* session = replica_->session(*connection.session);
        if (session == nullptr || session->outcome() == Outcome::running) continue;
        if (session->outcome() != Outcome::failed) {
            if (connection.useful) continue;
            network_.note_useful(*connection.port->end().pipe);
            note_rounds(*session, connection.port->peer());
            connection.useful = true;
            world_.reached(session->outcome() == Outcome::equal ? "session_equal" : "session_partial");
            continue;
        }
        world_.error(session->error().code);
        world_.trace(name(), connection.port->end().pipe->name() +
                                 " session: " + std::string(name_of(session->error().code)));
        if (session->peer_at_fault()) discouraged_.add(connection.port->peer(), world_.now_ms());
        end_connection(number, true);
    }
}

// Q2. Summaries and requests of one reconciliation between correct peers: nearly always one, and a logarithm
// of what is missing where a filter hid a chain.
void Node::note_rounds(const Session& session, const DeviceKey& peer) {
    if (!society_.is_correct(peer)) return;
    const std::uint64_t asked = session.stats().rounds + session.stats().needs;
    world_.reached(asked <= 1 ? "one_round" : asked == 2 ? "two_rounds" : "more_rounds");
    if (asked <= most_rounds) return;
    world_.violate("Q2", name() + " took " + std::to_string(asked) + " rounds with a correct peer");
}

// Q10: no correct peer is ever blamed by another.
void Node::note_fault(const Event& event) {
    world_.reached("peer_fault");
    const Session* session = replica_->session(event.session);
    for (const auto& [number, connection] : connections_) {
        if (session == nullptr || connection.session != event.session) continue;
        const DeviceKey peer = connection.port->peer();
        if (!society_.is_correct(peer)) continue;
        world_.violate("Q10", name() + " blames a correct peer: " + std::string(name_of(event.error.code)) +
                                  ", " + event.error.text);
    }
}

void Node::arm_timer() {
    const auto deadline = replica_->deadline_ms();
    if (!deadline || *deadline >= timer_ms_) return;
    timer_ms_ = *deadline;
    later(*deadline > world_.now_ms() ? *deadline - world_.now_ms() : 0, [this, at = *deadline] {
        if (timer_ms_ == at) handle_timer();
    });
}

void Node::handle_timer() {
    timer_ms_ = UINT64_MAX;
    if (world_.now_ms() < paused_until_ms_) return;
    replica_->handle_time(world_.now_ms());
    drive();
}

}  // namespace folkmoot::sim
