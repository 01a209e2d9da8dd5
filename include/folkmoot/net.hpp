// Peers over TCP: a listener and a connector that run channels (C) and sessions (Y) for the groups of one
// device. One thread, many connections; one slow or hostile peer costs its own budget and nobody else's.
//
// The node drives its replicas: it persists what they ask for before it sends what rests on it (T).
// protocol-spec/channel.md says how sessions share a channel.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "folkmoot/bytes.hpp"
#include "folkmoot/error.hpp"
#include "folkmoot/limits.hpp"
#include "folkmoot/replica.hpp"
#include "folkmoot/signer.hpp"
#include "folkmoot/store.hpp"

namespace folkmoot::net {

/// How one reconciliation with one peer went.
struct SyncReport {
    GroupId group;
    /// All zero if it never came to an authenticated channel.
    DeviceKey peer;
    Outcome outcome = Outcome::failed;
    /// Set if outcome is failed.
    Error error;
    SessionStats stats;
    /// Bytes of session messages inside the channel, without its encryption and framing.
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;
    /// Bytes on the socket, handshake included: of the whole connection, up to this report.
    std::uint64_t wire_sent = 0;
    std::uint64_t wire_received = 0;
    std::uint64_t milliseconds = 0;
};

/// What happens while a node runs; for logs and `watch`.
struct NodeEvent {
    enum class Kind : std::uint8_t {
        listening,     // address
        connected,     // address, peer: the channel is established
        disconnected,  // address, peer if known, error unless the end was clean; also for a dial that failed
        synced,        // address, peer, group, report; error as in the report
        replica        // group, event
    } kind = Kind::connected;
    std::string address;
    std::optional<DeviceKey> peer;
    std::optional<GroupId> group;
    /// For synced.
    std::optional<SyncReport> report;
    /// For replica.
    std::optional<Event> event;
    Error error;
};

/// Bounds that tests and unusual networks change; limits.hpp says what each is for.
struct NodeOptions {
    std::uint64_t handshake_timeout_ms = limits::handshake_timeout_ms;
    std::uint64_t connect_timeout_ms = limits::connect_timeout_ms;
    std::uint64_t record_timeout_ms = limits::record_timeout_ms;
    std::uint64_t idle_timeout_ms = limits::idle_timeout_ms;
    std::uint64_t ping_ms = limits::ping_ms;
    std::uint64_t close_timeout_ms = limits::close_timeout_ms;
    std::uint64_t first_retry_ms = limits::first_retry_ms;
    std::uint64_t last_retry_ms = limits::last_retry_ms;
    std::uint64_t anti_entropy_ms = limits::anti_entropy_ms;
    std::size_t half_open = limits::half_open;
    std::size_t half_open_per_address = limits::half_open_per_address;
    std::uint64_t handshakes_per_address = limits::handshakes_per_address;
    std::uint64_t shared_handshakes = limits::shared_handshakes;
    std::size_t connections = limits::connections;
    std::uint64_t turn_ms = limits::turn_ms;
    std::size_t outgoing = limits::outgoing;
};

/// All calls from the thread that runs it, or before run(), but for post() and stop(). Replicas and stores
/// are only touched on that thread. Nothing here throws but for want of memory.
class Node {
   public:
    /// Signer and verifier must outlive the node.
    Node(Signer& signer, const Verifier& verifier, const NodeOptions& options = {});
    /// Closes what is open; waits at most close_timeout_ms for peers to read what they were sent.
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    /// Serves the group. Replica and store must outlive the node; from now on only the node calls
    /// poll_persist and poll_event of the replica (see on_event). A replica that has no group yet is served
    /// once it has one and touched() was called.
    void add_group(Replica& replica, Store& store);

    /// Starts accepting on "HOST:PORT" (port 0 takes a free one) and returns the address bound: net_listen.
    /// IPv6 stands in brackets, "[::1]:7447"; a name means its first address.
    [[nodiscard]] Result<std::string> listen(const std::string& address);
    /// Keeps a connection to "HOST:PORT", with exponential back-off; sessions stay open and push what is new,
    /// and every anti_entropy_ms another catches what was missed. While the device at that address is
    /// connected in another way, it is dialled every anti_entropy_ms only. Of more than NodeOptions::outgoing
    /// such addresses as many are connected at a time, chosen by what they were good for and in part
    /// uniformly, and change places every anti_entropy_ms. An address beyond limits::known_peers is ignored.
    void keep_peer(const std::string& address);
    /// One reconciliation of one group with the peer at the address, then a clean close. Runs the loop until
    /// it ended or `timeout_ms` passed. Errors before a session are in the report too (net_unreachable,
    /// channel_*). `expected`, if given, is whom the address must be. May be called from within the handlers
    /// given to listen_local and on_event; the node goes on with everything else meanwhile.
    ///   no_group               the node does not serve the group
    ///   net_unreachable        nobody answers at the address
    ///   channel_timed_out      no channel within its time
    ///   channel_wrong_identity somebody else answers, or this device itself
    ///   session_closed_by_peer the peer has no such group or ended the session; session_not_let_in if its
    ///                          view or ours does not let the other read
    ///   session_timed_out      `timeout_ms` passed, or the peer stopped answering
    ///   interrupted            a signal came, or stop() was called
    ///   store_*                a write failed: see Event::Kind::read_only
    [[nodiscard]] SyncReport sync(const GroupId& group, const std::string& address,
                                  const std::optional<DeviceKey>& expected, std::uint64_t timeout_ms);
    /// The same without waiting: `done` is called on the node's thread, once, when the loop runs.
    void start_sync(const GroupId& group, const std::string& address,
                    const std::optional<DeviceKey>& expected, std::uint64_t timeout_ms,
                    std::function<void(const SyncReport&)> done);

    /// Answers requests on a Unix socket (0600): one request of bytes a connection, one answer; several
    /// clients at a time, one handler at a time. The handler runs on the node's thread and may call the
    /// replicas and sync(); call touched() when it authored. If it throws, the answer is empty. net_listen if
    /// the path cannot be had or another process answers there; a socket file that nobody listens on is
    /// replaced.
    [[nodiscard]] Result<void> listen_local(const std::string& path, std::function<Bytes(ByteView)> handler);
    /// The app changed a replica: persist, and push to open sessions. The result is that of the persist:
    /// store_* if it failed now or before, no_group if the node does not serve the group.
    [[nodiscard]] Result<void> touched(const GroupId& group);

    /// Called on the node's thread from the top of the loop, in order; it may call the node.
    void on_event(std::function<void(const NodeEvent&)> handler);
    /// Runs until stop() or SIGINT/SIGTERM; then connections are closed cleanly.
    void run();
    /// Ends run(), and any sync() with `interrupted`. From any thread.
    void stop();
    /// Calls `work` on the node's thread when the loop runs. From any thread.
    void post(std::function<void()> work);

   private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The other end of listen_local: sends the request and waits for the answer. Blocks.
///   net_unreachable           nobody listens, or the other end went away without an answer
///   channel_record_too_large  the request or the answer is over its limit
///   channel_timed_out         no answer within `timeout_ms`
[[nodiscard]] Result<Bytes> ask_local(const std::string& path, ByteView request, std::uint64_t timeout_ms);

/// A verifier that answers the checks of a batch on several threads, the caller's among them; every answer is
/// `inner`'s. `inner` must be thread-safe and outlive it. With one thread it does what `inner` does. May be
/// used from several threads; its own start with the first batch that is worth it, do nothing between calls
/// and end with it.
[[nodiscard]] std::unique_ptr<Verifier> make_pooled_verifier(const Verifier& inner, unsigned threads);

}  // namespace folkmoot::net
