// All that one seed decides before anything happens: who takes part, how they are connected, and the list of
// everything that will be done or go wrong. An item can be left out without shifting the others, which is how
// a failure is made small.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "folkmoot/operation.hpp"
#include "sim/pipe.hpp"
#include "sim/roles.hpp"

namespace folkmoot::sim {

enum class ItemKind : std::uint8_t {
    // what people do
    post,
    act,
    // what happens to lines
    cut,
    stall,
    partition,
    one_way,
    change_byte,
    replay,
    // to processes
    crash,
    crash_in_write,
    crash_after_write,
    crash_twice,
    pause,
    slow,
    clock,
    offline,
    // to disks
    disk_full,
    disk_io_before,
    disk_io_after,
    disk_loss,
    disk_rollback,
    disk_decay,
    // what liars do
    lie,
};
inline constexpr std::size_t item_kind_count = 23;
[[nodiscard]] std::string_view to_text(ItemKind kind);

struct Item {
    std::uint64_t at_ms = 0;
    ItemKind kind = ItemKind::post;
    /// A peer, by number in the plan.
    std::size_t who = 0;
    /// Decides what is left open; not drawn from anything that another item draws from.
    std::uint64_t salt = 0;
    /// Of a lie.
    Role role{};
};

struct PeerPlan {
    bool correct = true;
    std::uint64_t joins_ms = 0;
    /// What it is added with; 255: a founder; 0: nobody adds it.
    Level level = level::member;
    std::uint64_t persist_ms = 2;
    /// Of a liar.
    std::set<Role> roles;
    std::uint64_t honest_until_ms = 0;
    /// A liar with the key of this peer (B17).
    std::optional<std::size_t> key_of;
};

/// Defects that are built in on purpose, to see that they are found.
enum class Plant : std::uint8_t {
    none,
    credulous_verifier,
    early_ack,
    skipped_op,
    hidden_op,
    skewed_membership,
    one_binding,
};
inline constexpr std::size_t plant_count = 7;
[[nodiscard]] std::string_view to_text(Plant plant);
[[nodiscard]] std::optional<Plant> plant_from_text(std::string_view text);

struct Plan {
    std::uint64_t seed = 0;
    bool real_keys = false;
    /// Every signature goes over the wire (O5).
    bool sign_each = false;
    /// Correct peers keep their groups in SQLite on disks that tear and decay, not in a journal in memory.
    bool sqlite = false;
    Plant plant = Plant::none;
    Rules rules;
    LineQuality quality;
    std::vector<PeerPlan> peers;
    std::vector<std::pair<std::size_t, std::size_t>> edges;
    /// In order of time.
    std::vector<Item> items;
    /// Posts that the correct write while somebody is away or has not come yet, from some time on.
    std::size_t backlog = 0;
    std::uint64_t backlog_ms = 0;
    /// When faults end and the correct are joined.
    std::uint64_t heal_ms = 0;
};

[[nodiscard]] Plan make_plan(std::uint64_t seed, Plant plant);
/// The same with one correct peer that is so many ops behind: a late joiner, or one that was offline for
/// long.
[[nodiscard]] Plan with_backlog(Plan plan, std::size_t ops);
/// The same without attacks: what liars may do by the rules, as members, remains (Q11).
[[nodiscard]] Plan without_attacks(Plan plan);
/// One line an item or peer.
[[nodiscard]] std::vector<std::string> describe(const Plan& plan);

}  // namespace folkmoot::sim
