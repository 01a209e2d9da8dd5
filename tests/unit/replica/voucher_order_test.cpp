// O5 where a batch is not in order: what counts is who stands next on the branch once all are admitted.
#include "support/wire.hpp"

namespace folkmoot::wire {
namespace {

// ben posts `one`, and forks: `child` and `other` stand on it. ann, who posted before, posts on `other`.
struct Fork {
    Book book;
    Entry add = book.add("ann", Add{key_of("ben"), level::member}, {0});
    Entry zero = book.post("ben", {book.post("ann", {add})});
    Entry one = book.post("ben", {zero});
    Entry child = book.post("ben", {one});
    Entry other = book.post("ben", {one}, {std::optional<Entry>(one), std::nullopt, "other"});
    Entry above = book.post("ann", {other});

    // What a replica says that holds `zero`, of a batch in this order in which `one` has no signature.
    [[nodiscard]] ErrorCode take(const std::vector<Entry>& order) const {
        Peer peer("ann", book.group());
        peer.take(book.past({zero}));
        std::vector<EncodedOp> ops;
        for (const Entry entry : order) ops.push_back(book.op(entry));
        for (EncodedOp& op : ops) {
            if (op.id == book.id(one)) op.signature.reset();
        }
        const auto taken = peer.replica().take(ops);
        return taken ? ErrorCode{} : taken.error().code;
    }
};

TEST(VoucherOrder, O5_the_first_that_is_admitted_must_be_the_voucher) {
    const Fork fork;
    EXPECT_EQ(fork.take({fork.one, fork.child, fork.other, fork.above}), ErrorCode{});
    // `above` draws `other` before `child`, which came first and vouches.
    EXPECT_EQ(fork.take({fork.one, fork.above, fork.child, fork.other}), ErrorCode::op_unproven);
}

}  // namespace
}  // namespace folkmoot::wire
