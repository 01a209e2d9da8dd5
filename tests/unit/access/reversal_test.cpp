// What changes when a revocation that already counted turns void: all that rested on it is decided again.
#include <gtest/gtest.h>

#include "support/folk.hpp"

namespace folkmoot {
namespace {

using history::add;
using history::ban;
using history::Folk;
using history::link;
using history::remove;

void expect_as_from_scratch(Folk& folk) {
    const auto heads = folk.graph().heads();
    EXPECT_EQ(folk.access().now().members(), folk.access().at(heads).members());
}

TEST(Reversal, V1_a_ban_binds_again_when_what_ended_its_banner_turns_void) {
    Folk folk;
    folk.op("b", "ann", add("ben", level::admin), {"g"});
    folk.op("c", "ann", add("cat", level::admin), {"b"});
    folk.op("d", "ann", add("dan", level::moderator), {"c"});
    folk.op("ban", "cat", ban("eve"), {"d"});
    folk.op("r", "ben", remove("cat"), {"ban"});
    folk.op("e", "dan", add("eve", level::member), {"r"});
    EXPECT_EQ(folk.level("eve"), level::member) << "dan had seen the banner removed";
    expect_as_from_scratch(folk);
    folk.op("f", "ann", remove("ben"), {"d"});
    EXPECT_FALSE(folk.effective("r"));
    EXPECT_EQ(folk.level("cat"), level::admin);
    EXPECT_EQ(folk.level("eve"), Level{0}) << "the ban never ended";
    expect_as_from_scratch(folk);
}

TEST(Reversal, E1_what_was_done_under_a_grant_that_turns_void_counts_no_more) {
    Folk folk;
    folk.op("b", "ann", add("ben", level::admin), {"g"});
    folk.op("c", "ben", add("cat", level::admin), {"b"});
    folk.op("d", "cat", add("dan", level::moderator), {"c"});
    folk.op("e", "dan", add("eve", level::member), {"d"});
    EXPECT_EQ(folk.level("eve"), level::member);
    folk.op("r", "ann", remove("ben"), {"b"});
    EXPECT_EQ(folk.level("cat"), Level{0});
    EXPECT_EQ(folk.level("dan"), Level{0});
    EXPECT_EQ(folk.level("eve"), Level{0});
    expect_as_from_scratch(folk);
}

TEST(Reversal, A1_below_the_remove_level_somebody_elses_link_is_not_removed) {
    Folk folk;
    folk.op("b", "ann", add("ben", level::member), {"g"});
    folk.op("c", "ann", add("cat", level::member), {"b"});
    folk.op("p", "cat", link("phone", level::reader), {"c"});
    folk.op("t", "ben", link("tablet", level::reader), {"p"});
    EXPECT_EQ(folk.refusal("ben", remove("phone"), {"t"}), ErrorCode::access_not_own_link);
    EXPECT_EQ(folk.refusal("ben", remove("tablet"), {"t"}), std::nullopt);
}

}  // namespace
}  // namespace folkmoot
