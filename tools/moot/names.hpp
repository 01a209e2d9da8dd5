// Petnames and prefixes: how the user names devices and ops, and how the program names them back.
#pragma once

#include <string>

#include "moot/groups.hpp"

namespace folkmoot::moot {

class Names {
   public:
    Names(const Home& home, const DeviceKey& self) : home_(home), self_(self) {}

    /// The petname of the device; empty if it has none.
    [[nodiscard]] std::string petname(const DeviceKey& key) const;
    /// The petname, or the start of the key.
    [[nodiscard]] std::string of(const DeviceKey& key) const;
    /// What the user must type so that the program takes it for this device.
    [[nodiscard]] std::string typed(const DeviceKey& key) const;
    /// A petname, a key in hex, or the start of the key of a contact or of somebody in `group` (may be
    /// null). not_found and ambiguous say what to do.
    [[nodiscard]] Result<DeviceKey> find(const std::string& text, const OpenGroup* group) const;
    [[nodiscard]] const DeviceKey& self() const { return self_; }

   private:
    const Home& home_;
    DeviceKey self_;
};

/// The start of an op's id, long enough to tell it from others in a graph of that size.
[[nodiscard]] std::string short_id(const Graph& graph, const OpId& id);
[[nodiscard]] std::string short_id(const Graph& graph, OpIndex op);
/// The op whose id is or starts with `text`: at least 4 digits; not_found and ambiguous say so.
[[nodiscard]] Result<OpIndex> find_op(const OpenGroup& group, const std::string& text);
/// `add bob` and the like.
[[nodiscard]] std::string title(const OpenGroup& group, const Names& names, OpIndex op);
/// `"add bob" by alice`.
[[nodiscard]] std::string described(const OpenGroup& group, const Names& names, OpIndex op);
/// All devices that the group's ops name, ascending.
[[nodiscard]] std::vector<DeviceKey> devices_in(const OpenGroup& group);

}  // namespace folkmoot::moot
