#include "moot/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace folkmoot::moot {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> io_error(const std::string& what, const fs::path& path) {
    const int number = errno;
    const bool full = number == ENOSPC || number == EDQUOT || number == EFBIG;
    return fail(number == EEXIST ? ErrorCode::already_exists
                : full           ? ErrorCode::store_full
                                 : ErrorCode::file_io,
                "cannot " + what + " " + path.string() + ": " + std::strerror(number) +
                    (full ? "; free some space and try again" : ""));
}

class File {
   public:
    explicit File(int handle) : handle_(handle) {}
    ~File() {
        if (handle_ >= 0) ::close(handle_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] int get() const { return handle_; }
    [[nodiscard]] bool ok() const { return handle_ >= 0; }

   private:
    int handle_;
};

bool write_all(int file, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = ::write(file, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

Result<void> sync_folder(const fs::path& folder) {
    const File handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!handle.ok() || ::fsync(handle.get()) != 0) return io_error("sync", folder);
    return {};
}

}  // namespace

Result<void> write_file(const fs::path& path, std::string_view content, Replace replace) {
    const fs::path draft = path.string() + ".new." + std::to_string(::getpid());
    {
        ::unlink(draft.c_str());
        const File file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!file.ok()) return io_error("create", draft);
        if (!write_all(file.get(), content) || ::fsync(file.get()) != 0) {
            const auto error = io_error("write", draft);
            ::unlink(draft.c_str());
            return error;
        }
    }
    // Two that create the same file at once must not overwrite each other.
    int renamed = -1;
    if (replace == Replace::no) {
        renamed = ::renameat2(AT_FDCWD, draft.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE);
        if (renamed != 0 && errno == EINVAL && !fs::exists(path))
            renamed = ::rename(draft.c_str(), path.c_str());
    } else {
        renamed = ::rename(draft.c_str(), path.c_str());
    }
    if (renamed != 0) {
        const auto error = io_error("write", path);
        ::unlink(draft.c_str());
        return error;
    }
    return sync_folder(path.parent_path());
}

Result<std::string> read_file(const fs::path& path, std::size_t most) {
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.ok()) return io_error("read", path);
    std::string content;
    char block[4096];
    for (;;) {
        const ssize_t got = ::read(file.get(), block, sizeof block);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return io_error("read", path);
        if (got == 0) return content;
        content.append(block, static_cast<std::size_t>(got));
        if (content.size() > most) return fail(ErrorCode::file_io, path.string() + " is too large");
    }
}

Result<void> make_private_folder(const fs::path& path) {
    std::error_code error;
    std::vector<fs::path> missing;
    for (fs::path at = path; !at.empty() && !fs::is_directory(at, error); at = at.parent_path()) {
        missing.push_back(at);
        if (at == at.parent_path()) break;
    }
    for (auto at = missing.rbegin(); at != missing.rend(); ++at) {
        if (::mkdir(at->c_str(), 0700) != 0 && errno != EEXIST) return io_error("create", *at);
    }
    return {};
}

}  // namespace folkmoot::moot
