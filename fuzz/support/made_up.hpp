// Any message of a session, from a script: well formed, with ids that mean something half of the time.
#pragma once

#include "fuzz/support/script.hpp"
#include "sync/keys.hpp"
#include "sync/messages.hpp"

namespace folkmoot::fuzz {

/// An op of the graph, or no op at all.
inline OpId some_id(Script& script, const Graph& graph) {
    OpId id;
    const std::uint8_t which = script.byte();
    if (which < graph.size()) return graph.id(which);
    id.bytes.fill(which);
    return id;
}

inline std::vector<OpId> some_ids(Script& script, const Graph& graph, std::size_t most) {
    std::vector<OpId> out;
    for (std::size_t i = script.below(most + 1); i > 0; --i) out.push_back(some_id(script, graph));
    std::ranges::sort(out);
    const auto rest = std::ranges::unique(out);
    out.erase(rest.begin(), rest.end());
    return out;
}

inline sync::Summary some_summary(Script& script, const Graph& graph, const crypto::SipKey& salt) {
    sync::Summary out;
    out.kind = static_cast<sync::Summary::Kind>(script.below(5));
    switch (out.kind) {
        case sync::Summary::Kind::nothing: break;
        case sync::Summary::Kind::bloom:
            out.bits = Bytes(1U + script.byte(), script.byte());
            if (script.below(2) == 1) out.range.from = sync::PageKey{script.byte(), some_id(script, graph)};
            break;
        case sync::Summary::Kind::exact:
            out.ids = some_ids(script, graph, 8);
            if (script.below(2) == 1) out.range.from = sync::PageKey{script.byte(), some_id(script, graph)};
            if (script.below(2) == 1) out.range.to = sync::PageKey{script.byte(), some_id(script, graph)};
            break;
        case sync::Summary::Kind::tips:
            for (std::size_t i = 1 + script.below(4); i > 0; --i) {
                sync::Tip tip;
                tip.number = static_cast<std::uint32_t>(script.below(4));
                const OpId id = some_id(script, graph);
                if (tip.number == 0 && graph.author_count() > 0) {
                    const auto author = static_cast<AuthorIndex>(script.below(graph.author_count()));
                    tip.label = sync::author_label(salt, graph.key(author));
                }
                tip.position = script.byte() - (tip.number > 0 ? 128 : 0);
                tip.fingerprint = sync::op_fingerprint(salt, id);
                out.tips.push_back(tip);
            }
            break;
        case sync::Summary::Kind::locator:
            for (std::size_t i = 1 + script.below(4); i > 0; --i) {
                out.locator.push_back({script.byte(), sync::op_fingerprint(salt, some_id(script, graph))});
            }
    }
    return out;
}

inline sync::Message made_up(Script& script, const Graph& graph, const GroupId& group,
                             const Hash32& binding) {
    const std::uint8_t what = script.byte();
    switch (what % 10) {
        case 0: {
            sync::Have have;
            have.group = group_tag(group, binding);
            const auto heads = some_ids(script, graph, 3);
            have.offer = sync::offer_digest(binding, heads);
            have.round = script.byte();
            have.since.kind = static_cast<sync::Since::Kind>(script.below(3));
            if (have.since.kind == sync::Since::Kind::named) have.since.named = {script.byte()};
            have.summary =
                some_summary(script, graph, sync::round_salt(binding, (what & 32U) != 0, have.round));
            return have;
        }
        case 1: {
            sync::Need need;
            for (std::size_t i = script.below(8); i > 0; --i) need.ids.push_back(some_id(script, graph));
            need.ancestors = script.byte();
            return need;
        }
        case 2: return sync::Done{script.byte()};
        case 3: return sync::Closed{group_tag(group, binding)};
        case 4: return sync::NameGrant{some_id(script, graph)};
        case 5: return sync::UnknownSince{};
        case 6: return sync::Again{};
        case 7: return sync::End{script.byte()};
        case 8: return sync::Announce{some_ids(script, graph, 6)};
        default: {
            sync::Ops ops;
            ops.role = static_cast<sync::Ops::Role>(script.below(3));
            ops.plain = (what & 32U) != 0;
            ops.batch = script.bytes(script.byte());
            return ops;
        }
    }
}

}  // namespace folkmoot::fuzz
