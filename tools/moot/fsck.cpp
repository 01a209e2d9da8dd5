#include "moot/fsck.hpp"

#include "folkmoot/access.hpp"
#include "folkmoot/graph.hpp"
#include "folkmoot/signer.hpp"
#include "moot/vouchers.hpp"

namespace folkmoot::moot {
namespace {

constexpr std::size_t most_faults = 1000;

class Checker {
   public:
    Checker(const GroupId& group, FsckDepth depth, const Verifier& verifier)
        : group_(group), depth_(depth), verifier_(verifier), access_(graph_), vouchers_(graph_) {}

    void check_op(const StoredOp& stored) {
        ++report_.ops;
        const bool only_connected = depth_ == FsckDepth::connectivity;
        if (!only_connected && op_id(stored.body) != stored.id) {
            return fault(stored.id, "its bytes do not match its id (O2)");
        }
        const auto op = decode_body(stored.body);
        if (!op) return fault(stored.id, "O1, O3: " + op.error().text);
        if (graph_.size() == 0 && stored.id != create_of(group_)) {
            return fault(stored.id, "O4: it belongs to another group");
        }
        switch (graph_.prepare(stored.id, *op)) {
            case Graph::Placement::ready: break;
            case Graph::Placement::duplicate: return fault(stored.id, "it is stored twice");
            case Graph::Placement::missing: return fault(stored.id, "an op it names is not stored before it");
            case Graph::Placement::invalid: return fault(stored.id, "O3: " + graph_.error().text);
        }
        if (only_connected) {
            graph_.commit();
            return;
        }
        if (auto admitted = access_.check(*op); !admitted)
            return fault(stored.id, "A1: " + admitted.error().text);
        const OpIndex at = graph_.commit();
        access_.record(at, *op);
        vouchers_.add(at, *op);
        check_payload_of(stored, *op);
        if (depth_ == FsckDepth::full) check_signatures(stored, *op);
    }

    // O5: by signing an op, its author vouched for the one before it. A voucher stands after what it proves.
    void check_vouchers() {
        if (depth_ != FsckDepth::full) return;
        for (OpIndex op = static_cast<OpIndex>(graph_.size()); op-- > 0;) {
            if (proven_[op]) continue;
            const auto voucher = vouchers_.of(op);
            proven_[op] = voucher && proven_[*voucher];
            if (!proven_[op]) {
                fault(graph_.id(op), "O5: no good signature, and no op of its author vouches for it");
            }
        }
    }

    void fault(std::string text) {
        if (report_.faults.size() < most_faults) report_.faults.push_back(std::move(text));
    }
    void count(std::uint64_t ops) { report_.ops = ops; }
    [[nodiscard]] FsckReport take() { return std::move(report_); }

   private:
    void fault(const OpId& id, const std::string& text) { fault("op " + to_hex(id.view()) + ": " + text); }

    void check_payload_of(const StoredOp& stored, const Operation& op) {
        const auto* post = std::get_if<Post>(&op.act);
        if (post == nullptr && stored.payload_erased) {
            return fault(stored.id, "O3: its payload is marked as erased, and it is no post");
        }
        if (!stored.payload) return;
        if (post == nullptr) return fault(stored.id, "O3: it has a payload and is no post");
        if (auto good = check_payload(*post, *stored.payload); !good)
            fault(stored.id, "O3: " + good.error().text);
    }

    void check_signatures(const StoredOp& stored, const Operation& op) {
        check_keys(stored.id, op);
        bool proven = false;
        for (const auto& signature : stored.signatures) {
            ++report_.signatures;
            if (verify_op(verifier_, op.author, stored.id, signature)) {
                proven = true;
            } else {
                fault(stored.id, "O6: a signature stored with it is bad");
            }
        }
        proven_.push_back(proven);
    }

    void check_keys(const OpId& id, const Operation& op) {
        const auto good = [this](const DeviceKey& key) { return verifier_.key_acceptable(key); };
        const DeviceKey* subject = subject_of(op.act);
        if (subject != nullptr && !good(*subject)) fault(id, "O6: it names a bad key");
        if (const auto* create = std::get_if<Create>(&op.act)) {
            for (const auto& key : create->founders) {
                if (!good(key)) fault(id, "O6: it names a bad key");
            }
        }
    }

    GroupId group_;
    FsckDepth depth_;
    const Verifier& verifier_;
    Graph graph_;
    Access access_;
    Vouchers vouchers_;
    std::vector<bool> proven_;  // by OpIndex
    FsckReport report_;
};

}  // namespace

FsckReport check_group(const Store& store, const GroupId& group, FsckDepth depth, const Verifier& verifier) {
    Checker checker(group, depth, verifier);
    if (depth != FsckDepth::connectivity) {
        const auto structure = store.check(depth == FsckDepth::full ? CheckDepth::full : CheckDepth::quick);
        if (!structure) checker.fault(structure.error().text);
        if (structure && depth == FsckDepth::quick) checker.count(structure->ops);
        if (structure) {
            for (const auto& text : structure->faults) checker.fault(text);
        }
    }
    if (depth == FsckDepth::quick) return checker.take();
    const bool payloads = depth != FsckDepth::connectivity;
    const auto visited = store.for_each(payloads, [&](StoredOp&& stored) -> Result<void> {
        checker.check_op(stored);
        return {};
    });
    if (!visited) checker.fault(visited.error().text);
    checker.check_vouchers();
    return checker.take();
}

}  // namespace folkmoot::moot
