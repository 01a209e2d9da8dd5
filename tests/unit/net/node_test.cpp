// Nodes over loopback: what one reconciliation, a running peer and a push do.
#include <gtest/gtest.h>
#include <unistd.h>

#include "node_fixture.hpp"

namespace folkmoot::net::test {
namespace {

TEST(Node, a_joiner_with_only_the_group_id_gets_everything) {
    Device ann(1);
    ann.create();
    Device ben(2, ann.group());
    ann.add(ben);
    ann.posts(300);
    SyncReport report;
    {
        Running server(ann);
        server.start();
        report = sync_once(ben, server.address(), ann.key());
    }
    EXPECT_EQ(report.outcome, Outcome::equal) << report.error.text;
    EXPECT_EQ(report.peer, ann.key());
    EXPECT_EQ(report.stats.ops_new, 302U);
    EXPECT_GT(report.wire_received, report.bytes_received);
    EXPECT_GT(report.wire_sent, report.bytes_sent);
    EXPECT_TRUE(ben.equals(ann));
    EXPECT_EQ(ben.store->count().value_or(0), 302U);
}

TEST(Node, equal_peers_exchange_little) {
    Device ann(1);
    ann.create();
    Device ben(2, ann.group());
    ann.add(ben);
    ann.posts(100);
    Running server(ann);
    server.start();
    EXPECT_EQ(sync_once(ben, server.address()).outcome, Outcome::equal);
    const SyncReport again = sync_once(ben, server.address());
    EXPECT_EQ(again.outcome, Outcome::equal) << again.error.text;
    EXPECT_EQ(again.stats.ops_received, 0U);
    EXPECT_LT(again.bytes_sent + again.bytes_received, 200U);
}

TEST(Node, news_on_both_sides_cross) {
    Device ann(1);
    ann.create();
    Device ben(2, ann.group());
    ann.add(ben);
    {
        Running server(ann);
        server.start();
        EXPECT_EQ(sync_once(ben, server.address()).outcome, Outcome::equal);
    }
    ann.posts(50, "from ann");
    ben.posts(70, "from ben");
    Running server(ann);
    server.start();
    const SyncReport report = sync_once(ben, server.address());
    EXPECT_EQ(report.outcome, Outcome::equal) << report.error.text;
    EXPECT_EQ(report.stats.ops_new, 50U);
    const auto listener_too = [](const NodeEvent& event) {
        return event.kind == NodeEvent::Kind::synced && event.report->outcome == Outcome::equal &&
               event.report->stats.ops_new == 70;
    };
    EXPECT_TRUE(server.wait_for(listener_too));
    server.stop();
    EXPECT_TRUE(ben.equals(ann));
    for (const NodeEvent& event : server.events()) {
        if (event.kind != NodeEvent::Kind::disconnected) continue;
        EXPECT_EQ(event.error.text, "");
    }
}

TEST(Node, a_new_post_is_pushed_through_a_peer_to_a_third) {
    Device ann(1);
    ann.create();
    Device ben(2, ann.group());
    Device cid(3, ann.group());
    ann.add(ben);
    ann.add(cid);
    Running middle(ben);
    Running first(ann);
    Running last(cid);
    first.node().keep_peer(middle.address());
    last.node().keep_peer(middle.address());
    first.start();
    middle.start();
    last.start();
    EXPECT_TRUE(last.wait_for(NodeEvent::Kind::synced));
    std::size_t before = 0;
    first.on_thread([&] {
        before = ann.ops();
        EXPECT_TRUE(ann.replica->post(as_bytes("news"), 9));
        EXPECT_TRUE(first.node().touched(ann.group()));
    });
    const auto arrived = [&](const NodeEvent& event) {
        return event.kind == NodeEvent::Kind::replica && event.event->kind == Event::Kind::delivered &&
               event.event->ops.back() == before;
    };
    EXPECT_TRUE(last.wait_for(arrived));
    first.stop();
    middle.stop();
    last.stop();
    EXPECT_TRUE(cid.equals(ann));
}

TEST(Node, a_sync_from_within_a_request_works_while_the_node_serves) {
    Device ann(1);
    ann.create();
    Device ben(2, ann.group());
    ann.add(ben);
    Running server(ann);
    server.start();
    Running client(ben);
    const std::string path = ::testing::TempDir() + "moot-" + std::to_string(::getpid()) + ".sock";
    std::string outcome;
    ASSERT_TRUE(client.node().listen_local(path, [&](ByteView request) {
        EXPECT_EQ(Bytes(request.begin(), request.end()), Bytes({1, 2, 3}));
        const SyncReport report = client.node().sync(ben.group(), server.address(), ann.key(), 5'000);
        EXPECT_EQ(report.outcome, Outcome::equal) << report.error.text;
        return Bytes(100'000, 7);
    }));
    client.start();
    const auto answer = ask_local(path, Bytes{1, 2, 3}, 8'000);
    ASSERT_TRUE(answer.has_value()) << answer.error().text;
    EXPECT_EQ(*answer, Bytes(100'000, 7));
    client.stop();
    server.stop();
    EXPECT_TRUE(ben.equals(ann));
    EXPECT_EQ(ask_local(path, {}, 1'000).error().code, ErrorCode::net_unreachable);
}

}  // namespace
}  // namespace folkmoot::net::test
