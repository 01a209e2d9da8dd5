// V1 to V3, E1 to E3, M1: what revocations cover, hit and have seen, and what follows for ops and members.
#include <gmock/gmock.h>

#include "support/folk.hpp"

namespace folkmoot {
namespace {

using namespace history;

// ann founder; ben (a) and cat (b) admins, ben above cat; dan member (c).
class Verdicts : public testing::Test {
   protected:
    Verdicts() {
        folk.op("a", "ann", add("ben", level::admin), {"g"});
        folk.op("b", "ann", add("cat", level::admin), {"a"});
        folk.op("c", "ann", add("dan", level::member), {"b"});
    }
    Folk folk;
};

TEST_F(Verdicts, V1_remove_covers_the_tenures_before_it) {
    folk.op("r", "ben", remove("dan"), {"c"});
    EXPECT_EQ(folk.members(), "ann 255, ben 100, cat 100");
    EXPECT_EQ(folk.view("c", "dan").hit_by, folk.index("r"));
}

TEST_F(Verdicts, V1_remove_covers_a_concurrent_add) {
    folk.op("r", "ben", remove("dan"), {"c"});
    folk.op("d", "cat", add("dan", level::member), {"c"});
    EXPECT_EQ(folk.level("dan"), 0);
    EXPECT_TRUE(folk.effective("d")) << "the add itself is fine, its grant is hit";
}

TEST_F(Verdicts, V1_remove_does_not_cover_an_add_that_follows_it) {
    folk.op("r", "ben", remove("dan"), {"c"});
    folk.op("d", "cat", add("dan", level::member), {"r"});
    EXPECT_EQ(folk.level("dan"), level::member);
}

TEST_F(Verdicts, V1_remove_covers_a_link_made_after_it) {
    folk.op("e", "dan", link("phone", level::reader), {"c"});
    folk.op("r", "ann", remove("phone"), {"e"});
    folk.op("f", "dan", link("phone", level::reader), {"r"});
    EXPECT_EQ(folk.level("phone"), 0) << "one comes back by an add, not by somebody's link";
    folk.op("h", "ann", add("phone", level::reader), {"f"});
    EXPECT_EQ(folk.level("phone"), level::reader);
}

TEST_F(Verdicts, V1_remove_covers_a_later_link_only_if_it_outranks_the_linkers_grant) {
    folk.op("e", "dan", link("phone", level::reader), {"c"});
    folk.op("r", "ben", remove("phone"), {"e"});
    folk.op("f", "ann", link("phone", level::reader), {"r"});
    EXPECT_EQ(folk.level("phone"), level::reader) << "the founder links whom an admin removed";
}

TEST_F(Verdicts, V1_ban_covers_an_add_made_after_it) {
    folk.op("r", "ben", ban("dan"), {"c"});
    folk.op("d", "cat", add("dan", level::member), {"r"});
    EXPECT_EQ(folk.level("dan"), 0);
    EXPECT_EQ(folk.view("d", "dan").hit_by, folk.index("r"));
}

TEST_F(Verdicts, V1_ban_does_not_cover_an_add_from_above_that_has_seen_it) {
    folk.op("r", "ben", ban("dan"), {"c"});
    folk.op("d", "ann", add("dan", level::member), {"r"});
    EXPECT_EQ(folk.level("dan"), level::member);
}

TEST_F(Verdicts, V1_ban_ends_by_an_unban_that_the_granting_op_has_seen) {
    folk.op("r", "ben", ban("dan"), {"c"});
    folk.op("d", "cat", add("dan", level::member), {"r"});
    folk.op("u", "ann", unban("dan"), {"r"});
    EXPECT_EQ(folk.level("dan"), 0) << "the add had not seen the unban";
    folk.op("e", "cat", add("dan", level::member), {"d", "u"});
    EXPECT_EQ(folk.level("dan"), level::member);
}

TEST_F(Verdicts, V1_ban_does_not_end_by_an_unban_from_somebody_the_banner_outranks) {
    folk.op("r", "ben", ban("dan"), {"c"});
    folk.op("u", "cat", unban("dan"), {"r"});
    folk.op("d", "cat", add("dan", level::member), {"u"});
    EXPECT_EQ(folk.level("dan"), 0);
    folk.op("v", "ben", unban("dan"), {"d"});
    folk.op("e", "cat", add("dan", level::member), {"v"});
    EXPECT_EQ(folk.level("dan"), level::member) << "the banner may lift it";
}

TEST_F(Verdicts, V1_ban_does_not_end_by_an_unban_that_had_not_seen_it) {
    folk.op("m", "ann", add("eve", level::moderator), {"c"});
    folk.op("r", "cat", ban("dan"), {"m"});
    folk.op("s", "cat", ban("dan"), {"r"});
    folk.op("u", "ben", unban("dan"), {"r"});
    folk.op("d", "eve", add("dan", level::member), {"s", "u"});
    EXPECT_EQ(folk.level("dan"), 0) << "the second ban stands";
    folk.op("v", "ben", unban("dan"), {"d"});
    folk.op("e", "eve", add("dan", level::member), {"v"});
    EXPECT_EQ(folk.level("dan"), level::member);
}

TEST_F(Verdicts, V1_ban_ends_by_a_revocation_of_the_banner_that_the_granting_op_has_seen) {
    folk.op("r", "ben", ban("dan"), {"c"});
    folk.op("s", "ann", remove("ben"), {"r"});
    folk.op("d", "cat", add("dan", level::member), {"r"});
    EXPECT_EQ(folk.level("dan"), 0);
    folk.op("e", "cat", add("dan", level::member), {"d", "s"});
    EXPECT_EQ(folk.level("dan"), level::member);
}

TEST_F(Verdicts, V1_a_void_unban_ends_nothing) {
    folk.op("m", "ann", add("eve", level::moderator), {"c"});
    folk.op("r", "cat", ban("dan"), {"m"});
    folk.op("u", "ben", unban("dan"), {"r"});
    folk.op("d", "eve", add("dan", level::member), {"u"});
    EXPECT_EQ(folk.level("dan"), level::member);
    folk.op("s", "ann", remove("ben"), {"r"});
    EXPECT_FALSE(folk.effective("u"));
    EXPECT_EQ(folk.level("dan"), 0);
}

TEST_F(Verdicts, V1_set_level_covers_only_what_is_above_the_level_it_gives) {
    folk.op("d", "ann", add("dan", level::reader), {"c"});
    folk.op("s", "ben", set_level("dan", level::reader), {"d"});
    EXPECT_EQ(folk.level("dan"), level::reader);
    EXPECT_FALSE(folk.view("c", "dan").live);
    EXPECT_TRUE(folk.view("d", "dan").live);
    EXPECT_TRUE(folk.view("s", "dan").live);
}

TEST_F(Verdicts, V1_set_level_up_grants_and_covers_nothing_lower) {
    folk.op("s", "ben", set_level("dan", level::moderator), {"c"});
    EXPECT_EQ(folk.level("dan"), level::moderator);
    EXPECT_TRUE(folk.view("c", "dan").live);
}

TEST_F(Verdicts, V1_concurrent_set_levels_leave_the_lowest) {
    folk.op("d", "ann", add("eve", level::admin), {"c"});
    folk.op("s", "ben", set_level("eve", level::moderator), {"d"});
    folk.op("t", "cat", set_level("eve", level::reader), {"d"});
    EXPECT_EQ(folk.level("eve"), level::reader);
}

TEST_F(Verdicts, V1_leave_covers_its_authors_tenures_and_no_later_one) {
    folk.op("l", "dan", leave(), {"c"});
    EXPECT_EQ(folk.level("dan"), 0);
    folk.op("d", "ann", add("dan", level::member), {"c"});
    EXPECT_EQ(folk.level("dan"), 0) << "made without having seen the leave";
    folk.op("e", "ann", add("dan", level::reader), {"l", "d"});
    EXPECT_EQ(folk.level("dan"), level::reader);
}

TEST_F(Verdicts, V1_a_remove_below_the_remove_level_covers_only_its_authors_links) {
    folk.op("d", "dan", link("phone", level::reader), {"c"});
    folk.op("e", "ann", add("phone", 20), {"d"});
    folk.op("r", "dan", remove("phone"), {"e"});
    EXPECT_FALSE(folk.view("d", "phone").live);
    EXPECT_TRUE(folk.view("e", "phone").live);
}

TEST_F(Verdicts, V1_a_linked_tenure_falls_with_the_one_it_was_linked_under) {
    folk.op("d", "dan", link("phone", level::reader), {"c"});
    folk.op("e", "phone", link("tablet", 5), {"d"});
    folk.op("r", "ben", remove("dan"), {"e"});
    EXPECT_EQ(folk.members(), "ann 255, ben 100, cat 100");
    const GrantView tablet = folk.view("e", "tablet");
    EXPECT_EQ(tablet.hit_by, folk.index("r"));
    EXPECT_EQ(tablet.hit_through, folk.grant("c", "dan"));
    EXPECT_TRUE(tablet.made.effective());
}

TEST_F(Verdicts, V1_set_level_reaches_links_only_above_its_level) {
    folk.op("d", "dan", link("phone", level::member), {"c"});
    folk.op("e", "dan", link("tablet", 5), {"d"});
    folk.op("s", "ben", set_level("dan", level::reader), {"e"});
    EXPECT_EQ(folk.level("dan"), level::reader);
    EXPECT_EQ(folk.level("phone"), 0);
    EXPECT_EQ(folk.level("tablet"), 5);
}

TEST_F(Verdicts, V2_a_revocation_hits_only_what_its_grant_outranks) {
    folk.op("d", "ann", add("dan", level::moderator), {"c"});
    folk.op("m", "ann", add("eve", level::moderator), {"d"});
    folk.op("r", "eve", remove("dan"), {"m"});
    EXPECT_TRUE(folk.view("d", "dan").live) << "dan's second tenure is the more senior";
    EXPECT_FALSE(folk.view("c", "dan").live);
    EXPECT_EQ(folk.level("dan"), level::moderator);
}

TEST_F(Verdicts, V2_a_link_above_the_remover_falls_through_the_tenure_below_it) {
    // A link's path is longer than its owner's, so whoever outranks the owner outranks it by level or path.
    folk.op("d", "cat", link("phone", level::admin), {"c"});
    folk.op("r", "ben", remove("cat"), {"d"});
    EXPECT_EQ(folk.members(), "ann 255, ben 100, dan 25");
}

TEST_F(Verdicts, V2_a_leave_needs_no_rank) {
    folk.op("l", "ann", leave(), {"c"});
    EXPECT_EQ(folk.members(), "ben 100, cat 100, dan 25");
}

TEST_F(Verdicts, V3_a_remove_has_seen_its_past) {
    folk.op("p", "dan", post("before"), {"c"});
    folk.op("r", "ben", remove("dan"), {"p"});
    folk.op("q", "dan", post("meanwhile"), {"p"});
    folk.op("s", "dan", post("after"), {"q", "r"});
    EXPECT_TRUE(folk.effective("p"));
    EXPECT_EQ(folk.why_void("q"), "E2 by r");
    EXPECT_EQ(folk.why_void("s"), "E2 by r");
}

TEST_F(Verdicts, V3_with_cut_only_the_named_ops_and_their_past_are_seen) {
    folk.op("p", "dan", post("good"), {"c"});
    folk.op("q", "dan", post("bad"), {"p"});
    folk.op("r", "ben", folk.remove_after("dan", {"p"}), {"q"});
    EXPECT_TRUE(folk.effective("p"));
    EXPECT_EQ(folk.why_void("q"), "E2 by r");
}

TEST_F(Verdicts, V3_an_empty_cut_has_seen_nothing) {
    folk.op("p", "dan", post(), {"c"});
    folk.op("r", "ben", folk.ban_after("dan", {}), {"p"});
    EXPECT_EQ(folk.why_void("p"), "E2 by r");
    EXPECT_TRUE(folk.effective("c"));
}

TEST_F(Verdicts, V3_a_leave_has_seen_all_but_what_follows_it) {
    folk.op("l", "dan", leave(), {"c"});
    folk.op("p", "dan", post("meanwhile"), {"c"}, {.prev = ""});
    folk.op("q", "dan", post("after"), {"l"});
    EXPECT_TRUE(folk.effective("p")) << "leaving undoes nothing";
    EXPECT_EQ(folk.why_void("q"), "E2 by l");
}

TEST_F(Verdicts, V3_a_fork_does_not_let_the_evicted_escape) {
    folk.op("p", "dan", post("one"), {"c"});
    folk.op("q", "dan", post("two"), {"p"});
    folk.op("r", "ben", remove("dan"), {"q"});
    folk.op("x", "dan", post("other one"), {"c"}, {.prev = ""});
    folk.op("y", "dan", post("other two"), {"x"});
    EXPECT_EQ(folk.why_void("x"), "E2 by r") << "the same position as an op that was seen";
    EXPECT_EQ(folk.why_void("y"), "E2 by r");
    EXPECT_TRUE(folk.effective("q"));
}

TEST_F(Verdicts, E1_what_acts_under_a_void_grant_is_void) {
    folk.op("r", "ann", remove("ben"), {"c"});
    folk.op("d", "ben", add("eve", level::admin), {"c"});
    folk.op("e", "eve", add("fay", level::admin), {"d"});
    folk.op("f", "fay", post(), {"e"});
    EXPECT_EQ(folk.why_void("d"), "E2 by r");
    EXPECT_EQ(folk.why_void("e"), "E1 by d");
    EXPECT_EQ(folk.why_void("f"), "E1 by e");
    EXPECT_EQ(folk.members(), "ann 255, cat 100, dan 25");
}

TEST_F(Verdicts, E1_members_appointed_before_stay_unless_the_cut_takes_them) {
    folk.op("d", "ben", add("eve", level::member), {"c"});
    folk.op("r", "ann", remove("ben"), {"d"});
    EXPECT_EQ(folk.level("eve"), level::member);
    folk.op("s", "ann", folk.remove_after("ben", {}), {"r"});
    EXPECT_EQ(folk.level("eve"), 0);
    EXPECT_EQ(folk.why_void("d"), "E2 by s");
}

TEST_F(Verdicts, E2_of_two_admins_removing_each_other_the_senior_stays) {
    // Both outrank the other's junior tenure; only the removal by the senior tenure survives.
    folk.op("d", "ann", add("ben", level::moderator), {"c"});
    folk.op("r", "ben", remove("cat"), {"d"}, {.as = "a"});
    folk.op("s", "cat", remove("ben"), {"d"});
    EXPECT_EQ(folk.members(), "ann 255, ben 100, dan 25");
    EXPECT_EQ(folk.why_void("r"), "");
    EXPECT_EQ(folk.why_void("s"), "E2 by r");
    EXPECT_TRUE(folk.view("d", "ben").live);
}

TEST_F(Verdicts, E2_the_evicted_cannot_undo_their_eviction_by_citing_old_ops) {
    folk.op("d", "ann", add("eve", level::admin), {"c"});
    folk.op("r", "cat", remove("eve"), {"d"});
    folk.op("x", "eve", add("fay", level::admin), {"d"});
    folk.op("y", "fay", ban("dan"), {"x"});
    EXPECT_EQ(folk.members(), "ann 255, ben 100, cat 100, dan 25");
    EXPECT_EQ(folk.why_void("x"), "E2 by r");
    EXPECT_EQ(folk.why_void("y"), "E1 by x");
}

TEST_F(Verdicts, E2_names_the_highest_revocation_that_had_not_seen_the_op) {
    folk.op("p", "dan", post("p"), {"c"});
    folk.op("r", "ann", remove("dan"), {"p"});
    folk.op("q", "dan", post("q"), {"p"});
    folk.op("s", "cat", remove("dan"), {"p"});
    folk.op("t", "ben", remove("dan"), {"p"});
    EXPECT_EQ(folk.why_void("q"), "E2 by r");
    EXPECT_EQ(folk.view("c", "dan").hit_by, folk.index("r"));
    EXPECT_THAT(folk.access().now().revocations_of(key("dan")),
                testing::UnorderedElementsAre(folk.index("r"), folk.index("s"), folk.index("t")));
}

TEST_F(Verdicts, E2_a_revocation_that_is_void_hits_nothing) {
    folk.op("r", "ben", remove("dan"), {"c"});
    EXPECT_EQ(folk.level("dan"), 0);
    folk.op("s", "ann", remove("ben"), {"c"});
    EXPECT_EQ(folk.level("dan"), level::member);
    EXPECT_EQ(folk.why_void("r"), "E2 by s");
}

TEST_F(Verdicts, E3_every_leave_is_effective_even_under_a_void_grant) {
    folk.op("d", "ben", add("eve", level::member), {"c"});
    folk.op("l", "eve", leave(), {"d"});
    folk.op("r", "ann", folk.remove_after("ben", {}), {"c"});
    EXPECT_FALSE(folk.effective("d"));
    EXPECT_TRUE(folk.effective("l"));
    EXPECT_TRUE(folk.access().now().effective(folk.index("l")));
}

TEST_F(Verdicts, E3_a_chain_of_reversals_settles_from_above) {
    Folk chain;
    const std::vector<std::string> names = {"ben", "cat", "dan", "eve", "fay"};
    std::string last = "g";
    for (const auto& name : names) {
        chain.op("add " + name, "ann", add(name, level::admin), {last});
        last = "add " + name;
    }
    // Each removes the next: from below upward every arrival turns all verdicts below it.
    for (std::size_t i = names.size() - 1; i-- > 0;)
        chain.op("r" + names[i], names[i], remove(names[i + 1]), {last});
    EXPECT_EQ(chain.members(), "ann 255, ben 100, dan 100, fay 100");
    EXPECT_EQ(chain.why_void("rcat"), "E2 by rben");
    EXPECT_EQ(chain.why_void("rdan"), "");
    EXPECT_EQ(chain.why_void("reve"), "E2 by rdan");
}

TEST_F(Verdicts, M1_without_a_live_grant_one_is_out) {
    EXPECT_EQ(folk.level("nobody"), 0);
    folk.op("d", "ann", add("dan", 20), {"c"});
    folk.op("r", "ann", remove("dan"), {"c"});
    EXPECT_EQ(folk.level("dan"), 0);
    EXPECT_TRUE(folk.access().now().members().size() == 3);
    EXPECT_FALSE(folk.access().now().may(key("dan"), Kind::leave));
    EXPECT_FALSE(folk.access().now().may_read(key("dan")));
}

TEST_F(Verdicts, M1_may_compares_the_level_with_the_rules) {
    const auto& now = folk.access().now();
    EXPECT_TRUE(now.may(key("dan"), Kind::post));
    EXPECT_FALSE(now.may(key("dan"), Kind::add));
    EXPECT_TRUE(now.may(key("ben"), Kind::ban));
    EXPECT_TRUE(now.may_read(key("dan")));
}

TEST_F(Verdicts, M1_grants_are_listed_in_rank_order_with_their_reasons) {
    folk.op("d", "ben", add("dan", level::moderator), {"c"});
    folk.op("r", "ann", folk.remove_after("ben", {}), {"d"});
    folk.op("s", "cat", remove("dan"), {"d"});
    const auto grants = folk.access().now().grants_of(key("dan"));
    ASSERT_EQ(grants.size(), 2U);
    EXPECT_EQ(grants[0].op, folk.index("d"));
    EXPECT_EQ(grants[0].made.rule, Rule::E2);
    EXPECT_EQ(grants[0].made.by, folk.index("r"));
    EXPECT_EQ(grants[0].hit_by, folk.index("s"));
    EXPECT_EQ(grants[1].op, folk.index("c"));
    EXPECT_TRUE(grants[1].made.effective());
    EXPECT_EQ(grants[1].hit_by, folk.index("s"));
    EXPECT_EQ(grants[1].hit_through, no_index);
    EXPECT_FALSE(grants[1].live);
}

TEST_F(Verdicts, M1_changes_name_who_and_because_of_what) {
    (void)folk.access().take_changes();
    folk.op("p", "dan", post(), {"c"});
    EXPECT_TRUE(folk.access().take_changes().empty());
    const OpIndex r = folk.op("r", "ben", remove("dan"), {"p"});
    const OpIndex s = folk.op("s", "ann", remove("ben"), {"p"});
    const auto changes = folk.access().take_changes();
    ASSERT_EQ(changes.size(), 3U);
    EXPECT_EQ(changes[0].key, key("dan"));
    EXPECT_EQ(changes[0].before, level::member);
    EXPECT_EQ(changes[0].after, 0);
    EXPECT_EQ(changes[0].cause, r);
    EXPECT_EQ(changes[1].cause, s);
    EXPECT_EQ(changes[2].cause, s);
    EXPECT_TRUE(folk.access().take_changes().empty());
}

}  // namespace
}  // namespace folkmoot
