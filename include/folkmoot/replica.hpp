// One group on one device: what an app holds (section 7). Composes graph, access, sessions and what must be
// persisted; does no I/O, reads no clock and draws no randomness of its own.
//
// The order of things that must not be lost (T): what depends on a record is withheld until the app says
// that the record is persisted. So after every call: persist what poll_persist() gives, report it with
// handle_persisted(), then send what poll_message() gives.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "folkmoot/access.hpp"
#include "folkmoot/error.hpp"
#include "folkmoot/graph.hpp"
#include "folkmoot/operation.hpp"
#include "folkmoot/session.hpp"
#include "folkmoot/signer.hpp"
#include "folkmoot/store.hpp"

namespace folkmoot {

class InFlight;
class Quota;

/// What one author takes in a group.
struct Usage {
    std::uint64_t bytes = 0;
    std::uint64_t ops = 0;
};

/// Number of a session within its replica; never reused.
using SessionId = std::uint64_t;

/// Records to persist in one transaction, in the order of tickets.
struct PersistBatch {
    std::uint64_t ticket = 0;
    /// Null if there are none. Shared with the replica, which reads from them until they are persisted.
    std::shared_ptr<const std::vector<StoredOp>> ops;
    /// Of ops held, after `ops`, without a signature so far (O5).
    std::vector<OpSignature> signatures;
    std::vector<std::pair<OpId, Bytes>> payloads;
    /// What to remember of a peer, if it changed.
    std::optional<DeviceKey> peer;
    std::vector<RememberedFrontier> frontiers;
    /// Whether the store may have been rolled back, if that changed.
    std::optional<bool> rolled_back = std::nullopt;
};

/// Writes the batch to a store, in one transaction for the ops.
[[nodiscard]] Result<void> persist(Store& store, const PersistBatch& batch);

struct Event {
    enum class Kind : std::uint8_t {
        delivered,         // ops: newly admitted, parents before children
        members_changed,   // member
        you_were_removed,  // member
        equivocation,      // ops: the two branches
        session_finished,  // session; see session()
        peer_fault,        // session, error: what no correct peer sends
        read_only,         // error: a persist failed; nothing is authored or admitted any more
        authoring_waits,   // error: own ops may be missing here
        authoring_resumes,
        author_heavy,  // member: somebody past limits::author_bytes or limits::author_ops; once while open
    } kind = Kind::delivered;
    std::vector<OpIndex> ops;
    std::optional<MemberChange> member;
    SessionId session = 0;
    Error error;
};

/// Why nothing may be signed yet (T). A device that signs without its own last op equivocates, and everybody
/// can prove it: what looks like an attack would be a restored backup.
enum class AuthoringWait : std::uint8_t {
    none,
    rolled_back,     // the store was restored, or the app found it older than what it remembers
    own_ops_missing  // a peer showed an authentic own op that was not held
};

struct ReplicaConfig {
    /// The group; may be absent for a device that is about to create one.
    std::optional<GroupId> group;
    /// Salts hash tables; draw it at random.
    std::uint64_t seed = 0;
};

/// Not thread-safe. The store, signer and verifier must outlive it. The store is only read from here;
/// records to write go out through poll_persist.
class Replica : private SessionHost {
   public:
    /// Loads what the store holds. `signer` may be null for a replica that authors nothing. store_damaged if
    /// what is stored is not a closed graph of valid ops of the group.
    [[nodiscard]] static Result<std::unique_ptr<Replica>> open(const ReplicaConfig& config,
                                                               const Store& store, Signer* signer,
                                                               const Verifier& verifier);
    ~Replica() override;

    // --- The state --------------------------------------------------------------------------------
    [[nodiscard]] const Graph& graph() const override { return graph_; }
    [[nodiscard]] const Access& access() const { return access_; }
    [[nodiscard]] std::optional<DeviceKey> self() const;
    /// The group, also while nothing of it is here yet; nothing before create_group on a new device.
    [[nodiscard]] const std::optional<GroupId>& group_id() const { return group_; }
    [[nodiscard]] bool read_only() const { return failed_.has_value(); }
    /// Body, a signature and the payload of an op, persisted or not.
    [[nodiscard]] Result<EncodedOp> load(OpIndex op) override;

    /// O9: a pair the graph found, as a file that verify_evidence accepts anywhere. O(64) reads of the store.
    [[nodiscard]] Result<Bytes> evidence(const Equivocation& pair);

    /// Bytes of bodies and payloads and ops of one author, the ops that were erased or are void included.
    [[nodiscard]] Usage usage_of(const DeviceKey& author) const;
    /// Bytes held for what the peer of a session sent and was not admitted, and for what it is waited for: at
    /// most limits::memory_per_session. Buffers of the transport are not in it.
    [[nodiscard]] std::size_t memory_of(SessionId session) const;

    // --- Authoring --------------------------------------------------------------------------------
    /// Signs the `create` of a new group. Precondition: nothing was loaded.
    [[nodiscard]] Result<OpId> create_group(const Create& create, std::uint64_t time_ms);
    /// Signs an act on top of all heads, under the grant M2 chooses. Refused before signing, with A1's
    /// reason, if it would be invalid. Before an access op, empty posts merge heads until all effective ones
    /// are cited (O3). store_pending while earlier records are not persisted.
    [[nodiscard]] Result<OpId> act(Act act, std::uint64_t time_ms);
    [[nodiscard]] Result<OpId> post(ByteView payload, std::uint64_t time_ms);
    /// Whether act() would sign, and if not why.
    [[nodiscard]] Result<void> may_act(const Act& act) const;

    /// T: why act() and post() refuse with not_synced. It ends once a session has ended equal while every own
    /// op that a peer showed is held; the store remembers it until then.
    [[nodiscard]] AuthoringWait authoring_waits() const { return waits_; }
    /// For an app that remembers more than the store holds: makes authoring wait.
    void suspect_rollback();
    /// Ends the wait at the user's own risk, for instance where no other device has the group. What
    /// poll_persist gives must be persisted before anything is signed.
    void force_authoring();
    /// How many ops of this device the group holds; it shrinks only with a store that was rolled back.
    [[nodiscard]] std::uint64_t own_ops() const;

    /// Admits ops that came by other means than a session, for instance a bundle. What the app hands in does
    /// not make authoring wait, unless own ops among it lack ancestors.
    [[nodiscard]] Result<std::vector<Admitted>> take(std::span<const EncodedOp> ops);

    // --- Sessions ---------------------------------------------------------------------------------
    [[nodiscard]] SessionId open_session(const SessionConfig& config, std::uint64_t now_ms);
    void handle_message(SessionId session, ByteView message, std::uint64_t now_ms);
    void handle_time(std::uint64_t now_ms);
    /// See Session::handle_traffic. A transport that is slower than its peer's patience must call it.
    void handle_traffic(SessionId session, std::uint64_t now_ms);
    /// The transport of the session is gone.
    void close_session(SessionId session);
    [[nodiscard]] std::optional<Bytes> poll_message(SessionId session);
    [[nodiscard]] std::optional<std::uint64_t> deadline_ms() const;
    /// Null once closed.
    [[nodiscard]] const Session* session(SessionId session) const;

    // --- Outputs ----------------------------------------------------------------------------------
    [[nodiscard]] std::optional<PersistBatch> poll_persist();
    /// Reports a batch persisted, or why not: then the replica becomes read-only.
    void handle_persisted(std::uint64_t ticket, const Result<void>& result);
    [[nodiscard]] std::optional<Event> poll_event();

   private:
    struct Link;
    class Arrivals;
    struct OwnArrival;
    struct UnpersistedOps {
        std::uint64_t ticket = 0;
        OpIndex first = 0;
        std::shared_ptr<std::vector<StoredOp>> ops;
    };
    struct UnpersistedSignature {
        std::uint64_t ticket = 0;
        Signature signature;
    };
    Replica(const ReplicaConfig& config, const Store& store, Signer* signer, const Verifier& verifier);

    [[nodiscard]] GroupId group() const override;
    [[nodiscard]] std::vector<OpIndex> offer_for(const DeviceKey& peer) const override;
    [[nodiscard]] bool may_read(const DeviceKey& peer) const override;
    [[nodiscard]] Result<std::vector<Admitted>> admit(std::vector<DecodedOp>& ops,
                                                      const DeviceKey& peer) override;
    [[nodiscard]] Result<bool> want_past(std::span<const DecodedOp> batch, std::size_t at,
                                         const DeviceKey& peer) override;
    [[nodiscard]] std::optional<OpId> own_grant() const override;
    [[nodiscard]] OpId grant_op(OpIndex op) const override;
    [[nodiscard]] bool has_signature(OpIndex op) override { return signed_[op]; }
    [[nodiscard]] std::vector<std::vector<OpId>> remembered(const DeviceKey& peer) const override;
    [[nodiscard]] std::vector<OpId> lacking_payloads(const DeviceKey& peer) override;

    [[nodiscard]] Result<void> load_all();
    [[nodiscard]] Result<std::vector<Admitted>> admit_batch(std::vector<DecodedOp>& ops,
                                                            const DeviceKey* peer);
    void tell_heavy(const DeviceKey& author);
    [[nodiscard]] Result<void> check_keys(const Operation& op) const;
    OpIndex commit(DecodedOp&& op);
    void keep_signature(OpIndex op, const Signature& signature);
    void note_payload(OpIndex op, const DecodedOp& came);
    [[nodiscard]] bool lacks_payload(OpIndex op) const;
    [[nodiscard]] Result<OpId> sign_and_commit(Act act, std::vector<OpIndex> parents,
                                               std::optional<Bytes> payload, std::uint64_t time_ms,
                                               std::optional<OpId> as = std::nullopt);
    [[nodiscard]] Result<void> merge_heads(std::uint64_t time_ms);
    [[nodiscard]] Result<void> check_writable() const;
    [[nodiscard]] Result<void> check_drained() const;
    [[nodiscard]] std::vector<OpIndex> heads_to_cite() const;
    [[nodiscard]] OpIndex own_last() const;
    [[nodiscard]] std::vector<OwnArrival> own_among(const std::vector<DecodedOp>& ops) const;
    [[nodiscard]] Result<void> note_own(const std::vector<OwnArrival>& own,
                                        const std::vector<Admitted>& admitted, bool from_peer);
    [[nodiscard]] Result<void> check_waits() const;
    void begin_wait(AuthoringWait why);
    void end_wait();
    void settle_wait(Outcome outcome);
    void after_input();
    void spread_growth();
    void note_outcome(SessionId id, Link& link);
    void choose_whole_pushes();
    void note_live(SessionId id, Link& link);
    void note_announced(SessionId id, Link& link);
    void ask_for_announced();
    void note_arrivals();
    void collect_events();
    PersistBatch& open_batch();
    std::vector<StoredOp>& open_ops(OpIndex next);
    [[nodiscard]] const StoredOp* unpersisted(OpIndex op) const;

    const Store& store_;
    Signer* signer_;
    const Verifier& verifier_;
    std::optional<GroupId> group_;
    Graph graph_;
    Access access_;
    std::unique_ptr<Quota> quota_;

    std::map<SessionId, std::unique_ptr<Link>> links_;
    SessionId next_session_ = 1;
    std::unique_ptr<InFlight> in_flight_;  // one table for all sessions
    OpIndex arrived_to_ = 0;               // ops before this one have left it
    std::uint64_t now_ms_ = 0;             // the latest time heard of
    std::map<DeviceKey, std::vector<RememberedFrontier>> remembered_;

    std::deque<PersistBatch> to_persist_;
    std::uint64_t issued_ = 0;                // ticket of the newest batch
    std::uint64_t polled_ = 0;                // newest ticket handed out
    std::uint64_t persisted_ = 0;             // newest ticket reported done
    std::deque<UnpersistedOps> unpersisted_;  // without a gap, up to the newest op
    std::map<OpIndex, UnpersistedSignature> unpersisted_signatures_;
    std::vector<bool> signed_;  // of each op, whether a signature of its own is kept
    std::optional<Error> failed_;
    struct Blank {
        DeviceKey from;  // who sent it so
        unsigned asked = 0;
    };
    /// Posts that came without their payloads since this replica was opened: limits::lacking_payloads, the
    /// newest.
    std::map<OpIndex, Blank> blank_;

    AuthoringWait waits_ = AuthoringWait::none;
    /// The own op last shown that still lacks ancestors.
    std::optional<OpId> own_awaited_;

    std::deque<Event> events_;
    std::vector<OpIndex> delivered_;
    std::size_t equivocations_told_ = 0;
};

}  // namespace folkmoot
