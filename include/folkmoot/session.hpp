// Reconciliation with one peer as a state machine without I/O (Y1 to Y10): messages, time and a channel
// binding go in; messages, events and one deadline come out. The same machine runs over TCP, in a simulator,
// under a fuzzer, or over whatever transport an app has.
//
// Each side fixes an offer, says what it holds after a common point, and is sent the rest. A session ends
// when each side has recomputed the digest of the other's offer from what it now holds: equal, partial, or
// failed with a reason. Nothing a peer sends can end it otherwise or change another session.
//
//        start                 all of the peer's offer held
//   idle -----> taking --------------------------------> taken --+
//               | ^  need, next page, next rung                  +--> finished --> live (pushes)
//               +-+                                              |
//        start                  peer says done                   |
//   idle -----> giving --------------------------------> given --+
//
// Failing is no end of anything: what was admitted stays and another session goes on. With session_outgrown
// (Y9) it is due at once, with any other error that is not the peer's fault after a pause.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "folkmoot/bytes.hpp"
#include "folkmoot/error.hpp"
#include "folkmoot/graph.hpp"
#include "folkmoot/limits.hpp"
#include "folkmoot/operation.hpp"

namespace folkmoot {

/// What became of an op that a peer sent.
struct Admitted {
    enum class Status : std::uint8_t {
        admitted,   // now in the graph
        duplicate,  // was there already
        deferred,   // waits for `missing`
        refused,    // a quota; may come again
    } status = Status::admitted;
    OpIndex index = no_index;
    std::vector<OpId> missing;
};

/// The replica as a session sees it. Calls come from within the session's handle functions.
class SessionHost {
   public:
    virtual ~SessionHost() = default;
    [[nodiscard]] virtual const Graph& graph() const = 0;
    [[nodiscard]] virtual GroupId group() const = 0;
    /// Body, first signature and payload as stored.
    [[nodiscard]] virtual Result<EncodedOp> load(OpIndex op) = 0;
    /// Whether load() would give a signature.
    [[nodiscard]] virtual bool has_signature(OpIndex op) {
        const auto stored = load(op);
        return stored && stored->signature.has_value();
    }
    /// Y9: the heads of what may be given to the peer in this replica's view; empty if nothing may.
    [[nodiscard]] virtual std::vector<OpIndex> offer_for(const DeviceKey& peer) const = 0;
    [[nodiscard]] virtual bool may_read(const DeviceKey& peer) const = 0;
    /// Proves and admits a batch, parents before children. One answer an op, or the violation that condemns
    /// the whole batch: then nothing of it was admitted beyond what proved itself before. Takes the bytes of
    /// what it admits.
    [[nodiscard]] virtual Result<std::vector<Admitted>> admit(std::vector<DecodedOp>& ops,
                                                              const DeviceKey& peer) = 0;
    /// O8: of an op that lacks ancestors which were refused, whether they are taken whatever the quota once
    /// the peer sends them: the op, at this place of a batch, is proven by its author who is not out, or is
    /// itself in the past of such an op. An error if its signature is bad.
    [[nodiscard]] virtual Result<bool> want_past(std::span<const DecodedOp>, std::size_t, const DeviceKey&) {
        return false;
    }
    /// The grant this device would name to a peer that does not know it (Y9).
    [[nodiscard]] virtual std::optional<OpId> own_grant() const = 0;
    /// The grant an op acts under, as the id of the op that made it; for create its own id.
    [[nodiscard]] virtual OpId grant_op(OpIndex op) const = 0;
    /// O3: posts that came without their payloads, to ask this peer for; at most limits::need_ids, and not
    /// those that this peer sent so.
    [[nodiscard]] virtual std::vector<OpId> lacking_payloads(const DeviceKey&) { return {}; }
    /// Frontiers known common with the peer, newest first (Y3).
    [[nodiscard]] virtual std::vector<std::vector<OpId>> remembered(const DeviceKey& peer) const = 0;
};

/// Which summaries a session may send, for laboratories and tests.
enum class SummaryChoice : std::uint8_t { automatic, bloom, exact, tips };

struct SessionConfig {
    /// The device at the other end, authenticated by the channel.
    DeviceKey peer;
    /// 32 bytes both ends share and neither chose alone: the channel's handshake hash (Y4).
    Hash32 binding;
    /// One end has true, the other false; keeps their salts apart.
    bool initiator = false;
    SummaryChoice summary = SummaryChoice::automatic;
    /// Whether to stay open and push what is new once finished (Y10).
    bool live = false;
    /// Send every stored signature, also where O5 lets the author's chain vouch.
    bool sign_each = false;
    /// Room for ops that wait for ancestors. A replica gives less when its sessions have much already.
    std::size_t parking_bytes = limits::parked_bytes_per_peer;
};

enum class Outcome : std::uint8_t { running, equal, partial, failed };

struct SessionStats {
    std::uint64_t rounds = 0;  // summaries sent
    std::uint64_t needs = 0;   // walk-back requests sent
    std::uint64_t ops_sent = 0;
    std::uint64_t ops_received = 0;
    std::uint64_t ops_new = 0;
    std::uint64_t ops_refused = 0;
    std::uint8_t last_summary = 0;    // the kind last sent: 0 nothing, 1 bloom, 2 exact, 3 tips, 4 locator
    std::uint64_t ids_announced = 0;  // told to the peer instead of ops (Y10)
    std::uint64_t op_bytes_new = 0;   // what the new ones among those received took inside `ops` messages
};

/// Not thread-safe. The host must outlive it. Every handle call may be followed by polls until they are
/// empty; calling one too often is harmless.
class Session {
   public:
    Session(SessionHost& host, const SessionConfig& config);
    ~Session();
    Session(Session&&) noexcept;
    Session& operator=(Session&&) noexcept;

    /// Fixes the offer and says what is held. `now_ms` is a monotonic time, here and below.
    void start(std::uint64_t now_ms);
    /// One whole message of the peer, at most limits::message_bytes. Errors end the session and show in
    /// outcome().
    void handle_message(ByteView message, std::uint64_t now_ms);
    /// The deadline passed.
    void handle_time(std::uint64_t now_ms);
    /// The graph grew by other means: own ops, other sessions.
    void handle_growth();
    /// The peer took bytes of a message or sent some of one that is not whole yet: a slow one is not silent.
    void handle_traffic(std::uint64_t now_ms);

    // --- Y10: a session that stays open -------------------------------------------------------------
    /// Finished, and what is new goes to the peer.
    [[nodiscard]] bool is_live() const;
    /// Whether new ops are pushed whole, which is the default, or announced by id.
    void push_whole(bool whole);
    /// Ids the peer announced that are not in the graph, each once.
    [[nodiscard]] std::vector<OpId> take_announced();
    /// Live, and no answer is waited for.
    [[nodiscard]] bool can_request() const;
    /// Asks for announced ids. Precondition: can_request(), 1 to limits::need_ids ids.
    void request(std::vector<OpId> ids, std::uint64_t now_ms);
    /// Whether the answer to a request is waited for.
    [[nodiscard]] bool requesting() const;
    /// More was announced than there was room for: another session is due. One that ended outgrown says so by
    /// its error: session_outgrown.
    [[nodiscard]] bool incomplete() const;

    /// The next message to send, built when asked for, so that a slow peer costs no memory.
    [[nodiscard]] std::optional<Bytes> poll_message();
    /// When to call handle_time, if at all.
    [[nodiscard]] std::optional<std::uint64_t> deadline_ms() const;

    [[nodiscard]] Outcome outcome() const;
    /// Why it failed. Precondition: outcome() is failed.
    [[nodiscard]] const Error& error() const;
    /// Whether the failure is something no correct peer sends.
    [[nodiscard]] bool peer_at_fault() const;
    /// After equal or partial: ops both sides hold now, maximal, ascending; what to remember for next time.
    [[nodiscard]] std::vector<OpId> common_frontier() const;
    [[nodiscard]] const SessionStats& stats() const;
    /// Bytes held for what the peer sent and was not admitted; at most limits::memory_per_session together
    /// with what the replica holds for the session.
    [[nodiscard]] std::size_t memory() const;

    struct State;

   private:
    std::unique_ptr<State> state_;
};

/// The keyed name under which a group is mentioned on a channel: nobody who does not know the group learns
/// it.
using GroupTag = Fixed<struct GroupTagTag, 4>;
[[nodiscard]] GroupTag group_tag(const GroupId& group, const Hash32& binding);
/// A message that ends a session, from a side that has none: nothing but the code.
[[nodiscard]] Bytes end_message(ErrorCode code);
/// The tag a peer's first message names, to choose the group; nothing if the message is no `have` or
/// `closed`.
[[nodiscard]] std::optional<GroupTag> named_group(ByteView message);

}  // namespace folkmoot
