// How long an honest reconciliation takes while others attack, against how long it takes by itself. These are
// measurements, printed and not judged: FOLKMOOT_MEASURE=1 runs them, for about two minutes. The attackers
// run at the lowest priority, so that what they cost themselves is not taken for what they cost the node.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "sockets_fixture.hpp"

namespace folkmoot::net::test {
namespace {

constexpr int samples = 150;
constexpr std::chrono::milliseconds apart(100);

struct Spread {
    double loop_p99 = 0;  // until the node's thread does what it was asked to
    double median = 0;
    double p99 = 0;
    double worst = 0;
    int failed = 0;
};

double p99_of(std::vector<double>& all) {
    std::ranges::sort(all);
    return all.empty() ? 0 : all[all.size() * 99 / 100];
}

/// ann serves; ben fetches a new op again and again, a connection each.
Spread sync_times(Village& village, Running& server, Device& ben) {
    std::vector<double> all;
    std::vector<double> delays;
    Spread out;
    for (int i = 0; i < samples; ++i) {
        const auto asked = std::chrono::steady_clock::now();
        server.on_thread([&] {
            delays.push_back(1000 * seconds_since(asked));
            village.ann.post();
            EXPECT_TRUE(server.node().touched(village.ann.group()));
        });
        const auto start = std::chrono::steady_clock::now();
        const bool done = sync_once(ben, server.address()).outcome == Outcome::equal;
        if (done) all.push_back(1000 * seconds_since(start));
        out.failed += done ? 0 : 1;
        std::this_thread::sleep_for(apart);
    }
    out.loop_p99 = p99_of(delays);
    out.p99 = p99_of(all);
    if (!all.empty()) {
        out.median = all[all.size() / 2];
        out.worst = all.back();
    }
    return out;
}

void print(const char* name, const Spread& spread) {
    std::printf(
        "    %-34s median %6.2f ms, p99 %6.2f ms, worst %6.2f ms, %d of %d failed; p99 of the loop %6.2f "
        "ms\n",
        name, spread.median, spread.p99, spread.worst, spread.failed, samples, spread.loop_p99);
}

void give_way() { static_cast<void>(::setpriority(PRIO_PROCESS, 0, 19)); }

/// Threads that attack until the end of the scope.
class Attack {
   public:
    Attack(std::size_t count, const std::function<void(std::size_t, const std::atomic<bool>&)>& work) {
        for (std::size_t i = 0; i < count; ++i) {
            threads_.emplace_back([this, i, work] {
                give_way();
                while (!over_) work(i, over_);
            });
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1000));
    }
    ~Attack() {
        over_ = true;
        for (auto& thread : threads_) thread.join();
    }
    Attack(const Attack&) = delete;
    Attack& operator=(const Attack&) = delete;

   private:
    std::atomic<bool> over_ = false;
    std::vector<std::thread> threads_;
};

std::uint16_t source(std::size_t i) { return static_cast<std::uint16_t>(0x601 + i); }

class SocketMeasure : public testing::Test {
   protected:
    void SetUp() override {
        if (std::getenv("FOLKMOOT_MEASURE") == nullptr) GTEST_SKIP() << "FOLKMOOT_MEASURE is not set";
    }
    Village village_{24};
};

TEST_F(SocketMeasure, honest_reconciliations_under_each_attack) {
    village_.ann.posts(600, std::string(1'000, 'x'));
    Running server(village_.ann);
    server.start();
    Device& ben = *village_.members[0];
    ASSERT_EQ(sync_once(ben, server.address()).outcome, Outcome::equal);
    const Spread alone = sync_times(village_, server, ben);
    print("by itself", alone);
    const auto under = [&](const char* name, std::size_t threads,
                           const std::function<void(std::size_t, const std::atomic<bool>&)>& work) {
        const Attack attack(threads, work);
        const Spread spread = sync_times(village_, server, ben);
        print(name, spread);
        std::printf("    %34s p99 is %.2f of that by itself\n", "", spread.p99 / alone.p99);
    };
    // Half of them say a byte. Whatever the node closes is opened again.
    std::vector<std::deque<RawSocket>> held(8);
    under("1,000 half-open connections", held.size(), [&](std::size_t i, const std::atomic<bool>& over) {
        auto& sockets = held[i];
        if (sockets.size() >= 125) sockets.pop_front();
        sockets.emplace_back(server.address(), 0, source(i * 125 + sockets.size()));
        if (sockets.size() % 2 == 0) sockets.back().send(Bytes{0});
        if (!over) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    });
    held.clear();
    under("a dribble on 64 connections", 8, [&](std::size_t i, const std::atomic<bool>& over) {
        std::vector<RawSocket> slow;
        for (std::size_t at = 0; at < 8; ++at) slow.emplace_back(server.address(), 0, source(i * 8 + at));
        for (int byte = 0; byte < 40 && !over; ++byte) {
            for (auto& socket : slow) socket.send(Bytes{static_cast<std::uint8_t>(byte == 1 ? 32 : 0)});
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
    });
    under("garbage from 8 addresses", 8, [&](std::size_t i, const std::atomic<bool>&) {
        RawSocket socket(server.address(), 0, source(i));
        Bytes bytes(2000);
        crypto::random_bytes(bytes);
        socket.send(bytes);
    });
    under("handshakes from 8 addresses", 8, [&](std::size_t i, const std::atomic<bool>&) {
        Random seed{};
        crypto::random_bytes(seed);
        const auto signer = std::move(make_signer(seed)).value();
        const RawPeer peer(server.address(), *signer, 0, source(i));
    });
    under("8 members who never read", 8, [&](std::size_t i, const std::atomic<bool>& over) {
        Device& member = *village_.members[1 + i];
        RawPeer peer(server.address(), *member.signer, 4096, source(i));
        if (!peer.channel().established()) return;
        for (std::uint8_t stream = 0; stream < limits::streams && !over; ++stream)
            if (!peer.send(stream, opening(member, peer))) return;
        for (int at = 0; at < 50 && !over; ++at) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    });
    under("8 members who ask for all, always", 8, [&](std::size_t i, const std::atomic<bool>& over) {
        Device& member = *village_.members[1 + i];
        RawPeer peer(server.address(), *member.signer, 0, source(i));
        if (!peer.channel().established()) return;
        for (std::uint8_t stream = 0; stream < limits::streams && !over; ++stream) {
            if (!peer.send(stream, opening(member, peer))) return;
            static_cast<void>(peer.next(1000));
        }
    });
}

}  // namespace
}  // namespace folkmoot::net::test
