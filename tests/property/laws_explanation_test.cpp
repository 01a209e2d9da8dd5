// Explanations are exact, and differences between two frontiers are what the model says at each of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "folkmoot/access.hpp"
#include "folkmoot/explanation.hpp"
#include "folkmoot/graph.hpp"
#include "property/laws.hpp"

namespace folkmoot::laws {
namespace {

using model::Outcome;
using Step = ExplanationStep;

// The library's view of a world. Ops have the world's numbers.
class Replica {
   public:
    explicit Replica(const World& world) : access(graph) {
        for (const auto& real : world.real_ops()) {
            if (graph.prepare(real.id, real.operation) != Graph::Placement::ready) std::abort();
            if (!access.check(real.operation)) std::abort();
            access.apply(graph.commit(), real.operation);
        }
    }
    Graph graph;
    Access access;
};

int number_of(OpIndex op) { return op == no_index ? unknown : static_cast<int>(op); }

// The revocation at the end of all steps of E1, by the model.
int root_of(const Outcome& outcome, int op) {
    while (outcome.verdicts[op] == model::Verdict::void_by_e1) op = outcome.causes[op];
    return outcome.causes[op];
}

class Checks {
   public:
    Checks(const World& world, std::uint64_t seed)
        : world_(world),
          model_(world.model()),
          replica_(world),
          rng_(seed),
          outcome_(model_.judge(model_.everything())) {}

    void explanations() {
        const Resolution& now = replica_.access.now();
        for (int op = 0; op < world_.size(); ++op) {
            const auto why = now.explain_op(op);
            ASSERT_EQ(why.verdict.effective(), outcome_.effective(op));
            ASSERT_EQ(why.steps.empty(), outcome_.effective(op));
            ASSERT_EQ(why.path.empty(), op == 0);
            if (op > 0) {
                ASSERT_EQ(replica_.access.op_of_grant(why.path.back()), 0U);
            }
            if (!why.steps.empty()) steps(why.steps, op);
        }
        fallen();
    }

    void difference() {
        const auto from = frontier();
        const auto to = frontier();
        const auto x = model_.closure(from);
        const auto y = model_.closure(to);
        const Outcome before = model_.judge(x);
        const Outcome after = model_.judge(y);
        const auto found = replica_.access.difference(indices(from), indices(to));
        std::map<DeviceKey, std::pair<int, int>> levels;
        for (const auto& [device, level] : before.members) levels[model::real_key(device)].first = level;
        for (const auto& [device, level] : after.members) levels[model::real_key(device)].second = level;
        std::erase_if(levels, [](const auto& each) { return each.second.first == each.second.second; });
        ASSERT_EQ(found.members.size(), levels.size());
        for (const auto& change : found.members) {
            ASSERT_EQ(std::pair(int{change.before}, int{change.after}), levels.at(change.key));
            level_cause(change, x, y, after);
        }
        std::vector<int> flipped;
        for (int op = 0; op < world_.size(); ++op) {
            if (x[op] && y[op] && before.effective(op) != after.effective(op)) flipped.push_back(op);
        }
        ASSERT_EQ(found.verdicts.size(), flipped.size());
        for (const auto& change : found.verdicts) {
            const int op = number_of(change.op);
            ASSERT_NE(std::ranges::find(flipped, op), flipped.end());
            ASSERT_EQ(change.after.effective(), after.effective(op));
            if (after.is_void(op)) {
                ASSERT_EQ(number_of(change.cause), root_of(after, op));
            } else {
                release(number_of(change.cause), root_of(before, op), y, after);
            }
            ++flips;
        }
        gains += static_cast<int>(found.members.size());
    }

    int voids = 0;
    int decided_by_head = 0;
    int flips = 0;
    int gains = 0;
    int bans_ended = 0;

   private:
    // Each step leads to the next; the last names a revocation that decides by E2, and decides indeed.
    void steps(const std::vector<Step>& steps, int op) {
        ++voids;
        const Access& access = replica_.access;
        OpIndex at = op;
        for (const Step& step : steps) {
            ASSERT_EQ(step.op, at);
            ASSERT_EQ(step.grant, access.grant_of(at));
            const bool last = &step == &steps.back();
            ASSERT_EQ(step.kind, last ? Step::Kind::hit_op : Step::Kind::void_grant);
            if (!last) {
                ASSERT_EQ(step.by, access.op_of_grant(step.grant));
            }
            at = step.by;
        }
        const Step& last = steps.back();
        const int r = number_of(last.by);
        ASSERT_EQ(r, root_of(outcome_, op));
        ASSERT_TRUE(outcome_.effective(r));
        const int under = model_.acts_under(number_of(last.op));
        ASSERT_TRUE(model_.hits(model_.everything(), r, under));
        if (world_.history()[r].kind != Kind::leave) {
            const GrantIndex below = last.through == no_index ? last.grant : last.through;
            ASSERT_EQ(last.above, access.grant_of(last.by));
            ASSERT_NE(last.part, RankPart::none);
            ASSERT_EQ(last.part, access.outranks(last.above, below));
        }
        // Without it another decides, or none.
        for (int i = r + 1; i < world_.size(); ++i) {
            if (model_.follows(i, r)) return;
        }
        auto fewer = model_.everything();
        fewer[r] = false;
        const Outcome rest = model_.judge(fewer);
        ASSERT_TRUE(rest.effective(op) || root_of(rest, op) != r);
        ++decided_by_head;
    }

    // What falls with an op are those whose steps lead through it.
    void fallen() {
        for (int op = 1; op < world_.size(); ++op) {
            std::vector<int> expected;
            for (int each = 1; each < world_.size(); ++each) {
                bool through = false;
                for (int at = each; outcome_.is_void(at) && !through;) {
                    const bool chain = outcome_.verdicts[at] == model::Verdict::void_by_e1;
                    at = outcome_.causes[at];
                    through = at == op;
                    if (!chain) break;
                }
                if (through) expected.push_back(each);
            }
            std::vector<int> found;
            for (const OpIndex each : replica_.access.now().fallen_with(op)) found.push_back(number_of(each));
            std::ranges::sort(found);
            ASSERT_EQ(found, expected) << "o" << op;
        }
    }

    // The old decider is gone, or void by what is named, or a ban that the named op ended.
    void release(int cause, int decider, const OpSet& there, const Outcome& after) {
        if (!there[decider]) {
            ASSERT_EQ(cause, unknown);
        } else if (after.is_void(decider)) {
            ASSERT_EQ(cause, root_of(after, decider));
        } else {
            ASSERT_EQ(world_.history()[decider].kind, Kind::ban);
            ASSERT_NE(cause, unknown);
            ASSERT_TRUE(there[cause] && after.effective(cause));
            ++bans_ended;
        }
    }

    void level_cause(const LevelChange& change, const OpSet& x, const OpSet& y, const Outcome& after) {
        const int made = number_of(replica_.access.op_of_grant(change.grant));
        const int cause = number_of(change.cause);
        ASSERT_EQ(int{replica_.access.level_of_grant(change.grant)},
                  std::max(int{change.before}, int{change.after}));
        if (change.after > change.before) {
            if (!x[made]) {
                ASSERT_EQ(cause, made);
            }
        } else if (!y[made]) {
            ASSERT_EQ(cause, unknown);
        } else if (after.is_void(made)) {
            ASSERT_EQ(cause, root_of(after, made));
        } else {
            int holder = 0;
            while (model::real_key(holder) != change.key) ++holder;
            ASSERT_EQ(cause, after.hit_by[model_.grant_of(made, holder)]);
        }
    }

    std::vector<int> frontier() {
        std::vector<int> out;
        for (int i = 1 + rng_.below(3); i > 0; --i) out.push_back(rng_.below(world_.size()));
        if (rng_.chance(30)) {
            for (int i = 0; i < world_.size(); ++i) out.push_back(i);
        }
        return out;
    }
    static std::vector<OpIndex> indices(const std::vector<int>& ops) { return {ops.begin(), ops.end()}; }

    const World& world_;
    const Model& model_;
    Replica replica_;
    Rng rng_;
    Outcome outcome_;
};

TEST(ExplanationLaw, the_op_named_decides_and_what_fell_is_what_leads_to_it) {
    int voids = 0;
    int decided = 0;
    const auto count = from_environment("FOLKMOOT_LAW_SEEDS", 1500);
    for (std::uint64_t seed = 0; seed < count; ++seed) {
        const World world = random_world(seed, {24, 7}, Flaw::none);
        if (world.size() < 2) continue;
        Checks checks(world, seed);
        checks.explanations();
        if (HasFatalFailure()) FAIL() << "seed " << seed << "\n" << world.story("explained wrongly");
        voids += checks.voids;
        decided += checks.decided_by_head;
    }
    EXPECT_GE(voids, static_cast<int>(count / 3));
    EXPECT_GE(decided, static_cast<int>(count / 15));
    std::cout << voids << " void ops explained, " << decided << " with their decider taken away\n";
}

TEST(DifferenceLaw, is_what_the_model_says_of_each_frontier) {
    int flips = 0;
    int gains = 0;
    int bans = 0;
    const auto count = from_environment("FOLKMOOT_LAW_SEEDS", 1500);
    for (std::uint64_t seed = 0; seed < count; ++seed) {
        const World world = random_world(seed, {24, 7}, Flaw::none);
        if (world.size() < 2) continue;
        Checks checks(world, seed);
        for (int i = 0; i < 6; ++i) {
            checks.difference();
            if (HasFatalFailure())
                FAIL() << "seed " << seed << "\n" << world.story("the difference is wrong");
        }
        flips += checks.flips;
        gains += checks.gains;
        bans += checks.bans_ended;
    }
    EXPECT_GE(flips, static_cast<int>(count / 5));
    EXPECT_GE(gains, static_cast<int>(count));
    std::cout << gains << " levels and " << flips << " verdicts differ, " << bans << " by the end of a ban\n";
}

}  // namespace
}  // namespace folkmoot::laws
