// M2: which grant an author acts under unless told otherwise.
#include "support/folk.hpp"

namespace folkmoot {
namespace {

using namespace history;

std::string chosen(const Folk& folk, const std::string& author, std::optional<std::string> prev,
                   const Act& act) {
    std::optional<OpIndex> last;
    if (prev) last = folk.index(*prev);
    const auto id = folk.access().now().choose_grant(key(author), last, act);
    return id ? folk.name_of_op(folk.graph().find(*id).value()) : "";
}

TEST(Choose, M2_nobody_without_a_grant_has_one_to_choose) {
    Folk folk;
    EXPECT_EQ(chosen(folk, "ben", std::nullopt, post()), "");
}

TEST(Choose, M2_a_founder_acts_under_create) {
    Folk folk({"ann", "ben"});
    EXPECT_EQ(chosen(folk, "ann", "g", post()), "g");
    EXPECT_EQ(chosen(folk, "ben", std::nullopt, post()), "g");
}

TEST(Choose, M2_the_grant_used_last_stays_while_live_and_sufficient) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::moderator), {"g"});
    folk.op("b", "ann", add("ben", level::member), {"a"});
    folk.op("p", "ben", post(), {"b"}, {.as = "b"});
    EXPECT_EQ(chosen(folk, "ben", "p", post()), "b") << "though a ranks above";
    EXPECT_EQ(chosen(folk, "ben", "p", add("cat", level::reader)), "a") << "b does not suffice";
    folk.op("s", "ann", set_level("ben", 24), {"p"});
    folk.op("c", "ann", add("ben", level::member), {"s"});
    EXPECT_EQ(chosen(folk, "ben", "p", post()), "c") << "b is not live any more";
}

TEST(Choose, M2_prefers_no_link_then_the_shortest_path_then_the_highest_rank) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::admin), {"g"});
    folk.op("b", "ann", link("dan", level::admin), {"a"});
    EXPECT_EQ(chosen(folk, "dan", std::nullopt, post()), "b");
    folk.op("c", "ben", add("dan", level::admin), {"b"});
    EXPECT_EQ(chosen(folk, "dan", std::nullopt, post()), "c") << "no link, though longer";
    folk.op("d", "ann", add("dan", level::member), {"c"});
    EXPECT_EQ(chosen(folk, "dan", std::nullopt, post()), "d") << "shorter, though lower";
    folk.op("e", "ann", add("dan", level::moderator), {"d"});
    EXPECT_EQ(chosen(folk, "dan", std::nullopt, post()), "e") << "of equal length the higher rank";
    EXPECT_EQ(chosen(folk, "dan", std::nullopt, add("eve", level::admin)), "c") << "the only one that may";
}

TEST(Choose, M2_sufficient_means_what_admission_would_admit) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::admin), {"g"});
    folk.op("b", "ann", add("cat", level::admin), {"a"});
    folk.op("c", "ann", add("dan", level::moderator), {"b"});
    folk.op("d", "ann", add("dan", level::admin), {"c"});
    folk.op("p", "dan", post(), {"d"}, {.as = "c"});
    EXPECT_EQ(chosen(folk, "dan", "p", add("eve", level::member)), "c");
    EXPECT_EQ(chosen(folk, "dan", "p", add("eve", level::admin)), "d");
    EXPECT_EQ(chosen(folk, "dan", "p", remove("ben")), "c") << "neither may: the one used last";
}

TEST(Choose, M2_where_nothing_live_is_left_the_answer_is_still_a_grant) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::member), {"g"});
    folk.op("r", "ann", remove("ben"), {"a"});
    EXPECT_EQ(chosen(folk, "ben", std::nullopt, post()), "a");
}

TEST(Choose, M2_at_a_frontier_only_its_grants_count) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::member), {"g"});
    folk.op("b", "ann", add("ben", level::admin), {"a"});
    folk.op("c", "ann", add("cat", level::admin), {"b"});
    const Resolution early = folk.access().at(folk.indices({"a"}));
    EXPECT_EQ(early.choose_grant(key("ben"), std::nullopt, add("dan", level::admin)), folk.id("a"));
    EXPECT_EQ(early.choose_grant(key("cat"), std::nullopt, post()), std::nullopt);
}

}  // namespace
}  // namespace folkmoot
