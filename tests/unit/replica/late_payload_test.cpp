// O3: posts relayed without what they say. Whoever does that keeps nobody's words from anybody for long.
#include "support/hostile.hpp"

namespace folkmoot::wire {
namespace {

// ann and cat, founders, hold `base`; cat has said something, and ben hands it to ann without the words.
class LatePayload : public testing::Test {
   protected:
    LatePayload() {
        base_ = book_.add("ann", Add{key_of("ben"), level::member}, {0});
        said_ = book_.post("cat", {base_}, {.payload = "what cat said"});
        ann_.take(book_.past({base_}));
        cat_.take(book_.past({said_}));
    }
    void relay_blank() {
        Hostile ben(ann_, book_, "ben");
        ben.send_have({said_});
        auto outs = ben.outs({said_});
        outs[0].op.payload.reset();
        ben.send(ben.ops(outs, {said_}));
        ASSERT_TRUE(ann_.has(book_.id(said_)));
        ASSERT_FALSE(words());
        ann_.replica().close_session(ben.id);
    }
    std::optional<std::string> words() {
        const auto op = ann_.replica().load(*ann_.graph().find(book_.id(said_)));
        if (!op || !op->payload) return std::nullopt;
        return std::string(op->payload->begin(), op->payload->end());
    }
    // Something that only cat has, so that a session has something to do.
    void more_news() { cat_.post("news"); }
    Book book_{{"ann", "cat"}};
    Entry base_ = 0, said_ = 0;
    Peer ann_{"ann", book_.group()};
    Peer cat_{"cat", book_.group()};
};

TEST_F(LatePayload, O3_what_came_without_its_payload_is_asked_of_another_peer) {
    relay_blank();
    more_news();
    Wire wire(ann_, cat_);
    wire.run();
    EXPECT_TRUE(wire.both(Outcome::equal));
    EXPECT_EQ(words(), "what cat said");
    EXPECT_EQ(wire.session_a().stats().needs, 1U);
    EXPECT_EQ(ann_.count(Event::Kind::peer_fault) + cat_.count(Event::Kind::peer_fault), 0U);
    wire.close();
    ann_.reopen();
    EXPECT_EQ(words(), "what cat said") << "and stored";
    more_news();
    Wire next(ann_, cat_, {.seed = 2});
    next.run();
    EXPECT_EQ(next.session_a().stats().needs, 0U) << "nothing is left to ask for";
}

TEST_F(LatePayload, O3_where_it_was_erased_it_is_asked_for_three_times_at_most) {
    relay_blank();
    ASSERT_TRUE(cat_.store().erase_payload(book_.id(said_)).has_value());
    for (unsigned round = 0; round < 5; ++round) {
        more_news();
        Wire wire(ann_, cat_, {.seed = round + 2});
        wire.run();
        EXPECT_TRUE(wire.both(Outcome::equal));
        EXPECT_EQ(wire.session_a().stats().needs, round < 3 ? 1U : 0U);
        wire.close();
    }
    EXPECT_EQ(words(), std::nullopt);
}

TEST_F(LatePayload, O3_whoever_sent_it_so_is_not_asked) {
    relay_blank();
    Peer ben("ben", book_.group());
    ben.take(book_.past({said_}));
    ben.post("news");
    Wire wire(ann_, ben);
    wire.run();
    EXPECT_TRUE(wire.both(Outcome::equal));
    EXPECT_EQ(wire.session_a().stats().needs, 0U);
    EXPECT_EQ(words(), std::nullopt);
}

TEST_F(LatePayload, O3_the_payload_of_a_post_that_comes_again_is_stored) {
    relay_blank();
    ann_.take({book_.op(said_)});
    EXPECT_EQ(words(), "what cat said");
}

TEST_F(LatePayload, O3_what_was_erased_here_is_not_stored_again) {
    relay_blank();
    ASSERT_TRUE(ann_.store().erase_payload(book_.id(said_)).has_value());
    ann_.take({book_.op(said_)});
    more_news();
    Wire wire(ann_, cat_);
    wire.run();
    EXPECT_TRUE(wire.both(Outcome::equal));
    EXPECT_EQ(words(), std::nullopt);
}

TEST_F(LatePayload, O3_before_the_post_itself_is_persisted_too) {
    ann_.hold_persist = true;
    relay_blank();
    ann_.take({book_.op(said_)});
    ann_.hold_persist = false;
    ann_.drain();
    EXPECT_EQ(words(), "what cat said");
}

TEST_F(LatePayload, O3_so_many_are_remembered_and_no_more) {
    Entry on = base_;
    Hostile ben(ann_, book_, "ben");
    std::vector<Entry> posts;
    for (std::size_t i = 0; i <= limits::lacking_payloads; ++i) {
        Draft draft;
        draft.prev = i == 0 ? std::optional<Entry>() : std::optional<Entry>(on);
        draft.as = base_;
        posts.push_back(on = book_.post("ben", {on}, draft));
    }
    ben.send_have({on});
    for (std::size_t from = 0; from < posts.size(); from += limits::batch_ops) {
        auto outs = ben.outs(
            {posts.begin() + static_cast<std::ptrdiff_t>(from),
             posts.begin() + static_cast<std::ptrdiff_t>(std::min(posts.size(), from + limits::batch_ops))});
        for (auto& each : outs) each.op.payload.reset();
        ben.send(ben.ops(outs, {}, sync::Ops::Role::answer));
    }
    ASSERT_TRUE(ann_.has(book_.id(on)));
    cat_.take(book_.past({on}));
    const std::size_t sessions = (limits::lacking_payloads + limits::need_ids - 1) / limits::need_ids;
    for (unsigned round = 0; round <= sessions; ++round) {
        more_news();
        Wire wire(ann_, cat_, {.seed = round + 2});
        wire.run();
        EXPECT_EQ(wire.session_a().stats().needs, round < sessions ? 1U : 0U) << round;
        wire.close();
    }
    for (const Entry post : posts) {
        const auto held = ann_.replica().load(*ann_.graph().find(book_.id(post)));
        ASSERT_EQ(held->payload.has_value(), post != posts.front()) << "the oldest is forgotten";
    }
}

}  // namespace
}  // namespace folkmoot::wire
