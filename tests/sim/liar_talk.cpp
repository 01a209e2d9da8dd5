// What a Byzantine peer says: sessions whose host lies, whose messages are changed on their way out, and
// conversations made by hand.
#include <algorithm>

#include "folkmoot/limits.hpp"
#include "sim/liar.hpp"
#include "sync/keys.hpp"

namespace folkmoot::sim {
namespace {

/// After so many answers made by hand it loses interest.
constexpr std::size_t most_said = 60;

bool by_hand(Role role) {
    switch (role) {
        case Role::oversize:
        case Role::wrong_group:
        case Role::phantoms:
        case Role::orphans: return true;
        default: return false;
    }
}

}  // namespace

// Before the channel stands.
void Liar::begin_lie(Talk& talk) {
    Pipe& pipe = *talk.port->end().pipe;
    if (*talk.role == Role::garbage && talk.random.chance(500)) {
        talk.raw = true;
        Bytes noise(talk.random.between(1, 5'000));
        talk.random.fill(noise);
        pipe.inject(0, std::move(noise));
        acted(Role::garbage);
    } else if (*talk.role == Role::replay && !heard_.empty()) {
        talk.raw = true;
        for (const Bytes& old : heard_) pipe.inject(0, old);
        acted(Role::replay);
    } else if (*talk.role == Role::stall) {
        talk.silent = true;
        acted(Role::stall);
        if (!talk.random.chance(300)) return;
        talk.raw = true;
        pipe.inject(0, Bytes{0});
    }
}

// The channel stands.
void Liar::begin(Talk& talk) {
    const bool may_lie = talk.role && core_->graph().size() > 0;
    if (!may_lie) {
        if (talk.port->initiator()) begin_honestly(talk, 0);
        return;
    }
    talk.streams.set(0);
    if (by_hand(*talk.role) || (*talk.role == Role::bad_signature && talk.random.chance(600))) {
        talk.scripted = true;
        return speak_first(talk);
    }
    talk.host = std::make_unique<LyingHost>(*core_, *talk.role, Random(talk.random.next()));
    SessionConfig config;
    config.peer = talk.port->peer();
    config.binding = talk.port->binding();
    config.initiator = talk.port->initiator();
    config.sign_each = talk.random.chance(300);
    talk.session.emplace(*talk.host, config);
    talk.session->start(world_.now_ms());
    // Before the session's own first message nothing else is let pass (C14).
    if (talk.random.chance(700)) pump(talk);
    if (*talk.role == Role::unsolicited) say_unasked(talk);
    if (*talk.role == Role::garbage) {
        Bytes noise(talk.random.between(1, 300));
        talk.random.fill(noise);
        acted(Role::garbage);
        say(talk, std::move(noise));
    }
}

void Liar::begin_honestly(Talk& talk, std::uint8_t stream) {
    if (talk.honest) core_->close_session(*talk.honest);
    talk.stream = stream;
    talk.streams.set(stream);
    talk.honest = core_->open_session({talk.port->peer(), talk.port->binding(), talk.port->initiator(),
                                       SummaryChoice::automatic, true, false},
                                      world_.now_ms());
}

void Liar::hear(Talk& talk, ByteView message) {
    const std::uint8_t stream = message[0];
    message = message.subspan(1);
    if (stream >= limits::streams) return;
    const bool lies = talk.session || talk.scripted;
    if (!lies && !talk.port->initiator() && !talk.streams.test(stream)) begin_honestly(talk, stream);
    if (stream != talk.stream) return;
    if (talk.honest) return core_->handle_message(*talk.honest, message, world_.now_ms());
    if (talk.session) return talk.session->handle_message(message, world_.now_ms());
    if (!talk.scripted) return;
    if (auto heard = sync::decode_message(message)) answer_by_hand(talk, *heard);
}

void Liar::pump(Talk& talk) {
    while (talk.port->established() && talk.port->unsent() < limits::unsent_bytes) {
        std::optional<Bytes> message;
        if (talk.honest) message = core_->poll_message(*talk.honest);
        if (talk.session) message = talk.session->poll_message();
        if (!message) break;
        if (talk.session) {
            say_twisted(talk, std::move(*message));
        } else {
            say(talk, std::move(*message));
        }
    }
    if (talk.host && talk.host->lied() && !talk.told) {
        talk.told = true;
        acted(*talk.role);
    }
    if (talk.honest && core_->session(*talk.honest) != nullptr &&
        core_->session(*talk.honest)->outcome() == Outcome::failed)
        close(talk);
}

void Liar::say(Talk& talk, Bytes message) {
    message.insert(message.begin(), talk.stream);
    (void)talk.port->send(message);
}

void Liar::say_twisted(Talk& talk, Bytes message) {
    switch (*talk.role) {
        case Role::malformed: return say(talk, twist_bytes(talk, std::move(message)));
        case Role::bad_summary: return say(talk, twist_summary(talk, message));
        case Role::unsolicited:
            if (talk.random.chance(400)) {
                acted(Role::unsolicited);
                say(talk, message);
            }
            return say(talk, std::move(message));
        default: return say(talk, std::move(message));
    }
}

// B5. Most mutations of CBOR are refused at once; that they are is the point.
Bytes Liar::twist_bytes(Talk& talk, Bytes message) {
    if (message.empty() || !talk.random.chance(700)) return message;
    acted(Role::malformed);
    switch (talk.random.below(5)) {
        case 0:
            message[talk.random.below(message.size())] ^=
                static_cast<std::uint8_t>(1U << talk.random.below(8));
            break;
        case 1: message.resize(talk.random.below(message.size())); break;
        case 2: message.push_back(static_cast<std::uint8_t>(talk.random.next())); break;
        // An array, or a string, of 2^64 - 1.
        case 3:
            message.insert(message.begin(), {0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff});
            break;
        default: {
            const auto at = message.begin() + static_cast<std::ptrdiff_t>(talk.random.below(message.size()));
            message.insert(at, {0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff});
        }
    }
    return message;
}

// B10.
Bytes Liar::twist_summary(Talk& talk, const Bytes& message) {
    auto decoded = sync::decode_message(message);
    if (!decoded) return message;
    auto* have = std::get_if<sync::Have>(&*decoded);
    if (have == nullptr) return message;
    acted(Role::bad_summary);
    sync::Summary lie;
    const std::uint64_t how = talk.random.below(5);
    if (how < 3) {
        lie.kind = sync::Summary::Kind::bloom;
        lie.bits = Bytes(8 * talk.random.between(1, 200), how == 0 ? 0xff : 0);
        if (how == 2) talk.random.fill(lie.bits);
        have->since = {};
    } else if (how == 3) {
        lie.kind = sync::Summary::Kind::tips;
        for (int i = 0; i < 4; ++i) {
            lie.tips.push_back({0, static_cast<sync::AuthorLabel>(talk.random.next()),
                                static_cast<std::int64_t>(talk.random.below(1000)), talk.random.next()});
        }
    } else {
        have->since.kind = sync::Since::Kind::remembered;
        have->since.fingerprint = static_cast<std::uint16_t>(talk.random.next());
        lie.kind = sync::Summary::Kind::nothing;
    }
    have->summary = std::move(lie);
    return sync::encode_message(*decoded);
}

// --- By hand --------------------------------------------------------------------------------------

void Liar::speak_first(Talk& talk) {
    sync::Have have;
    have.group = group_tag(*core_->group_id(), talk.port->binding());
    if (*talk.role == Role::wrong_group && talk.random.chance(500)) {
        // With the right group before it, or alone.
        if (talk.random.chance(500)) say(talk, sync::encode_message(have));
        GroupId other;
        talk.random.fill(other.bytes);
        have.group = group_tag(other, talk.port->binding());
        acted(Role::wrong_group);
    }
    Hash32 nowhere;
    talk.random.fill(nowhere.bytes);
    have.offer = sync::offer_digest(talk.port->binding(), std::vector<OpId>{OpId{nowhere.bytes}});
    say(talk, sync::encode_message(have));
    if (*talk.role != Role::phantoms) return;
    sync::Need need;
    for (int i = 0; i < 20; ++i) {
        OpId id;
        talk.random.fill(id.bytes);
        need.ids.push_back(id);
    }
    std::ranges::sort(need.ids);
    need.ancestors = static_cast<std::uint32_t>(limits::walk_back_ops);
    for (int i = 0; i < 5; ++i) say(talk, sync::encode_message(need));
}

void Liar::answer_by_hand(Talk& talk, const sync::Message& heard) {
    const bool asked = std::holds_alternative<sync::Have>(heard) ||
                       std::holds_alternative<sync::Need>(heard) ||
                       std::holds_alternative<sync::Again>(heard);
    if (!asked || ++talk.said > most_said) return;
    acted(*talk.role);
    std::vector<OpId> heads;
    if (!std::holds_alternative<sync::Need>(heard)) {
        OpId nowhere;
        talk.random.fill(nowhere.bytes);
        heads.push_back(nowhere);
    }
    const auto ops =
        *talk.role == Role::phantoms ? std::vector<EncodedOp>{} : bad_ops(*talk.role, talk.random);
    sync::Ops answer;
    answer.role = sync::Ops::Role::last;
    answer.plain = std::holds_alternative<sync::Again>(heard);
    answer.batch = batch_of(talk, ops, heads);
    say(talk, sync::encode_message(answer));
}

// B12.
void Liar::say_unasked(Talk& talk) {
    acted(Role::unsolicited);
    switch (talk.random.below(5)) {
        case 0: return say(talk, sync::encode_message(sync::Done{}));
        case 1: return say(talk, sync::encode_message(sync::UnknownSince{}));
        case 2: return say(talk, sync::encode_message(sync::NameGrant{core_->graph().id(0)}));
        case 3: return say(talk, sync::encode_message(sync::Again{}));
        default: {
            sync::Ops ops;
            ops.role = talk.random.chance(500) ? sync::Ops::Role::push : sync::Ops::Role::last;
            ops.batch = batch_of(talk, {}, {});
            return say(talk, sync::encode_message(ops));
        }
    }
}

}  // namespace folkmoot::sim
