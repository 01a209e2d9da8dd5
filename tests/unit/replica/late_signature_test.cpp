// O5, what comes later: an op that only a voucher proved is sent once more, with a signature of its own.
#include "support/hostile.hpp"

namespace folkmoot::wire {
namespace {

using Status = Admitted::Status;

// ben's posts at ann's, of which only the first and the last are held with their signatures.
class LateSignature : public testing::Test {
   protected:
    LateSignature() {
        const Entry add = book_.add("ann", Add{key_of("ben"), level::member}, {0});
        for (Entry at = add; posts_.size() < 10;) posts_.push_back(at = book_.post("ben", {at}));
        ann_.take(book_.past({add}));
        auto ops = past_posts();
        for (std::size_t i = 1; i + 1 < ops.size(); ++i) ops[i].signature.reset();
        ann_.hold_persist = true;
        ann_.take(ops);
    }
    void persist_all() {
        ann_.hold_persist = false;
        ann_.drain();
    }
    std::vector<EncodedOp> past_posts() const {
        std::vector<EncodedOp> ops;
        for (const Entry post : posts_) ops.push_back(book_.op(post));
        return ops;
    }
    Result<std::vector<Admitted>> take(const EncodedOp& op) {
        const EncodedOp one[] = {op};
        return ann_.replica().take(one);
    }
    std::optional<Signature> loaded(std::size_t post) {
        const auto op = ann_.replica().load(*ann_.graph().find(book_.id(posts_[post])));
        EXPECT_TRUE(op.has_value());
        return op ? op->signature : std::nullopt;
    }
    std::vector<Signature> stored(std::size_t post) {
        const auto op = ann_.store().read(book_.id(posts_[post]));
        EXPECT_TRUE(op.has_value());
        return op ? op->signatures : std::vector<Signature>{};
    }
    // The `n`th signature that ben could make.
    Signature signature(std::size_t post, std::uint8_t n = 0) const {
        return fake_signature(key_of("ben"), signing_input(book_.id(posts_[post])), n);
    }
    EncodedOp with(std::size_t post, const Signature& signature) const {
        EncodedOp op = book_.op(posts_[post]);
        op.signature = signature;
        return op;
    }
    std::uint64_t checked() { return ann_.verifier().checked; }

    Book book_;
    std::vector<Entry> posts_;
    Peer ann_{"ann", book_.group()};
};

TEST_F(LateSignature, O5_a_good_one_is_stored_and_given_on) {
    persist_all();
    EXPECT_EQ(loaded(4), std::nullopt);
    const auto before = checked();
    const auto taken = take(book_.op(posts_[4]));
    ASSERT_TRUE(taken.has_value()) << taken.error().text;
    EXPECT_EQ(taken->front().status, Status::duplicate);
    EXPECT_EQ(checked() - before, 1U);
    EXPECT_EQ(loaded(4), signature(4)) << "before it is persisted";
    ann_.drain();
    EXPECT_EQ(stored(4), std::vector{signature(4)});
    EXPECT_EQ(loaded(4), signature(4));
    EXPECT_EQ(stored(5), std::vector<Signature>{});
}

TEST_F(LateSignature, O5_also_while_the_op_itself_is_not_persisted) {
    ASSERT_TRUE(take(book_.op(posts_[4])).has_value());
    EXPECT_EQ(loaded(4), signature(4));
    const auto first = ann_.replica().poll_persist();
    ASSERT_TRUE(first.has_value());
    // Handed out, but not yet reported done.
    EXPECT_EQ(loaded(4), signature(4));
    EXPECT_EQ(loaded(5), std::nullopt);
    ASSERT_TRUE(take(book_.op(posts_[5])).has_value());
    EXPECT_EQ(loaded(5), signature(5));
    ASSERT_TRUE(persist(ann_.store(), *first).has_value());
    ann_.replica().handle_persisted(first->ticket, {});
    EXPECT_EQ(stored(4), std::vector{signature(4)});
    EXPECT_EQ(stored(5), std::vector<Signature>{});
    EXPECT_EQ(loaded(5), signature(5)) << "its own batch is not persisted yet";
    persist_all();
    EXPECT_EQ(stored(5), std::vector{signature(5)});
}

TEST_F(LateSignature, O5_what_one_can_make_another_verify_and_store_is_one_an_op) {
    persist_all();
    ASSERT_TRUE(take(with(4, signature(4, 1))).has_value());
    ann_.drain();
    ann_.reopen();
    const auto before = checked();
    for (std::uint8_t n = 0; n < 5; ++n) ASSERT_TRUE(take(with(4, signature(4, n))).has_value());
    // Nor of an op that came with its signature, whatever comes instead of another.
    Signature bad = signature(0);
    bad.bytes[3] ^= 1U;
    ASSERT_TRUE(take(with(0, bad)).has_value());
    EXPECT_EQ(checked(), before);
    ann_.drain();
    EXPECT_EQ(stored(4), std::vector{signature(4, 1)});
    EXPECT_EQ(stored(0), std::vector{signature(0)});
}

TEST_F(LateSignature, O5_a_bad_one_condemns_its_batch_and_is_not_remembered) {
    persist_all();
    Signature bad = signature(4);
    bad.bytes[9] ^= 1U;
    const Entry next = book_.post("ben", {posts_.back()});
    const EncodedOp ops[] = {book_.op(next), with(4, bad)};
    const auto taken = ann_.replica().take(ops);
    ASSERT_FALSE(taken.has_value());
    EXPECT_EQ(taken.error().code, ErrorCode::op_bad_signature);
    EXPECT_FALSE(ann_.has(book_.id(next))) << "nothing of it was admitted";
    ann_.drain();
    EXPECT_EQ(stored(4), std::vector<Signature>{});
    ASSERT_TRUE(take(book_.op(posts_[4])).has_value());
    ann_.drain();
    EXPECT_EQ(stored(4), std::vector{signature(4)});
    ASSERT_TRUE(take(book_.op(next)).has_value());
}

TEST_F(LateSignature, O5_a_bad_one_is_the_senders_fault) {
    persist_all();
    const Entry next = book_.post("ben", {posts_.back()});
    const auto send = [&](const Signature& signature) {
        Hostile ben(ann_, book_, "ben");
        ben.send_have({next});
        auto batch = ben.outs({posts_[4], next});
        batch[0].op.signature = signature;
        ben.send(ben.ops(batch, {next}));
        return ben.failure();
    };
    Signature bad = signature(4);
    bad.bytes[9] ^= 1U;
    EXPECT_EQ(send(bad), std::pair(ErrorCode::op_bad_signature, true));
    EXPECT_FALSE(ann_.has(book_.id(next)));
    EXPECT_EQ(send(signature(4)), std::pair(ErrorCode{}, false));
    EXPECT_TRUE(ann_.has(book_.id(next)));
    EXPECT_EQ(stored(4), std::vector{signature(4)});
}

TEST_F(LateSignature, O5_the_copy_of_a_new_op_may_bring_it) {
    Peer cat("cat", book_.group());
    cat.take(book_.past({posts_[0]}));
    EncodedOp bare = book_.op(posts_[1]);
    bare.signature.reset();
    const EncodedOp ops[] = {bare, book_.op(posts_[1])};
    const auto taken = cat.replica().take(ops);
    ASSERT_TRUE(taken.has_value()) << taken.error().text;
    EXPECT_EQ((*taken)[0].status, Status::admitted);
    EXPECT_EQ((*taken)[1].status, Status::duplicate);
    cat.drain();
    EXPECT_EQ(cat.store().read(book_.id(posts_[1]))->signatures, std::vector{signature(1)});
}

}  // namespace
}  // namespace folkmoot::wire
