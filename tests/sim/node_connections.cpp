// The connections of a correct peer: the same habits as the node over TCP, without sockets. One connection a
// device, nothing read from whoever does not read. What goes on in them is in node_sessions.cpp.
#include <algorithm>

#include "folkmoot/limits.hpp"
#include "sim/node.hpp"

namespace folkmoot::sim {

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
    // Whoever asks and does not read is not read from either; not at once, or two that both send much would
    // wait for each other.
    if (connection.port->unsent() >= limits::unsent_bytes &&
        connection.taken_while_unsent >= limits::messages_while_unsent) {
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
        if (connection.port->unsent() >= limits::unsent_bytes) ++connection.taken_while_unsent;
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
    if (peer == key() || discouraged_.contains(peer, world_.now_ms(), address_of(connection))) {
        world_.reached(peer == key() ? "met_itself" : "discouraged_came_again");
        return end_connection(number, false);
    }
    if (!take_place(connection)) {
        world_.reached("not_its_turn");
        return end_connection(number, true);
    }
    // A salt that two connections share can be ground.
    const Hash32 binding = traits_.one_binding ? Hash32{} : connection.port->binding();
    if (!bindings_.insert(binding).second) world_.violate("Y4", name() + " salts two connections alike");
    watch(number);
    if (connection.port->initiator()) {
        open_stream(connection);
    } else {
        close_if_idle(connection);
    }
}

// Every endpoint has an address of its own.
const std::string& Node::address_of(const Connection& connection) {
    const End& end = connection.port->end();
    return end.pipe->at(1 - end.side).name();
}

// C17.2, as over TCP: the new one takes the place of the others of its device if it is its address's turn. Of
// two that dialed each other the one with the greater key decides alone.
bool Node::take_place(const Connection& connection) {
    const DeviceKey device = connection.port->peer();
    const bool dialed = connection.port->initiator();
    const bool decides = device < key();
    std::vector<std::uint64_t> others;
    for (const auto& [number, other] : connections_) {
        if (&other == &connection || other.closing || !other.port->established()) continue;
        if (other.port->peer() != device) continue;
        if (other.port->initiator() == dialed ? !dialed : decides) others.push_back(number);
    }
    const bool has_turn = (dialed && others.empty()) ||
                          turns_.take(device, address_of(connection), !others.empty(), world_.now_ms());
    if (!has_turn) return false;
    for (const std::uint64_t number : others) {
        world_.reached("older_connection_replaced");
        end_connection(number, true);
    }
    return true;
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
    end_session(connection);
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

void Node::drive() {
    if (!is_up() || world_.now_ms() < paused_until_ms_) return;
    note_events();
    begin_persist();
    for (auto& [number, connection] : connections_) pump(connection);
    settle();
    note_events();
    judge_memory();
    arm_timer();
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
