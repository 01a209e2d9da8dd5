#include "sync/parking.hpp"

#include "folkmoot/limits.hpp"

namespace folkmoot::sync {

std::size_t Parking::cost(const EncodedOp& op, std::size_t missing) {
    // The nodes of the maps weigh as much as a small op, so they count too: one for the op, and three for
    // each id it waits for.
    return 384 + 256 * missing + op.body.size() + (op.payload ? op.payload->size() : 0);
}

bool Parking::park(EncodedOp op, std::vector<OpId> missing) {
    const OpId id = op.id;
    if (parked_.contains(id)) return false;
    const std::size_t more = cost(op, missing.size());
    if (parked_.size() >= limits::parked_ops_per_peer || bytes_ + more > room_) {
        overflowed_ = true;
        return false;
    }
    bytes_ += more;
    for (const auto& ancestor : missing) waiting_[ancestor].insert(id);
    parked_.emplace(id, Entry{std::move(op), {missing.begin(), missing.end()}, more});
    return true;
}

EncodedOp Parking::take(std::map<OpId, Entry>::iterator at) {
    EncodedOp op = std::move(at->second.op);
    bytes_ -= at->second.bytes;
    parked_.erase(at);
    return op;
}

std::vector<EncodedOp> Parking::resolve(const OpId& arrived) {
    std::vector<EncodedOp> ready;
    const auto waiters = waiting_.extract(arrived);
    if (waiters.empty()) return ready;
    for (const auto& id : waiters.mapped()) {
        const auto at = parked_.find(id);
        at->second.missing.erase(arrived);
        if (at->second.missing.empty()) ready.push_back(take(at));
    }
    return ready;
}

std::vector<OpId> Parking::drop_waiting_for(const OpId& id, std::vector<EncodedOp>* ops) {
    std::vector<OpId> dropped;
    std::vector<OpId> causes{id};
    while (!causes.empty()) {
        const OpId cause = causes.back();
        causes.pop_back();
        const auto waiters = waiting_.extract(cause);
        if (waiters.empty()) continue;
        for (const auto& waiter : waiters.mapped()) {
            const auto at = parked_.find(waiter);
            for (const auto& other : at->second.missing) {
                if (other == cause) continue;
                const auto list = waiting_.find(other);
                list->second.erase(waiter);
                if (list->second.empty()) waiting_.erase(list);
            }
            EncodedOp op = take(at);
            if (ops != nullptr) ops->push_back(std::move(op));
            dropped.push_back(waiter);
            causes.push_back(waiter);
        }
    }
    return dropped;
}

void Parking::clear() {
    parked_.clear();
    waiting_.clear();
    bytes_ = 0;
    overflowed_ = false;
}

std::vector<OpId> Parking::missing() const {
    std::vector<OpId> out;
    for (const auto& [id, waiters] : waiting_) {
        if (!parked_.contains(id)) out.push_back(id);
    }
    return out;
}

}  // namespace folkmoot::sync
