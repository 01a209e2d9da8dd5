// T: a device that lost its own last ops signs nothing before it has them back, so that no honest author ever
// equivocates.
#include "support/wire.hpp"

namespace folkmoot::wire {
namespace {

ErrorCode refusal(Peer& peer) {
    const auto made = peer.replica().post(as_bytes("too early"), 9);
    peer.drain();
    return made ? ErrorCode{} : made.error().code;
}

// Ann's group with ben in it, and a copy of ben's device as of before his last `lost` posts.
struct Rollback {
    explicit Rollback(std::size_t lost) {
        const Entry add = book.add("ann", Add{key_of("ben"), level::member}, {0});
        kept = book.posts("ben", add, 2);
        last = book.posts("ben", kept, lost);
        ann.take(book.all());
        old.take(book.past({kept}));
    }
    Book book;
    Entry kept = 0;
    Entry last = 0;
    Peer ann{"ann", book.group()};
    Peer old{"ben", book.group()};
};

TEST(OwnOps, a_restored_device_waits_for_one_session_and_goes_on_where_it_was) {
    Rollback world(3);
    ASSERT_TRUE(world.old.store().renew_instance({}).has_value());
    world.old.reopen();
    EXPECT_EQ(world.old.replica().authoring_waits(), AuthoringWait::rolled_back);
    EXPECT_EQ(refusal(world.old), ErrorCode::not_synced);
    EXPECT_EQ(world.old.replica().act(Leave{}, 9).error().code, ErrorCode::not_synced);
    world.old.reopen();
    EXPECT_EQ(refusal(world.old), ErrorCode::not_synced);
    expect_sync(world.ann, world.old);
    EXPECT_EQ(world.old.count(Event::Kind::authoring_resumes), 1U);
    EXPECT_FALSE(world.old.store().may_be_rolled_back());
    const auto next = world.old.graph().find(world.old.post("later"));
    ASSERT_TRUE(next.has_value());
    EXPECT_EQ(world.old.graph().id(world.old.graph().prev(*next)), world.book.id(world.last));
    expect_sync(world.ann, world.old);
    EXPECT_TRUE(world.ann.graph().equivocations().empty());
}

TEST(OwnOps, a_session_that_breaks_off_does_not_end_the_wait) {
    Rollback world(3);
    world.old.replica().suspect_rollback();
    world.old.drain();
    for (std::size_t cut = 0; cut < 4; ++cut) {
        Wire wire(world.ann, world.old, {.cut_after = cut});
        wire.run();
        wire.close();
        if (world.old.has(world.book.id(world.last))) break;
        EXPECT_EQ(refusal(world.old), ErrorCode::not_synced) << cut;
    }
    expect_sync(world.ann, world.old);
    EXPECT_EQ(refusal(world.old), ErrorCode{});
}

// Y9: a peer that sees it out gives it no more than why, and its own last ops are not among that.
TEST(OwnOps, a_device_that_is_told_it_is_out_waits_until_it_is_back) {
    Rollback world(3);
    const Entry removal = world.book.add("ann", Remove{key_of("ben"), {}}, {world.kept});
    const Entry back = world.book.add("ann", Add{key_of("ben"), level::member}, {removal, world.last});
    world.ann.take({world.book.op(removal)});
    world.old.replica().suspect_rollback();
    world.old.drain();
    {
        Wire wire(world.ann, world.old);
        wire.run();
        EXPECT_TRUE(wire.both(Outcome::equal));
        wire.close();
    }
    EXPECT_FALSE(world.old.has(world.book.id(world.last)));
    EXPECT_EQ(world.old.replica().authoring_waits(), AuthoringWait::rolled_back);
    world.ann.take({world.book.op(back)});
    expect_sync(world.ann, world.old, {.seed = 2});
    EXPECT_EQ(refusal(world.old), ErrorCode{});
}

// Nobody told this device that it was rolled back: the peer's ops do.
TEST(OwnOps, a_peer_that_shows_own_ops_makes_authoring_wait) {
    Rollback world(3);
    Wire wire(world.ann, world.old);
    bool waited = false;
    while (wire.step()) {
        const bool behind = world.old.replica().authoring_waits() == AuthoringWait::own_ops_missing;
        if (behind) {
            EXPECT_EQ(refusal(world.old), ErrorCode::not_synced);
        }
        waited = waited || behind;
    }
    EXPECT_TRUE(waited);
    EXPECT_EQ(world.old.count(Event::Kind::authoring_waits), 1U);
    EXPECT_EQ(refusal(world.old), ErrorCode{});
}

TEST(OwnOps, an_own_op_without_its_ancestors_makes_authoring_wait_until_they_came) {
    Rollback world(3);
    std::vector<EncodedOp> shown{world.book.op(world.last)};
    ASSERT_TRUE(world.old.replica().take(shown).has_value());
    world.old.drain();
    EXPECT_EQ(refusal(world.old), ErrorCode::not_synced);
    world.old.reopen();
    EXPECT_EQ(refusal(world.old), ErrorCode::not_synced);
    expect_sync(world.ann, world.old);
    EXPECT_EQ(refusal(world.old), ErrorCode{});
}

// Equal with a peer that knows no more is no proof while something shown is missing.
TEST(OwnOps, a_peer_that_is_behind_too_does_not_end_the_wait_for_an_op_that_was_shown) {
    Rollback world(3);
    Peer cat("cat", world.book.group());
    cat.take(world.book.past({world.kept}));
    std::vector<EncodedOp> shown{world.book.op(world.last)};
    ASSERT_TRUE(world.old.replica().take(shown).has_value());
    world.old.drain();
    Peer behind("ann", world.book.group());
    behind.take(world.book.past({world.kept}));
    expect_sync(behind, world.old);
    EXPECT_EQ(refusal(world.old), ErrorCode::not_synced);
    expect_sync(world.ann, world.old);
    EXPECT_EQ(refusal(world.old), ErrorCode{});
}

TEST(OwnOps, nobody_silences_a_device_with_ops_it_never_signed) {
    Rollback world(3);
    EncodedOp forged = world.book.op(world.last);
    forged.signature = fake_signature(key_of("eve"), signing_input(forged.id));
    std::vector<EncodedOp> shown{forged};
    const auto taken = world.old.replica().take(shown);
    ASSERT_FALSE(taken.has_value());
    EXPECT_EQ(taken.error().code, ErrorCode::op_bad_signature);
    EXPECT_EQ(world.old.replica().authoring_waits(), AuthoringWait::none);
    EXPECT_EQ(refusal(world.old), ErrorCode{});
}

TEST(OwnOps, whoever_insists_may_sign_at_once) {
    Rollback world(1);
    world.old.replica().suspect_rollback();
    world.old.drain();
    EXPECT_TRUE(world.old.store().may_be_rolled_back());
    world.old.replica().force_authoring();
    world.old.drain();
    EXPECT_FALSE(world.old.store().may_be_rolled_back());
    EXPECT_EQ(refusal(world.old), ErrorCode{});
    expect_sync(world.ann, world.old);
    EXPECT_EQ(world.ann.graph().equivocations().size(), 1U);
}

TEST(OwnOps, the_count_of_own_ops_shrinks_only_by_a_rollback) {
    Rollback world(3);
    EXPECT_EQ(world.old.replica().own_ops(), 2U);
    world.old.take(world.book.all());
    EXPECT_EQ(world.old.replica().own_ops(), 5U);
    world.old.post("one more");
    EXPECT_EQ(world.old.replica().own_ops(), 6U);
    EXPECT_EQ(Peer("cat", world.book.group()).replica().own_ops(), 0U);
}

}  // namespace
}  // namespace folkmoot::wire
