// Strangers and removed members with good channels, and members who break the protocol within one: what they
// get, what they cost, and who is blamed (Y9, C14).
#include <gtest/gtest.h>

#include "sockets_fixture.hpp"

namespace folkmoot::net::test {
namespace {

constexpr std::size_t many = 24;

TEST(SocketMembers, Y9_strangers_in_numbers_get_nothing_and_keep_nobody_waiting) {
    Village village(1);
    village.ann.posts(200);
    Running server(village.ann);
    server.start();
    std::atomic<std::size_t> refused = 0;
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < many; ++i) {
        threads.emplace_back([&, i] {
            Device stranger(static_cast<std::uint8_t>(100 + i), village.ann.group());
            for (int again = 0; again < 3; ++again) {
                const SyncReport report = sync_once(stranger, server.address());
                const bool told = report.error.code == ErrorCode::session_not_let_in;
                refused += told ? 1 : 0;
                EXPECT_EQ(report.stats.ops_received, 0U);
                EXPECT_LT(report.bytes_received, 100U);
            }
            EXPECT_EQ(stranger.ops(), 0U);
        });
    }
    EXPECT_TRUE(sync_at_last(*village.members[0], server.address(), 40));
    for (auto& thread : threads) thread.join();
    // Others may have been cut off while they were half open: they share an address.
    EXPECT_GT(refused, many);
    // To be a stranger is no fault: one who is added later is let in.
    Device late(100, village.ann.group());
    server.on_thread([&] {
        EXPECT_TRUE(village.ann.replica->act(Add{late.key(), level::member}, 9));
        EXPECT_TRUE(server.node().touched(village.ann.group()));
    });
    EXPECT_EQ(sync_once(late, server.address()).outcome, Outcome::equal);
}

// Whoever connects learns the device key at the address. What else there is they cannot tell, unless they
// know the name of a group already: every other answer is the same few bytes, and nothing comes unasked.
TEST(SocketMembers, C13_3_a_prober_learns_the_device_key_and_nothing_else) {
    Village village(1);
    village.ann.posts(100);
    Device other(1);  // the same device key, and a group of its own
    Rules strict;
    strict.post = level::admin;
    EXPECT_TRUE(other.replica->create_group(Create{"chess club", {other.key()}, strict}, 1));
    other.persist_all();
    std::vector<std::vector<Bytes>> answers;
    for (Device* served : {&village.ann, &other}) {
        Running server(*served);
        server.start();
        Device prober(200);
        RawPeer peer(server.address(), *prober.signer);
        ASSERT_TRUE(peer.channel().established());
        EXPECT_EQ(peer.channel().peer(), served->key());
        EXPECT_FALSE(peer.next(200).has_value()) << "nothing comes unasked";
        std::vector<Bytes> heard;
        for (std::uint8_t stream = 0; stream < 16; ++stream) {
            GroupId guess;
            crypto::random_bytes(guess.bytes);
            Device guesser(200, guess);
            EXPECT_TRUE(peer.send(stream, opening(guesser, peer)));
            heard.push_back(peer.next().value_or(Bytes{}));
            Bytes expected = end_message(ErrorCode::no_group);
            expected.insert(expected.begin(), stream);
            EXPECT_EQ(heard.back(), expected);
        }
        EXPECT_FALSE(peer.next(200).has_value());
        answers.push_back(heard);
    }
    EXPECT_EQ(answers[0], answers[1]);
}

TEST(SocketMembers, Y9_the_removed_get_their_removal_and_nothing_after_it) {
    Village village(many + 1);
    Running server(village.ann);
    server.start();
    for (std::size_t i = 0; i < many; ++i) {
        ASSERT_EQ(sync_once(*village.members[i], server.address()).outcome, Outcome::equal);
    }
    server.on_thread([&] {
        const auto done = [&](const Result<OpId>& act) {
            EXPECT_TRUE(act && server.node().touched(village.ann.group()));
        };
        for (std::size_t i = 0; i < many; ++i) {
            done(village.ann.replica->act(Remove{village.members[i]->key(), std::nullopt}, 9));
        }
        for (int i = 0; i < 100; ++i) done(village.ann.replica->post(as_bytes("without them"), 10));
    });
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < many; ++i) {
        threads.emplace_back([&, i] {
            for (int again = 0; again < 3; ++again) {
                static_cast<void>(sync_once(*village.members[i], server.address()));
            }
        });
    }
    EXPECT_TRUE(sync_at_last(*village.members[many], server.address(), 40));
    for (auto& thread : threads) thread.join();
    server.stop();
    const std::size_t before = 1 + many + 1;
    for (std::size_t i = 0; i < many; ++i) {
        EXPECT_LE(village.members[i]->ops(), before + i + 1) << i;
    }
    EXPECT_EQ(village.members[many]->ops(), before + many + 100);
}

/// What no correct peer says within a channel.
Bytes violation(std::size_t kind, const Bytes& opening) {
    Bytes out = opening;
    switch (kind % 6) {
        case 0: return {0x00, 0xff, 0xff};                 // no message at all
        case 1: return {0x40};                             // a stream there cannot be
        case 2: out.push_back(0x00); break;                // something behind the message
        case 3: out.resize(out.size() / 2); break;         // half a message
        case 4: return {0x00};                             // an empty one where a group is named
        default: out.insert(out.begin(), 7, 0x9f); break;  // arrays that never end
    }
    out.insert(out.begin(), 0x00);
    return out;
}

TEST(SocketMembers, C14_members_who_break_the_protocol_are_shut_out_and_nobody_else) {
    Village village(12 + 4);
    village.ann.posts(50);
    Running server(village.ann);
    server.start();
    std::atomic<bool> over = false;
    std::vector<std::thread> honest;
    for (std::size_t i = 12; i < 16; ++i) {
        honest.emplace_back([&, i] {
            while (!over) EXPECT_TRUE(sync_at_last(*village.members[i], server.address(), 40));
        });
    }
    for (std::size_t i = 0; i < 12; ++i) {
        Device& hostile = *village.members[i];
        // The honest ones use up what their address may begin.
        const auto source = static_cast<std::uint16_t>(0x401 + i);
        {
            RawPeer peer(server.address(), *hostile.signer, 0, source);
            ASSERT_TRUE(peer.channel().established());
            const Bytes first = opening(hostile, peer);
            // Half of them within a session that began well.
            EXPECT_TRUE(i < 6 || peer.send(0, first));
            EXPECT_TRUE(peer.send(violation(i, first)));
            EXPECT_TRUE(peer.dismissed()) << i;
        }
        RawPeer again(server.address(), *hostile.signer, 0, source);
        EXPECT_TRUE(again.dismissed()) << i;
        EXPECT_FALSE(again.channel().poll_message().has_value());
    }
    over = true;
    for (auto& thread : honest) thread.join();
    for (std::size_t i = 12; i < 16; ++i) {
        EXPECT_TRUE(sync_at_last(*village.members[i], server.address(), 40));
    }
}

// A member forks its own chain; those who carry both branches on are not to blame.
TEST(SocketMembers, honest_relays_of_hostile_ops_stay_welcome) {
    Village village(3);
    Device& ben = *village.members[0];
    Device& cid = *village.members[1];
    Device& dan = *village.members[2];
    Running server(village.ann);
    server.start();
    for (auto& member : village.members) {
        ASSERT_EQ(sync_once(*member, server.address()).outcome, Outcome::equal);
    }
    // dan's second device with the same key posts beside the first.
    Device twin(4, village.ann.group());
    ASSERT_EQ(twin.key(), dan.key());
    ASSERT_EQ(sync_once(twin, server.address()).outcome, Outcome::equal);
    dan.post("to ben");
    twin.post("to cid");
    {
        Running to_ben(ben);
        Running to_cid(cid);
        to_ben.start();
        to_cid.start();
        EXPECT_EQ(sync_once(dan, to_ben.address()).outcome, Outcome::equal);
        EXPECT_EQ(sync_once(twin, to_cid.address()).outcome, Outcome::equal);
    }
    for (int again = 0; again < 2; ++again) {
        // A second connection shows that the first left no mark.
        EXPECT_EQ(sync_once(ben, server.address()).outcome, Outcome::equal);
        EXPECT_EQ(sync_once(cid, server.address()).outcome, Outcome::equal);
    }
    EXPECT_EQ(sync_once(ben, server.address()).outcome, Outcome::equal);
    server.stop();
    EXPECT_TRUE(ben.equals(village.ann));
    EXPECT_TRUE(cid.equals(village.ann));
    EXPECT_EQ(village.ann.ops(), 1U + 3U + 2U);
}

}  // namespace
}  // namespace folkmoot::net::test
