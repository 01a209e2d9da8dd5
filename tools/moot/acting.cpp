#include "moot/acting.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "moot/view.hpp"

namespace folkmoot::moot {
namespace {

using Json = nlohmann::ordered_json;

// Stands in for the device's key where nothing may be signed.
class Unsigning final : public Signer {
   public:
    explicit Unsigning(const DeviceKey& key) : key_(key) {}
    [[nodiscard]] DeviceKey key() const override { return key_; }
    [[nodiscard]] Result<Signature> sign(ByteView) override { return Signature{}; }

   private:
    DeviceKey key_;
};

std::vector<MemberChange> difference(const std::vector<Member>& before, const std::vector<Member>& after) {
    std::vector<MemberChange> out;
    auto left = before.begin();
    auto right = after.begin();
    while (left != before.end() || right != after.end()) {
        const bool take_left = right == after.end() || (left != before.end() && left->key <= right->key);
        const bool take_right = left == before.end() || (right != after.end() && right->key <= left->key);
        MemberChange change;
        if (take_left) {
            change.key = left->key;
            change.before = (left++)->level;
        }
        if (take_right) {
            change.key = right->key;
            change.after = (right++)->level;
        }
        if (change.before != change.after) out.push_back(change);
    }
    return out;
}

}  // namespace

Result<Effect> act(Environment& environment, OpenGroup& group, const Act& what) {
    const auto before = group.replica->access().now().members();
    auto op = group.replica->act(what, clock_ms());
    if (!op) return std::unexpected(op.error());
    auto groups = environment.groups();
    if (!groups) return std::unexpected(groups.error());
    if (auto saved = (*groups)->saved(group); !saved) return std::unexpected(saved.error());
    return Effect{*op, difference(before, group.replica->access().now().members())};
}

Result<Effect> dry_run(Environment& environment, OpenGroup& group, const Act& what) {
    if (auto allowed = group.replica->may_act(what); !allowed) return std::unexpected(allowed.error());
    Unsigning signer(environment.names().self());
    auto copy = Replica::open({group.id, 0}, *group.store, &signer, ed25519_verifier());
    if (!copy) return std::unexpected(copy.error());
    const auto before = (*copy)->access().now().members();
    if (auto done = (*copy)->act(what, clock_ms()); !done) return std::unexpected(done.error());
    return Effect{std::nullopt, difference(before, (*copy)->access().now().members())};
}

Json changes_json(const Effect& effect, const Names& names) {
    const auto level = [](Level value) { return value == 0 ? Json() : level_json(value); };
    Json out = Json::array();
    for (const auto& change : effect.changes) {
        out.push_back({{"key", to_hex(change.key.view())},
                       {"name", petname_json(names, change.key)},
                       {"before", level(change.before)},
                       {"after", level(change.after)}});
    }
    return out;
}

std::vector<std::string> change_lines(const Effect& effect, const Names& names) {
    const auto level = [](Level value) { return value == 0 ? std::string("out") : level::to_text(value); };
    std::vector<std::string> out;
    out.reserve(effect.changes.size());
    for (const auto& change : effect.changes) {
        out.push_back(names.of(change.key) + ": " + level(change.before) + " -> " + level(change.after));
    }
    return out;
}

}  // namespace folkmoot::moot
