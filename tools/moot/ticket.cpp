#include "moot/ticket.hpp"

#include <nlohmann/json.hpp>

#include "moot/files.hpp"

namespace folkmoot::moot {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t largest_file_bytes = 4U << 20U;

std::filesystem::path path_in(const Home& home) { return home.folder() / "tickets.json"; }

std::optional<GivenTicket> read_one(const Json& value) {
    const auto text = [&](const char* name) {
        const auto at = value.find(name);
        return at != value.end() && at->is_string() ? at->get<std::string>() : std::string();
    };
    const auto number = [&](const char* name) {
        const auto at = value.find(name);
        return at != value.end() && at->is_number_unsigned() ? at->get<std::uint64_t>() : 0;
    };
    if (!value.is_object()) return std::nullopt;
    const auto group = fixed_from_hex<GroupId>(text("group"));
    const auto key = fixed_from_hex<DeviceKey>(text("key"));
    const std::uint64_t level = number("level");
    if (!group || !key || level < 1 || level > limits::granted_level) return std::nullopt;
    return GivenTicket{*group, *key, static_cast<Level>(level), text("label"), number("made_ms")};
}

}  // namespace

Result<std::vector<GivenTicket>> given_tickets(const Home& home) {
    std::vector<GivenTicket> out;
    std::error_code error;
    if (!std::filesystem::exists(path_in(home), error)) return out;
    const auto text = read_file(path_in(home), largest_file_bytes);
    if (!text) return std::unexpected(text.error());
    const Json value = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
    const auto bad = fail(ErrorCode::file_io, path_in(home).string() + " is no list of tickets");
    if (!value.is_object() || !value.contains("tickets") || !value["tickets"].is_array()) return bad;
    for (const auto& one : value["tickets"]) {
        auto ticket = read_one(one);
        if (!ticket) return bad;
        out.push_back(std::move(*ticket));
    }
    return out;
}

Result<void> remember_tickets(const Home& home, const std::vector<GivenTicket>& tickets) {
    Json list = Json::array();
    for (const auto& ticket : tickets) {
        list.push_back({{"group", to_hex(ticket.group.view())},
                        {"key", to_hex(ticket.key.view())},
                        {"level", ticket.level},
                        {"label", ticket.label},
                        {"made_ms", ticket.made_ms}});
    }
    const Json value = {{"tickets", std::move(list)}};
    return write_file(path_in(home), value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n",
                      Replace::yes);
}

}  // namespace folkmoot::moot
