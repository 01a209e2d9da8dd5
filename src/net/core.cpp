#include "net/core.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <csignal>

#include "net/address.hpp"

namespace folkmoot::net {

std::uint64_t now_ms() {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

Core::Core(Signer& signer, const Verifier& verifier, const NodeOptions& options)
    : signer_(signer),
      verifier_(verifier),
      options_(options),
      handshakes_({.own = options.handshakes_per_address, .shared = options.shared_handshakes}),
      turns_(options.turn_ms),
      overlay_(context_),
      clock_(context_) {
    choice_.set_pauses(options.first_retry_ms, options.last_retry_ms);
    spawn(clock_loop());
}

Core::~Core() {
    handler_ = nullptr;
    shut_down();
}

// --- Groups ---------------------------------------------------------------------------------------

void Core::add_group(Replica& replica, Store& store) {
    HostedGroup& group = groups_.emplace_back(HostedGroup{&replica, &store, std::nullopt});
    if (replica.read_only()) group.failed = Error{ErrorCode::store_read_only, "a write failed before"};
    for (const auto& connection : connections_) {
        if (connection->purpose() == Purpose::kept) connection->open_group(group);
    }
    drive(group);
}

HostedGroup* Core::find_group(const GroupId& id) {
    const auto at = std::ranges::find_if(
        groups_, [&](const HostedGroup& group) { return group.replica->group_id() == id; });
    return at == groups_.end() ? nullptr : &*at;
}

HostedGroup* Core::find_group(const GroupTag& tag, const Hash32& binding) {
    const auto at = std::ranges::find_if(groups_, [&](const HostedGroup& group) {
        return group.replica->group_id() && group_tag(*group.replica->group_id(), binding) == tag;
    });
    return at == groups_.end() ? nullptr : &*at;
}

bool Core::persist_all(HostedGroup& group) {
    bool any = false;
    while (const auto batch = group.replica->poll_persist()) {
        any = true;
        const auto done = persist(*group.store, *batch);
        group.replica->handle_persisted(batch->ticket, done);
        if (!done && !group.failed) group.failed = done.error();
    }
    while (auto event = group.replica->poll_event()) {
        NodeEvent out;
        out.kind = NodeEvent::Kind::replica;
        out.group = group.replica->group_id();
        out.error = event->error;
        out.event = std::move(event);
        emit(std::move(out));
    }
    return any;
}

void Core::drive(HostedGroup& group) {
    const std::uint64_t until_ms = now_ms() + limits::work_slice_ms;
    for (bool again = true; again;) {
        again = persist_all(group);
        if (group.failed) return fail_group(group);
        again = pump_in_turn(group, until_ms) || again;
        if (!again || now_ms() < until_ms) continue;
        if (std::exchange(group.goes_on, true)) return;
        asio::post(context_, [this, &group] {
            group.goes_on = false;
            drive(group);
        });
        return;
    }
}

// A round of turns, or as many as there is time for. False if nobody had anything to say. What waits in a
// session for its records to be persisted is said in the same turn, so that no session is over before it.
bool Core::pump_in_turn(HostedGroup& group, std::uint64_t until_ms) {
    const auto after = [&](const auto& connection) { return connection->serial() >= group.next_turn; };
    auto at = std::ranges::find_if(connections_, after);
    bool any = false;
    for (std::size_t turns = connections_.size(); turns > 0; --turns) {
        if (at == connections_.end()) at = connections_.begin();
        const bool sent = (*at)->pump(group) || (persist_all(group) && (*at)->pump(group));
        if (group.failed) return true;
        any = sent || (*at)->settle(group) || any;
        group.next_turn = (*at)->serial() + 1;
        ++at;
        if (turns > 1 && now_ms() >= until_ms) return true;
    }
    return any;
}

void Core::fail_group(HostedGroup& group) {
    for (const auto& connection : connections_) connection->abandon(group, *group.failed);
}

// --- Who may connect ------------------------------------------------------------------------------

void Core::add(const std::shared_ptr<Connection>& connection) {
    connection->set_serial(next_serial_++);
    connections_.push_back(connection);
    clock_.cancel();
}

void Core::accept(tcp::socket socket) {
    error_code failed;
    const auto endpoint = socket.remote_endpoint(failed);
    if (failed || closing_) return;
    if (!handshakes_.admit(address_group(endpoint.address()), now_ms())) return;
    auto connection = std::make_shared<Connection>(*this, std::move(socket), Purpose::accepted,
                                                   to_text(endpoint), std::nullopt, nullptr);
    make_room(connection->address_group());
    add(connection);
    spawn(connection->run());
}

// The newest is let in and the oldest goes: a flood must then outrun an honest handshake of some
// milliseconds, where holding a few sockets would otherwise shut everybody out. The total is taken from
// whoever has most.
void Core::make_room(const std::string& address_group) {
    std::map<std::string, std::size_t> counts;
    std::size_t total = 0;
    for (const auto& connection : connections_) {
        if (connection->purpose() != Purpose::accepted || !connection->half_open()) continue;
        ++counts[connection->address_group()];
        ++total;
    }
    // Among those who have equally many it is the oldest that goes: an order of addresses would let a flood
    // from many of them keep out whoever comes first in it.
    std::size_t most = counts[address_group];
    const bool from_one_address = most >= options_.half_open_per_address;
    if (!from_one_address) {
        if (total < options_.half_open) return;
        for (const auto& [group, count] : counts) most = std::max(most, count);
    }
    for (const auto& connection : connections_) {
        if (connection->purpose() != Purpose::accepted || !connection->half_open()) continue;
        const std::string& group = connection->address_group();
        if (from_one_address ? group == address_group : counts[group] == most)
            return connection->abort({ErrorCode::net_busy, "too many connections are half open"});
    }
}

bool Core::connected_to(const DeviceKey& device) const {
    return std::ranges::any_of(connections_, [&](const auto& connection) {
        return connection->open() && connection->peer() == device;
    });
}

void Core::established(Connection& connection) {
    const DeviceKey& peer = *connection.peer();
    const bool accepted = connection.purpose() == Purpose::accepted;
    emit({NodeEvent::Kind::connected, connection.address(), peer, {}, {}, {}, {}});
    if (closing_) return connection.close();
    if (peer == signer_.key()) {
        return connection.close({ErrorCode::channel_wrong_identity, "this device itself is at the address"});
    }
    // Who asks for one reconciliation by name has decided for themselves.
    if (connection.purpose() != Purpose::one_shot &&
        discouraged_.contains(peer, now_ms(), connection.address_group())) {
        return connection.close({ErrorCode::net_busy, "the device broke the protocol within the last day"});
    }
    if (connection.purpose() != Purpose::one_shot && !take_place(connection)) {
        return connection.close({ErrorCode::net_busy, "the device is connected from another address"});
    }
    if (accepted && !has_room_for(connection))
        return connection.close({ErrorCode::net_busy, "too many connections are open"});
    for (auto& group : groups_) connection.open_group(group);
}

bool Core::may_read(const DeviceKey& device) const {
    return std::ranges::any_of(
        groups_, [&](const HostedGroup& group) { return group.replica->access().now().may_read(device); });
}

// C17.3. Keys cost nothing, and whoever was once a member can name the group: sessions of such devices must
// not hold the places of those that are let in.
bool Core::has_room_for(const Connection& connection) {
    std::size_t open = 0;
    Connection* idle = nullptr;
    Connection* stranger = nullptr;
    for (const auto& other : connections_) {
        if (other.get() == &connection || !other->open() || other->purpose() != Purpose::accepted) continue;
        ++open;
        if (idle == nullptr && !other->has_sessions()) idle = other.get();
        if (stranger == nullptr && !may_read(*other->peer())) stranger = other.get();
    }
    if (open < options_.connections) return true;
    Connection* leaves = idle;
    if (leaves == nullptr && may_read(*connection.peer())) leaves = stranger;
    if (leaves != nullptr) leaves->close({ErrorCode::net_busy, "too many connections are open"});
    return leaves != nullptr;
}

// C17.2: the new one takes the place of the others of its device if it is its address's turn. Two devices
// that keep each other dialled need one connection, and of these the end with the greater key decides alone,
// so that never both are lost. A reconciliation that somebody asked for is not touched.
bool Core::take_place(Connection& connection) {
    const DeviceKey& device = *connection.peer();
    const bool decides = device < signer_.key();
    std::vector<std::shared_ptr<Connection>> others;
    for (const auto& other : connections_) {
        if (other.get() == &connection || !other->open() || other->peer() != device) continue;
        if (other->purpose() == Purpose::one_shot) continue;
        if (other->purpose() == connection.purpose() ? connection.purpose() == Purpose::accepted : decides)
            others.push_back(other);
    }
    const bool kept = connection.purpose() == Purpose::kept;
    const bool has_turn = (kept && others.empty()) ||
                          turns_.take(device, connection.address_group(), !others.empty(), now_ms());
    if (const auto number = kept_number(connection)) kept_[*number].waits_for_turn = !has_turn;
    if (!has_turn) return false;
    for (const auto& other : others) other->close({ErrorCode::net_busy, "the device connected again"});
    return true;
}

void Core::ended(const std::shared_ptr<Connection>& connection) {
    // Strangers who never complete a handshake are not reported: they could fill any log.
    const bool tell = connection->peer() || connection->purpose() != Purpose::accepted;
    if (tell) {
        emit({NodeEvent::Kind::disconnected,
              connection->address(),
              connection->peer(),
              {},
              {},
              {},
              connection->why().value_or(Error{})});
    }
    connections_.remove(connection);
}

// --- The clock ------------------------------------------------------------------------------------

std::uint64_t Core::tick_ms() const {
    const std::uint64_t shortest =
        std::min({options_.handshake_timeout_ms, options_.record_timeout_ms, options_.idle_timeout_ms,
                  options_.close_timeout_ms, options_.anti_entropy_ms});
    return std::clamp<std::uint64_t>(shortest / 4, 10, 1000);
}

// With connections, looks around every tick; deadlines are met to within one.
asio::awaitable<void> Core::clock_loop() {
    while (!closing_ || !connections_.empty()) {
        const auto pause = connections_.empty() ? std::chrono::milliseconds(std::chrono::hours(1))
                                                : std::chrono::milliseconds(tick_ms());
        clock_.expires_after(pause);
        const auto [cut_short] = co_await clock_.async_wait(as_result);
        if (cut_short) continue;
        const std::uint64_t now = now_ms();
        const auto connections = connections_;
        for (const auto& connection : connections) connection->check_time(now);
        for (auto& group : groups_) {
            const auto deadline = group.replica->deadline_ms();
            if (!deadline || now < *deadline) continue;
            group.replica->handle_time(now);
            drive(group);
        }
    }
}

asio::awaitable<void> Core::sleep(std::uint64_t milliseconds) {
    asio::steady_timer timer(context_, std::chrono::milliseconds(milliseconds));
    if (closing_) co_return;
    sleepers_.insert(&timer);
    co_await timer.async_wait(as_result);
    sleepers_.erase(&timer);
}

// --- Events and the loop --------------------------------------------------------------------------

void Core::emit(NodeEvent event) {
    if (!handler_) return;
    events_.push_back(std::move(event));
    if (delivering_ || events_.size() > 1) return;
    asio::post(context_, [this] { deliver_events(); });
}

// From the top of the loop, so that a handler may call the node.
void Core::deliver_events() {
    if (delivering_) return;
    delivering_ = true;
    while (!events_.empty()) {
        const NodeEvent event = std::move(events_.front());
        events_.pop_front();
        if (handler_) handler_(event);
    }
    delivering_ = false;
}

void Core::spawn(asio::awaitable<void> work) {
    // Only want of memory can throw here; what was being done is lost, the node goes on.
    asio::co_spawn(context_, std::move(work), [](const std::exception_ptr&) {});
}

void Core::run_until(const std::function<bool()>& done) {
    while (!done()) {
        if (context_.stopped()) context_.restart();
        if (context_.run_one() == 0) return;
    }
}

void Core::run() {
    error_code ignored;
    asio::signal_set signals(context_);
    signals.add(SIGINT, ignored);
    signals.add(SIGTERM, ignored);
    signals.async_wait([this](const error_code& failed, int) {
        if (!failed) stop_ = true;
    });
    ++depth_;
    run_until([this] { return stop_; });
    --depth_;
    signals.cancel(ignored);
    shut_down();
}

void Core::request_stop() {
    asio::post(context_, [this] { stop_ = true; });
}

void Core::shut_down() {
    closing_ = true;
    error_code ignored;
    for (const auto& close : closers_) close();
    closers_.clear();
    for (const auto& acceptor : acceptors_) acceptor->close(ignored);
    for (const auto& dial : dials_) dial->cancel();
    for (auto* timer : sleepers_) timer->cancel();
    overlay_.cancel();
    const auto tasks = tasks_;
    for (const auto& task : tasks) give_up(*task, {ErrorCode::interrupted, "the node was stopped"});
    const auto connections = connections_;
    for (const auto& connection : connections) connection->close();
    clock_.cancel();
    const std::uint64_t since = now_ms();
    const auto over = [&] { return now_ms() - since > options_.close_timeout_ms; };
    asio::steady_timer alarm(context_, std::chrono::milliseconds(options_.close_timeout_ms));
    alarm.async_wait([](const error_code&) {});
    run_until([&] { return connections_.empty() || over(); });
    alarm.cancel();
    for (const auto& connection : std::list(connections_)) connection->abort({});
    // Lets coroutines run to their ends.
    clock_.cancel();
    context_.restart();
    context_.run_for(std::chrono::milliseconds(200));
    deliver_events();
}

}  // namespace folkmoot::net
