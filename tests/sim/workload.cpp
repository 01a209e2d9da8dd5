// What people do with a group: add and remove each other, change levels, link devices, leave.
#include "folkmoot/limits.hpp"
#include "sim/simulation.hpp"

namespace folkmoot::sim {

// A peer, or somebody who never shows up.
DeviceKey Simulation::some_device(Random& random) {
    const std::size_t outsiders = 3;
    return identities_.key(random.below(plan_.peers.size() + outsiders));
}

void Simulation::act(Node& node, Random& random) {
    const DeviceKey subject = some_device(random);
    const auto level = random.pick(
        std::vector<Level>{level::reader, level::member, level::member, level::moderator, level::admin, 30});
    std::optional<std::vector<OpId>> cut;
    if (random.chance(200)) {
        // The subject's last op known here, or none of its ops at all.
        cut.emplace();
        const Graph& graph = node.replica()->graph();
        const auto author = graph.find_author(subject);
        if (author && random.chance(700) && !graph.branches(*author).empty()) {
            const auto ops = graph.branch_ops(graph.branches(*author).front());
            cut->push_back(graph.id(ops[random.below(ops.size())]));
        }
    }
    const std::uint64_t kind = random.below(100);
    if (kind < 30) {
        (void)node.act(Add{subject, level});
    } else if (kind < 42) {
        (void)node.act(Link{subject, level});
    } else if (kind < 56) {
        (void)node.act(SetLevel{subject, level});
    } else if (kind < 74) {
        (void)node.act(Remove{subject, std::move(cut)});
    } else if (kind < 84) {
        (void)node.act(Ban{subject, std::move(cut)});
    } else if (kind < 94) {
        (void)node.act(Unban{subject});
    } else if (&node != nodes_.front().get() && random.chance(300)) {
        (void)node.act(Leave{});
    } else if (random.chance(100)) {
        (void)node.act(Add{identities_.bad_key(), level});
    } else {
        (void)node.post({});
    }
}

}  // namespace folkmoot::sim
