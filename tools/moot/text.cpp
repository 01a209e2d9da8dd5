#include "moot/text.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace folkmoot::moot {
namespace {

// The length of the well-formed sequence at the front, 0 if there is none.
std::size_t sequence_length(std::string_view text) {
    const auto byte = [&](std::size_t i) {
        return static_cast<unsigned>(static_cast<unsigned char>(text[i]));
    };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0U) != 0x80U) return 0;
    }
    const bool overlong = (first == 0xe0 && byte(1) < 0xa0) || (first == 0xf0 && byte(1) < 0x90);
    const bool surrogate = first == 0xed && byte(1) >= 0xa0;
    const bool too_large = first == 0xf4 && byte(1) >= 0x90;
    return overlong || surrogate || too_large ? 0 : length;
}

}  // namespace

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string printable(std::string_view text, bool lines) {
    std::string out;
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        const auto first = static_cast<unsigned char>(text[0]);
        const bool control = length == 1 && (first < 0x20 || first == 0x7f) && !(lines && first == '\n');
        const bool c1 = length == 2 && first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0;
        const std::size_t take = length == 0 ? 1 : length;
        if (length == 0 || control || c1) {
            for (std::size_t i = 0; i < take; ++i) {
                out += "\\x" + to_hex(as_bytes(text.substr(i, 1)));
            }
        } else {
            out += text.substr(0, take);
        }
        text.remove_prefix(take);
    }
    return out;
}

std::string shell_word(const std::string& text) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.,:/@+";
    if (!text.empty() && text.find_first_not_of(plain) == std::string::npos) return text;
    const bool needs_single = text.find_first_of("\"$`\\!") != std::string::npos;
    if (!needs_single) return '"' + printable(text) + '"';
    std::string out = "'";
    for (const char c : printable(text)) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

std::string time_text(std::uint64_t time_ms) {
    const auto seconds = static_cast<std::time_t>(time_ms / 1000);
    std::tm parts{};
    std::array<char, 64> buffer{};
    if (gmtime_r(&seconds, &parts) == nullptr || parts.tm_year > 9999 - 1900) return "----------------";
    const std::size_t length = std::strftime(buffer.data(), buffer.size(), "%Y-%m-%d %H:%M", &parts);
    return {buffer.data(), length};
}

std::string counted(std::size_t count, const std::string& noun) {
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace folkmoot::moot
