// backup, restore: a consistent copy of a group's store, and a group made from one.
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "crypto/random.hpp"
#include "moot/commands.hpp"
#include "moot/environment.hpp"
#include "moot/fsck.hpp"
#include "moot/text.hpp"

namespace folkmoot::moot {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

Result<void> back_up(Environment& environment, Groups& groups, const GroupId& id, const fs::path& to,
                     Json& done) {
    auto group = groups.open(id);
    if (!group) return std::unexpected(group.error());
    if (auto copied = (*group)->store->backup(to); !copied) return copied;
    const std::size_t ops = (*group)->replica->graph().size();
    done.push_back({{"group", to_hex(id.view())}, {"ops", ops}, {"file", to.string()}});
    environment.say(to_hex(id.view().first(6)) + "  " + counted(ops, "operation") + " to " +
                    printable(to.string()));
    return {};
}

Result<int> backup(Environment& environment, const std::string& group_text, const std::string& to) {
    auto groups = environment.groups();
    if (!groups) return std::unexpected(groups.error());
    Json done = Json::array();
    const fs::path target = environment.path(to);
    if (group_text.empty()) {
        auto ids = (*groups)->home().groups();
        if (!ids) return std::unexpected(ids.error());
        std::error_code error;
        if (!fs::is_directory(target, error))
            return fail(ErrorCode::usage, target.string() + " is no folder; --all writes a file a group");
        for (const auto& id : *ids) {
            auto one = back_up(environment, **groups, id, target / (to_hex(id.view()) + ".db"), done);
            if (!one) return std::unexpected(one.error());
        }
    } else {
        auto id = (*groups)->find_id(group_text);
        if (!id) return std::unexpected(id.error());
        if (auto one = back_up(environment, **groups, *id, target, done); !one)
            return std::unexpected(one.error());
    }
    if (environment.json()) environment.print({{"backups", std::move(done)}});
    environment.note("the device's key is not in it: keep " +
                     ((*groups)->home().folder() / "device.key").string() + " too");
    return 0;
}

StoreInstance fresh_instance() {
    StoreInstance instance;
    crypto::random_bytes(instance.bytes);
    return instance;
}

// The group whose ops the copy holds; every op is checked from its bytes first, since a file from elsewhere
// may hold anything.
Result<GroupId> checked_group(const Store& store) {
    std::optional<GroupId> group;
    const auto first = store.for_each(false, [&](StoredOp&& op) -> Result<void> {
        group = group_of(op.id);
        return fail(ErrorCode::interrupted, "one is enough");
    });
    if (!group) {
        if (!first && first.error().code != ErrorCode::interrupted) return std::unexpected(first.error());
        return fail(ErrorCode::store_damaged, "the backup holds no operations");
    }
    const FsckReport found = check_group(store, *group, FsckDepth::full);
    if (found.faults.empty()) return *group;
    return fail(ErrorCode::store_damaged, "the backup is damaged: " + found.faults.front());
}

void remove_store(const fs::path& path) {
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) fs::remove(path.string() + suffix, ignored);
}

// The copy is made beside the groups, marked, and gets its name last: a crash leaves no group or one that
// waits for a sync before it signs (T).
Result<GroupId> restore_store(const Home& home, const fs::path& from, const fs::path& draft) {
    std::error_code error;
    remove_store(draft);
    if (!fs::copy_file(from, draft, error) || error)
        return fail(ErrorCode::file_io, "cannot copy " + from.string() + ": " + error.message());
    auto store = open_sqlite_store(draft, fresh_instance());
    if (!store) return std::unexpected(store.error());
    auto group = checked_group(**store);
    if (!group) return group;
    if (fs::exists(home.group_path(*group), error)) {
        return fail(ErrorCode::already_exists, "this device has that group; to go back to the backup, move " +
                                                   home.group_path(*group).string() + " away first");
    }
    if (auto renewed = (*store)->renew_instance(fresh_instance()); !renewed)
        return std::unexpected(renewed.error());
    if (auto whole = (*store)->checkpoint(); !whole) return std::unexpected(whole.error());
    store->reset();
    fs::rename(draft, home.group_path(*group), error);
    if (error) return fail(ErrorCode::file_io, "cannot name the restored group: " + error.message());
    return group;
}

Result<int> restore(Environment& environment, const std::string& from) {
    auto groups = environment.groups();
    if (!groups) return std::unexpected(groups.error());
    const Home& home = (*groups)->home();
    const fs::path draft = home.folder() / "groups" / "restore.new";
    auto id = restore_store(home, environment.path(from), draft);
    remove_store(draft);
    if (!id) return std::unexpected(id.error());
    // Opening syncs the folder, so that the name lasts.
    auto group = (*groups)->open(*id);
    if (!group) return std::unexpected(group.error());
    const Replica& replica = *(*group)->replica;
    const std::string name = replica.access().group_name();
    if (environment.json()) {
        environment.print({{"group", to_hex(id->view())},
                           {"name", name},
                           {"ops", replica.graph().size()},
                           {"authoring_waits", replica.authoring_waits() != AuthoringWait::none}});
    } else {
        environment.say("Restored " + printable(name) + ": " + counted(replica.graph().size(), "operation") +
                        ". It signs nothing before: moot sync " + shell_word(name) + " ADDR");
    }
    return 0;
}

}  // namespace

void add_backup_commands(CLI::App& app, Command& chosen) {
    auto* save = add_command(app, "backup", "Copy a group's store, also while a daemon runs",
                             "moot backup \"book club\" club.db");
    auto all = std::make_shared<bool>(false);
    auto group = std::make_shared<std::string>();
    auto target = std::make_shared<std::string>();
    save->add_option("GROUP", *group, "The group; with --all the folder instead")->required();
    save->add_option("FILE", *target, "A file that is not there yet");
    save->add_flag("--all", *all, "Every group, each into a file of its own in the folder");
    save->callback([&chosen, all, group, target] {
        if (target->empty() != *all) throw CLI::RequiredError(*all ? "the folder alone" : "FILE");
        chosen.on_groups = true;
        chosen.run = [all, group, target](Environment& environment) {
            return *all ? backup(environment, "", *group) : backup(environment, *group, *target);
        };
    });
    auto* load = add_command(app, "restore", "Make a group from a backup; it signs nothing before a sync",
                             "moot restore club.db");
    auto file = std::make_shared<std::string>();
    load->add_option("FILE", *file, "What moot backup wrote")->required();
    load->callback([&chosen, file] {
        chosen.on_groups = true;
        chosen.run = [file](Environment& environment) { return restore(environment, *file); };
    });
}

}  // namespace folkmoot::moot
