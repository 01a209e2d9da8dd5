// The laws of the access rules on random histories: the result depends on the set of ops only, incremental
// equals from scratch, and a frontier is as good as a replica that holds nothing else.
#include <set>

#include "support/folk.hpp"

namespace folkmoot {
namespace {

using namespace history;

// A replica's graph and access.
struct Peer {
    explicit Peer(std::uint64_t seed = 0) : graph(seed), access(graph) {}

    /// By apply, or by record for bulk loading. False if the op was refused or misses an ancestor.
    bool take(const Made& next, bool incremental = true) {
        if (graph.prepare(next.id, next.op) != Graph::Placement::ready) return false;
        if (!access.check(next.op)) return false;
        const OpIndex at = graph.commit();
        incremental ? access.apply(at, next.op) : access.record(at, next.op);
        return true;
    }

    Graph graph;
    Access access;
};

// Everything the resolution says of the ops in `log`, in terms of ids.
std::string told_by(const Graph& graph, const Access& access, const Resolution& resolution,
                    const std::vector<Made>& log) {
    std::string out;
    const auto id_of = [&](OpIndex op) {
        return op == no_index ? "-" : to_hex(graph.id(op).view().first(4));
    };
    for (const auto& each : log) {
        const OpIndex op = graph.find(each.id).value();
        const Verdict v = resolution.verdict(op);
        EXPECT_EQ(v.effective(), resolution.effective(op));
        out += id_of(op) + ":" + std::string(to_text(v.rule)) + id_of(v.by) + "\n";
    }
    std::set<DeviceKey> devices;
    for (const auto& each : log) {
        devices.insert(each.op.author);
        if (const auto* subject = subject_of(each.op.act)) devices.insert(*subject);
    }
    for (const auto& device : devices) {
        out += to_hex(device.view().first(4)) + "=" + std::to_string(resolution.level_of(device));
        for (const auto& view : resolution.grants_of(device)) {
            if (!view.known) continue;
            const OpIndex through =
                view.hit_through == no_index ? no_index : access.op_of_grant(view.hit_through);
            out += " " + id_of(view.op) + (view.live ? "+" : "") + std::string(to_text(view.made.rule)) +
                   id_of(view.hit_by) + "/" + id_of(through);
        }
        for (const OpIndex r : resolution.revocations_of(device)) out += " !" + id_of(r);
        out += resolution.is_sealed_out(device) ? " sealed" : "";
        out += "\n";
    }
    out += to_hex(resolution.membership_digest().view());
    return out;
}

struct Mix {
    std::size_t ops = 40;
    std::size_t devices = 6;
    std::size_t founders = 2;
    unsigned fork = 10;   // percent
    unsigned stale = 30;  // percent: stands on any ops, not on heads
    Rules rules = {};
};

Act random_act(std::mt19937_64& random, const Mix& mix, const Graph& graph) {
    static constexpr Level levels[] = {1, level::reader, level::member, level::moderator, level::admin};
    const DeviceKey subject = key(random() % mix.devices);
    const Level level = levels[random() % 5];
    std::optional<std::vector<OpId>> cut;
    if (random() % 4 == 0) {
        cut.emplace();
        const auto author = graph.find_author(subject);
        for (OpIndex op = 0; author && op < graph.size(); ++op) {
            if (graph.author(op) == *author && random() % 3 == 0 && cut->size() < 3)
                cut->push_back(graph.id(op));
        }
        std::ranges::sort(*cut);
    }
    switch (random() % 16) {
        case 0:
        case 1:
        case 2: return Add{subject, level};
        case 3:
        case 4:
        case 5: return Link{subject, level};
        case 6:
        case 7: return SetLevel{subject, level};
        case 8:
        case 9:
        case 10: return Remove{subject, cut};
        case 11:
        case 12: return Ban{subject, cut};
        case 13: return Unban{subject};
        case 14: return random() % 3 == 0 ? Act{Leave{}} : Act{a_post("x")};
        default: return a_post("y");
    }
}

// Ops that are all admitted, in an order in which every op follows its ancestors.
std::vector<Made> random_log(const Mix& mix, std::mt19937_64& random) {
    Operation create;
    create.author = key(std::size_t{0});
    std::vector<DeviceKey> founders;
    for (std::size_t i = 0; i < mix.founders; ++i) founders.push_back(key(i));
    create.act = Create{.name = "law", .founders = founders, .rules = mix.rules};
    std::vector<Made> log = {made(create)};
    Peer peer;
    peer.take(log[0]);
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    for (std::size_t tries = 0; log.size() < mix.ops && tries < mix.ops * 40; ++tries) {
        const DeviceKey author = key(below(mix.devices));
        std::vector<OpIndex> on;
        for (std::size_t i = 1 + below(3); i > 0; --i) {
            const auto heads = peer.graph.heads();
            on.push_back(below(100) < mix.stale ? static_cast<OpIndex>(below(peer.graph.size()))
                                                : heads[below(heads.size())]);
        }
        on = peer.graph.maximal(on);
        const Closure past = peer.graph.closure(on);
        std::vector<OpIndex> own;
        for (OpIndex op = 0; op < peer.graph.size(); ++op) {
            if (peer.graph.key(peer.graph.author(op)) == author && peer.graph.contains(past, op))
                own.push_back(op);
        }
        Operation op;
        op.group = group_of(log[0].id);
        op.author = author;
        if (!own.empty() && below(100) >= mix.fork / 2)
            op.prev = peer.graph.id(below(100) < mix.fork ? own[below(own.size())] : own.back());
        for (const OpIndex parent : on) {
            if (peer.graph.id(parent) != op.prev) op.parents.push_back(peer.graph.id(parent));
        }
        op.act = random_act(random, mix, peer.graph);
        op.time_ms = log.size();
        std::vector<OpId> grants;
        for (const auto& view : peer.access.now().grants_of(author)) {
            if (peer.graph.contains(past, view.op)) grants.push_back(peer.graph.id(view.op));
        }
        if (grants.empty()) continue;
        op.as = grants[below(grants.size())];
        if (!encode_body(op)) continue;
        Made next = made(std::move(op));
        if (peer.take(next)) log.push_back(std::move(next));
    }
    return log;
}

std::vector<Mix> mixes() {
    return {
        {},
        {.ops = 30, .devices = 4, .founders = 1, .fork = 0},
        {.ops = 60, .devices = 5, .founders = 3, .fork = 40, .stale = 60},
        {.ops = 50, .devices = 8, .founders = 1, .stale = 80, .rules = {.equal = Rules::Equal::forbid}},
        {.ops = 60, .devices = 4, .founders = 4, .stale = 100, .rules = {.equal = Rules::Equal::forbid}},
        {.ops = 50,
         .devices = 5,
         .founders = 2,
         .rules = {.add = 1, .set_level = 1, .remove = 60, .ban = 1, .unban = 1, .link = 1}},
        {.ops = 100, .devices = 3, .founders = 1, .fork = 20, .stale = 10},
        {.ops = 120, .devices = 12, .founders = 2, .fork = 10, .stale = 50},
    };
}

// The log in another order in which every op follows its ancestors.
std::vector<Made> shuffled(std::vector<Made> log, std::mt19937_64& random) {
    std::vector<Made> out;
    std::set<OpId> here;
    const auto ready = [&](const Made& each) {
        return (!each.op.prev || here.contains(*each.op.prev)) &&
               std::ranges::all_of(each.op.parents, [&](const OpId& p) { return here.contains(p); });
    };
    while (!log.empty()) {
        const std::size_t at = random() % log.size();
        if (!ready(log[at])) continue;
        here.insert(log[at].id);
        out.push_back(std::move(log[at]));
        log.erase(log.begin() + static_cast<std::ptrdiff_t>(at));
    }
    return out;
}

constexpr int rounds = 60;

TEST(Laws, incremental_equals_from_scratch_after_every_op) {
    for (std::uint64_t seed = 1; seed <= rounds; ++seed) {
        for (const auto& mix : mixes()) {
            std::mt19937_64 random(seed);
            const auto log = random_log(mix, random);
            Peer steps;
            Peer bulk;
            std::vector<Made> so_far;
            for (const auto& each : log) {
                ASSERT_TRUE(steps.take(each));
                ASSERT_TRUE(bulk.take(each, false));
                so_far.push_back(each);
                if (so_far.size() % 3 != 0 && so_far.size() != log.size()) continue;
                bulk.access.resolve();
                ASSERT_EQ(told_by(steps.graph, steps.access, steps.access.now(), so_far),
                          told_by(bulk.graph, bulk.access, bulk.access.now(), so_far))
                    << "seed " << seed << ", ops " << so_far.size();
            }
        }
    }
}

TEST(Laws, the_order_of_arrival_changes_nothing) {
    for (std::uint64_t seed = 1; seed <= rounds; ++seed) {
        for (const auto& mix : mixes()) {
            std::mt19937_64 random(seed);
            const auto log = random_log(mix, random);
            Peer first;
            for (const auto& each : log) ASSERT_TRUE(first.take(each));
            const auto told = told_by(first.graph, first.access, first.access.now(), log);
            for (int order = 0; order < 4; ++order) {
                Peer other(random());
                for (const auto& each : shuffled(log, random)) ASSERT_TRUE(other.take(each));
                ASSERT_EQ(told, told_by(other.graph, other.access, other.access.now(), log))
                    << "seed " << seed;
            }
        }
    }
}

TEST(Laws, a_frontier_is_a_replica_that_holds_nothing_else) {
    for (std::uint64_t seed = 1; seed <= rounds; ++seed) {
        for (const auto& mix : mixes()) {
            std::mt19937_64 random(seed);
            const auto log = random_log(mix, random);
            Peer whole;
            for (const auto& each : log) ASSERT_TRUE(whole.take(each));
            for (int probe = 0; probe < 4; ++probe) {
                std::vector<OpIndex> heads;
                for (std::size_t i = 1 + random() % 3; i > 0; --i)
                    heads.push_back(static_cast<OpIndex>(random() % whole.graph.size()));
                const Closure closure = whole.graph.closure(heads);
                Peer part;
                std::vector<Made> inside;
                for (const auto& each : log) {
                    if (!whole.graph.contains(closure, *whole.graph.find(each.id))) continue;
                    ASSERT_TRUE(part.take(each));
                    inside.push_back(each);
                }
                const Resolution there = whole.access.at(heads);
                ASSERT_EQ(told_by(whole.graph, whole.access, there, inside),
                          told_by(part.graph, part.access, part.access.now(), inside))
                    << "seed " << seed;
                for (const auto& member : there.members()) {
                    ASSERT_EQ(there.choose_grant(member.key, std::nullopt, a_post("z")),
                              part.access.now().choose_grant(member.key, std::nullopt, a_post("z")));
                }
            }
        }
    }
}

TEST(Laws, membership_digests_are_equal_iff_the_members_are) {
    std::map<std::string, Digest> digests;
    std::set<Digest> distinct;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        std::mt19937_64 random(seed);
        const auto log = random_log({.ops = 40, .devices = 5}, random);
        Peer peer;
        for (const auto& each : log) {
            ASSERT_TRUE(peer.take(each));
            std::string members;
            for (const auto& m : peer.access.now().members())
                members += to_hex(m.key.view()) + " " + std::to_string(m.level) + "\n";
            const Digest digest = peer.access.now().membership_digest();
            const auto known = digests.try_emplace(members, digest).first;
            ASSERT_EQ(known->second, digest);
            distinct.insert(digest);
        }
    }
    EXPECT_EQ(distinct.size(), digests.size());
    EXPECT_GT(distinct.size(), 50U);
}

TEST(Laws, membership_digests_of_different_groups_differ) {
    const Folk one;
    const Folk other({"ann"}, {.post = 1});
    EXPECT_EQ(one.members(), other.members());
    EXPECT_NE(one.access().now().membership_digest(), other.access().now().membership_digest());
}

TEST(Laws, changes_add_up_to_the_members) {
    for (std::uint64_t seed = 1; seed <= rounds; ++seed) {
        std::mt19937_64 random(seed);
        const auto log = random_log({.ops = 60}, random);
        Peer peer;
        std::map<DeviceKey, Level> levels;
        for (const auto& each : log) {
            ASSERT_TRUE(peer.take(each));
            for (const auto& change : peer.access.take_changes()) {
                ASSERT_EQ(levels[change.key], change.before);
                ASSERT_NE(change.before, change.after);
                ASSERT_EQ(peer.graph.id(change.cause), each.id);
                levels[change.key] = change.after;
            }
            std::vector<Member> members;
            for (const auto& [device, level] : levels) {
                if (level > 0) members.push_back({device, level});
            }
            ASSERT_EQ(peer.access.now().members(), members) << "seed " << seed;
        }
    }
}

}  // namespace
}  // namespace folkmoot
