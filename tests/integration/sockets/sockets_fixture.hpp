// What the tests over real sockets share: a served group, memory in use, and a line that can be cut or
// tampered with.
#pragma once

#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <fstream>
#include <thread>

#include "unit/net/node_fixture.hpp"
#include "unit/net/raw_peer.hpp"

namespace folkmoot::net::test {

// Sanitizers keep freed memory and shadows of it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif
#else
inline constexpr bool sanitized = false;
#endif

inline std::size_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::size_t all = 0;
    std::size_t resident = 0;
    statm >> all >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// The process has grown by at most `most` since `before`.
inline void expect_grown_at_most(std::size_t before, std::size_t most) {
    const std::size_t now = resident_bytes();
    const std::size_t grown = now > before ? now - before : 0;
    std::printf("    resident memory grew by %zu KiB of %zu\n", grown / 1024, most / 1024);
    EXPECT_TRUE(sanitized || grown <= most);
}

inline double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// ann's group, with as many other members as asked for. Their devices are number 2 and on.
struct Village {
    explicit Village(std::size_t others) {
        ann.create();
        for (std::size_t i = 0; i < others; ++i) {
            members.push_back(std::make_unique<Device>(static_cast<std::uint8_t>(2 + i), ann.group()));
            ann.add(*members.back());
        }
    }
    Device ann{1};
    std::vector<std::unique_ptr<Device>> members;
};

/// The first message of a session of `device` on this channel.
inline Bytes opening(Device& device, RawPeer& peer) {
    SessionConfig config{peer.channel().peer(), peer.channel().binding(), true, SummaryChoice::automatic,
                         false};
    return device.replica->poll_message(device.replica->open_session(config, 0)).value_or(Bytes{});
}

/// Syncs until it comes to an end that is equal, as an app does whose connection was refused. False after
/// `attempts`.
inline bool sync_at_last(Device& device, const std::string& address, int attempts, int* tried = nullptr) {
    for (int i = 1; i <= attempts; ++i) {
        if (tried != nullptr) *tried = i;
        if (sync_once(device, address).outcome == Outcome::equal) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(std::min(5 * i, 50)));
    }
    return false;
}

/// What a Line does to the bytes of one direction.
struct Harm {
    enum class Kind : std::uint8_t { none, cut, flip } kind = Kind::none;
    bool from_server = false;
    std::size_t at = 0;  // bytes of that direction that pass unharmed
};

/// Carries one connection to the server, and records what passes.
class Line {
   public:
    Line(std::string server, Harm harm) : server_(std::move(server)), harm_(harm) {
        listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&at), size), 0);
        EXPECT_EQ(::listen(listener_, 8), 0);
        EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size), 0);
        address_ = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
        thread_ = std::thread([this] { carry(); });
    }
    ~Line() { join(); }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;
    /// Waits for the end of the connection.
    void join() {
        if (!thread_.joinable()) return;
        thread_.join();
        ::close(listener_);
    }
    [[nodiscard]] const std::string& address() const { return address_; }
    /// After join().
    [[nodiscard]] const Bytes& carried(bool from_server) const { return carried_[from_server ? 1 : 0]; }

   private:
    void carry() {
        RawSocket client(::accept(listener_, nullptr, nullptr));
        RawSocket server(server_);
        std::array<pollfd, 2> both{pollfd{client.fd(), POLLIN, 0}, pollfd{server.fd(), POLLIN, 0}};
        std::array<bool, 2> ended{};
        while (!ended[0] || !ended[1]) {
            if (cut_now()) {
                // An end, not a reset, so that what was carried arrives.
                ::shutdown(client.fd(), SHUT_WR);
                ::shutdown(server.fd(), SHUT_WR);
                static_cast<void>(client.closed_within(10'000));
                static_cast<void>(server.closed_within(10'000));
                return;
            }
            if (::poll(both.data(), 2, 10'000) <= 0) return;
            for (const std::size_t side : {std::size_t{0}, std::size_t{1}}) {
                if (both[side].revents == 0) continue;
                if (pass(side == 0 ? client : server, side == 0 ? server : client, side == 1)) continue;
                ended[side] = true;
                both[side].fd = -1;
            }
        }
    }
    [[nodiscard]] bool cut_now() const {
        return harm_.kind == Harm::Kind::cut && carried(harm_.from_server).size() >= harm_.at;
    }
    bool pass(RawSocket& from, RawSocket& to, bool from_server) {
        Bytes data = from.receive();
        if (data.empty()) {
            ::shutdown(to.fd(), SHUT_WR);
            return false;
        }
        Bytes& before = carried_[from_server ? 1 : 0];
        if (harm_.from_server == from_server && harm_.kind != Harm::Kind::none) {
            const std::size_t left = harm_.at - std::min(harm_.at, before.size());
            if (harm_.kind == Harm::Kind::cut) data.resize(std::min(data.size(), left));
            if (harm_.kind == Harm::Kind::flip && before.size() <= harm_.at && left < data.size())
                data[left] ^= 0x10;
        }
        append(before, data);
        static_cast<void>(to.send(data));
        return true;
    }

    std::string server_;
    Harm harm_;
    int listener_ = -1;
    std::string address_;
    std::array<Bytes, 2> carried_;
    std::thread thread_;
};

}  // namespace folkmoot::net::test
