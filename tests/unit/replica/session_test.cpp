// Honest sessions (Y1 to Y10): whatever the two ends hold, they end with the same.
#include "support/wire.hpp"
#include "sync/messages.hpp"

namespace folkmoot::wire {
namespace {

// ann and ben are members; `base` is what both know at least.
struct Pair {
    Pair() { base = book.add("ann", Add{key_of("ben"), level::moderator}, {0}); }
    void both_take(const std::vector<Entry>& of) {
        ann.take(book.past(of));
        ben.take(book.past(of));
    }
    Book book;
    Entry base = 0;
    Peer ann{"ann", book.group(), 1};
    Peer ben{"ben", book.group(), 2};
};

constexpr SummaryChoice choices[] = {SummaryChoice::automatic, SummaryChoice::bloom, SummaryChoice::exact};

TEST(Session, Y8_both_ends_hold_the_same_whatever_each_had) {
    for (const SummaryChoice summary : choices) {
        for (const std::size_t left : {0U, 1U, 2U, 300U}) {
            for (const std::size_t right : {0U, 1U, 70U}) {
                Pair pair;
                const Entry a = pair.book.posts("ann", pair.base, left);
                const Entry b = pair.book.posts("ben", pair.base, right);
                pair.ann.take(pair.book.past({a}));
                pair.ben.take(pair.book.past({b}));
                SCOPED_TRACE(std::to_string(left) + " and " + std::to_string(right));
                expect_sync(pair.ann, pair.ben, {.summary = summary});
            }
        }
    }
}

TEST(Session, a_joiner_with_nothing_gets_everything) {
    for (const SummaryChoice summary : choices) {
        Pair pair;
        pair.book.posts("ann", pair.base, 1500);
        pair.ann.take(pair.book.all());
        expect_sync(pair.ann, pair.ben, {.summary = summary});
        EXPECT_EQ(pair.ben.graph().size(), 1502U);
    }
}

TEST(Session, Y2_equal_offers_end_at_once) {
    Pair pair;
    pair.both_take({pair.base});
    Wire wire(pair.ann, pair.ben);
    wire.run();
    EXPECT_TRUE(wire.both(Outcome::equal));
    EXPECT_EQ(wire.messages, 2U);
    Book empty;
    Peer one("ann", empty.group());
    Peer two("ben", empty.group());
    expect_sync(one, two);
}

TEST(Session, Y3_who_met_before_says_less) {
    Pair pair;
    const Entry last = pair.book.posts("ann", pair.base, 2000);
    pair.both_take({last});
    expect_sync(pair.ann, pair.ben);
    pair.ann.post("news");
    Wire wire(pair.ann, pair.ben, {.summary = SummaryChoice::bloom});
    wire.run();
    EXPECT_TRUE(wire.both(Outcome::equal));
    EXPECT_LT(wire.bytes, 1500U);
}

TEST(Session, Y3_lost_memory_costs_bytes_and_nothing_else) {
    for (const SummaryChoice summary : choices) {
        Pair pair;
        const Entry last = pair.book.posts("ann", pair.base, 50);
        pair.both_take({last});
        expect_sync(pair.ann, pair.ben, {.summary = summary});
        // Ben's disk is new, and so is what he remembers; ann still counts on it.
        Peer ben("ben", pair.book.group(), 9);
        pair.ann.post("news");
        expect_sync(pair.ann, ben, {.summary = summary});
        // Restored from an older backup: holds part of what ann remembers as common.
        Peer older("ben", pair.book.group(), 10);
        older.take(pair.book.past({pair.base}));
        expect_sync(pair.ann, older, {.summary = summary, .seed = 5});
    }
}

TEST(Session, forks_and_wide_graphs_come_through) {
    for (const SummaryChoice summary : choices) {
        Pair pair;
        std::vector<Entry> left{pair.base};
        std::vector<Entry> right{pair.base};
        for (int i = 0; i < 500; ++i) {
            // Every op forks from the same place: 500 heads of two authors.
            const Draft fork{.prev = std::optional<Entry>(), .as = std::nullopt, .payload = ""};
            left.push_back(pair.book.post("ben", {pair.base}, i % 2 == 0 ? Draft{} : fork));
            right.push_back(pair.book.post("ann", {pair.base}));
        }
        pair.ann.take(pair.book.past(left));
        pair.ben.take(pair.book.past(right));
        expect_sync(pair.ann, pair.ben, {.summary = summary});
        EXPECT_EQ(pair.ann.graph().size(), pair.book.size());
    }
}

TEST(Session, Y7_a_cut_session_keeps_its_work_and_the_next_one_goes_on) {
    for (std::size_t cut = 0; cut < 12; ++cut) {
        Pair pair;
        const Entry a = pair.book.posts("ann", pair.base, 2500);
        const Entry b = pair.book.posts("ben", pair.base, 1200);
        pair.ann.take(pair.book.past({a}));
        pair.ben.take(pair.book.past({b}));
        {
            Wire wire(pair.ann, pair.ben, {.seed = cut, .cut_after = cut});
            wire.run();
            wire.close();
        }
        expect_sync(pair.ann, pair.ben, {.seed = 100 + cut});
    }
}

TEST(Session, C13_who_has_said_and_heard_nothing_does_not_begin_with_the_end) {
    Pair pair;
    pair.both_take({pair.base});
    Wire wire(pair.ann, pair.ben);
    // Nothing was taken from either yet, for instance because a disk is slow.
    pair.ann.replica().handle_time(limits::reply_timeout_ms);
    EXPECT_EQ(wire.outcome_a(), Outcome::failed);
    EXPECT_FALSE(pair.ann.replica().poll_message(wire.id_a()).has_value());
    // Whoever has heard or said something tells.
    ASSERT_TRUE(pair.ben.replica().poll_message(wire.id_b()).has_value());
    pair.ben.replica().handle_time(limits::reply_timeout_ms);
    const auto end = pair.ben.replica().poll_message(wire.id_b());
    ASSERT_TRUE(end.has_value());
    EXPECT_TRUE(std::holds_alternative<sync::End>(*sync::decode_message(*end)));
}

TEST(Session, ops_written_meanwhile_wait_for_the_next_session) {
    Pair pair;
    const Entry a = pair.book.posts("ann", pair.base, 30);
    pair.ann.take(pair.book.past({a}));
    pair.ben.take(pair.book.past({pair.base}));
    Wire wire(pair.ann, pair.ben);
    ASSERT_TRUE(wire.step());
    pair.ann.post("meanwhile");
    ASSERT_TRUE(wire.step());
    pair.ben.post("meanwhile too");
    wire.run();
    EXPECT_TRUE(wire.both(Outcome::equal));
    wire.close();
    expect_sync(pair.ann, pair.ben, {.seed = 2});
}

TEST(Session, Y10_a_live_session_pushes_what_is_new_and_does_not_echo) {
    Pair pair;
    pair.both_take({pair.base});
    Wire wire(pair.ann, pair.ben, {.live = true});
    wire.run();
    ASSERT_TRUE(wire.both(Outcome::equal));
    const auto before = wire.messages;
    const OpId one = pair.ann.post("one");
    wire.run();
    EXPECT_TRUE(pair.ben.has(one));
    EXPECT_EQ(wire.messages, before + 1) << "one push, no echo";
    const OpId two = pair.ben.post("two");
    wire.run();
    EXPECT_TRUE(pair.ann.has(two));
    EXPECT_EQ(wire.messages, before + 2);
    EXPECT_FALSE(pair.ann.replica().deadline_ms().has_value());
}

TEST(Session, Y10_news_of_one_live_session_is_pushed_to_the_others_once) {
    Book book;
    const Entry one = book.add("ann", Add{key_of("ben"), level::member}, {0});
    book.add("ann", Add{key_of("cat"), level::member}, {one});
    Peer ann("ann", book.group());
    Peer ben("ben", book.group());
    Peer cat("cat", book.group());
    for (Peer* peer : {&ann, &ben, &cat}) peer->take(book.all());
    Wire left(ann, ben, {.live = true, .seed = 1});
    Wire right(ben, cat, {.live = true, .seed = 2});
    Wire third(cat, ann, {.live = true, .seed = 3});
    const auto run = [&] {
        for (bool moved = true; moved;) {
            moved = left.step();
            moved = right.step() || moved;
            moved = third.step() || moved;
        }
    };
    run();
    const auto before = left.messages + right.messages + third.messages;
    const OpId news = ann.post("news");
    run();
    EXPECT_TRUE(ben.has(news));
    EXPECT_TRUE(cat.has(news));
    EXPECT_LE(left.messages + right.messages + third.messages - before, 4U);
}

TEST(Session, two_sessions_of_one_replica_complete_each_other) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Book book;
        const Entry add = book.add("ann", Add{key_of("ben"), level::member}, {0});
        const Entry cat_add = book.add("ann", Add{key_of("cat"), level::member}, {add});
        const Entry b = book.posts("ben", cat_add, 40);
        const Entry c = book.posts("cat", cat_add, 40);
        const Entry joint = book.post("cat", {b, c});
        Peer ann("ann", book.group());
        Peer ben("ben", book.group());
        Peer cat("cat", book.group());
        ann.take(book.past({cat_add}));
        ben.take(book.past({b}));
        cat.take(book.past({joint}));
        Wire left(ann, ben, {.summary = choices[seed % 3], .seed = seed});
        Wire right(ann, cat, {.summary = choices[seed % 3], .seed = seed + 50});
        std::mt19937_64 random(seed);
        for (bool moved = true; moved;) {
            const bool first = (random() & 1U) != 0;
            moved = first ? left.step() : right.step();
            moved = (first ? right.step() : left.step()) || moved;
        }
        EXPECT_TRUE(left.both(Outcome::equal));
        EXPECT_TRUE(right.both(Outcome::equal));
        EXPECT_TRUE(ann.has(book.id(joint)));
    }
}

TEST(Session, a_silent_peer_times_out_and_the_other_session_goes_on) {
    Pair pair;
    const Entry a = pair.book.posts("ann", pair.base, 5);
    pair.ann.take(pair.book.past({a}));
    pair.ben.take(pair.book.past({pair.base}));
    const auto silent = pair.ann.replica().open_session({key_of("ben"), Hash32{{3}}, true}, 0);
    expect_sync(pair.ann, pair.ben);
    ASSERT_TRUE(pair.ann.replica().deadline_ms().has_value());
    pair.ann.replica().handle_time(*pair.ann.replica().deadline_ms() - 1);
    EXPECT_EQ(pair.ann.replica().session(silent)->outcome(), Outcome::running);
    pair.ann.replica().handle_time(*pair.ann.replica().deadline_ms());
    ASSERT_EQ(pair.ann.replica().session(silent)->outcome(), Outcome::failed);
    EXPECT_EQ(pair.ann.replica().session(silent)->error().code, ErrorCode::session_timed_out);
    EXPECT_FALSE(pair.ann.replica().session(silent)->peer_at_fault());
}

// --- Y9: the door ---------------------------------------------------------------------------------

TEST(Door, Y9_a_stranger_gets_closed_and_nothing_else) {
    Pair pair;
    pair.ann.take(pair.book.past({pair.base}));
    Peer eve("eve", pair.book.group());
    Wire wire(pair.ann, eve);
    wire.run();
    EXPECT_EQ(wire.outcome_b(), Outcome::failed);
    EXPECT_EQ(wire.session_b().error().code, ErrorCode::session_not_let_in);
    EXPECT_FALSE(wire.session_b().peer_at_fault());
    EXPECT_EQ(eve.graph().size(), 0U);
    EXPECT_EQ(wire.session_a().stats().ops_sent, 0U);
}

TEST(Door, Y9_a_grant_that_is_named_is_fetched_with_its_past_and_opens) {
    for (const std::size_t past : {0U, 3U, 500U, 5000U}) {
        Pair pair;
        const Entry deep = pair.book.posts("ben", pair.base, past);
        const Entry add = pair.book.add("ben", Add{key_of("cat"), level::member}, {deep});
        Peer cat("cat", pair.book.group(), 3);
        pair.ann.take(pair.book.past({pair.base}));
        cat.take(pair.book.past({add}));
        SCOPED_TRACE(past);
        expect_sync(pair.ann, cat);
    }
}

TEST(Door, Y9_a_removed_device_learns_what_removed_it_and_no_more) {
    Pair pair;
    const Entry before = pair.book.posts("ann", pair.base, 3);
    const Entry removal = pair.book.add("ann", Remove{key_of("ben"), {}}, {before});
    const Entry after = pair.book.posts("ann", removal, 3);
    pair.ann.take(pair.book.past({after}));
    pair.ben.take(pair.book.past({pair.base}));
    Wire wire(pair.ann, pair.ben);
    wire.run();
    EXPECT_TRUE(pair.ben.has(pair.book.id(removal)));
    EXPECT_FALSE(pair.ben.has(pair.book.id(removal + 1)));
    EXPECT_EQ(pair.ben.count(Event::Kind::you_were_removed), 1U);
}

TEST(Door, O5_what_removed_a_device_comes_with_what_proves_it) {
    Pair pair;
    const Entry cat_add = pair.book.add("ann", Add{key_of("cat"), level::member}, {pair.base});
    const Entry posts = pair.book.posts("ann", cat_add, 40);
    const Entry removal = pair.book.add("ben", Remove{key_of("cat"), {}}, {posts - 20});
    pair.ann.take(pair.book.past({posts}));
    pair.ben.take(pair.book.past({cat_add}));
    // Ben holds ann's posts as chains that vouch, and only part of them is in the past of his removal.
    expect_sync(pair.ann, pair.ben);
    pair.ben.take({pair.book.op(removal)});
    Peer cat("cat", pair.book.group(), 4);
    cat.take(pair.book.past({cat_add}));
    Wire wire(pair.ben, cat);
    wire.run();
    EXPECT_TRUE(cat.has(pair.book.id(removal)));
    EXPECT_EQ(cat.count(Event::Kind::you_were_removed), 1U);
}

TEST(Door, Y9_who_is_removed_meanwhile_gets_no_further_batch) {
    Pair pair;
    const Entry a = pair.book.posts("ann", pair.base, 5000);
    pair.ann.take(pair.book.past({a}));
    pair.ben.take(pair.book.past({pair.base}));
    Wire wire(pair.ann, pair.ben);
    for (int i = 0; i < 3; ++i) wire.step();
    pair.ann.act(Remove{key_of("ben"), {}});
    wire.run();
    EXPECT_EQ(wire.outcome_a(), Outcome::failed);
    EXPECT_EQ(wire.session_a().error().code, ErrorCode::session_not_let_in);
    wire.close();
    Wire next(pair.ann, pair.ben, {.seed = 2});
    next.run();
    EXPECT_EQ(pair.ben.count(Event::Kind::you_were_removed), 1U);
}

// Ann removed ben and wrote on; dan, whom ann does not hear of, took ben back.
struct Returning : Pair {
    Returning() {
        dan_add = book.add("ann", Add{key_of("dan"), level::admin}, {base});
        removal = book.add("ann", Remove{key_of("ben"), {}}, {dan_add});
        after = book.posts("ann", removal, 5);
        back = book.add("dan", Add{key_of("ben"), level::member}, {removal});
        ann.take(book.past({after}));
    }
    // Both ends know why, and neither is at fault.
    static void expect_outgrown(const Wire& wire) {
        for (const Session* session : {&wire.session_a(), &wire.session_b()}) {
            ASSERT_EQ(session->outcome(), Outcome::failed);
            EXPECT_EQ(session->error().code, ErrorCode::session_outgrown);
            EXPECT_FALSE(session->peer_at_fault());
        }
    }
    Entry dan_add = 0, removal = 0, after = 0, back = 0;
};

TEST(Door, Y9_who_may_read_again_while_a_session_is_live_is_given_what_lay_between_by_the_next) {
    Returning pair;
    pair.ben.take(pair.book.past({pair.dan_add}));
    Wire wire(pair.ann, pair.ben, {.live = true});
    wire.run();
    ASSERT_TRUE(wire.both(Outcome::equal)) << "with all that ben may have";
    EXPECT_FALSE(pair.ben.has(pair.book.id(pair.after)));
    pair.ann.take({pair.book.op(pair.back)});
    wire.run();
    Returning::expect_outgrown(wire);
    wire.close();
    expect_sync(pair.ann, pair.ben, {.live = true, .seed = 2});
    EXPECT_TRUE(pair.ben.has(pair.book.id(pair.after)));
}

TEST(Door, Y9_a_session_that_opened_the_door_itself_does_not_end_equal_without_the_rest) {
    // Whatever the order in which messages cross.
    for (std::uint64_t seed = 1; seed <= 16; ++seed) {
        const bool live = seed % 2 == 0;
        Returning pair;
        pair.ben.take(pair.book.past({pair.back}));
        Wire wire(pair.ben, pair.ann, {.live = live, .seed = seed});
        wire.run();
        Returning::expect_outgrown(wire);
        EXPECT_TRUE(pair.ann.has(pair.book.id(pair.back))) << "what was taken stays";
        wire.close();
        expect_sync(pair.ben, pair.ann, {.live = live, .seed = 100 + seed});
        EXPECT_TRUE(pair.ben.has(pair.book.id(pair.after)));
    }
}

TEST(Door, Y9_a_joiner_that_held_nothing_offered_all_it_had) {
    Pair pair;
    pair.ann.take(pair.book.past({pair.book.posts("ann", pair.base, 5)}));
    Wire wire(pair.ann, pair.ben, {.live = true});
    wire.run();
    EXPECT_TRUE(wire.both(Outcome::equal));
    const OpId news = pair.ben.post("here I am");
    wire.run();
    EXPECT_TRUE(pair.ann.has(news));
    EXPECT_TRUE(wire.both(Outcome::equal));
}

TEST(Door, Y9_who_is_still_out_keeps_its_session) {
    Returning pair;
    pair.ben.take(pair.book.past({pair.dan_add}));
    Wire wire(pair.ann, pair.ben, {.live = true});
    wire.run();
    pair.ann.post("without ben");
    wire.run();
    EXPECT_TRUE(wire.both(Outcome::equal));
    EXPECT_EQ(pair.ben.graph().size(), pair.book.past({pair.removal}).size());
}

}  // namespace
}  // namespace folkmoot::wire
