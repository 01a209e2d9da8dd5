// What differs between two frontiers, and which op each difference comes down to (E3 of section 7).
#include "folkmoot/explanation.hpp"
#include "support/folk.hpp"

namespace folkmoot {
namespace {

using namespace history;

// "ben 0>100 by a; " for each device, "a E2>ok by u; " for each op.
std::string told(const Folk& folk, const std::vector<std::string>& before,
                 const std::vector<std::string>& after) {
    const Difference found = folk.access().difference(folk.indices(before), folk.indices(after));
    const auto op = [&](OpIndex at) { return at == no_index ? std::string("-") : folk.name_of_op(at); };
    std::vector<std::string> parts;
    for (const auto& change : found.members) {
        std::string who;
        for (const auto* name : {"ann", "ben", "cat", "dan", "eve", "fay", "phone", "tablet"}) {
            if (key(name) == change.key) who = name;
        }
        parts.push_back(who + " " + std::to_string(change.before) + ">" + std::to_string(change.after) +
                        " by " + op(change.cause));
    }
    const auto rule = [](const Verdict& v) {
        return v.effective() ? std::string("ok") : std::string(to_text(v.rule));
    };
    for (const auto& change : found.verdicts) {
        parts.push_back(op(change.op) + " " + rule(change.before) + ">" + rule(change.after) + " by " +
                        op(change.cause));
    }
    std::ranges::sort(parts);
    std::string out;
    for (const auto& part : parts) out += (out.empty() ? "" : "; ") + part;
    return out;
}

TEST(Difference, equal_frontiers_have_none) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::admin), {"g"});
    EXPECT_EQ(told(folk, {"a"}, {"a"}), "");
    EXPECT_EQ(told(folk, {"g", "a"}, {"a"}), "");
}

TEST(Difference, a_new_member_comes_by_the_op_that_added_them_and_goes_on_the_way_back) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::admin), {"g"});
    EXPECT_EQ(told(folk, {"g"}, {"a"}), "ben 0>100 by a");
    EXPECT_EQ(told(folk, {"a"}, {"g"}), "ben 100>0 by -");
}

TEST(Difference, an_eviction_flips_what_it_had_not_seen_and_takes_along_what_fell_with_it) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::admin), {"g"});
    folk.op("c", "ben", add("cat", level::admin), {"a"});
    folk.op("d", "cat", add("dan", level::member), {"c"});
    folk.op("r", "ann", remove("ben"), {"a"});
    EXPECT_EQ(told(folk, {"d"}, {"d", "r"}),
              "ben 100>0 by r; c ok>E2 by r; cat 100>0 by r; d ok>E1 by r; dan 25>0 by r");
    // Without r again: what voided lies in ops that the other frontier lacks.
    EXPECT_EQ(told(folk, {"d", "r"}, {"d"}),
              "ben 0>100 by -; c E2>ok by -; cat 0>100 by -; d E1>ok by -; dan 0>25 by -");
}

TEST(Difference, what_a_voided_removal_had_voided_comes_back_by_the_op_that_voids_it) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::admin), {"g"});
    folk.op("c", "ann", add("cat", level::admin), {"a"});
    folk.op("p", "cat", add("dan", level::member), {"c"});
    folk.op("x", "ben", remove("cat"), {"c"});
    folk.op("r", "ann", remove("ben"), {"c"});
    EXPECT_EQ(told(folk, {"p", "x"}, {"p", "x", "r"}),
              "ben 100>0 by r; cat 0>100 by r; dan 0>25 by r; p E2>ok by r; x ok>E2 by r");
}

TEST(Difference, a_level_changes_by_set_level) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::admin), {"g"});
    folk.op("s", "ann", set_level("ben", level::member), {"a"});
    EXPECT_EQ(told(folk, {"a"}, {"s"}), "ben 100>25 by s");
}

TEST(Difference, a_ban_that_no_longer_counts_as_lifted_takes_the_returned_away_again) {
    Folk folk;
    folk.op("a", "ann", add("ben", level::admin), {"g"});
    folk.op("c", "ann", add("cat", level::admin), {"a"});
    folk.op("d", "cat", add("dan", level::member), {"c"});
    folk.op("b", "ben", ban("dan"), {"d"});
    folk.op("u", "ann", unban("dan"), {"b"});
    folk.op("e", "cat", add("dan", level::member), {"u"});
    EXPECT_EQ(folk.members(), "ann 255, ben 100, cat 100, dan 25");
    EXPECT_EQ(told(folk, {"b"}, {"e"}), "dan 0>25 by e");
}

TEST(Difference, a_lifted_ban_is_named_where_the_lifting_comes_back_to_effect) {
    // fay lifts cat's ban and eve adds dan; ben removes fay, unseeing: the ban binds eve's add again. ann
    // removes ben, unseeing: it has ended after all.
    Folk folk;
    folk.op("a", "ann", add("ben", level::admin), {"g"});
    folk.op("f", "ann", add("fay", level::admin), {"a"});
    folk.op("c", "ann", add("cat", level::admin), {"f"});
    folk.op("v", "cat", add("eve", level::admin), {"c"});
    folk.op("b", "cat", ban("dan"), {"v"});
    folk.op("u", "fay", unban("dan"), {"b"});
    folk.op("e", "eve", add("dan", level::member), {"u"});
    EXPECT_EQ(folk.level("dan"), level::member);
    folk.op("x", "ben", remove("fay"), {"v"});
    EXPECT_EQ(folk.level("dan"), 0);
    folk.op("r", "ann", remove("ben"), {"v"});
    EXPECT_EQ(folk.level("dan"), level::member);
    EXPECT_EQ(told(folk, {"e"}, {"e", "x"}), "dan 25>0 by b; fay 100>0 by x; u ok>E2 by x");
    EXPECT_EQ(told(folk, {"e", "x"}, {"e", "x", "r"}),
              "ben 100>0 by r; dan 0>25 by u; fay 0>100 by r; u E2>ok by r; x ok>E2 by r");
}

}  // namespace
}  // namespace folkmoot
