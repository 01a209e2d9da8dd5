// Q5 and Q6: what the library makes of a history, against the slow model and against itself in other orders.
#include <algorithm>
#include <map>
#include <numeric>

#include "folkmoot/limits.hpp"
#include "model/model.hpp"
#include "sim/oracles.hpp"
#include "sim/world.hpp"

namespace folkmoot::sim {
namespace {

// The ops of a replica as the model has them; numbers are the replica's.
class Translation {
   public:
    Translation(const Replica& replica, const Store& store) : graph_(replica.graph()) {
        for (OpIndex op = 0; op < graph_.size(); ++op) {
            const auto stored = store.read(graph_.id(op));
            if (!stored) {
                complaint_ = "op " + brief(graph_.id(op).view()) + " is not stored";
                return;
            }
            const auto value = decode_body(stored->body);
            if (!value) {
                complaint_ = "op " + brief(graph_.id(op).view()) + " does not decode";
                return;
            }
            history_.push_back(translate(graph_.id(op), *value));
        }
    }
    [[nodiscard]] const Complaint& complaint() const { return complaint_; }
    [[nodiscard]] const model::History& history() const { return history_; }
    [[nodiscard]] const std::vector<DeviceKey>& devices() const { return devices_; }

   private:
    int number_of(const DeviceKey& key) {
        const auto [at, fresh] = numbers_.try_emplace(key, static_cast<int>(devices_.size()));
        if (fresh) devices_.push_back(key);
        return at->second;
    }
    [[nodiscard]] int index_of(const OpId& id) const {
        const auto at = graph_.find(id);
        return at ? static_cast<int>(*at) : model::unknown;
    }
    model::Op translate(const OpId& id, const Operation& from) {
        model::Op to;
        to.id = id;
        to.author = number_of(from.author);
        to.kind = from.kind();
        if (from.prev) to.prev = index_of(*from.prev);
        for (const OpId& parent : from.parents) to.parents.push_back(index_of(parent));
        if (from.as) to.as = index_of(*from.as);
        if (const DeviceKey* subject = subject_of(from.act)) to.subject = number_of(*subject);
        if (const auto given = granted_level(from.act)) to.level = *given;
        if (const auto* cut = cut_of(from.act)) {
            to.cut.emplace();
            for (const OpId& named : *cut) to.cut->push_back(index_of(named));
        }
        if (const auto* create = std::get_if<Create>(&from.act)) {
            for (const DeviceKey& founder : create->founders) to.founders.push_back(number_of(founder));
            to.rules = create->rules;
        }
        return to;
    }
    const Graph& graph_;
    model::History history_;
    std::vector<DeviceKey> devices_;
    std::map<DeviceKey, int> numbers_;
    Complaint complaint_;
};

Complaint compare(const Resolution& found, const Translation& translation, const model::Outcome& expected,
                  const model::OpSet& present) {
    for (std::size_t op = 0; op < present.size(); ++op) {
        if (!present[op]) continue;
        if (found.effective(static_cast<OpIndex>(op)) == expected.effective(static_cast<int>(op))) continue;
        return "op " + brief(translation.history()[op].id.view()) + ": the model says otherwise";
    }
    for (std::size_t device = 0; device < translation.devices().size(); ++device) {
        const auto at = expected.members.find(static_cast<int>(device));
        const int level = at == expected.members.end() ? 0 : at->second;
        if (found.level_of(translation.devices()[device]) == level) continue;
        return "device " + brief(translation.devices()[device].view()) + ": the model gives it level " +
               std::to_string(level);
    }
    return std::nullopt;
}

}  // namespace

Complaint check_reference(const Replica& replica, const Store& store, Random& random, std::size_t cuts,
                          std::size_t most_ops) {
    const Graph& graph = replica.graph();
    if (graph.size() == 0 || graph.size() > most_ops) return std::nullopt;
    const Translation translation(replica, store);
    if (translation.complaint()) return translation.complaint();
    const model::Model reference = model::model_of(translation.history());
    for (int op = 0; op < reference.size(); ++op) {
        if (!reference.admitted(op))
            return "op " + brief(translation.history()[static_cast<std::size_t>(op)].id.view()) +
                   " is stored, and the model does not admit it";
    }
    const auto everything = reference.everything();
    if (auto wrong = compare(replica.access().now(), translation, reference.judge(everything), everything))
        return wrong;
    for (std::size_t i = 0; i < cuts; ++i) {
        std::vector<OpIndex> heads;
        std::vector<int> same;
        for (std::uint64_t k = random.between(1, 4); k > 0; --k) {
            heads.push_back(static_cast<OpIndex>(random.below(graph.size())));
            same.push_back(static_cast<int>(heads.back()));
        }
        const auto present = reference.closure(same);
        if (auto wrong = compare(replica.access().at(heads), translation, reference.judge(present), present))
            return "at a cut: " + *wrong;
    }
    return std::nullopt;
}

namespace {

// Takes every signature: that all ops are proven is another law (Q3).
class Trusting final : public Verifier {
   public:
    explicit Trusting(const Verifier& verifier) : verifier_(verifier) {}
    bool key_acceptable(const DeviceKey& key) const override { return verifier_.key_acceptable(key); }
    bool verify(const DeviceKey&, ByteView, const Signature&) const override { return true; }

   private:
    const Verifier& verifier_;
};

// Whatever is not ready comes again: in any order and cut anyhow, until nothing is left.
Complaint take_in_some_order(Replica& other, const std::vector<EncodedOp>& all, Random& random) {
    std::vector<std::size_t> left(all.size());
    std::iota(left.begin(), left.end(), std::size_t{0});
    while (!left.empty()) {
        for (std::size_t k = left.size(); k > 1; --k) std::swap(left[k - 1], left[random.below(k)]);
        std::vector<std::size_t> rest;
        const std::size_t part = random.between(1, left.size());
        for (std::size_t from = 0; from < left.size(); from += part) {
            std::vector<EncodedOp> batch;
            for (std::size_t k = from; k < std::min(from + part, left.size()); ++k)
                batch.push_back(all[left[k]]);
            const auto taken = other.take(batch);
            if (!taken) return "in another order: " + taken.error().text;
            for (std::size_t k = 0; k < taken->size(); ++k) {
                if ((*taken)[k].status == Admitted::Status::deferred) rest.push_back(left[from + k]);
            }
        }
        if (rest.size() == left.size()) return "in another order some ops are never admitted";
        left = std::move(rest);
    }
    return std::nullopt;
}

}  // namespace

Complaint check_order(const Replica& replica, const Store& store, const Verifier& verifier, Random& random,
                      std::size_t orders) {
    const Graph& graph = replica.graph();
    if (graph.size() == 0) return std::nullopt;
    std::vector<EncodedOp> all;
    for (OpIndex op = 0; op < graph.size(); ++op) {
        auto stored = store.read(graph.id(op));
        if (!stored) return "op " + brief(graph.id(op).view()) + " is not stored";
        all.push_back({stored->id, std::move(stored->body), Signature{}, std::move(stored->payload), 0});
    }
    const Trusting trusting(verifier);
    for (std::size_t i = 0; i < orders; ++i) {
        const auto empty = make_memory_store(StoreInstance{});
        auto other = Replica::open({replica.group_id(), random.next()}, *empty, nullptr, trusting);
        if (!other) return "an empty replica does not open";
        if (auto wrong = take_in_some_order(**other, all, random)) return wrong;
        if (!same_state(replica, **other)) return "another order of arrival gives another state";
    }
    return std::nullopt;
}

}  // namespace folkmoot::sim
