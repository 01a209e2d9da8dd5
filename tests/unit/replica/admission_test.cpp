// Admission (O5, O6, O8): what proves an op, and what becomes of a batch that does not prove itself.
#include "support/wire.hpp"

namespace folkmoot::wire {
namespace {

using Status = Admitted::Status;

std::vector<Status> statuses(const Result<std::vector<Admitted>>& result) {
    std::vector<Status> out;
    if (!result) return out;
    for (const auto& one : *result) out.push_back(one.status);
    return out;
}

// ann, and ben with `count` posts in a row; `ops` are the posts.
struct Chain {
    explicit Chain(std::size_t count) {
        const Entry add = book.add("ann", Add{key_of("ben"), level::member}, {0});
        start = add;
        Entry at = add;
        for (std::size_t i = 0; i < count; ++i) {
            at = book.post("ben", {at});
            ops.push_back(book.op(at));
        }
        peer.take(book.past({add}));
    }
    // Takes away the signatures of ops[from..to).
    void strip(std::size_t from, std::size_t to) {
        for (std::size_t i = from; i < to; ++i) ops[i].signature.reset();
    }
    ErrorCode refusal() {
        auto copy = ops;
        const auto before = peer.graph().size();
        const auto taken = peer.replica().take(copy);
        EXPECT_FALSE(taken.has_value());
        EXPECT_EQ(peer.graph().size(), before) << "a refused batch leaves nothing behind";
        return taken ? ErrorCode{} : taken.error().code;
    }
    Book book;
    Entry start = 0;
    std::vector<EncodedOp> ops;
    Peer peer{"ann", book.group()};
};

TEST(Admission, O5_a_signature_proves_the_run_below_it) {
    Chain chain(40);
    chain.strip(1, 39);  // position 0 is divisible by 64
    const auto before = chain.peer.verifier().checked;
    chain.peer.take(chain.ops);
    EXPECT_EQ(chain.peer.graph().size(), 42U);
    EXPECT_EQ(chain.peer.verifier().checked - before, 2U);
}

TEST(Admission, O5_the_last_op_of_an_author_must_be_signed) {
    Chain chain(10);
    chain.strip(9, 10);
    EXPECT_EQ(chain.refusal(), ErrorCode::op_unproven);
}

TEST(Admission, O5_positions_divisible_by_64_must_be_signed) {
    Chain chain(100);
    chain.strip(1, 99);
    EXPECT_EQ(chain.refusal(), ErrorCode::op_unproven);
    chain.ops[64].signature = chain.book.op(chain.start + 1 + 64).signature;
    chain.peer.take(chain.ops);
    Chain first(5);
    first.strip(0, 1);
    EXPECT_EQ(first.refusal(), ErrorCode::op_unproven);
}

TEST(Admission, O5_access_ops_must_be_signed) {
    Book book;
    const Entry one = book.add("ann", Add{key_of("ben"), level::member}, {0});
    const Entry two = book.add("ann", Add{key_of("cat"), level::member}, {one});
    const Entry post = book.post("ann", {two});
    Peer peer("ben", book.group());
    peer.take(book.past({one}));
    std::vector<EncodedOp> ops{book.op(two), book.op(post)};
    ops[0].signature.reset();
    const auto taken = peer.replica().take(ops);
    ASSERT_FALSE(taken.has_value());
    EXPECT_EQ(taken.error().code, ErrorCode::op_unproven);
}

TEST(Admission, O5_a_post_under_another_grant_vouches_for_nothing) {
    Book book;
    const Entry add = book.add("ann", Add{key_of("ben"), level::member}, {0});
    const Entry up = book.add("ann", SetLevel{key_of("ben"), level::moderator}, {add});
    const Entry one = book.post("ben", {up}, {std::nullopt, add});
    const Entry two = book.post("ben", {one}, {std::nullopt, add});
    const Entry three = book.post("ben", {two}, {std::nullopt, up});
    Peer peer("ann", book.group());
    peer.take(book.past({up}));
    std::vector<EncodedOp> ops{book.op(one), book.op(two), book.op(three)};
    ops[1].signature.reset();
    const auto taken = peer.replica().take(ops);
    ASSERT_FALSE(taken.has_value());
    EXPECT_EQ(taken.error().code, ErrorCode::op_unproven);
}

TEST(Admission, O5_an_op_and_its_voucher_wait_together) {
    Chain chain(4);
    const Entry aside = chain.book.post("ann", {chain.start});
    const Entry voucher = chain.book.post("ben", {chain.start + 4, aside});
    auto ops = chain.ops;
    ops.push_back(chain.book.op(voucher));
    ops[3].signature.reset();
    auto taken = chain.peer.replica().take(ops);
    EXPECT_EQ(statuses(taken), (std::vector{Status::admitted, Status::admitted, Status::admitted,
                                            Status::deferred, Status::deferred}));
    EXPECT_TRUE((*taken)[3].missing.empty()) << "it waits for its voucher alone";
    EXPECT_EQ(chain.peer.graph().size(), 5U);
    std::vector<EncodedOp> rest{chain.book.op(aside), ops[3], ops[4]};
    chain.peer.take(rest);
}

TEST(Admission, O5_nothing_stays_unproven_behind_an_op_that_is_invalid) {
    // ben 0 <- ben 1, unsigned <- dan's op, which A1 refuses <- ben 2, which vouches for ben 1.
    Book book;
    const Entry add = book.add("ann", Add{key_of("ben"), level::member}, {0});
    const Entry first = book.post("ben", {add});
    const Entry second = book.post("ben", {first});
    Peer peer("ann", book.group());
    peer.take(book.past({first}));
    Operation bad = book.make("dan", Post{0, payload_hash({})}, {second});
    const EncodedOp bad_op = Book::encode(bad, Bytes{});
    Operation voucher = book.make("ben", Post{0, payload_hash({})}, {second});
    voucher.parents.push_back(bad_op.id);
    std::vector<EncodedOp> ops{book.op(second), bad_op, Book::encode(voucher, Bytes{})};
    ops[0].signature.reset();
    const auto taken = peer.replica().take(ops);
    ASSERT_FALSE(taken.has_value());
    EXPECT_FALSE(peer.has(book.id(second))) << "kept without proof";
}

TEST(Admission, O5_only_the_first_op_that_stands_on_another_vouches_for_it) {
    // A forker's second child under another grant would later stand between an op and its proof.
    Book book;
    const Entry add = book.add("ann", Add{key_of("ben"), level::member}, {0});
    const Entry up = book.add("ann", SetLevel{key_of("ben"), level::moderator}, {add});
    const Entry zero = book.post("ben", {up}, {std::nullopt, add});
    const Entry one = book.post("ben", {zero}, {std::nullopt, add});
    const Entry child = book.post("ben", {one}, {std::nullopt, add});
    const Entry other = book.post("ben", {one}, {std::nullopt, up});
    const auto take = [&](Entry first, Entry second) {
        Peer peer("ann", book.group());
        peer.take(book.past({zero}));
        std::vector<EncodedOp> ops{book.op(one), book.op(first), book.op(second)};
        ops[0].signature.reset();
        const auto taken = peer.replica().take(ops);
        return taken ? ErrorCode{} : taken.error().code;
    };
    EXPECT_EQ(take(child, other), ErrorCode{});
    EXPECT_EQ(take(other, child), ErrorCode::op_unproven);
}

TEST(Admission, a_bad_signature_never_blocks_the_same_op_later) {
    Chain chain(3);
    auto bad = chain.ops;
    bad[1].signature->bytes[5] ^= 1U;
    const auto taken = chain.peer.replica().take(bad);
    ASSERT_FALSE(taken.has_value());
    EXPECT_EQ(taken.error().code, ErrorCode::op_bad_signature);
    chain.peer.take(chain.ops);
    EXPECT_EQ(chain.peer.graph().size(), 5U);
}

TEST(Admission, payloads_are_checked_against_their_post) {
    Chain chain(1);
    chain.ops[0].payload->push_back('x');
    EXPECT_EQ(chain.refusal(), ErrorCode::op_payload_mismatch);
    Chain other(1);
    std::vector<EncodedOp> create{other.book.op(0)};
    create[0].payload.emplace();
    Peer fresh("cat", other.book.group());
    const auto taken = fresh.replica().take(create);
    ASSERT_FALSE(taken.has_value());
    EXPECT_EQ(taken.error().code, ErrorCode::op_payload_mismatch);
    // Without its payload a post is as good.
    other.ops[0].payload.reset();
    other.peer.take(other.ops);
}

TEST(Admission, any_order_within_a_batch_will_do) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        Chain chain(30);
        std::mt19937_64 random(seed);
        chain.strip(1, 29);
        std::vector<std::size_t> order(chain.ops.size());
        for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
        std::ranges::shuffle(order, random);
        std::vector<EncodedOp> shuffled;
        for (const std::size_t i : order) shuffled.push_back(chain.ops[i]);
        chain.peer.take(shuffled);
        EXPECT_EQ(chain.peer.graph().size(), 32U);
    }
}

TEST(Admission, ops_without_ancestors_name_what_is_missing_and_are_not_verified) {
    Chain chain(5);
    std::vector<EncodedOp> late{chain.ops[3], chain.ops[4]};
    const auto before = chain.peer.verifier().checked;
    const auto taken = chain.peer.replica().take(late);
    EXPECT_EQ(statuses(taken), (std::vector{Status::deferred, Status::deferred}));
    EXPECT_EQ((*taken)[0].missing, std::vector<OpId>{chain.ops[2].id});
    EXPECT_EQ((*taken)[1].missing, std::vector<OpId>{chain.ops[3].id});
    EXPECT_EQ(chain.peer.verifier().checked, before);
}

TEST(Admission, the_same_op_twice_in_a_batch_is_one_op) {
    Chain chain(2);
    std::vector<EncodedOp> twice{chain.ops[0], chain.ops[0], chain.ops[1]};
    EXPECT_EQ(statuses(chain.peer.replica().take(twice)),
              (std::vector{Status::admitted, Status::duplicate, Status::admitted}));
}

// The op of another group would wait for ever; and one that this device signed there would make it wait here.
TEST(Admission, O4_an_op_of_another_group_is_refused_though_its_ancestors_are_missing) {
    const Book here;
    Book there({"ann"}, {}, "another group");
    for (const bool own : {true, false}) {
        Peer peer(own ? "ann" : "ben", here.group());
        peer.take(here.all());
        std::vector<EncodedOp> ops{there.op(there.posts("ann", there.root(), 2))};
        const auto taken = peer.replica().take(ops);
        ASSERT_FALSE(taken.has_value());
        EXPECT_EQ(taken.error().code, ErrorCode::graph_wrong_group);
        peer.drain();
        EXPECT_EQ(peer.replica().authoring_waits(), AuthoringWait::none);
    }
}

TEST(Admission, another_groups_create_is_refused) {
    Book book;
    Book other({"ann"}, {}, "another");
    Peer peer("ben", book.group());
    auto ops = other.all();
    const auto taken = peer.replica().take(ops);
    ASSERT_FALSE(taken.has_value());
    EXPECT_EQ(taken.error().code, ErrorCode::graph_wrong_group);
    peer.take(book.all());
}

TEST(Admission, O6_keys_that_are_not_acceptable_do_not_enter) {
    Book book;
    const Entry add = book.add("ann", Add{key_of("bad key"), level::member}, {0});
    Peer peer("ann", book.group());
    std::vector<EncodedOp> ops = book.past({add});
    const auto taken = peer.replica().take(ops);
    ASSERT_FALSE(taken.has_value());
    EXPECT_EQ(taken.error().code, ErrorCode::op_bad_key);
}

}  // namespace
}  // namespace folkmoot::wire
