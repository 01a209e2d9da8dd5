#include "net/noise_channel.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace folkmoot::net {
namespace {

constexpr std::string_view protocol = "folkmoot/1";
constexpr std::array<std::uint8_t, 2> channel_version{0, 1};
constexpr std::string_view identity_domain = "folkmoot/1/channel-identity\n";

constexpr std::size_t identity_bytes = DeviceKey::size + Signature::size;
constexpr std::size_t sealed_static_bytes = crypto::X25519Key::size + crypto::aead_tag_bytes;
constexpr std::size_t sealed_identity_bytes = identity_bytes + crypto::aead_tag_bytes;
// The lengths of the three messages are fixed, so that nothing else is ever buffered for a stranger.
constexpr std::array<std::size_t, Handshake::messages> message_lengths{
    crypto::X25519Key::size, crypto::X25519Key::size + sealed_static_bytes + sealed_identity_bytes,
    sealed_static_bytes + sealed_identity_bytes};
// All that a stranger can make us hold: the object, and one message twice.
static_assert(sizeof(Channel) + 2 * (record_prefix_bytes + message_lengths[1]) <= limits::handshake_bytes);

crypto::X25519Secret secret_from(Channel::Random32 random) {
    crypto::X25519Secret secret;
    std::copy(random.begin(), random.end(), secret.writable().begin());
    return secret;
}

}  // namespace

Bytes channel_prologue() {
    Bytes out;
    append(out, as_bytes(protocol));
    append(out, channel_version);
    return out;
}

Bytes identity_signing_input(Role role, const Hash32& transcript, const crypto::X25519Key& noise_static) {
    Bytes out;
    append(out, as_bytes(identity_domain));
    out.push_back(static_cast<std::uint8_t>(role));
    append(out, transcript.view());
    append(out, noise_static.view());
    return out;
}

Channel::Channel(Role role, Signer& signer, const Verifier& verifier, std::optional<DeviceKey> expected_peer,
                 Random32 ephemeral_random, Random32 static_random, ChannelOptions options)
    : role_(role),
      signer_(&signer),
      verifier_(&verifier),
      expected_peer_(expected_peer),
      options_(options),
      handshake_(std::in_place, role, channel_prologue(), secret_from(ephemeral_random),
                 secret_from(static_random)) {
    FOLKMOOT_ASSERT(options.rekey_records > 0);
    // Message 1 has neither signature nor Diffie-Hellman in it and cannot fail.
    if (handshake_->my_turn()) FOLKMOOT_ASSERT(write_handshake().has_value());
}

Result<void> Channel::die(ErrorCode code, std::string text) {
    handshake_.reset();
    if (sealer_) sealer_->destroy();
    if (opener_) opener_->destroy();
    crypto::wipe(partial_);
    crypto::wipe(message_);
    partial_.clear();
    message_.clear();
    output_.clear();
    established_ = false;
    error_ = Error{code, std::move(text)};
    return std::unexpected(*error_);
}

Result<std::size_t> Channel::record_size(ByteView prefix) {
    const std::size_t length = announced_length(prefix);
    if (handshake_) {
        if (length != message_lengths[handshake_->next_message() - 1]) {
            return std::unexpected(
                die(ErrorCode::channel_handshake, "a handshake message has the wrong length").error());
        }
    } else if (length < record_overhead_bytes) {
        return std::unexpected(
            die(ErrorCode::channel_authentication, "a record is too short to be authentic").error());
    } else if (message_.size() + length - record_overhead_bytes > limits::message_bytes) {
        return std::unexpected(
            die(ErrorCode::channel_record_too_large, "a message is longer than 1 MiB").error());
    }
    return record_prefix_bytes + length;
}

Result<void> Channel::handle_input(ByteView data) {
    while (!data.empty() && !error_ && !closed_by_peer_) {
        // A record that lies whole in the input is not copied.
        if (partial_.empty() && data.size() >= record_prefix_bytes) {
            const auto size = record_size(data);
            if (!size) return std::unexpected(size.error());
            if (data.size() >= *size) {
                auto done = handle_record(data.first(*size).subspan(record_prefix_bytes));
                if (!done) return done;
                data = data.subspan(*size);
                continue;
            }
        }
        const std::size_t size = partial_.size() < record_prefix_bytes
                                     ? record_prefix_bytes
                                     : record_prefix_bytes + announced_length(partial_);
        const std::size_t taken = std::min(size - partial_.size(), data.size());
        append(partial_, data.first(taken));
        data = data.subspan(taken);
        if (partial_.size() == record_prefix_bytes) {
            // The length is judged as soon as it is known, before anything of the record is held.
            const auto announced = record_size(partial_);
            if (!announced) return std::unexpected(announced.error());
        } else if (partial_.size() == size && size > record_prefix_bytes) {
            const Bytes record = std::exchange(partial_, {});
            auto done = handle_record(ByteView(record).subspan(record_prefix_bytes));
            if (!done) return done;
        }
    }
    if (error_) return std::unexpected(*error_);
    return {};
}

Result<void> Channel::handle_record(ByteView record) {
    return handshake_ ? handle_handshake(record) : handle_transport(record);
}

Result<void> Channel::handle_handshake(ByteView message) {
    const bool carries_identity = handshake_->next_message() > 1;
    if (!handshake_->read_keys(message)) {
        return die(ErrorCode::channel_handshake, "the handshake does not decrypt");
    }
    const Hash32 transcript = handshake_->hash();
    Bytes payload;
    if (!handshake_->read_payload(message, payload)) {
        return die(ErrorCode::channel_handshake, "the handshake does not decrypt");
    }
    if (carries_identity) {
        auto checked = check_identity(payload, transcript);
        if (!checked) return checked;
    }
    if (handshake_->my_turn()) {
        auto written = write_handshake();
        if (!written) return written;
    }
    if (handshake_->finished()) finish_handshake();
    return {};
}

Result<void> Channel::check_identity(ByteView payload, const Hash32& transcript) {
    FOLKMOOT_ASSERT(payload.size() == identity_bytes);
    const auto key = *DeviceKey::from(payload.first(DeviceKey::size));
    const auto signature = *Signature::from(payload.subspan(DeviceKey::size));
    if (expected_peer_ && key != *expected_peer_) {
        return die(ErrorCode::channel_wrong_identity, "another device answers than the one expected");
    }
    const Bytes signed_bytes = identity_signing_input(other(role_), transcript, handshake_->remote_static());
    if (!verifier_->key_acceptable(key) || !verifier_->verify(key, signed_bytes, signature)) {
        return die(ErrorCode::channel_authentication, "the peer does not prove its identity");
    }
    peer_ = key;
    return {};
}

Result<Bytes> Channel::identity_payload() {
    const auto signature =
        signer_->sign(identity_signing_input(role_, handshake_->hash(), handshake_->local_static()));
    if (!signature) return std::unexpected(signature.error());
    Bytes payload;
    append(payload, signer_->key().view());
    append(payload, signature->view());
    return payload;
}

Result<void> Channel::write_handshake() {
    const std::size_t length = message_lengths[handshake_->next_message() - 1];
    const bool carries_identity = handshake_->next_message() > 1;
    Bytes message;
    append_length(message, length);
    if (!handshake_->write_keys(message)) {
        return die(ErrorCode::channel_handshake, "the peer's key has small order");
    }
    Bytes payload;
    if (carries_identity) {
        auto identity = identity_payload();
        if (!identity) return die(identity.error().code, identity.error().text);
        payload = std::move(*identity);
    }
    // Nonces start at zero with each key: this cannot fail.
    FOLKMOOT_ASSERT(handshake_->write_payload(payload, message));
    FOLKMOOT_ASSERT(message.size() == record_prefix_bytes + length);
    append(output_, message);
    return {};
}

void Channel::finish_handshake() {
    binding_ = handshake_->hash();
    auto [sending, receiving] = handshake_->split();
    sealer_.emplace(std::move(sending), options_.rekey_records);
    opener_.emplace(std::move(receiving), options_.rekey_records);
    // The ephemeral and the static secret go with it.
    handshake_.reset();
    signer_ = nullptr;
    verifier_ = nullptr;
    established_ = true;
}

Result<void> Channel::handle_transport(ByteView sealed) {
    const auto kind = opener_->open(sealed, message_);
    if (!kind) return die(ErrorCode::channel_authentication, "a record is not authentic");
    switch (*kind) {
        case RecordKind::last: inbox_.push_back(std::exchange(message_, {})); break;
        case RecordKind::more: break;
        case RecordKind::close:
            // A part that has no end is never empty, since its records are full.
            if (!message_.empty()) {
                return die(ErrorCode::channel_truncated, "the peer closed within a message");
            }
            closed_by_peer_ = true;
            opener_->destroy();
            break;
    }
    return {};
}

Result<void> Channel::handle_eof() {
    if (error_) return std::unexpected(*error_);
    if (closed_by_peer_) return {};
    return die(ErrorCode::channel_truncated, "the connection ended without a close record");
}

Bytes Channel::poll_output() { return std::exchange(output_, {}); }

Result<void> Channel::send(ByteView message) {
    if (error_) return std::unexpected(*error_);
    if (!established_) return fail(ErrorCode::channel_handshake, "the channel is not established yet");
    if (closed_by_us_) return fail(ErrorCode::session_ended, "the channel was closed on this side");
    if (message.size() > limits::message_bytes) {
        return fail(ErrorCode::channel_record_too_large, "a message has at most 1 MiB");
    }
    while (message.size() > record_content_bytes) {
        // The nonces outlast any connection: 2^64 records.
        FOLKMOOT_ASSERT(sealer_->seal(RecordKind::more, message.first(record_content_bytes), output_));
        message = message.subspan(record_content_bytes);
    }
    FOLKMOOT_ASSERT(sealer_->seal(RecordKind::last, message, output_));
    return {};
}

std::optional<Bytes> Channel::poll_message() {
    if (inbox_.empty()) return std::nullopt;
    Bytes message = std::move(inbox_.front());
    inbox_.pop_front();
    return message;
}

void Channel::close() {
    if (error_ || closed_by_us_) return;
    closed_by_us_ = true;
    if (!established_) {
        static_cast<void>(die(ErrorCode::channel_handshake, "closed before the channel was established"));
        return;
    }
    FOLKMOOT_ASSERT(sealer_->seal(RecordKind::close, {}, output_));
    sealer_->destroy();
}

DeviceKey Channel::peer() const {
    FOLKMOOT_ASSERT(sealer_.has_value());
    return peer_;
}

Hash32 Channel::binding() const {
    FOLKMOOT_ASSERT(sealer_.has_value());
    return binding_;
}

}  // namespace folkmoot::net
