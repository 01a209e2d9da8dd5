// The graph: insertion, ancestry, memory.
#include <benchmark/benchmark.h>

#include "bench/worlds.hpp"

namespace folkmoot::bench {
namespace {

Graph graph_of(const Log& log) {
    Graph graph(1);
    for (const auto& made : log.ops) {
        if (graph.prepare(made.id, made.op) != Graph::Placement::ready) Peer::fail("not ready");
        (void)graph.commit();
    }
    return graph;
}

void insert_gossip(benchmark::State& state) {
    const Log log =
        gossip(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)));
    double bytes = 0;
    for (auto _ : state) {
        const Graph graph = graph_of(log);
        bytes = static_cast<double>(graph.memory()) / static_cast<double>(graph.size());
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
    state.counters["bytes_per_op"] = bytes;
}
BENCHMARK(insert_gossip)
    ->ArgsProduct({{100'000, 1'000'000}, {8}})
    ->Args({200'000, 50})
    ->Unit(benchmark::kMillisecond);

void insert_chain(benchmark::State& state) {
    const Log log = gossip(static_cast<std::size_t>(state.range(0)), 1);
    double bytes = 0;
    for (auto _ : state) {
        const Graph graph = graph_of(log);
        bytes = static_cast<double>(graph.memory()) / static_cast<double>(graph.size());
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
    state.counters["bytes_per_op"] = bytes;
}
BENCHMARK(insert_chain)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void ancestry_query(benchmark::State& state) {
    const std::size_t authors = static_cast<std::size_t>(state.range(0));
    const Graph graph = graph_of(gossip(200'000, authors));
    std::mt19937_64 random(2);
    std::size_t yes = 0;
    for (auto _ : state) {
        const auto b = static_cast<OpIndex>(random() % graph.size());
        const auto a = static_cast<OpIndex>(random() % (b + 1));
        yes += graph.is_ancestor(a, b) ? 1 : 0;
    }
    benchmark::DoNotOptimize(yes);
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(ancestry_query)->Arg(1)->Arg(8)->Arg(50)->Arg(500);

void closure_of_heads(benchmark::State& state) {
    const Graph graph = graph_of(gossip(200'000, 50));
    const auto heads = graph.heads();
    for (auto _ : state) benchmark::DoNotOptimize(graph.closure(heads));
}
BENCHMARK(closure_of_heads);

void difference_of_a_few(benchmark::State& state) {
    const Graph graph = graph_of(gossip(1'000'000, 8));
    const std::vector<OpIndex> old = {static_cast<OpIndex>(graph.size() - 1000)};
    const auto heads = graph.heads();
    const Closure since = graph.closure(old);
    for (auto _ : state) benchmark::DoNotOptimize(graph.difference(heads, since));
}
BENCHMARK(difference_of_a_few);

// N heads under one root, merged into one, and then an ordinary chain on top: what a flood of heads costs
// those who come after it.
void append_after_many_heads(benchmark::State& state) {
    const auto n = static_cast<std::size_t>(state.range(0));
    Log log(n + 1);
    for (std::size_t i = 1; i <= n; ++i) (void)log.add(i, Post{}, {0}, 0);
    std::vector<std::size_t> heads;
    for (std::size_t i = 1; i <= n; ++i) heads.push_back(i);
    while (heads.size() > 1) {
        std::vector<std::size_t> merged;
        for (std::size_t from = 0; from < heads.size(); from += 16) {
            const auto to = std::min(heads.size(), from + 16);
            const std::vector<std::size_t> some(heads.begin() + static_cast<std::ptrdiff_t>(from),
                                                heads.begin() + static_cast<std::ptrdiff_t>(to));
            merged.push_back(log.add_on(0, Post{}, 0, some, 0));
        }
        heads = merged;
    }
    Graph graph = graph_of(log);
    std::size_t done = log.ops.size();
    for (std::size_t i = 0; i < 2'000'000; ++i) {
        if (i > 0 && i >= 200'000) break;
        (void)log.add_on(0, Post{}, i == 0 ? heads[0] : log.ops.size() - 1, {}, 0);
    }
    for (auto _ : state) {
        if (done == log.ops.size()) {
            state.SkipWithError("ran out of ops");
            break;
        }
        const auto& made = log.ops[done++];
        if (graph.prepare(made.id, made.op) != Graph::Placement::ready) Peer::fail("not ready");
        (void)graph.commit();
    }
    state.counters["bytes_per_op"] = static_cast<double>(graph.memory()) / static_cast<double>(graph.size());
}
BENCHMARK(append_after_many_heads)->Arg(1000)->Arg(10'000)->Arg(100'000)->Iterations(5000);

}  // namespace
}  // namespace folkmoot::bench
