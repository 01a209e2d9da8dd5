// Ops as somebody makes them who keeps to no rule of authoring: any prev, any parents, any grant; with the
// right hash, and with a signature or without. Only keys of the forger's own sign well.
#pragma once

#include "fuzz/support/device.hpp"
#include "fuzz/support/script.hpp"

namespace folkmoot::fuzz {

/// What of the graph an op stands on, by small numbers of the script.
inline std::vector<OpId> some_parents(Script& script, const Graph& graph) {
    std::vector<OpId> out;
    const auto heads = graph.heads();
    const std::uint8_t how = script.byte();
    if (how % 3 == 0) {
        for (const OpIndex head : heads) {
            if (out.size() < limits::parents) out.push_back(graph.id(head));
        }
    } else if (how % 3 == 1) {
        out.push_back(graph.id(heads[(how / 3) % heads.size()]));
    } else {
        for (unsigned i = 0; i <= (how / 3) % 3U; ++i) {
            out.push_back(graph.id(static_cast<OpIndex>(script.byte() % graph.size())));
        }
    }
    return out;
}

inline std::optional<OpId> some_prev(Script& script, const Graph& graph, const DeviceKey& author) {
    const std::uint8_t how = script.byte();
    const auto known = graph.find_author(author);
    if (!known || graph.branches(*known).empty() || how % 16 == 15) return std::nullopt;
    const auto& branches = graph.branches(*known);
    const auto ops = graph.branch_ops(branches[(how / 16) % branches.size()]);
    // Mostly the latest: else every op is a fork.
    const std::size_t back = how % 16 < 10 ? 0 : how % 16U - 9;
    return graph.id(ops[ops.size() - 1 - std::min(back, ops.size() - 1)]);
}

/// Bytes of an op, signed with the fake key. Nothing if the op has no bytes.
inline std::optional<EncodedOp> sealed(const Operation& op, std::optional<Bytes> payload) {
    auto body = encode_body(op);
    if (!body) return std::nullopt;
    const OpId id = op_id(*body);
    return EncodedOp{id, std::move(*body), wire::fake_signature(op.author, signing_input(id)),
                     std::move(payload), 0};
}

/// An op by `author` somewhere in a graph that is not empty. `act` is completed for a post.
inline std::optional<EncodedOp> some_op(Script& script, const Replica& replica, const DeviceKey& author,
                                        Act act) {
    const Graph& graph = replica.graph();
    Operation op;
    op.group = graph.group();
    op.author = author;
    op.prev = some_prev(script, graph, author);
    op.parents = some_parents(script, graph);
    if (op.prev) std::erase(op.parents, *op.prev);
    std::ranges::sort(op.parents);
    const auto rest = std::ranges::unique(op.parents);
    op.parents.erase(rest.begin(), rest.end());
    op.time_ms = script.byte();
    std::optional<Bytes> payload;
    if (std::holds_alternative<Post>(act)) {
        payload = Bytes(script.byte(), 0x70);
        act = Post{static_cast<std::uint32_t>(payload->size()), payload_hash(*payload)};
    }
    std::vector<OpIndex> on;
    for (const OpId& id : op.parents) on.push_back(*graph.find(id));
    const auto prev = op.prev ? graph.find(*op.prev) : std::nullopt;
    if (prev) on.push_back(*prev);
    op.as = graph.id(0);
    if (const std::uint8_t how = script.byte(); how % 4 == 3) {
        op.as = graph.id(static_cast<OpIndex>(how / 4 % graph.size()));
    } else if (const auto chosen = replica.access().at(on).choose_grant(author, prev, act)) {
        op.as = *chosen;
    }
    op.act = std::move(act);
    return sealed(op, std::move(payload));
}

/// What no correct program makes, though hash and signature are right: an author whose key is none, another
/// group, or an op by anybody as one's own last.
inline void twist(Script& script, const Graph& graph, std::size_t how, EncodedOp& op) {
    auto value = decode_body(op.body);
    if (!value || !value->group) return;
    switch (how % 3) {
        case 0: value->author = wire::key_of("bad key"); break;
        case 1: value->group->bytes[0] ^= 1U; break;
        default:
            value->prev = graph.id(static_cast<OpIndex>(script.byte() % graph.size()));
            std::erase(value->parents, *value->prev);
    }
    if (auto made = sealed(*value, op.payload)) op = std::move(*made);
}

}  // namespace folkmoot::fuzz
