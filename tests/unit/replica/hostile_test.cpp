// Peers that lie (threats 9 to 30): each ends its own session at most; nothing is lost, no other session
// suffers, and an honest session afterwards completes.
#include "support/hostile.hpp"
#include "sync/bloom.hpp"

namespace folkmoot::wire {
namespace {

using sync::Ops;
using Failure = std::pair<ErrorCode, bool>;

// ann holds the create, ben as member, and five posts of hers; ben has ten posts she lacks. Ben lies.
class HostileTest : public testing::Test {
   protected:
    HostileTest() {
        base_ = book_.add("ann", Add{key_of("ben"), level::member}, {0});
        mine_ = book_.posts("ann", base_, 5);
        theirs_ = book_.posts("ben", base_, 10);
        for (Entry at = base_; at <= mine_; ++at) held_.push_back(at);
        for (Entry at = mine_ + 1; at <= theirs_; ++at) news_.push_back(at);
        ann_.take(book_.past({mine_}));
        cat_.take(book_.past({theirs_}));
    }
    void TearDown() override {
        // Whatever happened: an honest session completes.
        Peer honest("ben", book_.group(), 3);
        honest.take(book_.past({theirs_}));
        expect_sync(ann_, honest, {.seed = 77});
        EXPECT_TRUE(ann_.has(book_.id(theirs_)));
    }
    Book book_;
    Entry base_ = 0, mine_ = 0, theirs_ = 0;
    std::vector<Entry> held_, news_;
    Peer ann_{"ann", book_.group()};
    Peer cat_{"cat", book_.group()};
};

TEST_F(HostileTest, an_honest_one_is_taken_at_its_word) {
    Hostile ben(ann_, book_, "ben");
    ben.send_have({theirs_});
    ben.send(ben.ops(ben.outs(news_), {theirs_}));
    EXPECT_EQ(ben.count<sync::Done>(), 1U);
    ben.send(sync::Done{});
    EXPECT_EQ(ben.session().outcome(), Outcome::equal);
}

TEST_F(HostileTest, bytes_that_are_no_message_end_the_session) {
    for (const Bytes& bytes :
         {Bytes{}, Bytes{0xff}, Bytes(100, 0x80), Bytes{0x81, 0x18, 0x03}, Bytes{0x82, 3, 0, 0}}) {
        Hostile ben(ann_, book_, "ben");
        ben.send_raw(bytes);
        EXPECT_TRUE(ben.failure().second);
        EXPECT_EQ(ben.count<sync::End>(), 1U);
    }
    Hostile ben(ann_, book_, "ben");
    ben.send_raw(Bytes(limits::message_bytes + 1, 0));
    EXPECT_EQ(ben.failure(), (Failure{ErrorCode::session_message_too_large, true}));
}

TEST_F(HostileTest, another_group_is_refused) {
    Hostile ben(ann_, book_, "ben");
    sync::Have have;
    ben.send(have);
    EXPECT_EQ(ben.failure(), (Failure{ErrorCode::session_wrong_group, true}));
}

TEST_F(HostileTest, Y2_the_offer_is_fixed) {
    Hostile ben(ann_, book_, "ben");
    ben.send_have({theirs_});
    ben.send_have({base_});
    EXPECT_EQ(ben.failure(), (Failure{ErrorCode::session_peer_violation, true}));
}

TEST_F(HostileTest, Y8_heads_that_do_not_make_the_digest_are_a_lie) {
    Hostile ben(ann_, book_, "ben");
    ben.send_have({theirs_});
    ben.send(ben.ops(ben.outs(news_), {mine_}));
    EXPECT_EQ(ben.failure(), (Failure{ErrorCode::session_peer_violation, true}));
    EXPECT_TRUE(ann_.has(book_.id(theirs_))) << "what proved itself stays";
}

TEST_F(HostileTest, answers_nobody_asked_for_end_the_session) {
    const auto expect = [&](const sync::Message& message) {
        Hostile ben(ann_, book_, "ben");
        ben.send_have({theirs_});
        ben.send(ben.ops(ben.outs(news_), {theirs_}));
        ASSERT_TRUE(ben.running());
        ben.send(message);
        EXPECT_EQ(ben.failure(), (Failure{ErrorCode::session_unsolicited, true})) << message.index();
    };
    Hostile maker(ann_, book_, "ben");
    expect(maker.ops({}, {}));
    expect(maker.ops(maker.outs(news_), {theirs_}));
    expect(sync::UnknownSince{});
    expect(sync::NameGrant{book_.id(base_)});
}

TEST_F(HostileTest, done_before_anything_was_given_is_refused) {
    Hostile ben(ann_, book_, "ben");
    ben.send(sync::Done{});
    EXPECT_EQ(ben.failure(), (Failure{ErrorCode::session_unsolicited, true}));
}

TEST_F(HostileTest, done_twice_and_asking_after_done_are_refused) {
    for (const int what : {0, 1, 2}) {
        Hostile ben(ann_, book_, "ben");
        ben.send_have({theirs_});
        ben.send(sync::Done{});
        ASSERT_TRUE(ben.running());
        if (what == 0) ben.send(sync::Done{});
        if (what == 1) ben.send_have({theirs_});
        if (what == 2) ben.send(sync::Need{{book_.id(0)}, 0});
        EXPECT_EQ(ben.failure(), (Failure{ErrorCode::session_unsolicited, true}));
    }
}

TEST_F(HostileTest, rounds_do_not_repeat) {
    Hostile ben(ann_, book_, "ben");
    ben.send_have({theirs_});
    sync::Have again;
    again.group = group_tag(book_.group(), ben.binding);
    again.offer = sync::offer_digest(ben.binding, book_.ids({theirs_}));
    ben.send(again);
    EXPECT_EQ(ben.failure(), (Failure{ErrorCode::session_unsolicited, true}));
}

TEST_F(HostileTest, a_push_before_the_end_is_refused) {
    Hostile ben(ann_, book_, "ben");
    ben.send_have({theirs_});
    ben.send(ben.ops(ben.outs({news_[0]}), {}, Ops::Role::push));
    EXPECT_EQ(ben.failure(), (Failure{ErrorCode::session_unsolicited, true}));
}

TEST_F(HostileTest, an_answer_cannot_go_on_without_saying_anything) {
    Hostile ben(ann_, book_, "ben");
    ben.send_have({theirs_});
    ben.send(ben.ops({}, {}, Ops::Role::answer));
    EXPECT_EQ(ben.failure(), (Failure{ErrorCode::session_bad_message, true}));
}

TEST_F(HostileTest, an_answer_cannot_repeat_itself_for_ever) {
    Hostile ben(ann_, book_, "ben");
    ben.send_have({theirs_});
    const Bytes same = sync::encode_message(ben.ops(ben.outs(held_), {}, Ops::Role::answer));
    std::size_t sent = 0;
    while (ben.running() && sent < 1'000'000) {
        ben.send_raw(same);
        ++sent;
    }
    EXPECT_EQ(ben.failure(), (Failure{ErrorCode::session_no_progress, false}));
    EXPECT_LT(sent, 200'000U);
}

TEST_F(HostileTest, O2_a_bad_signature_ends_the_session_and_says_nothing_of_the_op) {
    Hostile ben(ann_, book_, "ben");
    ben.send_have({theirs_});
    auto batch = ben.outs(news_);
    batch[4].op.signature->bytes[0] ^= 1U;
    ben.send(ben.ops(batch, {theirs_}));
    EXPECT_EQ(ben.failure(), (Failure{ErrorCode::op_bad_signature, true}));
}

TEST_F(HostileTest, O5_ops_without_proof_are_refused_whole) {
    Hostile ben(ann_, book_, "ben");
    ben.send_have({theirs_});
    auto batch = ben.outs(news_);
    batch.back().op.signature.reset();
    ben.send(ben.ops(batch, {theirs_}));
    EXPECT_EQ(ben.failure(), (Failure{ErrorCode::op_unproven, true}));
    EXPECT_FALSE(ann_.has(book_.id(news_[0])));
}

TEST_F(HostileTest, A1_an_op_that_breaks_a_rule_ends_the_session) {
    Hostile ben(ann_, book_, "ben");
    ben.send_have({theirs_});
    const Operation bad = book_.make("ben", Add{key_of("eve"), level::member}, {base_});
    ben.send(ben.ops({{static_cast<OpIndex>(base_), Book::encode(bad, std::nullopt)}}, {theirs_}));
    EXPECT_EQ(ben.failure(), (Failure{ErrorCode::access_level_insufficient, true}));
    EXPECT_EQ(ann_.replica().access().now().level_of(key_of("eve")), 0);
}

TEST_F(HostileTest, O4_an_op_of_another_group_ends_the_session) {
    Hostile ben(ann_, book_, "ben");
    ben.send_have({theirs_});
    Operation bad = book_.make("ann", Add{key_of("eve"), level::member}, {base_});
    bad.group = GroupId{{9}};
    ben.send(ben.ops({{static_cast<OpIndex>(base_), Book::encode(bad, std::nullopt)}}, {theirs_}));
    EXPECT_EQ(ben.failure(), (Failure{ErrorCode::graph_wrong_group, true}));
}

TEST_F(HostileTest, lying_heads_cost_a_few_requests) {
    Hostile ben(ann_, book_, "ben");
    // Offers an op that it never gives.
    ben.send_have({theirs_});
    for (int i = 0; i < 1000 && ben.running(); ++i) {
        const bool asked_have = ben.asked_have();
        ben.send(ben.ops({}, asked_have ? std::vector<Entry>{theirs_} : std::vector<Entry>{}));
    }
    EXPECT_EQ(ben.failure(), (Failure{ErrorCode::session_no_progress, false}));
    EXPECT_LE(ben.count<sync::Have>() + ben.count<sync::Need>(), 10U);
}

TEST_F(HostileTest, Y6_orphans_beyond_the_budget_cost_their_sender_only) {
    const Entry deep = book_.posts("ben", theirs_, 4000);
    Hostile ben(ann_, book_, "ben");
    Peer honest("cat", book_.group(), 4);
    ben.send_have({deep});
    // All but the first op, again and again.
    for (int round = 0; round < 60 && ben.running(); ++round) {
        const bool asked_have = ben.asked_have();
        for (Entry at = theirs_ + 1; at <= deep && ben.running(); at += 500) {
            std::vector<Entry> part;
            for (Entry e = at; e < std::min(at + 500, deep + 1); ++e) part.push_back(e);
            ben.send(ben.ops(ben.outs(part), {}, Ops::Role::answer));
        }
        if (ben.running())
            ben.send(ben.ops({}, asked_have ? std::vector<Entry>{deep} : std::vector<Entry>{}));
    }
    EXPECT_EQ(ben.failure(), (Failure{ErrorCode::session_no_progress, false}));
    EXPECT_EQ(ann_.graph().size(), mine_ + 1U);
}

TEST_F(HostileTest, Y3_a_filter_of_ones_hides_all_and_one_of_zeros_nothing) {
    for (const std::uint8_t fill : {std::uint8_t{0xff}, std::uint8_t{0}}) {
        Hostile ben(ann_, book_, "ben");
        sync::Summary summary;
        summary.kind = sync::Summary::Kind::bloom;
        summary.bits = Bytes(limits::bloom_bytes, fill);
        ben.send_have({theirs_}, summary);
        EXPECT_TRUE(ben.running());
        EXPECT_EQ(ben.session().stats().ops_sent, fill == 0 ? mine_ + 1U : 0U);
        // What it hid from itself it can still ask for.
        ben.send(sync::Need{{book_.id(mine_)}, 100});
        EXPECT_EQ(ben.session().stats().ops_sent, fill == 0 ? 2 * (mine_ + 1U) : mine_ + 1U);
    }
}

TEST_F(HostileTest, requests_one_on_the_other_and_without_end_are_refused) {
    Hostile ben(ann_, book_, "ben");
    ben.send_have({theirs_});
    for (int i = 0; i < 1'000'000 && ben.running(); ++i) ben.send(sync::Need{{book_.id(mine_)}, 65'536});
    EXPECT_EQ(ben.failure(), (Failure{ErrorCode::session_quota, false}));
    EXPECT_LT(ben.session().stats().ops_sent, 20'000U);

    Hostile empty(ann_, book_, "ben");
    empty.send_have({theirs_});
    std::vector<OpId> nowhere(limits::need_ids);
    for (std::size_t i = 0; i < nowhere.size(); ++i) {
        nowhere[i].bytes[0] = static_cast<std::uint8_t>(i);
        nowhere[i].bytes[1] = static_cast<std::uint8_t>(i >> 8U);
    }
    int asked = 0;
    for (; asked < 1'000'000 && empty.running(); ++asked) empty.send(sync::Need{nowhere, 0});
    EXPECT_EQ(empty.failure(), (Failure{ErrorCode::session_quota, false}));
    EXPECT_LT(asked, 2000);

    Hostile filters(ann_, book_, "ben");
    sync::Summary ones;
    ones.kind = sync::Summary::Kind::bloom;
    ones.bits = Bytes(8, 0xff);
    for (asked = 0; asked < 1'000'000 && filters.running(); ++asked) filters.send_have({theirs_}, ones);
    EXPECT_EQ(filters.failure(), (Failure{ErrorCode::session_quota, false}));
    EXPECT_LT(asked, 20'000);
}

TEST_F(HostileTest, a_fault_in_one_session_leaves_the_other_alone) {
    Hostile ben(ann_, book_, "ben");
    Hostile other(ann_, book_, "ben");
    other.send_have({theirs_});
    ben.send_raw(Bytes{0xff});
    EXPECT_FALSE(ben.running());
    EXPECT_TRUE(other.running());
    other.send(other.ops(other.outs(news_), {theirs_}));
    other.send(sync::Done{});
    EXPECT_EQ(other.session().outcome(), Outcome::equal);
    EXPECT_EQ(ann_.count(Event::Kind::peer_fault), 1U);
}

TEST_F(HostileTest, a_live_peer_whose_need_is_never_answered_times_out) {
    SessionConfig live;
    live.live = true;
    Hostile ben(ann_, book_, "ben", live);
    ben.send_have({theirs_});
    ben.send(ben.ops(ben.outs(news_), {theirs_}));
    ben.send(sync::Done{});
    ASSERT_EQ(ben.session().outcome(), Outcome::equal);
    const Entry gap = book_.posts("ben", theirs_, 3);
    ben.send(ben.ops(ben.outs({gap}), {}, Ops::Role::push));
    EXPECT_EQ(ben.last<sync::Need>().ids, std::vector<OpId>{book_.id(gap - 1)});
    const auto deadline = ann_.replica().deadline_ms();
    ASSERT_TRUE(deadline.has_value());
    // More pushes, and growth elsewhere, are no answer.
    ben.now_ms = *deadline - 1;
    ben.send(ben.ops(ben.outs({gap}), {}, Ops::Role::push));
    ann_.post("growth");
    ann_.replica().handle_time(*deadline);
    ben.collect();
    EXPECT_EQ(ben.failure(), (Failure{ErrorCode::session_timed_out, false}));
    EXPECT_EQ(ann_.count(Event::Kind::session_finished), 2U) << "told that it was equal, and that it failed";
}

TEST_F(HostileTest, Y10_a_push_that_overtook_its_ancestors_fetches_them) {
    SessionConfig live;
    live.live = true;
    Hostile ben(ann_, book_, "ben", live);
    ben.send_have({theirs_});
    ben.send(ben.ops(ben.outs(news_), {theirs_}));
    ben.send(sync::Done{});
    const Entry gap = book_.posts("ben", theirs_, 3);
    ben.send(ben.ops(ben.outs({gap}), {}, Ops::Role::push));
    ben.send(ben.ops(ben.outs({gap - 1}), {}));
    ben.send(ben.ops(ben.outs({gap - 2}), {}));
    EXPECT_TRUE(ann_.has(book_.id(gap)));
    EXPECT_EQ(ben.session().outcome(), Outcome::equal);
    EXPECT_FALSE(ann_.replica().deadline_ms().has_value());
}

TEST_F(HostileTest, Y6_a_chain_of_hidden_ops_costs_a_logarithm_of_requests) {
    const Entry deep = book_.posts("ben", theirs_, 1000);
    Hostile ben(ann_, book_, "ben");
    ben.send_have({deep});
    // As if ann's filter had hidden all but the last.
    ben.send(ben.ops(ben.outs({deep}), {deep}));
    while (ben.running() && ben.count<sync::Done>() == 0) {
        const auto& need = ben.last<sync::Need>();
        std::vector<Entry> answer;
        Entry lowest = deep;
        for (Entry at = 0; at <= deep; ++at) {
            if (std::ranges::find(need.ids, book_.id(at)) != need.ids.end()) lowest = std::min(lowest, at);
        }
        const Entry from = lowest - std::min<Entry>(need.ancestors, lowest - news_[0]);
        for (Entry at = from; at <= lowest; ++at) answer.push_back(at);
        ben.send(ben.ops(ben.outs(answer), {}));
    }
    EXPECT_LE(ben.count<sync::Need>(), 12U);
    EXPECT_TRUE(ann_.has(book_.id(deep)));
}

TEST_F(HostileTest, Y9_a_stranger_gets_one_word) {
    Hostile eve(ann_, book_, "eve");
    ASSERT_EQ(eve.received.size(), 1U);
    EXPECT_EQ(eve.count<sync::Closed>(), 1U);
    eve.send_have({theirs_});
    EXPECT_EQ(eve.received.size(), 1U);
    eve.send(sync::Need{{book_.id(0)}, 5});
    EXPECT_EQ(eve.failure(), (Failure{ErrorCode::session_not_let_in, false}));
    EXPECT_EQ(eve.count<Ops>(), 0U);

    Hostile namer(ann_, book_, "eve");
    namer.send(sync::NameGrant{book_.id(base_)});
    EXPECT_EQ(namer.count<sync::Closed>(), 2U) << "a grant that names another opens nothing";
    namer.send(sync::NameGrant{book_.id(base_)});
    EXPECT_EQ(namer.failure(), (Failure{ErrorCode::session_unsolicited, true}));
}

}  // namespace
}  // namespace folkmoot::wire
