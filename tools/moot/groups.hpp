// The groups a process holds open: each a store and the replica over it.
//
// Without a daemon a command opens what it needs and closes it at its end; the daemon holds all of them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "folkmoot/net.hpp"
#include "folkmoot/replica.hpp"
#include "folkmoot/store.hpp"
#include "moot/home.hpp"

namespace folkmoot::moot {

struct OpenGroup {
    GroupId id;
    std::unique_ptr<Store> store;
    std::unique_ptr<Replica> replica;
};

class Groups {
   public:
    /// The signer must outlive it.
    Groups(Home home, Signer& signer);
    ~Groups();
    Groups(const Groups&) = delete;
    Groups& operator=(const Groups&) = delete;

    [[nodiscard]] const Home& home() const { return home_; }
    [[nodiscard]] Home& home() { return home_; }
    [[nodiscard]] Signer& signer() { return signer_; }

    /// no_group if the home has no such group, store_locked if another process holds it.
    [[nodiscard]] Result<OpenGroup*> open(const GroupId& id);
    /// The store alone, also of a group whose content is damaged.
    [[nodiscard]] Result<Store*> open_store(const GroupId& id);
    /// What the user calls a group: its name, or the start of its id.
    [[nodiscard]] Result<OpenGroup*> find(const std::string& text);
    [[nodiscard]] Result<GroupId> find_id(const std::string& text);
    /// The name in its `create`; empty if nothing is stored.
    [[nodiscard]] Result<std::string> name_of(const GroupId& id);
    [[nodiscard]] Result<OpenGroup*> create(const Create& create, std::uint64_t time_ms);
    /// A store for a group of which nothing is known yet.
    [[nodiscard]] Result<OpenGroup*> prepare(const GroupId& id);
    /// The same without a replica over it; open() makes that later.
    [[nodiscard]] Result<Store*> prepare_store(const GroupId& id);
    /// Closes the group and removes its file.
    void discard(const GroupId& id);
    /// Closes whatever is open, so that another process may take it.
    void close_all();

    /// Makes what was authored durable and passes it on.
    [[nodiscard]] Result<void> saved(OpenGroup& group);

    /// Created at the first call; every group opened so far and later is served by it.
    net::Node& node();
    [[nodiscard]] bool has_node() const { return node_ != nullptr; }

    /// Of the daemon: where it accepts peers.
    std::vector<std::string> listening;
    bool daemon = false;

   private:
    std::unexpected<Error> abandoned(const GroupId& id, Error why);

    Home home_;
    Signer& signer_;
    std::unique_ptr<Verifier> verifier_;
    std::map<GroupId, std::unique_ptr<Store>> stores_;
    std::map<GroupId, std::unique_ptr<OpenGroup>> open_;
    std::map<GroupId, std::string> names_;
    std::unique_ptr<net::Node> node_;
};

/// What the system's clock says, in milliseconds since 1970.
[[nodiscard]] std::uint64_t clock_ms();

}  // namespace folkmoot::moot
