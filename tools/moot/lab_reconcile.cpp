#include "moot/lab_reconcile.hpp"

#include <algorithm>
#include <array>

#include "moot/lab_clock.hpp"
#include "moot/lab_end.hpp"

namespace folkmoot::lab {
namespace {

// The heads of the first `count` common ops.
std::vector<OpId> frontier_after(const History& history, std::size_t count) {
    Graph common;
    for (const auto& entry : history.ops) {
        if (entry.side != 'C') continue;
        if (common.size() == count) break;
        const auto op = decode_body(entry.op.body);
        if (op && common.prepare(entry.op.id, *op) == Graph::Placement::ready) common.commit();
    }
    std::vector<OpId> heads;
    for (const OpIndex head : common.heads()) heads.push_back(common.id(head));
    if (heads.size() > limits::frontier_ids) heads.resize(limits::frontier_ids);
    return heads;
}

// What the end remembers of the other, if anything.
std::optional<std::vector<OpId>> memory_of(const History& history, std::size_t common, char which,
                                           const ReconcileOptions& options) {
    const std::size_t met_at = common - std::min(common, options.third_party);
    if (options.memory == Memory::first || (options.memory == Memory::lost && which == 'B'))
        return std::nullopt;
    const bool older = options.memory == Memory::stale && which == 'B';
    return frontier_after(history, older ? met_at / 2 : met_at);
}

Result<End> make_end(const History& history, std::size_t common, char which, std::uint32_t author,
                     std::uint32_t peer, const ReconcileOptions& options, const Verifier& verifier) {
    auto store = make_memory_store(StoreInstance{});
    std::vector<StoredOp> ops;
    for (const auto& entry : history.ops) {
        if (entry.side != 'C' && entry.side != which) continue;
        StoredOp stored{entry.op.id, entry.op.body, {}, entry.op.payload};
        if (entry.op.signature) stored.signatures.push_back(*entry.op.signature);
        ops.push_back(std::move(stored));
    }
    if (auto appended = store->append(ops); !appended) return std::unexpected(appended.error());
    if (const auto heads = memory_of(history, common, which, options)) {
        RememberedFrontier frontier;
        frontier.peer = history.authors[peer];
        frontier.heads = *heads;
        if (auto done = store->remember(frontier.peer, std::span(&frontier, 1)); !done)
            return std::unexpected(done.error());
    }
    return open_end(history.group, std::move(store), author, verifier);
}

// After both sessions ended.
void describe(ReconcileReport& report, const End& a, const End& b) {
    const Session& session_a = *a.replica->session(a.session);
    const Session& session_b = *b.replica->session(b.session);
    report.bytes_ops = session_a.stats().op_bytes_new + session_b.stats().op_bytes_new;
    report.ops_delivered = session_a.stats().ops_new + session_b.stats().ops_new;
    constexpr std::array<std::string_view, 5> names{"nothing", "bloom", "exact", "tips", "locator"};
    report.summary = names.at(std::max(session_a.stats().last_summary, session_b.stats().last_summary));
    report.outcome = std::max(session_a.outcome(), session_b.outcome());
    if (session_a.outcome() == Outcome::failed) report.error = session_a.error().text;
    if (session_b.outcome() == Outcome::failed) report.error = session_b.error().text;
    report.equal =
        report.outcome == Outcome::equal && same_ops(a, b) &&
        a.replica->access().now().membership_digest() == b.replica->access().now().membership_digest();
}

// What loading freed the allocator sorts at the next larger request; that is no cost of a session.
void settle_allocator() {
    const Bytes block(std::size_t{64} * 1024, 1);
    const volatile std::uint8_t* kept = block.data();
    (void)*kept;
}

Result<ReconcileReport> reconcile_once(const History& history, const ReconcileOptions& options) {
    ReconcileReport report;
    for (const auto& entry : history.ops) {
        ++(entry.side == 'C' ? report.common : entry.side == 'A' ? report.only_a : report.only_b);
    }
    const CountingVerifier verifier;
    // Author 0 and the last author sit at the two ends; any two members would do.
    const auto last = static_cast<std::uint32_t>(history.authors.size() - 1);
    auto a = make_end(history, report.common, 'A', 0, last, options, verifier);
    if (!a) return std::unexpected(a.error());
    auto b = make_end(history, report.common, 'B', last, 0, options, verifier);
    if (!b) return std::unexpected(b.error());

    Hash32 binding;
    binding.bytes.fill(0x5a);
    settle_allocator();
    const double start = cpu_ms();
    const double verify_before = verifier.ms;
    const auto session = [&](End& end, const DeviceKey& peer, bool initiator) {
        return end.replica->open_session(
            {peer, binding, initiator, options.summary, false, options.sign_each}, 0);
    };
    a->session = session(*a, history.authors[last], true);
    b->session = session(*b, history.authors[0], false);
    const auto done = exchange(*a, *b);
    if (!done) return std::unexpected(done.error());
    report.total_ms = cpu_ms() - start;
    report.session_ms = report.total_ms - (verifier.ms - verify_before);
    report.signatures_checked = verifier.checked;
    report.bytes_total = done->bytes;
    report.complete = done->complete_at.has_value();
    report.trips = done->complete_at.value_or(0);
    describe(report, *a, *b);
    return report;
}

}  // namespace

Result<ReconcileReport> reconcile(const History& history, const ReconcileOptions& options) {
    auto best = reconcile_once(history, options);
    for (unsigned i = 1; best && i < options.repeat; ++i) {
        const auto next = reconcile_once(history, options);
        if (!next) return next;
        best->session_ms = std::min(best->session_ms, next->session_ms);
        best->total_ms = std::min(best->total_ms, next->total_ms);
    }
    return best;
}

}  // namespace folkmoot::lab
