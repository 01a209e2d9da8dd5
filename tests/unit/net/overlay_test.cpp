// Kept peers as an overlay (Y10): news reaches everybody, places are limited and change hands, and what was
// missed comes with the next session.
#include <gtest/gtest.h>

#include "node_fixture.hpp"

namespace folkmoot::net::test {
namespace {

/// Devices of one group that all hold the same to begin with, each with a node.
struct Crowd {
    explicit Crowd(std::uint8_t count, const NodeOptions& options = {}) {
        devices.push_back(std::make_unique<Device>(1));
        devices[0]->create();
        for (std::uint8_t i = 1; i < count; ++i) {
            devices.push_back(
                std::make_unique<Device>(static_cast<std::uint8_t>(i + 1), devices[0]->group()));
            devices[0]->add(*devices.back());
        }
        std::vector<EncodedOp> ops;
        for (OpIndex op = 0; op < devices[0]->ops(); ++op) ops.push_back(*devices[0]->replica->load(op));
        for (std::size_t i = 1; i < devices.size(); ++i) {
            auto copy = ops;
            EXPECT_TRUE(devices[i]->replica->take(copy));
            devices[i]->persist_all();
        }
        for (const auto& device : devices) nodes.push_back(std::make_unique<Running>(*device, options));
    }
    ~Crowd() { stop(); }
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    void keep(std::size_t who, std::size_t whom) { nodes[who]->node().keep_peer(nodes[whom]->address()); }
    void start() {
        for (const auto& node : nodes) node->start();
    }
    void stop() {
        for (const auto& node : nodes) node->stop();
    }
    void wait_for_sessions() {
        for (const auto& node : nodes) EXPECT_TRUE(node->wait_for(NodeEvent::Kind::synced));
    }
    /// Posts at one and waits until all hold `total` ops.
    void post(std::size_t who, std::size_t total) {
        nodes[who]->on_thread([&] {
            EXPECT_TRUE(devices[who]->replica->post(as_bytes("news"), 9));
            EXPECT_TRUE(nodes[who]->node().touched(devices[who]->group()));
        });
        for (std::size_t i = 0; i < nodes.size(); ++i) {
            EXPECT_TRUE(wait_for_ops(i, total)) << "post of " << who << " at " << i;
        }
    }
    [[nodiscard]] bool wait_for_ops(std::size_t who, std::size_t total) {
        for (int i = 0; i < 500; ++i) {
            std::size_t held = 0;
            nodes[who]->on_thread([&] { held = devices[who]->ops(); });
            if (held >= total) return true;
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        return false;
    }
    void expect_equal() {
        stop();
        for (const auto& device : devices) EXPECT_TRUE(device->equals(*devices[0]));
    }
    std::vector<std::unique_ptr<Device>> devices;
    std::vector<std::unique_ptr<Running>> nodes;
};

TEST(Overlay, Y10_news_of_anybody_reaches_all_of_twelve) {
    Crowd crowd(12);
    for (std::size_t i = 0; i < 12; ++i) {
        for (const std::size_t step : {1U, 5U}) crowd.keep(i, (i + step) % 12);
    }
    crowd.start();
    crowd.wait_for_sessions();
    std::size_t total = 12;
    for (const std::size_t who : {0U, 3U, 7U, 11U}) crowd.post(who, ++total);
    crowd.expect_equal();
}

TEST(Overlay, Y10_a_hub_with_more_than_eight_peers_announces_to_the_rest) {
    Crowd crowd(12);
    for (std::size_t i = 1; i < 12; ++i) crowd.keep(i, 0);
    crowd.start();
    crowd.wait_for_sessions();
    crowd.post(0, 13);
    crowd.post(5, 14);
    crowd.expect_equal();
}

TEST(Overlay, C18_places_are_limited_and_everybody_has_a_turn) {
    NodeOptions options;
    options.outgoing = 2;
    options.anti_entropy_ms = 100;
    options.first_retry_ms = 50;
    Crowd crowd(6, options);
    for (std::size_t i = 1; i < 6; ++i) crowd.keep(0, i);
    crowd.start();
    for (std::size_t i = 1; i < 6; ++i) {
        EXPECT_TRUE(crowd.nodes[i]->wait_for(NodeEvent::Kind::synced)) << i;
    }
    crowd.stop();
    std::size_t open = 0;
    for (const NodeEvent& event : crowd.nodes[0]->events()) {
        if (event.kind == NodeEvent::Kind::connected) ++open;
        if (event.kind == NodeEvent::Kind::disconnected && event.peer) --open;
        EXPECT_LE(open, 2U);
    }
}

TEST(Overlay, an_address_where_nobody_answers_takes_no_place_for_long) {
    NodeOptions options;
    options.outgoing = 1;
    options.first_retry_ms = 50;
    Crowd crowd(2, options);
    crowd.nodes[0]->node().keep_peer("127.0.0.1:1");
    crowd.keep(0, 1);
    crowd.start();
    EXPECT_TRUE(crowd.nodes[1]->wait_for(NodeEvent::Kind::synced));
    crowd.post(0, 3);
    crowd.expect_equal();
}

TEST(Overlay, Y10_sessions_are_renewed_until_the_streams_are_used_up_and_then_the_connection_is) {
    NodeOptions options;
    options.anti_entropy_ms = 20;
    options.first_retry_ms = 50;
    Crowd crowd(2, options);
    crowd.keep(0, 1);
    crowd.start();
    EXPECT_TRUE(crowd.nodes[0]->wait_for(NodeEvent::Kind::connected, 2)) << "after 64 sessions";
    crowd.post(1, 3);
    crowd.post(0, 4);
    crowd.stop();
    for (const NodeEvent& event : crowd.nodes[0]->events()) {
        EXPECT_EQ(event.error.text, "");
    }
    crowd.expect_equal();
}

}  // namespace
}  // namespace folkmoot::net::test
