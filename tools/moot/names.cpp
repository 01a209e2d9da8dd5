#include "moot/names.hpp"

#include <algorithm>

#include "moot/text.hpp"

namespace folkmoot::moot {
namespace {

constexpr std::size_t shortest_prefix = 4;

bool is_hex(const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::string lower(std::string text) {
    for (char& c : text) {
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
}

}  // namespace

std::string Names::petname(const DeviceKey& key) const {
    if (key == self_) return home_.name();
    for (const auto& [name, contact] : home_.contacts()) {
        if (contact == key) return name;
    }
    return {};
}

std::string Names::of(const DeviceKey& key) const {
    const std::string name = petname(key);
    return name.empty() ? to_hex(key.view().first(4)) : printable(name);
}

std::string Names::typed(const DeviceKey& key) const {
    const std::string name = petname(key);
    return name.empty() ? to_hex(key.view()) : shell_word(name);
}

Result<DeviceKey> Names::find(const std::string& text, const OpenGroup* group) const {
    if (text == home_.name()) return self_;
    if (const auto at = home_.contacts().find(text); at != home_.contacts().end()) return at->second;
    const std::string hex = lower(text);
    if (const auto key = fixed_from_hex<DeviceKey>(hex)) return *key;
    if (is_hex(hex) && hex.size() >= shortest_prefix) {
        std::vector<DeviceKey> known = group != nullptr ? devices_in(*group) : std::vector<DeviceKey>();
        known.push_back(self_);
        for (const auto& [name, key] : home_.contacts()) known.push_back(key);
        std::ranges::sort(known);
        known.erase(std::ranges::unique(known).begin(), known.end());
        std::erase_if(known, [&](const DeviceKey& key) { return !to_hex(key.view()).starts_with(hex); });
        if (known.size() == 1) return known.front();
        if (known.size() > 1) return fail(ErrorCode::ambiguous, "several keys start with " + text);
    }
    return fail(ErrorCode::not_found,
                "nobody is known as " + printable(text) + "; name them: moot contact add NAME KEY");
}

std::string short_id(const Graph& graph, const OpId& id) {
    std::size_t digits = 6;
    // Twice the digits that count the ops: a clash is then unlikely.
    for (std::size_t many = 1U << 12U; many < graph.size() && digits < 16; many <<= 4U) digits += 2;
    return to_hex(id.view()).substr(0, digits);
}

std::string short_id(const Graph& graph, OpIndex op) { return short_id(graph, graph.id(op)); }

Result<OpIndex> find_op(const OpenGroup& group, const std::string& text) {
    const Graph& graph = group.replica->graph();
    const std::string hex = lower(text);
    if (const auto id = fixed_from_hex<OpId>(hex)) {
        if (const auto op = graph.find(*id)) return *op;
    }
    if (!is_hex(hex) || hex.size() < shortest_prefix) {
        return fail(ErrorCode::not_found, printable(text) + " is no op: give at least the first " +
                                              std::to_string(shortest_prefix) + " digits of its id");
    }
    std::optional<OpIndex> found;
    for (OpIndex op = 0; op < graph.size(); ++op) {
        if (!to_hex(graph.id(op).view().first((hex.size() + 1) / 2)).starts_with(hex)) continue;
        if (found) return fail(ErrorCode::ambiguous, "several ops start with " + text + "; give more digits");
        found = op;
    }
    if (found) return *found;
    return fail(ErrorCode::not_found, "no op starts with " + text);
}

std::string title(const OpenGroup& group, const Names& names, OpIndex op) {
    const Graph& graph = group.replica->graph();
    const Access& access = group.replica->access();
    std::string text(to_text(graph.kind(op)));
    if (graph.kind(op) == Kind::create) return text + " " + printable(access.group_name());
    if (const auto subject = access.subject_of(op)) text += " " + names.of(*subject);
    return text;
}

std::string described(const OpenGroup& group, const Names& names, OpIndex op) {
    const Graph& graph = group.replica->graph();
    return '"' + title(group, names, op) + "\" by " + names.of(graph.key(graph.author(op)));
}

std::vector<DeviceKey> devices_in(const OpenGroup& group) {
    const Graph& graph = group.replica->graph();
    std::vector<DeviceKey> out;
    out.reserve(graph.author_count());
    for (AuthorIndex author = 0; author < graph.author_count(); ++author) out.push_back(graph.key(author));
    for (const auto& member : group.replica->access().now().members()) out.push_back(member.key);
    for (OpIndex op = 0; op < graph.size(); ++op) {
        if (graph.kind(op) == Kind::post) continue;
        if (const auto subject = group.replica->access().subject_of(op)) out.push_back(*subject);
    }
    std::ranges::sort(out);
    out.erase(std::ranges::unique(out).begin(), out.end());
    return out;
}

}  // namespace folkmoot::moot
