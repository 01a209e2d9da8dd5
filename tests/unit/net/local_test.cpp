// The local socket, addresses, and what a node says when it cannot listen.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>

#include "net/address.hpp"
#include "node_fixture.hpp"
#include "raw_peer.hpp"

namespace folkmoot::net::test {
namespace {

std::string socket_path(const char* name) {
    return ::testing::TempDir() + name + std::to_string(::getpid()) + ".sock";
}

Bytes echo(ByteView request) { return {request.begin(), request.end()}; }

TEST(LocalSocket, answers_several_clients_and_is_private) {
    Device ann(1);
    ann.create();
    Running server(ann);
    const std::string path = socket_path("several");
    ASSERT_TRUE(server.node().listen_local(path, echo));
    struct stat info{};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    server.start();
    std::vector<std::thread> threads;
    std::atomic<int> right = 0;
    for (std::uint8_t i = 0; i < 8; ++i) {
        threads.emplace_back([&, i] {
            const Bytes request(std::size_t{i} * 100'000, i);
            const auto answer = ask_local(path, request, 10'000);
            if (answer && *answer == request) ++right;
        });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(right, 8);
    EXPECT_EQ(ask_local(path, Bytes(limits::local_request_bytes + 1), 1'000).error().code,
              ErrorCode::channel_record_too_large);
}

TEST(LocalSocket, a_silent_client_disturbs_nobody) {
    Device ann(1);
    ann.create();
    Running server(ann);
    const std::string path = socket_path("silent");
    ASSERT_TRUE(server.node().listen_local(path, echo));
    server.start();
    RawSocket silent(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path.copy(at.sun_path, path.size());
    ASSERT_EQ(::connect(silent.fd(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    silent.send(Bytes{0, 1});
    EXPECT_TRUE(ask_local(path, Bytes{1}, 10'000));
    RawSocket huge(::socket(AF_UNIX, SOCK_STREAM, 0));
    ASSERT_EQ(::connect(huge.fd(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    huge.send(Bytes{0xff, 0xff, 0xff, 0xff});
    EXPECT_TRUE(huge.closed_within(5'000));
}

TEST(LocalSocket, a_stale_file_is_replaced_and_a_living_one_is_not) {
    Device ann(1);
    ann.create();
    const std::string path = socket_path("stale");
    {
        RawSocket dead(::socket(AF_UNIX, SOCK_STREAM, 0));
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        path.copy(at.sun_path, path.size());
        ASSERT_EQ(::bind(dead.fd(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    }
    EXPECT_EQ(ask_local(path, {}, 1'000).error().code, ErrorCode::net_unreachable);
    {
        Running server(ann);
        ASSERT_TRUE(server.node().listen_local(path, echo));
        server.start();
        Device ben(2);
        ben.create();
        Running second(ben);
        EXPECT_EQ(second.node().listen_local(path, echo).error().code, ErrorCode::net_listen);
        EXPECT_TRUE(ask_local(path, Bytes{1}, 5'000));
    }
    struct stat info{};
    EXPECT_NE(::stat(path.c_str(), &info), 0) << "the file goes with its node";
}

TEST(LocalSocket, a_handler_that_takes_too_long_times_out_for_the_client) {
    Device ann(1);
    ann.create();
    Running server(ann);
    const std::string path = socket_path("slow");
    ASSERT_TRUE(server.node().listen_local(path, [](ByteView) {
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        return Bytes{1};
    }));
    server.start();
    EXPECT_EQ(ask_local(path, {}, 50).error().code, ErrorCode::channel_timed_out);
}

RawSocket local_client(const std::string& path) {
    RawSocket client(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path.copy(at.sun_path, path.size());
    EXPECT_EQ(::connect(client.fd(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    return client;
}

// Programs of the owner that hang; the daemon stays within its bounds all the same.
TEST(LocalSocket, serves_so_many_clients_and_no_more_at_a_time) {
    Device ann(1);
    ann.create();
    Running server(ann);
    const std::string path = socket_path("many");
    ASSERT_TRUE(server.node().listen_local(path, echo));
    server.start();
    std::vector<RawSocket> silent;
    for (std::size_t i = 0; i < limits::local_clients; ++i) silent.push_back(local_client(path));
    for (auto& client : silent) EXPECT_FALSE(client.closed_within(1));
    EXPECT_TRUE(local_client(path).closed_within(5'000));
    EXPECT_EQ(ask_local(path, Bytes{1}, 5'000).error().code, ErrorCode::net_unreachable);
    silent.pop_back();
    bool served = false;
    for (int i = 0; i < 100 && !served; ++i) {
        served = ask_local(path, Bytes{1}, 5'000).has_value();
        if (!served) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    EXPECT_TRUE(served);
}

TEST(LocalSocket, an_answer_may_reach_its_limit_and_not_pass_it) {
    Device ann(1);
    ann.create();
    Running server(ann);
    const std::string path = socket_path("large");
    ASSERT_TRUE(server.node().listen_local(
        path, [](ByteView request) { return Bytes(limits::local_answer_bytes + request.size() - 1, 7); }));
    server.start();
    const auto largest = ask_local(path, Bytes{1}, 60'000);
    ASSERT_TRUE(largest.has_value());
    EXPECT_EQ(largest->size(), limits::local_answer_bytes);
    EXPECT_EQ(ask_local(path, Bytes{1, 2}, 60'000).error().code, ErrorCode::net_unreachable);
}

TEST(Address, is_a_host_and_a_port) {
    const auto parsed = [](const std::string& text) {
        const auto out = parse_address(text);
        return out ? out->host + " " + std::to_string(out->port) : "";
    };
    EXPECT_EQ(parsed("127.0.0.1:7447"), "127.0.0.1 7447");
    EXPECT_EQ(parsed("[::1]:7447"), "::1 7447");
    EXPECT_EQ(parsed("moot.example:1"), "moot.example 1");
    for (const char* bad :
         {"", ":", ":1", "a:", "a:65536", "a:1x", "a:-1", "::1:7447", "[::1]", "[]:1", "a"}) {
        EXPECT_EQ(parsed(bad), "") << bad;
    }
}

TEST(Address, one_host_is_one_group) {
    const auto group = [](const char* text) { return address_group(boost::asio::ip::make_address(text)); };
    EXPECT_EQ(group("2001:db8::1"), group("2001:db8::ffff:1"));
    EXPECT_NE(group("2001:db8::1"), group("2001:db8:0:1::1"));
    EXPECT_EQ(group("::ffff:10.0.0.1"), group("10.0.0.1"));
}

TEST(Address, that_cannot_be_had_is_an_error) {
    Device ann(1);
    ann.create();
    Running server(ann);
    EXPECT_EQ(server.node().listen(server.address()).error().code, ErrorCode::net_listen);
    EXPECT_EQ(server.node().listen("nothing").error().code, ErrorCode::usage);
    EXPECT_TRUE(server.node().listen("localhost:0"));
}

}  // namespace
}  // namespace folkmoot::net::test
