// Connections that are held, dribbled into or never read (channel.md C17; limits of the listener).
#include <gtest/gtest.h>

#include "sockets_fixture.hpp"

namespace folkmoot::net::test {
namespace {

constexpr std::size_t thousand = 1000;

// Sources other than the honest one: 127.0.1.1 and on.
std::uint16_t source(std::size_t i) { return static_cast<std::uint16_t>(0x101 + i); }

std::size_t still_open(std::vector<RawSocket>& sockets) {
    std::size_t open = 0;
    for (auto& socket : sockets) open += socket.closed_within(1) ? 0 : 1;
    return open;
}

// A held connection has at most handshake_bytes; what Asio, the allocator and 1,000 passing sockets leave
// behind is the slack.
TEST(SocketFlood, C17_1_a_thousand_half_open_connections_keep_nobody_out_and_cost_little) {
    Village village(2);
    village.ann.posts(300);
    Running server(village.ann);
    server.start();
    ASSERT_EQ(sync_once(*village.members[0], server.address()).outcome, Outcome::equal);
    const std::size_t before = resident_bytes();
    std::atomic<bool> begun = false;
    std::vector<RawSocket> flood;
    std::thread flooder([&] {
        const Bytes first_byte{0};
        for (std::size_t i = 0; i < thousand; ++i) {
            flood.emplace_back(server.address(), 0, source(i % 125));
            flood.back().send(first_byte);
            begun = true;
        }
    });
    while (!begun) std::this_thread::yield();
    int tried = 0;
    EXPECT_TRUE(sync_at_last(*village.members[1], server.address(), 40, &tried));
    flooder.join();
    // All stand or have given way by now, and whoever comes next is served at once.
    village.members[0]->post();
    EXPECT_EQ(sync_once(*village.members[0], server.address()).outcome, Outcome::equal);
    std::printf("    synced at attempt %d while 1000 connected\n", tried);
    expect_grown_at_most(before, limits::half_open * limits::handshake_bytes + (2U << 20U));
    const std::size_t open = still_open(flood);
    EXPECT_LE(open, limits::half_open);
    EXPECT_GE(open, limits::half_open / 2) << "the flood was not one";
}

TEST(SocketFlood, C17_1_one_address_has_a_few_half_open_connections) {
    Village village(1);
    Running server(village.ann);
    server.start();
    std::vector<RawSocket> flood;
    for (std::size_t i = 0; i < 200; ++i) flood.emplace_back(server.address(), 0, source(0));
    EXPECT_EQ(sync_once(*village.members[0], server.address()).outcome, Outcome::equal);
    EXPECT_LE(still_open(flood), limits::half_open_per_address);
}

// Whoever holds a connection from every address there is has none that comes later at a disadvantage: the
// oldest goes, not the first in some order of addresses.
TEST(SocketFlood, C17_1_the_oldest_of_equals_gives_way) {
    Village village(1);
    NodeOptions options;
    options.half_open = 4;
    Running server(village.ann, options);
    server.start();
    std::vector<RawSocket> sockets;
    for (const std::size_t i : {3U, 1U, 2U, 0U, 5U, 4U}) {
        sockets.emplace_back(server.address(), 0, source(i));
        // One at a time, so that they are accepted in this order.
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    std::vector<bool> closed;
    for (auto& socket : sockets) closed.push_back(socket.closed_within(50));
    EXPECT_EQ(closed, (std::vector<bool>{true, true, false, false, false, false}));
}

TEST(SocketFlood, one_byte_at_a_time_is_dropped_at_the_deadlines) {
    Village village(9);
    NodeOptions options;
    options.handshake_timeout_ms = 400;
    options.record_timeout_ms = 400;
    Running server(village.ann, options);
    server.start();
    // Half of them within the handshake, half within a record of a channel that stands.
    std::vector<RawSocket> slow;
    std::vector<std::unique_ptr<RawPeer>> within;
    for (std::size_t i = 0; i < 8; ++i) {
        slow.emplace_back(server.address(), 0, source(i));
        within.push_back(
            std::make_unique<RawPeer>(server.address(), *village.members[i]->signer, 0, source(i)));
        ASSERT_TRUE(within.back()->channel().established());
        Bytes record;
        append_length(record, limits::record_bytes);
        EXPECT_TRUE(within.back()->socket().send(record));
        EXPECT_TRUE(slow.back().send(Bytes{0}));
    }
    const auto dropped = [](const NodeEvent& event) {
        return event.kind == NodeEvent::Kind::disconnected &&
               event.error.code == ErrorCode::channel_timed_out;
    };
    const auto start = std::chrono::steady_clock::now();
    bool all = false;
    while (!all && seconds_since(start) < 10) {
        for (auto& socket : slow) socket.send(Bytes{32});
        for (auto& peer : within) peer->socket().send(Bytes{7});
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        const auto events = server.events();
        all = std::ranges::count_if(events, dropped) == 8;
    }
    EXPECT_TRUE(all);
    EXPECT_EQ(still_open(slow), 0U);
    EXPECT_EQ(sync_once(*village.members[8], server.address()).outcome, Outcome::equal);
}

// Each of them can make the node hold unsent_bytes and the message that passed the mark.
TEST(SocketFlood, readers_who_never_read_cost_their_own_room_and_nobody_waits) {
    constexpr std::size_t deaf = 8;
    Village village(deaf + 1);
    village.ann.posts(600, std::string(32'000, 'x'));
    NodeOptions options;
    options.record_timeout_ms = 2'000;
    Running server(village.ann, options);
    server.start();
    const std::size_t before = resident_bytes();
    {
        std::vector<std::unique_ptr<RawPeer>> peers;
        for (std::size_t i = 0; i < deaf; ++i) {
            Device& member = *village.members[i];
            peers.push_back(std::make_unique<RawPeer>(server.address(), *member.signer, 4096, source(i)));
            EXPECT_TRUE(peers.back()->send(0, opening(member, *peers.back())));
        }
        // They go on asking: everything anew, on every stream there is.
        for (std::uint8_t stream = 1; stream < limits::streams; ++stream) {
            for (std::size_t i = 0; i < deaf; ++i) {
                peers[i]->send(stream, opening(*village.members[i], *peers[i]));
            }
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        constexpr std::size_t each = limits::unsent_bytes + limits::message_bytes;
        expect_grown_at_most(before, deaf * each + (4U << 20U));
        EXPECT_EQ(sync_once(*village.members[deaf], server.address()).outcome, Outcome::equal);
        const auto left = [](const NodeEvent& event) {
            return event.kind == NodeEvent::Kind::disconnected &&
                   event.error.code == ErrorCode::channel_timed_out;
        };
        EXPECT_TRUE(server.wait_for(left, deaf));
    }
    server.stop();
    for (const NodeEvent& event : server.events()) {
        const bool honest = event.peer == village.members[deaf]->key();
        EXPECT_TRUE(!event.report || honest || event.report->wire_sent < 8U << 20U);
    }
}

}  // namespace
}  // namespace folkmoot::net::test
