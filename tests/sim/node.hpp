// A correct peer: a replica, its disk and the app around them, as a program would put them together. Keeps
// the order T asks for: persist, report, send.
#pragma once

#include <bitset>
#include <map>
#include <set>

#include "folkmoot/limits.hpp"
#include "folkmoot/replica.hpp"
#include "net/discourage.hpp"
#include "net/turns.hpp"
#include "replica/backoff.hpp"
#include "sim/disk.hpp"
#include "sim/identity.hpp"
#include "sim/lying_host.hpp"
#include "sim/network.hpp"
#include "sim/port.hpp"
#include "sim/society.hpp"

namespace folkmoot::sim {

struct NodeTraits {
    std::string name;
    std::size_t device = 0;
    std::uint64_t persist_ms = 2;
    /// What it claims the time to be, beyond the world's (28 of the threats).
    std::int64_t clock_ahead_ms = 0;
    bool sign_each = false;
    /// Planted defects.
    bool acks_early = false;
    bool one_binding = false;
    bool hides_an_op = false;
    bool skews_members = false;
};

/// What became of an op a node was asked to make.
using Made = Result<OpId>;

class Node final : public Endpoint {
   public:
    Node(World& world, Network& network, Identities& identities, const Society& society,
         const NodeTraits& traits, std::unique_ptr<SimDisk> disk);

    // --- Endpoint ---------------------------------------------------------------------------------
    [[nodiscard]] const std::string& name() const override { return traits_.name; }
    [[nodiscard]] DeviceKey key() const override { return signer_.key(); }
    [[nodiscard]] bool is_up() const override { return replica_ != nullptr; }
    void handle_open(const End& end, const std::optional<DeviceKey>& expected) override;
    [[nodiscard]] bool handle_bytes(const End& end, ByteView bytes) override;
    void handle_room(const End& end) override;
    void handle_closed(const End& end) override;

    // --- Its life ---------------------------------------------------------------------------------
    /// Opens the disk. Violates Q13 if that does not work.
    void start(const std::optional<GroupId>& group);
    /// The process is gone, and what its disk was writing is there in part.
    void crash();
    /// Whether it was ever started.
    [[nodiscard]] bool joined() const { return joined_; }
    /// Leaves in good order.
    void stop();
    void start_after(std::uint64_t delay_ms);
    /// Neither reads, nor writes, nor looks at the clock for a while.
    void pause(std::uint64_t for_ms);
    /// Dies when it persists for the nth time from now, before or after the write.
    void crash_at_persist(std::size_t nth, bool after_write);
    void set_clock(std::int64_t ahead_ms) { traits_.clock_ahead_ms = ahead_ms; }
    void set_slow(std::uint64_t persist_ms) { traits_.persist_ms = persist_ms; }

    // --- The app ----------------------------------------------------------------------------------
    Made create_group(const Create& create);
    Made post(const Bytes& text);
    Made act(Act act);
    /// Many posts at once, each durable before the next. How many there were.
    std::size_t write_many(std::size_t count, Random& random);

    // --- Looking in -------------------------------------------------------------------------------
    /// Null while it is down.
    [[nodiscard]] Replica* replica() { return replica_.get(); }
    [[nodiscard]] const Replica* replica() const { return replica_.get(); }
    [[nodiscard]] SimDisk& disk() { return *disk_; }
    /// Of the membership, as its app would show it.
    [[nodiscard]] Digest membership() const;
    [[nodiscard]] const Store& store() const { return *store_; }
    /// Own ops that the app was told are safe.
    [[nodiscard]] std::set<OpId>& acknowledged() { return acknowledged_; }
    /// Not while own ops may be missing (T).
    [[nodiscard]] bool may_author() const {
        return is_up() && replica_->authoring_waits() == AuthoringWait::none;
    }
    [[nodiscard]] bool idle() const { return !persisting_; }
    /// Called after every start, to look at what was recovered.
    void on_recovery(std::function<void(Node&)> look) { on_recovery_ = std::move(look); }

   private:
    // One session at a time; each has a stream of its own (C13).
    struct Connection {
        std::unique_ptr<Port> port;
        std::optional<SessionId> session;
        std::uint8_t stream = 0;               // of the session
        std::uint8_t next_stream = 0;          // where this end dialed
        std::bitset<limits::streams> streams;  // that were ever opened
        bool settled = false;                  // the session has ended well
        bool hurried = false;                  // and is renewed before its time
        Backoff pause;                         // between sessions that fail
        std::size_t taken_while_unsent = 0;    // messages
        bool closing = false;
        // In the place of the replica's own session, where a defect is planted.
        std::unique_ptr<LyingHost> host;
        std::unique_ptr<Session> planted;
    };
    using Connections = std::map<std::uint64_t, Connection>;  // by number of pipe

    void drive();
    [[nodiscard]] Result<void> mend();
    void note_own(const PersistBatch& batch, const Result<void>& done);
    void begin_persist();
    void finish_persist();
    void reopen_later();
    void note_acknowledged();
    void note_events();
    void arm_timer();
    void handle_timer();

    // Connections (node_connections.cpp)
    void established(Connection& connection);
    [[nodiscard]] static const std::string& address_of(const Connection& connection);
    [[nodiscard]] bool take_place(const Connection& connection);
    void watch(std::uint64_t pipe);
    void end_connection(std::uint64_t pipe, bool politely);

    // Their sessions (node_sessions.cpp)
    void open_stream(Connection& connection);
    void start_session(Connection& connection, std::uint8_t stream);
    void end_session(Connection& connection);
    void close_if_idle(const Connection& connection);
    void fault(Connection& connection, const std::string& what);
    [[nodiscard]] bool has_stream(Connection& connection, std::uint8_t stream, ByteView message);
    void handle_message(Connection& connection, ByteView message);
    void pump(Connection& connection);
    void settle();
    void settle_live(std::uint64_t pipe, Connection& connection, const Session& session);
    void settle_failed(std::uint64_t pipe, Connection& connection, const Session& session);
    void renew_after(std::uint64_t pipe, const Connection& connection, std::uint64_t delay_ms);
    void note_rounds(const Session& session, const DeviceKey& peer);
    void note_fault(const Event& event);
    void judge_memory();

    [[nodiscard]] std::uint64_t claimed_time() const;
    Made note_made(Made made);
    /// Runs `what` later unless this process is gone by then.
    void later(std::uint64_t delay_ms, std::function<void()> what);
    void drop_process();

    World& world_;
    Network& network_;
    const Society& society_;
    Identities& identities_;
    Signer& signer_;
    NodeTraits traits_;
    std::unique_ptr<SimDisk> disk_;
    std::optional<GroupId> group_;
    Random random_;

    std::uint64_t process_ = 0;  // counts starts and ends
    std::unique_ptr<Store> store_;
    std::unique_ptr<Replica> replica_;
    Connections connections_;
    net::DiscourageTable discouraged_;
    net::Turns turns_;
    std::optional<PersistBatch> persisting_;
    std::uint64_t timer_ms_ = UINT64_MAX;
    std::uint64_t paused_until_ms_ = 0;
    bool restarting_ = false;
    bool joined_ = false;

    std::size_t crash_in_ = 0;  // persists; 0: not
    bool crash_after_write_ = false;

    std::uint64_t own_held_ = 0;  // own ops in the store
    std::set<OpId> unacknowledged_;
    std::set<OpId> acknowledged_;
    std::set<Hash32> bindings_;
    std::function<void(Node&)> on_recovery_;
};

}  // namespace folkmoot::sim
