#include "moot/home.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <nlohmann/json.hpp>

#include "crypto/random.hpp"
#include "crypto/secret.hpp"
#include "moot/files.hpp"

namespace folkmoot::moot {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::string_view key_header = "moot device key 1\n";
constexpr std::size_t seed_bytes = 32;
constexpr std::size_t largest_json_bytes = 4U << 20U;

std::string environment_variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

Result<void> check_name(const std::string& name) {
    const bool printable =
        std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    if (!name.empty() && name.size() <= 64 && printable) return {};
    return fail(ErrorCode::usage, "a name has 1 to 64 bytes and no control characters");
}

Result<Json> read_json(const fs::path& path) {
    std::error_code error;
    if (!fs::exists(path, error)) return Json::object();
    auto text = read_file(path, largest_json_bytes);
    if (!text) return std::unexpected(text.error());
    Json value = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
    if (!value.is_object()) return fail(ErrorCode::file_io, path.string() + " is no JSON object");
    return value;
}

std::string text_in(const Json& object, const char* key) {
    const auto at = object.find(key);
    return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::string dump(const Json& value) {
    return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

fs::path Home::locate(const std::string& option) {
    fs::path folder = option;
    if (folder.empty()) folder = environment_variable("MOOT_HOME");
    if (folder.empty()) {
        const fs::path data = environment_variable("XDG_DATA_HOME");
        // The XDG specification: a relative one is to be ignored.
        folder =
            data.is_absolute() ? data / "moot" : fs::path(environment_variable("HOME")) / ".local/share/moot";
    }
    std::error_code error;
    const fs::path absolute = fs::absolute(folder, error);
    return error ? folder : absolute.lexically_normal();
}

Result<Home> Home::open(const fs::path& folder) {
    Home home(folder);
    std::error_code error;
    if (!fs::exists(folder / "device.key", error)) {
        return fail(ErrorCode::no_home,
                    "no device at " + folder.string() + "; make one: moot init --name NAME");
    }
    if (auto safe = home.check_key_file(); !safe) return std::unexpected(safe.error());
    if (auto loaded = home.load(); !loaded) return std::unexpected(loaded.error());
    return home;
}

Result<Home> Home::create(const fs::path& folder, const std::string& name) {
    if (auto good = check_name(name); !good) return std::unexpected(good.error());
    Home home(folder);
    home.name_ = name;
    if (auto made = make_private_folder(folder); !made) return std::unexpected(made.error());
    if (auto made = make_private_folder(folder / "groups"); !made) return std::unexpected(made.error());
    std::error_code error;
    if (fs::exists(folder / "device.key", error)) {
        return fail(ErrorCode::already_exists, folder.string() + " has a device already");
    }
    crypto::SecretArray<seed_bytes> seed;
    crypto::random_bytes(seed.writable());
    std::string text = std::string(key_header) + to_hex(seed.view()) + "\n";
    // The name first: whoever has a key has a name.
    auto written = home.save_config();
    if (written) written = write_file(folder / "device.key", text, Replace::no);
    crypto::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    if (!written) return std::unexpected(written.error());
    return home;
}

Result<void> Home::check_key_file() const {
    const fs::path path = folder_ / "device.key";
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) {
        return fail(ErrorCode::file_io, "cannot read " + path.string() + ": " + std::strerror(errno));
    }
    if ((info.st_mode & 077U) == 0) return {};
    return fail(ErrorCode::unsafe_key_file,
                path.string() + " can be reached by others; mend it: chmod 600 '" + path.string() + "'");
}

Result<std::unique_ptr<Signer>> Home::signer() const {
    const fs::path path = folder_ / "device.key";
    auto text = read_file(path, 4096);
    if (!text) return std::unexpected(text.error());
    const auto bad = fail(ErrorCode::bad_key_file, path.string() + " is no device key of this version");
    if (!text->starts_with(key_header)) return bad;
    std::string_view hex(*text);
    hex.remove_prefix(key_header.size());
    if (hex.ends_with('\n')) hex.remove_suffix(1);
    auto seed = from_hex(hex);
    crypto::wipe({reinterpret_cast<std::uint8_t*>(text->data()), text->size()});
    if (!seed || seed->size() != seed_bytes) return bad;
    auto signer = make_signer(*seed);
    crypto::wipe(*seed);
    return signer;
}

Result<void> Home::load() {
    auto config = read_json(folder_ / "config.json");
    if (!config) return std::unexpected(config.error());
    name_ = text_in(*config, "name");
    address_ = text_in(*config, "address");
    auto contacts = read_json(folder_ / "contacts.json");
    if (!contacts) return std::unexpected(contacts.error());
    for (const auto& [name, value] : contacts->items()) {
        const auto key =
            value.is_string() ? fixed_from_hex<DeviceKey>(value.get<std::string>()) : std::nullopt;
        if (!key) return fail(ErrorCode::file_io, "contacts.json: the key of " + name + " is none");
        contacts_[name] = *key;
    }
    if (socket_path().size() >= sizeof(sockaddr_un::sun_path) && !folder_handle_) {
        const int handle = ::open(folder_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
        folder_handle_ = std::shared_ptr<int>(new int(handle), [](const int* at) {
            ::close(*at);
            delete at;
        });
    }
    return {};
}

Result<void> Home::save_config() const {
    return write_file(folder_ / "config.json", dump(Json{{"name", name_}, {"address", address_}}),
                      Replace::yes);
}

Result<void> Home::set_address(const std::string& address) {
    if (address == address_) return {};
    address_ = address;
    return save_config();
}

Result<void> Home::add_contact(const std::string& name, const DeviceKey& key) {
    if (auto good = check_name(name); !good) return good;
    if (name == name_) return fail(ErrorCode::already_exists, name + " is this device's own name");
    const auto at = contacts_.find(name);
    if (at != contacts_.end() && at->second != key) {
        return fail(ErrorCode::already_exists, name + " is somebody else already");
    }
    contacts_[name] = key;
    Json value = Json::object();
    for (const auto& [contact, contact_key] : contacts_) value[contact] = to_hex(contact_key.view());
    return write_file(folder_ / "contacts.json", dump(value), Replace::yes);
}

fs::path Home::group_path(const GroupId& group) const {
    return folder_ / "groups" / (to_hex(group.view()) + ".db");
}

Result<std::vector<GroupId>> Home::groups() const {
    std::vector<GroupId> out;
    std::error_code error;
    for (fs::directory_iterator at(folder_ / "groups", error), end; !error && at != end;
         at.increment(error)) {
        if (at->path().extension() != ".db") continue;
        if (const auto id = fixed_from_hex<GroupId>(at->path().stem().string())) out.push_back(*id);
    }
    if (error && error != std::errc::no_such_file_or_directory) {
        return fail(ErrorCode::file_io,
                    "cannot list " + (folder_ / "groups").string() + ": " + error.message());
    }
    std::ranges::sort(out);
    return out;
}

std::string Home::socket_path() const {
    // A socket's path has at most 107 bytes; through the open folder it is always short.
    if (folder_handle_) return "/proc/self/fd/" + std::to_string(*folder_handle_) + "/moot.sock";
    return (folder_ / "moot.sock").string();
}

}  // namespace folkmoot::moot
