// Two ends of a channel with fixed keys, and a peer that may lie in its handshake.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "net/noise_channel.hpp"

namespace folkmoot::net::test {

using Random = std::array<std::uint8_t, 32>;

inline Random filled(std::uint8_t value) {
    Random out{};
    out.fill(value);
    return out;
}

inline std::unique_ptr<Signer> signer_of(std::uint8_t value) {
    EXPECT_TRUE(start_crypto());
    return std::move(make_signer(filled(value))).value();
}

inline crypto::X25519Secret secret_of(std::uint8_t value) {
    crypto::X25519Secret out;
    std::fill(out.writable().begin(), out.writable().end(), value);
    return out;
}

/// A dialer (identity 1, keys 11 and 12) and a listener (identity 2, keys 21 and 22).
struct Ends {
    std::unique_ptr<Signer> dialer_signer = signer_of(1);
    std::unique_ptr<Signer> listener_signer = signer_of(2);
    std::unique_ptr<Channel> dialer;
    std::unique_ptr<Channel> listener;

    explicit Ends(ChannelOptions options = {}, std::optional<DeviceKey> expected = std::nullopt,
                  std::uint8_t salt = 0, std::optional<ChannelOptions> listener_options = std::nullopt) {
        const auto with = [&](std::uint8_t n) { return filled(static_cast<std::uint8_t>(n + salt)); };
        dialer = std::make_unique<Channel>(Role::initiator, *dialer_signer, ed25519_verifier(), expected,
                                           with(11), with(12), options);
        listener =
            std::make_unique<Channel>(Role::responder, *listener_signer, ed25519_verifier(), std::nullopt,
                                      with(21), with(22), listener_options.value_or(options));
    }

    [[nodiscard]] DeviceKey dialer_key() const { return dialer_signer->key(); }
    [[nodiscard]] DeviceKey listener_key() const { return listener_signer->key(); }

    /// Carries bytes until both are silent.
    void run() const {
        for (;;) {
            const Bytes there = dialer->poll_output();
            if (!there.empty()) static_cast<void>(listener->handle_input(there));
            const Bytes back = listener->poll_output();
            if (!back.empty()) static_cast<void>(dialer->handle_input(back));
            if (there.empty() && back.empty()) return;
        }
    }

    /// The three messages with their prefixes, as an honest run makes them.
    [[nodiscard]] static std::array<Bytes, 3> messages(std::uint8_t salt = 0) {
        const Ends ends({}, std::nullopt, salt);
        std::array<Bytes, 3> out;
        out[0] = ends.dialer->poll_output();
        EXPECT_TRUE(ends.listener->handle_input(out[0]));
        out[1] = ends.listener->poll_output();
        EXPECT_TRUE(ends.dialer->handle_input(out[1]));
        out[2] = ends.dialer->poll_output();
        EXPECT_TRUE(ends.listener->handle_input(out[2]));
        EXPECT_TRUE(ends.listener->established());
        return out;
    }
};

inline Ends established(ChannelOptions options = {}, std::uint8_t salt = 0) {
    Ends ends(options, std::nullopt, salt);
    ends.run();
    EXPECT_TRUE(ends.dialer->established());
    EXPECT_TRUE(ends.listener->established());
    return ends;
}

inline std::vector<Bytes> take_messages(Channel& channel) {
    std::vector<Bytes> out;
    while (auto message = channel.poll_message()) out.push_back(std::move(*message));
    return out;
}

inline Bytes framed(const Bytes& message) {
    Bytes out;
    append_length(out, message.size());
    append(out, message);
    return out;
}

/// What a peer puts into its identity payload, given the transcript and its Noise static key.
using Proof = std::function<Bytes(const Hash32&, const crypto::X25519Key&)>;

inline Bytes proof_bytes(const DeviceKey& key, Signer& signer, const Bytes& signed_bytes) {
    Bytes out;
    append(out, key.view());
    append(out, signer.sign(signed_bytes).value().view());
    return out;
}

/// Speaks correct Noise with a proof of its own making. Afterwards `sealer` sends records.
class Rogue {
   public:
    Rogue(Role role, Proof proof, std::uint8_t salt = 0)
        : noise_(role, channel_prologue(), secret_of(static_cast<std::uint8_t>(31 + salt)),
                 secret_of(static_cast<std::uint8_t>(32 + salt))),
          proof_(std::move(proof)) {}

    [[nodiscard]] Bytes write() {
        const bool first = noise_.next_message() == 1;
        Bytes out;
        EXPECT_TRUE(noise_.write_keys(out));
        const Bytes payload = first ? Bytes{} : proof_(noise_.hash(), noise_.local_static());
        EXPECT_TRUE(noise_.write_payload(payload, out));
        finish();
        return framed(out);
    }
    void read(const Bytes& message) {
        ByteView rest = ByteView(message).subspan(record_prefix_bytes);
        Bytes payload;
        EXPECT_TRUE(noise_.read_keys(rest));
        EXPECT_TRUE(noise_.read_payload(rest, payload));
        finish();
    }
    void dial(Channel& listener) {
        EXPECT_TRUE(listener.handle_input(write()));
        read(listener.poll_output());
        static_cast<void>(listener.handle_input(write()));
    }
    void answer(Channel& dialer) {
        read(dialer.poll_output());
        static_cast<void>(dialer.handle_input(write()));
    }

    std::optional<RecordSealer> sealer;
    std::optional<CipherState> raw;

   private:
    void finish() {
        if (!noise_.finished()) return;
        sealer.emplace(noise_.split().first, limits::rekey_records);
        raw = noise_.split().first;
    }
    Handshake noise_;
    Proof proof_;
};

}  // namespace folkmoot::net::test
