// The bounds of a session and of what one peer can cost, each at the bound and one past it; and that nobody
// else pays for it.
#include "folkmoot/limits.hpp"

#include "replica/quota.hpp"
#include "support/hostile.hpp"
#include "sync/parking.hpp"
#include "sync/tips.hpp"

namespace folkmoot::wire {
namespace {

using sync::Announce;
using sync::Ops;
using Failure = std::pair<ErrorCode, bool>;

// ann and ben share `base_`; ben lies.
class LimitsTest : public testing::Test {
   protected:
    LimitsTest() {
        base_ = book_.add("ann", Add{key_of("ben"), level::moderator}, {0});
        ann_.take(book_.past({base_}));
    }
    Book book_;
    Entry base_ = 0;
    Peer ann_{"ann", book_.group()};
};

TEST_F(LimitsTest, Y7_a_batch_of_1000_ops_and_one_more) {
    const Entry last = book_.posts("ben", base_, limits::batch_ops + 1);
    for (const std::size_t count : {limits::batch_ops, limits::batch_ops + 1}) {
        Peer victim("ann", book_.group(), 2);
        victim.take(book_.past({base_}));
        Hostile ben(victim, book_, "ben");
        ben.send_have({last});
        std::vector<Entry> batch;
        for (Entry at = base_ + 1; at <= base_ + count; ++at) batch.push_back(at);
        ben.send(ben.ops(ben.outs(batch), {}, Ops::Role::answer));
        EXPECT_EQ(ben.running(), count == limits::batch_ops);
        EXPECT_EQ(victim.graph().size(), count == limits::batch_ops ? base_ + 1 + count : base_ + 1);
    }
}

TEST_F(LimitsTest, Y7_a_giver_sends_no_more_than_a_batch_in_a_message) {
    Entry on = base_;
    for (int i = 0; i < 40; ++i) {
        Draft draft;
        draft.payload = std::to_string(i);
        draft.payload.resize(20'000, 'x');
        on = book_.post("ben", {on}, draft);
    }
    ann_.take(book_.past({on}));
    Hostile ben(ann_, book_, "ben");
    ben.send_have({base_});
    std::size_t full = 0;
    for (const auto& message : ben.received) {
        const auto* ops = std::get_if<Ops>(&message);
        if (ops == nullptr) continue;
        EXPECT_LE(ops->batch.size(), limits::batch_bytes);
        full += ops->batch.size() > limits::batch_bytes - 25'000 ? 1 : 0;
    }
    EXPECT_EQ(full, 3U) << "and no less, while there is more to send";
}

TEST_F(LimitsTest, Y8_heads_of_a_message_and_of_an_offer) {
    const Entry other = book_.post("ben", {base_});
    for (const std::size_t count : {limits::head_ids, limits::head_ids + 1}) {
        Hostile ben(ann_, book_, "ben");
        ben.send_have({other});
        ben.send(ben.ops({}, std::vector<Entry>(count, base_), Ops::Role::answer));
        EXPECT_EQ(ben.running(), count == limits::head_ids);
    }
    Hostile ben(ann_, book_, "ben");
    ben.send_have({other});
    std::size_t heads = 0;
    for (; heads + limits::head_ids <= limits::offer_heads; heads += limits::head_ids)
        ben.send(ben.ops({}, std::vector<Entry>(limits::head_ids, base_), Ops::Role::answer));
    ben.send(ben.ops({}, std::vector<Entry>(limits::offer_heads - heads, base_), Ops::Role::answer));
    EXPECT_TRUE(ben.running());
    EXPECT_LE(ann_.replica().memory_of(ben.id), limits::memory_per_session);
    ben.send(ben.ops({}, {base_}, Ops::Role::answer));
    // Whoever forks without end makes so many; who relays them is not to blame.
    EXPECT_EQ(ben.failure(), (Failure{ErrorCode::session_quota, false}));
}

// Beyond it authors are named by label, which costs bytes and nothing else. (Fewer here: 4,096 take long to
// make.)
TEST_F(LimitsTest, Y11_authors_named_by_number_and_one_more) {
    constexpr std::size_t authors = 20;
    Entry on = base_;
    for (std::size_t i = 1; i < authors; ++i) {
        const std::string name = "m" + std::to_string(i);
        on = book_.add("ann", Add{key_of(name), level::member}, {on});
        book_.post(name, {on});
    }
    const Graph& graph = book_.graph();
    const Closure all = graph.closure(graph.heads());
    EXPECT_EQ(sync::common_authors(graph, all, authors).size(), authors) << "ann and the others";
    EXPECT_EQ(sync::common_authors(graph, all, authors - 1).size(), 0U);
    EXPECT_EQ(sync::common_authors(graph, all).size(), authors);
}

// Signatures are checked in portions: a forger makes this side check one portion in vain, not a whole batch.
TEST_F(LimitsTest, O5_a_forger_costs_a_portion_of_checks) {
    const Entry last = book_.posts("ben", base_, limits::batch_ops);
    for (const std::size_t forged : {std::size_t{0}, std::size_t{999}}) {
        Peer victim("ann", book_.group(), 2);
        victim.take(book_.past({base_}));
        Hostile ben(victim, book_, "ben");
        ben.send_have({last});
        std::vector<Entry> batch;
        for (Entry at = base_ + 1; at <= last; ++at) batch.push_back(at);
        auto outs = ben.outs(batch);
        outs[forged].op.signature->bytes[0] ^= 1U;
        const std::uint64_t before = victim.verifier().checked;
        ben.send(ben.ops(outs, {}, Ops::Role::answer));
        EXPECT_EQ(ben.failure(), (Failure{ErrorCode::op_bad_signature, true}));
        const std::uint64_t checks = victim.verifier().checked - before;
        EXPECT_EQ(checks, forged == 0 ? limits::checks_at_a_time : limits::batch_ops);
    }
}

TEST_F(LimitsTest, O8_refused_ids_and_one_more) {
    const Entry removed = book_.add("ann", Remove{key_of("ben"), std::nullopt}, {base_});
    const Entry first = removed + 1;
    Entry on = base_;
    std::uint64_t bytes = 0;
    std::size_t held = 0;
    std::size_t over = 0;
    while (over < limits::refused_ids_per_peer + 1) {
        on = book_.post("ben", {on}, {.payload = "x"});
        bytes += book_.op(on).body.size() + 1;
        ++(bytes <= limits::removed_author_bytes ? held : over);
    }
    for (const Entry last : {on - 1, on}) {
        Peer victim("ann", book_.group(), 2);
        victim.take(book_.past({removed}));
        Hostile giver(victim, book_, "ben");
        giver.send_have({last});
        for (Entry at = first; at <= last; at += limits::batch_ops) {
            std::vector<Entry> batch;
            for (Entry each = at; each <= last && batch.size() < limits::batch_ops; ++each)
                batch.push_back(each);
            const bool end = batch.back() == last;
            giver.send(giver.ops(giver.outs(batch), end ? std::vector<Entry>{last} : std::vector<Entry>{},
                                 end ? Ops::Role::last : Ops::Role::answer));
            EXPECT_LE(victim.replica().memory_of(giver.id), limits::memory_per_session);
        }
        EXPECT_EQ(victim.graph().size(), removed + 1 + held);
        if (last == on) {
            EXPECT_EQ(giver.failure(), (Failure{ErrorCode::session_quota, false}));
        } else {
            EXPECT_TRUE(giver.running());
            EXPECT_EQ(giver.last<sync::Done>().refused, limits::refused_ids_per_peer);
        }
    }
}

TEST_F(LimitsTest, O8_wanted_ids_and_one_more) {
    Quota quota(ann_.graph(), ann_.replica().access());
    const auto id = [](std::size_t number) {
        OpId out;
        for (std::size_t i = 0; i < 4; ++i) out.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
        return out;
    };
    for (std::size_t i = 0; i < limits::wanted_ids_per_peer; ++i) quota.want(key_of("ben"), id(i));
    EXPECT_TRUE(quota.wanted(key_of("ben"), id(0)));
    EXPECT_FALSE(quota.wanted(key_of("cat"), id(0))) << "by peer";
    quota.want(key_of("ben"), id(limits::wanted_ids_per_peer));
    EXPECT_FALSE(quota.wanted(key_of("ben"), id(0))) << "the oldest gives way";
    EXPECT_EQ(quota.wanted_count(key_of("ben")), limits::wanted_ids_per_peer);
    quota.forget(key_of("ben"));
    EXPECT_EQ(quota.wanted_count(key_of("ben")), 0U);
}

// Every budget of one peer at once, then more; an honest session on the side has its own room.
TEST_F(LimitsTest, what_one_peer_can_make_this_side_hold_is_bounded_and_takes_no_room_from_others) {
    const Entry chain = book_.posts("ben", base_, 4000);
    std::vector<Entry> orphans;
    for (Entry at = base_ + 2; at <= chain; ++at) orphans.push_back(at);
    const auto park = [&](Hostile& peer) {
        peer.send_have({chain});
        for (std::size_t from = 0; from < orphans.size() && peer.running(); from += 500) {
            std::vector<Entry> part;
            for (std::size_t i = from; i < std::min(from + 500, orphans.size()); ++i)
                part.push_back(orphans[i]);
            peer.send(peer.ops(peer.outs(part), {}, Ops::Role::answer));
        }
    };
    std::size_t most = 0;
    const auto look = [&](const Hostile& peer) {
        const std::size_t now = ann_.replica().memory_of(peer.id);
        EXPECT_LE(now, limits::memory_per_session);
        most = std::max(most, now);
    };
    // Some parked ops of somebody else's, before the flood.
    Hostile honest(ann_, book_, "ben");
    honest.send_have({chain});
    honest.send(honest.ops(honest.outs({base_ + 3, base_ + 2}), {}, Ops::Role::answer));
    const std::size_t before = ann_.replica().memory_of(honest.id);
    ASSERT_GT(before, 0U);
    for (int i = 0; i < 8; ++i) {
        Hostile flooder(ann_, book_, "ben");
        park(flooder);
        look(flooder);
        for (std::size_t heads = 0; heads < limits::offer_heads && flooder.running();
             heads += limits::head_ids) {
            flooder.send(flooder.ops({}, std::vector<Entry>(limits::head_ids, chain), Ops::Role::answer));
            look(flooder);
        }
    }
    EXPECT_GT(most, limits::parked_bytes_per_peer) << "the flood did fill its room";
    EXPECT_EQ(ann_.replica().memory_of(honest.id), before) << "and took nothing from another session";
    honest.send(honest.ops(honest.outs({base_ + 1}), {}, Ops::Role::answer));
    EXPECT_TRUE(ann_.has(book_.id(base_ + 3))) << "whose parked ops are still there";
    EXPECT_TRUE(honest.running());
}

// Room for what waits is set aside when a session opens: whoever comes when there is none left takes nothing
// from the others, and still gets and gives everything.
TEST_F(LimitsTest, Y6_so_many_sessions_park_and_one_more_does_without) {
    constexpr std::size_t sessions = limits::parked_bytes / limits::parked_bytes_per_peer;
    const Entry chain = book_.posts("ben", base_, 3);
    const auto parks = [&](Hostile& peer, Entry last) {
        peer.send_have({last});
        peer.send(peer.ops(peer.outs({last}), {}, Ops::Role::answer));
        EXPECT_TRUE(peer.running());
        return ann_.replica().memory_of(peer.id) >= sync::Parking::cost(book_.op(last), 1);
    };
    std::vector<std::unique_ptr<Hostile>> peers;
    for (std::size_t i = 0; i < sessions; ++i) {
        peers.push_back(std::make_unique<Hostile>(ann_, book_, "ben"));
        EXPECT_TRUE(parks(*peers.back(), chain)) << i;
    }
    Hostile late(ann_, book_, "ben");
    EXPECT_FALSE(parks(late, chain));
    Peer ben("ben", book_.group(), 2);
    ben.take(book_.all());
    expect_sync(ann_, ben);
    ann_.replica().close_session(peers.back()->id);
    Hostile next(ann_, book_, "ben");
    EXPECT_TRUE(parks(next, book_.posts("ben", chain, 3))) << "when a session is over, its room is another's";
}

TEST_F(LimitsTest, Y6_ops_wait_for_a_minute_without_news_and_no_longer) {
    const Entry chain = book_.posts("ben", base_, 4);
    const auto begin = [&](Hostile& ben) {
        ben.send_have({chain});
        ben.send(ben.ops(ben.outs({chain}), {}, Ops::Role::answer));  // waits for the one before it
    };
    const auto nothing_new = [&](Hostile& ben, std::uint64_t now_ms) {
        ben.now_ms = now_ms;
        ben.send(ben.ops(ben.outs({base_}), {}, Ops::Role::answer));
        return ben.running();
    };
    Hostile ben(ann_, book_, "ben");
    begin(ben);
    EXPECT_TRUE(nothing_new(ben, limits::parked_timeout_ms - 1));
    EXPECT_FALSE(nothing_new(ben, limits::parked_timeout_ms));
    EXPECT_EQ(ben.failure(), (Failure{ErrorCode::session_no_progress, false}));
    Hostile slow(ann_, book_, "ben");
    begin(slow);
    // One op a minute is news.
    for (Entry at = base_ + 1; at < chain - 1; ++at) {
        slow.now_ms += limits::parked_timeout_ms - 1;
        slow.send(slow.ops(slow.outs({at}), {}, Ops::Role::answer));
        EXPECT_TRUE(slow.running());
    }
    Hostile idle(ann_, book_, "ben");
    idle.send_have({chain});
    EXPECT_TRUE(nothing_new(idle, 10 * limits::parked_timeout_ms)) << "where nothing waits";
}

TEST_F(LimitsTest, Y10_announced_ids_count_and_are_bounded) {
    SessionConfig live;
    live.live = true;
    Hostile ben(ann_, book_, "ben", live);
    ben.send_have({base_});
    ASSERT_EQ(ben.session().outcome(), Outcome::equal);
    std::size_t number = 0;
    for (int messages = 0; messages < 10 && ben.session().outcome() != Outcome::failed; ++messages) {
        Announce phantom;
        for (std::size_t i = 0; i < limits::announce_ids; ++i) {
            OpId id;
            ++number;
            for (std::size_t k = 0; k < 4; ++k)
                id.bytes[k] = static_cast<std::uint8_t>(number >> (24 - 8 * k));
            phantom.ids.push_back(id);
        }
        ben.send(phantom);
        EXPECT_LE(ann_.replica().memory_of(ben.id), limits::memory_per_session);
    }
    EXPECT_EQ(ann_.count(Event::Kind::peer_fault), 0U);
    EXPECT_TRUE(ben.session().incomplete() || ben.session().outcome() == Outcome::failed);
}

// --- Y9: removed while the session is open ------------------------------------------------------------

TEST_F(LimitsTest, Y9_who_has_just_been_removed_is_pushed_and_told_nothing_more) {
    for (const bool whole : {true, false}) {
        Book book;
        const Entry base = book.add("ann", Add{key_of("ben"), level::member}, {0});
        Peer ann("ann", book.group());
        Peer ben("ben", book.group(), 2);
        ann.take(book.past({base}));
        ben.take(book.past({base}));
        Wire wire(ann, ben, {.live = true});
        wire.run();
        ASSERT_TRUE(wire.both(Outcome::equal));
        const OpId removal = [&] {
            if (whole) return ann.act(Remove{key_of("ben"), std::nullopt});
            // The removal comes from elsewhere, and in one batch with news.
            const Entry removed = book.add("ann", Remove{key_of("ben"), std::nullopt}, {base});
            const Entry news = book.posts("ann", removed, 5);
            ann.take(book.past({news}));
            return book.id(removed);
        }();
        const OpId secret = ann.post("not for ben");
        wire.run();
        EXPECT_EQ(wire.session_a().error().code, ErrorCode::session_not_let_in);
        EXPECT_EQ(wire.session_a().stats().ops_sent, 0U);
        EXPECT_EQ(wire.session_a().stats().ids_announced, 0U);
        EXPECT_FALSE(ben.has(secret));
        EXPECT_EQ(ann.count(Event::Kind::peer_fault) + ben.count(Event::Kind::peer_fault), 0U);
        wire.close();
        // The next session tells why, and nothing the removal had not seen.
        Wire next(ann, ben, {.seed = 2});
        next.run();
        EXPECT_TRUE(ben.has(removal));
        EXPECT_FALSE(ben.has(secret));
        EXPECT_EQ(ben.count(Event::Kind::you_were_removed), 1U);
    }
}

}  // namespace
}  // namespace folkmoot::wire
