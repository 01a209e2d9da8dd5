// Text as people see it. What peers wrote may hold anything, so nothing of it reaches a terminal unseen.
#pragma once

#include <string>
#include <string_view>

#include "folkmoot/bytes.hpp"

namespace folkmoot::moot {

[[nodiscard]] bool is_utf8(std::string_view text);
/// Control characters, C1 ones included, and what is no UTF-8 as \xNN: no escape sequence gets through.
/// Line breaks stay if `lines` is set.
[[nodiscard]] std::string printable(std::string_view text, bool lines = false);
/// In quotes that a shell understands, where it needs them.
[[nodiscard]] std::string shell_word(const std::string& text);
/// "2026-01-31 12:00" in UTC. What an author claims may be any number.
[[nodiscard]] std::string time_text(std::uint64_t time_ms);
/// "1 member", "2 members".
[[nodiscard]] std::string counted(std::size_t count, const std::string& noun);

}  // namespace folkmoot::moot
