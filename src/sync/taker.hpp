// The half of a session that takes: says what is held, admits what comes, walks back for what a summary hid,
// and stops only when the peer's whole offer is held (Y3, Y6, Y8).
//
// Which summary: tips of the authors active since the common point; if they are too many and no common point
// is known, a locator first, from which the peer's next `have` and this side's next name one; else a Bloom
// filter. Rounds and rungs: a `have` asks with a summary; what is still missing afterwards is asked for by
// id, with ever more ancestors (`need`). A `need` that brings nothing new moves one rung down to the next
// kind of summary, at last to exact ids in pages, and after that the session fails: the work is bounded
// whatever the peer does. Parked ops have a budget; overflowing it costs a rung, not another peer's room.
//
// Why the work is bounded whatever the peer does: every answer is to a request of this side, and an unasked
// one ends the session. A filter is tried again only after the round before brought something new and at most
// max_passes times, exact ids are named once, and between two `have` go at most max_needs
// `need`. What an answer may hold beyond new ops is counted in useless_ and has a limit. Parked ops have a
// budget of their own: what is turned away is asked for again, and no other peer loses room.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "folkmoot/session.hpp"
#include "sync/messages.hpp"
#include "sync/parking.hpp"

namespace folkmoot::sync {

class Taker {
   public:
    Taker(SessionHost& host, const SessionConfig& config, std::deque<Message>& outbox, SessionStats& stats);

    /// Sends the first `have`; `shown` are the heads of what this side lets the peer know it holds.
    void start(const Digest& own_offer, const std::vector<OpIndex>& shown, bool to_reader);
    /// The peer's summary may name a common point, which this side's locator waits for.
    void handle_peer_summary(const Have& have);
    /// The ops behind the tips or the locator of the first `have`, by number.
    [[nodiscard]] const std::vector<OpIndex>& named() const { return named_; }
    /// The peer's offer, from its `have`.
    void set_peer_offer(const Digest& offer) { peer_offer_ = offer; }
    [[nodiscard]] const std::optional<Digest>& peer_offer() const { return peer_offer_; }
    /// Both offers are equal: nothing to take.
    void finish_equal();

    [[nodiscard]] Result<void> handle_ops(const Ops& ops);
    [[nodiscard]] Result<void> handle_unknown_since();
    /// Ops arrived by other means: parked ones may be ready.
    [[nodiscard]] Result<void> handle_growth();

    /// Y9: fetches an op the peer named, with its past, without having said what is held.
    void fetch(const OpId& id);
    /// Y10: asks a finished peer for ops it announced. Precondition: not waiting, at most limits::need_ids.
    void request(std::vector<OpId> ids);
    [[nodiscard]] bool fetching() const { return phase_ == Phase::fetching; }

    [[nodiscard]] bool finished() const { return finished_; }
    [[nodiscard]] bool waiting() const { return phase_ != Phase::idle; }
    [[nodiscard]] std::uint64_t refused() const { return refused_.size(); }
    [[nodiscard]] bool was_refused(const OpId& id) const { return refused_.contains(id); }
    /// The heads of the peer's offer that are held. Complete once finished without refusals.
    [[nodiscard]] std::vector<OpIndex> peer_heads() const;
    /// Of a live session: ops from after its start that this peer sent itself, ascending.
    [[nodiscard]] const std::vector<OpIndex>& received() const { return received_; }
    /// Ops before this one are pushed to the peer no more, so whether it has them is forgotten.
    void forget_received(OpIndex before);
    [[nodiscard]] const Parking& parking() const { return parking_; }
    /// Bytes held for what was not admitted.
    [[nodiscard]] std::size_t memory() const;

   private:
    enum class Phase : std::uint8_t { idle, asked, fetching };
    enum class Asked : std::uint8_t { have, need };
    enum class Rung : std::uint8_t { tips, bloom, exact, none };

    [[nodiscard]] Closure choose_since(Since& since) const;
    [[nodiscard]] Summary make_summary(const Since& since, const Closure& after, std::uint32_t round);
    [[nodiscard]] Summary few_tips(const std::vector<OpIndex>& ops, const crypto::SipKey& salt);

    void send_have();
    void send_need(std::vector<OpId> ids);
    void show_received();
    [[nodiscard]] Result<std::vector<DecodedOp>> take_ready();
    [[nodiscard]] Result<void> note_useless(std::size_t ops);
    void note_peer_has(OpIndex op);
    [[nodiscard]] Result<void> fetch_answered(std::vector<OpId> ids);
    [[nodiscard]] Result<void> again_or_down();
    [[nodiscard]] Result<void> admit(std::vector<DecodedOp> batch);
    void add_refused(const OpId& id);
    [[nodiscard]] Result<void> note_refused(const OpId& id);
    [[nodiscard]] Result<void> learn_wanted(std::span<const DecodedOp> batch, std::size_t at);
    [[nodiscard]] Result<void> note_deferred(std::vector<DecodedOp>& batch, std::vector<Admitted>& results);
    [[nodiscard]] bool walk_on();
    [[nodiscard]] bool ask_for_payloads();
    [[nodiscard]] Result<void> answered();
    [[nodiscard]] Result<void> next_rung();
    [[nodiscard]] Result<void> finish();
    [[nodiscard]] std::vector<OpId> missing() const;

    SessionHost& host_;
    const SessionConfig& config_;
    std::deque<Message>& outbox_;
    SessionStats& stats_;

    Phase phase_ = Phase::idle;
    bool finished_ = false;  // the peer's whole offer is held
    Asked asked_ = Asked::have;
    Rung rung_ = Rung::tips;
    std::uint32_t round_ = 0;
    bool use_since_ = true;
    bool to_reader_ = true;                 // the peer may know all this side holds
    bool locating_ = false;                 // a locator was sent, the peer's summary will answer it
    bool want_plain_ = false;               // asked for the answer again; the compact rest of it is ignored
    std::vector<std::uint8_t> recognised_;  // numbers in the peer's summary...
    std::vector<OpIndex> common_;           // ...and the ops they name
    std::vector<OpIndex> named_;
    std::vector<NamedTip> tips_;  // of the last summary sent
    LabelTable labels_;
    std::optional<PageKey> page_;  // where the next page of this rung starts (exact) or ends (bloom)
    std::uint32_t ancestors_ = 0;  // to ask for with the next need
    std::uint64_t put_off_ = 0;    // ops since the last request that came before their ancestors
    bool progress_ = false;        // something new came since the last request
    bool admitted_ = false;        // something was admitted since the last summary of a fresh pass
    bool since_named_ = false;     // the last summary stands on a remembered frontier
    unsigned passes_ = 0;          // of this rung, after the first
    unsigned needs_ = 0;           // since the last summary
    std::uint64_t useless_ = 0;    // ops that brought nothing
    bool asked_payloads_ = false;  // for those of posts that came without
    std::vector<OpId> wanted_;     // what a fetch began with

    Digest own_offer_;
    std::vector<OpIndex> shown_;
    std::optional<Digest> peer_offer_;
    std::vector<OpId> peer_heads_;
    std::set<OpId> refused_;         // by a quota, or standing on such an op
    bool refused_too_many_ = false;  // more than are remembered
    // What a member's op stands on is walked down to from that op, and then taken from the bottom up.
    std::set<OpId> walk_;              // wanted, and not seen since
    std::set<OpId> walk_from_;         // the members' ops
    std::set<OpId> walk_asked_;        // walk_ at the last request
    std::size_t walk_width_ = 0;       // ancestors to ask for
    std::size_t answer_messages_ = 0;  // of the answer that is coming in
    std::vector<OpIndex> received_;
    std::set<OpIndex> received_tips_;  // of those admitted from this peer, the latest
    OpIndex seen_ = 0;                 // ops below this index wait for nothing here
    OpIndex began_ = 0;                // size of the graph at the start
    Parking parking_;
};

}  // namespace folkmoot::sync
