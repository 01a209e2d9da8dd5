// G1 to G3: grants and their ranks.
#include "support/folk.hpp"

namespace folkmoot {
namespace {

using namespace history;

TEST(Rank, G1_create_grants_every_founder_at_255_in_order) {
    const Folk folk({"ann", "ben", "cat"});
    EXPECT_EQ(folk.members(), "ann 255, ben 255, cat 255");
    const auto ann = folk.grant("g", "ann");
    const auto ben = folk.grant("g", "ben");
    const auto cat = folk.grant("g", "cat");
    EXPECT_EQ(folk.access().outranks(ann, ben), RankPart::founder_order);
    EXPECT_EQ(folk.access().outranks(ben, cat), RankPart::founder_order);
    EXPECT_EQ(folk.access().outranks(cat, ann), RankPart::none);
    EXPECT_EQ(folk.access().outranks(ann, ann), RankPart::none);
}

TEST(Rank, G1_add_link_and_set_level_grant) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::member), {"g"});
    folk.op("b", "ben", link("phone", level::reader), {"a"});
    folk.op("c", "ann", set_level("ben", level::admin), {"b"});
    EXPECT_EQ(folk.members(), "ann 255, ben 100, phone 10");
    EXPECT_EQ(folk.access().level_of_grant(folk.grant("a", "ben")), level::member);
    EXPECT_EQ(folk.access().op_of_grant(folk.grant("c", "ben")), folk.index("c"));
    const GrantView phone = folk.view("b", "phone");
    EXPECT_TRUE(phone.link);
    EXPECT_EQ(phone.under, folk.grant("a", "ben"));
    EXPECT_FALSE(folk.view("a", "ben").link);
    EXPECT_EQ(folk.view("g", "ann").under, no_index);
}

TEST(Rank, G1_a_device_may_hold_several_grants_and_the_highest_counts) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::member), {"g"});
    folk.op("b", "ann", add("ben", level::admin), {"a"});
    folk.op("c", "ann", add("ben", level::reader), {"b"});
    EXPECT_EQ(folk.access().now().grants_of(key("ben")).size(), 3U);
    EXPECT_EQ(folk.level("ben"), level::admin);
}

TEST(Rank, G2_level_comes_before_the_length_of_the_path) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::admin), {"g"});
    folk.op("b", "ben", add("cat", level::admin), {"a"});
    folk.op("c", "ann", add("dan", level::moderator), {"b"});
    EXPECT_EQ(folk.access().outranks(folk.grant("b", "cat"), folk.grant("c", "dan")), RankPart::level);
}

TEST(Rank, G2_the_shorter_path_ranks_above) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::admin), {"g"});
    folk.op("b", "ben", add("cat", level::admin), {"a"});
    for (int i = 0; i < 5; ++i) folk.op("p" + std::to_string(i), "ann", post(std::to_string(i)), {"b"});
    folk.op("c", "ann", add("dan", level::admin), {"p4"});
    EXPECT_EQ(folk.access().outranks(folk.grant("c", "dan"), folk.grant("b", "cat")), RankPart::path_length);
}

TEST(Rank, G2_positions_in_the_granters_chains_decide_between_equal_lengths) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::admin), {"g"});
    folk.op("b", "ann", add("cat", level::admin), {"a"});
    folk.op("c", "cat", add("dan", level::moderator), {"b"});
    folk.op("p", "ben", post(), {"c"});
    folk.op("q", "ben", post("again"), {"p"});
    folk.op("d", "ben", add("eve", level::moderator), {"q"});
    EXPECT_EQ(folk.access().outranks(folk.grant("a", "ben"), folk.grant("b", "cat")), RankPart::path);
    // The first difference from the founder down decides, not the last position.
    EXPECT_EQ(folk.access().outranks(folk.grant("d", "eve"), folk.grant("c", "dan")), RankPart::path);
}

TEST(Rank, G2_equal_paths_by_a_fork_fall_to_the_id) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::admin), {"g"});
    folk.op("b", "ann", add("cat", level::admin), {"g"});
    const bool ben_first = folk.id("a") < folk.id("b");
    const auto upper = ben_first ? folk.grant("a", "ben") : folk.grant("b", "cat");
    const auto lower = ben_first ? folk.grant("b", "cat") : folk.grant("a", "ben");
    EXPECT_EQ(folk.access().outranks(upper, lower), RankPart::id);
    EXPECT_EQ(folk.access().outranks(lower, upper), RankPart::none);
}

TEST(Rank, G2_a_rank_never_changes_whatever_comes_later) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::admin), {"g"});
    folk.op("b", "ben", add("cat", level::admin), {"a"});
    const auto upper = folk.grant("a", "ben");
    const auto lower = folk.grant("b", "cat");
    folk.op("c", "ann", ban("ben"), {"b"});
    EXPECT_EQ(folk.access().outranks(upper, lower), RankPart::path_length);
}

TEST(Rank, G3_seniority_lets_equals_outrank_by_path_and_forbid_does_not) {
    for (const auto equal : {Rules::Equal::seniority, Rules::Equal::forbid}) {
        Folk folk({"ann", "ben"}, {.equal = equal});
        folk.op("a", "ann", add("cat", level::admin), {"g"});
        folk.op("b", "ann", add("dan", level::admin), {"a"});
        folk.op("c", "ann", add("eve", level::member), {"b"});
        const auto cat = folk.grant("a", "cat");
        const auto dan = folk.grant("b", "dan");
        EXPECT_EQ(folk.access().outranks(cat, dan),
                  equal == Rules::Equal::forbid ? RankPart::none : RankPart::path);
        EXPECT_EQ(folk.access().outranks(cat, folk.grant("c", "eve")), RankPart::level);
        EXPECT_EQ(folk.access().outranks(folk.grant("g", "ann"), folk.grant("g", "ben")),
                  RankPart::founder_order);
    }
}

TEST(Rank, G2_is_a_strict_total_order_on_deep_and_forked_paths) {
    Folk folk;
    std::mt19937_64 random(3);
    std::vector<std::pair<std::string, std::string>> grants = {{"g", "ann"}};
    std::vector<std::string> names = {"g"};
    for (int i = 0; i < 120; ++i) {
        const auto& [granted_by, granter] = grants[random() % grants.size()];
        const std::string name = "o" + std::to_string(i);
        const std::string device = "x" + std::to_string(i);
        With with{.as = granted_by};
        if (random() % 3 == 0) with.prev = granter == "ann" ? "g" : "";
        const std::string other = names[random() % names.size()];
        const std::vector<std::string> on =
            other == granted_by ? std::vector{other} : std::vector{other, granted_by};
        folk.op(name, granter, add(device, level::admin), on, with);
        grants.emplace_back(name, device);
        names.push_back(name);
    }
    std::vector<GrantIndex> all;
    for (const auto& [op, holder] : grants) all.push_back(folk.grant(op, holder));
    const auto above = [&](GrantIndex a, GrantIndex b) {
        return folk.access().outranks(a, b) != RankPart::none;
    };
    for (const auto a : all) {
        for (const auto b : all) {
            EXPECT_EQ(above(a, b) + above(b, a), a == b ? 0 : 1);
            for (const auto c : all) {
                if (above(a, b) && above(b, c)) {
                    ASSERT_TRUE(above(a, c));
                }
            }
        }
    }
}

}  // namespace
}  // namespace folkmoot
