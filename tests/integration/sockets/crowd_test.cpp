// 64 honest peers fetch a history from one node, undisturbed and beside 16 hostile ones. The test asks that
// all arrive and that memory stays bounded; the two throughputs are printed, and their ratio is a
// measurement.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <time.h>

#include "sockets_fixture.hpp"

namespace folkmoot::net::test {
namespace {

constexpr std::size_t honest_peers = 64;
constexpr std::size_t hostile_peers = 16;
constexpr std::size_t history = 1500;

/// Everything the hostile ones do, a way each; they go on until told to stop.
class Hostile {
   public:
    Hostile(const std::string& address, std::size_t number, std::uint8_t member, const GroupId& group)
        : address_(address), number_(number), device_(member, group) {}

    void run(const std::atomic<bool>& over) {
        while (!over) {
            switch (number_ % 8) {
                case 0: half_open(); break;
                case 1: garbage(); break;
                case 2: handshakes_left_midway(); break;
                case 3: stranger(); break;
                case 4: violator(); break;
                case 5: deaf_member(over); break;
                case 6: asks_again_and_again(over); break;
                default: dribbles(over); break;
            }
            ++acts_;
        }
    }
    [[nodiscard]] std::size_t acts() const { return acts_; }

   private:
    [[nodiscard]] std::uint16_t source() const { return static_cast<std::uint16_t>(0x201 + number_); }

    // Holds more than an address may, and replaces what was closed.
    void half_open() {
        if (held_.size() >= 64) held_.erase(held_.begin());
        held_.push_back(std::make_unique<RawSocket>(address_, 0, source()));
    }
    void garbage() {
        RawSocket socket(address_, 0, source());
        Bytes bytes(2000);
        crypto::random_bytes(bytes);
        socket.send(bytes);
    }
    // Makes the node compute its answer and goes.
    void handshakes_left_midway() {
        RawSocket socket(address_, 0, source());
        Bytes first(32);
        crypto::random_bytes(first);
        socket.send(framed(first));
        static_cast<void>(socket.receive(1000));
    }
    void stranger() {
        Random seed{};
        crypto::random_bytes(seed);
        const auto signer = std::move(make_signer(seed)).value();
        RawPeer peer(address_, *signer, 0, source());
        if (!peer.channel().established()) return;
        peer.send(0, opening(device_, peer));
        static_cast<void>(peer.next(1000));
    }
    void violator() {
        Random seed{};
        crypto::random_bytes(seed);
        const auto signer = std::move(make_signer(seed)).value();
        RawPeer peer(address_, *signer, 0, source());
        peer.send(0, Bytes{1, 2, 3});
    }
    void deaf_member(const std::atomic<bool>& over) {
        RawPeer peer(address_, *device_.signer, 4096, source());
        if (!peer.channel().established()) return;
        peer.send(0, opening(device_, peer));
        for (int i = 0; i < 100 && !over; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    // Everything anew on every stream, and reads it.
    void asks_again_and_again(const std::atomic<bool>& over) {
        RawPeer peer(address_, *device_.signer, 0, source());
        if (!peer.channel().established()) return;
        for (std::uint8_t stream = 0; stream < limits::streams && !over; ++stream) {
            if (!peer.send(stream, opening(device_, peer))) return;
            static_cast<void>(peer.next(1000));
        }
    }
    void dribbles(const std::atomic<bool>& over) {
        RawPeer peer(address_, *device_.signer, 0, source());
        Bytes record;
        append_length(record, limits::record_bytes);
        peer.socket().send(record);
        for (int i = 0; i < 100 && !over && peer.socket().send(Bytes{1}); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }

    std::string address_;
    std::size_t number_;
    Device device_;
    std::vector<std::unique_ptr<RawSocket>> held_;
    std::size_t acts_ = 0;
};

struct Crowd {
    double seconds = 0;
    double server_seconds = 0;  // of the serving thread's own time on a processor
    std::size_t arrived = 0;
    std::size_t attempts = 0;
    std::size_t hostile_acts = 0;
};

double thread_seconds(Running& server) {
    timespec used{};
    server.on_thread([&] { ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used); });
    return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

// All honest ones come from one address here, so that one may do what so many may.
NodeOptions options_for_a_crowd() {
    NodeOptions options;
    options.half_open_per_address = honest_peers;
    options.half_open = 2 * honest_peers;
    options.handshakes_per_address = 4 * honest_peers;
    options.connections = honest_peers + hostile_peers;
    return options;
}

Crowd run_crowd(std::size_t hostile_count) {
    Device ann(1);
    ann.create();
    std::vector<std::unique_ptr<Device>> honest;
    for (std::size_t i = 0; i < honest_peers; ++i) {
        honest.push_back(std::make_unique<Device>(static_cast<std::uint8_t>(10 + i), ann.group()));
        ann.add(*honest.back());
    }
    std::vector<std::unique_ptr<Hostile>> hostile;
    ann.posts(history, std::string(200, 'x'));
    Running server(ann, options_for_a_crowd());
    for (std::size_t i = 0; i < hostile_count; ++i) {
        const auto number = static_cast<std::uint8_t>(100 + i);
        hostile.push_back(std::make_unique<Hostile>(server.address(), i, number, ann.group()));
        ann.add(Device(number, ann.group()));
    }
    server.start();
    std::atomic<bool> over = false;
    std::vector<std::thread> attackers;
    for (auto& peer : hostile) {
        attackers.emplace_back([&] {
            // What an attack costs the attackers is not what it costs the node.
            static_cast<void>(::setpriority(PRIO_PROCESS, 0, 19));
            peer->run(over);
        });
    }
    if (hostile_count > 0) std::this_thread::sleep_for(std::chrono::milliseconds(200));

    Crowd out;
    std::atomic<std::size_t> arrived = 0;
    std::atomic<std::size_t> attempts = 0;
    const std::size_t before = resident_bytes();
    const double server_before = thread_seconds(server);
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> threads;
    for (auto& device : honest) {
        threads.emplace_back([&] {
            int tried = 0;
            arrived += sync_at_last(*device, server.address(), 100, &tried) ? 1 : 0;
            attempts += static_cast<std::size_t>(tried);
        });
    }
    for (auto& thread : threads) thread.join();
    out.seconds = seconds_since(start);
    out.server_seconds = thread_seconds(server) - server_before;
    // The replicas of the 64 are in this process too: they have the history, a connection each its buffers.
    expect_grown_at_most(before, honest_peers * (history * 2048 + (std::size_t{1} << 20U)) +
                                     hostile_peers * (limits::unsent_bytes + limits::message_bytes));
    over = true;
    for (auto& thread : attackers) thread.join();
    server.stop();
    for (const auto& peer : hostile) out.hostile_acts += peer->acts();
    for (const auto& device : honest) EXPECT_TRUE(device->equals(ann));
    out.arrived = arrived;
    out.attempts = attempts;
    return out;
}

TEST(SocketCrowd, sixty_four_honest_peers_are_served_beside_sixteen_hostile_ones) {
    const Crowd alone = run_crowd(0);
    const Crowd beside = run_crowd(hostile_peers);
    EXPECT_EQ(alone.arrived, honest_peers);
    EXPECT_EQ(beside.arrived, honest_peers);
    EXPECT_GT(beside.hostile_acts, hostile_peers) << "nobody attacked";
    const auto rate = [](const Crowd& crowd) {
        return static_cast<double>(honest_peers * history) / crowd.seconds;
    };
    const auto print = [&](const char* name, const Crowd& crowd) {
        std::printf("    %s: %.2f s, %.2f s of the server's processor, %.0f ops/s, %zu attempts\n", name,
                    crowd.seconds, crowd.server_seconds, rate(crowd), crowd.attempts);
    };
    print("undisturbed", alone);
    print("beside 16 hostile", beside);
    // All share this machine's cores, so the first ratio has the work of the kernel for the hostile peers in
    // it; the second counts what the node does for them while nobody else wants anything as well.
    std::printf(
        "    %zu hostile acts; honest throughput is %.2f of the undisturbed, by the server's work %.2f\n",
        beside.hostile_acts, rate(beside) / rate(alone), alone.server_seconds / beside.server_seconds);
}

}  // namespace
}  // namespace folkmoot::net::test
