// Authoring (O3, M2), what is told to the app, and what must be on the disk first (T).
#include "support/wire.hpp"

namespace folkmoot::wire {
namespace {

// A device that has just made a group.
struct Founder {
    Founder() {
        EXPECT_TRUE(ann.replica().create_group(Create{"folk", {ann.key()}, {}}, 1).has_value());
        ann.drain();
    }
    Peer ann{"ann"};
};

TEST(Author, nothing_is_signed_before_the_last_op_is_on_the_disk) {
    Founder founder;
    Peer& ann = founder.ann;
    ann.hold_persist = true;
    ASSERT_TRUE(ann.replica().post(as_bytes("one"), 2).has_value());
    const auto second = ann.replica().post(as_bytes("two"), 3);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, ErrorCode::store_pending);
    ann.hold_persist = false;
    ann.drain();
    EXPECT_TRUE(ann.replica().post(as_bytes("two"), 3).has_value());
}

TEST(Author, what_A1_would_refuse_is_refused_before_signing) {
    Book book;
    const Entry add = book.add("ann", Add{key_of("ben"), level::member}, {0});
    Peer ben("ben", book.group());
    ben.take(book.all());
    const auto refused = ben.replica().act(Add{key_of("cat"), level::member}, 5);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::access_level_insufficient);
    EXPECT_EQ(ben.replica().may_act(Remove{key_of("ann"), {}}).error().code,
              ErrorCode::access_subject_not_outranked);
    EXPECT_EQ(ben.graph().size(), add + 1);

    Peer cat("cat", book.group());
    cat.take(book.all());
    EXPECT_EQ(cat.replica().post(as_bytes("x"), 1).error().code, ErrorCode::access_no_grant);
    Peer ann("ann", book.group());
    ann.take(book.all());
    EXPECT_EQ(ann.replica().may_act(Remove{key_of("ann"), {}}).error().code, ErrorCode::access_acts_on_self);
    EXPECT_EQ(ann.replica().may_act(Unban{key_of("ben")}).error().code, ErrorCode::access_not_banned);
    EXPECT_EQ(ann.replica().act(Add{key_of("bad key"), 25}, 1).error().code, ErrorCode::op_bad_key);
    EXPECT_EQ(ann.graph().size(), add + 1);
}

TEST(Author, before_an_access_op_all_effective_heads_are_merged) {
    Book book;
    std::vector<Entry> heads;
    for (int i = 0; i < 40; ++i) {
        const std::string name = "m" + std::to_string(i);
        heads.push_back(
            book.add("ann", Add{key_of(name), level::member}, {heads.empty() ? 0 : heads.back()}));
    }
    const Entry last = heads.back();
    for (int i = 0; i < 40; ++i) book.post("m" + std::to_string(i), {last});
    Peer ann("ann", book.group());
    ann.take(book.all());
    ASSERT_EQ(ann.graph().head_count(), 40U);
    ann.act(Remove{key_of("m7"), {}});
    ASSERT_EQ(ann.graph().head_count(), 1U);
    const OpIndex removal = *ann.graph().find(ann.heads()[0]);
    for (OpIndex op = 0; op < removal; ++op) EXPECT_TRUE(ann.graph().is_ancestor(op, removal));
}

// One author's branches, and this device's last op among the heads: as few merges as can be.
TEST(Author, O3_branches_without_number_are_merged_once_each) {
    for (const bool own : {false, true}) {
        Book book;
        const Entry base = book.add("ann", Add{key_of("ben"), level::member}, {0});
        const Entry root = book.post("ben", {base});
        Draft fork;
        fork.prev = std::optional<Entry>(root);
        fork.as = base;
        for (std::size_t i = 0; i < 1000; ++i) {
            fork.payload = std::to_string(i);
            book.post("ben", {root}, fork);
        }
        if (own) book.post("ann", {root});
        Peer ann("ann", book.group());
        ann.take(book.all());
        ASSERT_EQ(ann.graph().head_count(), own ? 1001U : 1000U);
        ann.act(Remove{key_of("ben"), {}});
        EXPECT_EQ(ann.graph().head_count(), 1U);
        const auto removal = static_cast<OpIndex>(ann.graph().size() - 1);
        const std::size_t merges = removal - book.size();
        EXPECT_EQ(merges, 62U) << "16 each, until the last and 15 more are left";
        for (auto op = static_cast<OpIndex>(book.size()); op <= removal; ++op)
            EXPECT_LE(ann.graph().parents(op).size(), limits::parents);
        for (OpIndex op = 0; op < removal; ++op) ASSERT_TRUE(ann.graph().is_ancestor(op, removal)) << op;
    }
}

TEST(Author, a_post_cites_sixteen_heads_at_most_and_its_own_last_op) {
    Book book;
    Entry last = 0;
    for (int i = 0; i < 20; ++i) last = book.add("ann", Add{key_of("m" + std::to_string(i)), 25}, {last});
    for (int i = 0; i < 20; ++i) book.post("m" + std::to_string(i), {last});
    Peer ann("ann", book.group());
    ann.take(book.all());
    const auto op = ann.graph().find(ann.post("hello"));
    ASSERT_TRUE(op.has_value());
    EXPECT_EQ(ann.graph().parents(*op).size(), limits::parents);
    EXPECT_EQ(ann.graph().prev(*op), last);
}

TEST(Author, M2_acts_go_on_under_the_same_grant_while_it_is_live) {
    Book book;
    const Entry add = book.add("ann", Add{key_of("ben"), level::member}, {0});
    Peer ben("ben", book.group());
    ben.take(book.all());
    ben.post("one");
    Peer ann("ann", book.group());
    ann.take(book.all());
    ann.act(SetLevel{key_of("ben"), level::moderator});
    expect_sync(ann, ben);
    const auto post = ben.graph().find(ben.post("two"));
    EXPECT_EQ(ben.graph().id(ben.replica().access().op_of_grant(ben.replica().access().grant_of(*post))),
              book.id(add));
    ben.act(Add{key_of("cat"), level::member});
    EXPECT_EQ(ben.replica().access().now().level_of(key_of("cat")), level::member);
}

TEST(Events, removal_and_equivocation_are_told_once) {
    Book book;
    const Entry add = book.add("ann", Add{key_of("ben"), level::member}, {0});
    book.post("ben", {add}, {std::nullopt, std::nullopt, "left"});
    book.post("ben", {add}, {std::nullopt, std::nullopt, "right"});
    Peer ben("ben", book.group());
    ben.take(book.all());
    EXPECT_EQ(ben.count(Event::Kind::equivocation), 1U);
    EXPECT_EQ(ben.count(Event::Kind::you_were_removed), 0U);
    Peer ann("ann", book.group());
    ann.take(book.all());
    ann.act(Remove{key_of("ben"), {}});
    EXPECT_EQ(ann.count(Event::Kind::you_were_removed), 0U);
    auto all = std::vector<EncodedOp>{*ann.replica().load(*ann.graph().find(ann.heads()[0]))};
    ben.take(all);
    EXPECT_EQ(ben.count(Event::Kind::you_were_removed), 1U);
    ben.take(all);
    EXPECT_EQ(ben.count(Event::Kind::you_were_removed), 1U);
    EXPECT_EQ(ben.count(Event::Kind::equivocation), 1U);
    EXPECT_EQ(ben.replica().post(as_bytes("x"), 1).error().code, ErrorCode::access_no_grant);
}

TEST(Persist, no_message_leaves_before_what_it_rests_on) {
    Book book;
    book.add("ann", Add{key_of("ben"), level::member}, {0});
    Peer ann("ann", book.group());
    Peer ben("ben", book.group());
    ann.take(book.all());
    ben.hold_persist = true;
    Wire wire(ann, ben);
    wire.run();
    // Ben has taken in all of it, and says nothing that depends on it.
    EXPECT_EQ(ben.graph().size(), 2U);
    EXPECT_EQ(wire.outcome_a(), Outcome::running);
    ben.hold_persist = false;
    wire.run();
    EXPECT_TRUE(wire.both(Outcome::equal));
}

TEST(Persist, after_a_failure_nothing_more_goes_in_or_out) {
    Book book;
    book.add("ann", Add{key_of("ben"), level::member}, {0});
    Peer ann("ann", book.group());
    Peer ben("ben", book.group());
    ann.take(book.all());
    ben.fail_persist = true;
    Wire wire(ann, ben);
    wire.run();
    EXPECT_TRUE(ben.replica().read_only());
    EXPECT_EQ(ben.count(Event::Kind::read_only), 1U);
    EXPECT_EQ(wire.outcome_a(), Outcome::running);
    EXPECT_EQ(ben.replica().post(as_bytes("x"), 1).error().code, ErrorCode::store_read_only);
    wire.close();
    ben.fail_persist = false;
    ben.reopen();
    EXPECT_EQ(ben.graph().size(), 0U);
    expect_sync(ann, ben);
}

TEST(Persist, a_later_success_does_not_undo_a_failure) {
    Founder founder;
    Peer& ann = founder.ann;
    ann.hold_persist = true;
    ASSERT_TRUE(ann.replica().post(as_bytes("one"), 2).has_value());
    const auto first = ann.replica().poll_persist();
    ASSERT_TRUE(first.has_value());
    ann.replica().handle_persisted(first->ticket, fail(ErrorCode::store_full, "full"));
    ann.replica().handle_persisted(first->ticket, Result<void>{});
    EXPECT_TRUE(ann.replica().read_only());
    EXPECT_FALSE(ann.replica().poll_persist().has_value());
}

TEST(Persist, reopening_gives_the_same_state) {
    Book book;
    const Entry add = book.add("ann", Add{key_of("ben"), level::admin}, {0});
    const Entry cat = book.add("ben", Add{key_of("cat"), level::member}, {add});
    book.posts("cat", cat, 5);
    book.add("ann", Remove{key_of("ben"), {}}, {cat});
    Peer ann("ann", book.group());
    Peer cat_peer("cat", book.group());
    ann.take(book.all());
    cat_peer.take(book.past({cat}));
    expect_sync(ann, cat_peer);
    const auto digest = ann.replica().access().now().membership_digest();
    const auto heads = ann.heads();
    const auto events = ann.events.size();
    ann.reopen();
    ann.drain();
    EXPECT_EQ(ann.heads(), heads);
    EXPECT_EQ(ann.replica().access().now().membership_digest(), digest);
    EXPECT_EQ(ann.events.size(), events) << "nothing is news after a restart";
    for (OpIndex op = 0; op < ann.graph().size(); ++op) {
        const auto loaded = ann.replica().load(op);
        ASSERT_TRUE(loaded.has_value());
        EXPECT_EQ(loaded->id, ann.graph().id(op));
        EXPECT_TRUE(loaded->signature.has_value());
    }
}

}  // namespace
}  // namespace folkmoot::wire
