// T: that a device must not sign yet is as durable as what made it wait.
#include "support/wire.hpp"

namespace folkmoot::wire {
namespace {

TEST(WaitRestart, a_device_that_was_shown_own_ops_still_waits_after_a_crash) {
    Book book;
    const Entry add = book.add("ann", Add{key_of("ben"), level::member}, {0});
    const Entry kept = book.posts("ben", add, 2);
    book.posts("ben", kept, 3);
    Peer ann("ann", book.group());
    Peer ben("ben", book.group());
    ann.take(book.all());
    ben.take(book.past({kept}));
    Wire wire(ann, ben);
    while (ben.replica().authoring_waits() == AuthoringWait::none) ASSERT_TRUE(wire.step());
    EXPECT_TRUE(ben.store().may_be_rolled_back());
    wire.close();
    ben.reopen();
    const auto made = ben.replica().post(as_bytes("too early"), 9);
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error().code, ErrorCode::not_synced);
}

}  // namespace
}  // namespace folkmoot::wire
