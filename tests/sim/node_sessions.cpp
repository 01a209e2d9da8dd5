// The sessions of a correct peer, as the node over TCP keeps them (C13 to C15, Y10): a stream each, one at a
// time on a connection, renewed from time to time, tried again after a failure, ever later while that brings
// nothing.
#include <algorithm>
#include <array>

#include "folkmoot/limits.hpp"
#include "sim/node.hpp"
#include "sync/messages.hpp"

namespace folkmoot::sim {
namespace {

/// A fruitful session asks for a locator, tips, each rung below, and doubles its way back.
constexpr std::uint64_t most_rounds = 16;

/// Q8. One message and some records beyond the bound are under way when it is met; on the way in there is at
/// most a message and a record.
constexpr std::size_t most_unsent = limits::unsent_bytes + limits::message_bytes + 4 * limits::record_bytes;
constexpr std::size_t most_arriving = limits::message_bytes + 2 * limits::record_bytes;

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

// --- Streams --------------------------------------------------------------------------------------

void Node::open_stream(Connection& connection) {
    if (connection.next_stream >= limits::streams) {
        world_.reached("streams_used_up");
        return end_connection(connection.port->end().pipe->number(), true);
    }
    start_session(connection, connection.next_stream++);
}

void Node::start_session(Connection& connection, std::uint8_t stream) {
    connection.streams.set(stream);
    connection.stream = stream;
    connection.settled = false;
    connection.hurried = false;
    SessionConfig config;
    config.peer = connection.port->peer();
    config.binding = connection.port->binding();
    if (traits_.one_binding) config.binding = Hash32{};
    config.initiator = connection.port->initiator();
    config.live = !traits_.hides_an_op;
    config.sign_each = traits_.sign_each;
    if (!traits_.hides_an_op) {
        connection.session = replica_->open_session(config, world_.now_ms());
        return;
    }
    connection.planted.reset();
    connection.host = std::make_unique<LyingHost>(*replica_, Role::sleeper, random_);
    const auto self = replica_->graph().find_author(key());
    if (self && !replica_->graph().branches(*self).empty())
        connection.host->hide(replica_->graph().branch_ops(replica_->graph().branches(*self).front()).back());
    connection.planted = std::make_unique<Session>(*connection.host, config);
    connection.planted->start(world_.now_ms());
}

void Node::end_session(Connection& connection) {
    if (connection.session && is_up()) replica_->close_session(*connection.session);
    connection.session.reset();
    if (!connection.port->initiator() && !connection.closing) close_if_idle(connection);
}

// C17: a listener keeps no connection for nothing.
void Node::close_if_idle(const Connection& connection) {
    later(limits::reply_timeout_ms, [this, number = connection.port->end().pipe->number()] {
        const auto at = connections_.find(number);
        if (at == connections_.end() || at->second.closing) return;
        if (at->second.session || at->second.planted) return;
        world_.reached("connection_without_session");
        end_connection(number, true);
    });
}

// What no correct peer does, beside what sessions find (C14).
void Node::fault(Connection& connection, const std::string& what) {
    const DeviceKey peer = connection.port->peer();
    world_.reached("stream_fault");
    world_.trace(name(), connection.port->end().pipe->name() + ": " + what);
    if (society_.is_correct(peer)) world_.violate("Q10", name() + " blames a correct peer: " + what);
    discouraged_.add(peer, world_.now_ms(), address_of(connection));
    end_connection(connection.port->end().pipe->number(), true);
}

// Whether the rest of the message is for the connection's session.
bool Node::has_stream(Connection& connection, std::uint8_t stream, ByteView message) {
    if (connection.streams.test(stream)) return stream == connection.stream;
    if (connection.port->initiator()) {
        fault(connection, "the listener opened a stream");
        return false;
    }
    const auto tag = named_group(message);
    if (!tag) {
        fault(connection, "the first message of a stream names no group");
        return false;
    }
    if (*tag != group_tag(*group_, connection.port->binding())) {
        world_.reached("other_group_named");
        connection.streams.set(stream);
        Bytes end = end_message(ErrorCode::no_group);
        end.insert(end.begin(), stream);
        (void)connection.port->send(end);
        return false;
    }
    // The dialer starts again: it has given up the older stream.
    if (connection.session) replica_->close_session(*connection.session);
    connection.session.reset();
    start_session(connection, stream);
    return true;
}

void Node::handle_message(Connection& connection, ByteView message) {
    if (message.empty()) return;  // a ping
    const std::uint8_t stream = message[0];
    message = message.subspan(1);
    if (stream >= limits::streams) return fault(connection, "the peer used a stream that does not exist");
    if (!has_stream(connection, stream, message)) return;
    if (connection.planted) return connection.planted->handle_message(message, world_.now_ms());
    if (!connection.session) return;
    world_.trace(name(), connection.port->end().pipe->name() + " brings " + kind_of_message(message) + " " +
                             std::to_string(message.size()));
    replica_->handle_message(*connection.session, message, world_.now_ms());
    // What it has to say first is asked for before the next message is looked at, as over TCP.
    pump(connection);
}

void Node::pump(Connection& connection) {
    while (!connection.closing && connection.port->unsent() < limits::unsent_bytes) {
        std::optional<Bytes> message;
        if (connection.planted) message = connection.planted->poll_message();
        if (connection.session) message = replica_->poll_message(*connection.session);
        if (!message) break;
        message->insert(message->begin(), connection.stream);
        if (!connection.port->send(*message)) break;
    }
    if (connection.port->unsent() < limits::unsent_bytes) connection.taken_while_unsent = 0;
}

// --- Ends and beginnings --------------------------------------------------------------------------

void Node::settle() {
    for (auto& [number, connection] : connections_) {
        if (connection.closing || !connection.session) continue;
        if (connection.port->unsent() >= limits::unsent_bytes) continue;
        const Session* session = replica_->session(*connection.session);
        if (session == nullptr || session->outcome() == Outcome::running) continue;
        if (session->outcome() == Outcome::failed) {
            settle_failed(number, connection, *session);
        } else {
            settle_live(number, connection, *session);
        }
    }
}

void Node::settle_live(std::uint64_t number, Connection& connection, const Session& session) {
    if (session.incomplete() && !connection.hurried) {
        connection.hurried = true;
        world_.reached("announced_too_much");
        renew_after(number, connection, limits::ping_ms);
    }
    if (connection.settled) return;
    connection.settled = true;
    const bool equal = session.outcome() == Outcome::equal;
    world_.reached(equal ? "session_equal" : "session_partial");
    note_rounds(session, connection.port->peer());
    // What both sides refused of each other moved nothing (C18).
    if (equal || session.stats().ops_new > 0) network_.note_useful(*connection.port->end().pipe);
    if (connection.stream > 0) world_.reached("session_renewed");
    if (connection.port->initiator()) renew_after(number, connection, limits::anti_entropy_ms);
}

void Node::settle_failed(std::uint64_t number, Connection& connection, const Session& session) {
    const ErrorCode code = session.error().code;
    world_.error(code);
    world_.trace(name(), connection.port->end().pipe->name() + " session: " + std::string(name_of(code)));
    if (session.peer_at_fault()) {
        discouraged_.add(connection.port->peer(), world_.now_ms(), address_of(connection));
        return end_connection(number, true);
    }
    if (session.stats().ops_new > 0) connection.pause.reset();
    end_session(connection);
    if (!connection.port->initiator()) return;
    later(connection.pause.next_ms(), [this, number] {
        const auto at = connections_.find(number);
        if (at == connections_.end() || at->second.closing || at->second.session) return;
        world_.reached("session_tried_again");
        open_stream(at->second);
        drive();
    });
}

// Y10: what pushes and announcements missed comes with another session. The older one is over with it.
void Node::renew_after(std::uint64_t number, const Connection& connection, std::uint64_t delay_ms) {
    if (!connection.port->initiator()) return;
    later(delay_ms, [this, number, stream = connection.stream] {
        const auto at = connections_.find(number);
        if (at == connections_.end() || at->second.closing || !at->second.session) return;
        if (at->second.stream != stream) return;
        const Session* session = replica_->session(*at->second.session);
        if (session == nullptr || !session->is_live()) return;
        end_session(at->second);
        open_stream(at->second);
        drive();
    });
}

// --- What is judged -------------------------------------------------------------------------------

// Q2. Summaries and requests of one reconciliation between correct peers: nearly always one, and a logarithm
// of what is missing where a filter hid a chain.
void Node::note_rounds(const Session& session, const DeviceKey& peer) {
    if (!society_.is_correct(peer)) return;
    const SessionStats& stats = session.stats();
    const std::uint64_t asked = stats.rounds + stats.needs;
    if (stats.ops_new + stats.ops_sent > 0) {
        world_.reached(std::string(world_.quiet() ? "quiet" : "troubled") + (asked <= 1   ? "_one_round"
                                                                             : asked == 2 ? "_two_rounds"
                                                                                          : "_more_rounds"));
    }
    if (asked <= most_rounds) return;
    world_.violate("Q2", name() + " took " + std::to_string(asked) + " rounds with a correct peer");
}

// Q8, after every event: all that is held for one peer (parked, told, refused, wanted; unsent; arriving)
// against the sum of its budgets, which are those of the connections it may have: one it dialled, and those
// that this side dialled.
void Node::judge_memory() {
    std::map<DeviceKey, std::pair<std::size_t, std::size_t>> held;  // bytes, and connections that it dialled
    for (const auto& [number, connection] : connections_) {
        if (connection.closing || !connection.port->established()) continue;
        const std::size_t inside = connection.session ? replica_->memory_of(*connection.session) : 0;
        const std::size_t unsent = connection.port->unsent();
        const std::size_t arriving = connection.port->arriving();
        world_.peak("bytes_of_a_session", inside);
        world_.peak("bytes_unsent", unsent);
        world_.peak("bytes_arriving", arriving);
        if (inside > limits::memory_per_session || unsent > most_unsent || arriving > most_arriving)
            world_.violate("Q8", name() + " keeps more for a connection than it may");
        auto& [bytes, count] = held[connection.port->peer()];
        bytes += inside + unsent + arriving;
        if (!connection.port->initiator()) ++count;
        world_.peak("bytes_for_a_peer", bytes);
        if (count > 1) world_.violate("Q8", name() + " has more connections with a peer than it may");
    }
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

}  // namespace folkmoot::sim
