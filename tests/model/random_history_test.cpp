// The generator reaches what it should; and laws of the rules, on the model alone.
#include "model/random_history.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/scenario.hpp"

namespace folkmoot::model {
namespace {

constexpr int seeds = 3000;

std::string story(const History& history) {
    return scenario::serialise_scenario(scenario::to_scenario(history, "failure", "found at random"));
}

TEST(RandomHistory, is_the_same_for_the_same_seed) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) EXPECT_EQ(random_history(seed), random_history(seed));
    EXPECT_NE(random_history(1), random_history(2));
}

TEST(RandomHistory, reaches_the_states_that_matter) {
    std::map<ErrorCode, int> faults;
    std::map<Verdict, int> verdicts;
    std::map<Kind, int> effective_kinds;
    int cuts = 0;
    int links_of_links = 0;
    int forks = 0;
    int members_out = 0;
    for (int seed = 0; seed < seeds; ++seed) {
        const auto history = random_history(seed);
        const auto model = model_of(history);
        const auto outcome = model.judge(model.everything());
        for (int i = 0; i < model.size(); ++i) {
            if (const auto fault = model.fault(i)) {
                ++faults[*fault];
                continue;
            }
            ++verdicts[outcome.verdicts[i]];
            if (outcome.effective(i)) ++effective_kinds[history[i].kind];
            if (history[i].cut) ++cuts;
            for (int j = 0; j < i; ++j) {
                if (model.admitted(j) && history[j].author == history[i].author && !model.follows(i, j))
                    ++forks;
            }
        }
        for (const auto& grant : model.grants()) {
            if (grant.link && model.grants()[grant.under].link) ++links_of_links;
            if (!outcome.members.contains(grant.holder)) ++members_out;
        }
    }
    for (const auto code :
         {ErrorCode::op_bad_founders, ErrorCode::access_author_not_founder, ErrorCode::op_no_ancestor,
          ErrorCode::graph_missing_ancestor, ErrorCode::access_no_grant, ErrorCode::op_bad_field}) {
        // These cannot be made by the generator; the scenarios have them.
        EXPECT_EQ(faults[code], 0) << name_of(code);
        faults.erase(code);
    }
    EXPECT_GE(faults.size(), 13U);
    for (const auto& [code, count] : faults) EXPECT_GE(count, 3) << name_of(code);
    EXPECT_GE(verdicts[Verdict::void_by_e1], 1000);
    EXPECT_GE(verdicts[Verdict::void_by_e2], 2000);
    for (std::size_t kind = 0; kind < kind_count; ++kind) {
        EXPECT_GE(effective_kinds[static_cast<Kind>(kind)], 60) << to_text(static_cast<Kind>(kind));
    }
    EXPECT_GE(cuts, 100);
    EXPECT_GE(links_of_links, 100);
    EXPECT_GE(forks, 1000);
    EXPECT_GE(members_out, 1000);
}

TEST(Laws, E3_one_pass_by_rank_gives_what_the_definitions_give) {
    for (int seed = 0; seed < seeds; ++seed) {
        const auto history = random_history(seed);
        const auto model = model_of(history);
        const auto all = model.everything();
        const auto left = model.judge(all);
        const auto right = model.judge_in_one_pass(all);
        ASSERT_EQ(left.verdicts, right.verdicts) << "seed " << seed << "\n" << story(history);
        ASSERT_EQ(left.live, right.live) << "seed " << seed << "\n" << story(history);
    }
}

// "an op never affects a grant ranking above its own" (a leave, which needs no rank, touches its author's).
TEST(Laws, G3_an_op_affects_no_grant_that_ranks_above_its_own) {
    for (int seed = 0; seed < seeds; ++seed) {
        const auto history = random_history(seed);
        const auto model = model_of(history);
        const auto all = model.everything();
        const auto with = model.judge(all);
        for (int op = 1; op < model.size(); ++op) {
            if (!model.admitted(op) || history[op].kind == Kind::leave) continue;
            const auto cited = [&](int i) { return model.admitted(i) && model.follows(i, op); };
            bool head = true;
            for (int i = op + 1; i < model.size(); ++i) head = head && !cited(i);
            if (!head) continue;
            auto fewer = all;
            fewer[op] = false;
            const auto rest = model.judge(fewer);
            for (int g = 0; g < static_cast<int>(model.grants().size()); ++g) {
                if (model.grants()[g].op == op || !model.ranks_above(g, model.acts_under(op))) continue;
                ASSERT_EQ(with.live[g], rest.live[g]) << "seed " << seed << " op " << op << "\n"
                                                      << story(history);
            }
        }
    }
}

// "once r hits every grant of X, no op signed by X ... outside r's past changes anybody else's membership"
TEST(Laws, E2_eviction_is_final_against_the_evicted) {
    int evictions = 0;
    for (int seed = 0; seed < seeds; ++seed) {
        const auto history = random_history(seed);
        const auto model = model_of(history);
        const auto all = model.everything();
        const auto before = model.judge(all);
        for (int r = 1; r < model.size(); ++r) {
            const Op& revocation = history[r];
            const bool evicts = revocation.kind == Kind::remove || revocation.kind == Kind::ban;
            if (!evicts || !before.effective(r) || revocation.cut) continue;
            const int evicted = revocation.subject;
            bool all_hit = true;
            for (int g = 0; g < static_cast<int>(model.grants().size()); ++g) {
                if (model.grants()[g].holder == evicted) all_hit = all_hit && model.hits(all, r, g);
            }
            if (!all_hit) continue;
            ++evictions;
            Rng rng(static_cast<std::uint64_t>(seed) * 1000 + r);
            for (int i = 0; i < 6; ++i) {
                // Any act, upon any op: most are back-dated.
                Model struck = model;
                Op op;
                op.author = evicted;
                op.parents = {rng.below(model.size())};
                op.prev = model.default_prev(evicted, op.parents);
                if (op.prev) std::erase(op.parents, *op.prev);
                op.kind = rng.pick(std::vector<Kind>{Kind::add, Kind::link, Kind::set_level, Kind::remove,
                                                     Kind::ban, Kind::unban, Kind::leave});
                op.subject = op.kind == Kind::leave ? nobody : rng.below(7);
                op.level = 10;
                op.as = model.default_as(op);
                const int index = struck.add(op);
                if (!struck.admitted(index)) continue;
                auto after = struck.judge(struck.everything()).members;
                auto expected = before.members;
                after.erase(evicted);
                expected.erase(evicted);
                ASSERT_EQ(after, expected) << "seed " << seed << " revocation " << r << "\n"
                                           << story(history);
            }
        }
    }
    EXPECT_GE(evictions, 200);
}

TEST(Shrinker, leaves_only_the_ops_that_matter) {
    const auto fails = [](const History& history) {
        const auto model = model_of(history);
        const auto outcome = model.judge(model.everything());
        return std::ranges::any_of(history, [&](const Op& op) {
            const auto index = static_cast<int>(&op - history.data());
            return outcome.verdicts[index] == Verdict::void_by_e2;
        });
    };
    int shrunk = 0;
    for (int seed = 0; seed < 40; ++seed) {
        const auto history = random_history(seed);
        if (!fails(history)) continue;
        const auto least = shrink(history, fails);
        ASSERT_TRUE(fails(least));
        // Grants for those who strike and are struck, the revocation, and an op it had not seen.
        EXPECT_LE(least.size(), 8U) << story(least);
        for (int op = 1; op < static_cast<int>(least.size()); ++op) {
            EXPECT_FALSE(fails(without(least, op))) << story(least);
        }
        ++shrunk;
    }
    EXPECT_GE(shrunk, 10);
}

History two_admins() {
    Op create;
    create.kind = Kind::create;
    create.author = 0;
    create.founders = {0};
    History prelude{create};
    for (int device = 1; device <= 2; ++device) {
        Op add;
        add.author = 0;
        add.kind = Kind::add;
        add.prev = device - 1;
        add.as = 0;
        add.subject = device;
        add.level = 100;
        add.id.bytes[0] = static_cast<std::uint8_t>(device);
        prelude.push_back(add);
    }
    return prelude;
}

TEST(SmallHistories, all_of_a_scope_obey_the_order_of_E3) {
    std::vector<SmallAct> alphabet;
    for (int subject = 0; subject < 3; ++subject) {
        alphabet.push_back({Kind::add, subject, 100, false});
        alphabet.push_back({Kind::link, subject, 50, false});
        alphabet.push_back({Kind::remove, subject, 0, false});
        alphabet.push_back({Kind::ban, subject, 0, false});
        alphabet.push_back({Kind::unban, subject, 0, false});
    }
    alphabet.push_back({Kind::leave, nobody, 0, false});
    for (const auto equal : {Rules::Equal::seniority, Rules::Equal::forbid}) {
        auto prelude = two_admins();
        prelude[0].rules.equal = equal;
        SmallHistories all(prelude, 3, alphabet, 2);
        while (all.next()) {
            const auto& model = all.model();
            const auto present = model.everything();
            const auto left = model.judge(present);
            const auto right = model.judge_in_one_pass(present);
            ASSERT_EQ(left.verdicts, right.verdicts) << story(all.current());
            ASSERT_EQ(left.members, right.members) << story(all.current());
        }
        EXPECT_GE(all.count(), 300U);
        RecordProperty(equal == Rules::Equal::forbid ? "forbid" : "seniority", static_cast<int>(all.count()));
    }
}

}  // namespace
}  // namespace folkmoot::model
