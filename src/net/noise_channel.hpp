// The channel: Noise XX between two devices that prove their identity inside it, then messages both ways.
// A state machine without I/O, clock or randomness of its own. protocol-spec/channel.md has the bytes.
//
// Attacks it stops: reading, changing, cutting, reordering, replaying and reflecting the stream; passing off
// somebody's identity, or the proof of it from another connection; making us hold memory for bytes that were
// only announced. It does not hide the sizes and times of messages, nor the responder's identity from whoever
// connects.
//
//     start -> handshake -> established -> closed (peer's close record came)
//                  \             \-> dead
//                   \-> dead
//
// Invariants:
//   1. Before established, at most one handshake message (192 bytes) is buffered.
//   2. `partial_` is shorter than the record it begins and only ever holds received bytes.
//   3. A message is handed out only if every record of it was authentic and in order.
//   4. Dead: no key is left in memory, nothing is sent, every call gives the first error.
//
// No audit by anybody independent has been made of this code or construction.
#pragma once

#include <deque>

#include "folkmoot/error.hpp"
#include "folkmoot/signer.hpp"
#include "net/noise_handshake.hpp"
#include "net/noise_records.hpp"

namespace folkmoot::net {

struct ChannelOptions {
    /// Part of the protocol: both sides need the same. Other values are for tests.
    std::uint64_t rekey_records = limits::rekey_records;
};

class Channel {
   public:
    /// 32 bytes from the system's generator, used for this channel alone; the caller wipes its copy.
    using Random32 = std::span<const std::uint8_t, 32>;

    /// The dialer is the initiator. With `expected_peer` any other identity ends the channel, on the dialer's
    /// side before message 3, which would tell the other end who dials. `signer` and `verifier` are used
    /// until the channel is established and must live that long. The signer is asked once. One's own identity
    /// at the other end is not refused; the caller may compare peer().
    Channel(Role role, Signer& signer, const Verifier& verifier, std::optional<DeviceKey> expected_peer,
            Random32 ephemeral_random, Random32 static_random, ChannelOptions options = {});
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    /// Takes the next bytes of the stream, cut anywhere. Holds at most one record and one message, besides
    /// the complete messages that wait for poll_message, which the caller takes after each call. The first
    /// error is final, and the caller closes the connection. Bytes after the peer's close record are ignored:
    /// anybody could have added them. Cost: for a handshake message under 1 ms; then linear.
    ///   channel_handshake         a handshake message has the wrong length or does not decrypt
    ///   channel_wrong_identity    the peer is not `expected_peer`
    ///   channel_authentication    the peer's identity is not proven; a record is not authentic or malformed
    ///   channel_record_too_large  a message would exceed limits::message_bytes
    ///   channel_truncated         the peer closed within a message
    ///   signer_failed             our own signer did not sign
    [[nodiscard]] Result<void> handle_input(ByteView data);
    /// The stream ended. Success if the peer had closed, channel_truncated if not: then messages may be
    /// missing.
    [[nodiscard]] Result<void> handle_eof();

    /// The bytes to put on the wire next, in order; empty if there are none. Calling often is harmless.
    [[nodiscard]] Bytes poll_output();
    /// Whether a record or a message has begun and its end is missing.
    [[nodiscard]] bool within_message() const { return !partial_.empty() || !message_.empty(); }
    /// Bytes held of records and messages that are not whole.
    [[nodiscard]] std::size_t held_bytes() const { return partial_.size() + message_.size(); }
    /// How many bytes poll_output would give; the caller keeps them within limits::unsent_bytes.
    [[nodiscard]] std::size_t unsent_bytes() const { return output_.size(); }

    /// Encrypts `message`, empty ones too, as one record for each 65,518 bytes.
    ///   channel_handshake         not established yet
    ///   channel_record_too_large  more than limits::message_bytes; the channel lives on
    ///   session_ended             after close()
    [[nodiscard]] Result<void> send(ByteView message);
    /// The next whole message, in the order it was sent. Also works on a dead channel.
    [[nodiscard]] std::optional<Bytes> poll_message();

    /// Says that nothing follows, with an authenticated record. Receiving goes on. Before the channel is
    /// established it just dies, without output. A second call does nothing.
    void close();

    [[nodiscard]] bool established() const { return established_; }
    /// Whether the peer's close record came, so that all its messages did.
    [[nodiscard]] bool closed_cleanly() const { return closed_by_peer_; }
    /// Why the channel is dead, or null.
    [[nodiscard]] const Error* error() const { return error_ ? &*error_ : nullptr; }

    /// Who is at the other end. Precondition: established().
    [[nodiscard]] DeviceKey peer() const;
    /// The final handshake hash: the same on both sides, never the same twice, not secret. Precondition:
    /// established().
    [[nodiscard]] Hash32 binding() const;

   private:
    [[nodiscard]] Result<void> die(ErrorCode code, std::string text);
    [[nodiscard]] Result<std::size_t> record_size(ByteView prefix);
    [[nodiscard]] Result<void> handle_record(ByteView record);
    [[nodiscard]] Result<void> handle_handshake(ByteView message);
    [[nodiscard]] Result<void> handle_transport(ByteView sealed);
    [[nodiscard]] Result<void> check_identity(ByteView payload, const Hash32& transcript);
    [[nodiscard]] Result<void> write_handshake();
    [[nodiscard]] Result<Bytes> identity_payload();
    void finish_handshake();

    Role role_;
    Signer* signer_;
    const Verifier* verifier_;
    std::optional<DeviceKey> expected_peer_;
    ChannelOptions options_;

    std::optional<Handshake> handshake_;
    std::optional<RecordSealer> sealer_;
    std::optional<RecordOpener> opener_;

    Bytes partial_;
    Bytes message_;
    std::deque<Bytes> inbox_;
    Bytes output_;

    DeviceKey peer_;
    Hash32 binding_;
    std::optional<Error> error_;
    bool established_ = false;
    bool closed_by_us_ = false;
    bool closed_by_peer_ = false;
};

/// The bytes that `role` signs to tie its identity to a handshake (C5).
[[nodiscard]] Bytes identity_signing_input(Role role, const Hash32& transcript,
                                           const crypto::X25519Key& noise_static);
/// What both sides must agree on before the first message (C2).
[[nodiscard]] Bytes channel_prologue();

}  // namespace folkmoot::net
