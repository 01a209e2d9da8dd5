#include "moot/repair.hpp"

#include <algorithm>
#include <set>

#include "folkmoot/access.hpp"
#include "folkmoot/graph.hpp"
#include "moot/vouchers.hpp"
#include "store/salvage.hpp"

namespace folkmoot::moot {
namespace {

constexpr std::size_t batch_ops = 1000;

/// Decides which of the ops that can be read are kept: those that are valid in a past that is kept whole, and
/// proven by a signature of their own or by the next of their author's chain that is kept (O5).
class Sieve {
   public:
    Sieve(const GroupId& group, const Verifier& verifier)
        : group_(group), verifier_(verifier), access_(graph_), vouchers_(graph_) {}

    /// The id an op has is that of its bytes, whatever its row says (O2).
    void read(const StoredOp& stored) {
        const OpId id = op_id(stored.body);
        const auto op = decode_body(stored.body);
        seen_.emplace_back(id, stored.id);
        if (!op || !keys_acceptable(*op)) return;
        for (const auto& named : ancestors(*op)) named_.insert(named);
        if (graph_.size() == 0 && id != create_of(group_)) return;
        if (graph_.prepare(id, *op) != Graph::Placement::ready || !access_.check(*op)) return;
        const OpIndex at = graph_.commit();
        access_.record(at, *op);
        vouchers_.add(at, *op);
        signed_.push_back(std::ranges::any_of(stored.signatures, [&](const Signature& signature) {
            return verify_op(verifier_, op->author, id, signature);
        }));
    }

    /// What falls takes along what was built on it, and what it alone vouched for. Linear in the ops.
    void settle() {
        const auto count = static_cast<OpIndex>(graph_.size());
        kept_.assign(count, true);
        std::vector<std::uint32_t> proofs(signed_.begin(), signed_.end());
        std::vector<std::vector<OpIndex>> children(count);
        std::vector<std::optional<OpIndex>> proves(count);  // by the op that vouches
        for (OpIndex op = 0; op < count; ++op) {
            for (const OpIndex parent : graph_.parents(op)) children[parent].push_back(op);
            if (graph_.prev(op) != no_index) children[graph_.prev(op)].push_back(op);
            if (const auto voucher = vouchers_.of(op)) {
                proves[*voucher] = op;
                ++proofs[op];
            }
        }
        std::vector<OpIndex> falling;
        const auto fall = [&](OpIndex op) {
            if (kept_[op]) falling.push_back(op);
            kept_[op] = false;
        };
        for (OpIndex op = 0; op < count; ++op) {
            if (proofs[op] == 0) fall(op);
        }
        while (!falling.empty()) {
            const OpIndex op = falling.back();
            falling.pop_back();
            for (const OpIndex child : children[op]) fall(child);
            if (proves[op] && --proofs[*proves[op]] == 0) fall(*proves[op]);
        }
    }
    [[nodiscard]] bool keeps(const OpId& id) const {
        const auto at = graph_.find(id);
        return at && kept_[*at];
    }

    void report_into(RepairReport& report) const {
        std::set<OpId> told;
        // Of bytes that changed the row still says which op they were.
        for (const auto& [id, said] : seen_) {
            if (!keeps(id) && !keeps(said) && told.insert(said).second) report.set_aside.push_back(said);
        }
        for (const auto& id : named_) {
            if (!keeps(id) && !told.contains(id)) report.missing.push_back(id);
        }
        report.kept = static_cast<std::uint64_t>(std::ranges::count(kept_, true));
    }

   private:
    [[nodiscard]] bool keys_acceptable(const Operation& op) const {
        const DeviceKey* subject = subject_of(op.act);
        if (subject != nullptr && !verifier_.key_acceptable(*subject)) return false;
        const auto* create = std::get_if<Create>(&op.act);
        return create == nullptr || std::ranges::all_of(create->founders, [&](const DeviceKey& key) {
                   return verifier_.key_acceptable(key);
               });
    }
    static std::vector<OpId> ancestors(const Operation& op) {
        std::vector<OpId> out = op.parents;
        if (op.prev) out.push_back(*op.prev);
        return out;
    }
    GroupId group_;
    const Verifier& verifier_;
    Graph graph_;
    Access access_;
    Vouchers vouchers_;
    std::vector<bool> signed_;  // by OpIndex, as kept_
    std::vector<bool> kept_;
    std::vector<std::pair<OpId, OpId>> seen_;  // the id of the bytes, and of the row
    std::set<OpId> named_;
};

/// Writes what the sieve keeps to a new store, in batches.
class Writer {
   public:
    Writer(Store& to, const Sieve& sieve, const Verifier& verifier, RepairReport& report)
        : to_(to), sieve_(sieve), verifier_(verifier), report_(report) {}

    Result<void> take(StoredOp&& stored) {
        stored.id = op_id(stored.body);
        // Of two rows with the same op the first counts, as for the sieve.
        if (!sieve_.keeps(stored.id) || !written_.insert(stored.id).second) return {};
        const auto op = decode_body(stored.body);
        std::erase_if(stored.signatures, [&](const Signature& signature) {
            return !verify_op(verifier_, op->author, stored.id, signature);
        });
        const auto* post = std::get_if<Post>(&op->act);
        if (stored.payload && (post == nullptr || !check_payload(*post, *stored.payload))) {
            stored.payload.reset();
            report_.without_payload.push_back(stored.id);
        }
        if (stored.payload_erased) erased_.push_back(stored.id);
        batch_.push_back(std::move(stored));
        return batch_.size() < batch_ops ? Result<void>{} : flush();
    }
    Result<void> flush() {
        if (auto stored = to_.append(batch_); !stored) return stored;
        batch_.clear();
        for (const auto& id : erased_) {
            if (auto noted = to_.erase_payload(id); !noted) return noted;
        }
        erased_.clear();
        return {};
    }

   private:
    Store& to_;
    const Sieve& sieve_;
    const Verifier& verifier_;
    RepairReport& report_;
    std::vector<StoredOp> batch_;
    std::vector<OpId> erased_;
    std::set<OpId> written_;
};

Result<void> build(const std::filesystem::path& path, const Sieve& sieve, const StoreInstance& fresh,
                   const Verifier& verifier, const store::SqliteOptions& options, RepairReport& report) {
    const auto place = store::replacement_path(path);
    for (const char* suffix : {"", "-wal", "-journal"}) {
        options.files->remove(place.string() + suffix);
    }
    auto made = store::open_sqlite_store(place, fresh, options);
    if (!made) return std::unexpected(made.error());
    Writer writer(**made, sieve, verifier, report);
    const auto copied = store::salvage(
        path, true, [&](StoredOp&& stored) { return writer.take(std::move(stored)); }, options);
    if (!copied) return std::unexpected(copied.error());
    if (auto flushed = writer.flush(); !flushed) return flushed;
    if (report.lost_ops()) {
        if (auto marked = (*made)->mark_rolled_back(true); !marked) return marked;
    }
    return (*made)->checkpoint();
}

}  // namespace

Result<RepairReport> repair_group(const std::filesystem::path& path, const GroupId& group,
                                  const StoreInstance& fresh, const Verifier& verifier,
                                  const store::SqliteOptions& options) {
    RepairReport report;
    Sieve sieve(group, verifier);
    const auto read = store::salvage(
        path, false,
        [&](StoredOp&& stored) -> Result<void> {
            sieve.read(stored);
            return {};
        },
        options);
    if (!read) return std::unexpected(read.error());
    sieve.settle();
    sieve.report_into(report);
    // Of a file that does not even open nobody knows what was in it.
    report.unreadable = read->readable ? read->lost_rows : 1;
    if (auto built = build(path, sieve, fresh, verifier, options, report); !built) {
        return std::unexpected(built.error());
    }
    auto aside = store::replace_store(path, options);
    if (!aside) return std::unexpected(aside.error());
    report.aside = std::move(*aside);
    return report;
}

}  // namespace folkmoot::moot
