// What an attacker on the wire or at the other end does to the handshake (C3 to C6).
#include "noise_fixture.hpp"

namespace folkmoot::net {
namespace {

using namespace test;

/// Runs a handshake in which message `which` is replaced. Whoever receives it must not get established.
void expect_refused(std::size_t which, const Bytes& altered, const std::string& what) {
    const Ends ends;
    Bytes message = ends.dialer->poll_output();
    if (which == 0) message = altered;
    static_cast<void>(ends.listener->handle_input(message));
    message = ends.listener->poll_output();
    if (which == 1) message = altered;
    if (!message.empty()) static_cast<void>(ends.dialer->handle_input(message));
    message = ends.dialer->poll_output();
    if (which == 2) message = altered;
    if (!message.empty()) static_cast<void>(ends.listener->handle_input(message));
    EXPECT_FALSE(which < 2 && ends.dialer->established()) << what;
    EXPECT_FALSE(ends.listener->established()) << what;
}

TEST(NoiseAttack, C3_every_bit_flip_of_each_handshake_message_fails) {
    const auto messages = Ends::messages();
    for (std::size_t which = 0; which < messages.size(); ++which) {
        for (std::size_t bit = 0; bit < 8 * messages[which].size(); ++bit) {
            Bytes altered = messages[which];
            altered[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
            expect_refused(which, altered,
                           "message " + std::to_string(which + 1) + " bit " + std::to_string(bit));
        }
    }
}

TEST(NoiseAttack, C3_every_truncation_of_each_handshake_message_fails) {
    const auto messages = Ends::messages();
    for (std::size_t which = 0; which < messages.size(); ++which) {
        for (std::size_t size = 0; size < messages[which].size(); ++size) {
            const Bytes cut(messages[which].begin(),
                            messages[which].begin() + static_cast<std::ptrdiff_t>(size));
            const std::string what = "message " + std::to_string(which + 1) + " size " + std::to_string(size);
            expect_refused(which, cut, what);
            if (size < record_prefix_bytes) continue;
            // The same with an honest length in front.
            Bytes reframed = framed(Bytes(cut.begin() + record_prefix_bytes, cut.end()));
            expect_refused(which, reframed, what + " reframed");
        }
    }
}

TEST(NoiseAttack, C3_a_longer_handshake_message_fails) {
    const auto messages = Ends::messages();
    for (std::size_t which = 0; which < messages.size(); ++which) {
        Bytes longer(messages[which].begin() + record_prefix_bytes, messages[which].end());
        longer.push_back(0);
        expect_refused(which, framed(longer), "message " + std::to_string(which + 1));
    }
}

TEST(NoiseAttack, C3_a_cut_within_the_handshake_is_a_truncation) {
    const Ends ends;
    const Bytes message = ends.dialer->poll_output();
    ASSERT_TRUE(ends.listener->handle_input(ByteView(message).first(20)));
    const auto end = ends.listener->handle_eof();
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().code, ErrorCode::channel_truncated);
}

TEST(NoiseAttack, C3_a_length_is_refused_before_anything_else_arrives) {
    for (const std::size_t length : {0U, 1U, 31U, 33U, 192U, 4096U, 65535U}) {
        const Ends ends;
        Bytes prefix;
        append_length(prefix, length);
        const auto result = ends.listener->handle_input(prefix);
        ASSERT_FALSE(result) << length;
        EXPECT_EQ(result.error().code, ErrorCode::channel_handshake);
    }
}

TEST(NoiseAttack, C3_a_key_of_small_order_is_refused) {
    for (std::uint8_t first = 0; first < 2; ++first) {
        Bytes message(32, 0);
        message[0] = first;
        const Ends ends;
        const auto result = ends.listener->handle_input(framed(message));
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, ErrorCode::channel_handshake);
        EXPECT_TRUE(ends.listener->poll_output().empty());
    }
}

TEST(NoiseAttack, C5_a_reflected_stream_fails) {
    const Ends ends;
    const Bytes message = ends.dialer->poll_output();
    EXPECT_FALSE(ends.dialer->handle_input(message));
    // The listener's own message 2 does not pass for message 3 either.
    const Ends more;
    ASSERT_TRUE(more.listener->handle_input(more.dialer->poll_output()));
    EXPECT_FALSE(more.listener->handle_input(more.listener->poll_output()));
    // Nor do records.
    const Ends up = established();
    ASSERT_TRUE(up.dialer->send(as_bytes("hello")));
    const auto result = up.dialer->handle_input(up.dialer->poll_output());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::channel_authentication);
}

TEST(NoiseAttack, C3_a_replayed_handshake_fails) {
    const auto recorded = Ends::messages();
    const Ends fresh({}, std::nullopt, 50);
    // To a listener: message 1 is nothing secret and is answered, the recorded message 3 no longer fits.
    ASSERT_TRUE(fresh.listener->handle_input(recorded[0]));
    EXPECT_FALSE(fresh.listener->handle_input(recorded[2]));
    // To a dialer: message 2 belongs to another ephemeral key.
    EXPECT_FALSE(fresh.dialer->handle_input(recorded[1]));
    EXPECT_FALSE(fresh.listener->established() || fresh.dialer->established());
}

TEST(NoiseAttack, C6_the_wrong_identity_is_left_before_message_3) {
    const Ends ends({}, signer_of(9)->key());
    ASSERT_TRUE(ends.listener->handle_input(ends.dialer->poll_output()));
    const auto result = ends.dialer->handle_input(ends.listener->poll_output());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::channel_wrong_identity);
    EXPECT_TRUE(ends.dialer->poll_output().empty()) << "message 3 would have told who dials";
    EXPECT_FALSE(ends.listener->established());
}

TEST(NoiseAttack, C6_the_expected_identity_is_let_in) {
    const Ends ends({}, signer_of(2)->key());
    ends.run();
    EXPECT_TRUE(ends.dialer->established());
    EXPECT_TRUE(ends.listener->established());
}

struct Lie {
    std::string what;
    std::function<Bytes(Role, const Hash32&, const crypto::X25519Key&)> proof;
};

/// Ways to claim an identity that the rogue (signing as 3) does not have or did not prove here.
std::vector<Lie> lies() {
    const auto own = std::shared_ptr<Signer>(signer_of(3));
    const DeviceKey own_key = own->key();
    const DeviceKey victim = signer_of(1)->key();
    const auto sign = [own](const DeviceKey& key, const Bytes& text) { return proof_bytes(key, *own, text); };
    std::vector<Lie> out;
    out.push_back({"another's identity", [=](Role role, const Hash32& h, const crypto::X25519Key& s) {
                       return sign(victim, identity_signing_input(role, h, s));
                   }});
    out.push_back({"the other role", [=](Role role, const Hash32& h, const crypto::X25519Key& s) {
                       return sign(own_key, identity_signing_input(other(role), h, s));
                   }});
    out.push_back({"another transcript", [=](Role role, Hash32 h, const crypto::X25519Key& s) {
                       h.bytes[31] ^= 1;
                       return sign(own_key, identity_signing_input(role, h, s));
                   }});
    out.push_back({"another's Noise key", [=](Role role, const Hash32& h, crypto::X25519Key s) {
                       s.bytes[0] ^= 1;
                       return sign(own_key, identity_signing_input(role, h, s));
                   }});
    out.push_back({"no domain", [=](Role role, const Hash32& h, const crypto::X25519Key& s) {
                       const Bytes text = identity_signing_input(role, h, s);
                       return sign(own_key, Bytes(text.end() - 65, text.end()));
                   }});
    out.push_back({"no signature", [=](Role, const Hash32&, const crypto::X25519Key&) {
                       Bytes bytes(96, 0);
                       std::copy(own_key.bytes.begin(), own_key.bytes.end(), bytes.begin());
                       return bytes;
                   }});
    out.push_back({"a key of small order, which some libraries let sign anything",
                   [=](Role, const Hash32&, const crypto::X25519Key&) {
                       Bytes bytes(96, 0);
                       bytes[0] = 1;
                       bytes[32] = 1;
                       return bytes;
                   }});
    return out;
}

TEST(NoiseAttack, C5_only_the_own_identity_in_this_handshake_and_role_is_believed) {
    for (const Lie& lie : lies()) {
        const auto as = [&](Role role) {
            return
                [&lie, role](const Hash32& h, const crypto::X25519Key& s) { return lie.proof(role, h, s); };
        };
        const Ends ends;
        Rogue(Role::initiator, as(Role::initiator)).dial(*ends.listener);
        ASSERT_NE(ends.listener->error(), nullptr) << lie.what;
        EXPECT_EQ(ends.listener->error()->code, ErrorCode::channel_authentication) << lie.what;
        Rogue(Role::responder, as(Role::responder)).answer(*ends.dialer);
        ASSERT_NE(ends.dialer->error(), nullptr) << lie.what;
        EXPECT_EQ(ends.dialer->error()->code, ErrorCode::channel_authentication) << lie.what;
        EXPECT_TRUE(ends.dialer->poll_output().empty()) << lie.what;
    }
}

TEST(NoiseAttack, C5_a_proof_from_another_connection_is_worth_nothing) {
    const auto honest = signer_of(3);
    Bytes kept;
    const Proof keep = [&](const Hash32& h, const crypto::X25519Key& s) {
        return kept = proof_bytes(honest->key(), *honest, identity_signing_input(Role::initiator, h, s));
    };
    const Ends first;
    Rogue(Role::initiator, keep).dial(*first.listener);
    ASSERT_TRUE(first.listener->established());
    EXPECT_EQ(first.listener->peer(), honest->key());

    // The thief even has the Noise keys of then; only the listener's ephemeral key is new.
    const Ends second({}, std::nullopt, 50);
    Rogue(Role::initiator, [&](const Hash32&, const crypto::X25519Key&) {
        return kept;
    }).dial(*second.listener);
    EXPECT_FALSE(second.listener->established());
    EXPECT_EQ(second.listener->error()->code, ErrorCode::channel_authentication);
}

/// Finds every signature good and every key bad.
class PickyVerifier final : public Verifier {
   public:
    [[nodiscard]] bool key_acceptable(const DeviceKey&) const override { return false; }
    [[nodiscard]] bool verify(const DeviceKey&, ByteView, const Signature&) const override { return true; }
};

TEST(NoiseAttack, C5_a_key_that_is_not_acceptable_proves_nothing_whatever_it_signs) {
    const PickyVerifier picky;
    const auto signer = signer_of(2);
    const Ends ends;
    Channel listener(Role::responder, *signer, picky, std::nullopt, filled(21), filled(22));
    ASSERT_TRUE(listener.handle_input(ends.dialer->poll_output()));
    ASSERT_TRUE(ends.dialer->handle_input(listener.poll_output()));
    const auto result = listener.handle_input(ends.dialer->poll_output());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::channel_authentication);
}

class RefusingSigner final : public Signer {
   public:
    [[nodiscard]] DeviceKey key() const override { return {}; }
    [[nodiscard]] Result<Signature> sign(ByteView) override {
        return fail(ErrorCode::signer_failed, "the token was pulled out");
    }
};

TEST(NoiseAttack, C10_a_signer_that_fails_ends_the_channel) {
    RefusingSigner refusing;
    const Ends ends;
    Channel listener(Role::responder, refusing, ed25519_verifier(), std::nullopt, filled(5), filled(6));
    const auto result = listener.handle_input(ends.dialer->poll_output());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::signer_failed);
    EXPECT_TRUE(listener.poll_output().empty());
}

}  // namespace
}  // namespace folkmoot::net
