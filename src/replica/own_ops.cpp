// T: never against an honest author. A device whose store was rolled back, by a restored backup or a lost
// disk, adopts its own later ops from peers before it signs again.
//
//             restored, or a peer shows an own op
//     FREE ---------------------------------------> WAITING
//          <---------------------------------------
//             a session ends equal, this device may read and nothing shown is missing; or force_authoring
//
// Only an op that proves itself makes authoring wait: nobody else can sign one, so nobody can silence a
// device.
#include "folkmoot/replica.hpp"
#include "replica/link.hpp"

namespace folkmoot {

std::uint64_t Replica::own_ops() const {
    if (signer_ == nullptr) return 0;
    const auto author = graph_.find_author(signer_->key());
    if (!author) return 0;
    std::uint64_t count = 0;
    for (const BranchIndex branch : graph_.branches(*author)) count += graph_.branch_ops(branch).size();
    return count;
}

Result<void> Replica::check_waits() const {
    switch (waits_) {
        case AuthoringWait::none: return {};
        case AuthoringWait::rolled_back:
            return fail(ErrorCode::not_synced,
                        "this store may be older than what this device has signed; sync with a peer first");
        case AuthoringWait::own_ops_missing: break;
    }
    return fail(ErrorCode::not_synced,
                "a peer has ops of this device that were missing here; sync with a peer first");
}

void Replica::suspect_rollback() { begin_wait(AuthoringWait::rolled_back); }

void Replica::force_authoring() {
    own_awaited_.reset();
    end_wait();
}

void Replica::begin_wait(AuthoringWait why) {
    if (signer_ == nullptr || waits_ != AuthoringWait::none) return;
    waits_ = why;
    open_batch().rolled_back = true;
    Event event;
    event.kind = Event::Kind::authoring_waits;
    event.error = check_waits().error();
    events_.push_back(std::move(event));
}

void Replica::end_wait() {
    if (waits_ == AuthoringWait::none) return;
    waits_ = AuthoringWait::none;
    open_batch().rolled_back = false;
    Event event;
    event.kind = Event::Kind::authoring_resumes;
    events_.push_back(std::move(event));
}

void Replica::settle_wait(Outcome outcome) {
    if (waits_ == AuthoringWait::none || outcome != Outcome::equal) return;
    // Whoever is out was given no more than what says so (Y9): own ops may still be missing.
    if (signer_ == nullptr || !may_read(signer_->key())) return;
    if (own_awaited_ && !graph_.find(*own_awaited_)) return;
    own_awaited_.reset();
    end_wait();
}

std::vector<Replica::OwnArrival> Replica::own_among(const std::vector<DecodedOp>& ops) const {
    std::vector<OwnArrival> own;
    if (signer_ == nullptr) return own;
    const DeviceKey self = signer_->key();
    for (std::size_t i = 0; i < ops.size(); ++i) {
        if (ops[i].value().author == self) own.push_back({i, ops[i].id(), ops[i].signature()});
    }
    return own;
}

// What came of own ops in a batch. Those admitted have proven themselves. One that waits for ancestors is not
// proven yet, so its signature is checked here: a run without signatures ends in one that has some (O5), and
// the first bad one ends the session, so a peer can cost one verification in vain.
Result<void> Replica::note_own(const std::vector<OwnArrival>& own, const std::vector<Admitted>& admitted,
                               bool from_peer) {
    for (const auto& op : own) {
        const Admitted::Status status = admitted[op.place].status;
        if (status == Admitted::Status::admitted && from_peer) begin_wait(AuthoringWait::own_ops_missing);
        if (status != Admitted::Status::deferred || !op.signature) continue;
        if (!verify_op(verifier_, signer_->key(), op.id, *op.signature)) {
            return fail(ErrorCode::op_bad_signature, "a signature does not verify");
        }
        own_awaited_ = op.id;
        begin_wait(AuthoringWait::own_ops_missing);
    }
    return {};
}

}  // namespace folkmoot
