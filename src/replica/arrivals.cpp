#include "replica/arrivals.hpp"

#include <algorithm>
#include <set>

#include "sync/compact.hpp"

namespace folkmoot {
namespace {

// A post after a post by the same author under the same grant: valid wherever all its ancestors are, since
// A1 asks nothing of it that its prev did not answer.
bool continues(const Operation& later, const Operation& earlier) {
    return later.kind() == Kind::post && earlier.kind() == Kind::post && later.author == earlier.author &&
           later.as == earlier.as && later.group == earlier.group;
}

}  // namespace

Replica::Arrivals::Arrivals(const Replica& replica, std::vector<DecodedOp>& ops, const DeviceKey* peer)
    : replica_(replica),
      peer_(peer),
      graph_(replica.graph_),
      ops_(ops),
      places_(graph_.seed(), IdAt{&ops}),
      states_(ops.size()),
      results_(ops.size()) {
    places_.reserve(ops.size());
}

Result<void> Replica::Arrivals::check() {
    find_ids();
    if (auto ours = check_group(); !ours) return ours;
    find_ancestors();
    if (auto proven = prove(); !proven) return proven;
    find_ready();
    put_in_order();
    refuse_over_quota();
    if (auto whole = check_runs(); !whole) return whole;
    return verify();
}

std::span<const Replica::Arrivals::Ancestor> Replica::Arrivals::ancestors(std::uint32_t i) const {
    return std::span(ancestors_).subspan(states_[i].first_ancestor, states_[i].ancestors);
}

Replica::Arrivals::Ancestor Replica::Arrivals::prev(std::uint32_t i) const {
    return ops_[i].value().prev ? ancestors_[states_[i].first_ancestor] : Ancestor{};
}

// As continues(), where the earlier one is in the graph.
bool Replica::Arrivals::continues_held(const Operation& op, OpIndex held) const {
    return op.kind() == Kind::post && graph_.kind(held) == Kind::post &&
           graph_.key(graph_.author(held)) == op.author && op.as == replica_.grant_op(held) &&
           op.group == replica_.group_;
}

void Replica::Arrivals::find_ids() {
    for (std::uint32_t i = 0; i < ops_.size(); ++i) {
        results_[i].status = Admitted::Status::duplicate;
        results_[i].index = graph_.find(ops_[i].id()).value_or(no_index);
        if (const auto first = places_.find(ops_[i].id())) {
            // Twice in one batch is one op, with whatever signature came.
            if (is_signed(i) && !is_signed(*first)) ops_[*first].set_signature(*ops_[i].signature());
            continue;
        }
        places_.insert(i);
        states_[i].fresh = results_[i].index == no_index;
    }
}

// O4. The graph asks again of what is admitted; here also what waits for ancestors is asked, which another
// group's op would do for ever.
Result<void> Replica::Arrivals::check_group() const {
    if (!replica_.group_) return {};
    for (std::uint32_t i = 0; i < ops_.size(); ++i) {
        const Operation& op = ops_[i].value();
        if (op.kind() == Kind::create || op.group == replica_.group_) continue;
        return fail(ErrorCode::graph_wrong_group, "the op names another group");
    }
    return {};
}

Replica::Arrivals::Ancestor Replica::Arrivals::find(const OpId& id) const {
    if (const auto place = places_.find(id)) {
        return states_[*place].fresh ? Ancestor{*place, no_index} : Ancestor{nowhere, results_[*place].index};
    }
    return {nowhere, graph_.find(id).value_or(no_index)};
}

void Replica::Arrivals::find_ancestors() {
    ancestors_.reserve(2 * ops_.size());
    for (std::uint32_t i = 0; i < ops_.size(); ++i) {
        if (!states_[i].fresh) continue;
        const Operation& op = ops_[i].value();
        states_[i].first_ancestor = static_cast<std::uint32_t>(ancestors_.size());
        if (op.prev) ancestors_.push_back(find(*op.prev));
        for (const auto& parent : op.parents) ancestors_.push_back(find(parent));
        states_[i].ancestors = static_cast<std::uint32_t>(ancestors_.size()) - states_[i].first_ancestor;
    }
}

// O5, both rules. An op is proven by its own signature, or by the next op of its author in the batch, which
// names it as prev and is proven. So that a voucher can never turn out invalid after the op it proves was
// admitted, only posts under the same grant vouch on the wire; for any other the sender adds the signature.
Result<void> Replica::Arrivals::prove() {
    for (std::uint32_t i = 0; i < ops_.size(); ++i) {
        const std::uint32_t below = states_[i].fresh ? prev(i).place : nowhere;
        if (below == nowhere || states_[below].has_child) continue;
        // Only the first that names it as prev can vouch: that one stands next on its branch for ever, so
        // that whoever keeps the op finds its proof, however its author forks later.
        states_[below].has_child = true;
        if (continues(ops_[i].value(), ops_[below].value())) states_[below].voucher = i;
    }
    // Each op is walked over once, however long the runs are.
    std::vector<std::uint32_t> run;
    for (std::uint32_t i = 0; i < ops_.size(); ++i) {
        if (!states_[i].fresh) continue;
        std::uint32_t at = i;
        for (; at != nowhere && states_[at].proof == nowhere; at = states_[at].voucher) {
            if (is_signed(at)) {
                states_[at].proof = at;
                break;
            }
            run.push_back(at);
        }
        if (at == nowhere) {
            return fail(ErrorCode::op_unproven, "an op comes without signature and without voucher");
        }
        for (const std::uint32_t below : run) states_[below].proof = states_[at].proof;
        run.clear();
    }
    return {};
}

// Which ops can be admitted now: those whose direct ancestors are in the graph or can be admitted too, and
// whose voucher can be.
void Replica::Arrivals::find_ready() {
    std::vector<std::uint32_t> dropped;
    for (std::uint32_t i = 0; i < ops_.size(); ++i) {
        if (!states_[i].fresh) continue;
        const auto here = [](const Ancestor& a) { return a.place != nowhere || a.held != no_index; };
        states_[i].ready = std::ranges::all_of(ancestors(i), here);
        if (!states_[i].ready) dropped.push_back(i);
    }
    if (dropped.empty()) return;
    drop_dependents(std::move(dropped));
    note_missing();
}

// Each op is dropped once and each reference looked at twice: O(n), whatever the batch looks like.
void Replica::Arrivals::drop_dependents(std::vector<std::uint32_t> dropped) {
    std::vector<std::vector<std::uint32_t>> children(ops_.size());
    for (std::uint32_t i = 0; i < ops_.size(); ++i) {
        if (!states_[i].fresh) continue;
        for (const Ancestor& ancestor : ancestors(i)) {
            if (ancestor.place != nowhere) children[ancestor.place].push_back(i);
        }
    }
    const auto drop = [&](std::uint32_t i) {
        if (!states_[i].ready) return;
        states_[i].ready = false;
        dropped.push_back(i);
    };
    while (!dropped.empty()) {
        const std::uint32_t i = dropped.back();
        dropped.pop_back();
        for (const std::uint32_t child : children[i]) drop(child);
        // What this one alone would have proven.
        const std::uint32_t below = prev(i).place;
        if (below != nowhere && states_[below].voucher == i && !is_signed(below)) drop(below);
    }
}

void Replica::Arrivals::note_missing() {
    for (std::uint32_t i = 0; i < ops_.size(); ++i) {
        if (!states_[i].fresh || states_[i].ready) continue;
        results_[i].status = Admitted::Status::deferred;
        const Operation& op = ops_[i].value();
        const auto all = ancestors(i);
        for (std::size_t k = 0; k < all.size(); ++k) {
            const bool held = all[k].held != no_index;
            if (held || (all[k].place != nowhere && states_[all[k].place].ready)) continue;
            const std::size_t skip = op.prev ? 1 : 0;
            results_[i].missing.push_back(k < skip ? *op.prev : op.parents[k - skip]);
        }
    }
}

// Parents before children, and otherwise as they came. A correct peer's batch is in order already.
void Replica::Arrivals::put_in_order() {
    sequence_.reserve(ops_.size());
    std::vector<bool> placed(ops_.size(), false);
    // Depth first, without recursion: an op, and how many of its ancestors are done.
    std::vector<std::pair<std::uint32_t, std::uint32_t>> stack;
    for (std::uint32_t i = 0; i < ops_.size(); ++i) {
        if (!states_[i].ready || placed[i]) continue;
        stack.emplace_back(i, 0);
        placed[i] = true;
        while (!stack.empty()) {
            auto& [op, done] = stack.back();
            if (done == states_[op].ancestors) {
                sequence_.push_back(op);
                stack.pop_back();
                continue;
            }
            const std::uint32_t next = ancestors_[states_[op].first_ancestor + done++].place;
            if (next == nowhere || placed[next]) continue;
            placed[next] = true;
            stack.emplace_back(next, 0);
        }
    }
}

// O5, what is left: an op at a position divisible by limits::signed_every comes with its signature, and no op
// that may yet turn out invalid stands between an op without signature and the one that proves it. So a
// run and its voucher are committed together whatever else the batch holds: nobody can make this replica keep
// an op that it could not prove to others. For the same reason what must be given on together fits one
// message in the longest form: it may have come in a shorter one.
Result<void> Replica::Arrivals::check_runs() {
    std::vector<std::uint32_t> step(ops_.size(), nowhere);
    for (std::uint32_t k = 0; k < sequence_.size(); ++k) step[sequence_[k]] = k;
    for (auto& state : states_) state.has_child = false;
    std::uint32_t open_until = 0;
    std::uint32_t unit_from = 0;  // where what is to be given on together begins
    std::size_t unit_bytes = 0;
    for (std::uint32_t k = 0; k < sequence_.size(); ++k) {
        const std::uint32_t i = sequence_[k];
        const Operation& op = ops_[i].value();
        if (k > open_until) unit_from = k;
        unit_bytes = (k == unit_from ? 0 : unit_bytes) + sync::longest_form(ops_[i]);
        if (unit_bytes > limits::unit_bytes || k - unit_from >= limits::batch_ops) {
            return fail(ErrorCode::op_unproven, "a run and its voucher do not fit one message");
        }
        const Ancestor below = prev(i);
        bool safe = false;
        if (below.place != nowhere) {
            State& earlier = states_[below.place];
            states_[i].position = earlier.position + 1;
            safe = continues(op, ops_[below.place].value());
            const bool first = !earlier.has_child;
            earlier.has_child = true;
            if (first && !is_signed(below.place) && earlier.voucher != i) {
                return fail(ErrorCode::op_unproven, "another op comes between an op and its voucher");
            }
        } else if (below.held != no_index) {
            states_[i].position = graph_.position(below.held) + 1;
            safe = continues_held(op, below.held);
        }
        if (!safe && open_until > k) {
            return fail(ErrorCode::op_unproven, "an op is proven only after one that may be invalid");
        }
        if (is_signed(i)) continue;
        if (states_[i].position % limits::signed_every == 0) {
            return fail(ErrorCode::op_unproven,
                        "an op at a position divisible by 64 comes without signature");
        }
        open_until = std::max(open_until, step[states_[i].proof]);
    }
    return {};
}

// Only what is about to be admitted is verified: ops that wait for ancestors cost their sender's budget and
// nobody's time, and are verified when their turn comes. Of ops that are held, only the first signature where
// there is none yet: what a sender can make this side verify is bounded by what it can make it store.
Result<void> Replica::Arrivals::verify() {
    std::vector<SignatureCheck> checks;
    std::set<DeviceKey> new_keys;  // that no op of the graph names, and that are acceptable
    std::optional<Error> bad_key;
    for (const std::uint32_t i : sequence_) {
        if (!is_signed(i)) continue;
        const DeviceKey& author = ops_[i].value().author;
        if (!replica_.access_.knows(author) && !new_keys.contains(author)) {
            if (!replica_.verifier_.key_acceptable(author)) {
                bad_key = Error{ErrorCode::op_bad_key, "the author's key is not acceptable"};
                break;
            }
            new_keys.insert(author);
        }
        checks.push_back(signature_check(author, ops_[i].id(), *ops_[i].signature()));
    }
    for (std::uint32_t i = 0; i < ops_.size() && !bad_key; ++i) {
        const OpIndex held = results_[i].index;
        if (held == no_index || !is_signed(i) || replica_.signed_[held]) continue;
        if (places_.find(ops_[i].id()) != i) continue;
        late_.push_back(i);
        checks.push_back(signature_check(ops_[i].value().author, ops_[i].id(), *ops_[i].signature()));
    }
    // In portions: a forger makes this side check one of them in vain, not all that fits a batch.
    for (std::span<SignatureCheck> rest = checks; !rest.empty();) {
        const auto some = rest.first(std::min(rest.size(), limits::checks_at_a_time));
        replica_.verifier_.verify_each(some);
        if (!std::ranges::all_of(some, &SignatureCheck::good))
            return fail(ErrorCode::op_bad_signature, "a signature does not verify");
        rest = rest.subspan(some.size());
    }
    if (bad_key) return std::unexpected(*bad_key);
    return {};
}

}  // namespace folkmoot
