// The laws a world is held to, while it runs and at its end (Q1 to Q13).
#include <algorithm>

#include "folkmoot/limits.hpp"
#include "sim/liar.hpp"
#include "sim/oracles.hpp"
#include "sim/simulation.hpp"

namespace folkmoot::sim {
namespace {

/// The slow model's cost grows with the cube of a history.
constexpr std::size_t model_ops = 150;
/// Histories up to this size are taken in 20 other orders, larger ones in few or none.
constexpr std::size_t shuffled_ops = 500;

// Of the revocations that put a device out, how many it holds; and what it takes its place from.
std::string what_it_lacks(const Node& first, const Node& out) {
    const Replica& there = *first.replica();
    const Replica& here = *out.replica();
    const auto revocations = there.access().now().revocations_of(out.key());
    std::size_t held = 0;
    for (const OpIndex op : revocations) held += here.graph().find(there.graph().id(op)) ? 1U : 0U;
    std::string text =
        "; of " + std::to_string(revocations.size()) + " revocations it holds " + std::to_string(held);
    for (const GrantView& grant : here.access().now().grants_of(out.key())) {
        if (!grant.live) continue;
        const OpId& id = here.graph().id(grant.op);
        text += "; live by " + brief(id.view());
        const auto same = there.graph().find(id);
        if (!same) text += ", which is unknown to the other";
        if (same && !there.access().now().effective(*same)) text += ", which is void at the other";
    }
    return text;
}

}  // namespace

void Simulation::complain(const std::string& oracle, const std::string& who,
                          const std::optional<std::string>& complaint) {
    if (complaint) world_.violate(oracle, who + ": " + *complaint);
}

// Cheap laws, every few hundred events.
void Simulation::look() {
    looked_at_ = world_.events() / 512;
    for (const auto& node : nodes_) {
        if (!node->is_up()) continue;
        complain("Q12", node->name(), check_no_honest_fork(*node->replica(), society_));
        complain("Q7", node->name(), check_no_intruder(*node->replica()));
    }
}

void Simulation::judge_recovery(Node& node) {
    world_.reached("recovered");
    complain("Q13", node.name(), check_store(node.store(), node.replica()->group_id(), identities_.judge()));
    if (society_.set_back.contains(node.key())) return forget_what_is_gone();
    for (const OpId& id : node.acknowledged()) {
        if (node.replica()->graph().find(id)) continue;
        return world_.violate("Q13",
                              node.name() + " lost its " + brief(id.view()) + ", which it had acknowledged");
    }
}

bool Simulation::is_in(const Node& node) const {
    return nodes_.front()->replica()->access().now().may_read(node.key());
}

// Out at the first founder, and told so; or never let in at all.
bool Simulation::knows_it_is_out(const Node& node) const {
    if (!node.replica()->group_id() || node.replica()->graph().size() == 0) return true;
    return !node.replica()->access().now().may_read(node.key());
}

// Q4, over all correct peers that are in. What somebody wrote who turns out to be out is void, and nobody
// need hear of it: in its own view those who are in may be out. The same holds for what such a one alone has
// left of an op whose author lost its disk.
void Simulation::judge_no_loss() {
    for (const auto& author : nodes_) {
        if (!is_in(*author)) continue;
        for (const OpId& id : author->acknowledged()) {
            const auto lacks = [&](const auto& node) {
                return is_in(*node) && !node->replica()->graph().find(id);
            };
            const auto in = std::ranges::count_if(nodes_, [&](const auto& node) { return is_in(*node); });
            if (std::ranges::count_if(nodes_, lacks) == in && society_.set_back.contains(author->key())) {
                world_.reached("acknowledged_ops_left_with_the_evicted");
                continue;
            }
            for (const auto& node : nodes_) {
                if (!lacks(node)) continue;
                return world_.violate("Q4", node->name() + " lacks " + brief(id.view()) + ", which " +
                                                author->name() + " had acknowledged");
            }
        }
    }
}

// Q1 and Q2: what exactly differs.
void Simulation::judge_convergence() {
    const Node& first = *nodes_.front();
    for (const auto& node : nodes_) {
        if (!node->is_up()) return world_.violate("Q2", node->name() + " does not come up again");
    }
    for (const auto& node : nodes_) {
        if (!is_in(*node)) {
            if (!knows_it_is_out(*node))
                world_.violate("Q1",
                               node->name() + " is out and does not know it" + what_it_lacks(first, *node));
            continue;
        }
        complain("Q1", first.name() + " and " + node->name(),
                 check_convergence(*first.replica(), *node->replica()));
        if (first.membership() != node->membership())
            world_.violate("Q1", node->name() + " and " + first.name() + " show other members");
    }
    if (ok()) world_.reached("agreed_on_what_counts_alone");
}

void Simulation::judge_end(bool agreed) {
    if (!agreed) judge_convergence();
    if (!ok()) return;
    look();
    judge_no_loss();
    Random random = Random::of(plan_.seed, "laws");
    std::uint64_t proven = 0;
    for (const auto& node : nodes_) {
        const Replica& replica = *node->replica();
        complain("Q3", node->name(), check_store(node->store(), replica.group_id(), identities_.judge()));
        complain("Q9", node->name(), check_forks(*node->replica(), society_, identities_.judge(), proven));
        if (!ok()) return;
    }
    if (proven > 0) world_.reached("evidence_verified");
    const Node& some = *nodes_[random.below(nodes_.size())];
    complain("Q5", some.name(), check_reference(*some.replica(), some.store(), random, 10, model_ops));
    if (some.replica()->graph().size() <= model_ops) world_.reached("compared_with_the_model");
    const std::size_t ops = some.replica()->graph().size();
    if (random.chance(250) && ops <= 20 * shuffled_ops) {
        complain("Q6", some.name(),
                 check_order(*some.replica(), some.store(), identities_.judge(), random,
                             ops <= shuffled_ops ? 20 : 3));
        world_.reached("taken_in_other_orders");
    }
    for (const auto& node : nodes_) {
        if (!is_in(*node)) world_.reached("correct_peer_out_at_the_end");
        if (node->replica()->access().now().members().size() > 1) world_.reached("group_of_several");
    }
}

}  // namespace folkmoot::sim
