// Graphs and groups to measure with, by links alone: ids are made up and nothing is encoded or signed.
#pragma once

#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "folkmoot/access.hpp"
#include "support/history.hpp"

namespace folkmoot::bench {

/// An op as a graph takes it.
using history::Made;

/// Bytes of resident memory of this process.
inline std::size_t resident_bytes() {
    std::size_t pages = 0;
    std::size_t resident = 0;
    if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
        if (std::fscanf(file, "%zu %zu", &pages, &resident) != 2) resident = 0;
        std::fclose(file);
    }
    return resident * 4096;
}

/// A history under construction: every op is kept, so that it can be replayed.
class Log {
   public:
    explicit Log(std::size_t devices, Rules rules = {}) {
        for (std::size_t i = 0; i < devices; ++i) keys_.push_back(history::key(i));
        Operation create;
        create.author = keys_[0];
        create.act = Create{.name = "bench", .founders = {keys_[0]}, .rules = rules};
        ops.push_back({history::plain_id(0), std::move(create)});
        last_.assign(devices, SIZE_MAX);
        last_[0] = 0;
    }
    /// An op on the author's last one and on `parents`, under the grant that op `as` made.
    std::size_t add(std::size_t author, Act act, const std::vector<std::size_t>& parents, std::size_t as) {
        return add_on(author, std::move(act), last_[author], parents, as);
    }
    std::size_t add_on(std::size_t author, Act act, std::size_t prev, const std::vector<std::size_t>& parents,
                       std::size_t as) {
        Operation op;
        op.group = group_of(ops[0].id);
        op.author = keys_[author];
        if (prev != SIZE_MAX) op.prev = ops[prev].id;
        for (const std::size_t parent : parents) {
            if (parent != prev) op.parents.push_back(ops[parent].id);
        }
        std::ranges::sort(op.parents);
        op.parents.erase(std::unique(op.parents.begin(), op.parents.end()), op.parents.end());
        op.as = ops[as].id;
        op.act = std::move(act);
        ops.push_back({history::plain_id(ops.size()), std::move(op)});
        last_[author] = ops.size() - 1;
        return last_[author];
    }
    [[nodiscard]] std::size_t last(std::size_t author) const { return last_[author]; }
    [[nodiscard]] const DeviceKey& key(std::size_t device) const { return keys_[device]; }

    std::vector<Made> ops;

   private:
    std::vector<DeviceKey> keys_;
    std::vector<std::size_t> last_;
};

/// Eight authors (or more) who gossip at random, one to three parents an op: each knows one head and now and
/// then takes over those of one or two others. Every `access_every`-th op adds, removes or sets a level.
inline Log gossip(std::size_t n, std::size_t authors = 8, std::size_t access_every = 0) {
    constexpr std::size_t outsiders = 200;
    Log log(authors + outsiders);
    std::mt19937_64 random(1);
    std::vector<std::size_t> grants(authors, 0);
    for (std::size_t i = 1; i < authors; ++i) grants[i] = log.add(0, Add{log.key(i), level::admin}, {}, 0);
    const std::size_t start = log.ops.size() - 1;
    std::vector<std::size_t> head(authors, start);
    while (log.ops.size() < n) {
        const std::size_t author = random() % authors;
        std::vector<std::size_t> parents = {head[author]};
        const unsigned chance = static_cast<unsigned>(random() % 10);
        for (unsigned k = 0; k < (chance < 4 ? 0U : chance < 8 ? 1U : 2U); ++k)
            parents.push_back(head[random() % authors]);
        Act act = Post{};
        if (access_every != 0 && log.ops.size() % access_every == 0) {
            const DeviceKey subject = log.key(authors + random() % outsiders);
            switch (random() % 3) {
                case 0: act = Ban{subject, std::nullopt}; break;
                case 1: act = Add{subject, level::member}; break;
                default: act = Add{subject, level::reader}; break;
            }
        }
        head[author] = log.add(author, std::move(act), parents, grants[author]);
    }
    return log;
}

/// Replays ops; refuses nothing silently.
struct Peer {
    Peer() : graph(1), access(graph) {}
    void take(const Made& made) {
        if (graph.prepare(made.id, made.op) != Graph::Placement::ready) fail("not ready");
        if (const auto ok = access.check(made.op); !ok) fail(ok.error().text.c_str());
        access.apply(graph.commit(), made.op);
    }
    void load(const Made& made) {
        if (graph.prepare(made.id, made.op) != Graph::Placement::ready) fail("not ready");
        if (const auto ok = access.check(made.op); !ok) fail(ok.error().text.c_str());
        access.record(graph.commit(), made.op);
    }
    [[noreturn]] static void fail(const char* why) {
        std::fprintf(stderr, "bench: %s\n", why);
        std::abort();
    }
    Graph graph;
    Access access;
};

}  // namespace folkmoot::bench
