// Room kept for the day the disk is full. At zero bytes free nothing can be written, not even what makes room
// or puts a thief out; so a home keeps a file of no use, which such commands give up.
//
//     none --- there is room ---> kept --- a command that may, on a full disk ---> given up
//       ^                                                                            |
//       +----------------------------------------------------------------------------+
//                     (it comes back only once it is a small part of what is free)
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace folkmoot::moot {

[[nodiscard]] std::filesystem::path ballast_path(const std::filesystem::path& home);

/// How large a ballast is made where so many bytes are free: limits::ballast_percent of them, at most
/// limits::ballast_bytes; 0, that is none, below limits::least_ballast_bytes.
[[nodiscard]] std::uint64_t ballast_size(std::uint64_t free_bytes);

/// Makes one if there is none and there is room. That it cannot is no error: it is missed only on a full
/// disk.
void keep_ballast(const std::filesystem::path& home);

/// Removes it and says how large it was; nothing if there is none.
std::optional<std::uint64_t> give_up_ballast(const std::filesystem::path& home);

/// Whether so little is free that a transaction may not fit.
[[nodiscard]] bool is_nearly_full(const std::filesystem::path& home);

}  // namespace folkmoot::moot
