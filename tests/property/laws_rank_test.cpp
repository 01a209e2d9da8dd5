// The other laws of the access rules, each as a search for a history that breaks it: none by the library's
// verdicts, some as soon as the rule it rests on is left out. FOLKMOOT_LAW_SEEDS=N looks at N histories a
// law, FOLKMOOT_SEED_START=S begins at S.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "property/laws.hpp"

namespace folkmoot::laws {
namespace {

// A sentence about how the world breaks the law; empty if it keeps it.
using Law = std::function<std::string(const World&, Rng&)>;

std::string search(const Law& law, Flaw flaw) {
    const auto start = from_environment("FOLKMOOT_SEED_START", 0);
    const auto count = from_environment("FOLKMOOT_LAW_SEEDS", 1500);
    for (std::uint64_t seed = start; seed < start + count; ++seed) {
        // A flawed judge may run in a circle; such a history shows nothing.
        try {
            const World world = random_world(seed, {16, 6}, flaw);
            if (world.size() < 2) continue;
            Rng rng(seed);
            const std::string broken = law(world, rng);
            if (!broken.empty()) return "seed " + std::to_string(seed) + ": " + world.story(broken);
        } catch (const std::logic_error&) {
            continue;
        }
    }
    return {};
}

OpSet without_head(const World& world, int op) {
    auto fewer = world.model().everything();
    fewer[op] = false;
    return fewer;
}

bool is_head(const World& world, int op) {
    for (int i = op + 1; i < world.size(); ++i) {
        if (world.model().follows(i, op)) return false;
    }
    return true;
}

std::string name(int op) { return "o" + std::to_string(op); }

// "the result depends on the set of ops only, in any order, batching or repetition"
std::string order_matters(const World& world, Rng& rng) {
    const Judged first = world.judge();
    for (int i = 0; i < 4; ++i) {
        if (world.judge(world.model().everything(), rng) != first) return "another order, another result";
    }
    return {};
}

// "no effective op acts under a grant that an effective unseeing revocation hits"
std::string acts_under_what_was_taken(const World& world, Rng&) {
    // The rules' own words, judged by the model, about verdicts that somebody else gave.
    const Model rules = model::model_of(world.history());
    const Judged judged = world.judge();
    const auto all = rules.everything();
    for (int op = 1; op < world.size(); ++op) {
        if (!judged.effective[op] || world.history()[op].kind == Kind::leave || !rules.admitted(op)) continue;
        for (int r = 1; r < world.size(); ++r) {
            if (!judged.effective[r] || !rules.admitted(r) || world.history()[r].cut) continue;
            const bool seen =
                world.history()[r].kind == Kind::leave ? !rules.follows(op, r) : rules.follows(r, op);
            if (!seen && rules.hits(all, r, rules.acts_under(op)))
                return name(op) + " counts, though " + name(r) + " took its grant unseeing";
        }
    }
    return {};
}

// "an op never affects a grant ranking above its own" (but a leave, which needs no rank)
std::string reaches_upward(const World& world, Rng& rng) {
    // Ranks as the rules have them, whatever the judge thinks.
    const Model rules = model::model_of(world.history());
    const Judged with = world.judge();
    for (int op = 1; op < world.size(); ++op) {
        if (world.history()[op].kind == Kind::leave || !is_head(world, op)) continue;
        const Judged rest = world.judge(without_head(world, op), rng);
        for (int g = 0; g < static_cast<int>(world.model().grants().size()); ++g) {
            const auto& grant = world.model().grants()[g];
            const int there = rules.grant_of(grant.op, grant.holder);
            if (grant.op == op || there < 0 || !rules.admitted(op)) continue;
            if (rules.ranks_above(there, rules.acts_under(op)) && with.live[g] != rest.live[g])
                return name(op) + " changes the grant of " + name(grant.op) + ", which ranks above its own";
        }
    }
    return {};
}

// Devices linked under `device`, directly or through other links.
std::set<int> household(const World& world, int device) {
    std::set<int> out{device};
    const auto& grants = world.model().grants();
    for (const auto& grant : grants) {
        if (grant.link && out.contains(grants[grant.under].holder)) out.insert(grant.holder);
    }
    return out;
}

// One more op upon everything.
void act(World& world, int author, Kind kind, int subject, int as) {
    Op op;
    op.author = author;
    op.kind = kind;
    op.subject = subject;
    op.level = kind == Kind::remove ? 0 : 10;
    op.as = as;
    for (int i = 0; i < world.size(); ++i) {
        if (is_head(world, i)) op.parents.push_back(i);
    }
    op.prev = world.model().default_prev(author, op.parents);
    if (op.prev) std::erase(op.parents, *op.prev);
    (void)world.add(op);
}

// The history goes on: a plain member links somebody and takes it back, somebody adds that device elsewhere.
World with_household(World world, Rng& rng) {
    const auto grants = world.model().grants();
    const auto& owner = rng.pick(grants);
    const auto& other = rng.pick(grants);
    const int device = rng.below(7);
    if (rng.chance(50)) act(world, other.holder, Kind::add, device, other.op);
    act(world, owner.holder, Kind::link, device, owner.op);
    act(world, owner.holder, rng.chance(70) ? Kind::remove : Kind::link, device, owner.op);
    return world;
}

// "an op by a plain member changes nobody's verdict but through links of their own"
std::string plain_member_matters(const World& before, Rng& rng) {
    const World world = with_household(before, rng);
    const Rules& rules = world.history()[0].rules;
    const int least = std::min({rules.add, rules.set_level, rules.remove, rules.ban, rules.unban});
    const Judged with = world.judge();
    for (int op = 1; op < world.size(); ++op) {
        const Op& act = world.history()[op];
        if (world.model().grants()[world.model().acts_under(op)].level >= least || !is_head(world, op))
            continue;
        const Judged rest = world.judge(without_head(world, op), rng);
        const auto own = household(world, act.author);
        for (int i = 0; i < world.size(); ++i) {
            if (i != op && with.effective[i] != rest.effective[i] && !own.contains(world.history()[i].author))
                return name(op) + ", by a plain member, changes the verdict of " + name(i);
        }
        const auto& grants = world.model().grants();
        for (int g = 0; g < static_cast<int>(grants.size()); ++g) {
            // Only what is linked in the household may come or go; of a leave also the author's own.
            const bool linked = grants[g].link && own.contains(grants[grants[g].under].holder);
            const bool left = act.kind == Kind::leave && grants[g].holder == act.author;
            if (grants[g].op != op && with.live[g] != rest.live[g] && !linked && !left)
                return name(op) + ", by a plain member, changes the grant of " + name(grants[g].op);
        }
    }
    return {};
}

TEST(Laws, the_order_of_arrival_changes_nothing) {
    EXPECT_EQ(search(order_matters, Flaw::none), "");
    EXPECT_NE(search(order_matters, Flaw::rank_by_arrival), "");
}

TEST(Laws, E2_no_effective_op_acts_under_a_grant_that_was_taken_unseeing) {
    EXPECT_EQ(search(acts_under_what_was_taken, Flaw::none), "");
    EXPECT_NE(search(acts_under_what_was_taken, Flaw::concurrent_ops_survive), "");
    EXPECT_NE(search(acts_under_what_was_taken, Flaw::positions_for_ancestry), "");
}

TEST(Laws, G3_an_op_affects_no_grant_that_ranks_above_its_own) {
    EXPECT_EQ(search(reaches_upward, Flaw::none), "");
    EXPECT_NE(search(reaches_upward, Flaw::rank_not_asked), "");
}

TEST(Laws, a_plain_member_changes_nobody_s_verdict_but_through_own_links) {
    EXPECT_EQ(search(plain_member_matters, Flaw::none), "");
    EXPECT_NE(search(plain_member_matters, Flaw::own_links_not_asked), "");
}

}  // namespace
}  // namespace folkmoot::laws
