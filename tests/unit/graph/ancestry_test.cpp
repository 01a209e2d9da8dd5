// Ancestry against an oracle that stores every past as a set of bits.
#include <gtest/gtest.h>

#include <set>

#include "graph/ancestry.hpp"
#include "support/history.hpp"

namespace folkmoot {
namespace {

using history::insert;
using history::random_shape;
using history::Shape;
using history::ShapeMix;
using history::ShapeOps;

// pasts[b][a]: whether a is in the past of b.
using Bits = std::vector<bool>;
std::vector<Bits> pasts_of(const Shape& shape) {
    const std::size_t n = shape.nodes.size();
    std::vector<Bits> out(n, Bits(n));
    for (std::size_t op = 1; op < n; ++op) {
        auto direct = shape.nodes[op].parents;
        if (shape.nodes[op].prev != SIZE_MAX) direct.push_back(shape.nodes[op].prev);
        for (const std::size_t d : direct) {
            for (std::size_t i = 0; i <= d; ++i) out[op][i] = out[op][i] || out[d][i] || i == d;
        }
    }
    return out;
}

Graph graph_of(const Shape& shape, std::uint64_t seed) {
    Graph graph(seed);
    ShapeOps ops(shape);
    for (std::size_t i = 0; i < shape.nodes.size(); ++i) EXPECT_EQ(insert(graph, ops(i)), i);
    return graph;
}

std::vector<ShapeMix> mixes() {
    return {
        {.ops = 40, .authors = 3, .direct = 2},
        {.ops = 60, .authors = 8, .direct = 3},
        {.ops = 60, .authors = 1, .fork = 60, .direct = 4},
        {.ops = 80, .authors = 4, .fork = 30, .restart = 10, .stale = 30, .direct = 5},
        {.ops = 90, .authors = 30, .stale = 60, .direct = 17},
        {.ops = 90, .authors = 90, .stale = 90, .direct = 1},
        {.ops = 120, .authors = 6, .fork = 5, .stale = 10, .direct = 17},
        {.ops = 150, .authors = 2, .direct = 2},
        {.ops = 120, .authors = 20, .fork = 100, .restart = 30, .stale = 100, .direct = 2},
    };
}

void expect_all_pairs(const Graph& graph, const std::vector<Bits>& pasts, std::uint64_t seed) {
    for (OpIndex b = 0; b < graph.size(); ++b) {
        for (OpIndex a = 0; a < graph.size(); ++a) {
            ASSERT_EQ(graph.is_ancestor(a, b), pasts[b][a]) << a << " under " << b << ", seed " << seed;
        }
    }
}

TEST(Ancestry, is_exact_on_every_pair_of_random_graphs) {
    std::uint64_t seed = 1;
    for (int round = 0; round < 250; ++round) {
        for (const auto& mix : mixes()) {
            std::mt19937_64 random(++seed);
            const Shape shape = random_shape(mix, random);
            expect_all_pairs(graph_of(shape, seed), pasts_of(shape), seed);
            if (HasFatalFailure()) return;
        }
    }
}

// More ops than the cache of vectors holds, and walks long enough for keyframes.
TEST(Ancestry, is_exact_beyond_the_cache_and_across_keyframes) {
    std::uint64_t seed = 1000;
    for (auto mix : mixes()) {
        for (int round = 0; round < 3; ++round) {
            mix.ops = 900;
            std::mt19937_64 random(++seed);
            const Shape shape = random_shape(mix, random);
            expect_all_pairs(graph_of(shape, seed), pasts_of(shape), seed);
            if (HasFatalFailure()) return;
        }
    }
}

// The widest differences there can be between an op and what it stands on: one author forks without end, and
// each branch cites others of the round before.
TEST(Ancestry, is_exact_in_a_braid) {
    std::mt19937_64 random(77);
    constexpr std::size_t width = 500;
    Shape shape;
    std::vector<std::size_t> tips;
    for (std::size_t i = 0; i < width; ++i) tips.push_back(shape.add(0, 0));
    for (int round = 0; round < 5; ++round) {
        const auto before = tips;
        for (auto& tip : tips) {
            std::set<std::size_t> parents;
            while (parents.size() < 16) parents.insert(before[random() % width]);
            parents.erase(tip);
            tip = shape.add(0, tip, {parents.begin(), parents.end()});
        }
    }
    const auto pasts = pasts_of(shape);
    const Graph graph = graph_of(shape, 5);
    for (int probe = 0; probe < 200'000; ++probe) {
        const auto a = static_cast<OpIndex>(random() % graph.size());
        const auto b = static_cast<OpIndex>(random() % graph.size());
        ASSERT_EQ(graph.is_ancestor(a, b), pasts[b][a]) << a << ' ' << b;
    }
    const std::vector<OpIndex> tops(graph.heads());
    const Closure all = graph.closure(tops);
    for (OpIndex op = 0; op < graph.size(); ++op) EXPECT_TRUE(graph.contains(all, op));
}

TEST(Ancestry, the_prepared_op_follows_what_it_will_follow) {
    std::uint64_t seed = 2000;
    for (int round = 0; round < 20; ++round) {
        for (const auto& mix : mixes()) {
            std::mt19937_64 random(++seed);
            const Shape shape = random_shape(mix, random);
            const auto pasts = pasts_of(shape);
            Graph graph(seed);
            ShapeOps ops(shape);
            for (std::size_t i = 0; i < shape.nodes.size(); ++i) {
                // A look that comes to nothing must not change what follows.
                if (i > 2) {
                    const auto other = ops(1 + random() % (shape.nodes.size() - 1));
                    (void)graph.prepare(other.id, other.op);
                }
                const auto made = ops(i);
                ASSERT_EQ(graph.prepare(made.id, made.op), Graph::Placement::ready);
                for (OpIndex a = 0; a < i; ++a) ASSERT_EQ(graph.prepared_follows(a), pasts[i][a]) << seed;
                ASSERT_EQ(graph.commit(), i);
            }
        }
    }
}

TEST(Ancestry, closures_hold_some_ops_and_their_pasts) {
    std::uint64_t seed = 3000;
    for (int round = 0; round < 40; ++round) {
        for (const auto& mix : mixes()) {
            std::mt19937_64 random(++seed);
            const Shape shape = random_shape(mix, random);
            const auto pasts = pasts_of(shape);
            const Graph graph = graph_of(shape, seed);
            for (int probe = 0; probe < 10; ++probe) {
                std::vector<OpIndex> some;
                // Above 8 they are gathered in another way.
                for (std::size_t i = random() % 14; i > 0; --i)
                    some.push_back(static_cast<OpIndex>(random() % graph.size()));
                const Closure closure = graph.closure(some);
                EXPECT_EQ(closure.empty(), some.empty());
                for (OpIndex op = 0; op < graph.size(); ++op) {
                    const bool expected =
                        std::ranges::any_of(some, [&](OpIndex s) { return s == op || pasts[s][op]; });
                    ASSERT_EQ(graph.contains(closure, op), expected) << "seed " << seed;
                }
            }
        }
    }
}

TEST(Ancestry, maximal_keeps_what_is_in_no_others_past_ascending_by_id) {
    std::uint64_t seed = 4000;
    for (int round = 0; round < 60; ++round) {
        for (const auto& mix : mixes()) {
            std::mt19937_64 random(++seed);
            const Shape shape = random_shape(mix, random);
            const auto pasts = pasts_of(shape);
            const Graph graph = graph_of(shape, seed);
            for (int probe = 0; probe < 10; ++probe) {
                std::vector<OpIndex> some;
                for (std::size_t i = random() % 12; i > 0; --i)
                    some.push_back(static_cast<OpIndex>(random() % graph.size()));
                std::vector<OpIndex> expected;
                for (const OpIndex op : some) {
                    if (std::ranges::none_of(some, [&](OpIndex other) { return pasts[other][op]; }))
                        expected.push_back(op);
                }
                std::ranges::sort(expected, {}, [&](OpIndex op) { return graph.id(op); });
                const auto rest = std::ranges::unique(expected);
                expected.erase(rest.begin(), rest.end());
                ASSERT_EQ(graph.maximal(some), expected) << "seed " << seed;
            }
        }
    }
}

TEST(Ancestry, difference_is_what_one_closure_has_and_the_other_lacks) {
    std::uint64_t seed = 5000;
    for (int round = 0; round < 40; ++round) {
        for (const auto& mix : mixes()) {
            std::mt19937_64 random(++seed);
            const Shape shape = random_shape(mix, random);
            const Graph graph = graph_of(shape, seed);
            for (int probe = 0; probe < 10; ++probe) {
                const auto some = [&](std::size_t most) {
                    std::vector<OpIndex> out;
                    for (std::size_t i = random() % most; i > 0; --i)
                        out.push_back(static_cast<OpIndex>(random() % graph.size()));
                    return out;
                };
                const auto heads = probe % 2 == 0 ? graph.heads() : some(4);
                const Closure offered = graph.closure(heads);
                const Closure since = graph.closure(some(4));
                std::vector<OpIndex> expected;
                for (OpIndex op = 0; op < graph.size(); ++op) {
                    if (graph.contains(offered, op) && !graph.contains(since, op)) expected.push_back(op);
                }
                ASSERT_EQ(graph.difference(heads, since), expected) << "seed " << seed;
            }
        }
    }
}

TEST(Ancestry, heads_are_the_maximal_ops) {
    std::uint64_t seed = 6000;
    for (const auto& mix : mixes()) {
        std::mt19937_64 random(++seed);
        const Shape shape = random_shape(mix, random);
        const Graph graph = graph_of(shape, seed);
        std::vector<OpIndex> all(graph.size());
        for (OpIndex op = 0; op < graph.size(); ++op) all[op] = op;
        EXPECT_EQ(graph.heads(), graph.maximal(all));
    }
}

// The vectors themselves: whole, sorted, one entry a chain, and equal to the maximum over the ancestors.
TEST(Ancestry, a_vector_says_the_same_as_the_past_it_stands_for) {
    std::uint64_t seed = 7000;
    for (auto mix : mixes()) {
        mix.ops = 500;
        std::mt19937_64 random(++seed);
        const Shape shape = random_shape(mix, random);
        const auto pasts = pasts_of(shape);
        Ancestry ancestry;
        for (const auto& node : shape.nodes) {
            std::vector<Ancestry::Index> direct;
            if (node.prev != SIZE_MAX) direct.push_back(static_cast<Ancestry::Index>(node.prev));
            for (const std::size_t parent : node.parents)
                direct.push_back(static_cast<Ancestry::Index>(parent));
            ancestry.prepare(direct);
            ancestry.add_prepared(direct);
        }
        for (std::size_t op = 0; op < shape.nodes.size(); ++op) {
            std::vector<std::uint32_t> last(ancestry.chains(), UINT32_MAX);
            for (std::size_t a = 0; a <= op; ++a) {
                if (a != op && !pasts[op][a]) continue;
                const auto at = ancestry.place(static_cast<Ancestry::Index>(a));
                if (last[at.chain] == UINT32_MAX || last[at.chain] < at.position)
                    last[at.chain] = at.position;
            }
            PastVector expected;
            for (std::uint32_t chain = 0; chain < last.size(); ++chain) {
                if (last[chain] != UINT32_MAX) expected.push_back({chain, last[chain]});
            }
            ASSERT_EQ(ancestry.closed_past(static_cast<Ancestry::Index>(op)), expected) << "seed " << seed;
        }
    }
}

}  // namespace
}  // namespace folkmoot
