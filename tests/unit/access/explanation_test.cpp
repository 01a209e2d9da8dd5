// Explanations: the rule, the op, the tenure and the part of the rank, and what falls with an op.
#include "folkmoot/explanation.hpp"
#include "support/folk.hpp"

namespace folkmoot {
namespace {

using namespace history;
using Step = ExplanationStep;

std::string names_of(const Folk& folk, const std::vector<OpIndex>& ops) {
    std::vector<std::string> names;
    for (const OpIndex op : ops) names.push_back(folk.name_of_op(op));
    std::ranges::sort(names);
    std::string out;
    for (const auto& name : names) out += (out.empty() ? "" : " ") + name;
    return out;
}

TEST(Explanation, leads_by_E1_to_the_revocation_that_decides) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::admin), {"g"});
    folk.op("c", "ben", add("cat", level::admin), {"a"});
    folk.op("d", "cat", add("dan", level::member), {"c"});
    folk.op("p", "dan", post(), {"d"});
    folk.op("r", "ann", remove("ben"), {"a"});
    const OpExplanation why = folk.access().now().explain_op(folk.index("p"));
    EXPECT_EQ(why.verdict.rule, Rule::E1);
    ASSERT_EQ(why.steps.size(), 3U);
    EXPECT_EQ(why.steps[0].kind, Step::Kind::void_grant);
    EXPECT_EQ(folk.name_of_op(why.steps[0].by), "d");
    EXPECT_EQ(why.steps[0].grant, folk.grant("d", "dan"));
    EXPECT_EQ(folk.name_of_op(why.steps[1].by), "c");
    const Step& last = why.steps[2];
    EXPECT_EQ(last.kind, Step::Kind::hit_op);
    EXPECT_EQ(folk.name_of_op(last.op), "c");
    EXPECT_EQ(folk.name_of_op(last.by), "r");
    EXPECT_EQ(last.grant, folk.grant("a", "ben"));
    EXPECT_EQ(last.above, folk.grant("g", "ann"));
    EXPECT_EQ(last.part, RankPart::level);
    EXPECT_EQ(last.through, no_index);
    const std::vector<GrantIndex> path = {folk.grant("d", "dan"), folk.grant("c", "cat"),
                                          folk.grant("a", "ben"), folk.grant("g", "ann")};
    EXPECT_EQ(why.path, path);
}

TEST(Explanation, names_the_tenure_through_which_a_linked_device_fell) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::admin), {"g"});
    folk.op("l", "ben", link("phone", level::member), {"a"});
    folk.op("m", "phone", link("tablet", level::reader), {"l"});
    folk.op("r", "ann", remove("ben"), {"m"});
    const MemberExplanation why = folk.access().now().explain_member(key("tablet"));
    EXPECT_EQ(why.level, 0);
    EXPECT_EQ(why.by, no_index);
    EXPECT_FALSE(why.banned);
    ASSERT_EQ(why.grants.size(), 1U);
    ASSERT_EQ(why.grants[0].steps.size(), 1U);
    const Step& step = why.grants[0].steps[0];
    EXPECT_EQ(step.kind, Step::Kind::hit_grant);
    EXPECT_EQ(folk.name_of_op(step.by), "r");
    EXPECT_EQ(step.grant, folk.grant("m", "tablet"));
    EXPECT_EQ(step.through, folk.grant("a", "ben"));
    EXPECT_EQ(step.part, RankPart::level);
}

TEST(Explanation, of_a_member_gives_the_live_grant_and_the_path_to_a_founder) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::admin), {"g"});
    folk.op("c", "ben", add("cat", level::member), {"a"});
    const MemberExplanation why = folk.access().now().explain_member(key("cat"));
    EXPECT_EQ(why.level, level::member);
    EXPECT_EQ(why.by, folk.grant("c", "cat"));
    ASSERT_EQ(why.grants.size(), 1U);
    EXPECT_TRUE(why.grants[0].steps.empty());
    EXPECT_EQ(why.grants[0].path.size(), 3U);
    EXPECT_TRUE(folk.access().now().explain_member(key("nobody")).grants.empty());
}

TEST(Explanation, tells_a_void_removal_from_one_that_covers_nothing) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::admin), {"g"});
    folk.op("c", "ann", add("cat", level::admin), {"a"});
    folk.op("x", "ben", remove("cat"), {"c"});
    folk.op("r", "ann", remove("ben"), {"c"});
    const auto before = folk.access().now().explain_member(key("cat"));
    ASSERT_EQ(before.misses.size(), 1U);
    EXPECT_EQ(folk.name_of_op(before.misses[0].op), "x");
    ASSERT_EQ(before.misses[0].steps.size(), 1U);
    EXPECT_EQ(folk.name_of_op(before.misses[0].steps[0].by), "r");
    // Within an older frontier x counted, and r is no part of it.
    const auto there = folk.access().at(folk.indices({"x"})).explain_member(key("cat"));
    EXPECT_EQ(there.level, 0);
    EXPECT_TRUE(there.misses.empty());
}

TEST(Explanation, says_whether_a_ban_is_among_what_ended_it) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::member), {"g"});
    folk.op("b", "ann", ban("ben"), {"a"});
    EXPECT_TRUE(folk.access().now().explain_member(key("ben")).banned);
}

TEST(Explanation, lists_what_falls_with_an_op) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::admin), {"g"});
    folk.op("c", "ben", add("cat", level::admin), {"a"});
    folk.op("d", "cat", add("dan", level::member), {"c"});
    folk.op("p", "dan", post(), {"d"});
    folk.op("q", "ben", post(), {"c"});
    folk.op("l", "dan", leave(), {"p"});
    folk.op("r", "ann", remove("ben"), {"c"});
    const Resolution& now = folk.access().now();
    // r has seen c, which ben did before: only q falls, and nothing with a void post.
    EXPECT_EQ(names_of(folk, now.fallen_with(folk.index("r"))), "q");
    EXPECT_EQ(names_of(folk, now.fallen_with(folk.index("q"))), "");
    folk.op("s", "ann", remove("ben"), {"a"}, {.prev = "a"});
    const Resolution& later = folk.access().now();
    EXPECT_EQ(names_of(folk, later.fallen_with(folk.index("c"))), "d p");
    EXPECT_EQ(names_of(folk, later.fallen_with(folk.index("d"))), "p");
    // Of two that hit and had not seen it, the one that decides first by E3.
    const std::string by = folk.why_void("q").substr(6);
    EXPECT_EQ(names_of(folk, later.fallen_with(folk.index(by))), by == "s" ? "c d p q" : "q");
}

}  // namespace
}  // namespace folkmoot
