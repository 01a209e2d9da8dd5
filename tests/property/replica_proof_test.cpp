// O5 whatever an attacker does between: histories by honest authors, sent in pieces, out of order, repeated,
// without signatures, with bad ones and with others that are as good. What a replica keeps it can prove, to a
// peer that has nothing and to fsck; and in the end it keeps what everybody keeps.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "moot/fsck.hpp"
#include "support/hostile.hpp"

namespace folkmoot::wire {
namespace {

class World {
   public:
    World(std::uint64_t seed, std::size_t steps) : random_(seed) {
        Entry at = 0;
        for (std::size_t i = 1; i < names_.size(); ++i)
            at = book_.add("ann", Add{key_of(names_[i]), level::moderator}, {at});
        last_.assign(names_.size(), at);
        for (std::size_t i = 0; i < steps; ++i) step();
    }
    [[nodiscard]] const Book& book() const { return book_; }
    [[nodiscard]] std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
    [[nodiscard]] bool chance(std::size_t percent) { return below(100) < percent; }

    /// Ops of the history, parents mostly first, as somebody with bad intentions sends them.
    [[nodiscard]] std::vector<EncodedOp> attack() {
        const std::size_t from = below(book_.size());
        const std::size_t count = 1 + below(std::min<std::size_t>(book_.size() - from, 150));
        const std::size_t lost = chance(30) ? 15 : 0;
        const std::size_t stripped = below(3) * 45;
        std::vector<EncodedOp> batch;
        for (std::size_t i = from; i < from + count; ++i) {
            EncodedOp op = book_.op(i);
            if (chance(lost)) continue;
            if (chance(stripped)) op.signature.reset();
            if (op.signature && chance(20)) op.signature = resigned(i);
            batch.push_back(op);
            if (chance(5)) batch.push_back(book_.op(below(book_.size())));
            if (chance(5)) batch.push_back(op);
        }
        if (chance(30)) std::ranges::shuffle(batch, random_);
        if (chance(20) && !batch.empty()) spoil(batch[below(batch.size())]);
        return batch;
    }
    /// The history up to some op, with the signatures a correct sender gives.
    [[nodiscard]] std::vector<EncodedOp> honest_run() {
        const std::size_t count = 1 + below(book_.size());
        std::vector<sync::OutgoingOp> ops;
        for (Entry i = 0; i < count; ++i) ops.push_back({static_cast<OpIndex>(i), book_.op(i)});
        BookHost host(book_);
        const auto needed = sync::signatures_needed(book_.graph(), host, ops);
        std::vector<EncodedOp> batch;
        for (std::size_t i = 0; i < count; ++i) {
            batch.push_back(ops[i].op);
            if (!needed[i] && chance(90)) batch.back().signature.reset();
        }
        return batch;
    }

   private:
    void step() {
        const std::size_t author = below(names_.size());
        const std::string& name = names_[author];
        std::vector<Entry> on{last_[author]};
        if (chance(50)) on.push_back(last_[below(last_.size())]);
        on = maximal(on);
        if (author == 0 && chance(40)) {
            last_[0] = book_.add(name, access_act(), on);
            return;
        }
        Draft draft;
        if (chance(4)) draft.prev = std::optional<Entry>();
        const std::size_t run = chance(10) ? 1 + below(90) : 1;
        Entry at = book_.post(name, on, draft);
        if (run > 1) at = book_.posts(name, at, run - 1);
        if (!chance(5)) last_[author] = at;  // else the author forks next time
    }
    Act access_act() {
        const DeviceKey subject = key_of(names_[1 + below(names_.size() - 1)]);
        switch (below(5)) {
            case 0: return Remove{subject, std::nullopt};
            case 1: return Ban{subject, std::nullopt};
            case 2: return Add{subject, level::member};
            case 3: return Add{key_of("guest " + std::to_string(book_.size())), level::reader};
            default: return SetLevel{subject, chance(50) ? level::member : level::admin};
        }
    }
    std::vector<Entry> maximal(const std::vector<Entry>& of) {
        const std::vector<OpIndex> ops(of.begin(), of.end());
        std::vector<Entry> out;
        for (const OpIndex op : book_.graph().maximal(ops)) out.push_back(op);
        return out;
    }
    Signature resigned(std::size_t op) {
        const DeviceKey& author = book_.graph().key(book_.graph().author(static_cast<OpIndex>(op)));
        return fake_signature(author, signing_input(book_.id(op)), static_cast<std::uint8_t>(1 + below(3)));
    }
    void spoil(EncodedOp& op) {
        if (!op.signature) op.signature.emplace();
        op.signature->bytes[below(64)] ^= static_cast<std::uint8_t>(1U << below(8));
    }

    const std::vector<std::string> names_{"ann", "ben", "cat", "dan"};
    std::mt19937_64 random_;
    Book book_{{"ann", "eve", "fay"}};  // those whose devices these are, whom nobody removes
    std::vector<Entry> last_;
};

// All that is kept can be shown to somebody who trusts nobody.
void expect_provable(Peer& peer, const Book& book) {
    FakeVerifier verifier;
    const auto report = moot::check_group(peer.store(), book.group(), moot::FsckDepth::full, verifier);
    RC_ASSERT(report.faults.empty());
    const auto one_each = peer.store().for_each(false, [](StoredOp&& op) -> Result<void> {
        RC_ASSERT(op.signatures.size() <= 1);
        return {};
    });
    RC_ASSERT(one_each.has_value());
    if (peer.graph().size() == 0) return;
    Peer fresh("fresh", book.group(), 9);
    std::vector<EncodedOp> all;
    for (OpIndex op = 0; op < peer.graph().size(); ++op) all.push_back(peer.replica().load(op).value());
    const auto taken = fresh.replica().take(all);
    RC_ASSERT(taken.has_value());
    fresh.drain();
    RC_ASSERT(same(peer, fresh));
}

void expect_session(Peer& a, Peer& b, std::uint64_t seed) {
    Wire wire(a, b, {.seed = seed});
    wire.run();
    RC_ASSERT(wire.both(Outcome::equal));
    wire.close();
    RC_ASSERT(same(a, b));
}

RC_GTEST_PROP(ReplicaProof, O5_whatever_comes_between_all_keep_the_same_and_can_prove_it, ()) {
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    World world(seed, *rc::gen::inRange<std::size_t>(1, 80));
    const Book& book = world.book();
    Peer each("ann", book.group(), 1);
    Peer chain("eve", book.group(), 2);
    Peer attacked("fay", book.group(), 3);
    each.take(book.all());
    chain.take(world.honest_run());
    const auto attacks = *rc::gen::inRange<std::size_t>(0, 12);
    for (std::size_t i = 0; i < attacks; ++i) {
        // Refused or not: nothing that cannot be proven is kept.
        for (Peer* peer : {&chain, &attacked}) (void)peer->replica().take(world.attack());
        chain.drain();
        attacked.drain();
        if (world.chance(20)) attacked.reopen();
    }
    expect_provable(chain, book);
    expect_provable(attacked, book);
    expect_session(attacked, chain, seed);
    expect_session(chain, each, seed + 1);
    expect_session(attacked, each, seed + 2);
    RC_ASSERT(each.graph().size() == book.size());
    for (Peer* peer : {&each, &chain, &attacked}) expect_provable(*peer, book);
}

}  // namespace
}  // namespace folkmoot::wire
