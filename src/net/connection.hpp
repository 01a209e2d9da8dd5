// One TCP connection: a channel, and on it the sessions of the groups both ends have, a stream each
// (protocol-spec/channel.md, C13 to C16).
//
// Attacks it stops: a peer that announces much and sends little, or dribbles (record and handshake times);
// one that asks and does not read (unsent_bytes, then it is not read from either); one that probes for groups
// (an unknown group and an unknown stream are answered alike); one that keeps a connection for nothing.
//
//     handshake -> open -> closing (nothing more is said; the rest is flushed) -> over
//           \________\_____________________________________________________________/
//
// Invariants:
//   1. A stream has a session of the replica or none; at most one stream of a group has one.
//   2. What a session gives is asked for only while less than unsent_bytes wait for the peer.
//   3. Once over, no session is open and no coroutine runs on.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>

#include "folkmoot/net.hpp"
#include "net/noise_channel.hpp"
#include "replica/backoff.hpp"

namespace folkmoot::net {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

class Core;
struct HostedGroup;
struct SyncTask;

enum class Purpose : std::uint8_t { accepted, kept, one_shot };

/// Owned by its coroutines and by the core, which outlives them. All calls on the node's thread.
class Connection : public std::enable_shared_from_this<Connection> {
   public:
    /// `task` is for one_shot alone. `expected` is whom the channel must meet.
    Connection(Core& core, tcp::socket socket, Purpose purpose, std::string address,
               std::optional<DeviceKey> expected, std::shared_ptr<SyncTask> task);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    /// From the handshake to the end; never throws.
    [[nodiscard]] asio::awaitable<void> run();

    // --- Sessions (streams.cpp) -------------------------------------------------------------------
    /// On the dialer's side: opens a stream for the group if it is wanted here, none is open and one is left.
    void open_group(HostedGroup& group);
    /// Takes the next message of the group's session, if the peer has room for it; whether there was one.
    bool pump(HostedGroup& group);
    /// Once there is none: reports what finished, ends what failed. Whether a session ended.
    bool settle(HostedGroup& group);
    /// The group cannot be served any more: nothing of its session is sent or acknowledged.
    void abandon(HostedGroup& group, const Error& why);

    // --- The end ----------------------------------------------------------------------------------
    /// Says goodbye, flushes and waits a little for the peer's. Sessions end now.
    void close(const Error& why = {});
    /// Ends at once.
    void abort(const Error& why);
    void check_time(std::uint64_t now_ms);

    // --- What it is -------------------------------------------------------------------------------
    [[nodiscard]] Purpose purpose() const { return purpose_; }
    /// Later connections have greater ones.
    [[nodiscard]] std::uint64_t serial() const { return serial_; }
    void set_serial(std::uint64_t serial) { serial_ = serial; }
    [[nodiscard]] const std::string& address() const { return address_; }
    /// Whom a cap per address counts.
    [[nodiscard]] const std::string& address_group() const { return address_group_; }
    [[nodiscard]] bool half_open() const { return !over_ && !peer_; }
    /// Established and not about to end.
    [[nodiscard]] bool open() const { return !over_ && !closing_ && peer_.has_value(); }
    [[nodiscard]] const std::optional<DeviceKey>& peer() const { return peer_; }
    [[nodiscard]] bool has_sessions() const;
    /// Whether a session ended equal, or brought something.
    [[nodiscard]] bool useful() const { return useful_; }
    /// Why it ended, if not cleanly.
    [[nodiscard]] const std::optional<Error>& why() const { return why_; }
    [[nodiscard]] std::uint64_t wire_sent() const { return wire_sent_; }
    [[nodiscard]] std::uint64_t wire_received() const { return wire_received_; }

   private:
    struct Stream {
        HostedGroup* group = nullptr;
        std::optional<SessionId> session;  // none: over, what still comes is ignored
        bool reported = false;
        std::uint64_t opened_ms = 0;
        std::uint64_t took_ms = 0;        // until its session was live
        std::uint64_t renew_from_ms = 0;  // since when it is
        bool renewal = false;             // not the first of its group here
        std::uint64_t bytes_sent = 0;
        std::uint64_t bytes_received = 0;
    };

    [[nodiscard]] asio::awaitable<void> read_loop();
    [[nodiscard]] asio::awaitable<void> write_loop();
    [[nodiscard]] asio::awaitable<void> handle_inbox();
    [[nodiscard]] Result<void> take_input(std::size_t size);
    [[nodiscard]] std::size_t unsent() const;
    [[nodiscard]] bool must_wait_for_reader() const;
    void wake();
    void end();

    void handle_message(ByteView message);
    [[nodiscard]] Stream* stream_for(std::uint8_t number, ByteView message);
    void start_session(std::uint8_t number, HostedGroup& group, bool initiator);
    void send(std::uint8_t number, ByteView message);
    void report(Stream& stream, const Error& why);
    void end_stream(Stream& stream, const Error& why);
    void end_streams(const Error& why);
    void fault(const Error& why);
    void retry_later(HostedGroup& group, bool brought);
    void retry_groups(std::uint64_t now_ms);
    void renew_sessions(std::uint64_t now_ms);
    void note_visit(const Stream& stream);
    void note_partial();
    void note_traffic(std::uint64_t now_ms);

    Core& core_;
    tcp::socket socket_;
    Purpose purpose_;
    std::uint64_t serial_ = 0;
    std::string address_;
    std::string address_group_;
    std::shared_ptr<SyncTask> task_;
    std::unique_ptr<Channel> channel_;
    std::optional<DeviceKey> peer_;  // once established

    asio::steady_timer wake_;  // never expires: cancelling it wakes the loops
    Bytes input_;
    Bytes in_flight_;
    std::size_t in_flight_done_ = 0;
    std::size_t taken_while_unsent_ = 0;
    bool full_ = false;  // a session may have more to say than there was room for

    std::map<std::uint8_t, Stream> streams_;
    std::uint8_t next_stream_ = 0;
    struct Retry {
        Backoff pause;
        std::optional<std::uint64_t> due_ms;  // when to open the group's session again
    };
    std::map<HostedGroup*, Retry> retries_;

    bool closing_ = false;
    bool over_ = false;
    bool reader_done_ = false;
    bool writer_done_ = false;
    bool useful_ = false;
    std::optional<Error> why_;

    std::uint64_t started_ms_;
    std::uint64_t closing_ms_ = 0;
    std::uint64_t last_received_ms_;
    std::uint64_t last_sent_ms_;
    std::uint64_t last_session_ms_;                  // when there last was a session
    std::optional<std::uint64_t> partial_since_ms_;  // when the message that is not whole yet began
    std::uint64_t partial_from_ = 0;                 // wire_received_ then
    std::uint64_t wire_sent_ = 0;
    std::uint64_t wire_received_ = 0;
};

}  // namespace folkmoot::net
