// The Noise handshake pattern XX (revision 34, sections 5.3 and 7.5) as two steps a message, so that a
// payload can speak about the transcript up to itself:
//
//     initiator                     responder
//       -> e                          message 1
//       <- e, ee, s, es               message 2
//       -> s, se                      message 3
//
// Every call returns false if the peer's bytes do not fit: wrong length, not authentic, or a key of small
// order. After a false the object must not be used again; the channel above destroys it.
#pragma once

#include "net/noise_cipher.hpp"

namespace folkmoot::net {

enum class Role : std::uint8_t { initiator = 1, responder = 2 };
[[nodiscard]] inline Role other(Role role) {
    return role == Role::initiator ? Role::responder : Role::initiator;
}

class Handshake {
   public:
    static constexpr std::string_view protocol_name = "Noise_XX_25519_ChaChaPoly_SHA256";
    static constexpr unsigned messages = 3;

    /// Both secrets are used for this handshake alone.
    Handshake(Role role, ByteView prologue, crypto::X25519Secret ephemeral_secret,
              crypto::X25519Secret static_secret);

    /// Whether the next message is this side's to write. Neither, once three have passed.
    [[nodiscard]] bool my_turn() const;
    [[nodiscard]] bool finished() const { return step_ == messages; }
    /// 1 to 3: the message that comes next.
    [[nodiscard]] unsigned next_message() const { return step_ + 1; }

    /// Appends the keys of the next message to `out`, then its payload. Precondition: my_turn().
    [[nodiscard]] bool write_keys(Bytes& out);
    [[nodiscard]] bool write_payload(ByteView payload, Bytes& out);

    /// Takes the keys of the next message off the front of `message`; what is left is the payload, which
    /// read_payload appends to `out`. Precondition: not my_turn() and not finished().
    [[nodiscard]] bool read_keys(ByteView& message);
    [[nodiscard]] bool read_payload(ByteView rest, Bytes& out);

    /// The transcript hash of everything so far; once finished, the channel binding.
    [[nodiscard]] const Hash32& hash() const { return symmetric_.hash(); }
    [[nodiscard]] const crypto::X25519Key& local_static() const { return static_key_; }
    /// All zero until the peer sent it.
    [[nodiscard]] const crypto::X25519Key& remote_static() const { return remote_static_; }
    /// Ciphers for sending and for receiving. Precondition: finished().
    [[nodiscard]] std::pair<CipherState, CipherState> split() const;

   private:
    [[nodiscard]] bool mix_dh(const crypto::X25519Secret& mine, const crypto::X25519Key& theirs);
    [[nodiscard]] bool mix_ee() { return mix_dh(ephemeral_secret_, remote_ephemeral_); }
    /// es and se join the initiator's first-named key with the responder's second-named one.
    [[nodiscard]] bool mix_es();
    [[nodiscard]] bool mix_se();
    void write_ephemeral(Bytes& out);
    [[nodiscard]] bool read_ephemeral(ByteView& message);
    [[nodiscard]] bool read_static(ByteView& message);

    Role role_;
    unsigned step_ = 0;
    bool keys_done_ = false;
    SymmetricState symmetric_;
    crypto::X25519Secret ephemeral_secret_;
    crypto::X25519Secret static_secret_;
    crypto::X25519Key static_key_;
    crypto::X25519Key remote_ephemeral_;
    crypto::X25519Key remote_static_;
};

}  // namespace folkmoot::net
