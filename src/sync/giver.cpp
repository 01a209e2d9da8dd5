#include "sync/giver.hpp"

#include <algorithm>
#include <queue>

#include "base/assert.hpp"
#include "sync/batch.hpp"
#include "sync/keys.hpp"
#include "sync/summary.hpp"

namespace folkmoot::sync {
namespace {

// A correct peer has one request open; one more may cross with its answer's last message.
constexpr std::size_t max_open_answers = 2;
// A correct peer asks for each op once or, after losing what was parked, a few times.
constexpr std::uint64_t budget_factor = 4;
constexpr std::uint64_t budget_floor = 10'000;

std::vector<OpId> ids_of(const Graph& graph, std::span<const OpIndex> ops) {
    std::vector<OpId> ids;
    ids.reserve(ops.size());
    for (const OpIndex op : ops) ids.push_back(graph.id(op));
    return ids;
}

}  // namespace

bool Giver::open() {
    const Graph& graph = host_.graph();
    heads_ = host_.offer_for(config_.peer);
    reader_ = host_.may_read(config_.peer);
    open_ = !heads_.empty() || graph.size() == 0;
    offer_ = graph.closure(heads_);
    digest_ = offer_digest(config_.binding, ids_of(graph, heads_));
    sent_budget_ = budget_floor + budget_factor * graph.size();
    pushed_to_ = graph.size();
    return open_;
}

// Y9: who may read is asked again at every batch. A device that was never a reader keeps the past of its
// removal.
Result<void> Giver::check_allowed() const {
    if (!reader_ || host_.may_read(config_.peer)) return {};
    return fail(ErrorCode::session_not_let_in, "the peer may not read this group any more");
}

bool Giver::offered(OpIndex op) const {
    return live_ ? host_.may_read(config_.peer) : host_.graph().contains(offer_, op);
}

Result<void> Giver::enqueue(Answer answer) {
    if (answers_.size() >= max_open_answers) {
        return fail(ErrorCode::session_unsolicited, "the peer asked again before it was answered");
    }
    if (answer.ops.size() > sent_budget_) {
        return fail(ErrorCode::session_quota, "the peer asked for more than several times the offer");
    }
    sent_budget_ -= answer.ops.size();
    answers_.push_back(std::move(answer));
    return {};
}

Result<bool> Giver::handle_have(const Have& have) {
    const Graph& graph = host_.graph();
    Closure since;
    if (have.since) {
        std::optional<std::vector<OpIndex>> common;
        for (const auto& frontier : host_.remembered(config_.peer)) {
            if (frontier_fingerprint(config_.binding, frontier) != *have.since) continue;
            common.emplace();
            for (const auto& id : frontier) {
                if (const auto op = graph.find(id)) common->push_back(*op);
            }
            break;
        }
        if (!common) return false;
        since = graph.closure(*common);
    }
    since_ = since;
    const auto after = graph.difference(heads_, since);
    const SummaryReader reader(graph, have.summary,
                               round_salt(config_.binding, !config_.initiator, have.round));
    Answer answer;
    answer.ops = not_shown(graph, after, reader);
    answer.heads = heads_;
    answer.names_heads = true;
    if (auto queued = enqueue(std::move(answer)); !queued) return std::unexpected(queued.error());
    return true;
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
    return enqueue(std::move(answer));
}

void Giver::go_live() { live_ = true; }

void Giver::collect_pushes(const std::vector<OpIndex>& from_peer) {
    const Graph& graph = host_.graph();
    if (!live_ || pushed_to_ == graph.size() || answers_.size() >= max_open_answers) return;
    Answer answer;
    answer.role = Ops::Role::push;
    for (; pushed_to_ < graph.size(); ++pushed_to_) {
        const auto op = static_cast<OpIndex>(pushed_to_);
        if (!std::ranges::binary_search(from_peer, op)) answer.ops.push_back(op);
    }
    if (answer.ops.empty() || !host_.may_read(config_.peer)) return;
    answers_.push_back(std::move(answer));
}

Result<Bytes> Giver::poll(SessionStats& stats) {
    FOLKMOOT_ASSERT(pending());
    if (auto allowed = check_allowed(); !allowed) return std::unexpected(allowed.error());
    Answer& answer = answers_.front();
    Ops ops;
    std::size_t bytes = 0;
    while (answer.next_op < answer.ops.size() && ops.batch.size() < limits::batch_ops) {
        auto op = host_.load(answer.ops[answer.next_op]);
        if (!op) return std::unexpected(op.error());
        const std::size_t cost = batch_cost(*op);
        if (!ops.batch.empty() && bytes + cost > limits::batch_bytes) break;
        bytes += cost;
        ops.batch.push_back(std::move(*op));
        ++answer.next_op;
    }
    const bool all_ops = answer.next_op == answer.ops.size();
    if (all_ops) {
        const std::size_t count = std::min(answer.heads.size() - answer.next_head, limits::head_ids);
        ops.heads = ids_of(host_.graph(), std::span(answer.heads).subspan(answer.next_head, count));
        answer.next_head += count;
    }
    const bool finished = all_ops && answer.next_head == answer.heads.size();
    const bool push = answer.role == Ops::Role::push;
    ops.role = push ? Ops::Role::push : finished ? Ops::Role::last : Ops::Role::answer;
    stats.ops_sent += ops.batch.size();
    if (finished) {
        answered_ = answered_ || answer.names_heads;
        answers_.pop_front();
    }
    return encode_message(ops);
}

}  // namespace folkmoot::sync
