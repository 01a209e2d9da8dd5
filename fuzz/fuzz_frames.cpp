// The stream of a channel cut anywhere, from the first byte of the handshake on: the same messages come out
// as of the stream in one piece, and they are those that were sent (C7 to C10). A changed byte ends the
// channel; what came before it is still what was sent, in order.
//
// A handshake costs more than everything else here: identities are fake keys through their interfaces, and
// Diffie-Hellman is replaced by support/fake_exchange.cpp when the target is linked.
//
// The input: a flag byte, the place and value of a change (3 bytes), the number of messages with a size of 2
// bytes each, and then sizes of pieces to the end.
#include "base/assert.hpp"
#include "fuzz/support/script.hpp"
#include "net/noise_channel.hpp"
#include "support/fake_keys.hpp"

namespace {

using namespace folkmoot;
using fuzz::Script;
using net::Channel;
using net::Role;

std::array<std::uint8_t, 32> filled(std::uint8_t value) {
    std::array<std::uint8_t, 32> out{};
    out.fill(value);
    return out;
}

Signer& signer_of(std::uint8_t value) {
    // Without this ciphers and hashes take the slow code that runs anywhere.
    static const bool started = start_crypto().has_value();
    FOLKMOOT_ASSERT(started);
    static wire::FakeSigner signers[2]{wire::FakeSigner("dialer"), wire::FakeSigner("listener")};
    return signers[value];
}

struct Ends {
    explicit Ends(std::uint64_t rekey)
        : dialer(Role::initiator, signer_of(0), verifier, signer_of(1).key(), filled(11), filled(12),
                 {.rekey_records = rekey}),
          listener(Role::responder, signer_of(1), verifier, std::nullopt, filled(21), filled(22),
                   {.rekey_records = rekey}) {}
    wire::FakeVerifier verifier;
    Channel dialer;
    Channel listener;
};

/// What the listener is sent: message 1, and after its answer everything else.
struct Stream {
    Bytes first;
    Bytes rest;
    std::vector<Bytes> messages;
};

Stream make_stream(Script& script, std::uint64_t rekey, bool closes) {
    Ends ends(rekey);
    Stream out;
    out.first = ends.dialer.poll_output();
    FOLKMOOT_ASSERT(ends.listener.handle_input(out.first));
    FOLKMOOT_ASSERT(ends.dialer.handle_input(ends.listener.poll_output()));
    std::size_t room = 300'000;
    for (std::size_t i = script.below(9); i > 0; --i) {
        // Sometimes near the size of a record: to encrypt that much takes longer than all the rest.
        const std::size_t size = script.below(8) != 7 ? script.byte() : 65'400U + script.byte();
        if (size > room) break;
        room -= size;
        out.messages.emplace_back(size, static_cast<std::uint8_t>(i));
        FOLKMOOT_ASSERT(ends.dialer.send(out.messages.back()));
    }
    if (closes) ends.dialer.close();
    out.rest = ends.dialer.poll_output();
    return out;
}

struct Outcome {
    bool established = false;
    bool closed = false;
    std::optional<ErrorCode> error;
    std::vector<Bytes> messages;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

void take_messages(Channel& channel, Outcome& out) {
    while (auto message = channel.poll_message()) out.messages.push_back(std::move(*message));
}

/// `cuts` gives sizes of pieces; one piece when it is empty, or once it has ended.
Outcome receive(const Stream& stream, std::uint64_t rekey, Script cuts) {
    Ends ends(rekey);
    Outcome out;
    for (ByteView data : {ByteView(stream.first), ByteView(stream.rest)}) {
        while (!data.empty()) {
            std::size_t piece = data.size();
            if (const std::uint8_t cut = cuts.byte(); cut > 0) {
                piece = std::min<std::size_t>(piece, cut < 200 ? cut : (cut - 199U) * 1500U);
            }
            const bool fine = ends.listener.handle_input(data.first(piece)).has_value();
            // Taken after each piece or at the end: the same.
            if (piece % 2 == 0) take_messages(ends.listener, out);
            if (!fine) break;
            data = data.subspan(piece);
        }
    }
    take_messages(ends.listener, out);
    out.established = ends.listener.established();
    out.closed = ends.listener.closed_cleanly();
    if (ends.listener.error() != nullptr) out.error = ends.listener.error()->code;
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Script script(data, size);
    const std::uint8_t flags = script.byte();
    const std::uint64_t rekey = 1U + (flags >> 2U & 3U);
    const std::size_t place = script.word() * ((flags & 2U) != 0 ? 7U : 1U);
    const std::uint8_t change = script.byte();
    Stream stream = make_stream(script, rekey, (flags & 1U) != 0);
    const bool changed = change != 0 && place < stream.rest.size();
    if (changed) stream.rest[place] ^= change;
    if (!changed) {
        // What the stream in one piece gives is known.
        const Outcome sent{true, (flags & 1U) != 0, std::nullopt, stream.messages};
        FOLKMOOT_ASSERT(receive(stream, rekey, script) == sent);
        return 0;
    }
    const Outcome whole = receive(stream, rekey, Script(nullptr, 0));
    FOLKMOOT_ASSERT(whole == receive(stream, rekey, script));
    FOLKMOOT_ASSERT(whole.messages.size() <= stream.messages.size());
    FOLKMOOT_ASSERT(std::equal(whole.messages.begin(), whole.messages.end(), stream.messages.begin()));
    // A length made longer leaves the end waiting; anything else is noticed.
    FOLKMOOT_ASSERT(whole.messages.size() < stream.messages.size() || !whole.closed);
    return 0;
}
