// Published attacks on reconciliation, replayed. Which test answers which:
//
// | attack, and where it was seen | test |
// |---|---|
// | ids ground against an unsalted filter (Automerge: 400 ops, 97 % hidden) | ground_ids_hide_nothing, here;
// Bloom.Y4_what_hides_under_one_salt_shows_under_another | | a summary that hides a chain: a round trip for
// each op (BEC prototype) | hidden_chain_costs_a_logarithm, here | | own heads checked instead of the peer's:
// ends incomplete (BEC prototype) | check() in lockstep.hpp, in every session of these files | | one sequence
// number used twice: sync throws for good (Automerge) | Summaries.*, Random.* : histories with forks | | a
// peer's orphans asked of third parties: sync stalls | orphans_of_one_peer_are_never_asked_of_another, here;
// Session.two_sessions_of_one_replica_complete_each_other | | filters of ones, of zeros, of no bits, of any
// size | filters_of_any_size_are_bounded, here;
// HostileTest.Y3_a_filter_of_ones_hides_all_and_one_of_zeros_nothing | | no probes, 2^32 probes, read from
// the wire | no_parameter_of_a_filter_is_on_the_wire, here | | heads that do not exist, or are not given |
// HostileTest.lying_heads_cost_a_few_requests, Y8_heads_that_do_not_make_the_digest_are_a_lie | | hundreds of
// heads, of roots | hundreds_of_heads_take_few_rounds, here; Session.forks_and_wide_graphs_come_through | |
// orphans without end | HostileTest.Y6_orphans_beyond_the_budget_cost_their_sender_only; Parking.* | | a peer
// that lost its state | Session.Y3_lost_memory_costs_bytes_and_nothing_else;
// Summaries.any_memory_with_any_summary | | more ops than a filter holds | more_ops_than_one_filter_holds,
// here | | a connection that is cut, and cut again | a_cut_session_repeats_nothing, here;
// Random.Y7_any_cut_and_any_crash_keeps_what_was_admitted | | requests and answers without end |
// HostileTest.requests_one_on_the_other_and_without_end_are_refused, an_answer_cannot_repeat_itself_for_ever
// |
#include <bit>

#include "property/lockstep.hpp"
#include "support/hostile.hpp"
#include "sync/bloom.hpp"

namespace folkmoot::wire {
namespace {

struct Pair {
    Pair() { base = book.add("ann", Add{key_of("ben"), level::member}, {0}); }
    Book book;
    Entry base = 0;
    Peer ann{"ann", book.group(), 1};
    Peer ben{"ben", book.group(), 2};
};

sync::BloomFilter filter_of(Peer& peer, const crypto::SipKey& salt) {
    sync::BloomFilter filter(salt, peer.graph().size());
    for (OpIndex op = 0; op < peer.graph().size(); ++op) filter.insert(peer.graph().id(op));
    return filter;
}

// Ben knows everything ann holds and the salt of their last session, and chooses the times of his ops so that
// each of them would hide in the filter she sent there. He makes a chain of them.
std::vector<EncodedOp> ground_chain(const Pair& pair, const sync::BloomFilter& known, std::size_t length) {
    std::vector<EncodedOp> chain;
    Operation op = pair.book.make("ben", Post{1, payload_hash(as_bytes("x"))}, {pair.base});
    for (std::uint64_t time = 1; chain.size() < length; ++time) {
        op.time_ms = time;
        const auto body = encode_body(op);
        EXPECT_TRUE(body.has_value());
        if (!body || !known.may_contain(op_id(*body))) continue;
        chain.push_back(Book::encode(op, Bytes{'x'}));
        op.prev = chain.back().id;
        op.parents.clear();
    }
    return chain;
}

TEST(Attacks, Y4_ground_ids_hide_nothing) {
    Pair pair;
    const Entry mine = pair.book.posts("ann", pair.base, 400);
    pair.ann.take(pair.book.past({mine}));
    const auto old_salt = sync::round_salt(binding_of(0), true, 0);
    const auto known = filter_of(pair.ann, old_salt);
    const auto chain = ground_chain(pair, known, 40);
    // The attack works where the salt is known: all of the chain hides.
    for (const auto& op : chain) ASSERT_TRUE(known.may_contain(op.id));
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Peer ann("ann", pair.book.group(), 3);
        Peer ben("ben", pair.book.group(), 4);
        ann.take(pair.book.past({mine}));
        ben.take(pair.book.past({mine}));
        ben.take(chain);
        Lockstep wire(ann, ben,
                      {.summary_a = SummaryChoice::bloom, .summary_b = SummaryChoice::bloom, .seed = seed});
        wire.run();
        EXPECT_TRUE(wire.equal());
        EXPECT_TRUE(same(ann, ben));
        EXPECT_EQ(wire.session_a().stats().rounds, 1U);
        EXPECT_EQ(wire.session_a().stats().needs, 0U);
    }
}

// Whoever lies about ann's filter, or whatever it hides: k hidden ops cost ceil(log2 k) + 3 requests.
TEST(Attacks, Y6_a_hidden_chain_costs_a_logarithm) {
    for (const std::size_t hidden : {1U, 2U, 3U, 10U, 100U, 1000U, 5000U}) {
        SCOPED_TRACE(hidden);
        Pair pair;
        const Entry theirs = pair.book.posts("ben", pair.base, hidden);
        pair.ann.take(pair.book.past({pair.base}));
        pair.ben.take(pair.book.past({theirs}));
        const auto all_ones = [](bool from_a, sync::Message& message) {
            auto* have = std::get_if<sync::Have>(&message);
            if (have == nullptr || !from_a || have->round > 0) return;
            have->summary = {};
            have->summary.kind = sync::Summary::Kind::bloom;
            have->summary.bits = Bytes(8, 0xff);
        };
        Lockstep wire(pair.ann, pair.ben, {.summary_a = SummaryChoice::bloom, .tamper = all_ones});
        wire.run();
        EXPECT_TRUE(wire.equal());
        EXPECT_TRUE(same(pair.ann, pair.ben));
        const auto& stats = wire.session_a().stats();
        EXPECT_GT(stats.needs, 0U) << "the filter hid it";
        EXPECT_LE(stats.rounds + stats.needs, static_cast<std::size_t>(std::bit_width(hidden - 1)) + 3);
    }
}

// One op hidden below a chain that is sent without it: the chain cannot be proved and comes again with it.
TEST(Attacks, Y6_one_hidden_op_costs_one_more_round_trip) {
    for (const std::size_t above : {0U, 1U, 5U, 62U, 63U, 64U, 300U}) {
        SCOPED_TRACE(above);
        Pair pair;
        const Entry hidden = pair.book.post("ben", {pair.base});
        const Entry theirs = pair.book.posts("ben", hidden, above);
        pair.ann.take(pair.book.past({pair.base}));
        pair.ben.take(pair.book.past({theirs}));
        const auto hide = [&](bool from_a, sync::Message& message) {
            auto* have = std::get_if<sync::Have>(&message);
            if (have == nullptr || !from_a || have->round > 0) return;
            sync::BloomFilter filter(sync::round_salt(binding_of(1), true, 0), 100);
            for (OpIndex op = 0; op < pair.ann.graph().size(); ++op) filter.insert(pair.ann.graph().id(op));
            filter.insert(pair.book.id(hidden));
            have->summary.bits.assign(filter.bits().begin(), filter.bits().end());
        };
        Lockstep wire(pair.ann, pair.ben, {.summary_a = SummaryChoice::bloom, .tamper = hide});
        wire.run();
        EXPECT_TRUE(wire.equal());
        EXPECT_TRUE(same(pair.ann, pair.ben));
        EXPECT_EQ(wire.session_a().stats().rounds, 1U);
        EXPECT_EQ(wire.session_a().stats().needs, 1U);
    }
}

TEST(Attacks, Y6_orphans_of_one_peer_are_never_asked_of_another) {
    Book book;
    const Entry ben_add = book.add("ann", Add{key_of("ben"), level::member}, {0});
    const Entry base = book.add("ann", Add{key_of("cat"), level::member}, {ben_add});
    const Entry news = book.posts("ben", base, 20);
    const Entry orphan = book.posts("cat", base, 5);
    Peer ann("ann", book.group(), 1);
    Peer ben("ben", book.group(), 2);
    ann.take(book.past({base}));
    ben.take(book.past({news}));
    // Cat gives an op whose ancestors nobody will ever see, and says no more.
    Hostile cat(ann, book, "cat");
    cat.send_have({orphan});
    cat.send(cat.ops(cat.outs({orphan}), {orphan}));
    ASSERT_EQ(cat.count<sync::Need>(), 1U);
    {
        Lockstep wire(ann, ben);
        wire.run();
        EXPECT_TRUE(wire.equal());
        EXPECT_EQ(wire.session_a().stats().needs, 0U);
        EXPECT_EQ(wire.session_a().stats().rounds, 1U);
        EXPECT_TRUE(same(ann, ben));
    }
    EXPECT_TRUE(cat.running()) << "only cat's session waits";
    const auto deadline = ann.replica().deadline_ms();
    ASSERT_TRUE(deadline.has_value());
    ann.replica().handle_time(*deadline);
    EXPECT_EQ(cat.failure().first, ErrorCode::session_timed_out);
    EXPECT_FALSE(ann.has(book.id(orphan)));
}

TEST(Attacks, Y3_filters_of_any_size_are_bounded) {
    for (const std::size_t size : {0U, 1U, 3U, 7U, 8U, 1000U, 131'072U, 131'073U}) {
        for (const std::uint8_t fill : {std::uint8_t{0}, std::uint8_t{0xff}, std::uint8_t{0x5a}}) {
            SCOPED_TRACE(std::to_string(size) + " bytes of " + std::to_string(fill));
            Pair pair;
            const Entry mine = pair.book.posts("ann", pair.base, 10);
            const Entry theirs = pair.book.posts("ben", pair.base, 10);
            pair.ann.take(pair.book.past({mine}));
            Hostile ben(pair.ann, pair.book, "ben");
            sync::Summary summary;
            summary.kind = sync::Summary::Kind::bloom;
            summary.bits = Bytes(size, fill);
            ben.send_have({theirs}, summary);
            const bool legal = size >= 1 && size <= limits::bloom_bytes;
            EXPECT_EQ(ben.running(), legal);
            EXPECT_EQ(ben.count<sync::Ops>(), legal ? 1U : 0U);
            EXPECT_EQ(ben.failure().second, !legal);
            // What a filter of zeros does not show is all; one of ones shows all.
            const auto sent = ben.session().stats().ops_sent;
            EXPECT_TRUE(fill != 0 || sent == (legal ? pair.ann.graph().size() : 0U)) << sent;
            EXPECT_TRUE(fill != 0xff || sent == 0U) << sent;
        }
    }
}

TEST(Attacks, Y3_no_parameter_of_a_filter_is_on_the_wire) {
    Pair pair;
    pair.ann.take(pair.book.all());
    sync::Have have;
    have.group = group_tag(pair.book.group(), binding_of(1));
    have.summary.kind = sync::Summary::Kind::bloom;
    have.summary.bits = Bytes(8, 0x11);
    const Bytes plain = sync::encode_message(have);
    ASSERT_TRUE(sync::decode_message(plain).has_value());
    // One item more: probes of 0, 11 and 2^32.
    for (const Bytes& probes : {Bytes{0x00}, Bytes{0x0b}, Bytes{0x1b, 0, 0, 0, 1, 0, 0, 0, 0}}) {
        Bytes more = plain;
        ASSERT_EQ(more[0] & 0xf0U, 0x80U) << "an array of less than 16 items";
        ++more[0];
        more.insert(more.end(), probes.begin(), probes.end());
        Hostile ben(pair.ann, pair.book, "ben");
        ben.send_raw(more);
        EXPECT_TRUE(ben.failure().second);
        EXPECT_EQ(ben.count<sync::Ops>(), 0U);
    }
}

TEST(Attacks, Y8_hundreds_of_heads_take_few_rounds) {
    for (const SummaryChoice summary :
         {SummaryChoice::automatic, SummaryChoice::bloom, SummaryChoice::exact}) {
        SCOPED_TRACE(static_cast<int>(summary));
        Pair pair;
        std::vector<Entry> left{pair.base};
        std::vector<Entry> right{pair.base};
        Entry last = pair.base;
        for (int i = 0; i < 500; ++i)
            last = pair.book.add("ann", Add{key_of("m" + std::to_string(i)), level::member}, {last});
        // 500 authors, each of whom saw nobody else: 250 heads here, 250 there.
        for (int i = 0; i < 500; ++i)
            (i % 2 == 0 ? left : right).push_back(pair.book.post("m" + std::to_string(i), {last}));
        pair.ann.take(pair.book.past(left));
        pair.ben.take(pair.book.past(right));
        Lockstep wire(pair.ann, pair.ben, {.summary_a = summary, .summary_b = summary});
        wire.run();
        EXPECT_TRUE(wire.equal());
        EXPECT_TRUE(same(pair.ann, pair.ben));
        EXPECT_EQ(pair.ann.graph().heads().size(), 500U);
        EXPECT_LE(wire.trips, 5U);
    }
}

// More common ops than one filter holds, and news both among the deepest and among the shallowest.
TEST(Attacks, Y8_more_ops_than_one_filter_holds) {
    Pair pair;
    Entry common = pair.book.post("ann", {pair.base});
    // The defaults, said: they are searched for otherwise.
    for (std::size_t i = 0; i < sync::BloomFilter::capacity + 2000; ++i)
        common = pair.book.post("ann", {common}, {.prev = common, .as = pair.book.root(), .payload = "x"});
    const Entry old_news = pair.book.posts("ben", pair.base, 5);
    const Entry fresh = pair.book.posts("ann", common, 5);
    pair.ann.take(pair.book.past({fresh}));
    pair.ben.take(pair.book.past({common, old_news}));
    Lockstep wire(pair.ann, pair.ben, {.summary_a = SummaryChoice::bloom, .summary_b = SummaryChoice::bloom});
    wire.run();
    EXPECT_TRUE(wire.equal());
    EXPECT_TRUE(same(pair.ann, pair.ben));
    EXPECT_EQ(wire.session_a().stats().ops_new, 5U);
    EXPECT_EQ(wire.session_b().stats().ops_new, 5U);
    EXPECT_GE(wire.session_a().stats().rounds, 2U) << "one page was not enough";
    EXPECT_LE(wire.session_a().stats().rounds, 3U);
}

// A message arrives whole or not at all, so a cut at any byte is a cut before some message.
TEST(Attacks, Y7_a_cut_session_repeats_nothing) {
    for (const SummaryChoice summary : {SummaryChoice::automatic, SummaryChoice::bloom}) {
        bool finished = false;
        for (std::size_t cut = 0; !finished; ++cut) {
            SCOPED_TRACE(cut);
            Pair pair;
            const Entry mine = pair.book.posts("ann", pair.base, 2500);
            const Entry theirs = pair.book.posts("ben", pair.base, 3300);
            pair.ann.take(pair.book.past({mine}));
            pair.ben.take(pair.book.past({theirs}));
            std::uint64_t received_a = 0;
            std::uint64_t received_b = 0;
            const auto sync = [&](std::uint64_t seed, std::size_t cut_after) {
                Lockstep wire(
                    pair.ann, pair.ben,
                    {.summary_a = summary, .summary_b = summary, .seed = seed, .cut_after = cut_after});
                wire.run();
                received_a += wire.session_a().stats().ops_received;
                received_b += wire.session_b().stats().ops_received;
                return wire.equal();
            };
            finished = sync(1, cut);
            EXPECT_TRUE(finished || sync(2, SIZE_MAX));
            EXPECT_TRUE(same(pair.ann, pair.ben));
            EXPECT_EQ(received_a, 3300U) << "no op arrives twice";
            EXPECT_EQ(received_b, 2500U);
            ASSERT_LT(cut, 100U);
        }
    }
}

}  // namespace
}  // namespace folkmoot::wire
