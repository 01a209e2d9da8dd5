// O5: an op that does not continue another proves nothing of it, whatever it names as prev; and an op whose
// author's key is no key proves nothing at all.
#include "support/wire.hpp"

namespace folkmoot::wire {
namespace {

// ben, a member twice over, has posted; so has cat.
struct Members {
    Book book;
    Entry add = book.add("ann", Add{key_of("ben"), level::member}, {0});
    Entry again = book.add("ann", SetLevel{key_of("ben"), level::moderator}, {add});
    Entry cat = book.add("ann", Add{key_of("cat"), level::member}, {again});
    Entry held = book.post("ben", {cat}, {std::nullopt, again, "held"});

    // As ben would sign it: on his last op, changed by `change`.
    template <class Change>
    [[nodiscard]] EncodedOp next(const OpId& prev, Change&& change) const {
        Operation op = book.make("ben", Post{0, payload_hash({})}, {held});
        op.prev = prev;
        op.parents.clear();
        op.as = book.id(again);
        change(op);
        return Book::encode(op, Bytes{});
    }
    [[nodiscard]] ErrorCode take(Peer& peer, std::vector<EncodedOp> ops) const {
        const auto taken = peer.replica().take(ops);
        peer.drain();
        return taken ? ErrorCode{} : taken.error().code;
    }
};

void by_cat(Operation& op) { op.author = key_of("cat"); }
void elsewhere(Operation& op) { op.group->bytes[0] ^= 1U; }
void as_it_should(Operation&) {}

TEST(OddRuns, O5_only_the_same_author_under_the_same_grant_in_the_same_group_vouches) {
    const Members m;
    const auto under_the_older_grant = [&](Operation& op) { op.as = m.book.id(m.add); };
    EncodedOp one = m.next(m.book.id(m.held), as_it_should);
    one.signature.reset();
    const auto verdict = [&](const EncodedOp& two) {
        Peer peer("ann", m.book.group());
        peer.take(m.book.past({m.held}));
        const ErrorCode code = m.take(peer, {one, two});
        EXPECT_EQ(peer.graph().find(one.id).has_value(), code == ErrorCode{});
        return code;
    };
    EXPECT_EQ(verdict(m.next(one.id, as_it_should)), ErrorCode{});
    EXPECT_EQ(verdict(m.next(one.id, by_cat)), ErrorCode::op_unproven);
    EXPECT_EQ(verdict(m.next(one.id, elsewhere)), ErrorCode::graph_wrong_group);
    EXPECT_EQ(verdict(m.next(one.id, under_the_older_grant)), ErrorCode::op_unproven);
}

TEST(OddRuns, A1_what_continues_nobody_is_refused_where_the_rules_say_so) {
    const Members m;
    const auto under_the_older_grant = [&](Operation& op) { op.as = m.book.id(m.add); };
    const auto admitted = [&](const EncodedOp& op) {
        Peer peer("ann", m.book.group());
        peer.take(m.book.past({m.held}));
        (void)m.take(peer, {op});
        return peer.graph().find(op.id).has_value();
    };
    EXPECT_TRUE(admitted(m.next(m.book.id(m.held), as_it_should)));
    EXPECT_TRUE(admitted(m.next(m.book.id(m.held), under_the_older_grant)));
    EXPECT_FALSE(admitted(m.next(m.book.id(m.held), by_cat)));
    EXPECT_FALSE(admitted(m.next(m.book.id(m.held), elsewhere)));
}

TEST(OddRuns, O6_an_author_whose_key_is_none_is_refused_before_any_signature_is_checked) {
    const Members m;
    Peer peer("ann", m.book.group());
    peer.take(m.book.past({m.held}));
    const auto checked = peer.verifier().checked;
    const EncodedOp op =
        m.next(m.book.id(m.held), [](Operation& value) { value.author = key_of("bad key"); });
    EXPECT_EQ(m.take(peer, {op}), ErrorCode::op_bad_key);
    EXPECT_EQ(peer.verifier().checked, checked);
}

}  // namespace
}  // namespace folkmoot::wire
