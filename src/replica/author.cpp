// Authoring (O3, M2): which heads an op cites, under which grant it acts, and what is refused before signing.
#include <algorithm>
#include <span>

#include "base/assert.hpp"
#include "folkmoot/replica.hpp"
#include "replica/link.hpp"

namespace folkmoot {

// The author's own op furthest along its chain, no_index if there is none.
OpIndex Replica::own_last() const {
    OpIndex best = no_index;
    const auto author = graph_.find_author(signer_->key());
    if (!author) return best;
    for (const BranchIndex branch : graph_.branches(*author)) {
        const OpIndex tip = graph_.branch_ops(branch).back();
        const bool further =
            best == no_index || graph_.position(tip) > graph_.position(best) ||
            (graph_.position(tip) == graph_.position(best) && graph_.id(tip) < graph_.id(best));
        if (further) best = tip;
    }
    return best;
}

// O3: effective heads first, by their authors' rank, then the rest by id.
std::vector<OpIndex> Replica::heads_to_cite() const {
    struct Head {
        OpIndex op;
        bool counts;
        GrantIndex as;
    };
    std::vector<Head> heads;
    for (const OpIndex op : graph_.heads())
        heads.push_back({op, access_.now().effective(op), access_.grant_of(op)});
    const auto before = [&](const Head& a, const Head& b) {
        if (a.counts != b.counts) return a.counts;
        if (a.as != b.as && a.as != no_index && b.as != no_index) return access_.ranks_above(a.as, b.as);
        return graph_.id(a.op) < graph_.id(b.op);
    };
    std::ranges::sort(heads, before);
    std::vector<OpIndex> out;
    out.reserve(heads.size());
    for (const Head& head : heads) out.push_back(head.op);
    return out;
}

Result<OpId> Replica::create_group(const Create& create, std::uint64_t time_ms) {
    if (graph_.size() > 0) return fail(ErrorCode::already_exists, "this replica has a group already");
    if (signer_ == nullptr) return fail(ErrorCode::signer_failed, "this replica has no key to sign with");
    return sign_and_commit(create, {}, std::nullopt, time_ms);
}

Result<void> Replica::may_act(const Act& act) const {
    if (signer_ == nullptr) return fail(ErrorCode::signer_failed, "this replica has no key to sign with");
    if (graph_.size() == 0)
        return fail(ErrorCode::not_synced, "nothing is known of the group yet; sync first");
    const DeviceKey self = signer_->key();
    const OpIndex last = own_last();
    const auto as =
        access_.now().choose_grant(self, last == no_index ? std::nullopt : std::optional(last), act);
    if (!as) return fail(ErrorCode::access_no_grant, "this device was never given a place in the group");
    if (auto checked = access_.now().check(self, *as, act); !checked) return checked;
    if (kind_of(act) == Kind::leave || access_.now().level_of(self) > 0) return {};
    return fail(ErrorCode::access_no_grant, "this device is out of the group: the op would be void");
}

Result<OpId> Replica::post(ByteView payload, std::uint64_t time_ms) {
    if (payload.size() > limits::payload_bytes) {
        return fail(ErrorCode::op_payload_too_large, "a payload has at most 32 KiB");
    }
    const Act act = Post{};  // length and hash come with the payload
    if (auto ready = check_waits(); !ready) return std::unexpected(ready.error());
    if (auto drained = check_drained(); !drained) return std::unexpected(drained.error());
    if (auto allowed = may_act(act); !allowed) return std::unexpected(allowed.error());
    return sign_and_commit(act, heads_to_cite(), Bytes(payload.begin(), payload.end()), time_ms);
}

Result<OpId> Replica::act(Act act, std::uint64_t time_ms) {
    const bool makes_sense = kind_of(act) != Kind::create && kind_of(act) != Kind::post;
    if (!makes_sense) return fail(ErrorCode::op_bad_field, "create and post have functions of their own");
    if (auto ready = check_waits(); !ready) return std::unexpected(ready.error());
    if (auto drained = check_drained(); !drained) return std::unexpected(drained.error());
    if (auto allowed = may_act(act); !allowed) return std::unexpected(allowed.error());
    if (auto merged = merge_heads(time_ms); !merged) return std::unexpected(merged.error());
    return sign_and_commit(std::move(act), heads_to_cite(), std::nullopt, time_ms);
}

// O3: an access op must see every effective head, or it would undo what it merely could not cite. The heads
// are looked at once: one author can make any number of them, to keep others from ever acting.
Result<void> Replica::merge_heads(std::uint64_t time_ms) {
    auto heads = heads_to_cite();
    const auto counts = [this](OpIndex op) { return access_.now().effective(op); };
    heads.erase(std::ranges::partition_point(heads, counts), heads.end());
    const Act merge = Post{};
    if (heads.size() > limits::parents) {
        if (auto allowed = may_act(merge); !allowed) {
            return fail(allowed.error().code,
                        std::to_string(heads.size() - limits::parents) +
                            " effective heads cannot be cited, and this device may not post to merge them");
        }
    }
    // This device's last op is cited as prev: first its own, then the last merge.
    std::size_t own = std::erase(heads, own_last());
    std::optional<OpId> as;
    for (auto left = std::span(heads); left.size() + own > limits::parents; own = 1) {
        const auto cited = left.first(std::min(left.size(), limits::parents));
        left = left.subspan(cited.size());
        auto merged = sign_and_commit(merge, {cited.begin(), cited.end()}, Bytes{}, time_ms, as);
        if (!merged) return std::unexpected(merged.error());
        as = grant_op(*graph_.find(*merged));
    }
    return {};
}

Result<OpId> Replica::sign_and_commit(Act act, std::vector<OpIndex> heads, std::optional<Bytes> payload,
                                      std::uint64_t time_ms, std::optional<OpId> as) {
    if (auto writable = check_writable(); !writable) return std::unexpected(writable.error());
    Operation op;
    op.author = signer_->key();
    op.time_ms = std::min(time_ms, limits::time_ms);
    op.act = std::move(act);
    if (op.kind() != Kind::create) {
        const OpIndex prev = own_last();
        op.group = group_;
        if (prev != no_index) op.prev = graph_.id(prev);
        std::erase(heads, prev);
        if (heads.size() > limits::parents) heads.resize(limits::parents);
        for (const OpIndex head : heads) op.parents.push_back(graph_.id(head));
        std::ranges::sort(op.parents);
        op.as = as ? as
                   : access_.now().choose_grant(
                         op.author, prev == no_index ? std::nullopt : std::optional(prev), op.act);
    }
    auto made = DecodedOp::from_value(std::move(op), std::move(payload));
    if (!made) return std::unexpected(made.error());
    if (auto checked = check_keys(made->value()); !checked) return std::unexpected(checked.error());
    const OpId id = made->id();
    if (const auto placed = graph_.prepare(id, made->value()); placed != Graph::Placement::ready) {
        return placed == Graph::Placement::duplicate
                   ? fail(ErrorCode::already_exists, "the same op exists already")
                   : std::unexpected(graph_.error());
    }
    if (auto checked = access_.check(made->value()); !checked) return std::unexpected(checked.error());
    auto signature = sign_op(*signer_, id);
    if (!signature) return std::unexpected(signature.error());
    made->set_signature(*signature);
    commit(std::move(*made));
    spread_growth();
    return id;
}

}  // namespace folkmoot
