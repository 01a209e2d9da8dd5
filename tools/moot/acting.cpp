#include "moot/acting.hpp"

#include <map>
#include <nlohmann/json.hpp>

#include "moot/text.hpp"
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

// What the newest ops of the replica changed since `before`.
Effect effect_since(const Replica& replica, const std::vector<OpIndex>& before) {
    const Graph& graph = replica.graph();
    const Access& access = replica.access();
    const Difference found = access.difference(before, graph.heads());
    Effect out;
    for (const auto& change : found.members) {
        LevelEffect effect{change.key, change.before, change.after, std::nullopt};
        if (change.after < change.before && change.grant != no_index) {
            const GrantView lost = access.now().grant(change.grant);
            if (lost.hit_through != no_index) effect.with = access.now().grant(lost.hit_through).holder;
        }
        out.changes.push_back(effect);
    }
    for (const auto& change : found.verdicts) {
        out.verdicts.push_back({graph.id(change.op), graph.key(graph.author(change.op)),
                                !change.after.effective(),
                                change.after.effective() ? change.before.rule : change.after.rule});
    }
    return out;
}

Result<Effect> sign(Environment& environment, OpenGroup& group, const Act& what, bool force) {
    if (auto ready = make_ready(environment, group, force); !ready) return std::unexpected(ready.error());
    const auto before = group.replica->graph().heads();
    auto op = group.replica->act(what, clock_ms());
    if (!op) return std::unexpected(op.error());
    auto groups = environment.groups();
    if (!groups) return std::unexpected(groups.error());
    if (auto saved = (*groups)->saved(group); !saved) return std::unexpected(saved.error());
    Effect effect = effect_since(*group.replica, before);
    effect.op = *op;
    return effect;
}

Result<Effect> rehearse(Environment& environment, OpenGroup& group, const Act& what, bool force) {
    if (auto allowed = group.replica->may_act(what); !allowed) return std::unexpected(allowed.error());
    Unsigning signer(environment.names().self());
    auto copy = Replica::open({group.id, 0}, *group.store, &signer, ed25519_verifier());
    if (!copy) return std::unexpected(copy.error());
    if (force) (*copy)->force_authoring();
    // Nothing of the copy is kept.
    while (const auto batch = (*copy)->poll_persist()) (*copy)->handle_persisted(batch->ticket, {});
    const auto before = (*copy)->graph().heads();
    if (auto done = (*copy)->act(what, clock_ms()); !done) return std::unexpected(done.error());
    return effect_since(**copy, before);
}

Json turned_json(const OpenGroup& group, const Effect& effect, const Names& names, bool becomes_void) {
    Json out = Json::array();
    for (const auto& change : effect.verdicts) {
        if (change.becomes_void != becomes_void) continue;
        const auto op = group.replica->graph().find(change.id);
        out.push_back({{"id", to_hex(change.id.view())},
                       {"title", op ? Json(title(group, names, *op)) : Json()},
                       {"author", to_hex(change.author.view())},
                       {"author_name", petname_json(names, change.author)},
                       {"rule", to_text(change.rule)}});
    }
    return out;
}

// Posts are counted by author, other acts named: they are few and matter more.
void tell_turned(Environment& environment, const OpenGroup& group, const Effect& effect, bool becomes_void) {
    const Names& names = environment.names();
    const Graph& graph = group.replica->graph();
    std::map<DeviceKey, std::size_t> posts;
    const std::string what = becomes_void ? " turns void: " : " counts again: ";
    for (const auto& change : effect.verdicts) {
        if (change.becomes_void != becomes_void) continue;
        const auto op = graph.find(change.id);
        if (!op || graph.kind(*op) == Kind::post) {
            ++posts[change.author];
        } else {
            environment.say("  " + short_id(graph, *op) + " " + described(group, names, *op) + what +
                            std::string(to_text(change.rule)));
        }
    }
    for (const auto& [author, count] : posts) {
        const std::string verb = becomes_void ? (count == 1 ? " turns void" : " turn void")
                                              : (count == 1 ? " counts again" : " count again");
        environment.say("  " + counted(count, "post") + " by " + names.of(author) + verb);
    }
}

}  // namespace

Result<void> make_ready(Environment& environment, OpenGroup& group, bool force) {
    Replica& replica = *group.replica;
    if (replica.authoring_waits() == AuthoringWait::none) return {};
    if (!force) {
        return fail(ErrorCode::not_synced,
                    std::string(replica.authoring_waits() == AuthoringWait::rolled_back
                                    ? "this group's store may be older than what this device has signed"
                                    : "a peer has ops of this device that are missing here") +
                        "; first: moot sync " + shell_word(replica.access().group_name()) +
                        " ADDR; if no other device has the group, --force signs at once");
    }
    replica.force_authoring();
    auto groups = environment.groups();
    if (!groups) return std::unexpected(groups.error());
    return (*groups)->saved(group);
}

Result<Effect> act(Environment& environment, OpenGroup& group, const Act& what, const Manner& manner) {
    return manner.dry_run ? rehearse(environment, group, what, manner.force)
                          : sign(environment, group, what, manner.force);
}

Json effect_json(const OpenGroup& group, const Effect& effect, const Names& names) {
    const auto level = [](Level value) { return value == 0 ? Json() : level_json(value); };
    Json changes = Json::array();
    for (const auto& change : effect.changes) {
        changes.push_back({{"key", to_hex(change.key.view())},
                           {"name", petname_json(names, change.key)},
                           {"before", level(change.before)},
                           {"after", level(change.after)},
                           {"with", change.with ? Json(to_hex(change.with->view())) : Json()}});
    }
    return {{"op", effect.op ? Json(to_hex(effect.op->view())) : Json()},
            {"dry_run", !effect.op},
            {"changes", std::move(changes)},
            {"turn_void", turned_json(group, effect, names, true)},
            {"turn_effective", turned_json(group, effect, names, false)}};
}

void tell_effect(Environment& environment, const OpenGroup& group, const Effect& effect) {
    const Names& names = environment.names();
    const auto level = [](Level value) { return value == 0 ? std::string("out") : level::to_text(value); };
    if (effect.op) {
        environment.say("Signed " + short_id(group.replica->graph(), *effect.op) + ".");
    } else {
        environment.say("Nothing was signed. It would change:");
    }
    for (const auto& change : effect.changes) {
        environment.say("  " + names.of(change.key) + ": " + level(change.before) + " -> " +
                        level(change.after) + (change.with ? ", with " + names.of(*change.with) : ""));
    }
    if (effect.changes.empty()) environment.say("  nobody's level");
    tell_turned(environment, group, effect, true);
    tell_turned(environment, group, effect, false);
}

}  // namespace folkmoot::moot
