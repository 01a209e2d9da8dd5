// Devices with replicas in memory stores, and nodes that run in threads of their own.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "folkmoot/net.hpp"
#include "noise_fixture.hpp"

namespace folkmoot::net::test {

/// A device in one group, with everything a node needs.
struct Device {
    explicit Device(std::uint8_t number, std::optional<GroupId> group = std::nullopt)
        : signer(signer_of(number)), store(make_memory_store(StoreInstance{{number}})) {
        auto opened = Replica::open({group, number}, *store, signer.get(), ed25519_verifier());
        EXPECT_TRUE(opened.has_value());
        replica = std::move(*opened);
    }

    [[nodiscard]] DeviceKey key() const { return signer->key(); }
    [[nodiscard]] GroupId group() const { return *replica->group_id(); }
    [[nodiscard]] std::size_t ops() const { return replica->graph().size(); }
    /// For devices without a node.
    void persist_all() {
        while (const auto batch = replica->poll_persist()) {
            replica->handle_persisted(batch->ticket, persist(*store, *batch));
        }
    }
    void create() {
        EXPECT_TRUE(replica->create_group(Create{"book club", {key()}, {}}, 1));
        persist_all();
    }
    void add(const Device& other, Level level = level::member) {
        EXPECT_TRUE(replica->act(Add{other.key(), level}, 2));
        persist_all();
    }
    void post(std::string_view text = "hello") {
        EXPECT_TRUE(replica->post(as_bytes(text), 3));
        persist_all();
    }
    void posts(std::size_t count, std::string_view text = "hello") {
        for (std::size_t i = 0; i < count; ++i) post(text);
    }
    [[nodiscard]] bool equals(const Device& other) const {
        return replica->graph().heads().size() == other.replica->graph().heads().size() &&
               head_ids() == other.head_ids();
    }
    [[nodiscard]] std::vector<OpId> head_ids() const {
        std::vector<OpId> out;
        for (const OpIndex head : replica->graph().heads()) out.push_back(replica->graph().id(head));
        std::ranges::sort(out);
        return out;
    }

    std::unique_ptr<Signer> signer;
    std::unique_ptr<Store> store;
    std::unique_ptr<Replica> replica;
};

/// A node for the device; its events are kept. run() goes on in a thread until the end of the scope.
class Running {
   public:
    explicit Running(Device& device, const NodeOptions& options = {}, Store* store = nullptr)
        : node_(*device.signer, ed25519_verifier(), options) {
        node_.add_group(*device.replica, store != nullptr ? *store : *device.store);
        node_.on_event([this](const NodeEvent& event) {
            const std::lock_guard lock(mutex_);
            events_.push_back(event);
            changed_.notify_all();
        });
        auto bound = node_.listen("127.0.0.1:0");
        EXPECT_TRUE(bound.has_value());
        address_ = bound.value_or("");
    }
    ~Running() { stop(); }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    Running& start() {
        thread_ = std::thread([this] { node_.run(); });
        return *this;
    }
    void stop() {
        if (!thread_.joinable()) return;
        node_.stop();
        thread_.join();
    }
    [[nodiscard]] Node& node() { return node_; }
    [[nodiscard]] const std::string& address() const { return address_; }
    /// Runs `work` on the node's thread and waits for it.
    void on_thread(const std::function<void()>& work) {
        std::mutex mutex;
        std::condition_variable changed;
        bool done = false;
        node_.post([&] {
            work();
            const std::lock_guard lock(mutex);
            done = true;
            changed.notify_all();
        });
        std::unique_lock lock(mutex);
        ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(10), [&] { return done; }));
    }
    /// Waits until `wanted` has come `times` times; false after ten seconds.
    [[nodiscard]] bool wait_for(const std::function<bool(const NodeEvent&)>& wanted, long times = 1) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(10),
                                 [&] { return std::ranges::count_if(events_, wanted) >= times; });
    }
    [[nodiscard]] bool wait_for(NodeEvent::Kind kind, long times = 1) {
        return wait_for([kind](const NodeEvent& event) { return event.kind == kind; }, times);
    }
    [[nodiscard]] std::vector<NodeEvent> events() {
        const std::lock_guard lock(mutex_);
        return events_;
    }

   private:
    Node node_;
    std::string address_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<NodeEvent> events_;
    std::thread thread_;
};

/// One reconciliation by a node of its own.
inline SyncReport sync_once(Device& device, const std::string& address,
                            std::optional<DeviceKey> expected = std::nullopt,
                            std::uint64_t timeout_ms = 10'000, const NodeOptions& options = {}) {
    Node node(*device.signer, ed25519_verifier(), options);
    node.add_group(*device.replica, *device.store);
    return node.sync(device.group(), address, expected, timeout_ms);
}

}  // namespace folkmoot::net::test
