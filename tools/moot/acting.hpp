// Signing an act, or finding out beforehand what it would change.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "moot/environment.hpp"

namespace folkmoot::moot {

/// What an act changed or would change.
struct Effect {
    std::optional<OpId> op;
    std::vector<MemberChange> changes;
};

/// Signs the act, makes it durable and passes it on.
[[nodiscard]] Result<Effect> act(Environment& environment, OpenGroup& group, const Act& what);
/// What act would do, without signing: played on a copy that is thrown away.
[[nodiscard]] Result<Effect> dry_run(Environment& environment, OpenGroup& group, const Act& what);

/// [{"key", "name", "before", "after"}]; a level is null where the device is out.
[[nodiscard]] nlohmann::ordered_json changes_json(const Effect& effect, const Names& names);
/// "bob: out -> member".
[[nodiscard]] std::vector<std::string> change_lines(const Effect& effect, const Names& names);

}  // namespace folkmoot::moot
