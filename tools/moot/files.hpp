// Small files that must be whole or absent: written beside, synced, renamed, and the folder synced.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "folkmoot/error.hpp"

namespace folkmoot::moot {

enum class Replace : bool { no, yes };

/// Writes `content` with mode 0600. already_exists if something is there and may not be replaced.
[[nodiscard]] Result<void> write_file(const std::filesystem::path& path, std::string_view content,
                                      Replace replace);
/// The whole file, at most `most` bytes; file_io else.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path, std::size_t most);
/// Creates the folder and those above it, with mode 0700 where they are new.
[[nodiscard]] Result<void> make_private_folder(const std::filesystem::path& path);

}  // namespace folkmoot::moot
