// Connections that die, disks that fail, many peers at once, peers that lose their place.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include "node_fixture.hpp"
#include "raw_peer.hpp"

namespace folkmoot::net::test {
namespace {

/// A store that refuses to append once `room` ops are in it.
class FullStore : public Store {
   public:
    FullStore(Store& inner, std::uint64_t room) : inner_(inner), room_(room) {}
    StoreInstance instance() const override { return inner_.instance(); }
    Result<void> renew_instance(const StoreInstance& i) override { return inner_.renew_instance(i); }
    bool may_be_rolled_back() const override { return inner_.may_be_rolled_back(); }
    Result<void> mark_rolled_back(bool value) override { return inner_.mark_rolled_back(value); }
    Result<void> append(std::span<const StoredOp> ops) override {
        if (inner_.count().value_or(0) + ops.size() > room_)
            return fail(ErrorCode::store_full, "the disk is full");
        return inner_.append(ops);
    }
    Result<void> add_signatures(std::span<const OpSignature> signatures) override {
        return inner_.add_signatures(signatures);
    }
    Result<void> add_payload(const OpId& id, ByteView p) override { return inner_.add_payload(id, p); }
    Result<void> erase_payload(const OpId& id) override { return inner_.erase_payload(id); }
    Result<StoredOp> read(const OpId& id) const override { return inner_.read(id); }
    Result<void> for_each(bool payloads,
                          const std::function<Result<void>(StoredOp&&)>& visit) const override {
        return inner_.for_each(payloads, visit);
    }
    Result<std::uint64_t> count() const override { return inner_.count(); }
    Result<void> remember(const DeviceKey& peer, std::span<const RememberedFrontier> f) override {
        return inner_.remember(peer, f);
    }
    Result<std::vector<RememberedFrontier>> remembered() const override { return inner_.remembered(); }
    Result<void> checkpoint() override { return inner_.checkpoint(); }
    Result<StoreCheck> check(CheckDepth depth) const override { return inner_.check(depth); }
    Result<void> backup(const std::filesystem::path& to) const override { return inner_.backup(to); }

   private:
    Store& inner_;
    std::uint64_t room_;
};

/// Carries one connection to the server and cuts it after `most` bytes from there.
class CuttingProxy {
   public:
    CuttingProxy(std::string server, std::size_t most) : server_(std::move(server)), most_(most) {
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
    ~CuttingProxy() {
        thread_.join();
        ::close(listener_);
    }
    [[nodiscard]] const std::string& address() const { return address_; }

   private:
    void carry() {
        RawSocket client(::accept(listener_, nullptr, nullptr));
        RawSocket server(server_);
        std::size_t carried = 0;
        std::array<pollfd, 2> both{pollfd{client.fd(), POLLIN, 0}, pollfd{server.fd(), POLLIN, 0}};
        while (carried < most_ && ::poll(both.data(), 2, 10'000) > 0) {
            if (both[0].revents != 0) {
                const Bytes data = client.receive();
                if (data.empty() || !server.send(data)) return;
            }
            if (both[1].revents != 0) {
                Bytes data = server.receive();
                if (data.empty()) return;
                data.resize(std::min(data.size(), most_ - carried));
                carried += data.size();
                if (!client.send(data)) return;
            }
        }
        // An end, not a reset, so that what was carried arrives.
        ::shutdown(client.fd(), SHUT_WR);
        EXPECT_TRUE(client.closed_within(10'000));
    }

    std::string server_;
    std::size_t most_;
    int listener_ = -1;
    std::string address_;
    std::thread thread_;
};

TEST(NodeTrouble, a_connection_cut_mid_way_keeps_its_work_and_the_next_goes_on) {
    Device ann(1);
    ann.create();
    Device ben(2, ann.group());
    ann.add(ben);
    ann.posts(1000, std::string(1000, 'x'));
    Running server(ann);
    server.start();
    {
        CuttingProxy proxy(server.address(), 600'000);
        const SyncReport cut = sync_once(ben, proxy.address());
        EXPECT_EQ(cut.outcome, Outcome::failed);
        EXPECT_EQ(cut.error.code, ErrorCode::channel_truncated) << cut.error.text;
    }
    const std::uint64_t kept = ben.store->count().value_or(0);
    EXPECT_GT(kept, 100U);
    EXPECT_LT(kept, 1002U);
    const SyncReport rest = sync_once(ben, server.address());
    EXPECT_EQ(rest.outcome, Outcome::equal) << rest.error.text;
    EXPECT_EQ(rest.stats.ops_new, 1002U - kept);
}

TEST(NodeTrouble, much_in_both_directions_does_not_lock_up) {
    Device ann(1);
    ann.create();
    Device ben(2, ann.group());
    ann.add(ben);
    Running server(ann);
    server.start();
    EXPECT_EQ(sync_once(ben, server.address()).outcome, Outcome::equal);
    const std::string much(32'000, 'x');
    server.on_thread([&] {
        for (int i = 0; i < 400; ++i) {
            EXPECT_TRUE(ann.replica->post(as_bytes(much), 3));
            EXPECT_TRUE(server.node().touched(ann.group()));
        }
    });
    ben.posts(400, much);
    const SyncReport report = sync_once(ben, server.address());
    EXPECT_EQ(report.outcome, Outcome::equal) << report.error.text;
    server.stop();
    EXPECT_TRUE(ben.equals(ann));
}

TEST(NodeTrouble, twenty_peers_at_once_are_served) {
    Device ann(1);
    ann.create();
    std::vector<std::unique_ptr<Device>> peers;
    for (std::uint8_t i = 0; i < 20; ++i) {
        peers.push_back(std::make_unique<Device>(static_cast<std::uint8_t>(10 + i), ann.group()));
        ann.add(*peers.back());
    }
    ann.posts(50);
    NodeOptions options;
    options.half_open_per_address = 64;
    Running server(ann, options);
    server.start();
    std::vector<SyncReport> reports(peers.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < peers.size(); ++i) {
        threads.emplace_back([&, i] { reports[i] = sync_once(*peers[i], server.address()); });
    }
    for (auto& thread : threads) thread.join();
    server.stop();
    for (std::size_t i = 0; i < peers.size(); ++i) {
        EXPECT_EQ(reports[i].outcome, Outcome::equal) << i << ": " << reports[i].error.text;
        EXPECT_TRUE(peers[i]->equals(ann));
    }
}

TEST(NodeTrouble, a_full_disk_ends_the_sync_and_acknowledges_nothing) {
    Device ann(1);
    ann.create();
    Device ben(2, ann.group());
    ann.add(ben);
    ann.posts(300, std::string(2000, 'x'));
    Running server(ann);
    server.start();
    SyncReport report;
    {
        FullStore full(*ben.store, 150);
        Node node(*ben.signer, ed25519_verifier());
        node.add_group(*ben.replica, full);
        report = node.sync(ben.group(), server.address(), {}, 5'000);
        EXPECT_EQ(report.outcome, Outcome::failed);
        EXPECT_EQ(report.error.code, ErrorCode::store_full) << report.error.text;
        EXPECT_EQ(node.touched(ben.group()).error().code, ErrorCode::store_full);
        EXPECT_EQ(node.sync(ben.group(), server.address(), {}, 5'000).error.code, ErrorCode::store_full);
    }
    EXPECT_TRUE(server.wait_for(NodeEvent::Kind::synced));
    server.stop();
    EXPECT_LE(ben.store->count().value_or(999), 150U);
    EXPECT_TRUE(ann.store->remembered()->empty());
    for (const NodeEvent& event : server.events()) {
        EXPECT_TRUE(!event.report || event.report->outcome == Outcome::failed);
    }
}

TEST(NodeTrouble, an_author_whose_disk_is_full_tells_nobody) {
    Device ann(1);
    ann.create();
    Device ben(2, ann.group());
    ann.add(ben);
    FullStore full(*ann.store, 2);
    Running server(ann, {}, &full);
    Running client(ben);
    client.node().keep_peer(server.address());
    server.start();
    client.start();
    EXPECT_TRUE(client.wait_for(NodeEvent::Kind::synced));
    server.on_thread([&] {
        EXPECT_TRUE(ann.replica->post(as_bytes("lost"), 9));
        const auto told = server.node().touched(ann.group());
        EXPECT_TRUE(!told && told.error().code == ErrorCode::store_full);
    });
    const auto read_only = [](const NodeEvent& event) {
        return event.event && event.event->kind == Event::Kind::read_only;
    };
    EXPECT_TRUE(server.wait_for(read_only));
    client.stop();
    server.stop();
    EXPECT_EQ(ben.ops(), 2U);
}

TEST(NodeTrouble, two_that_keep_each_other_end_with_one_connection) {
    Device ann(1);
    ann.create();
    Device ben(2, ann.group());
    ann.add(ben);
    NodeOptions options;
    options.first_retry_ms = 50;
    Running a(ann, options);
    Running b(ben, options);
    a.node().keep_peer(b.address());
    b.node().keep_peer(a.address());
    a.start();
    b.start();
    EXPECT_TRUE(a.wait_for(NodeEvent::Kind::synced));
    std::this_thread::sleep_for(std::chrono::milliseconds(800));
    const auto open = [](Running& running) {
        long count = 0;
        for (const NodeEvent& event : running.events()) {
            count += event.kind == NodeEvent::Kind::connected ? 1 : 0;
            count -= event.kind == NodeEvent::Kind::disconnected && event.peer ? 1 : 0;
        }
        return count;
    };
    EXPECT_EQ(open(a), 1);
    EXPECT_EQ(open(b), 1);
    EXPECT_LT(a.events().size(), 40U);
}

TEST(NodeTrouble, a_removed_peer_learns_why_while_it_is_connected) {
    Device ann(1);
    ann.create();
    Device ben(2, ann.group());
    ann.add(ben);
    Running server(ann);
    NodeOptions options;
    options.first_retry_ms = 50;
    Running client(ben, options);
    client.node().keep_peer(server.address());
    server.start();
    client.start();
    EXPECT_TRUE(client.wait_for(NodeEvent::Kind::synced));
    server.on_thread([&] {
        EXPECT_TRUE(ann.replica->act(Remove{ben.key(), std::nullopt}, 9));
        EXPECT_TRUE(server.node().touched(ann.group()));
    });
    const auto removed = [](const NodeEvent& event) {
        return event.event && event.event->kind == Event::Kind::you_were_removed;
    };
    EXPECT_TRUE(client.wait_for(removed));
    server.on_thread([&] {
        EXPECT_TRUE(ann.replica->post(as_bytes("without ben"), 10));
        EXPECT_TRUE(server.node().touched(ann.group()));
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    client.stop();
    server.stop();
    EXPECT_EQ(ben.ops(), 3U);
}

TEST(NodeTrouble, Y9_who_is_taken_back_while_it_is_connected_gets_what_lay_between) {
    Device ann(1);
    ann.create();
    Device ben(2, ann.group());
    ann.add(ben);
    Running server(ann);
    NodeOptions options;
    options.first_retry_ms = 50;
    Running client(ben, options);
    client.node().keep_peer(server.address());
    server.start();
    client.start();
    EXPECT_TRUE(client.wait_for(NodeEvent::Kind::synced));
    const auto does = [&](const std::vector<Act>& acts) {
        server.on_thread([&] {
            for (const Act& act : acts) {
                EXPECT_TRUE(ann.replica->act(act, 9));
                EXPECT_TRUE(server.node().touched(ann.group()));
            }
        });
    };
    const auto ended_well = [](const NodeEvent& event) {
        return event.kind == NodeEvent::Kind::synced && event.report &&
               event.report->outcome == Outcome::equal;
    };
    const Device cat(3, ann.group());
    does({Remove{ben.key(), std::nullopt}, Add{cat.key(), level::member}});
    EXPECT_TRUE(client.wait_for(ended_well, 2)) << "with what removed it";
    does({Add{ben.key(), level::member}});
    EXPECT_TRUE(client.wait_for(ended_well, 3)) << "with the rest";
    client.stop();
    server.stop();
    EXPECT_TRUE(ben.equals(ann));
}

// Dan, whom ann does not hear of, took ben back: ann learns it from ben, in the session that he asked for.
TEST(NodeTrouble, Y9_a_reconciliation_by_request_that_is_outgrown_goes_on_in_a_second_session) {
    Device ann(1);
    ann.create();
    Device ben(2, ann.group());
    Device dan(3, ann.group());
    ann.add(ben);
    ann.add(dan, level::admin);
    const auto copy = [](const Device& from, Device& to) {
        std::vector<EncodedOp> ops;
        for (OpIndex op = 0; op < from.replica->graph().size(); ++op)
            ops.push_back(from.replica->load(op).value());
        EXPECT_TRUE(to.replica->take(ops));
        to.persist_all();
    };
    EXPECT_TRUE(ann.replica->act(Remove{ben.key(), std::nullopt}, 3));
    ann.persist_all();
    copy(ann, dan);
    ann.posts(3);
    dan.add(ben);
    copy(dan, ben);
    Running server(ann);
    server.start();
    Running client(ben);
    const SyncReport report = client.node().sync(ben.group(), server.address(), ann.key(), 10'000);
    EXPECT_EQ(report.outcome, Outcome::equal) << report.error.text;
    EXPECT_EQ(report.stats.ops_new, 3U);
    server.stop();
    EXPECT_TRUE(ben.equals(ann));
}

TEST(NodeTrouble, a_kept_peer_that_goes_away_is_found_again) {
    Device ann(1);
    ann.create();
    Device ben(2, ann.group());
    ann.add(ben);
    NodeOptions options;
    options.first_retry_ms = 50;
    Running client(ben, options);
    client.start();
    std::string address;
    {
        Running server(ann);
        address = server.address();
        server.start();
        client.on_thread([&] { client.node().keep_peer(address); });
        EXPECT_TRUE(client.wait_for(NodeEvent::Kind::synced));
    }
    EXPECT_TRUE(client.wait_for(NodeEvent::Kind::disconnected));
    Running again(ann);
    again.stop();
    Node same(*ann.signer, ed25519_verifier());
    same.add_group(*ann.replica, *ann.store);
    ASSERT_TRUE(same.listen(address));
    std::thread thread([&] { same.run(); });
    EXPECT_TRUE(client.wait_for(NodeEvent::Kind::synced, 2));
    same.stop();
    thread.join();
}

TEST(NodeTrouble, a_signal_ends_a_run_cleanly) {
    Device ann(1);
    ann.create();
    Device ben(2, ann.group());
    ann.add(ben);
    Running client(ben);
    Node node(*ann.signer, ed25519_verifier());
    node.add_group(*ann.replica, *ann.store);
    const auto address = node.listen("[::1]:0");
    if (!address) GTEST_SKIP() << "no IPv6 here";
    client.node().keep_peer(*address);
    std::thread thread([&] { node.run(); });
    client.start();
    EXPECT_TRUE(client.wait_for(NodeEvent::Kind::synced));
    client.on_thread([] {});
    // Both nodes of this process see it.
    ::kill(::getpid(), SIGTERM);
    thread.join();
    EXPECT_TRUE(client.wait_for(NodeEvent::Kind::disconnected));
    client.stop();
    for (const NodeEvent& event : client.events()) EXPECT_EQ(event.error.text, "");
}

}  // namespace
}  // namespace folkmoot::net::test
