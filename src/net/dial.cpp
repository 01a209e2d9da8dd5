// Connecting to an address, and one reconciliation by request.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>

#include "net/address.hpp"
#include "net/core.hpp"

namespace folkmoot::net {
namespace {

Error unreachable(const std::string& address, const std::string& why) {
    return {ErrorCode::net_unreachable, "cannot reach " + address + ": " + why};
}

}  // namespace

void Dial::cancel() {
    cancelled = true;
    resolver.cancel();
    error_code ignored;
    socket.close(ignored);
    timer.cancel();
}

asio::awaitable<Result<void>> Core::connect(std::shared_ptr<Dial> dial, std::string address) {
    const auto parsed = parse_address(address);
    if (!parsed) co_return std::unexpected(parsed.error());
    dial->timer.expires_after(std::chrono::milliseconds(options_.connect_timeout_ms));
    dial->timer.async_wait([dial](const error_code& failed) {
        if (!failed) dial->cancel();
    });
    dials_.insert(dial);
    error_code problem;
    std::vector<tcp::endpoint> endpoints;
    const auto numeric = asio::ip::make_address(parsed->host, problem);
    if (!problem) {
        endpoints.emplace_back(numeric, parsed->port);
    } else {
        const std::string port = std::to_string(parsed->port);
        const auto [failed, found] = co_await dial->resolver.async_resolve(parsed->host, port, as_result);
        problem = failed;
        for (const auto& entry : found) endpoints.push_back(entry.endpoint());
    }
    for (const auto& endpoint : endpoints) {
        if (dial->cancelled) break;
        error_code ignored;
        dial->socket.close(ignored);
        const auto [failed] = co_await dial->socket.async_connect(endpoint, as_result);
        problem = failed;
        if (!failed) break;
    }
    dial->timer.cancel();
    dials_.erase(dial);
    if (dial->cancelled) co_return std::unexpected(unreachable(address, "no answer in time"));
    if (problem) co_return std::unexpected(unreachable(address, problem.message()));
    co_return Result<void>{};
}

// --- One reconciliation ---------------------------------------------------------------------------

std::shared_ptr<SyncTask> Core::start_sync(const GroupId& group, const std::string& address,
                                           const std::optional<DeviceKey>& expected, std::uint64_t timeout_ms,
                                           std::function<void(const SyncReport&)> then) {
    auto task = std::make_shared<SyncTask>(context_);
    task->group = group;
    task->report.group = group;
    task->address = address;
    task->expected = expected;
    task->then = std::move(then);
    task->started_ms = now_ms();
    task->deadline.expires_after(std::chrono::milliseconds(timeout_ms));
    task->deadline.async_wait([this, task](const error_code& failed) {
        if (failed) return;
        const auto connection = task->connection.lock();
        const ErrorCode code = connection == nullptr ? ErrorCode::net_unreachable
                               : connection->peer()  ? ErrorCode::session_timed_out
                                                     : ErrorCode::channel_timed_out;
        give_up(*task, {code, "not done in time"});
    });
    tasks_.insert(task);
    spawn(sync_once(task));
    return task;
}

asio::awaitable<void> Core::sync_once(std::shared_ptr<SyncTask> task) {
    HostedGroup* group = find_group(task->group);
    if (closing_) co_return finish(*task, Error{ErrorCode::interrupted, "the node was stopped"});
    if (group == nullptr)
        co_return finish(*task, Error{ErrorCode::no_group, "this node does not serve the group"});
    if (group->failed) co_return finish(*task, group->failed);
    const auto dial = std::make_shared<Dial>(context_);
    const auto connected = co_await connect(dial, task->address);
    if (task->done) co_return;
    if (!connected) co_return finish(*task, connected.error());
    const auto connection = std::make_shared<Connection>(*this, std::move(dial->socket), Purpose::one_shot,
                                                         task->address, task->expected, task);
    task->connection = connection;
    add(connection);
    co_await connection->run();
    if (task->done) co_return;
    task->report.wire_sent = connection->wire_sent();
    task->report.wire_received = connection->wire_received();
    if (connection->peer()) task->report.peer = *connection->peer();
    if (task->reported) co_return finish(*task, std::nullopt);
    if (connection->why()) co_return finish(*task, connection->why());
    finish(*task, Error{ErrorCode::session_closed_by_peer, "the peer closed the connection"});
}

void Core::finish(SyncTask& task, const std::optional<Error>& error) {
    if (task.done) return;
    task.done = true;
    task.deadline.cancel();
    if (error) {
        task.report.outcome = Outcome::failed;
        task.report.error = *error;
    }
    task.report.milliseconds = now_ms() - task.started_ms;
    const auto self = std::ranges::find_if(tasks_, [&](const auto& at) { return at.get() == &task; });
    if (self == tasks_.end()) return;
    const auto node = tasks_.extract(self);
    if (node.value()->then) asio::post(context_, [held = node.value()] { held->then(held->report); });
}

void Core::give_up(SyncTask& task, const Error& why) {
    if (const auto connection = task.connection.lock()) connection->abort(why);
    finish(task, task.reported ? std::nullopt : std::optional(why));
}

void Core::wait_for(SyncTask& task) {
    error_code ignored;
    asio::signal_set signals(context_);
    bool interrupted = false;
    const auto alive = std::make_shared<bool>(true);
    // Within another loop that one sees the signal.
    if (depth_ == 0) {
        signals.add(SIGINT, ignored);
        signals.add(SIGTERM, ignored);
        signals.async_wait([alive, &interrupted](const error_code& failed, int) {
            if (!failed && *alive) interrupted = true;
        });
    }
    ++depth_;
    run_until([&] { return task.done || interrupted || stop_; });
    --depth_;
    *alive = false;
    signals.cancel(ignored);
    if (!task.done) give_up(task, {ErrorCode::interrupted, "interrupted"});
    if (depth_ == 0) stop_ = false;
    if (!delivering_) deliver_events();
}

}  // namespace folkmoot::net
