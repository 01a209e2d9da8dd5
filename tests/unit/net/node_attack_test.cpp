// What strangers, broken peers and hostile members cannot do to a node.
#include <gtest/gtest.h>

#include "net/discourage.hpp"
#include "node_fixture.hpp"
#include "raw_peer.hpp"

namespace folkmoot::net::test {
namespace {

/// ann serves a group of herself and ben.
struct Pair {
    Pair() {
        ann.create();
        ben = std::make_unique<Device>(std::uint8_t{2}, ann.group());
        ann.add(*ben);
    }
    Device ann{1};
    std::unique_ptr<Device> ben;
};

/// The first message of a session of `device` on this channel.
Bytes first_message(Device& device, RawPeer& peer) {
    SessionConfig config{peer.channel().peer(), peer.channel().binding(), true, SummaryChoice::automatic,
                         false};
    return device.replica->poll_message(device.replica->open_session(config, 0)).value_or(Bytes{});
}

TEST(NodeAttack, a_stranger_is_not_let_in) {
    Pair pair;
    Running server(pair.ann);
    server.start();
    Device cid(3, pair.ann.group());
    const SyncReport report = sync_once(cid, server.address());
    EXPECT_EQ(report.outcome, Outcome::failed);
    EXPECT_EQ(report.error.code, ErrorCode::session_not_let_in) << report.error.text;
    EXPECT_EQ(cid.ops(), 0U);
}

TEST(NodeAttack, a_group_that_is_not_served_gets_one_short_answer) {
    Pair pair;
    Running server(pair.ann);
    server.start();
    Device other(4);
    other.create();
    const SyncReport report = sync_once(other, server.address());
    EXPECT_EQ(report.outcome, Outcome::failed);
    EXPECT_EQ(report.error.code, ErrorCode::session_closed_by_peer) << report.error.text;
    EXPECT_LT(report.bytes_received, 10U);
    EXPECT_EQ(sync_once(*pair.ben, server.address()).outcome, Outcome::equal);
}

TEST(NodeAttack, another_identity_than_expected_is_refused) {
    Pair pair;
    Running server(pair.ann);
    server.start();
    const SyncReport report = sync_once(*pair.ben, server.address(), pair.ben->key());
    EXPECT_EQ(report.error.code, ErrorCode::channel_wrong_identity) << report.error.text;
    EXPECT_EQ(pair.ben->ops(), 0U);
}

TEST(NodeAttack, nobody_there_is_an_error_and_silence_has_a_deadline) {
    Pair pair;
    EXPECT_EQ(sync_once(*pair.ben, "127.0.0.1:1").error.code, ErrorCode::net_unreachable);
    EXPECT_EQ(sync_once(*pair.ben, "nonsense").error.code, ErrorCode::usage);
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&at), size), 0);
    ASSERT_EQ(::listen(listener, 8), 0);
    ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size), 0);
    const std::string address = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
    NodeOptions hasty;
    hasty.handshake_timeout_ms = 100;
    EXPECT_EQ(sync_once(*pair.ben, address, {}, 5'000, hasty).error.code, ErrorCode::channel_timed_out);
    EXPECT_EQ(sync_once(*pair.ben, address, {}, 100).error.code, ErrorCode::channel_timed_out);
    ::close(listener);
}

TEST(NodeAttack, garbage_is_dropped_and_others_are_served) {
    Pair pair;
    Running server(pair.ann);
    server.start();
    for (std::size_t round = 0; round < 20; ++round) {
        RawSocket socket(server.address());
        Bytes garbage(round * 37 + 2);
        crypto::random_bytes(garbage);
        if (round % 2 == 0) garbage[0] = 0xff;
        socket.send(garbage);
        const bool too_long = garbage[0] != 0;
        EXPECT_TRUE(!too_long || socket.closed_within(5'000)) << round;
    }
    EXPECT_EQ(sync_once(*pair.ben, server.address()).outcome, Outcome::equal);
}

TEST(NodeAttack, a_violation_inside_the_channel_ends_it_and_is_remembered) {
    Pair pair;
    Running server(pair.ann);
    server.start();
    const std::vector<Bytes> violations{{64}, {0, 1, 2, 3}, {0}};
    for (std::size_t i = 0; i < violations.size(); ++i) {
        const auto signer = signer_of(static_cast<std::uint8_t>(50 + i));
        {
            RawPeer peer(server.address(), *signer);
            ASSERT_TRUE(peer.channel().established());
            EXPECT_TRUE(peer.send(violations[i]));
            EXPECT_TRUE(peer.dismissed()) << i;
        }
        RawPeer again(server.address(), *signer);
        EXPECT_TRUE(again.dismissed()) << i;
    }
    EXPECT_EQ(sync_once(*pair.ben, server.address()).outcome, Outcome::equal);
}

TEST(NodeAttack, half_open_floods_keep_no_honest_peer_out) {
    Pair pair;
    Running server(pair.ann);
    server.start();
    std::vector<RawSocket> flood;
    for (int i = 0; i < 300; ++i) flood.emplace_back(server.address());
    EXPECT_EQ(sync_once(*pair.ben, server.address()).outcome, Outcome::equal);
    std::size_t open = 0;
    for (auto& socket : flood) open += socket.closed_within(1) ? 0 : 1;
    EXPECT_LE(open, limits::half_open_per_address);
}

TEST(NodeAttack, a_handshake_that_dribbles_is_closed_at_its_deadline) {
    Pair pair;
    NodeOptions options;
    options.handshake_timeout_ms = 200;
    Running server(pair.ann, options);
    server.start();
    RawSocket socket(server.address());
    const auto since = std::chrono::steady_clock::now();
    const Bytes start{0, 32};
    socket.send(start);
    bool closed = false;
    for (int i = 0; i < 100 && !closed; ++i) {
        socket.send(Bytes{1});
        closed = socket.closed_within(20);
        if (i > 25) break;
    }
    EXPECT_TRUE(closed);
    EXPECT_LT(std::chrono::steady_clock::now() - since, std::chrono::seconds(3));
}

TEST(NodeAttack, a_peer_that_does_not_read_is_left_and_costs_little) {
    Pair pair;
    pair.ann.posts(700, std::string(32'000, 'x'));
    NodeOptions options;
    options.record_timeout_ms = 300;
    Running server(pair.ann, options);
    server.start();
    Device& ben = *pair.ben;
    RawPeer peer(server.address(), *ben.signer, 4096);
    EXPECT_TRUE(peer.send(0, first_message(ben, peer)));
    const auto left = [](const NodeEvent& event) {
        return event.kind == NodeEvent::Kind::disconnected &&
               event.error.code == ErrorCode::channel_timed_out;
    };
    EXPECT_TRUE(server.wait_for(left));
    for (const NodeEvent& event : server.events()) {
        EXPECT_TRUE(!event.report || event.report->wire_sent < 16U << 20U);
    }
    EXPECT_EQ(sync_once(ben, server.address()).outcome, Outcome::equal);
}

TEST(NodeAttack, a_second_connection_of_one_device_replaces_the_first) {
    Pair pair;
    Running server(pair.ann);
    server.start();
    RawPeer first(server.address(), *pair.ben->signer);
    ASSERT_TRUE(server.wait_for(NodeEvent::Kind::connected));
    RawPeer second(server.address(), *pair.ben->signer);
    EXPECT_TRUE(first.dismissed());
    EXPECT_TRUE(second.send(0, first_message(*pair.ben, second)));
    EXPECT_TRUE(second.next().has_value());
}

TEST(NodeAttack, a_connection_beyond_the_cap_takes_the_place_of_an_idle_one) {
    Pair pair;
    NodeOptions options;
    options.connections = 3;
    Running server(pair.ann, options);
    server.start();
    std::vector<std::unique_ptr<Signer>> signers;
    std::vector<std::unique_ptr<RawPeer>> strangers;
    for (std::uint8_t i = 0; i < 5; ++i) {
        signers.push_back(signer_of(static_cast<std::uint8_t>(100 + i)));
        strangers.push_back(std::make_unique<RawPeer>(server.address(), *signers.back()));
    }
    EXPECT_TRUE(strangers[0]->dismissed());
    EXPECT_EQ(sync_once(*pair.ben, server.address()).outcome, Outcome::equal);
}

// They know the group, perhaps from a ticket, and have a session each: a member is let in all the same.
TEST(NodeAttack, C17_3_strangers_do_not_hold_the_places_of_members) {
    Pair pair;
    NodeOptions options;
    options.connections = 3;
    Running server(pair.ann, options);
    server.start();
    std::vector<std::unique_ptr<Device>> devices;
    std::vector<std::unique_ptr<RawPeer>> strangers;
    for (std::uint8_t i = 0; i < 3; ++i) {
        devices.push_back(std::make_unique<Device>(static_cast<std::uint8_t>(100 + i), pair.ann.group()));
        strangers.push_back(std::make_unique<RawPeer>(server.address(), *devices.back()->signer));
        EXPECT_TRUE(strangers.back()->send(0, first_message(*devices.back(), *strangers.back())));
        EXPECT_TRUE(strangers.back()->next().has_value());
    }
    EXPECT_EQ(sync_once(*pair.ben, server.address()).outcome, Outcome::equal);
    EXPECT_TRUE(strangers[0]->dismissed());
    // One stranger more finds no place.
    Device late(110, pair.ann.group());
    strangers.push_back(std::make_unique<RawPeer>(server.address(), *late.signer));
    EXPECT_TRUE(strangers.back()->send(0, first_message(late, *strangers.back())));
    EXPECT_TRUE(strangers.back()->next().has_value()) << "in the place of the first";
    RawPeer again(server.address(), *devices[0]->signer);
    EXPECT_TRUE(again.dismissed());
}

TEST(NodeAttack, a_quiet_peer_is_pinged_and_a_dead_one_is_closed) {
    Pair pair;
    NodeOptions options;
    options.ping_ms = 100;
    options.idle_timeout_ms = 600;
    Running server(pair.ann, options);
    server.start();
    RawPeer peer(server.address(), *pair.ben->signer);
    EXPECT_EQ(peer.next(), Bytes{});
    EXPECT_TRUE(peer.send({}));
    EXPECT_EQ(peer.next(), Bytes{});
    const auto dead = [](const NodeEvent& event) {
        return event.kind == NodeEvent::Kind::disconnected &&
               event.error.code == ErrorCode::channel_timed_out;
    };
    EXPECT_TRUE(server.wait_for(dead));
}

TEST(Discourage, the_table_is_bounded_and_forgets) {
    DiscourageTable table(3);
    const auto device = [](std::uint8_t n) { return DeviceKey{{n}}; };
    for (std::uint8_t n = 1; n <= 4; ++n) table.add(device(n), n);
    EXPECT_EQ(table.size(), 3U);
    EXPECT_FALSE(table.contains(device(1), 5));
    EXPECT_TRUE(table.contains(device(2), 5));
    table.add(device(2), 6);
    table.add(device(5), 7);
    EXPECT_TRUE(table.contains(device(2), 8));
    EXPECT_FALSE(table.contains(device(3), 8));
    EXPECT_FALSE(table.contains(device(5), 7 + limits::discouraged_ms));
}

// A thief of a key who breaks the protocol is shut out; the owner of the key is not.
TEST(Discourage, C14_a_device_is_discouraged_where_it_came_from) {
    DiscourageTable table(2);
    const DeviceKey device{{1}};
    table.add(device, 1, "10.0.0.1");
    EXPECT_TRUE(table.contains(device, 1 + limits::discouraged_ms - 1, "10.0.0.1"));
    EXPECT_FALSE(table.contains(device, 2, "10.0.0.2"));
    EXPECT_FALSE(table.contains(device, 2));
    for (const char* address : {"10.0.0.2", "10.0.0.3"}) table.add(device, 3, address);
    EXPECT_EQ(table.size(), 2U) << "one device cannot grow the table either";
}

}  // namespace
}  // namespace folkmoot::net::test
