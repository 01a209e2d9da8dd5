// init, id, contact, version: the device itself; no group is touched.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "moot/ballast.hpp"
#include "moot/commands.hpp"
#include "moot/environment.hpp"
#include "moot/text.hpp"

namespace folkmoot::moot {
namespace {

using Json = nlohmann::ordered_json;

std::string default_name() {
    for (const char* variable : {"USER", "LOGNAME"}) {
        const char* value = std::getenv(variable);
        if (value != nullptr && *value != '\0') return value;
    }
    return "me";
}

Result<int> show_key(Environment& environment, const Home& home) {
    auto signer = home.signer();
    if (!signer) return std::unexpected(signer.error());
    const std::string key = to_hex((*signer)->key().view());
    if (environment.json()) {
        environment.print({{"name", home.name()}, {"key", key}});
    } else {
        environment.answer(key);
    }
    return 0;
}

Result<int> init(Environment& environment, const std::string& name) {
    const auto folder = environment.home_folder();
    auto home = Home::create(folder, name.empty() ? default_name() : name);
    if (!home) return std::unexpected(home.error());
    keep_ballast(folder);
    environment.say("Made the device " + printable(home->name()) + " in " + folder.string() + ". Its key:");
    return show_key(environment, *home);
}

Result<int> id(Environment& environment) {
    auto home = Home::open(environment.home_folder());
    if (!home) return std::unexpected(home.error());
    return show_key(environment, *home);
}

Result<int> add_contact(Environment& environment, const std::string& name, const std::string& key_text) {
    auto home = Home::open(environment.home_folder());
    if (!home) return std::unexpected(home.error());
    const auto key = fixed_from_hex<DeviceKey>(key_text);
    if (!key || !ed25519_verifier().key_acceptable(*key)) {
        return fail(ErrorCode::usage,
                    "the key is none: it has 64 hexadecimal digits, as moot id prints them");
    }
    if (auto added = home->add_contact(name, *key); !added) return std::unexpected(added.error());
    if (environment.json()) {
        environment.print({{"name", name}, {"key", to_hex(key->view())}});
    } else {
        environment.say("From now on " + printable(name) + " is " + to_hex(key->view().first(4)) + ".");
    }
    return 0;
}

Result<int> list_contacts(Environment& environment) {
    const auto home = Home::open(environment.home_folder());
    if (!home) return std::unexpected(home.error());
    Json list = Json::array();
    for (const auto& [name, key] : home->contacts()) {
        list.push_back({{"name", name}, {"key", to_hex(key.view())}});
        environment.answer(to_hex(key.view()) + "  " + printable(name));
    }
    if (environment.json()) environment.print({{"contacts", std::move(list)}});
    return 0;
}

Result<int> version(Environment& environment) {
    if (environment.json()) {
        environment.print({{"version", FOLKMOOT_VERSION}});
    } else {
        environment.answer(std::string("moot ") + FOLKMOOT_VERSION);
    }
    return 0;
}

}  // namespace

void add_device_commands(CLI::App& app, Command& chosen) {
    auto* init_command =
        add_command(app, "init", "Make this device: its key and its name", "moot init --name alice");
    auto name = std::make_shared<std::string>();
    init_command->add_option("--name", *name, "What you call this device (else your login name)");
    init_command->callback([&chosen, name] {
        chosen.run = [name](Environment& environment) { return init(environment, *name); };
    });

    auto* id_command =
        add_command(app, "id", "Print this device's key, by which others add it", "moot id --json");
    id_command->callback([&chosen] { chosen.run = id; });

    auto* contact = app.add_subcommand("contact", "Names for other devices' keys");
    contact->require_subcommand(1);
    auto* add = add_command(*contact, "add", "Name a key", "moot contact add bob 3f2a...");
    auto contact_name = std::make_shared<std::string>();
    auto key = std::make_shared<std::string>();
    add->add_option("NAME", *contact_name, "The name")->required();
    add->add_option("KEY", *key, "The key in hexadecimal")->required();
    add->callback([&chosen, contact_name, key] {
        chosen.run = [contact_name, key](Environment& environment) {
            return add_contact(environment, *contact_name, *key);
        };
    });
    auto* list = add_command(*contact, "list", "List the named keys", "moot contact list");
    list->callback([&chosen] { chosen.run = list_contacts; });

    auto* version_command = add_command(app, "version", "Print the version", "moot version");
    version_command->callback([&chosen] { chosen.run = version; });
}

}  // namespace folkmoot::moot
