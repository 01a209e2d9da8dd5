// How ops from elsewhere enter: decoded, proven, placed, judged, committed (O5, O6, O8, A1). The one place
// where an op is judged, whatever way it came.
//
// Three answers are never mixed: an op that can never be valid condemns its batch, since no correct peer
// holds one; an op whose ancestors are missing is deferred; void is not decided here at all.
#include <algorithm>
#include <queue>

#include "base/assert.hpp"
#include "folkmoot/replica.hpp"
#include "replica/link.hpp"

namespace folkmoot {
namespace {

// A post after a post by the same author under the same grant: valid wherever all its ancestors are, since
// A1 asks nothing of it that its prev did not answer.
bool continues(const Operation& later, const Operation& earlier) {
    return later.kind() == Kind::post && earlier.kind() == Kind::post && later.author == earlier.author &&
           later.as == earlier.as && later.group == earlier.group;
}

}  // namespace

Result<std::vector<Admitted>> Replica::admit(std::vector<EncodedOp>& ops, const DeviceKey&) {
    return admit_batch(ops);
}

Result<std::vector<Admitted>> Replica::take(std::vector<EncodedOp>& ops) {
    auto admitted = admit_batch(ops);
    spread_growth();
    return admitted;
}

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

Result<void> Replica::decode(std::vector<EncodedOp>& ops, std::vector<Incoming>& in, BatchPlaces& places) {
    for (std::size_t i = 0; i < ops.size(); ++i) {
        const auto known = graph_.find(ops[i].id);
        if (known || !places.add(ops[i].id, i)) {
            in[i].result.status = Admitted::Status::duplicate;
            in[i].result.index = known.value_or(no_index);
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
Result<void> Replica::prove(const std::vector<EncodedOp>& ops, std::vector<Incoming>& in,
                            const BatchPlaces& places) const {
    std::vector<bool> has_child(ops.size(), false);
    for (std::size_t i = 0; i < ops.size(); ++i) {
        if (!in[i].fresh || !in[i].op.prev) continue;
        const std::size_t below = places.find(*in[i].op.prev);
        if (below == SIZE_MAX || has_child[below]) continue;
        // Only the first that names it as prev can vouch: that one stands next on its branch for ever, so
        // that whoever keeps the op finds its proof, however its author forks later.
        has_child[below] = true;
        if (continues(in[i].op, in[below].op)) in[below].voucher = i;
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

// Which ops can be admitted now, parents before children and otherwise as they came: those whose direct
// ancestors are in the graph or can be admitted too, and whose voucher can be. Cost: O(n log n), whatever the
// batch looks like.
std::vector<std::size_t> Replica::order(const std::vector<EncodedOp>& ops, std::vector<Incoming>& in,
                                        const BatchPlaces& places) const {
    std::vector<std::vector<std::size_t>> children(ops.size());
    std::vector<std::size_t> dropped;
    for (std::size_t i = 0; i < ops.size(); ++i) {
        in[i].ready = in[i].fresh;
    }
    const auto each_ancestor = [&](std::size_t i, const auto& visit) {
        if (in[i].op.prev) visit(*in[i].op.prev);
        for (const auto& parent : in[i].op.parents) visit(parent);
    };
    const auto drop = [&](std::size_t i) {
        if (!in[i].ready) return;
        in[i].ready = false;
        dropped.push_back(i);
    };
    for (std::size_t i = 0; i < ops.size(); ++i) {
        if (!in[i].fresh) continue;
        each_ancestor(i, [&](const OpId& id) {
            if (const std::size_t at = places.find(id); at != SIZE_MAX) {
                children[at].push_back(i);
                ++in[i].waits;
            } else if (!graph_.find(id)) {
                drop(i);
            }
        });
    }
    while (!dropped.empty()) {
        const std::size_t i = dropped.back();
        dropped.pop_back();
        for (const std::size_t child : children[i]) drop(child);
        // What this one alone would have proven.
        if (!in[i].op.prev) continue;
        const std::size_t below = places.find(*in[i].op.prev);
        if (below == SIZE_MAX || in[below].voucher != i) continue;
        if (!ops[below].signature) drop(below);
    }
    std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> next;
    std::vector<std::size_t> sequence;
    for (std::size_t i = 0; i < ops.size(); ++i) {
        if (in[i].ready && in[i].waits == 0) next.push(i);
        if (!in[i].fresh || in[i].ready) continue;
        in[i].result.status = Admitted::Status::deferred;
        each_ancestor(i, [&](const OpId& id) {
            const std::size_t at = places.find(id);
            const bool here = at != SIZE_MAX ? in[at].ready : graph_.find(id).has_value();
            if (!here) in[i].result.missing.push_back(id);
        });
    }
    while (!next.empty()) {
        const std::size_t i = next.top();
        next.pop();
        sequence.push_back(i);
        for (const std::size_t child : children[i]) {
            if (--in[child].waits == 0 && in[child].ready) next.push(child);
        }
    }
    return sequence;
}

// O5, what is left: an op at a position divisible by limits::signed_every comes with its signature, and no op
// that may yet turn out invalid stands between an op without signature and the one that proves it. So a
// run and its voucher are committed together whatever else the batch holds: nobody can make this replica keep
// an op that it could not prove to others.
Result<void> Replica::check_runs(const std::vector<EncodedOp>& ops, std::vector<Incoming>& in,
                                 const BatchPlaces& places, const std::vector<std::size_t>& sequence) const {
    std::vector<std::size_t> step(ops.size(), SIZE_MAX);
    for (std::size_t k = 0; k < sequence.size(); ++k) {
        step[sequence[k]] = k;
    }
    std::size_t open_until = 0;
    std::vector<bool> has_child(ops.size(), false);
    for (std::size_t k = 0; k < sequence.size(); ++k) {
        Incoming& now = in[sequence[k]];
        bool safe = false;
        if (now.op.prev) {
            const std::size_t at = places.find(*now.op.prev);
            if (at != SIZE_MAX && step[at] != SIZE_MAX) {
                now.position = in[at].position + 1;
                safe = continues(now.op, in[at].op);
                const bool first = !has_child[at];
                has_child[at] = true;
                if (first && !ops[at].signature && in[at].voucher != sequence[k]) {
                    return fail(ErrorCode::op_unproven, "another op comes between an op and its voucher");
                }
            } else if (const auto held = graph_.find(*now.op.prev)) {
                now.position = graph_.position(*held) + 1;
                safe = now.op.kind() == Kind::post && graph_.kind(*held) == Kind::post &&
                       graph_.key(graph_.author(*held)) == now.op.author && grant_op(*held) == now.op.as &&
                       now.op.group == group_;
            }
        }
        if (!safe && open_until > k) {
            return fail(ErrorCode::op_unproven, "an op is proven only after one that may be invalid");
        }
        if (ops[sequence[k]].signature) continue;
        if (now.position % limits::signed_every == 0) {
            return fail(ErrorCode::op_unproven,
                        "an op at a position divisible by 64 comes without signature");
        }
        std::size_t end = sequence[k];
        while (!ops[end].signature) end = in[end].voucher;
        open_until = std::max(open_until, step[end]);
    }
    return {};
}

// Only what is about to be admitted is verified: ops that wait for ancestors cost their sender's budget and
// nobody's time, and are verified when their turn comes.
Result<void> Replica::verify(const std::vector<EncodedOp>& ops, const std::vector<Incoming>& in,
                             const std::vector<std::size_t>& sequence) const {
    for (const std::size_t i : sequence) {
        if (!ops[i].signature) continue;
        const DeviceKey& author = in[i].op.author;
        if (!access_.knows(author) && !verifier_.key_acceptable(author)) {
            return fail(ErrorCode::op_bad_key, "the author's key is not acceptable");
        }
        if (!verify_op(verifier_, author, ops[i].id, *ops[i].signature)) {
            return fail(ErrorCode::op_bad_signature, "a signature does not verify");
        }
    }
    return {};
}

Result<std::vector<Admitted>> Replica::admit_batch(std::vector<EncodedOp>& ops) {
    if (auto writable = check_writable(); !writable) return std::unexpected(writable.error());
    std::vector<Incoming> in(ops.size());
    BatchPlaces places(ops, graph_.seed());
    if (auto decoded = decode(ops, in, places); !decoded) return std::unexpected(decoded.error());
    if (auto proven = prove(ops, in, places); !proven) return std::unexpected(proven.error());
    const auto sequence = order(ops, in, places);
    if (auto whole = check_runs(ops, in, places, sequence); !whole) return std::unexpected(whole.error());
    if (auto good = verify(ops, in, sequence); !good) return std::unexpected(good.error());
    for (const std::size_t i : sequence) {
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
