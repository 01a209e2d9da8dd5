// What a taker does about ops that a quota refused (O8): nothing that stands on them is waited for, except
// what a member signed. From such an op the past is learnt downwards, by the ids in the bodies, so that
// nobody can have more taken than the member really cited; once the bottom is known, it is asked for once
// more and comes parents first. What is learnt is ids, so that a past larger than the room for parked ops can
// be taken.
#include <algorithm>

#include "sync/taker.hpp"

namespace folkmoot::sync {
namespace {

constexpr unsigned max_walk_needs = 200;  // fewer than a taker sends between two `have`
constexpr std::size_t first_width = 16;

}  // namespace

void Taker::add_refused(const OpId& id) {
    if (refused_.size() < limits::refused_ids_per_peer) {
        refused_.insert(id);
    } else if (!refused_.contains(id)) {
        refused_too_many_ = true;
    }
}

// What stands on a refused op cannot be taken either, and counts as refused; unless a member's op is among
// it.
Result<void> Taker::note_refused(const OpId& id) {
    add_refused(id);
    std::vector<EncodedOp> dropped;
    for (const auto& each : parking_.drop_waiting_for(id, &dropped)) add_refused(each);
    // Children first: what a member's op wants is known before what stands below it is looked at.
    for (std::size_t i = dropped.size(); i-- > 0;) {
        auto op = DecodedOp::from_bytes(std::move(dropped[i]));
        if (!op) return std::unexpected(op.error());
        if (auto wanted = learn_wanted(std::span(&*op, 1), 0); !wanted) return wanted;
    }
    return {};
}

// If the op's ancestors are wanted whatever the quota, they are no longer refused.
Result<void> Taker::learn_wanted(std::span<const DecodedOp> batch, std::size_t at) {
    const OpId& id = batch[at].id();
    const bool walked_to = walk_.contains(id);
    const auto wanted = host_.want_past(batch, at, config_.peer);
    if (!wanted) return std::unexpected(wanted.error());
    if (!*wanted) return {};
    if (!walked_to && walk_from_.size() < limits::need_ids) walk_from_.insert(id);
    walk_.erase(id);
    refused_.erase(id);
    const auto below = [this](const OpId& each) {
        refused_.erase(each);
        if (walk_.size() < limits::need_ids && !host_.graph().find(each)) walk_.insert(each);
    };
    if (batch[at].value().prev) below(*batch[at].value().prev);
    for (const auto& parent : batch[at].value().parents) below(parent);
    return {};
}

// Parents first, what stands on a refused op; then children first, what of it a member's op wants; then the
// rest finds room or not.
Result<void> Taker::note_deferred(std::vector<DecodedOp>& batch, std::vector<Admitted>& results) {
    const auto deferred = [&](std::size_t i) { return results[i].status == Admitted::Status::deferred; };
    const auto on_refused = [&](std::size_t i) {
        return std::ranges::any_of(results[i].missing,
                                   [this](const OpId& each) { return refused_.contains(each); });
    };
    std::size_t useless = 0;
    if (!refused_.empty() || !walk_.empty()) {
        for (std::size_t i = 0; i < batch.size(); ++i) {
            if (!deferred(i) || !on_refused(i)) continue;
            if (refused_.contains(batch[i].id()) || refused_too_many_) ++useless;
            if (auto noted = note_refused(batch[i].id()); !noted) return noted;
        }
        for (std::size_t i = batch.size(); i-- > 0;) {
            if (!deferred(i) || !(on_refused(i) || walk_.contains(batch[i].id()))) continue;
            if (auto learnt = learn_wanted(batch, i); !learnt) return learnt;
        }
    }
    for (std::size_t i = 0; i < batch.size(); ++i) {
        if (!deferred(i) || refused_.contains(batch[i].id())) continue;
        // What only a voucher proves is not kept, since it could not be admitted without the voucher: it is
        // asked for again, and then comes with its voucher.
        ++put_off_;
        if (batch[i].signature() && !results[i].missing.empty() &&
            parking_.park(std::move(batch[i]).release(), std::move(results[i].missing))) {
            progress_ = true;
        } else {
            ++useless;
        }
    }
    return note_useless(useless);
}

// After an answer: true if another request is on its way. Downwards while every answer brings wanted ops that
// were not seen before, in answers of one message each, for only their last message is known to be wanted;
// then once upwards, with all that was learnt.
bool Taker::walk_on() {
    std::erase_if(walk_, [this](const OpId& id) { return host_.graph().find(id).has_value(); });
    if (walk_from_.empty()) return false;
    if (!walk_.empty() && walk_ != walk_asked_ && needs_ < max_walk_needs) {
        if (walk_asked_.empty()) walk_width_ = first_width;
        walk_width_ = answer_messages_ > 1 ? std::max(walk_width_ / 2, first_width / 4) : walk_width_ * 2;
        walk_width_ = std::min(walk_width_, limits::batch_ops / 2);
        walk_asked_ = walk_;
        ancestors_ = static_cast<std::uint32_t>(walk_width_);
        put_off_ = 0;
        send_need({walk_.begin(), walk_.end()});
        return true;
    }
    std::vector<OpId> top(walk_from_.begin(), walk_from_.end());
    walk_.clear();
    walk_from_.clear();
    walk_asked_.clear();
    std::erase_if(top, [this](const OpId& id) { return host_.graph().find(id).has_value(); });
    if (top.empty() || needs_ > max_walk_needs) return false;
    ancestors_ = limits::walk_back_ops;
    send_need(std::move(top));
    return true;
}

std::size_t Taker::memory() const {
    const std::size_t in_sets = refused_.size() + walk_.size() + walk_from_.size() + walk_asked_.size();
    return parking_.bytes() + in_sets * bytes_per_id + (peer_heads_.size() + wanted_.size()) * OpId::size;
}

}  // namespace folkmoot::sync
