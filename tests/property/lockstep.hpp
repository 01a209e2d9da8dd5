// A session in lockstep: what is sent at one time arrives at the next, so that trips can be counted, and a
// test may change what is under way.
#pragma once

#include <functional>

#include "support/wire.hpp"
#include "sync/messages.hpp"

namespace folkmoot::wire {

struct LockstepOptions {
    SummaryChoice summary_a = SummaryChoice::automatic;
    SummaryChoice summary_b = SummaryChoice::automatic;
    std::uint64_t seed = 1;
    /// Messages after which nothing more arrives.
    std::size_t cut_after = SIZE_MAX;
    /// May change a message of `a` (true) or of `b` on its way.
    std::function<void(bool from_a, sync::Message&)> tamper = nullptr;
};

/// The binding that a seed stands for.
inline Hash32 binding_of(std::uint64_t seed) {
    std::mt19937_64 random(seed);
    Hash32 binding;
    for (auto& byte : binding.bytes) byte = static_cast<std::uint8_t>(random());
    return binding;
}

class Lockstep {
   public:
    Lockstep(Peer& a, Peer& b, const LockstepOptions& options = {}) : a_(a), b_(b), options_(options) {
        const Hash32 binding = binding_of(options.seed);
        offer_a_ = a.heads();
        offer_b_ = b.heads();
        id_a_ = a.replica().open_session({b.key(), binding, true, options.summary_a}, 0);
        id_b_ = b.replica().open_session({a.key(), binding, false, options.summary_b}, 0);
    }
    ~Lockstep() {
        a_.replica().close_session(id_a_);
        b_.replica().close_session(id_b_);
        a_.drain();
        b_.drain();
    }
    Lockstep(const Lockstep&) = delete;
    Lockstep& operator=(const Lockstep&) = delete;

    void run() {
        for (std::size_t i = 0; i < 10'000; ++i) {
            const auto from_a = take(a_, id_a_, true);
            const auto from_b = take(b_, id_b_, false);
            if (from_a.empty() && from_b.empty()) return;
            ++trips;
            for (const auto& message : from_a) give(b_, id_b_, message);
            for (const auto& message : from_b) give(a_, id_a_, message);
            check();
            if (delivered >= options_.cut_after) return;
        }
        FAIL() << "the session does not come to rest";
    }
    [[nodiscard]] const Session& session_a() const { return *a_.replica().session(id_a_); }
    [[nodiscard]] const Session& session_b() const { return *b_.replica().session(id_b_); }
    [[nodiscard]] bool equal() const {
        return session_a().outcome() == Outcome::equal && session_b().outcome() == Outcome::equal;
    }

    std::size_t trips = 0;
    std::size_t bytes = 0;
    std::size_t delivered = 0;  // messages

   private:
    std::vector<Bytes> take(Peer& peer, SessionId id, bool from_a) {
        std::vector<Bytes> out;
        peer.drain();
        while (auto message = peer.replica().poll_message(id)) {
            bytes += message->size();
            if (options_.tamper) {
                auto decoded = sync::decode_message(*message);
                EXPECT_TRUE(decoded.has_value());
                if (decoded) {
                    options_.tamper(from_a, *decoded);
                    message = sync::encode_message(*decoded);
                }
            }
            out.push_back(std::move(*message));
            peer.drain();
        }
        return out;
    }
    void give(Peer& peer, SessionId id, const Bytes& message) {
        if (delivered >= options_.cut_after) return;
        ++delivered;
        peer.replica().handle_message(id, message, 0);
        peer.drain();
    }
    // Y8: nobody calls a session equal who lacks an op of the other's offer.
    void check() {
        const auto holds = [](Peer& peer, const std::vector<OpId>& offer) {
            return std::ranges::all_of(offer, [&](const OpId& id) { return peer.has(id); });
        };
        EXPECT_TRUE(session_a().outcome() != Outcome::equal || holds(a_, offer_b_));
        EXPECT_TRUE(session_b().outcome() != Outcome::equal || holds(b_, offer_a_));
    }

    Peer& a_;
    Peer& b_;
    LockstepOptions options_;
    std::vector<OpId> offer_a_, offer_b_;
    SessionId id_a_ = 0, id_b_ = 0;
};

}  // namespace folkmoot::wire
