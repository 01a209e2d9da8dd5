#include "moot/groups.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "crypto/random.hpp"
#include "moot/counted_store.hpp"
#include "moot/files.hpp"

namespace folkmoot::moot {
namespace {

constexpr const char* own_suffix = ".own";

StoreInstance random_instance() {
    StoreInstance instance;
    crypto::random_bytes(instance.bytes);
    return instance;
}

}  // namespace

std::uint64_t clock_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

// Signatures are verified on all cores, up to a number beyond which a batch has no work for more.
Groups::Groups(Home home, Signer& signer)
    : home_(std::move(home)),
      signer_(signer),
      verifier_(net::make_pooled_verifier(ed25519_verifier(),
                                          std::clamp(std::thread::hardware_concurrency(), 1U, 8U))) {}

// The node speaks to the replicas until its end.
Groups::~Groups() { close_all(); }

void Groups::close_all() {
    node_.reset();
    open_.clear();
    stores_.clear();
}

Result<Store*> Groups::open_store(const GroupId& id) {
    if (const auto at = open_.find(id); at != open_.end()) return at->second->store.get();
    if (const auto at = stores_.find(id); at != stores_.end()) return at->second.get();
    const auto path = home_.group_path(id);
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
        return fail(ErrorCode::no_group, "this device has no group " + to_hex(id.view().first(6)));
    }
    auto store = open_sqlite_store(path, random_instance());
    if (!store && store.error().code == ErrorCode::store_locked) {
        return fail(ErrorCode::store_locked, "another process holds the group " + to_hex(id.view().first(6)) +
                                                 "; wait for it to end, or stop it, and try again");
    }
    if (!store) return std::unexpected(store.error());
    return stores_.emplace(id, std::move(*store)).first->second.get();
}

Result<OpenGroup*> Groups::open(const GroupId& id) {
    if (const auto at = open_.find(id); at != open_.end()) return at->second.get();
    if (auto store = open_store(id); !store) return std::unexpected(store.error());
    auto group = std::make_unique<OpenGroup>();
    group->id = id;
    auto counted = std::make_unique<CountedStore>(std::move(stores_.extract(id).mapped()),
                                                  home_.group_path(id).string() + own_suffix, signer_.key());
    CountedStore& counting = *counted;
    group->store = std::move(counted);
    auto replica = Replica::open({id, crypto::random_number()}, *group->store, &signer_, *verifier_);
    if (!replica) return std::unexpected(replica.error());
    group->replica = std::move(*replica);
    auto whole = counting.matches(group->replica->own_ops());
    if (!whole) return std::unexpected(whole.error());
    if (!*whole) group->replica->suspect_rollback();
    if (node_) node_->add_group(*group->replica, *group->store);
    OpenGroup* opened = open_.emplace(id, std::move(group)).first->second.get();
    if (!*whole) {
        if (auto marked = saved(*opened); !marked) return std::unexpected(marked.error());
    }
    return opened;
}

Result<std::string> Groups::name_of(const GroupId& id) {
    if (const auto at = open_.find(id); at != open_.end()) {
        const Replica& replica = *at->second->replica;
        return replica.graph().size() > 0 ? replica.access().group_name() : std::string();
    }
    if (const auto at = names_.find(id); at != names_.end()) return at->second;
    auto store = open_store(id);
    if (!store) return std::unexpected(store.error());
    auto create = (*store)->read(create_of(id));
    // Opened for its name only: others may want it.
    if (!open_.contains(id)) stores_.erase(id);
    if (!create && create.error().code != ErrorCode::store_not_found) return std::unexpected(create.error());
    std::string name;
    if (create) {
        const auto op = decode_body(create->body);
        if (op && op->kind() == Kind::create) name = std::get<Create>(op->act).name;
    }
    names_[id] = name;
    return name;
}

Result<GroupId> Groups::find_id(const std::string& text) {
    auto ids = home_.groups();
    if (!ids) return std::unexpected(ids.error());
    std::vector<GroupId> named;
    std::vector<GroupId> prefixed;
    std::optional<Error> trouble;
    for (const auto& id : *ids) {
        if (text.size() >= 4 && to_hex(id.view()).starts_with(text)) prefixed.push_back(id);
        auto name = name_of(id);
        if (!name) {
            trouble = name.error();
        } else if (*name == text) {
            named.push_back(id);
        }
    }
    const auto& found = named.empty() ? prefixed : named;
    if (found.size() == 1) return found.front();
    if (found.size() > 1) {
        std::string text_of_all;
        for (const auto& id : found) text_of_all += " " + to_hex(id.view().first(6));
        return fail(ErrorCode::ambiguous, "several groups are called " + text + ":" + text_of_all +
                                              "; say which by the start of its id");
    }
    if (trouble) return std::unexpected(*trouble);
    return fail(ErrorCode::no_group, "this device has no group " + text + "; see moot group list");
}

Result<OpenGroup*> Groups::find(const std::string& text) {
    auto id = find_id(text);
    if (!id) return std::unexpected(id.error());
    auto group = open(*id);
    if (group && (*group)->replica->graph().size() == 0) {
        return fail(ErrorCode::not_synced, "nothing is known of the group yet; sync it first");
    }
    return group;
}

Result<Store*> Groups::prepare_store(const GroupId& id) {
    std::error_code error;
    const auto path = home_.group_path(id);
    if (std::filesystem::exists(path, error)) {
        return fail(ErrorCode::already_exists,
                    "this device has that group already; bring it up to date with moot sync");
    }
    if (auto made = make_private_folder(path.parent_path()); !made) return std::unexpected(made.error());
    auto store = open_sqlite_store(path, random_instance());
    if (!store) return abandoned(id, store.error());
    return stores_.emplace(id, std::move(*store)).first->second.get();
}

// A store that was made but cannot be used is not left behind as an empty group.
std::unexpected<Error> Groups::abandoned(const GroupId& id, Error why) {
    if (why.code != ErrorCode::store_locked) discard(id);
    return std::unexpected(std::move(why));
}

Result<OpenGroup*> Groups::prepare(const GroupId& id) {
    if (auto made = prepare_store(id); !made) return std::unexpected(made.error());
    return open(id);
}

// The id is known only once the op is signed: it is made without a store first, and becomes a group when its
// op is on the disk.
Result<OpenGroup*> Groups::create(const Create& create, std::uint64_t time_ms) {
    const auto draft_store = make_memory_store(random_instance());
    auto draft = Replica::open({std::nullopt, crypto::random_number()}, *draft_store, &signer_, *verifier_);
    if (!draft) return std::unexpected(draft.error());
    auto made = (*draft)->create_group(create, time_ms);
    if (!made) return std::unexpected(made.error());
    const auto batch = (*draft)->poll_persist();
    const GroupId id = group_of(*made);
    const auto path = home_.group_path(id);
    if (auto folder = make_private_folder(path.parent_path()); !folder)
        return std::unexpected(folder.error());
    auto store = open_sqlite_store(path, random_instance());
    if (!store) return abandoned(id, store.error());
    auto persisted = persist(**store, *batch);
    stores_.emplace(id, std::move(*store));
    if (!persisted) {
        discard(id);
        return std::unexpected(persisted.error());
    }
    return open(id);
}

void Groups::discard(const GroupId& id) {
    // Once a node serves the group, the node has to go first.
    if (open_.contains(id)) node_.reset();
    open_.erase(id);
    stores_.erase(id);
    const auto path = home_.group_path(id);
    std::error_code error;
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
        std::filesystem::remove(path.string() + suffix, error);
    }
    forget_if_nothing(path.string() + own_suffix);
}

Result<void> Groups::saved(OpenGroup& group) {
    if (node_) return node_->touched(group.id);
    while (auto batch = group.replica->poll_persist()) {
        auto done = persist(*group.store, *batch);
        group.replica->handle_persisted(batch->ticket, done);
        if (!done) return done;
    }
    while (group.replica->poll_event()) {
    }
    return {};
}

net::Node& Groups::node() {
    if (!node_) {
        node_ = std::make_unique<net::Node>(signer_, *verifier_);
        for (auto& [id, group] : open_) node_->add_group(*group->replica, *group->store);
    }
    return *node_;
}

}  // namespace folkmoot::moot
