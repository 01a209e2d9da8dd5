// A thief of a device's key cannot keep the owner away for good (C14, C17.2, C18.6). The owner is at
// 127.0.0.1, or says so; the thief elsewhere on the loopback.
#include <gtest/gtest.h>

#include <atomic>

#include "node_fixture.hpp"
#include "raw_peer.hpp"

namespace folkmoot::net::test {
namespace {

constexpr std::uint16_t thieves = 0x501;

/// ann and ben, whose key somebody else has too.
struct Theft {
    /// `ann_greater`: whose key decides about double connections.
    explicit Theft(bool ann_greater = true) {
        Device one(1);
        Device two(2);
        const bool greater = two.key() < one.key();
        ann = std::make_unique<Device>(greater == ann_greater ? std::uint8_t{1} : std::uint8_t{2});
        ann->create();
        ben = std::make_unique<Device>(greater == ann_greater ? std::uint8_t{2} : std::uint8_t{1},
                                       ann->group());
        ann->add(*ben);
        thief = std::make_unique<Device>(greater == ann_greater ? std::uint8_t{2} : std::uint8_t{1},
                                         ann->group());
        EXPECT_EQ(ben->key() < ann->key(), ann_greater);
    }
    std::unique_ptr<Device> ann;
    std::unique_ptr<Device> ben;
    std::unique_ptr<Device> thief;
};

Bytes first_message(Device& device, RawPeer& peer) {
    SessionConfig config{peer.channel().peer(), peer.channel().binding(), true, SummaryChoice::automatic,
                         true};
    return device.replica->poll_message(device.replica->open_session(config, 0)).value_or(Bytes{});
}

/// Connects with ben's key and stays, and comes again whenever it is sent away.
class Thief {
   public:
    Thief(Device& device, std::string address, std::uint16_t from)
        : device_(device), address_(std::move(address)), from_(from), thread_([this] { run(); }) {}
    ~Thief() {
        over_ = true;
        thread_.join();
    }
    Thief(const Thief&) = delete;
    Thief& operator=(const Thief&) = delete;
    [[nodiscard]] bool is_in() const { return in_; }

   private:
    void run() {
        while (!over_) {
            RawPeer peer(address_, *device_.signer, 0, from_);
            if (!peer.channel().established()) continue;
            peer.send(0, first_message(device_, peer));
            while (!over_ && peer.channel().error() == nullptr && !peer.channel().closed_cleanly()) {
                const bool more = peer.receive(100);
                while (peer.channel().poll_message()) in_ = true;
                if (more) continue;
                if (!peer.socket().timed_out()) break;
            }
            in_ = false;
        }
    }
    Device& device_;
    std::string address_;
    std::uint16_t from_;
    std::atomic<bool> over_ = false;
    std::atomic<bool> in_ = false;
    std::thread thread_;
};

void wait_until_in(const Thief& thief) {
    for (int i = 0; i < 500 && !thief.is_in(); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_TRUE(thief.is_in());
}

TEST(NodeThief, C17_2_turns_go_by_address) {
    Theft theft;
    NodeOptions options;
    options.turn_ms = 400;
    Running server(*theft.ann, options);
    server.start();
    const auto from = [&](std::uint16_t source) {
        return std::make_unique<RawPeer>(server.address(), *theft.ben->signer, 0, source);
    };
    const auto stays = [&](RawPeer& peer) {
        return peer.channel().established() && peer.send(0, first_message(*theft.ben, peer)) &&
               peer.next().has_value();
    };
    const auto thief = from(thieves);
    EXPECT_TRUE(stays(*thief));
    EXPECT_TRUE(from(0)->dismissed()) << "the turn is not over";
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    const auto again = from(thieves);
    EXPECT_TRUE(stays(*again));
    EXPECT_TRUE(from(thieves + 1)->dismissed()) << "the owner was there before";
    const auto owner = from(0);
    EXPECT_TRUE(stays(*owner));
    EXPECT_TRUE(again->dismissed());
    EXPECT_TRUE(from(thieves)->dismissed()) << "the owner's turn is not over";
    EXPECT_TRUE(owner->send({}));
}

TEST(NodeThief, C17_2_the_owner_syncs_whatever_the_thief_does) {
    Theft theft;
    NodeOptions options;
    options.turn_ms = 300;
    Running server(*theft.ann, options);
    server.start();
    const Thief thief(*theft.thief, server.address(), thieves);
    wait_until_in(thief);
    for (int turn = 0; turn < 3; ++turn) {
        if (turn > 0) theft.ben->post();
        bool synced = false;
        for (int i = 0; i < 100 && !synced; ++i) {
            synced = sync_once(*theft.ben, server.address()).outcome == Outcome::equal;
            if (!synced) std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        EXPECT_TRUE(synced) << turn;
        wait_until_in(thief);
    }
}

// ann keeps the owner's address; the thief dials ann, and stays connected before and after.
TEST(NodeThief, C18_6_a_kept_owner_is_met_whatever_the_thief_does) {
    for (const bool ann_greater : {true, false}) {
        Theft theft(ann_greater);
        NodeOptions options;
        options.turn_ms = 300;
        options.anti_entropy_ms = 400;
        options.first_retry_ms = 50;
        options.last_retry_ms = 200;
        Running owner(*theft.ben);
        Running server(*theft.ann, options);
        owner.start();
        server.start();
        const Thief thief(*theft.thief, server.address(), thieves);
        wait_until_in(thief);
        server.on_thread([&] { server.node().keep_peer(owner.address()); });
        for (std::size_t post = 1; post <= 3; ++post) {
            owner.on_thread([&] {
                if (theft.ben->ops() < 2) return;  // not met yet
                EXPECT_TRUE(theft.ben->replica->post(as_bytes("mine"), 9));
                EXPECT_TRUE(owner.node().touched(theft.ben->group()));
            });
            bool arrived = false;
            for (int i = 0; i < 500 && !arrived; ++i) {
                std::size_t held = 0;
                std::size_t owners = 0;
                owner.on_thread([&] { owners = theft.ben->ops(); });
                server.on_thread([&] { held = theft.ann->ops(); });
                arrived = owners >= 2 && held >= owners;
                if (!arrived) std::this_thread::sleep_for(std::chrono::milliseconds(20));
            }
            EXPECT_TRUE(arrived) << post << (ann_greater ? ", ann decides" : ", ben decides");
        }
    }
}

TEST(NodeThief, C14_a_violation_in_the_owners_name_does_not_shut_the_owner_out) {
    Theft theft;
    Running server(*theft.ann);
    server.start();
    {
        RawPeer thief(server.address(), *theft.thief->signer, 0, thieves);
        EXPECT_TRUE(thief.send(Bytes{64}));
        EXPECT_TRUE(thief.dismissed());
    }
    RawPeer again(server.address(), *theft.thief->signer, 0, thieves);
    EXPECT_TRUE(again.dismissed());
    EXPECT_EQ(sync_once(*theft.ben, server.address()).outcome, Outcome::equal);
}

TEST(NodeThief, C17_2_two_honest_devices_that_dial_each_other_again_and_again_lose_nothing) {
    Theft theft;
    NodeOptions options;
    options.anti_entropy_ms = 150;
    options.first_retry_ms = 20;
    Running a(*theft.ann, options);
    Running b(*theft.ben, options);
    a.node().keep_peer(b.address());
    b.node().keep_peer(a.address());
    a.start();
    b.start();
    for (std::size_t total = 3; total < 13; ++total) {
        Running& at = total % 2 == 0 ? a : b;
        Device& device = total % 2 == 0 ? *theft.ann : *theft.ben;
        std::size_t before = 0;
        for (int i = 0; i < 500 && before + 1 != total; ++i) {
            at.on_thread([&] { before = device.ops(); });
            if (before + 1 != total) std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        ASSERT_EQ(before + 1, total);
        at.on_thread([&] {
            EXPECT_TRUE(device.replica->post(as_bytes("news"), 9));
            EXPECT_TRUE(at.node().touched(device.group()));
        });
    }
}

// Of a flood from one address so many handshakes are begun as its share allows, and others are served.
TEST(NodeThief, C17_5_a_flood_of_handshakes_is_held_to_its_share) {
    Theft theft;
    NodeOptions options;
    options.handshakes_per_address = 5;
    options.shared_handshakes = 0;
    Running server(*theft.ann, options);
    server.start();
    const auto start = std::chrono::steady_clock::now();
    std::uint64_t begun = 0;
    for (int i = 0; i < 50; ++i) {
        RawPeer peer(server.address(), *theft.ben->signer, 0, thieves);
        begun += peer.channel().established() ? 1 : 0;
    }
    const auto passed = std::chrono::steady_clock::now() - start;
    const auto ms =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(passed).count());
    EXPECT_GE(begun, 5U);
    EXPECT_LE(begun, 5U + 1U + ms / limits::handshake_pause_ms);
    EXPECT_EQ(sync_once(*theft.ben, server.address()).outcome, Outcome::equal);
}

}  // namespace
}  // namespace folkmoot::net::test
