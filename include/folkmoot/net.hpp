// Peers over TCP: a listener and a connector that run channels (C) and sessions (Y) for the groups of one
// device. One thread, many connections; one slow or hostile peer costs its own budget and nobody else's.
//
// The node drives its replicas: it persists what they ask for before it sends what rests on it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "folkmoot/bytes.hpp"
#include "folkmoot/error.hpp"
#include "folkmoot/replica.hpp"
#include "folkmoot/signer.hpp"
#include "folkmoot/store.hpp"

namespace folkmoot::net {

/// How one reconciliation with one peer went.
struct SyncReport {
    GroupId group;
    DeviceKey peer;
    Outcome outcome = Outcome::failed;
    /// Set if outcome is failed.
    Error error;
    SessionStats stats;
    /// Bytes of session messages inside the channel, without its encryption and framing.
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;
    /// Bytes on the socket, handshake included.
    std::uint64_t wire_sent = 0;
    std::uint64_t wire_received = 0;
    std::uint64_t milliseconds = 0;
};

/// What happens while a node runs; for logs and `watch`.
struct NodeEvent {
    enum class Kind : std::uint8_t {
        listening,
        connected,
        disconnected,
        synced,
        replica
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

/// All calls from the thread that runs it, or before run().
class Node {
   public:
    /// Signer and verifier must outlive the node.
    Node(Signer& signer, const Verifier& verifier);
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    /// Serves the group. Replica and store must outlive the node; from now on only the node calls
    /// poll_persist and poll_event of the replica (see on_event).
    void add_group(Replica& replica, Store& store);

    /// Starts accepting on "HOST:PORT" (port 0 takes a free one) and returns the address bound: net_listen.
    [[nodiscard]] Result<std::string> listen(const std::string& address);
    /// Keeps a connection to "HOST:PORT", with exponential back-off; sessions stay open and push what is new.
    void keep_peer(const std::string& address);
    /// One reconciliation of one group with the peer at the address, then a clean close. Runs the loop until
    /// it ended or `timeout_ms` passed. Errors before a session are in the report too (net_unreachable,
    /// channel_*). `expected`, if given, is whom the address must be.
    [[nodiscard]] SyncReport sync(const GroupId& group, const std::string& address,
                                  const std::optional<DeviceKey>& expected, std::uint64_t timeout_ms);

    /// Answers requests on a Unix socket (0600): one request of bytes, one answer, several at a time.
    /// The handler runs on the node's thread and may call the replicas; call touched() when it authored.
    [[nodiscard]] Result<void> listen_local(const std::string& path, std::function<Bytes(ByteView)> handler);
    /// The app changed a replica: persist, and push to open sessions. The result is that of the persist.
    [[nodiscard]] Result<void> touched(const GroupId& group);

    void on_event(std::function<void(const NodeEvent&)> handler);
    /// Runs until stop() or SIGINT/SIGTERM (then sessions are closed cleanly).
    void run();
    void stop();

   private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The other end of listen_local: sends the request and waits for the answer. net_unreachable if nobody
/// listens.
[[nodiscard]] Result<Bytes> ask_local(const std::string& path, ByteView request, std::uint64_t timeout_ms);

}  // namespace folkmoot::net
