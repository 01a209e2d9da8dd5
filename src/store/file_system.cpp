#include "store/file_system.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace folkmoot::store {
namespace {

namespace fs = std::filesystem;

int sync(const fs::path& path, int flags) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags);
    if (fd < 0) return errno;
    const int why = ::fsync(fd) == 0 ? 0 : errno;
    ::close(fd);
    return why;
}

class SystemFiles final : public FileSystem {
   public:
    Look look(const fs::path& path) override {
        std::error_code failed;
        const fs::file_status status = fs::status(path, failed);
        // A link to nowhere is something, too: creating a file there would not make one of this name.
        if (status.type() == fs::file_type::not_found) {
            return {fs::exists(fs::symlink_status(path, failed)) ? Kind::other : Kind::nothing};
        }
        if (!fs::is_regular_file(status)) return {Kind::other};
        const auto size = fs::file_size(path, failed);
        return {Kind::file, failed ? 0 : size};
    }

    std::vector<std::string> names(const fs::path& folder, const std::string& start) override {
        std::vector<std::string> out;
        std::error_code failed;
        for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
            std::string name = at->path().filename().string();
            if (name.starts_with(start)) out.push_back(std::move(name));
        }
        return out;
    }

    int rename_new(const fs::path& from, const fs::path& to) override {
        int why = ENOSYS;
#ifdef RENAME_NOREPLACE
        why = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0 ? 0 : errno;
#endif
        if (why != ENOSYS && why != EINVAL && why != ENOTSUP) return why;
        // Without the atomic form two creators could meet between these lines; the loser's store is empty.
        std::error_code failed;
        if (fs::exists(fs::symlink_status(to, failed))) return EEXIST;
        fs::rename(from, to, failed);
        return failed.value();
    }

    int sync_file(const fs::path& path) override { return sync(path, 0); }
    int sync_folder(const fs::path& path) override {
        const int why = sync(path, O_DIRECTORY);
        // Some file systems have nothing to sync in a directory and say so.
        return why == EINVAL || why == ENOTSUP ? 0 : why;
    }

    void remove(const fs::path& path) override {
        std::error_code ignored;
        fs::remove(path, ignored);
    }
    void restrict_to_owner(const fs::path& path) override {
        std::error_code ignored;
        fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write, ignored);
    }
};

}  // namespace

FileSystem& system_files() {
    static SystemFiles files;
    return files;
}

}  // namespace folkmoot::store
