#include <boost/asio/post.hpp>

#include "net/core.hpp"
#include "net/local.hpp"

namespace folkmoot::net {

struct Node::State {
    State(Signer& signer, const Verifier& verifier, const NodeOptions& options)
        : core(signer, verifier, options) {}
    Core core;
};

Node::Node(Signer& signer, const Verifier& verifier, const NodeOptions& options)
    : state_(std::make_unique<State>(signer, verifier, options)) {}

Node::~Node() = default;

void Node::add_group(Replica& replica, Store& store) { state_->core.add_group(replica, store); }

Result<std::string> Node::listen(const std::string& address) { return state_->core.listen(address); }

void Node::keep_peer(const std::string& address) { state_->core.keep_peer(address); }

SyncReport Node::sync(const GroupId& group, const std::string& address,
                      const std::optional<DeviceKey>& expected, std::uint64_t timeout_ms) {
    const auto task = state_->core.start_sync(group, address, expected, timeout_ms, nullptr);
    state_->core.wait_for(*task);
    return task->report;
}

void Node::start_sync(const GroupId& group, const std::string& address,
                      const std::optional<DeviceKey>& expected, std::uint64_t timeout_ms,
                      std::function<void(const SyncReport&)> done) {
    static_cast<void>(state_->core.start_sync(group, address, expected, timeout_ms, std::move(done)));
}

Result<void> Node::listen_local(const std::string& path, std::function<Bytes(ByteView)> handler) {
    const auto server = std::make_shared<LocalServer>(state_->core, std::move(handler));
    auto started = server->start(path);
    if (started) {
        state_->core.at_close([server] { server->close(); });
    } else {
        server->close();
    }
    return started;
}

Result<void> Node::touched(const GroupId& id) {
    HostedGroup* group = state_->core.find_group(id);
    if (group == nullptr) return fail(ErrorCode::no_group, "this node does not serve the group");
    state_->core.drive(*group);
    if (group->failed) return std::unexpected(*group->failed);
    return {};
}

void Node::on_event(std::function<void(const NodeEvent&)> handler) {
    state_->core.on_event(std::move(handler));
}

void Node::run() { state_->core.run(); }

void Node::stop() { state_->core.request_stop(); }

void Node::post(std::function<void()> work) { asio::post(state_->core.context(), std::move(work)); }

}  // namespace folkmoot::net
