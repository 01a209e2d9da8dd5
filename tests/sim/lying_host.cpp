#include "sim/lying_host.hpp"

#include <algorithm>

namespace folkmoot::sim {

LyingHost::LyingHost(Replica& core, Role role, Random random) : core_(core), role_(role), random_(random) {
    const Graph& graph = core_.graph();
    if (graph.size() < 2) return;
    const auto some = static_cast<OpIndex>(random_.between(1, graph.size() - 1));
    if (role_ == Role::withhold) {
        hidden_.insert(some);
        if (!random_.chance(400)) return;
        // All of one author.
        for (OpIndex op = 1; op < graph.size(); ++op) {
            if (graph.author(op) == graph.author(some)) hidden_.insert(op);
        }
    }
    if (role_ != Role::equivocate) return;
    for (const Equivocation& pair : graph.equivocations()) {
        hidden_.insert(random_.chance(500) ? pair.first : pair.second);
    }
}

std::vector<OpIndex> LyingHost::offer_for(const DeviceKey&) const {
    const Graph& graph = core_.graph();
    if (role_ == Role::different_heads && graph.size() > 0) {
        lied_ = true;
        return {static_cast<OpIndex>(random_.below(graph.size()))};
    }
    if (hidden_.empty()) return graph.heads();
    lied_ = true;
    std::vector<bool> shown(graph.size(), true);
    std::vector<OpIndex> all;
    std::vector<OpIndex> ancestors;
    for (OpIndex op = 0; op < graph.size(); ++op) {
        ancestors.clear();
        graph.direct_ancestors(op, ancestors);
        const bool stands = std::ranges::all_of(ancestors, [&](OpIndex at) { return shown[at]; });
        shown[op] = stands && !hidden_.contains(op);
        if (shown[op]) all.push_back(op);
    }
    return graph.maximal(all);
}

Result<EncodedOp> LyingHost::load(OpIndex op) {
    auto loaded = core_.load(op);
    if (!loaded || role_ != Role::bad_signature || !random_.chance(300)) return loaded;
    lied_ = true;
    if (!loaded->signature) loaded->signature = Signature{};
    loaded->signature->bytes[random_.below(64)] ^= static_cast<std::uint8_t>(1U << random_.below(8));
    return loaded;
}

Result<std::vector<Admitted>> LyingHost::admit(std::vector<DecodedOp>& ops, const DeviceKey&) {
    std::vector<EncodedOp> bytes;
    for (const DecodedOp& op : ops) bytes.push_back(op.bytes());
    return core_.take(bytes);
}

std::optional<OpId> LyingHost::own_grant() const {
    const auto self = core_.self();
    if (!self || core_.graph().size() == 0) return std::nullopt;
    const auto grants = core_.access().now().grants_of(*self);
    if (grants.empty()) return std::nullopt;
    return core_.graph().id(grants.front().op);
}

OpId LyingHost::grant_op(OpIndex op) const {
    const GrantIndex grant = core_.access().grant_of(op);
    return core_.graph().id(grant == no_index ? op : core_.access().op_of_grant(grant));
}

}  // namespace folkmoot::sim
