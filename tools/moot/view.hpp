// Values of the library as JSON and as text, the same in every command.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "moot/names.hpp"

namespace folkmoot::moot {

/// A level's name where it has one, else its number.
[[nodiscard]] nlohmann::ordered_json level_json(Level level);
/// A petname, or null.
[[nodiscard]] nlohmann::ordered_json petname_json(const Names& names, const DeviceKey& key);
/// How a device came in: by whom it was linked, and who stands at the top of that chain of links.
struct Standing {
    /// Absent for a device that holds a grant of its own.
    std::optional<DeviceKey> under;
    DeviceKey person;
};
/// Precondition: the device is a member.
[[nodiscard]] Standing standing_of(const Resolution& resolution, const DeviceKey& member);
/// O9: whether both ops of a fork only link devices, and their author did nothing else: a ticket that two
/// used at once. It harms nobody, so nobody is accused.
[[nodiscard]] bool is_ticket_fork(const OpenGroup& group, const Equivocation& pair);

/// {"members", "frontier", "digest"} of a resolution.
[[nodiscard]] nlohmann::ordered_json members_json(const Resolution& resolution,
                                                  const std::vector<OpId>& frontier, const Names& names);
/// An op as `log` and `show` give it. Reads it from the store.
[[nodiscard]] Result<nlohmann::ordered_json> op_json(OpenGroup& group, const Names& names, OpIndex op);
/// The ids of the heads, ascending.
[[nodiscard]] std::vector<OpId> frontier_of(const Graph& graph);
/// All ops, ancestors first, the same order on every device that holds the same ops.
[[nodiscard]] std::vector<OpIndex> in_order(const Graph& graph);

}  // namespace folkmoot::moot
