#include "sim/oracles.hpp"

#include <algorithm>

#include "folkmoot/evidence.hpp"
#include "folkmoot/limits.hpp"
#include "sim/world.hpp"

namespace folkmoot::sim {
namespace {

Complaint about(const OpId& id, const std::string& what) { return "op " + brief(id.view()) + ": " + what; }

class StoreCheck3 {
   public:
    explicit StoreCheck3(const Verifier& verifier) : verifier_(verifier), access_(graph_) {}

    Complaint take(const StoredOp& stored, const std::optional<GroupId>& group) {
        if (op_id(stored.body) != stored.id) return about(stored.id, "not the bytes of its id (O2)");
        const auto op = decode_body(stored.body);
        if (!op) return about(stored.id, "O1: " + op.error().text);
        const auto again = encode_body(*op);
        if (!again || *again != stored.body) return about(stored.id, "not the only encoding (O1)");
        if (graph_.size() == 0 && group && stored.id != create_of(*group))
            return about(stored.id, "of another group (O4)");
        if (graph_.prepare(stored.id, *op) != Graph::Placement::ready)
            return about(stored.id, "stored before what it stands on");
        if (const auto admitted = access_.check(*op); !admitted)
            return about(stored.id, "A1: " + admitted.error().text);
        access_.record(graph_.commit(), *op);
        if (const auto* post = std::get_if<Post>(&op->act); post != nullptr && stored.payload) {
            if (!check_payload(*post, *stored.payload)) return about(stored.id, "not its payload (O3)");
        }
        bool proven = false;
        for (const Signature& signature : stored.signatures) {
            if (!verify_op(verifier_, op->author, stored.id, signature))
                return about(stored.id, "a bad signature is stored (O6)");
            proven = true;
        }
        if (const DeviceKey* subject = subject_of(op->act); subject != nullptr && op->kind() != Kind::unban &&
                                                            op->kind() != Kind::remove &&
                                                            !verifier_.key_acceptable(*subject)) {
            return about(stored.id, "names a bad key (O6)");
        }
        proven_.push_back(proven);
        return std::nullopt;
    }
    // O5: whoever signs an op vouches for the one before it on its branch.
    Complaint check_vouchers() {
        for (OpIndex op = static_cast<OpIndex>(graph_.size()); op-- > 0;) {
            if (!proven_[op]) return about(graph_.id(op), "nothing proves it (O5)");
            const OpIndex prev = graph_.prev(op);
            if (prev == no_index || graph_.position(prev) % limits::signed_every == 0) continue;
            if (graph_.kind(prev) == Kind::post) proven_[prev] = true;
        }
        return std::nullopt;
    }

   private:
    const Verifier& verifier_;
    Graph graph_;
    Access access_;
    std::vector<bool> proven_;
};

}  // namespace

Complaint check_store(const Store& store, const std::optional<GroupId>& group, const Verifier& verifier) {
    StoreCheck3 check(verifier);
    Complaint complaint;
    const auto visited = store.for_each(true, [&](StoredOp&& stored) -> Result<void> {
        complaint = check.take(stored, group);
        return complaint ? fail(ErrorCode::store_damaged, "") : Result<void>{};
    });
    if (complaint) return complaint;
    if (!visited) return "the store cannot be read: " + visited.error().text;
    const auto structure = store.check(CheckDepth::full);
    if (!structure) return "the store cannot be checked: " + structure.error().text;
    if (!structure->sound()) return structure->faults.front();
    return check.check_vouchers();
}

Complaint check_no_honest_fork(const Replica& replica, const Society& society) {
    const Graph& graph = replica.graph();
    for (const Equivocation& pair : graph.equivocations()) {
        const DeviceKey& author = graph.key(graph.author(pair.first));
        if (!society.never_forks(author)) continue;
        return "a correct peer contradicts itself: " + brief(graph.id(pair.first).view()) + " and " +
               brief(graph.id(pair.second).view()) + " by " + brief(author.view());
    }
    return std::nullopt;
}

Complaint check_forks(Replica& replica, const Society& society, const Verifier& verifier,
                      std::uint64_t& proven) {
    if (auto honest = check_no_honest_fork(replica, society)) return honest;
    const Graph& graph = replica.graph();
    for (AuthorIndex author = 0; author < graph.author_count(); ++author) {
        // Every fork is told of.
        std::size_t found = 0;
        for (const Equivocation& pair : graph.equivocations()) found += graph.author(pair.first) == author;
        if (found + 1 < graph.branches(author).size()) return "a fork of an author is not told of (O9)";
    }
    const std::vector<Equivocation> pairs = graph.equivocations();
    for (const Equivocation& pair : pairs) {
        const auto bytes = replica.evidence(pair);
        if (!bytes) return about(graph.id(pair.first), "no evidence of its fork: " + bytes.error().text);
        const auto proof = verify_evidence(verifier, *bytes);
        if (!proof)
            return about(graph.id(pair.first), "the evidence does not convince: " + proof.error().text);
        if (proof->author != graph.key(graph.author(pair.first)))
            return about(graph.id(pair.first), "the evidence is about another");
        ++proven;
    }
    return std::nullopt;
}

Complaint check_no_intruder(const Replica& replica) {
    if (replica.graph().size() == 0) return std::nullopt;
    const Resolution& now = replica.access().now();
    for (const Member& member : now.members()) {
        bool reached = false;
        for (const GrantView& first : now.grants_of(member.key)) {
            if (!first.live || first.level != member.level) continue;
            GrantView view = first;
            // Grants lead to their granters' grants, which were made before them.
            for (std::size_t steps = 0; steps <= replica.graph().size(); ++steps) {
                if (!now.effective(view.op)) break;
                if (view.under == no_index) {
                    reached = replica.graph().kind(view.op) == Kind::create;
                    break;
                }
                const GrantView under = now.grant(view.under);
                if (under.holder != replica.graph().key(replica.graph().author(view.op))) break;
                view = under;
            }
            if (reached) break;
        }
        if (!reached) return "no chain of grants leads to member " + brief(member.key.view());
    }
    return std::nullopt;
}

bool same_state(const Replica& a, const Replica& b) {
    if (a.graph().size() != b.graph().size()) return false;
    if (a.graph().size() == 0) return true;
    const auto ids = [](const Replica& r) {
        std::vector<OpId> out;
        for (const OpIndex op : r.graph().heads()) out.push_back(r.graph().id(op));
        return out;
    };
    return ids(a) == ids(b) && a.access().now().membership_digest() == b.access().now().membership_digest();
}

Complaint check_convergence(const Replica& a, const Replica& b) {
    const auto lacks = [](const Replica& from, const Replica& in) -> Complaint {
        const Graph& graph = from.graph();
        std::vector<OpIndex> effective;
        for (OpIndex op = 0; op < graph.size(); ++op) {
            if (from.access().now().effective(op)) effective.push_back(op);
        }
        const Closure past = graph.closure(effective);
        for (OpIndex op = 0; op < graph.size(); ++op) {
            if (graph.contains(past, op) && !in.graph().find(graph.id(op)))
                return about(graph.id(op), "is in the past of what counts at one and unknown to the other");
        }
        return std::nullopt;
    };
    if (auto missing = lacks(a, b)) return missing;
    if (auto missing = lacks(b, a)) return missing;
    if (a.access().now().membership_digest() != b.access().now().membership_digest())
        return "the same ops, other members";
    return std::nullopt;
}

}  // namespace folkmoot::sim
