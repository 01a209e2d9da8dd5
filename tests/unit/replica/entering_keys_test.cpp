// O6: every kind of op that brings a key into a group is refused with a bad one.
#include "support/wire.hpp"

namespace folkmoot::wire {
namespace {

ErrorCode refusal(Act act) {
    Book book;
    const Entry add = book.add("ann", Add{key_of("ben"), level::member}, {0});
    Peer peer("ben", book.group());
    peer.take(book.past({add}));
    std::vector<EncodedOp> ops{Book::encode(book.make("ann", std::move(act), {add}), {})};
    const auto taken = peer.replica().take(ops);
    return taken ? ErrorCode{} : taken.error().code;
}

TEST(EnteringKeys, O6_an_add_a_link_and_a_ban_bring_in_no_bad_key) {
    const DeviceKey bad = key_of("bad key");
    EXPECT_EQ(refusal(Add{bad, level::member}), ErrorCode::op_bad_key);
    EXPECT_EQ(refusal(folkmoot::Link{bad, level::member}), ErrorCode::op_bad_key);
    EXPECT_EQ(refusal(Ban{bad, std::nullopt}), ErrorCode::op_bad_key);
    const DeviceKey good = key_of("cat");
    EXPECT_EQ(refusal(Add{good, level::member}), ErrorCode{});
    EXPECT_EQ(refusal(folkmoot::Link{good, level::member}), ErrorCode{});
    EXPECT_EQ(refusal(Ban{good, std::nullopt}), ErrorCode{});
}

TEST(EnteringKeys, O6_a_create_names_no_bad_founder) {
    Book book({"ann", "bad key"});
    Peer peer("ben", book.group());
    std::vector<EncodedOp> ops = book.all();
    const auto taken = peer.replica().take(ops);
    ASSERT_FALSE(taken.has_value());
    EXPECT_EQ(taken.error().code, ErrorCode::op_bad_key);
}

}  // namespace
}  // namespace folkmoot::wire
