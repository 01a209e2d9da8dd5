// What arrives is not what a peer would send: garbage, pieces, somebody else's session, lengths without end.
#include <gtest/gtest.h>

#include "sockets_fixture.hpp"

namespace folkmoot::net::test {
namespace {

long established(Running& server) {
    const auto events = server.events();
    return std::ranges::count(events, NodeEvent::Kind::connected, &NodeEvent::kind);
}

Random drawn() {
    Random out{};
    crypto::random_bytes(out);
    return out;
}

TEST(SocketBytes, C3_garbage_of_every_length_establishes_nothing) {
    Village village(1);
    NodeOptions options;
    options.handshake_timeout_ms = 300;
    Running server(village.ann, options);
    server.start();
    std::vector<RawSocket> sockets;
    for (std::size_t length = 1; length < 300; length += 3) {
        Bytes garbage(length);
        crypto::random_bytes(garbage);
        if (length % 2 == 0) {  // a first message of the right length, whatever is in it
            garbage[0] = 0;
            garbage[1] = 32;
        }
        sockets.emplace_back(server.address());
        sockets.back().send(garbage);
    }
    for (auto& socket : sockets) EXPECT_TRUE(socket.closed_within(10'000));
    EXPECT_EQ(established(server), 0);
    EXPECT_EQ(sync_once(*village.members[0], server.address()).outcome, Outcome::equal);
}

TEST(SocketBytes, C2_another_prologue_meets_nobody) {
    Village village(1);
    NodeOptions options;
    options.handshake_timeout_ms = 300;
    Running server(village.ann, options);
    server.start();
    Bytes prologue = channel_prologue();
    prologue.back() ^= 1U;
    for (const Bytes& ours : {prologue, Bytes{}, channel_prologue()}) {
        const bool right = ours == channel_prologue();
        Handshake noise(Role::initiator, ours, secret_of(41), secret_of(42));
        RawSocket socket(server.address());
        Bytes first;
        EXPECT_TRUE(noise.write_keys(first));
        EXPECT_TRUE(noise.write_payload({}, first));
        EXPECT_TRUE(socket.send(framed(first)));
        const Bytes answer = socket.receive();
        ASSERT_GT(answer.size(), record_prefix_bytes);
        ByteView rest = ByteView(answer).subspan(record_prefix_bytes);
        EXPECT_EQ(noise.read_keys(rest), right);
        // Whatever is sent instead of the third message ends it.
        Bytes third(answer.size() - record_prefix_bytes - 32);
        crypto::random_bytes(third);
        EXPECT_TRUE(socket.send(framed(third)));
        EXPECT_TRUE(socket.closed_within(10'000));
    }
    EXPECT_EQ(established(server), 0);
}

TEST(SocketBytes, a_recorded_session_is_worth_nothing_again) {
    Village village(2);
    Running server(village.ann);
    server.start();
    ASSERT_EQ(sync_once(*village.members[0], server.address()).outcome, Outcome::equal);
    village.members[0]->posts(5);
    Bytes recorded;
    {
        Line line(server.address(), {});
        ASSERT_EQ(sync_once(*village.members[0], line.address()).outcome, Outcome::equal);
        line.join();
        recorded = line.carried(false);
    }
    ASSERT_GT(recorded.size(), 500U);
    const long before = established(server);
    for (std::size_t i = 0; i < 20; ++i) {
        RawSocket socket(server.address());
        socket.send(recorded);
        EXPECT_TRUE(socket.closed_within(10'000));
    }
    EXPECT_EQ(established(server), before);
    EXPECT_EQ(sync_once(*village.members[1], server.address()).outcome, Outcome::equal);
    // Nobody was framed either.
    EXPECT_EQ(sync_once(*village.members[0], server.address()).outcome, Outcome::equal);
}

// 1,000 announcements of the greatest length, before a channel and within one.
TEST(SocketBytes, announced_lengths_cost_nothing) {
    Village village(33);
    NodeOptions options;
    options.handshakes_per_address = 2000;
    Running server(village.ann, options);
    server.start();
    ASSERT_EQ(sync_once(*village.members[32], server.address()).outcome, Outcome::equal);
    Bytes announced;
    append_length(announced, limits::record_bytes);
    std::vector<std::unique_ptr<RawPeer>> peers;
    const std::size_t before = resident_bytes();
    for (std::size_t i = 0; i < 1000; ++i) {
        RawSocket socket(server.address());
        socket.send(announced);
        EXPECT_TRUE(i % 100 != 0 || socket.closed_within(10'000));
    }
    for (std::size_t i = 0; i < 32; ++i) {
        peers.push_back(std::make_unique<RawPeer>(server.address(), *village.members[i]->signer));
        ASSERT_TRUE(peers.back()->channel().established());
        EXPECT_TRUE(peers.back()->socket().send(announced));
        EXPECT_TRUE(peers.back()->socket().send(Bytes(16)));
    }
    EXPECT_EQ(sync_once(*village.members[32], server.address()).outcome, Outcome::equal);
    // An open connection reads into 64 KiB; 65,535 announced bytes each would come on top.
    expect_grown_at_most(before, 32 * (std::size_t{80} << 10U) + (4U << 20U));
}

// Parts without an end: what a message may have is counted before the record that would pass it is read.
TEST(SocketBytes, a_message_without_end_is_cut_at_its_limit) {
    Village village(1);
    Running server(village.ann);
    server.start();
    const auto signer = std::move(make_signer(drawn())).value();
    Rogue rogue(Role::initiator, [&](const Hash32& transcript, const crypto::X25519Key& own) {
        return proof_bytes(signer->key(), *signer, identity_signing_input(Role::initiator, transcript, own));
    });
    RawSocket socket(server.address());
    EXPECT_TRUE(socket.send(rogue.write()));
    rogue.read(socket.receive());
    EXPECT_TRUE(socket.send(rogue.write()));
    ASSERT_TRUE(server.wait_for(NodeEvent::Kind::connected));
    const Bytes content(record_content_bytes, 1);
    bool dropped = false;
    for (int i = 0; i < 64 && !dropped; ++i) {
        Bytes record;
        ASSERT_TRUE(rogue.sealer->seal(RecordKind::more, content, record));
        dropped = !socket.send(record);
    }
    EXPECT_TRUE(dropped || socket.closed_within(10'000));
    const auto too_large = [](const NodeEvent& event) {
        return event.kind == NodeEvent::Kind::disconnected &&
               event.error.code == ErrorCode::channel_record_too_large;
    };
    EXPECT_TRUE(server.wait_for(too_large));
    EXPECT_EQ(sync_once(*village.members[0], server.address()).outcome, Outcome::equal);
}

}  // namespace
}  // namespace folkmoot::net::test
