#include "sync/giver.hpp"

#include <algorithm>
#include <queue>

#include "base/assert.hpp"
#include "sync/keys.hpp"
#include "sync/summary.hpp"

namespace folkmoot::sync {
namespace {

// A correct peer asks for each op once or, after losing what was parked, a few times.
constexpr std::uint64_t budget_factor = 4;
constexpr std::uint64_t budget_floor = 10'000;
// A correct peer names all it holds a few times by filters and once in pages of exact ids.
constexpr std::uint64_t work_floor = 10'000'000;
constexpr std::uint64_t filters = 64;
constexpr std::uint64_t ids_per_pass = limits::exact_ids_per_page / 4;
// What a compact post takes besides payload and signature, generously.
constexpr std::size_t compact_overhead = 128;

std::vector<OpId> ids_of(const Graph& graph, std::span<const OpIndex> ops) {
    std::vector<OpId> ids;
    ids.reserve(ops.size());
    for (const OpIndex op : ops) ids.push_back(graph.id(op));
    return ids;
}

}  // namespace

Giver::Giver(SessionHost& host, const SessionConfig& config)
    : host_(host),
      config_(config),
      label_salt_(label_salt(config.binding)),
      labels_(host.graph(), label_salt_) {}

bool Giver::open() {
    const Graph& graph = host_.graph();
    heads_ = host_.offer_for(config_.peer);
    reader_ = host_.may_read(config_.peer);
    open_ = !heads_.empty() || graph.size() == 0;
    whole_ = reader_ || graph.size() == 0;
    if (!reader_) offer_proofs();
    offer_ = graph.closure(heads_);
    digest_ = offer_digest(config_.binding, ids_of(graph, heads_));
    const std::uint64_t size = graph.size();
    sent_budget_ = budget_floor + budget_factor * size;
    work_budget_ = work_floor + size * (filters + size / ids_per_pass);
    pushed_to_ = graph.size();
    return open_;
}

// O5: what removed a device may stand on ops that only later ones of their author prove. Those and their past
// are offered too, or nothing could be. Cost: O(offer), without a look at the store: a removed device may ask
// again and again.
void Giver::offer_proofs() {
    const Graph& graph = host_.graph();
    Closure offer = graph.closure(heads_);
    std::vector<OpIndex> ops = graph.difference(heads_, {});
    for (std::size_t i = 0; i < ops.size(); ++i) {
        if (host_.has_signature(ops[i])) continue;
        const auto branch = graph.branch_ops(graph.branch(ops[i]));
        const std::size_t next = graph.position(ops[i]) - graph.position(branch.front()) + 1;
        if (next >= branch.size()) continue;
        const OpIndex voucher = branch[next];
        if (graph.contains(offer, voucher)) continue;
        const auto more = graph.difference(std::span(&voucher, 1), offer);
        ops.insert(ops.end(), more.begin(), more.end());
        heads_.push_back(voucher);
        graph.merge(offer, graph.closure(std::span(&voucher, 1)));
    }
    heads_ = graph.maximal(heads_);
}

// Y9: who may read is asked again at every batch. A device that was never a reader keeps the past of its
// removal.
Result<void> Giver::check_allowed() const {
    if (!reader_ || host_.may_read(config_.peer)) return {};
    return fail(ErrorCode::session_not_let_in, "the peer may not read this group any more");
}

// Only what is newer than the offer is pushed: a peer whose offer was narrow would never get the rest.
bool Giver::outgrown() const { return open_ && !whole_ && host_.may_read(config_.peer); }

bool Giver::offered(OpIndex op) const {
    return live_ ? host_.may_read(config_.peer) : host_.graph().contains(offer_, op);
}

Result<void> Giver::enqueue(Answer answer) {
    // A correct peer waits for an answer before it asks again; pushes may stand before the answer.
    const auto is_answer = [](const Answer& open) { return open.role != Ops::Role::push; };
    if (std::ranges::any_of(answers_, is_answer)) {
        return fail(ErrorCode::session_unsolicited, "the peer asked again before it was answered");
    }
    if (answer.ops.size() > sent_budget_) {
        return fail(ErrorCode::session_quota, "the peer asked for more than several times the offer");
    }
    sent_budget_ -= answer.ops.size();
    answers_.push_back(std::move(answer));
    return {};
}

// What a request costs here, though nothing may be sent for it.
Result<void> Giver::charge(std::uint64_t work) {
    if (work > work_budget_) return fail(ErrorCode::session_quota, "the peer asks without end");
    work_budget_ -= work;
    return {};
}

// Y3 and Y5: what the summary does not show, and all that stands on it.
std::vector<OpIndex> Giver::answer_to(const Have& have) {
    const Graph& graph = host_.graph();
    const auto salt = round_salt(config_.binding, !config_.initiator, have.round);
    if (have.summary.kind == Summary::Kind::tips) {
        ShownTips shown = read_tips(graph, have.summary.tips, peer_tips_, labels_, salt);
        peer_tips_.insert(peer_tips_.begin(), shown.named.begin(), shown.named.end());
        Closure held = graph.closure(shown.held);
        graph.merge(held, since_);
        return graph.difference(heads_, held);
    }
    const SummaryReader reader(graph, have.summary, salt);
    return not_shown(graph, graph.difference(heads_, since_), reader);
}

Result<bool> Giver::handle_have(const Have& have, const std::vector<OpIndex>& named) {
    const Graph& graph = host_.graph();
    if (last_round_ && have.round <= *last_round_) {
        return fail(ErrorCode::session_unsolicited, "the rounds of a session count up");
    }
    last_round_ = have.round;
    if (auto paid = charge(1000 + pushed_to_); !paid) return std::unexpected(paid.error());
    std::vector<OpIndex> common;
    if (have.since.kind == Since::Kind::remembered) {
        bool known = false;
        for (const auto& frontier : host_.remembered(config_.peer)) {
            if (frontier_fingerprint(config_.binding, frontier) != have.since.fingerprint) continue;
            known = true;
            for (const auto& id : frontier) {
                if (const auto op = graph.find(id)) common.push_back(*op);
            }
            break;
        }
        if (!known) return false;
    }
    for (const std::uint8_t number : have.since.named) {
        if (number >= named.size()) return fail(ErrorCode::session_bad_summary, "it names what was not sent");
        common.push_back(named[number]);
    }
    since_ = graph.closure(common);
    peer_tips_ = common_authors(graph, since_);
    // The peer will ask again, from what it recognised of this side's summary.
    if (have.summary.kind == Summary::Kind::locator) return true;
    Answer answer;
    answer.ops = answer_to(have);
    answer.to_have = true;
    if (auto queued = enqueue(std::move(answer)); !queued) return std::unexpected(queued.error());
    return true;
}

// A batch could not be rebuilt over there: all of the answer once more, with keys and ids in full.
Result<void> Giver::handle_again() {
    const bool in_progress = !answers_.empty() && answers_.front().to_have && !answers_.front().plain;
    if (!in_progress && (!last_ || last_->plain)) {
        return fail(ErrorCode::session_unsolicited, "the peer asks again for what was plain or never sent");
    }
    Answer answer = in_progress ? std::move(answers_.front()) : std::move(*last_);
    if (in_progress) answers_.pop_front();
    last_.reset();
    answer.plain = true;
    answer.next_op = 0;
    answer.next_head = 0;
    return enqueue(std::move(answer));
}

// Y6: the greatest depths first, nothing at or before the point known common.
std::vector<OpIndex> Giver::ancestors_of(const std::vector<OpIndex>& ops, std::size_t count) const {
    const Graph& graph = host_.graph();
    const auto shallower = [&](OpIndex a, OpIndex b) {
        return graph.depth(a) != graph.depth(b) ? graph.depth(a) < graph.depth(b) : a < b;
    };
    std::priority_queue<OpIndex, std::vector<OpIndex>, decltype(shallower)> queue(shallower);
    std::vector<OpIndex> direct;
    std::vector<OpIndex> out;
    const auto expand = [&](OpIndex op) {
        direct.clear();
        graph.direct_ancestors(op, direct);
        for (const OpIndex ancestor : direct) {
            if (!graph.contains(since_, ancestor)) queue.push(ancestor);
        }
    };
    for (const OpIndex op : ops) expand(op);
    while (!queue.empty() && out.size() < count) {
        const OpIndex op = queue.top();
        queue.pop();
        // Equal ops come out one after the other: same depth, same index.
        if (!out.empty() && out.back() == op) continue;
        if (std::ranges::find(ops, op) != ops.end()) continue;
        out.push_back(op);
        expand(op);
    }
    return out;
}

Result<void> Giver::handle_need(const Need& need) {
    const Graph& graph = host_.graph();
    if (auto paid = charge(100 + 10 * need.ids.size()); !paid) return paid;
    Answer answer;
    for (const auto& id : need.ids) {
        const auto op = graph.find(id);
        // An id outside the offer is not told from one that does not exist.
        if (op && offered(*op)) answer.ops.push_back(*op);
    }
    const std::size_t ancestors = std::min<std::size_t>(need.ancestors, limits::walk_back_ops);
    const auto more = ancestors_of(answer.ops, ancestors);
    answer.ops.insert(answer.ops.end(), more.begin(), more.end());
    std::ranges::sort(answer.ops);
    const auto rest = std::ranges::unique(answer.ops);
    answer.ops.erase(rest.begin(), rest.end());
    add_vouchers(answer.ops);
    return enqueue(std::move(answer));
}

// O5: a partial answer carries the rest of each run up to its signature, at most 63 ops. `ops` are ascending.
// Cost: O(ops), however many of one run are asked for, without a look at the store.
void Giver::add_vouchers(std::vector<OpIndex>& ops) {
    const Graph& graph = host_.graph();
    const std::size_t asked = ops.size();
    const auto is_asked = [&](OpIndex op) {
        return std::binary_search(ops.begin(), ops.begin() + static_cast<std::ptrdiff_t>(asked), op);
    };
    for (std::size_t i = 0; i < asked; ++i) {
        const auto branch = graph.branch_ops(graph.branch(ops[i]));
        std::size_t at = graph.position(ops[i]) - graph.position(branch.front());
        for (std::uint32_t steps = 0; steps < limits::signed_every; ++steps) {
            if (host_.has_signature(branch[at]) || at + 1 == branch.size()) break;
            // Of one that was asked for the rest is added with it.
            if (is_asked(branch[++at])) break;
            ops.push_back(branch[at]);
        }
    }
    if (ops.size() == asked) return;
    std::ranges::sort(ops);
    const auto rest = std::ranges::unique(ops);
    ops.erase(rest.begin(), rest.end());
}

void Giver::go_live() { live_ = true; }

void Giver::collect_pushes(const std::vector<OpIndex>& from_peer, std::set<OpId>& told) {
    const Graph& graph = host_.graph();
    if (!live_ || pushed_to_ == graph.size() || pending()) return;
    Answer answer;
    answer.role = Ops::Role::push;
    for (; pushed_to_ < graph.size(); ++pushed_to_) {
        const auto op = static_cast<OpIndex>(pushed_to_);
        const bool known = told.erase(graph.id(op)) > 0 || std::ranges::binary_search(from_peer, op);
        if (!known) answer.ops.push_back(op);
    }
    // What is not pushed to a peer that may not read now comes with another session once it may.
    if (answer.ops.empty() || !host_.may_read(config_.peer)) return;
    reader_ = true;
    answer.ids_only = !push_whole_;
    sent_budget_ += budget_factor * answer.ops.size();
    work_budget_ += 1000 + filters * answer.ops.size();
    // Of much news only the ends are named: whoever asks for them walks back to the rest (Y6).
    if (answer.ids_only && answer.ops.size() > limits::announce_ids) answer.ops = graph.maximal(answer.ops);
    // What the peer has may be what proves the rest.
    if (!answer.ids_only) add_vouchers(answer.ops);
    answers_.push_back(std::move(answer));
}

// As many ops as a batch may have, but no further than where the batch proves itself; empty if it does so
// nowhere within one message.
Result<std::vector<OutgoingOp>> Giver::proven_batch(const Answer& answer, bool payloads) const {
    const Graph& graph = host_.graph();
    std::vector<OutgoingOp> batch;
    std::set<OpIndex> unproven;  // ops stored without a signature, until the first op that stands on them
    std::size_t proven_end = 0;
    std::size_t bytes = 0;
    std::size_t longest = 0;
    std::vector<OpIndex> direct;
    for (std::size_t i = answer.next_op; i < answer.ops.size() && batch.size() < limits::batch_ops; ++i) {
        auto op = host_.load(answer.ops[i]);
        if (!op) return std::unexpected(op.error());
        if (!payloads) op->payload.reset();
        const std::size_t cost =
            Signature::size + compact_overhead + (op->payload ? op->payload->size() : op->body.size());
        direct.clear();
        graph.direct_ancestors(answer.ops[i], direct);
        longest += longest_form(graph.kind(answer.ops[i]), direct.size(), *op);
        // Past the size of a batch, only to finish a unit that came in as one.
        if (bytes + cost > limits::batch_bytes && proven_end > 0) break;
        if (longest > limits::unit_bytes) break;
        bytes += cost;
        unproven.erase(graph.prev(answer.ops[i]));
        if (!op->signature) unproven.insert(answer.ops[i]);
        batch.push_back({answer.ops[i], std::move(*op)});
        if (unproven.empty()) proven_end = batch.size();
    }
    batch.resize(proven_end);
    return batch;
}

// A unit was admitted because it fits one message; with payloads that came later it may not. Those can come
// later again.
Result<std::vector<OutgoingOp>> Giver::next_batch(Answer& answer) const {
    if (answer.next_op == answer.ops.size()) return std::vector<OutgoingOp>{};
    for (const bool payloads : {true, false}) {
        auto batch = proven_batch(answer, payloads);
        if (batch && batch->empty()) continue;
        if (batch) answer.next_op += batch->size();
        return batch;
    }
    return fail(ErrorCode::store_damaged, "stored ops lack their signatures; run fsck");
}

Bytes Giver::next_announcement(SessionStats& stats) {
    Answer& answer = answers_.front();
    const std::size_t end = std::min(answer.ops.size(), answer.next_op + limits::announce_ids);
    Announce out{ids_of(host_.graph(), std::span(answer.ops).subspan(answer.next_op, end - answer.next_op))};
    std::ranges::sort(out.ids);
    stats.ids_announced += out.ids.size();
    answer.next_op = end;
    if (end == answer.ops.size()) answers_.pop_front();
    return encode_message(out);
}

Result<Bytes> Giver::poll(SessionStats& stats) {
    FOLKMOOT_ASSERT(pending());
    if (auto allowed = check_allowed(); !allowed) return std::unexpected(allowed.error());
    if (answers_.front().ids_only) return next_announcement(stats);
    Answer& answer = answers_.front();
    const auto batch = next_batch(answer);
    if (!batch) return std::unexpected(batch.error());
    const bool all_ops = answer.next_op == answer.ops.size();
    std::span<const OpIndex> heads;
    if (all_ops && answer.to_have) {
        const std::size_t count = std::min(heads_.size() - answer.next_head, limits::head_ids);
        heads = std::span(heads_).subspan(answer.next_head, count);
        answer.next_head += count;
    }
    const bool finished = all_ops && (!answer.to_have || answer.next_head == heads_.size());
    const bool push = answer.role == Ops::Role::push;
    // References rest on what the peer showed; of an answer to a `need`, or a push, it may hold nothing.
    const BatchForm form{answer.plain || !answer.to_have, answer.to_have && !config_.sign_each};
    Ops ops;
    ops.plain = answer.plain;
    ops.role = push ? Ops::Role::push : finished ? Ops::Role::last : Ops::Role::answer;
    ops.batch = encode_compact(host_, *batch, heads, form, label_salt_, peer_tips_);
    stats.ops_sent += batch->size();
    if (finished) {
        answered_ = answered_ || answer.to_have;
        if (answer.to_have) last_ = std::move(answer);
        answers_.pop_front();
    }
    return encode_message(ops);
}

}  // namespace folkmoot::sync
