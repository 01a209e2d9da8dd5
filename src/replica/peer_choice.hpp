// Whom to reconcile with next, learnt from what each peer was good for (C18): an epsilon-greedy bandit whose
// arms are the known peers, as in Bengfort, Xirogiannopoulos and Keleher, "Anti-Entropy Bandits for
// Geo-Replicated Consistency" (ICDCS 2018). No clock and no randomness of its own.
//
// The attack it stops is the eclipse: a peer that always pleases (news at once, over a fast line) would draw
// all choices to itself. So a fixed part of the choices, limits::uniform_choices_percent, is uniform over all
// peers that may be asked: each of n has at least that part / n of the choices, whatever the others
// do. A peer that fails is left alone for a while, ever longer up to limits::last_retry_ms, and never for
// good; what it failed before costs it nothing once it pleases.
//
// Choosing is O(n); memory is one small record a peer, for limits::known_peers of them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "folkmoot/limits.hpp"

namespace folkmoot {

/// What one reconciliation was good for.
struct Visit {
    std::uint64_t ops_new = 0;    // for this side
    std::uint64_t ops_given = 0;  // for the other
    std::uint64_t milliseconds = 0;
    /// Both held the same in the end.
    bool equal = true;
};

/// 0 to 1000: half for news in each direction, up to 200 of it for how quickly they came. Nothing for a quick
/// visit that moved nothing.
[[nodiscard]] std::uint32_t reward(const Visit& visit);

class PeerChoice {
   public:
    using Peer = std::uint32_t;

    /// `learned` false: always uniform, to compare with.
    explicit PeerChoice(bool learned = true, std::size_t room = limits::known_peers)
        : learned_(learned), room_(room) {}

    /// False if there is no room. A peer that was never visited is worth a try before the best known.
    bool add(Peer peer);
    void remove(Peer peer) { arms_.erase(peer); }
    [[nodiscard]] std::size_t size() const { return arms_.size(); }

    /// One of the peers that are not `busy` and whose pause is over; `random` is uniform. Nothing if there is
    /// none.
    [[nodiscard]] std::optional<Peer> choose(std::uint64_t now_ms, std::uint64_t random,
                                             const std::set<Peer>& busy) const;
    /// Of `connected`, whom to part with so that another can be had: the least worth; a uniform choice in the
    /// same part of the cases, so that no peer can hold its place by pleasing alone. Nothing if it is empty.
    [[nodiscard]] std::optional<Peer> choose_to_leave(std::uint64_t random,
                                                      const std::set<Peer>& connected) const;
    /// When choose() may have more to choose from; nothing if all pauses are over.
    [[nodiscard]] std::optional<std::uint64_t> next_ms(std::uint64_t now_ms) const;

    /// Ends what it failed before, unless the visit ended unequal and brought nothing.
    void handle_visit(Peer peer, const Visit& visit);
    /// It could not be reached, or its session failed or came to nothing: a pause that doubles, between half
    /// of it and all, so that peers that lost the same host do not come back at once.
    void handle_failure(Peer peer, std::uint64_t now_ms, std::uint64_t random);
    /// A pause of the first length, for a peer whose connection ended after it had been of use.
    void pause(Peer peer, std::uint64_t now_ms, std::uint64_t random);
    /// Lengths of the first and the longest pause, for tests.
    void set_pauses(std::uint64_t first_ms, std::uint64_t last_ms);

    /// 0 to 1000; what choose() goes by. Precondition: added.
    [[nodiscard]] std::uint32_t worth(Peer peer) const;

   private:
    struct Arm {
        std::uint32_t worth = 1000;  // moving average of rewards
        std::uint32_t failures = 0;  // since it last pleased
        std::uint64_t from_ms = 0;   // not to be chosen before
    };
    void learn(Arm& arm, std::uint32_t reward);

    bool learned_;
    std::size_t room_;
    std::uint64_t first_pause_ms_ = limits::first_retry_ms;
    std::uint64_t last_pause_ms_ = limits::last_retry_ms;
    std::map<Peer, Arm> arms_;
};

}  // namespace folkmoot
