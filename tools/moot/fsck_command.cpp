// fsck: what is stored, checked again from its bytes, and repaired if asked.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "crypto/random.hpp"
#include "moot/commands.hpp"
#include "moot/environment.hpp"
#include "moot/fsck.hpp"
#include "moot/repair.hpp"
#include "moot/text.hpp"
#include "store/salvage.hpp"

namespace folkmoot::moot {
namespace {

using Json = nlohmann::ordered_json;

constexpr int damage_found = 40;
/// Lists of ids are cut to this many; there is one of each kind in a report.
constexpr std::size_t most_ids = 1000;

struct Wanted {
    std::vector<std::string> groups;
    bool quick = false;
    bool full = false;
    bool connectivity = false;
    bool repair = false;

    [[nodiscard]] FsckDepth depth() const {
        if (quick) return FsckDepth::quick;
        if (connectivity) return FsckDepth::connectivity;
        return full || repair ? FsckDepth::full : FsckDepth::standard;
    }
};

const char* name_of(FsckDepth depth) {
    switch (depth) {
        case FsckDepth::quick: return "quick";
        case FsckDepth::connectivity: return "connectivity";
        case FsckDepth::standard: return "standard";
        case FsckDepth::full: break;
    }
    return "full";
}

Json ids_json(const std::vector<OpId>& ids) {
    Json out = Json::array();
    for (const auto& id : std::span(ids).first(std::min(ids.size(), most_ids)))
        out.push_back(to_hex(id.view()));
    return out;
}

/// A repair that a crash ended left no file that opens: the group is found by what it was building.
Result<std::vector<GroupId>> interrupted(const Home& home) {
    std::vector<GroupId> out;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(home.folder() / "groups", none)) {
        const auto name = entry.path().filename().string();
        const std::string ending = ".db.repair";
        if (!name.ends_with(ending)) continue;
        const auto id = fixed_from_hex<GroupId>(name.substr(0, name.size() - ending.size()));
        if (id && store::replacement_interrupted(home.group_path(*id))) out.push_back(*id);
    }
    return out;
}

/// What was found in one group; a group that cannot be opened for another reason than damage is an error.
Result<FsckReport> examine(Groups& groups, const GroupId& id, FsckDepth depth) {
    FsckReport found;
    if (auto store = groups.open_store(id)) {
        found = check_group(**store, id, depth);
    } else if (store.error().code == ErrorCode::store_damaged) {
        found.faults.push_back(store.error().text);
    } else {
        return std::unexpected(store.error());
    }
    return found;
}

Result<RepairReport> repair(Groups& groups, const GroupId& id) {
    StoreInstance fresh;
    crypto::random_bytes(fresh.bytes);
    groups.close_all();
    return repair_group(groups.home().group_path(id), id, fresh);
}

void tell(Environment& environment, const RepairReport& done) {
    environment.say("  repaired: " + counted(done.kept, "operation") + " kept, " +
                    std::to_string(done.set_aside.size()) + " set aside, " + counted(done.unreadable, "row") +
                    " unreadable; the damaged store is " + printable(done.aside.string()));
    for (const auto* ids : {&done.set_aside, &done.missing}) {
        for (const auto& id : std::span(*ids).first(std::min(ids->size(), most_ids))) {
            environment.answer("  to fetch again: " + to_hex(id.view()));
        }
    }
    if (done.lost_ops()) {
        environment.say("  Nothing is signed here until a sync has ended: moot sync GROUP ADDRESS");
    }
}

Json repair_json(const RepairReport& done) {
    std::vector<OpId> fetch = done.set_aside;
    fetch.insert(fetch.end(), done.missing.begin(), done.missing.end());
    return {{"kept", done.kept},
            {"set_aside", done.set_aside.size()},
            {"unreadable", done.unreadable},
            {"to_fetch", ids_json(fetch)},
            {"without_payload", ids_json(done.without_payload)},
            {"kept_aside_as", done.aside.string()}};
}

Json report_json(const GroupId& id, const FsckReport& found, FsckDepth depth) {
    return {{"group", to_hex(id.view())},
            {"ops", found.ops},
            {"signatures", found.signatures},
            {"depth", name_of(depth)},
            {"full", depth == FsckDepth::full},
            {"damaged", !found.faults.empty()},
            {"faults", found.faults}};
}

void tell(Environment& environment, const GroupId& id, const FsckReport& found, FsckDepth depth) {
    environment.say(
        to_hex(id.view().first(6)) + "  " + counted(found.ops, "operation") +
        (depth == FsckDepth::full ? ", " + counted(found.signatures, "signature") + " checked" : "") + ": " +
        (found.faults.empty() ? "sound" : counted(found.faults.size(), "fault")));
    for (const auto& fault : found.faults) environment.answer("  " + printable(fault));
}

/// The groups to look at. Finishes repairs that were interrupted, or says that there are any.
Result<std::vector<GroupId>> chosen_groups(Groups& groups, const Wanted& wanted) {
    auto unfinished = interrupted(groups.home());
    if (!unfinished) return unfinished;
    for (const auto& id : *unfinished) {
        if (!wanted.repair) {
            return fail(ErrorCode::store_damaged, "a repair of the group " + to_hex(id.view().first(6)) +
                                                      " was interrupted; run moot fsck --repair");
        }
        if (auto done = store::finish_replacement(groups.home().group_path(id)); !done) {
            return std::unexpected(done.error());
        }
    }
    if (wanted.groups.empty()) return groups.home().groups();
    std::vector<GroupId> ids;
    for (const auto& text : wanted.groups) {
        auto id = groups.find_id(text);
        if (!id) return std::unexpected(id.error());
        ids.push_back(*id);
    }
    return ids;
}

Result<int> fsck(Environment& environment, const Wanted& wanted) {
    auto groups = environment.groups();
    if (!groups) return std::unexpected(groups.error());
    if (wanted.repair && (*groups)->daemon) {
        return fail(ErrorCode::store_locked,
                    "moot serve holds the groups; stop it before repairing, and start it again afterwards");
    }
    auto ids = chosen_groups(**groups, wanted);
    if (!ids) return std::unexpected(ids.error());
    const FsckDepth depth = wanted.depth();
    Json reports = Json::array();
    bool damaged = false;
    bool repaired = false;
    for (const auto& id : *ids) {
        auto found = examine(**groups, id, depth);
        if (!found) return std::unexpected(found.error());
        tell(environment, id, *found, depth);
        Json report = report_json(id, *found, depth);
        if (!found->faults.empty() && wanted.repair) {
            const auto done = repair(**groups, id);
            if (!done) return std::unexpected(done.error());
            tell(environment, *done);
            report["repair"] = repair_json(*done);
            found = examine(**groups, id, depth);
            if (!found) return std::unexpected(found.error());
            repaired = true;
        }
        damaged = damaged || !found->faults.empty();
        reports.push_back(std::move(report));
    }
    if (environment.json()) {
        environment.print({{"damaged", damaged}, {"repaired", repaired}, {"groups", std::move(reports)}});
    }
    return damaged ? damage_found : 0;
}

}  // namespace

void add_fsck_command(CLI::App& app, Command& chosen) {
    auto* command =
        add_command(app, "fsck", "Check everything stored from its bytes: 40 if damaged", "moot fsck --full");
    auto wanted = std::make_shared<Wanted>();
    command->add_option("GROUP", wanted->groups, "Which groups (else all)");
    auto* quick = command->add_flag("--quick", wanted->quick, "Only the store's structure and counts");
    auto* connectivity = command->add_flag("--connectivity-only", wanted->connectivity,
                                           "Only that all ops that are named are there");
    auto* full = command->add_flag("--full", wanted->full, "Every key and signature too");
    auto* repair = command->add_flag(
        "--repair", wanted->repair,
        "Check in full and keep what is good; the damaged store stays beside it, a sync fetches the rest");
    quick->excludes(connectivity)->excludes(full)->excludes(repair);
    connectivity->excludes(full)->excludes(repair);
    command->callback([&chosen, wanted] {
        chosen.on_groups = true;
        chosen.may_use_ballast = wanted->repair;
        chosen.run = [wanted](Environment& environment) { return fsck(environment, *wanted); };
    });
}

}  // namespace folkmoot::moot
