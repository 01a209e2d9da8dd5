// A1: each way to break it has its code.
#include "support/folk.hpp"

namespace folkmoot {
namespace {

using namespace history;
using Code = ErrorCode;

// ann founder; ben admin (a), cat moderator (b), dan member (c), phone a link of dan (d).
class Admission : public testing::Test {
   protected:
    Admission() {
        folk.op("a", "ann", add("ben", level::admin), {"g"});
        folk.op("b", "ann", add("cat", level::moderator), {"a"});
        folk.op("c", "ann", add("dan", level::member), {"b"});
        folk.op("d", "dan", link("phone", level::reader), {"c"});
    }
    Folk folk;
};

TEST_F(Admission, A1_as_outside_the_past_is_invalid) {
    EXPECT_EQ(folk.refusal("ben", post(), {"g"}, {.as = "a"}), Code::access_as_not_in_past);
    EXPECT_EQ(folk.refusal("ben", post(), {"a"}, {.as = "a"}), std::nullopt);
}

TEST_F(Admission, A1_as_that_nobody_has_is_invalid) {
    const Made op = make_op(folk.log()[0], "ben", post(), std::nullopt, {folk.id("a")}, plain_id(9));
    Graph graph;
    Access access(graph);
    for (const auto& made : folk.log()) {
        ASSERT_EQ(graph.prepare(made.id, made.op), Graph::Placement::ready);
        access.apply(graph.commit(), made.op);
    }
    ASSERT_EQ(graph.prepare(op.id, op.op), Graph::Placement::ready);
    EXPECT_EQ(access.check(op.op).error().code, Code::access_as_not_in_past);
}

TEST_F(Admission, A1_as_that_grants_nothing_is_invalid) {
    folk.op("p", "ann", post(), {"d"});
    folk.op("r", "ann", remove("dan"), {"p"});
    EXPECT_EQ(folk.refusal("ann", post(), {"r"}, {.as = "p"}), Code::access_as_not_a_grant);
    EXPECT_EQ(folk.refusal("ann", post(), {"r"}, {.as = "r"}), Code::access_as_not_a_grant);
}

TEST_F(Admission, A1_as_that_names_somebody_else_is_invalid) {
    EXPECT_EQ(folk.refusal("ben", post(), {"d"}, {.as = "b"}), Code::access_as_names_another);
    EXPECT_EQ(folk.refusal("ben", post(), {"d"}, {.as = "g"}), Code::access_as_names_another);
    EXPECT_EQ(folk.refusal("stranger", post(), {"d"}, {.as = "a"}), Code::access_as_names_another);
}

TEST_F(Admission, A1_the_level_must_suffice_for_the_act) {
    EXPECT_EQ(folk.refusal("phone", post(), {"d"}), Code::access_level_insufficient);
    EXPECT_EQ(folk.refusal("dan", add("eve", level::reader), {"d"}), Code::access_level_insufficient);
    EXPECT_EQ(folk.refusal("dan", ban("phone"), {"d"}), Code::access_level_insufficient);
    EXPECT_EQ(folk.refusal("dan", set_level("phone", 5), {"d"}), Code::access_level_insufficient);
    EXPECT_EQ(folk.refusal("dan", unban("phone"), {"d"}), Code::access_level_insufficient);
    EXPECT_EQ(folk.refusal("phone", link("tablet", 5), {"d"}), std::nullopt);
    EXPECT_EQ(folk.refusal("phone", leave(), {"d"}), std::nullopt);
}

TEST_F(Admission, A1_the_levels_are_those_of_the_groups_rules) {
    Folk other({"ann"}, {.post = level::admin, .add = 60, .link = level::member});
    other.op("a", "ann", add("ben", 60), {"g"});
    other.op("b", "ann", add("cat", 59), {"a"});
    other.op("c", "ann", add("dan", 20), {"b"});
    EXPECT_EQ(other.refusal("ben", add("eve", 1), {"c"}), std::nullopt);
    EXPECT_EQ(other.refusal("cat", add("eve", 1), {"c"}), Code::access_level_insufficient);
    EXPECT_EQ(other.refusal("ben", post(), {"c"}), Code::access_level_insufficient);
    EXPECT_EQ(other.refusal("dan", link("phone", 1), {"c"}), Code::access_level_insufficient);
}

TEST_F(Admission, A1_nobody_grants_more_than_their_own_level) {
    EXPECT_EQ(folk.refusal("cat", add("eve", level::moderator), {"d"}), std::nullopt);
    EXPECT_EQ(folk.refusal("cat", add("eve", level::moderator + 1), {"d"}),
              Code::access_granted_level_too_high);
    EXPECT_EQ(folk.refusal("dan", link("eve", level::moderator), {"d"}), Code::access_granted_level_too_high);
    EXPECT_EQ(folk.refusal("cat", set_level("dan", level::admin), {"d"}),
              Code::access_granted_level_too_high);
}

TEST_F(Admission, A1_nobody_acts_on_themselves) {
    for (const Act& act :
         {add("ben", 1), link("ben", 1), set_level("ben", 1), remove("ben"), ban("ben"), unban("ben")})
        EXPECT_EQ(folk.refusal("ben", act, {"d"}), Code::access_acts_on_self) << act.index();
}

TEST_F(Admission, A1_remove_ban_and_set_level_take_somebody_outranked) {
    EXPECT_EQ(folk.refusal("cat", remove("ben"), {"d"}), Code::access_subject_not_outranked);
    EXPECT_EQ(folk.refusal("cat", ban("ben"), {"d"}), Code::access_subject_not_outranked);
    EXPECT_EQ(folk.refusal("cat", set_level("ben", 1), {"d"}), Code::access_subject_not_outranked);
    EXPECT_EQ(folk.refusal("ben", remove("ann"), {"d"}), Code::access_subject_not_outranked);
    EXPECT_EQ(folk.refusal("cat", remove("dan"), {"d"}), std::nullopt);
}

TEST_F(Admission, A1_one_outranked_tenure_of_several_is_enough) {
    folk.op("e", "ann", add("ben", level::member), {"d"});
    EXPECT_EQ(folk.refusal("cat", remove("ben"), {"e"}), std::nullopt);
    EXPECT_EQ(folk.refusal("cat", set_level("ben", 5), {"e"}), std::nullopt);
}

TEST_F(Admission, A1_only_tenures_in_the_past_count) {
    folk.op("e", "ann", add("eve", level::member), {"d"});
    EXPECT_EQ(folk.refusal("ben", remove("eve"), {"d"}), Code::access_subject_unknown);
    EXPECT_EQ(folk.refusal("ben", set_level("eve", 1), {"d"}), Code::access_subject_unknown);
    EXPECT_EQ(folk.refusal("ben", remove("eve"), {"e"}), std::nullopt);
}

TEST_F(Admission, A1_a_ban_may_name_somebody_never_seen) {
    EXPECT_EQ(folk.refusal("cat", ban("eve"), {"d"}), std::nullopt);
}

TEST_F(Admission, A1_set_level_is_not_for_links) {
    EXPECT_EQ(folk.refusal("ann", set_level("phone", 5), {"d"}), Code::access_subject_is_link);
    folk.op("e", "ann", add("phone", level::member), {"d"});
    EXPECT_EQ(folk.refusal("ann", set_level("phone", 5), {"e"}), std::nullopt);
}

TEST_F(Admission, A1_an_unban_needs_a_ban_in_the_past) {
    EXPECT_EQ(folk.refusal("ann", unban("dan"), {"d"}), Code::access_not_banned);
    EXPECT_EQ(folk.refusal("ann", unban("nobody"), {"d"}), Code::access_not_banned);
    folk.op("e", "ann", remove("dan"), {"d"});
    EXPECT_EQ(folk.refusal("ann", unban("dan"), {"e"}), Code::access_not_banned);
    folk.op("f", "ann", ban("dan"), {"e"});
    EXPECT_EQ(folk.refusal("ann", unban("dan"), {"e"}), Code::access_not_banned);
    EXPECT_EQ(folk.refusal("ann", unban("dan"), {"f"}), std::nullopt);
}

TEST_F(Admission, A1_cut_names_ops_in_the_past_by_the_subject) {
    folk.op("e", "dan", post(), {"d"});
    EXPECT_EQ(folk.refusal("ann", folk.remove_after("dan", {"e"}), {"d"}), Code::access_cut_not_in_past);
    EXPECT_EQ(folk.refusal("ann", folk.remove_after("dan", {"c"}), {"e"}), Code::access_cut_not_by_subject);
    EXPECT_EQ(folk.refusal("ann", folk.ban_after("dan", {"d", "c"}), {"e"}), Code::access_cut_not_by_subject);
    EXPECT_EQ(folk.refusal("ann", folk.remove_after("dan", {"d", "e"}), {"e"}), std::nullopt);
    EXPECT_EQ(folk.refusal("ann", folk.remove_after("dan", {}), {"e"}), std::nullopt);
}

TEST_F(Admission, A1_below_the_remove_level_one_removes_only_ones_own_links) {
    folk.op("e", "ann", add("eve", level::reader), {"d"});
    folk.op("f", "phone", link("tablet", 5), {"e"});
    EXPECT_EQ(folk.refusal("dan", remove("phone"), {"f"}), std::nullopt);
    EXPECT_EQ(folk.refusal("dan", remove("tablet"), {"f"}), std::nullopt) << "through another link";
    EXPECT_EQ(folk.refusal("phone", remove("tablet"), {"f"}), std::nullopt);
    EXPECT_EQ(folk.refusal("dan", remove("eve"), {"f"}), Code::access_not_own_link);
}

TEST_F(Admission, A1_void_grants_still_admit) {
    folk.op("r", "ann", remove("ben"), {"d"});
    EXPECT_EQ(folk.refusal("ben", add("eve", 1), {"r"}), std::nullopt);
    folk.op("e", "ben", add("eve", level::member), {"r"});
    EXPECT_FALSE(folk.effective("e"));
    EXPECT_EQ(folk.refusal("eve", post(), {"e"}), std::nullopt);
}

TEST_F(Admission, A1_what_the_resolution_would_admit_is_what_admission_admits) {
    const auto& now = folk.access().now();
    EXPECT_TRUE(now.check(key("ben"), folk.id("a"), add("eve", level::admin)).has_value());
    EXPECT_EQ(now.check(key("ben"), folk.id("b"), post()).error().code, Code::access_as_names_another);
    EXPECT_EQ(now.check(key("dan"), folk.id("c"), add("eve", 1)).error().code,
              Code::access_level_insufficient);
    const Resolution early = folk.access().at(folk.indices({"g"}));
    EXPECT_EQ(early.check(key("ben"), folk.id("a"), post()).error().code, Code::access_as_not_in_past);
}

}  // namespace
}  // namespace folkmoot
