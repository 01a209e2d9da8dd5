// The folder of one device: its key, its name, its contacts, its groups, and the daemon's socket.
//
//     device.key      two lines: "moot device key 1" and the 32-byte seed in hex; 0600, looser is refused
//     config.json     {"name", "address"}
//     contacts.json   {NAME: KEY in hex}
//     groups/ID.db    a store a group; groups/ID.db.own: how many ops of this device it held
//     ballast         room for a full disk (ballast.hpp)
//     tickets.json    the open tickets that were given out, without their secrets
//     moot.sock       where the daemon listens
//     moot.lock       held by the daemon
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "folkmoot/bytes.hpp"
#include "folkmoot/signer.hpp"

namespace folkmoot::moot {

class Home {
   public:
    /// `option`, else $MOOT_HOME, else $XDG_DATA_HOME/moot, else ~/.local/share/moot; absolute.
    [[nodiscard]] static std::filesystem::path locate(const std::string& option);
    /// no_home if there is no device there, unsafe_key_file if others may read its key.
    [[nodiscard]] static Result<Home> open(const std::filesystem::path& folder);
    /// Makes a device with a fresh key; already_exists if there is one.
    [[nodiscard]] static Result<Home> create(const std::filesystem::path& folder, const std::string& name);

    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
    [[nodiscard]] const std::string& name() const { return name_; }
    /// Where the daemon last listened; empty if it never did.
    [[nodiscard]] const std::string& address() const { return address_; }
    [[nodiscard]] Result<void> set_address(const std::string& address);
    [[nodiscard]] const std::map<std::string, DeviceKey>& contacts() const { return contacts_; }
    [[nodiscard]] Result<void> add_contact(const std::string& name, const DeviceKey& key);

    /// Reads the key file; the seed stays in guarded memory.
    [[nodiscard]] Result<std::unique_ptr<Signer>> signer() const;

    [[nodiscard]] std::filesystem::path group_path(const GroupId& group) const;
    /// Ascending by id.
    [[nodiscard]] Result<std::vector<GroupId>> groups() const;
    /// A path to the socket short enough for the system, valid while this Home or a copy lives.
    [[nodiscard]] std::string socket_path() const;
    [[nodiscard]] std::filesystem::path lock_path() const { return folder_ / "moot.lock"; }

   private:
    explicit Home(std::filesystem::path folder) : folder_(std::move(folder)) {}
    [[nodiscard]] Result<void> check_key_file() const;
    [[nodiscard]] Result<void> load();
    [[nodiscard]] Result<void> save_config() const;

    std::filesystem::path folder_;
    std::string name_;
    std::string address_;
    std::map<std::string, DeviceKey> contacts_;
    std::shared_ptr<int> folder_handle_;
};

}  // namespace folkmoot::moot
