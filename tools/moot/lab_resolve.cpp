#include "moot/lab_resolve.hpp"

#include <algorithm>

#include "crypto/hash.hpp"
#include "folkmoot/access.hpp"
#include "folkmoot/graph.hpp"
#include "moot/lab_clock.hpp"
#include "moot/lab_random.hpp"

namespace folkmoot::lab {
namespace {

// A group whose devices see each other's ops at random, and which times what it appends.
class World {
   public:
    World(std::uint32_t members, Level level, bool second_grants) : heads_(members + 1) {
        for (std::uint32_t i = 0; i <= members; ++i) {
            const std::string name = "member " + std::to_string(i);
            keys_.push_back(DeviceKey{crypto::blake2b_256({as_bytes(name)}).bytes});
        }
        Create create{"laboratory", {keys_[0]}, Rules{}};
        append(0, create);
        for (std::uint32_t i = 1; i <= members; ++i) append(0, Add{keys_[i], level});
        for (std::uint32_t i = 1; second_grants && i <= members; ++i) append(0, Add{keys_[i], level::member});
        for (auto& heads : heads_) heads = heads_[0];
    }

    [[nodiscard]] std::uint32_t members() const { return static_cast<std::uint32_t>(keys_.size() - 1); }
    [[nodiscard]] const DeviceKey& key(std::uint32_t member) const { return keys_[member]; }
    void see(std::uint32_t member, std::uint32_t other) {
        heads_[member].insert(heads_[member].end(), heads_[other].begin(), heads_[other].end());
    }
    [[nodiscard]] bool may(std::uint32_t member, const Act& act) const {
        const auto as = access.now().choose_grant(keys_[member], last(member), act);
        return as && access.now().check(keys_[member], *as, act).has_value();
    }

    void append(std::uint32_t member, Act act) {
        Operation op;
        op.author = keys_[member];
        op.act = std::move(act);
        op.time_ms = graph.size();
        const auto prev = last(member);
        if (op.kind() != Kind::create) {
            op.group = graph.group();
            auto parents = graph.maximal(heads_[member]);
            if (prev) {
                op.prev = graph.id(*prev);
                std::erase(parents, *prev);
            }
            if (parents.size() > limits::parents) parents.resize(limits::parents);
            for (const OpIndex parent : parents) op.parents.push_back(graph.id(parent));
            std::ranges::sort(op.parents);
            op.as = graph.id(member == 0 ? 0 : member);  // the adds stand in the members' order
        }
        const auto body = encode_body(op);
        if (!body) return;
        const OpId id = op_id(*body);
        const double start = cpu_ms();
        const bool ready = graph.prepare(id, op) == Graph::Placement::ready && access.check(op).has_value();
        if (ready) {
            const OpIndex index = graph.commit();
            access.apply(index, op);
            heads_[member] = {index};
        }
        append_ms += cpu_ms() - start;
    }

    Graph graph;
    Access access{graph};
    double append_ms = 0;

   private:
    [[nodiscard]] std::optional<OpIndex> last(std::uint32_t member) const {
        const auto author = graph.find_author(keys_[member]);
        if (!author || graph.branches(*author).empty()) return std::nullopt;
        return graph.branch_ops(graph.branches(*author).front()).back();
    }
    std::vector<DeviceKey> keys_;
    std::vector<std::vector<OpIndex>> heads_;
};

// Everybody posts; now and then a moderator removes, re-adds or changes the level of somebody.
void live(World& world, const ResolveOptions& options) {
    Random dice(11);
    const std::uint32_t every =
        std::max<std::uint32_t>(1, options.ops / std::max<std::uint32_t>(1, options.access));
    for (std::uint32_t i = 0; world.graph.size() < options.ops && i < 2 * options.ops; ++i) {
        const auto member = dice.below(world.members() + 1);
        const auto other = dice.below(world.members() + 1);
        world.see(member, other);
        if (i % every != 0) {
            world.append(member, Post{1, Hash32{}});
            continue;
        }
        const auto subject = 1 + dice.below(world.members());
        const std::uint32_t actor =
            dice.below(4) == 0 ? 0 : 1 + dice.below(std::min<std::uint32_t>(10, world.members()));
        if (actor == subject) continue;
        switch (dice.below(3)) {
            case 0: world.append(actor, Remove{world.key(subject), std::nullopt}); break;
            case 1: world.append(actor, Add{world.key(subject), level::member}); break;
            default: world.append(actor, SetLevel{world.key(subject), level::reader}); break;
        }
    }
}

}  // namespace

Result<ResolveReport> resolve(const ResolveOptions& options) {
    const std::uint32_t members = options.clique > 0 ? options.clique : options.members;
    if (members < 2) return fail(ErrorCode::usage, "at least 2 members");
    // Nobody removes upward: in a clique each also holds a lower grant, which all the others outrank.
    World world(members, options.clique > 0 ? level::admin : level::moderator, options.clique > 0);
    if (options.clique > 0) {
        for (std::uint32_t i = 1; i <= members; ++i) {
            for (std::uint32_t k = 1; k <= members; ++k) {
                if (k != i) world.append(i, Remove{world.key(k), std::nullopt});
            }
        }
    } else {
        live(world, options);
    }
    ResolveReport report;
    report.ops = world.graph.size();
    report.access_ops = world.access.access_ops();
    report.append_us = world.append_ms * 1e3 / static_cast<double>(report.ops);
    const double start = cpu_ms();
    world.access.resolve();
    report.resolve_ms = cpu_ms() - start;
    for (OpIndex op = 0; op < report.ops; ++op)
        ++(world.access.now().effective(op) ? report.effective : report.voided);
    return report;
}

}  // namespace folkmoot::lab
