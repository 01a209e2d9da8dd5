// How ops from elsewhere enter: decoded, proven, placed, judged, committed (O5, O6, O8, A1). The one place
// where an op is judged, whatever way it came.
//
// Three answers are never mixed: an op that can never be valid condemns its batch, since no correct peer
// holds one; an op whose ancestors are missing is deferred; void is not decided here at all.
#include "folkmoot/replica.hpp"
#include "replica/arrivals.hpp"
#include "replica/link.hpp"
#include "replica/quota.hpp"

namespace folkmoot {

Result<std::vector<Admitted>> Replica::admit(std::vector<DecodedOp>& ops, const DeviceKey& peer) {
    const auto own = own_among(ops);
    auto admitted = admit_batch(ops, &peer);
    if (!admitted) return admitted;
    if (auto noted = note_own(own, *admitted, /*from_peer=*/true); !noted)
        return std::unexpected(noted.error());
    return admitted;
}

Result<std::vector<Admitted>> Replica::take(std::span<const EncodedOp> ops) {
    std::vector<DecodedOp> decoded;
    decoded.reserve(ops.size());
    for (const EncodedOp& op : ops) {
        auto one = DecodedOp::from_bytes(op);
        if (!one) return std::unexpected(one.error());
        decoded.push_back(std::move(*one));
    }
    const auto own = own_among(decoded);
    auto admitted = admit_batch(decoded, nullptr);
    if (admitted) {
        if (auto noted = note_own(own, *admitted, /*from_peer=*/false); !noted)
            return std::unexpected(noted.error());
    }
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

Result<std::vector<Admitted>> Replica::admit_batch(std::vector<DecodedOp>& ops, const DeviceKey* peer) {
    if (auto writable = check_writable(); !writable) return std::unexpected(writable.error());
    Arrivals arrivals(*this, ops, peer);
    if (auto checked = arrivals.check(); !checked) return std::unexpected(checked.error());
    auto& results = arrivals.results();
    for (const std::uint32_t i : arrivals.late_signatures()) {
        keep_signature(results[i].index, *ops[i].signature());
    }
    for (std::size_t i = 0; i < ops.size(); ++i) {
        if (results[i].status == Admitted::Status::duplicate && results[i].index != no_index)
            note_payload(results[i].index, ops[i]);
    }
    for (const std::uint32_t i : arrivals.sequence()) {
        const Operation& op = ops[i].value();
        if (auto checked = check_keys(op); !checked) return std::unexpected(checked.error());
        if (graph_.size() == 0 && group_ && ops[i].id() != create_of(*group_)) {
            return fail(ErrorCode::graph_wrong_group, "the op creates another group");
        }
        switch (graph_.prepare(ops[i].id(), op)) {
            case Graph::Placement::duplicate: continue;
            case Graph::Placement::missing:
                results[i].status = Admitted::Status::deferred;
                results[i].missing = graph_.missing();
                continue;
            case Graph::Placement::invalid: return std::unexpected(graph_.error());
            case Graph::Placement::ready: break;
        }
        if (auto checked = access_.check(op); !checked) return std::unexpected(checked.error());
        results[i].status = Admitted::Status::admitted;
        const bool blank = op.kind() == Kind::post && !ops[i].bytes().payload;
        results[i].index = commit(std::move(ops[i]));
        if (!blank || peer == nullptr) continue;
        blank_[results[i].index] = {*peer, 0};
        if (blank_.size() > limits::lacking_payloads) blank_.erase(blank_.begin());
    }
    return std::move(results);
}

// After graph_.prepare and access_.check said yes.
OpIndex Replica::commit(DecodedOp&& op) {
    const OpIndex index = graph_.commit();
    access_.apply(index, op.value());
    if (quota_->add(index, stored_size(op.bytes().body, op.value()))) tell_heavy(op.value().author);
    if (!group_) group_ = graph_.group();
    EncodedOp bytes = std::move(op).release();
    StoredOp stored{bytes.id, std::move(bytes.body), {}, std::move(bytes.payload)};
    if (bytes.signature) stored.signatures.push_back(*bytes.signature);
    signed_.push_back(bytes.signature.has_value());
    open_ops(index).push_back(std::move(stored));
    delivered_.push_back(index);
    return index;
}

void Replica::tell_heavy(const DeviceKey& author) {
    Event event;
    event.kind = Event::Kind::author_heavy;
    event.member = MemberChange{author, access_.now().level_of(author), access_.now().level_of(author)};
    events_.push_back(std::move(event));
}

// O5: the first signature of an op that a voucher proved so far.
void Replica::keep_signature(OpIndex op, const Signature& signature) {
    signed_[op] = true;
    PersistBatch& batch = open_batch();
    batch.signatures.push_back({graph_.id(op), signature});
    unpersisted_signatures_.emplace(op, UnpersistedSignature{batch.ticket, signature});
}

}  // namespace folkmoot
