#include "moot/lab_reconcile.hpp"

#include <algorithm>

#include "folkmoot/replica.hpp"
#include "moot/lab_clock.hpp"

namespace folkmoot::lab {
namespace {

// Real verification, counted and timed.
class CountingVerifier final : public Verifier {
   public:
    bool key_acceptable(const DeviceKey& key) const override {
        return timed([&] { return inner_.key_acceptable(key); });
    }
    bool verify(const DeviceKey& key, ByteView message, const Signature& signature) const override {
        ++checked;
        return timed([&] { return inner_.verify(key, message, signature); });
    }
    mutable std::uint64_t checked = 0;
    mutable double ms = 0;

   private:
    template <class F>
    bool timed(F f) const {
        const double start = cpu_ms();
        const bool result = f();
        ms += cpu_ms() - start;
        return result;
    }
    const Verifier& inner_ = ed25519_verifier();
};

struct Side {
    std::unique_ptr<Store> store;
    std::unique_ptr<Signer> signer;
    std::unique_ptr<Replica> replica;
    SessionId session = 0;
    std::uint64_t bytes_sent = 0;
};

Result<Side> make_side(const History& history, char which, const ReconcileOptions& options,
                       const DeviceKey& peer, std::unique_ptr<Signer> signer, const Verifier& verifier) {
    Side side;
    side.signer = std::move(signer);
    side.store = make_memory_store(StoreInstance{});
    std::vector<StoredOp> ops;
    Graph common;
    for (const auto& entry : history.ops) {
        if (entry.side != 'C' && entry.side != which) continue;
        StoredOp stored{entry.op.id, entry.op.body, {}, entry.op.payload};
        if (entry.op.signature) stored.signatures.push_back(*entry.op.signature);
        ops.push_back(std::move(stored));
    }
    if (auto appended = side.store->append(ops); !appended) return std::unexpected(appended.error());
    if (options.met) {
        for (const auto& entry : history.ops) {
            if (entry.side != 'C') continue;
            const auto op = decode_body(entry.op.body);
            if (op && common.prepare(entry.op.id, *op) == Graph::Placement::ready) common.commit();
        }
        RememberedFrontier frontier;
        frontier.peer = peer;
        for (const OpIndex head : common.heads()) frontier.heads.push_back(common.id(head));
        if (frontier.heads.size() > limits::frontier_ids) frontier.heads.resize(limits::frontier_ids);
        if (auto done = side.store->remember(peer, std::span(&frontier, 1)); !done)
            return std::unexpected(done.error());
    }
    auto replica = Replica::open({history.group, 1}, *side.store, side.signer.get(), verifier);
    if (!replica) return std::unexpected(replica.error());
    side.replica = std::move(*replica);
    return side;
}

Result<void> drain(Side& side) {
    while (auto batch = side.replica->poll_persist()) {
        const auto result = persist(*side.store, *batch);
        side.replica->handle_persisted(batch->ticket, result);
        if (!result) return result;
    }
    while (side.replica->poll_event()) {
    }
    return {};
}

Result<std::vector<Bytes>> take_messages(Side& side) {
    std::vector<Bytes> out;
    for (;;) {
        if (auto drained = drain(side); !drained) return std::unexpected(drained.error());
        auto message = side.replica->poll_message(side.session);
        if (!message) return out;
        side.bytes_sent += message->size();
        out.push_back(std::move(*message));
    }
}

}  // namespace

Result<ReconcileReport> reconcile(const History& history, const ReconcileOptions& options) {
    ReconcileReport report;
    for (const auto& entry : history.ops) {
        ++(entry.side == 'C' ? report.common : entry.side == 'A' ? report.only_a : report.only_b);
    }
    const CountingVerifier verifier;
    // Author 0 and the last author sit at the two ends; any two members would do.
    const auto last = static_cast<std::uint32_t>(history.authors.size() - 1);
    auto signer_a = make_signer(author_seed(0));
    auto signer_b = make_signer(author_seed(last));
    if (!signer_a || !signer_b) return fail(ErrorCode::signer_failed, "no key");
    const DeviceKey key_a = (*signer_a)->key();
    const DeviceKey key_b = (*signer_b)->key();
    auto a = make_side(history, 'A', options, key_b, std::move(*signer_a), verifier);
    if (!a) return std::unexpected(a.error());
    auto b = make_side(history, 'B', options, key_a, std::move(*signer_b), verifier);
    if (!b) return std::unexpected(b.error());

    Hash32 binding;
    binding.bytes.fill(0x5a);
    const double start = cpu_ms();
    const double verify_before = verifier.ms;
    a->session =
        a->replica->open_session({key_b, binding, true, options.summary, false, options.sign_each}, 0);
    b->session =
        b->replica->open_session({key_a, binding, false, options.summary, false, options.sign_each}, 0);
    // What is sent at one time arrives at the next; so a step is one trip.
    auto to_b = take_messages(*a);
    auto to_a = take_messages(*b);
    std::uint64_t step = 0;
    const std::size_t all = history.ops.size();
    while (to_a && to_b && (!to_a->empty() || !to_b->empty())) {
        ++step;
        const auto for_a = std::move(*to_a);
        const auto for_b = std::move(*to_b);
        for (const auto& message : for_a) a->replica->handle_message(a->session, message, step);
        for (const auto& message : for_b) b->replica->handle_message(b->session, message, step);
        to_b = take_messages(*a);
        to_a = take_messages(*b);
        const bool whole = a->replica->graph().size() == all && b->replica->graph().size() == all;
        if (whole && !report.complete) {
            report.complete = true;
            report.trips = step;
        }
    }
    if (!to_a) return std::unexpected(to_a.error());
    if (!to_b) return std::unexpected(to_b.error());
    report.total_ms = cpu_ms() - start;
    report.session_ms = report.total_ms - (verifier.ms - verify_before);
    report.signatures_checked = verifier.checked;
    const Session& session_a = *a->replica->session(a->session);
    const Session& session_b = *b->replica->session(b->session);
    report.bytes_total = a->bytes_sent + b->bytes_sent;
    report.bytes_ops = session_a.stats().op_bytes_new + session_b.stats().op_bytes_new;
    report.ops_delivered = session_a.stats().ops_new + session_b.stats().ops_new;
    constexpr std::array<std::string_view, 5> names{"nothing", "bloom", "exact", "tips", "locator"};
    report.summary = names.at(std::max(session_a.stats().last_summary, session_b.stats().last_summary));
    report.outcome = std::max(session_a.outcome(), session_b.outcome());
    if (session_a.outcome() == Outcome::failed) report.error = session_a.error().text;
    if (session_b.outcome() == Outcome::failed) report.error = session_b.error().text;
    report.equal =
        report.outcome == Outcome::equal &&
        a->replica->graph().heads().size() == b->replica->graph().heads().size() &&
        a->replica->access().now().membership_digest() == b->replica->access().now().membership_digest();
    return report;
}

}  // namespace folkmoot::lab
