#include "moot/ballast.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>

#include "folkmoot/limits.hpp"

namespace folkmoot::moot {
namespace {

namespace fs = std::filesystem;

std::optional<std::uint64_t> free_bytes(const fs::path& folder) {
    struct statvfs info{};
    if (::statvfs(folder.c_str(), &info) != 0) return std::nullopt;
    return static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
}

}  // namespace

fs::path ballast_path(const fs::path& home) { return home / "ballast"; }

std::uint64_t ballast_size(std::uint64_t free) {
    const std::uint64_t size = std::min(limits::ballast_bytes, free / 100 * limits::ballast_percent);
    return size < limits::least_ballast_bytes ? 0 : size;
}

void keep_ballast(const fs::path& home) {
    const fs::path path = ballast_path(home);
    std::error_code error;
    if (fs::exists(fs::symlink_status(path, error))) return;
    const auto free = free_bytes(home);
    const std::uint64_t size = free ? ballast_size(*free) : 0;
    if (size == 0) return;
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) return;
    // Not a hole: its blocks must be there to be given up.
    const bool whole = ::posix_fallocate(file, 0, static_cast<off_t>(size)) == 0;
    ::close(file);
    if (!whole) fs::remove(path, error);
}

std::optional<std::uint64_t> give_up_ballast(const fs::path& home) {
    const fs::path path = ballast_path(home);
    std::error_code error;
    const auto size = fs::file_size(path, error);
    if (error || !fs::remove(path, error) || error) return std::nullopt;
    return size;
}

bool is_nearly_full(const fs::path& home) {
    const auto free = free_bytes(home);
    return free && *free < limits::least_ballast_bytes;
}

}  // namespace folkmoot::moot
