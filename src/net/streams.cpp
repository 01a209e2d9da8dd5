// The sessions on a connection (C13 to C15).
#include "base/assert.hpp"
#include "net/connection.hpp"
#include "net/core.hpp"

namespace folkmoot::net {

bool Connection::has_sessions() const {
    return std::ranges::any_of(streams_, [](const auto& at) { return at.second.session.has_value(); });
}

void Connection::open_group(HostedGroup& group) {
    if (!open() || purpose_ == Purpose::accepted || group.failed || !group.replica->group_id()) return;
    if (task_ && task_->group != *group.replica->group_id()) return;
    for (const auto& [number, stream] : streams_) {
        if (stream.session && stream.group == &group) return;
    }
    if (next_stream_ >= limits::streams) return;
    start_session(next_stream_++, group, true);
    core_.drive(group);
}

void Connection::start_session(std::uint8_t number, HostedGroup& group, bool initiator) {
    SessionConfig config;
    config.peer = *peer_;
    config.binding = channel_->binding();
    config.initiator = initiator;
    config.live = purpose_ != Purpose::one_shot;
    Stream& stream = streams_[number];
    stream.group = &group;
    stream.opened_ms = now_ms();
    stream.session = group.replica->open_session(config, stream.opened_ms);
    stream.renewal = std::ranges::any_of(
        streams_, [&](const auto& other) { return other.first != number && other.second.group == &group; });
    if (const auto at = retries_.find(&group); at != retries_.end()) at->second.due_ms.reset();
}

// Anything not defined here ends the connection; whatever comes on a stream that is over is let pass, since
// the peer may have sent it before it knew.
void Connection::handle_message(ByteView message) {
    if (message.empty() || closing_ || over_) return;
    const std::uint8_t number = message[0];
    if (number >= limits::streams)
        return fault({ErrorCode::session_bad_message, "the peer used a stream that does not exist"});
    message = message.subspan(1);
    Stream* stream = stream_for(number, message);
    if (stream == nullptr || !stream->session) return;
    HostedGroup& group = *stream->group;
    stream->bytes_received += message.size();
    group.replica->handle_message(*stream->session, message, now_ms());
    core_.drive(group);
}

// The listener's side of a new stream: which group it is about.
Connection::Stream* Connection::stream_for(std::uint8_t number, ByteView message) {
    if (const auto at = streams_.find(number); at != streams_.end()) return &at->second;
    if (purpose_ != Purpose::accepted) {
        fault({ErrorCode::session_unsolicited, "the listener opened a stream"});
        return nullptr;
    }
    const auto tag = named_group(message);
    if (!tag) {
        fault({ErrorCode::session_bad_message, "the first message of a stream names no group"});
        return nullptr;
    }
    HostedGroup* group = core_.find_group(*tag, channel_->binding());
    if (group == nullptr || group->failed) {
        streams_[number];
        send(number, end_message(ErrorCode::no_group));
        return nullptr;
    }
    // The dialer starts the group again: it has given up the older stream.
    for (auto& [other, stream] : streams_) {
        if (stream.session && stream.group == group)
            end_stream(stream, {ErrorCode::session_ended, "the peer started again"});
    }
    start_session(number, *group, false);
    return &streams_[number];
}

void Connection::send(std::uint8_t number, ByteView message) {
    Bytes bytes;
    bytes.reserve(message.size() + 1);
    bytes.push_back(number);
    append(bytes, message);
    if (auto sent = channel_->send(bytes); !sent) return;
    streams_[number].bytes_sent += message.size();
    wake();
}

bool Connection::pump(HostedGroup& group) {
    if (!open()) return false;
    bool sent = false;
    for (auto& [number, stream] : streams_) {
        if (!stream.session || stream.group != &group) continue;
        if (unsent() < limits::unsent_bytes) {
            if (const auto message = group.replica->poll_message(*stream.session)) {
                send(number, *message);
                sent = true;
            }
        }
        full_ = full_ || unsent() >= limits::unsent_bytes;
        break;  // no other stream has a session of the group
    }
    return sent;
}

bool Connection::settle(HostedGroup& group) {
    if (!open()) return false;
    bool ended = false;
    std::optional<Error> violation;
    bool finished = false;
    for (auto& [number, stream] : streams_) {
        // With no room, the last messages of the session may still be inside it.
        if (!stream.session || stream.group != &group || unsent() >= limits::unsent_bytes) continue;
        const Session* session = group.replica->session(*stream.session);
        if (session == nullptr || session->outcome() == Outcome::running) continue;
        const bool brought = session->stats().ops_new > 0;
        if (session->outcome() != Outcome::failed) {
            // What both sides refused of each other moved nothing: that alone keeps no peer in favour.
            useful_ = useful_ || brought || session->outcome() == Outcome::equal;
            finished = true;
            report(stream, {});
            continue;
        }
        const Error why = session->error();
        if (session->peer_at_fault()) violation = why;
        // Y9: what a reconciliation by request asked for comes with a second session, once.
        const bool once_more =
            purpose_ == Purpose::one_shot && why.code == ErrorCode::session_outgrown && !stream.renewal;
        stream.reported = stream.reported || once_more;
        finished = finished || !once_more;
        end_stream(stream, why);
        ended = true;
        if (purpose_ == Purpose::kept || once_more) retry_later(group, brought);
    }
    if (violation) {
        fault(*violation);
    } else if (finished && purpose_ == Purpose::one_shot) {
        close();
    }
    return ended;
}

void Connection::abandon(HostedGroup& group, const Error& why) {
    for (auto& [number, stream] : streams_) {
        if (!stream.session || stream.group != &group) continue;
        end_stream(stream, why);
        if (open()) send(number, end_message(ErrorCode::session_ended));
    }
    if (purpose_ == Purpose::one_shot && open()) close();
}

void Connection::report(Stream& stream, const Error& why) {
    if (stream.reported) return;
    stream.reported = true;
    stream.renew_from_ms = now_ms();
    stream.took_ms = stream.renew_from_ms - stream.opened_ms;
    SyncReport report;
    report.group = stream.group->replica->group_id().value_or(GroupId{});
    report.peer = *peer_;
    const Session* session = stream.group->replica->session(*stream.session);
    if (session != nullptr) {
        report.stats = session->stats();
        if (session->outcome() != Outcome::running && why.code == ErrorCode{})
            report.outcome = session->outcome();
    }
    if (report.outcome == Outcome::failed) {
        report.error = why.code != ErrorCode{}
                           ? why
                           : Error{ErrorCode::session_closed_by_peer,
                                   "the connection was closed before the session was done"};
    }
    report.bytes_sent = stream.bytes_sent;
    report.bytes_received = stream.bytes_received;
    report.wire_sent = wire_sent_;
    report.wire_received = wire_received_;
    report.milliseconds = now_ms() - stream.opened_ms;
    if (task_ && !task_->reported) {
        task_->report = report;
        task_->reported = true;
    }
    // A renewal that found nothing to do is not worth a word.
    const bool idle = report.outcome == Outcome::equal && report.stats.ops_new + report.stats.ops_sent == 0;
    if (stream.renewal && idle) return;
    NodeEvent event{NodeEvent::Kind::synced, address_, peer_, report.group, report, {}, report.error};
    core_.emit(std::move(event));
}

void Connection::end_stream(Stream& stream, const Error& why) {
    if (!stream.session) return;
    report(stream, why);
    note_visit(stream);
    stream.group->replica->close_session(*stream.session);
    stream.session.reset();
}

// What the session was good for, live pushes included.
void Connection::note_visit(const Stream& stream) {
    if (purpose_ != Purpose::kept) return;
    const Session* session = stream.group->replica->session(*stream.session);
    if (session == nullptr || !session->is_live()) return;
    const SessionStats& stats = session->stats();
    const bool equal = session->outcome() == Outcome::equal;
    // What was given may all have been refused.
    core_.note_visit(*this, {stats.ops_new, equal ? stats.ops_sent : 0, stream.took_ms, equal});
}

void Connection::end_streams(const Error& why) {
    for (auto& [number, stream] : streams_) end_stream(stream, why);
}

// What no correct peer does.
void Connection::fault(const Error& why) {
    core_.discourage(*peer_, address_group_);
    close(why);
}

// A slow line is not a silent peer. Pings do not come here.
void Connection::note_traffic(std::uint64_t now) {
    for (const auto& [number, stream] : streams_) {
        if (stream.session) stream.group->replica->handle_traffic(*stream.session, now);
    }
}

// A session that failed without anybody's fault is tried again while the connection stands: the peer may
// have learnt meanwhile that this device may read. Ever later while that brings nothing.
void Connection::retry_later(HostedGroup& group, bool brought) {
    const NodeOptions& options = core_.options();
    const auto at =
        retries_.try_emplace(&group, Retry{Backoff(options.first_retry_ms, options.last_retry_ms), {}});
    Retry& retry = at.first->second;
    if (brought) retry.pause.reset();
    retry.due_ms = now_ms() + (purpose_ == Purpose::one_shot ? 0 : retry.pause.next_ms());
}

void Connection::retry_groups(std::uint64_t now) {
    for (const auto& [group, retry] : retries_) {
        if (!retry.due_ms || now < *retry.due_ms) continue;
        if (next_stream_ >= limits::streams) return close();
        open_group(*group);
        return;
    }
}

// Y10: what pushes and announcements missed comes with another session. The older one is over with it, on
// both sides (C13.4); what was on its way is in the new offer.
void Connection::renew_sessions(std::uint64_t now) {
    if (purpose_ != Purpose::kept || !open()) return;
    for (auto& [number, stream] : streams_) {
        if (!stream.session || !stream.reported) continue;
        const Session* session = stream.group->replica->session(*stream.session);
        if (session == nullptr || !session->is_live()) continue;
        const NodeOptions& options = core_.options();
        const std::uint64_t pause = session->incomplete() ? std::min(options.ping_ms, options.anti_entropy_ms)
                                                          : options.anti_entropy_ms;
        if (now < stream.renew_from_ms + pause) continue;
        if (next_stream_ >= limits::streams) return close();
        HostedGroup& group = *stream.group;
        end_stream(stream, {});
        open_group(group);
        return;  // the next one at the next look
    }
}

}  // namespace folkmoot::net
