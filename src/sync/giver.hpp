// The half of a session that gives: a fixed offer, answered from summaries and requests (Y2, Y5, Y6, Y9).
//
// Invariants:
//   1. The offer never changes after open(), so the work a peer can cause is bounded: what is sent by
//      sent_budget_, what is looked at for its requests by work_budget_. It asks for one thing at a time.
//   2. Nothing outside the offer is given before the session is live, and nothing at all once the peer lost
//      the right to it: asked again at every batch.
//   3. An answer is built batch by batch when polled; a peer that does not read costs no memory but indices.
//   4. A batch proves itself (O5): it ends only where no op stored without a signature lacks the op that
//      proves it, which is the next on its branch: admission lets no other vouch.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <vector>

#include "folkmoot/session.hpp"
#include "sync/messages.hpp"

namespace folkmoot::sync {

class Giver {
   public:
    Giver(SessionHost& host, const SessionConfig& config);

    /// Fixes the offer. False if nothing may be given to this peer.
    bool open();
    [[nodiscard]] const Digest& digest() const { return digest_; }
    [[nodiscard]] const std::vector<OpIndex>& heads() const { return heads_; }
    [[nodiscard]] bool is_open() const { return open_; }
    /// Whether the offer is all this side has.
    [[nodiscard]] bool to_reader() const { return reader_; }
    /// Whether an answer naming the heads was sent in full, so that the peer may say `done`.
    [[nodiscard]] bool answered() const { return answered_; }

    /// An answer follows; false if the summary stands on a frontier this side does not know. `named` are the
    /// ops behind the tips or locator entries that this side sent last. A locator has no answer.
    [[nodiscard]] Result<bool> handle_have(const Have& have, const std::vector<OpIndex>& named);
    [[nodiscard]] Result<void> handle_need(const Need& need);
    [[nodiscard]] Result<void> handle_again();

    /// Y10: new ops from here on are pushed.
    void go_live();
    /// Whether what is new goes out whole or as ids only.
    void push_whole(bool whole) { push_whole_ = whole; }
    /// Looks for ops to push or announce; not while something waits to be sent, so that a peer that does not
    /// read costs the indices of one push. `from_peer`, ascending, are ops the peer sent itself, `told` those
    /// it announced; of these, what is passed over is taken out.
    void collect_pushes(const std::vector<OpIndex>& from_peer, std::set<OpId>& told);
    /// Ops before this one have had their turn.
    [[nodiscard]] OpIndex pushed_to() const { return static_cast<OpIndex>(pushed_to_); }

    /// Y9: session_not_let_in once a reader is none any more.
    [[nodiscard]] Result<void> check_allowed() const;
    /// Y9: the peer may read by now, and was offered less than there was. What lies between is in no push.
    [[nodiscard]] bool outgrown() const;
    [[nodiscard]] bool pending() const { return !answers_.empty(); }
    /// The next message of the oldest answer. Precondition: pending().
    [[nodiscard]] Result<Bytes> poll(SessionStats& stats);

   private:
    struct Answer {
        Ops::Role role = Ops::Role::last;  // of its final message
        bool to_have = false;              // names the heads, and may be compact
        bool plain = false;                // asked for by `again`
        bool ids_only = false;             // an announcement
        std::vector<OpIndex> ops;
        std::size_t next_op = 0;
        std::size_t next_head = 0;
    };
    [[nodiscard]] Result<void> enqueue(Answer answer);
    void offer_proofs();
    [[nodiscard]] Result<void> charge(std::uint64_t work);
    [[nodiscard]] bool offered(OpIndex op) const;
    [[nodiscard]] std::vector<OpIndex> ancestors_of(const std::vector<OpIndex>& ops, std::size_t count) const;
    [[nodiscard]] std::vector<OpIndex> answer_to(const Have& have);
    void add_vouchers(std::vector<OpIndex>& ops);
    [[nodiscard]] Result<std::vector<OutgoingOp>> proven_batch(const Answer& answer, bool payloads) const;
    [[nodiscard]] Result<std::vector<OutgoingOp>> next_batch(Answer& answer) const;
    [[nodiscard]] Bytes next_announcement(SessionStats& stats);

    SessionHost& host_;
    const SessionConfig& config_;
    crypto::SipKey label_salt_;
    LabelTable labels_;
    bool open_ = false;
    bool reader_ = false;  // given as to a reader, not as to a removed device
    bool whole_ = false;   // the offer is all there was
    bool live_ = false;
    bool push_whole_ = true;
    bool answered_ = false;
    std::vector<OpIndex> heads_;
    Closure offer_;
    Digest digest_;
    Closure since_;  // of the last summary
    // What batches may name authors by: the peer's tips, then the common authors.
    std::vector<NamedTip> peer_tips_;  // of the last summary that had tips
    std::deque<Answer> answers_;
    std::optional<Answer> last_;  // the last answer to a `have` that was sent in full
    std::optional<std::uint32_t> last_round_;
    std::uint64_t sent_budget_ = 0;  // ops
    std::uint64_t work_budget_ = 0;  // ops looked at
    std::size_t pushed_to_ = 0;
};

}  // namespace folkmoot::sync
