// Loaded in front of the C library (LD_PRELOAD): calls on files below one folder fail as the environment
// says.
//
//   MOOT_SHIM_FOLDER    absolute; files elsewhere are left alone and not counted
//   MOOT_SHIM_FAULT     eio       any call fails with EIO, reading included
//                       sync      fsync, fdatasync fail with EIO
//                       full      calls that take room fail with ENOSPC
//                       short     a write writes half of what it should
//                       short_full  the same, and from then on there is no room
//   MOOT_SHIM_AT        the number, from 0, of the call that fails, among those that the fault concerns
//   MOOT_SHIM_FOR_EVER  if set, all after it fail too
//   MOOT_SHIM_REPORT    a file that gets "CALLS FAILED\n" at the end: of those that the fault concerns
//
// Plain arrays and no locks: the program under test opens few files, and counts may be off by the one call
// that another thread makes at the same moment.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

enum Concern : unsigned { reading = 1, writing = 2, syncing = 4, taking_room = 8, cutting = 16 };

struct Plan {
    std::string_view folder;
    unsigned concerns = 0;
    int error = EIO;
    bool halves = false;
    bool for_ever = false;
    long at = -1;
};

constexpr int most_files = 1024;
std::atomic<bool> watched[most_files];
std::atomic<long> calls{0};
std::atomic<long> failed{0};

std::string_view variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

const Plan& plan() {
    static const Plan made = [] {
        Plan out;
        out.folder = variable("MOOT_SHIM_FOLDER");
        const std::string_view fault = variable("MOOT_SHIM_FAULT");
        if (fault == "eio") out.concerns = reading | writing | syncing | taking_room | cutting;
        if (fault == "sync") out.concerns = syncing;
        if (fault == "full") out.concerns = taking_room;
        if (fault == "short" || fault == "short_full") out.concerns = writing;
        if (fault == "full" || fault == "short_full") out.error = ENOSPC;
        out.halves = fault == "short" || fault == "short_full";
        out.for_ever = !variable("MOOT_SHIM_FOR_EVER").empty() || fault == "short_full";
        if (!variable("MOOT_SHIM_AT").empty()) out.at = std::atol(std::getenv("MOOT_SHIM_AT"));
        return out;
    }();
    return made;
}

bool below(const char* path) {
    const std::string_view folder = plan().folder;
    return !folder.empty() && path != nullptr && std::string_view(path).starts_with(folder);
}
bool is_watched(int file) { return file >= 0 && file < most_files && watched[file]; }

/// Whether this call is the one, or one of those, that fail.
bool fails(unsigned concern) {
    if ((plan().concerns & concern) == 0) return false;
    const long call = calls++;
    const bool now = plan().at >= 0 && (call == plan().at || (plan().for_ever && call > plan().at));
    if (now) ++failed;
    return now;
}
int minus_one() {
    errno = plan().error;
    return -1;
}

template <class Function>
Function* real(const char* name) {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

int note_open(int file, const char* path) {
    if (file >= 0 && file < most_files) watched[file] = below(path);
    return file;
}

/// How many bytes a write may take: all, half of them, or -1 for none.
long allowed(int file, std::size_t size) {
    if (!is_watched(file) || !fails(writing | taking_room)) return static_cast<long>(size);
    if (plan().halves && failed == 1 && size > 1) return static_cast<long>(size / 2);
    return plan().halves && plan().error == EIO ? static_cast<long>(size) : -1;
}

struct Reporter {
    ~Reporter() {
        const char* path = std::getenv("MOOT_SHIM_REPORT");
        if (path == nullptr) return;
        char line[64];
        const int size = std::snprintf(line, sizeof line, "%ld %ld\n", calls.load(), failed.load());
        const int file = real<int(const char*, int, ...)>("open")(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (file < 0) return;
        if (real<ssize_t(int, const void*, std::size_t)>("write")(file, line,
                                                                  static_cast<std::size_t>(size)) < 0)
            std::abort();
        real<int(int)>("close")(file);
    }
} reporter;

}  // namespace

#define FOLKMOOT_SHIM extern "C" __attribute__((visibility("default")))

FOLKMOOT_SHIM int open(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    if (below(path) && fails(reading | ((flags & O_CREAT) != 0 ? taking_room : 0U))) return minus_one();
    return note_open(real<int(const char*, int, ...)>("open")(path, flags, mode), path);
}
FOLKMOOT_SHIM int open64(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    if (below(path) && fails(reading | ((flags & O_CREAT) != 0 ? taking_room : 0U))) return minus_one();
    return note_open(real<int(const char*, int, ...)>("open64")(path, flags, mode), path);
}
FOLKMOOT_SHIM int close(int file) {
    if (file >= 0 && file < most_files) watched[file] = false;
    return real<int(int)>("close")(file);
}

FOLKMOOT_SHIM ssize_t read(int file, void* to, size_t size) {
    if (is_watched(file) && fails(reading)) return minus_one();
    return real<ssize_t(int, void*, std::size_t)>("read")(file, to, size);
}
FOLKMOOT_SHIM ssize_t pread(int file, void* to, size_t size, off_t at) {
    if (is_watched(file) && fails(reading)) return minus_one();
    return real<ssize_t(int, void*, std::size_t, off_t)>("pread")(file, to, size, at);
}
FOLKMOOT_SHIM ssize_t pread64(int file, void* to, size_t size, off64_t at) {
    if (is_watched(file) && fails(reading)) return minus_one();
    return real<ssize_t(int, void*, std::size_t, off64_t)>("pread64")(file, to, size, at);
}
FOLKMOOT_SHIM ssize_t write(int file, const void* from, size_t size) {
    const long some = allowed(file, size);
    if (some < 0) return minus_one();
    return real<ssize_t(int, const void*, std::size_t)>("write")(file, from, static_cast<std::size_t>(some));
}
FOLKMOOT_SHIM ssize_t pwrite(int file, const void* from, size_t size, off_t at) {
    const long some = allowed(file, size);
    if (some < 0) return minus_one();
    return real<ssize_t(int, const void*, std::size_t, off_t)>("pwrite")(file, from,
                                                                         static_cast<std::size_t>(some), at);
}
FOLKMOOT_SHIM ssize_t pwrite64(int file, const void* from, size_t size, off64_t at) {
    const long some = allowed(file, size);
    if (some < 0) return minus_one();
    return real<ssize_t(int, const void*, std::size_t, off64_t)>("pwrite64")(
        file, from, static_cast<std::size_t>(some), at);
}
FOLKMOOT_SHIM ssize_t sendfile(int to, int from, off_t* at, size_t size) {
    const long some = allowed(to, size);
    if (some < 0) return minus_one();
    return real<ssize_t(int, int, off_t*, std::size_t)>("sendfile")(to, from, at,
                                                                    static_cast<std::size_t>(some));
}
FOLKMOOT_SHIM int posix_fallocate(int file, off_t at, off_t size) {
    if (is_watched(file) && fails(taking_room)) return plan().error;
    return real<int(int, off_t, off_t)>("posix_fallocate")(file, at, size);
}

FOLKMOOT_SHIM int fsync(int file) {
    if (is_watched(file) && fails(syncing)) return minus_one();
    return real<int(int)>("fsync")(file);
}
FOLKMOOT_SHIM int fdatasync(int file) {
    if (is_watched(file) && fails(syncing)) return minus_one();
    return real<int(int)>("fdatasync")(file);
}
FOLKMOOT_SHIM int ftruncate(int file, off_t size) {
    if (is_watched(file) && fails(cutting)) return minus_one();
    return real<int(int, off_t)>("ftruncate")(file, size);
}
FOLKMOOT_SHIM int ftruncate64(int file, off64_t size) {
    if (is_watched(file) && fails(cutting)) return minus_one();
    return real<int(int, off64_t)>("ftruncate64")(file, size);
}
FOLKMOOT_SHIM int rename(const char* from, const char* to) {
    if (below(to) && fails(taking_room)) return minus_one();
    return real<int(const char*, const char*)>("rename")(from, to);
}
FOLKMOOT_SHIM int renameat2(int from_folder, const char* from, int to_folder, const char* to,
                            unsigned flags) {
    if (below(to) && fails(taking_room)) return minus_one();
    return real<int(int, const char*, int, const char*, unsigned)>("renameat2")(from_folder, from, to_folder,
                                                                                to, flags);
}
FOLKMOOT_SHIM int mkdir(const char* path, mode_t mode) {
    if (below(path) && fails(taking_room)) return minus_one();
    return real<int(const char*, mode_t)>("mkdir")(path, mode);
}
