// Signing an act, or finding out beforehand what it would change.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "folkmoot/explanation.hpp"
#include "moot/environment.hpp"

namespace folkmoot::moot {

/// How the user wants it done.
struct Manner {
    bool dry_run = false;
    /// Sign although own ops may be missing (T).
    bool force = false;
};

/// A device whose level an act changes.
struct LevelEffect {
    DeviceKey key;
    Level before = 0;  // 0: out
    Level after = 0;
    /// Whose tenure takes it along: the one it was linked under.
    std::optional<DeviceKey> with;
};

/// An op, of before the act, that turns void or effective.
struct VerdictEffect {
    OpId id;
    DeviceKey author;
    bool becomes_void = false;
    Rule rule = Rule::none;
};

/// What an act changed or would change.
struct Effect {
    /// Absent where nothing was signed.
    std::optional<OpId> op;
    std::vector<LevelEffect> changes;
    std::vector<VerdictEffect> verdicts;
};

/// Ends the wait for own ops if the user insists, else refuses where authoring waits (not_synced).
[[nodiscard]] Result<void> make_ready(Environment& environment, OpenGroup& group, bool force);
/// Signs the act, makes it durable and passes it on; under dry_run it is played on a copy that is thrown
/// away.
[[nodiscard]] Result<Effect> act(Environment& environment, OpenGroup& group, const Act& what,
                                 const Manner& manner);

/// {"op", "dry_run", "changes", "turn_void", "turn_effective"}, to which the caller may add.
[[nodiscard]] nlohmann::ordered_json effect_json(const OpenGroup& group, const Effect& effect,
                                                 const Names& names);
/// Tells people the same: "bob: out -> member", "phone: member -> out, with bob", and the posts and acts that
/// turn.
void tell_effect(Environment& environment, const OpenGroup& group, const Effect& effect);

}  // namespace folkmoot::moot
