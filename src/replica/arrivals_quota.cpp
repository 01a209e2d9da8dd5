// The quota at the door (O8): which ops of a batch are refused for now. Asked before signatures are verified,
// so that a flood costs no verification; what excuses an op is verified with it, or nothing is admitted.
#include <algorithm>
#include <map>

#include "replica/arrivals.hpp"
#include "replica/quota.hpp"

namespace folkmoot {

// The ops by authors that are out, by place; this device refuses none of its own. What acts under a grant
// made in this very batch is bound as the op that makes it is: an author that is out can appoint others, and
// a member can bring one back.
std::vector<bool> Replica::Arrivals::find_bound() const {
    std::vector<bool> bound(ops_.size(), false);
    std::map<DeviceKey, bool> out;
    const std::optional<DeviceKey> self = replica_.self();
    const DeviceKey* last = nullptr;
    bool last_out = false;
    for (const std::uint32_t i : sequence_) {
        const Operation& op = ops_[i].value();
        if (last == nullptr || *last != op.author) {
            const auto known = out.find(op.author);
            last_out = known != out.end()
                           ? known->second
                           : out.emplace(op.author, op.author != self && replica_.quota_->is_out(op.author))
                                 .first->second;
            last = &op.author;
        }
        const auto granted = op.as ? places_.find(*op.as) : std::nullopt;
        bound[i] = granted && states_[*granted].fresh ? bound[*granted] : last_out;
    }
    return bound;
}

// Whether the op acts under a grant that names its author. Without it A1 condemns the op, but only once what
// it stands on is in: a stranger's op must not open the door to a flood.
bool Replica::Arrivals::has_standing(std::uint32_t i) const {
    const Operation& op = ops_[i].value();
    if (!op.as) return true;  // create
    if (const auto place = places_.find(*op.as); place && states_[*place].fresh) {
        const Act& act = ops_[*place].value().act;
        if (const auto* create = std::get_if<Create>(&act))
            return std::ranges::find(create->founders, op.author) != create->founders.end();
        const auto subject = subject_of(act);
        return subject && *subject == op.author;
    }
    const auto held = graph_.find(*op.as);
    return held && replica_.access_.gave(*held, op.author);
}

// What an op that is not bound stands on, and what a member's op that waits elsewhere is known to stand on,
// is taken; with the run that proves it (O5), and so on down.
void Replica::Arrivals::exempt(std::vector<bool>& bound) const {
    std::vector<std::uint32_t> stack;
    std::map<std::pair<DeviceKey, OpId>, bool> standing;
    for (const std::uint32_t i : sequence_) {
        if (!bound[i]) {
            const auto [at, first] =
                standing.try_emplace({ops_[i].value().author, ops_[i].value().as.value_or(OpId{})}, true);
            if (first) at->second = has_standing(i);
            if (at->second) stack.push_back(i);
        } else if (peer_ != nullptr && replica_.quota_->wanted(*peer_, ops_[i].id())) {
            stack.push_back(i);
        }
    }
    const auto free = [&](std::uint32_t i) {
        if (bound[i]) stack.push_back(i);
        bound[i] = false;
    };
    for (const std::uint32_t i : stack) bound[i] = false;
    while (!stack.empty()) {
        const std::uint32_t i = stack.back();
        stack.pop_back();
        for (const Ancestor& ancestor : ancestors(i)) {
            if (ancestor.place != nowhere) free(ancestor.place);
        }
        if (!is_signed(i) && states_[i].voucher != nowhere) free(states_[i].voucher);
    }
}

// In order, so that of a chain the first part is kept. What stands on a refused op, or is proven by one, is
// refused with it.
void Replica::Arrivals::refuse_over_quota() {
    auto bound = find_bound();
    if (std::ranges::find(bound, true) == bound.end()) return;
    exempt(bound);
    Quota& quota = *replica_.quota_;
    std::vector<std::uint32_t> refused;
    std::map<DeviceKey, std::uint64_t> charged;  // with what this batch adds
    std::map<DeviceKey, DeviceKey> appointed;    // accounts of those that only this batch gives a grant
    for (const std::uint32_t i : sequence_) {
        if (!bound[i]) continue;
        const Operation& op = ops_[i].value();
        DeviceKey account = quota.is_out(op.author) ? quota.account_of(op.author) : op.author;
        if (const auto by = appointed.find(op.author); by != appointed.end()) account = by->second;
        if (const auto subject = subject_of(op.act); subject && !quota.is_out(*subject)) {
            appointed.emplace(*subject, account);
        }
        auto [at, first] = charged.try_emplace(account, 0);
        if (first) at->second = quota.charged(account);
        const std::size_t size = stored_size(ops_[i].bytes().body, op);
        if (at->second + size > limits::removed_author_bytes) {
            refused.push_back(i);
        } else {
            at->second += size;
        }
    }
    if (refused.empty()) return;
    for (const std::uint32_t i : refused) states_[i].ready = false;
    drop_dependents(std::move(refused));
    std::erase_if(sequence_, [this](std::uint32_t i) {
        if (states_[i].ready) return false;
        results_[i].status = Admitted::Status::refused;
        return true;
    });
}

// Costs at most one verification; a bad one ends the session.
Result<bool> Replica::want_past(std::span<const DecodedOp> batch, std::size_t at, const DeviceKey& peer) {
    const DecodedOp& op = batch[at];
    if (!quota_->wanted(peer, op.id())) {
        const DeviceKey& author = op.value().author;
        if (!access_.holds_any(author) || quota_->is_out(author)) return false;
        // O5: by its own signature, or by that at the end of its run.
        const DecodedOp* proof = &op;
        for (std::size_t i = at + 1; i < batch.size() && !proof->signature(); ++i) {
            const Operation& next = batch[i].value();
            if (next.author == author && next.prev == proof->id()) proof = &batch[i];
        }
        if (!proof->signature()) return false;
        if (!verify_op(verifier_, author, proof->id(), *proof->signature()))
            return fail(ErrorCode::op_bad_signature, "a signature does not verify");
    }
    const auto want = [&](const OpId& id) {
        if (!graph_.find(id)) quota_->want(peer, id);
    };
    if (op.value().prev) want(*op.value().prev);
    for (const auto& parent : op.value().parents) want(parent);
    return true;
}

}  // namespace folkmoot
