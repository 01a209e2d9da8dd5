#include "net/noise_handshake.hpp"

#include "base/assert.hpp"

namespace folkmoot::net {

using crypto::X25519Key;
using crypto::X25519Secret;

Handshake::Handshake(Role role, ByteView prologue, X25519Secret ephemeral_secret, X25519Secret static_secret)
    : role_(role),
      symmetric_(protocol_name),
      ephemeral_secret_(std::move(ephemeral_secret)),
      static_secret_(std::move(static_secret)),
      static_key_(crypto::x25519_public(static_secret_)) {
    symmetric_.mix_hash(prologue);
}

bool Handshake::my_turn() const { return !finished() && (step_ % 2 == 0) == (role_ == Role::initiator); }

bool Handshake::mix_dh(const X25519Secret& mine, const X25519Key& theirs) {
    X25519Secret shared;
    if (!crypto::x25519(mine, theirs, shared)) return false;
    symmetric_.mix_key(shared.view());
    return true;
}

bool Handshake::mix_es() {
    return role_ == Role::initiator ? mix_dh(ephemeral_secret_, remote_static_)
                                    : mix_dh(static_secret_, remote_ephemeral_);
}

bool Handshake::mix_se() {
    return role_ == Role::initiator ? mix_dh(static_secret_, remote_ephemeral_)
                                    : mix_dh(ephemeral_secret_, remote_static_);
}

void Handshake::write_ephemeral(Bytes& out) {
    const X25519Key key = crypto::x25519_public(ephemeral_secret_);
    append(out, key.view());
    symmetric_.mix_hash(key.view());
}

bool Handshake::read_ephemeral(ByteView& message) {
    if (message.size() < X25519Key::size) return false;
    remote_ephemeral_ = *X25519Key::from(message.first(X25519Key::size));
    message = message.subspan(X25519Key::size);
    symmetric_.mix_hash(remote_ephemeral_.view());
    return true;
}

bool Handshake::read_static(ByteView& message) {
    constexpr std::size_t sealed_bytes = X25519Key::size + crypto::aead_tag_bytes;
    if (message.size() < sealed_bytes) return false;
    Bytes key;
    if (!symmetric_.decrypt_and_hash(message.first(sealed_bytes), key)) return false;
    remote_static_ = *X25519Key::from(key);
    message = message.subspan(sealed_bytes);
    return true;
}

bool Handshake::write_keys(Bytes& out) {
    FOLKMOOT_ASSERT(my_turn() && !keys_done_);
    keys_done_ = true;
    switch (next_message()) {
        case 1: write_ephemeral(out); return true;
        case 2:
            write_ephemeral(out);
            return mix_ee() && symmetric_.encrypt_and_hash(static_key_.view(), out) && mix_es();
        default: return symmetric_.encrypt_and_hash(static_key_.view(), out) && mix_se();
    }
}

bool Handshake::write_payload(ByteView payload, Bytes& out) {
    FOLKMOOT_ASSERT(my_turn() && keys_done_);
    keys_done_ = false;
    ++step_;
    return symmetric_.encrypt_and_hash(payload, out);
}

bool Handshake::read_keys(ByteView& message) {
    FOLKMOOT_ASSERT(!my_turn() && !finished() && !keys_done_);
    keys_done_ = true;
    switch (next_message()) {
        case 1: return read_ephemeral(message);
        case 2: return read_ephemeral(message) && mix_ee() && read_static(message) && mix_es();
        default: return read_static(message) && mix_se();
    }
}

bool Handshake::read_payload(ByteView rest, Bytes& out) {
    FOLKMOOT_ASSERT(!my_turn() && !finished() && keys_done_);
    keys_done_ = false;
    ++step_;
    return symmetric_.decrypt_and_hash(rest, out);
}

std::pair<CipherState, CipherState> Handshake::split() const {
    FOLKMOOT_ASSERT(finished());
    auto [from_initiator, from_responder] = symmetric_.split();
    if (role_ == Role::initiator) return {std::move(from_initiator), std::move(from_responder)};
    return {std::move(from_responder), std::move(from_initiator)};
}

}  // namespace folkmoot::net
