// The half of a session that gives: a fixed offer, answered from summaries and requests (Y2, Y5, Y6, Y9).
//
// Invariants:
//   1. The offer never changes after open(), so the work a peer can cause is bounded by sent_budget_.
//   2. Nothing outside the offer is given before the session is live, and nothing at all once the peer lost
//      the right to it: asked again at every batch.
//   3. An answer is built batch by batch when polled; a peer that does not read costs no memory but indices.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "folkmoot/session.hpp"
#include "sync/messages.hpp"

namespace folkmoot::sync {

class Giver {
   public:
    Giver(SessionHost& host, const SessionConfig& config) : host_(host), config_(config) {}

    /// Fixes the offer. False if nothing may be given to this peer.
    bool open();
    [[nodiscard]] const Digest& digest() const { return digest_; }
    [[nodiscard]] const std::vector<OpIndex>& heads() const { return heads_; }
    [[nodiscard]] bool is_open() const { return open_; }
    /// Whether an answer naming the heads was sent in full, so that the peer may say `done`.
    [[nodiscard]] bool answered() const { return answered_; }

    /// An answer follows; false if the summary stands on a frontier this side does not know.
    [[nodiscard]] Result<bool> handle_have(const Have& have);
    [[nodiscard]] Result<void> handle_need(const Need& need);

    /// Y10: new ops from here on are pushed.
    void go_live();
    /// Looks for ops to push; `from_peer`, ascending, are those the peer sent itself.
    void collect_pushes(const std::vector<OpIndex>& from_peer);

    [[nodiscard]] bool pending() const { return !answers_.empty(); }
    /// The next message of the oldest answer. Precondition: pending().
    [[nodiscard]] Result<Bytes> poll(SessionStats& stats);

   private:
    struct Answer {
        Ops::Role role = Ops::Role::last;  // of its final message
        bool names_heads = false;          // the answer to a `have`
        std::vector<OpIndex> ops;
        std::vector<OpIndex> heads;
        std::size_t next_op = 0;
        std::size_t next_head = 0;
    };
    [[nodiscard]] Result<void> enqueue(Answer answer);
    [[nodiscard]] Result<void> check_allowed() const;
    [[nodiscard]] bool offered(OpIndex op) const;
    [[nodiscard]] std::vector<OpIndex> ancestors_of(const std::vector<OpIndex>& ops, std::size_t count) const;

    SessionHost& host_;
    const SessionConfig& config_;
    bool open_ = false;
    bool reader_ = false;  // given as to a reader, not as to a removed device
    bool live_ = false;
    bool answered_ = false;
    std::vector<OpIndex> heads_;
    Closure offer_;
    Digest digest_;
    Closure since_;  // of the last summary
    std::deque<Answer> answers_;
    std::uint64_t sent_budget_ = 0;
    std::size_t pushed_to_ = 0;
};

}  // namespace folkmoot::sync
