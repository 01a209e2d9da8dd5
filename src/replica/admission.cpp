// How ops from elsewhere enter: decoded, proven, placed, judged, committed (O5, O6, O8, A1). The one place
// where an op is judged, whatever way it came.
//
// Three answers are never mixed: an op that can never be valid condemns its batch, since no correct peer
// holds one; an op whose ancestors are missing is deferred; void is not decided here at all.
#include <algorithm>
#include <unordered_map>

#include "base/assert.hpp"
#include "base/salted_hash.hpp"
#include "folkmoot/replica.hpp"
#include "replica/link.hpp"

namespace folkmoot {

Result<std::vector<Admitted>> Replica::admit(std::vector<EncodedOp>& ops, const DeviceKey&) {
    return admit_batch(ops);
}

Result<std::vector<Admitted>> Replica::take(std::vector<EncodedOp>& ops) { return admit_batch(ops); }

// O6: keys are checked once, when they enter the group.
Result<void> Replica::check_keys(const Operation& op) const {
    const auto good = [this](const DeviceKey& key) {
        return access_.knows(key) || verifier_.key_acceptable(key)
                   ? Result<void>{}
                   : fail(ErrorCode::op_bad_key, "the op brings in a bad key");
    };
    if (const auto* create = std::get_if<Create>(&op.act)) {
        for (const auto& founder : create->founders) {
            if (auto checked = good(founder); !checked) return checked;
        }
    }
    const bool enters = granted_level(op.act).has_value() || op.kind() == Kind::ban;
    return enters ? good(*subject_of(op.act)) : Result<void>{};
}

Result<void> Replica::decode(std::vector<EncodedOp>& ops, std::vector<Incoming>& in) {
    for (std::size_t i = 0; i < ops.size(); ++i) {
        if (graph_.find(ops[i].id)) {
            in[i].result.status = Admitted::Status::duplicate;
            in[i].index = *graph_.find(ops[i].id);
            continue;
        }
        auto op = decode_body(ops[i].body);
        if (!op) return std::unexpected(op.error());
        in[i].op = std::move(*op);
        in[i].fresh = true;
        if (!ops[i].payload) continue;
        const auto* post = std::get_if<Post>(&in[i].op.act);
        if (post == nullptr)
            return fail(ErrorCode::op_payload_mismatch, "a payload beside an op that is no post");
        if (auto checked = check_payload(*post, *ops[i].payload); !checked)
            return std::unexpected(checked.error());
    }
    return {};
}

// O5, both rules. An op is proven by its own signature, or by the next op of its author in the batch, which
// names it as prev and is proven. So that a voucher can never turn out invalid after the op it proves was
// admitted, only posts under the same grant vouch on the wire; for any other the sender adds the signature.
Result<void> Replica::prove(const std::vector<EncodedOp>& ops, std::vector<Incoming>& in) {
    std::unordered_map<std::uint64_t, std::size_t> by_id;
    const auto key = [](const OpId& id) { return salted_hash(id.view(), 0x5bd1e995); };
    for (std::size_t i = 0; i < ops.size(); ++i) by_id[key(ops[i].id)] = i;
    for (std::size_t i = 0; i < ops.size(); ++i) {
        if (!in[i].fresh || !in[i].op.prev) continue;
        const auto at = by_id.find(key(*in[i].op.prev));
        if (at == by_id.end() || ops[at->second].id != *in[i].op.prev) continue;
        const Operation& below = in[at->second].op;
        const bool vouches = in[at->second].fresh && below.author == in[i].op.author &&
                             below.as == in[i].op.as && below.kind() == Kind::post &&
                             in[i].op.kind() == Kind::post;
        if (vouches) in[at->second].voucher = i;
    }
    for (std::size_t i = 0; i < ops.size(); ++i) {
        if (!in[i].fresh || !ops[i].signature) continue;
        const DeviceKey& author = in[i].op.author;
        const bool key_known = access_.knows(author) || verifier_.key_acceptable(author);
        if (!key_known) return fail(ErrorCode::op_bad_key, "the author's key is not acceptable");
        if (!verify_op(verifier_, author, ops[i].id, *ops[i].signature)) {
            return fail(ErrorCode::op_bad_signature, "a signature does not verify");
        }
    }
    for (std::size_t i = 0; i < ops.size(); ++i) {
        if (!in[i].fresh || ops[i].signature) continue;
        // Walk the run up to a signature; a run is shorter than limits::signed_every.
        std::size_t at = i;
        for (std::uint32_t steps = 0; at != SIZE_MAX && !ops[at].signature && steps < limits::signed_every;
             ++steps) {
            at = in[at].voucher;
        }
        if (at == SIZE_MAX || !ops[at].signature) {
            return fail(ErrorCode::op_unproven, "an op comes without signature and without voucher");
        }
    }
    return {};
}

// Which ops can be admitted now: those whose direct ancestors are in the graph or stand earlier in the batch
// and can be admitted, and whose voucher can be too.
void Replica::order(const std::vector<EncodedOp>& ops, std::vector<Incoming>& in) const {
    std::map<OpId, std::size_t> place;
    for (std::size_t i = 0; i < ops.size(); ++i) {
        if (in[i].fresh) place.emplace(ops[i].id, i);
    }
    const auto available = [&](const OpId& id, std::size_t before) {
        const auto at = place.find(id);
        if (at != place.end()) return at->second < before && in[at->second].ready;
        return graph_.find(id).has_value();
    };
    for (auto& op : in) op.ready = op.fresh;
    for (bool changed = true; changed;) {
        changed = false;
        for (std::size_t i = 0; i < ops.size(); ++i) {
            if (!in[i].ready) continue;
            std::vector<OpId> missing;
            const auto look = [&](const OpId& id) {
                if (!available(id, i)) missing.push_back(id);
            };
            if (in[i].op.prev) look(*in[i].op.prev);
            for (const auto& parent : in[i].op.parents) look(parent);
            const bool unproven = !ops[i].signature && !in[in[i].voucher].ready;
            if (missing.empty() && !unproven) continue;
            in[i].ready = false;
            in[i].result.status = Admitted::Status::deferred;
            in[i].result.missing = std::move(missing);
            changed = true;
        }
    }
}

Result<std::vector<Admitted>> Replica::admit_batch(std::vector<EncodedOp>& ops) {
    if (auto writable = check_writable(); !writable) return std::unexpected(writable.error());
    std::vector<Incoming> in(ops.size());
    if (auto decoded = decode(ops, in); !decoded) return std::unexpected(decoded.error());
    if (auto proven = prove(ops, in); !proven) return std::unexpected(proven.error());
    order(ops, in);
    for (std::size_t i = 0; i < ops.size(); ++i) {
        if (!in[i].ready) continue;
        if (auto checked = check_keys(in[i].op); !checked) return std::unexpected(checked.error());
        if (graph_.size() == 0 && group_ && ops[i].id != create_of(*group_)) {
            return fail(ErrorCode::graph_wrong_group, "the op creates another group");
        }
        switch (graph_.prepare(ops[i].id, in[i].op)) {
            case Graph::Placement::duplicate: in[i].result.status = Admitted::Status::duplicate; continue;
            case Graph::Placement::missing:
                in[i].result.status = Admitted::Status::deferred;
                in[i].result.missing = graph_.missing();
                continue;
            case Graph::Placement::invalid: return std::unexpected(graph_.error());
            case Graph::Placement::ready: break;
        }
        if (auto checked = access_.check(in[i].op); !checked) return std::unexpected(checked.error());
        commit(in[i].op, ops[i]);
        in[i].result.status = Admitted::Status::admitted;
        in[i].result.index = static_cast<OpIndex>(graph_.size() - 1);
    }
    std::vector<Admitted> out;
    out.reserve(in.size());
    for (auto& op : in) out.push_back(std::move(op.result));
    return out;
}

// After graph_.prepare and access_.check said yes.
void Replica::commit(const Operation& op, const EncodedOp& encoded) {
    const OpIndex index = graph_.commit();
    access_.apply(index, op);
    if (!group_) group_ = graph_.group();
    PersistBatch& batch = open_batch();
    StoredOp stored{encoded.id, encoded.body, {}, encoded.payload};
    if (encoded.signature) stored.signatures.push_back(*encoded.signature);
    batch.ops.push_back(std::move(stored));
    ticket_ends_[batch.ticket] = index + 1;
    unpersisted_.emplace(index, encoded);
    delivered_.push_back(index);
}

}  // namespace folkmoot
