// Access: resolution from scratch and step by step, ordinary and adversarial shapes, memory.
#include <benchmark/benchmark.h>

#include "bench/worlds.hpp"

namespace folkmoot::bench {
namespace {

void from_scratch(benchmark::State& state, const Log& log) {
    Peer peer;
    for (const auto& made : log.ops) peer.load(made);
    for (auto _ : state) peer.access.resolve();
    state.counters["ops"] = static_cast<double>(log.ops.size());
    state.counters["access_ops"] = static_cast<double>(peer.access.access_ops());
    state.counters["members"] = static_cast<double>(peer.access.now().members().size());
}

void one_by_one(benchmark::State& state, const Log& log) {
    double bytes = 0;
    for (auto _ : state) {
        Peer peer;
        for (const auto& made : log.ops) peer.take(made);
        bytes = static_cast<double>(peer.graph.memory() + peer.access.memory()) /
                static_cast<double>(log.ops.size());
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * log.ops.size()));
    state.counters["ops"] = static_cast<double>(log.ops.size());
    state.counters["bytes_per_op"] = bytes;
}

// --- The shapes -----------------------------------------------------------------------------------

// K admins each of whom removes each other one, all at once: K (K - 1) removals. Nobody removes upward, so
// each holds a second, lower grant, which all the others outrank.
Log clique(std::size_t k) {
    Log log(k + 1);
    std::vector<std::size_t> grants = {0};
    for (std::size_t i = 1; i <= k; ++i) grants.push_back(log.add(0, Add{log.key(i), level::admin}, {}, 0));
    for (std::size_t i = 1; i <= k; ++i) (void)log.add(0, Add{log.key(i), level::member}, {}, 0);
    const std::size_t start = log.last(0);
    for (std::size_t i = 1; i <= k; ++i) {
        for (std::size_t j = 1; j <= k; ++j) {
            if (i != j) (void)log.add(i, Remove{log.key(j), std::nullopt}, {start}, grants[i]);
        }
    }
    return log;
}

// One author with n forks, a remove on each.
Log forks(std::size_t n) {
    Log log(3);
    const std::size_t ben = log.add(0, Add{log.key(1), level::admin}, {}, 0);
    const std::size_t cat = log.add(0, Add{log.key(2), level::member}, {}, 0);
    for (std::size_t i = 0; i < n; ++i)
        (void)log.add_on(1, Remove{log.key(2), std::nullopt}, SIZE_MAX, {ben, cat}, ben);
    return log;
}

// n admins remove one subject at once; the subject had appointed fifty.
Log concurrent_removals(std::size_t n) {
    Log log(n + 60);
    std::vector<std::size_t> grants(n + 1);
    for (std::size_t i = 1; i <= n; ++i) grants[i] = log.add(0, Add{log.key(i), level::admin}, {}, 0);
    const std::size_t subject = n + 1;
    const std::size_t in = log.add(0, Add{log.key(subject), level::admin}, {}, 0);
    for (std::size_t i = 0; i < 50; ++i)
        (void)log.add(subject, Add{log.key(n + 2 + i), level::member}, {in}, in);
    const std::size_t start = log.last(subject);
    for (std::size_t i = 1; i <= n; ++i)
        (void)log.add(i, Remove{log.key(subject), std::nullopt}, {start}, grants[i]);
    return log;
}

// n rounds of add and remove of one subject.
Log add_remove_cycles(std::size_t n) {
    Log log(2);
    for (std::size_t i = 0; i < n; ++i) {
        const std::size_t in = log.add(0, Add{log.key(1), level::member}, {}, 0);
        (void)log.add(1, Post{}, {in}, in);
        (void)log.add(0, Remove{log.key(1), std::nullopt}, {log.last(1)}, 0);
    }
    return log;
}

// n rounds of ban, unban and add by a moderator, of a device that is linked as well.
Log ban_cycles(std::size_t n) {
    Log log(4);
    const std::size_t ben = log.add(0, Add{log.key(1), level::admin}, {}, 0);
    const std::size_t cat = log.add(0, Add{log.key(2), level::moderator}, {}, 0);
    std::size_t at = cat;
    for (std::size_t i = 0; i < n; ++i) {
        at = log.add(2, Add{log.key(3), level::member}, {at}, cat);
        at = log.add(2, Link{log.key(3), level::reader}, {at}, cat);
        at = log.add(1, Ban{log.key(3), std::nullopt}, {at}, ben);
        at = log.add(1, Unban{log.key(3)}, {at}, ben);
    }
    return log;
}

// n set_levels up and down of one subject.
Log level_cycles(std::size_t n) {
    Log log(2);
    (void)log.add(0, Add{log.key(1), level::member}, {}, 0);
    for (std::size_t i = 0; i < n; ++i)
        (void)log.add(0, SetLevel{log.key(1), static_cast<Level>(20 + i % 50)}, {}, 0);
    return log;
}

// A chain of n links, and then every one of them removed, from the last to the first or the other way.
Log link_chain(std::size_t n, bool first_to_last) {
    Log log(n + 2);
    std::vector<std::size_t> grants = {0, log.add(0, Add{log.key(1), level::member}, {}, 0)};
    for (std::size_t i = 2; i <= n + 1; ++i)
        grants.push_back(log.add(i - 1, Link{log.key(i), level::reader}, {grants[i - 1]}, grants[i - 1]));
    std::size_t at = grants.back();
    for (std::size_t i = 0; i < n; ++i) {
        const std::size_t subject = first_to_last ? 2 + i : n + 1 - i;
        at = log.add(1, Remove{log.key(subject), std::nullopt}, {at}, grants[1]);
    }
    return log;
}

// n adds of one subject on n forks, while n forks of another admin remove it: all concurrent.
Log adds_against_removals(std::size_t n) {
    Log log(4);
    const std::size_t ben = log.add(0, Add{log.key(1), level::admin}, {}, 0);
    const std::size_t cat = log.add(0, Add{log.key(2), level::admin}, {}, 0);
    const std::size_t dan = log.add(0, Add{log.key(3), level::member}, {}, 0);
    for (std::size_t i = 0; i < n; ++i) {
        (void)log.add_on(1, Remove{log.key(3), std::nullopt}, SIZE_MAX, {ben, dan}, ben);
        (void)log.add_on(2, Add{log.key(3), level::member}, SIZE_MAX, {cat, dan}, cat);
    }
    return log;
}

// n posts of one subject, who is then removed n times, each time with a cut at another of them, the latest
// first: every removal voids one post more.
Log cuts(std::size_t n) {
    Log log(2);
    const std::size_t in = log.add(0, Add{log.key(1), level::member}, {}, 0);
    std::vector<OpId> posts;
    for (std::size_t i = 0; i < n; ++i) posts.push_back(log.ops[log.add(1, Post{}, {in}, in)].id);
    const std::size_t end = log.last(1);
    for (std::size_t i = n; i > 0; --i)
        (void)log.add(0, Remove{log.key(1), std::vector<OpId>{posts[i - 1]}}, {end}, 0);
    return log;
}

// An admin makes n appointments; n others, who have seen them, remove that admin at once.
Log busy_and_removed(std::size_t n) {
    Log log(2 * n + 2);
    std::vector<std::size_t> grants(n + 1);
    for (std::size_t i = 1; i <= n; ++i) grants[i] = log.add(0, Add{log.key(i), level::admin}, {}, 0);
    const std::size_t subject = n + 1;
    const std::size_t in = log.add(0, Add{log.key(subject), level::admin}, {}, 0);
    for (std::size_t i = 1; i <= n; ++i)
        (void)log.add(subject, Add{log.key(n + 1 + i), level::member}, {in}, in);
    const std::size_t start = log.last(subject);
    for (std::size_t i = 1; i <= n; ++i)
        (void)log.add(i, Remove{log.key(subject), std::nullopt}, {start}, grants[i]);
    return log;
}

// n heads: n members' posts upon one op, and then one removal that has seen none of them.
Log heads(std::size_t n) {
    Log log(n + 2);
    const std::size_t ben = log.add(0, Add{log.key(1), level::admin}, {}, 0);
    std::vector<std::size_t> grants;
    for (std::size_t i = 0; i < n; ++i)
        grants.push_back(log.add(1, Add{log.key(2 + i), level::member}, {ben}, ben));
    const std::size_t start = log.last(1);
    for (std::size_t i = 0; i < n; ++i) (void)log.add(2 + i, Post{}, {start}, grants[i]);
    (void)log.add(0, Remove{log.key(1), std::nullopt}, {ben}, 0);
    return log;
}

// A chain of n links; then n times over one in the middle is removed and linked again, and the level of the
// one who owns them all changes.
Log link_repairs(std::size_t n) {
    Log log(n + 2);
    const std::size_t ben = log.add(0, Add{log.key(1), level::admin}, {}, 0);
    std::vector<std::size_t> grants = {0, ben};
    for (std::size_t i = 2; i <= n + 1; ++i)
        grants.push_back(log.add(i - 1, Link{log.key(i), level::reader}, {grants[i - 1]}, grants[i - 1]));
    std::size_t at = grants.back();
    for (std::size_t i = 0; i < n; ++i) {
        at = log.add(0, Remove{log.key(n / 2), std::nullopt}, {at}, 0);
        at = log.add(n / 2 - 1, Link{log.key(n / 2), level::reader}, {at}, grants[n / 2 - 1]);
        at = log.add(0, SetLevel{log.key(1), i % 2 == 0 ? level::moderator : level::admin}, {at}, 0);
    }
    return log;
}

// --- Ordinary -------------------------------------------------------------------------------------

void resolve_gossip(benchmark::State& state) {
    from_scratch(state, gossip(static_cast<std::size_t>(state.range(0)), 8, 100));
}
BENCHMARK(resolve_gossip)->Arg(250'000)->Arg(500'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void append_gossip(benchmark::State& state) {
    one_by_one(state, gossip(static_cast<std::size_t>(state.range(0)), 8, 100));
}
BENCHMARK(append_gossip)->Arg(250'000)->Arg(500'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void append_posts(benchmark::State& state) {
    one_by_one(state, gossip(static_cast<std::size_t>(state.range(0)), 1));
}
BENCHMARK(append_posts)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void resident_memory(benchmark::State& state) {
    const Log log = gossip(1'000'000, 8, 100);
    for (auto _ : state) {
        const std::size_t before = resident_bytes();
        Peer peer;
        for (const auto& made : log.ops) peer.take(made);
        const auto ops = static_cast<double>(log.ops.size());
        state.counters["rss_per_op"] = static_cast<double>(resident_bytes() - before) / ops;
        state.counters["graph_per_op"] = static_cast<double>(peer.graph.memory()) / ops;
        state.counters["access_per_op"] = static_cast<double>(peer.access.memory()) / ops;
    }
}
BENCHMARK(resident_memory)->Iterations(1)->Unit(benchmark::kMillisecond);

// --- Adversarial, doubling ------------------------------------------------------------------------

#define FOLKMOOT_SHAPE(name, log, ...)                                     \
    void name##_scratch(benchmark::State& state) {                         \
        const auto n = static_cast<std::size_t>(state.range(0));           \
        from_scratch(state, log);                                          \
    }                                                                      \
    BENCHMARK(name##_scratch)->__VA_ARGS__->Unit(benchmark::kMillisecond); \
    void name##_steps(benchmark::State& state) {                           \
        const auto n = static_cast<std::size_t>(state.range(0));           \
        one_by_one(state, log);                                            \
    }                                                                      \
    BENCHMARK(name##_steps)->__VA_ARGS__->Unit(benchmark::kMillisecond)

FOLKMOOT_SHAPE(clique, clique(n), Arg(25)->Arg(50)->Arg(100)->Arg(200));
FOLKMOOT_SHAPE(cuts, cuts(n), Arg(2500)->Arg(5000)->Arg(10'000));
FOLKMOOT_SHAPE(busy_and_removed, busy_and_removed(n), Arg(1250)->Arg(2500)->Arg(5000));
FOLKMOOT_SHAPE(heads, heads(n), Arg(1000)->Arg(2000)->Arg(4000));
FOLKMOOT_SHAPE(link_repairs, link_repairs(n), Arg(250)->Arg(500)->Arg(1000));
FOLKMOOT_SHAPE(forks, forks(n), Arg(500)->Arg(1000)->Arg(2000)->Arg(4000));
FOLKMOOT_SHAPE(concurrent_removals, concurrent_removals(n), Arg(2500)->Arg(5000)->Arg(10'000));
FOLKMOOT_SHAPE(add_remove_cycles, add_remove_cycles(n), Arg(1250)->Arg(2500)->Arg(5000));
FOLKMOOT_SHAPE(ban_cycles, ban_cycles(n), Arg(1250)->Arg(2500)->Arg(5000));
FOLKMOOT_SHAPE(level_cycles, level_cycles(n), Arg(1250)->Arg(2500)->Arg(5000));
FOLKMOOT_SHAPE(link_chain_up, link_chain(n, false), Arg(500)->Arg(1000)->Arg(2000));
FOLKMOOT_SHAPE(link_chain_down, link_chain(n, true), Arg(500)->Arg(1000)->Arg(2000));
FOLKMOOT_SHAPE(adds_against_removals, adds_against_removals(n), Arg(250)->Arg(500)->Arg(1000));

}  // namespace
}  // namespace folkmoot::bench
