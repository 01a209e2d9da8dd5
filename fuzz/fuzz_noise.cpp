// The channel against any bytes, with fixed keys.
//
// The first byte chooses what is fed (low 2 bits) and how finely it is cut (the rest). The honest transcript
// is known, so beyond not crashing the oracle is: no end gets established except by exactly the honest bytes,
// nothing is delivered that was not sent, and cutting the stream otherwise changes nothing.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "base/assert.hpp"
#include "net/noise_channel.hpp"

namespace {

using namespace folkmoot;
using net::Channel;
using net::Role;

std::array<std::uint8_t, 32> filled(std::uint8_t value) {
    std::array<std::uint8_t, 32> out{};
    out.fill(value);
    return out;
}

std::unique_ptr<Signer> signer_of(std::uint8_t value) {
    FOLKMOOT_ASSERT(start_crypto());
    auto signer = make_signer(filled(value));
    FOLKMOOT_ASSERT(signer);
    return std::move(*signer);
}

Signer& dialer_signer() {
    static const auto signer = signer_of(1);
    return *signer;
}
Signer& listener_signer() {
    static const auto signer = signer_of(2);
    return *signer;
}

// A small interval, so that inputs of a few records cross it.
constexpr net::ChannelOptions options{.rekey_records = 2};

struct Ends {
    Channel dialer{Role::initiator, dialer_signer(), ed25519_verifier(), listener_signer().key(), filled(11),
                   filled(12),      options};
    Channel listener{Role::responder, listener_signer(), ed25519_verifier(),
                     std::nullopt,    filled(21),        filled(22),
                     options};
};

struct Honest {
    Bytes message_1;
    Bytes message_2;
    /// Message 3, then three messages and the close record.
    Bytes from_dialer;
};

const Honest& honest() {
    static const Honest made = [] {
        Ends ends;
        Honest out;
        out.message_1 = ends.dialer.poll_output();
        FOLKMOOT_ASSERT(ends.listener.handle_input(out.message_1));
        out.message_2 = ends.listener.poll_output();
        FOLKMOOT_ASSERT(ends.dialer.handle_input(out.message_2));
        for (const std::size_t size : {3U, 0U, 40U}) FOLKMOOT_ASSERT(ends.dialer.send(Bytes(size, 0x6d)));
        ends.dialer.close();
        out.from_dialer = ends.dialer.poll_output();
        return out;
    }();
    return made;
}

constexpr std::size_t message_3_bytes = 162;

void feed(Channel& channel, ByteView data, std::size_t piece) {
    while (!data.empty()) {
        const std::size_t size = std::min(piece, data.size());
        if (!channel.handle_input(data.first(size))) return;
        data = data.subspan(size);
    }
}

bool starts_with(ByteView data, ByteView prefix) {
    return data.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), data.begin());
}

/// What an end shows after some input; equal for equal bytes, however they were cut.
struct Outcome {
    bool established;
    bool closed;
    std::optional<ErrorCode> error;
    std::vector<Bytes> messages;
    Bytes output;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome outcome_of(Channel& channel) {
    Outcome out{.established = channel.established(),
                .closed = channel.closed_cleanly(),
                .error = {},
                .messages = {},
                .output = channel.poll_output()};
    if (channel.error() != nullptr) out.error = channel.error()->code;
    while (auto message = channel.poll_message()) out.messages.push_back(std::move(*message));
    return out;
}

Outcome listener_outcome(ByteView first, ByteView second, std::size_t piece) {
    Ends ends;
    feed(ends.listener, first, piece);
    feed(ends.listener, second, piece);
    return outcome_of(ends.listener);
}

Outcome dialer_outcome(ByteView data, std::size_t piece) {
    Ends ends;
    static_cast<void>(ends.dialer.poll_output());
    feed(ends.dialer, data, piece);
    return outcome_of(ends.dialer);
}

void check_listener(const Outcome& seen, ByteView stream) {
    const bool same_start = starts_with(stream, honest().message_1) &&
                            starts_with(stream.subspan(honest().message_1.size()),
                                        ByteView(honest().from_dialer).first(message_3_bytes));
    // Established and then dead by a bad record is not established any more; messages may have come before.
    FOLKMOOT_ASSERT(same_start || (!seen.established && seen.messages.empty()));
    const std::vector<Bytes> sent{Bytes(3, 0x6d), Bytes{}, Bytes(40, 0x6d)};
    FOLKMOOT_ASSERT(seen.messages.size() <= sent.size());
    FOLKMOOT_ASSERT(std::equal(seen.messages.begin(), seen.messages.end(), sent.begin()));
    FOLKMOOT_ASSERT(!seen.closed || seen.messages.size() == sent.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const ByteView input = ByteView(data, size).subspan(1);
    const std::size_t piece = 1U + (data[0] >> 2U);
    switch (data[0] & 3U) {
        case 0: {  // A listener and a stranger.
            const Outcome seen = listener_outcome(input, {}, input.size() + 1);
            FOLKMOOT_ASSERT(seen == listener_outcome(input, {}, piece));
            check_listener(seen, input);
            break;
        }
        case 1: {  // A listener that has had message 1.
            Bytes stream = honest().message_1;
            append(stream, input);
            const Outcome seen = listener_outcome(honest().message_1, input, input.size() + 64);
            FOLKMOOT_ASSERT(seen == listener_outcome(honest().message_1, input, piece));
            check_listener(seen, stream);
            break;
        }
        case 2: {  // A dialer that awaits message 2 from the one it expects.
            const Outcome seen = dialer_outcome(input, input.size() + 1);
            FOLKMOOT_ASSERT(seen == dialer_outcome(input, piece));
            FOLKMOOT_ASSERT(starts_with(input, honest().message_2) || !seen.established);
            FOLKMOOT_ASSERT(seen.messages.empty() && !seen.closed);
            break;
        }
        default: {  // The input is added (exclusive or) to all that the dialer sends after message 1.
            Bytes changed = honest().from_dialer;
            for (std::size_t i = 0; i < std::min(changed.size(), input.size()); ++i) changed[i] ^= input[i];
            Bytes stream = honest().message_1;
            append(stream, changed);
            const Outcome seen = listener_outcome(honest().message_1, changed, changed.size());
            FOLKMOOT_ASSERT(seen == listener_outcome(honest().message_1, changed, piece));
            check_listener(seen, stream);
            break;
        }
    }
    return 0;
}
