// What the connections of a node share: the loop, the groups, who may connect, and when to look at the clock.
//
// Attacks it stops: floods of connections that never authenticate (caps, and the oldest of the most numerous
// address gives way to the newest, so that whoever holds sockets keeps nobody out); floods of handshakes (see
// handshake_budget.hpp); one device with many connections; a stolen key that keeps its owner away (see
// turns.hpp); a device that broke the protocol and comes again.
//
// Invariant (T): a message leaves only after everything it may rest on is persisted; see drive().
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <list>
#include <set>

#include "net/connection.hpp"
#include "net/discourage.hpp"
#include "net/handshake_budget.hpp"
#include "net/turns.hpp"
#include "replica/peer_choice.hpp"

namespace folkmoot::net {

/// Errors as values in coroutines.
inline constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// Monotonic.
[[nodiscard]] std::uint64_t now_ms();

struct HostedGroup {
    Replica* replica = nullptr;
    Store* store = nullptr;
    /// A write failed: the group is served no more.
    std::optional<Error> failed;
    std::uint64_t next_turn =
        0;                 // the connection whose turn it is to be sent something, by its serial number
    bool goes_on = false;  // drive() will be called again by itself
};

/// One call of sync().
struct SyncTask {
    explicit SyncTask(asio::io_context& context) : deadline(context) {}
    GroupId group;
    std::string address;
    std::optional<DeviceKey> expected;
    std::function<void(const SyncReport&)> then;
    std::uint64_t started_ms = 0;
    SyncReport report;
    bool reported = false;
    bool done = false;
    std::weak_ptr<Connection> connection;
    asio::steady_timer deadline;
};

/// One attempt to connect; cancelled from outside or by its timer.
struct Dial {
    explicit Dial(asio::io_context& context) : resolver(context), socket(context), timer(context) {}
    void cancel();
    tcp::resolver resolver;
    tcp::socket socket;
    asio::steady_timer timer;
    bool cancelled = false;
};

/// An address that keep_peer() was given.
struct KeptPeer {
    std::string address;
    std::optional<DeviceKey> known;  // who answered there last
    bool active = false;             // dialled or connected by the overlay
    bool self = false;               // this device itself: never dialled again
    bool waits_for_turn = false;     // its device is connected from elsewhere: see Core::take_place
    std::weak_ptr<Connection> connection;
    std::uint64_t since_ms = 0;  // when it was dialled
};

class Core {
   public:
    Core(Signer& signer, const Verifier& verifier, const NodeOptions& options);
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;
    ~Core();

    [[nodiscard]] asio::io_context& context() { return context_; }
    [[nodiscard]] Signer& signer() { return signer_; }
    [[nodiscard]] const Verifier& verifier() const { return verifier_; }
    [[nodiscard]] const NodeOptions& options() const { return options_; }
    /// Called once, when the node closes.
    void at_close(std::function<void()> close) { closers_.push_back(std::move(close)); }

    // --- Groups -----------------------------------------------------------------------------------
    void add_group(Replica& replica, Store& store);
    [[nodiscard]] HostedGroup* find_group(const GroupId& group);
    [[nodiscard]] HostedGroup* find_group(const GroupTag& tag, const Hash32& binding);
    [[nodiscard]] std::list<HostedGroup>& groups() { return groups_; }
    /// Persists what the replica asks for, then sends what it has for all peers with room, a message each in
    /// turn, until there is neither; after limits::work_slice_ms others have their turn and the rest comes
    /// after them.
    void drive(HostedGroup& group);

    // --- Connections ------------------------------------------------------------------------------
    [[nodiscard]] Result<std::string> listen(const std::string& address);
    void keep_peer(const std::string& address);
    [[nodiscard]] std::shared_ptr<SyncTask> start_sync(const GroupId& group, const std::string& address,
                                                       const std::optional<DeviceKey>& expected,
                                                       std::uint64_t timeout_ms,
                                                       std::function<void(const SyncReport&)> then);
    /// The channel stands: whether this connection may stay, which others must go.
    void established(Connection& connection);
    void ended(const std::shared_ptr<Connection>& connection);
    /// A session on the connection is over; it had ended well.
    void note_visit(const Connection& connection, const Visit& visit);
    void discourage(const DeviceKey& device, const std::string& address) {
        discouraged_.add(device, now_ms(), address);
    }

    // --- The loop ---------------------------------------------------------------------------------
    void on_event(std::function<void(const NodeEvent&)> handler) { handler_ = std::move(handler); }
    void emit(NodeEvent event);
    /// Runs handlers until `done`; also from within a handler.
    void run_until(const std::function<bool()>& done);
    void run();
    /// Runs until the task is done, a signal came or stop() was called.
    void wait_for(SyncTask& task);
    void request_stop();
    /// Closes everything, politely for close_timeout_ms.
    void shut_down();
    void spawn(asio::awaitable<void> work);
    /// Sleeps; cut short when the node closes.
    [[nodiscard]] asio::awaitable<void> sleep(std::uint64_t milliseconds);

   private:
    [[nodiscard]] bool persist_all(HostedGroup& group);
    [[nodiscard]] bool pump_in_turn(HostedGroup& group, std::uint64_t until_ms);
    void fail_group(HostedGroup& group);

    [[nodiscard]] asio::awaitable<void> accept_loop(std::shared_ptr<tcp::acceptor> acceptor);
    [[nodiscard]] asio::awaitable<void> overlay_loop();
    [[nodiscard]] asio::awaitable<void> meet_kept(PeerChoice::Peer number);
    void fill_places(std::uint64_t now);
    void change_places(std::uint64_t now);
    [[nodiscard]] std::set<PeerChoice::Peer> busy_peers(std::uint64_t now) const;
    [[nodiscard]] std::optional<PeerChoice::Peer> kept_number(const Connection& connection) const;
    [[nodiscard]] asio::awaitable<void> sync_once(std::shared_ptr<SyncTask> task);
    [[nodiscard]] asio::awaitable<Result<void>> connect(std::shared_ptr<Dial> dial, std::string address);
    [[nodiscard]] asio::awaitable<void> clock_loop();
    void accept(tcp::socket socket);
    void add(const std::shared_ptr<Connection>& connection);
    void make_room(const std::string& address_group);
    [[nodiscard]] bool connected_to(const DeviceKey& device) const;
    [[nodiscard]] bool take_place(Connection& connection);
    [[nodiscard]] bool has_room_for(const Connection& connection);
    [[nodiscard]] bool may_read(const DeviceKey& device) const;
    void finish(SyncTask& task, const std::optional<Error>& error);
    void give_up(SyncTask& task, const Error& why);
    void deliver_events();
    [[nodiscard]] std::uint64_t tick_ms() const;

    asio::io_context context_;  // first: everything below hangs on it
    Signer& signer_;
    const Verifier& verifier_;
    NodeOptions options_;
    std::list<HostedGroup> groups_;
    std::list<std::shared_ptr<Connection>> connections_;  // oldest first, so by serial number
    std::uint64_t next_serial_ = 0;
    DiscourageTable discouraged_;
    HandshakeBudget handshakes_;
    Turns turns_;

    // The overlay: kept peers, by number.
    std::deque<KeptPeer> kept_;
    PeerChoice choice_;
    asio::steady_timer overlay_;
    std::uint64_t changed_places_ms_ = 0;

    std::vector<std::shared_ptr<tcp::acceptor>> acceptors_;
    std::vector<std::function<void()>> closers_;
    std::set<std::shared_ptr<Dial>> dials_;
    std::set<std::shared_ptr<SyncTask>> tasks_;
    std::set<asio::steady_timer*> sleepers_;
    asio::steady_timer clock_;

    std::function<void(const NodeEvent&)> handler_;
    std::deque<NodeEvent> events_;
    bool delivering_ = false;
    bool closing_ = false;
    bool stop_ = false;
    unsigned depth_ = 0;  // of loops within loops
};

}  // namespace folkmoot::net
