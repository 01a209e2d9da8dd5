// Names of levels and kinds, and what an act says about whom.
#include <charconv>

#include "folkmoot/operation.hpp"

namespace folkmoot {
namespace {

static_assert(level::founder == limits::founder_level);

struct LevelName {
    Level value;
    std::string_view name;
};
constexpr std::array<LevelName, 5> level_names{{{level::reader, "reader"},
                                                {level::member, "member"},
                                                {level::moderator, "moderator"},
                                                {level::admin, "admin"},
                                                {level::founder, "founder"}}};
constexpr std::array<std::string_view, kind_count> kind_names{
    "create", "add", "link", "set_level", "remove", "ban", "unban", "leave", "post"};

}  // namespace

namespace level {

std::string to_text(Level value) {
    for (const auto& entry : level_names) {
        if (entry.value == value) return std::string(entry.name);
    }
    return std::to_string(value);
}

std::optional<Level> from_text(std::string_view text) {
    for (const auto& entry : level_names) {
        if (entry.name == text) return entry.value;
    }
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number < 1 || number > 255) {
        return std::nullopt;
    }
    return static_cast<Level>(number);
}

}  // namespace level

std::string_view to_text(Kind kind) { return kind_names.at(static_cast<std::size_t>(kind)); }

std::optional<Kind> kind_from_text(std::string_view text) {
    for (std::size_t i = 0; i < kind_names.size(); ++i) {
        if (kind_names[i] == text) return static_cast<Kind>(i);
    }
    return std::nullopt;
}

const DeviceKey* subject_of(const Act& act) {
    return std::visit(
        [](const auto& value) -> const DeviceKey* {
            if constexpr (requires { value.subject; }) {
                return &value.subject;
            } else {
                return nullptr;
            }
        },
        act);
}

const std::vector<OpId>* cut_of(const Act& act) {
    if (const auto* remove = std::get_if<Remove>(&act)) return remove->cut ? &*remove->cut : nullptr;
    if (const auto* ban = std::get_if<Ban>(&act)) return ban->cut ? &*ban->cut : nullptr;
    return nullptr;
}

std::optional<Level> granted_level(const Act& act) {
    return std::visit(
        [](const auto& value) -> std::optional<Level> {
            if constexpr (requires { value.level; }) {
                return value.level;
            } else {
                return std::nullopt;
            }
        },
        act);
}

}  // namespace folkmoot
