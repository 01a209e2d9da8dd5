// Version 1 of SQLite's methods, without shared memory: the store needs none. There is one process, so locks
// are always granted.
#include "crash/power_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

namespace folkmoot::crash {
namespace {

PowerDisk* mounted = nullptr;
FailingCalls failing;

bool fails() {
    if (failing.at < 0) return false;
    const std::int64_t call = failing.calls++;
    const bool now = call == failing.at || (failing.for_ever && call > failing.at);
    if (now) ++failing.failed;
    return now;
}
/// What a call that may lack space answers instead of its own error.
int or_full(int error) { return failing.full ? SQLITE_FULL : error; }

std::string name_of(const std::filesystem::path& path) { return path.filename().string(); }

// --- A file ---------------------------------------------------------------------------------------

struct OpenFile {
    sqlite3_file base;
    PowerDisk* disk;
    FileNumber number;
    bool sync_names;            // at the next sync, as the system's VFS does for a log it created
    char remove_at_close[256];  // a name
};
OpenFile& of(sqlite3_file* file) { return *reinterpret_cast<OpenFile*>(file); }

int close(sqlite3_file* f) {
    if (of(f).remove_at_close[0] != '\0') of(f).disk->remove(of(f).remove_at_close);
    return SQLITE_OK;
}
int read(sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
    if (fails()) return SQLITE_IOERR_READ;
    const Bytes& bytes = of(f).disk->contents(of(f).number);
    const auto wanted = static_cast<std::size_t>(size);
    const auto start = std::min(static_cast<std::size_t>(at), bytes.size());
    const auto held = std::min(wanted, bytes.size() - start);
    if (held > 0) std::memcpy(to, bytes.data() + start, held);
    if (held == wanted) return SQLITE_OK;
    std::memset(static_cast<char*>(to) + held, 0, wanted - held);
    return SQLITE_IOERR_SHORT_READ;
}
int write(sqlite3_file* f, const void* from, int size, sqlite3_int64 at) {
    const bool failed = fails();
    if (failed) size /= 2;  // as when a disk fills up
    const ByteView bytes(static_cast<const std::uint8_t*>(from), static_cast<std::size_t>(size));
    of(f).disk->write(of(f).number, static_cast<std::uint64_t>(at), bytes);
    return failed ? or_full(SQLITE_IOERR_WRITE) : SQLITE_OK;
}
int truncate(sqlite3_file* f, sqlite3_int64 size) {
    if (fails()) return SQLITE_IOERR_TRUNCATE;
    of(f).disk->truncate(of(f).number, static_cast<std::uint64_t>(size));
    return SQLITE_OK;
}
int sync(sqlite3_file* f, int) {
    if (fails()) return SQLITE_IOERR_FSYNC;
    of(f).disk->sync(of(f).number);
    if (of(f).sync_names) of(f).disk->sync_names();
    of(f).sync_names = false;
    return SQLITE_OK;
}
int file_size(sqlite3_file* f, sqlite3_int64* size) {
    if (fails()) return SQLITE_IOERR_FSTAT;
    *size = static_cast<sqlite3_int64>(of(f).disk->contents(of(f).number).size());
    return SQLITE_OK;
}
int lock(sqlite3_file*, int) { return SQLITE_OK; }
int check_reserved(sqlite3_file*, int* out) {
    *out = 0;
    return SQLITE_OK;
}
int file_control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return sector; }
int characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

const sqlite3_io_methods methods = {
    1,       close,          read,         write,       truncate,        sync,    file_size, lock,
    lock,    check_reserved, file_control, sector_size, characteristics, nullptr, nullptr,   nullptr,
    nullptr, nullptr,        nullptr};

// --- The VFS --------------------------------------------------------------------------------------

int open(sqlite3_vfs*, const char* path, sqlite3_file* f, int flags, int* out_flags) {
    f->pMethods = nullptr;
    if (fails()) return SQLITE_CANTOPEN;
    static int unnamed = 0;
    const std::string name = path == nullptr ? "unnamed-" + std::to_string(++unnamed) : name_of(path);
    OpenFile& file = *new (f) OpenFile{};
    if (name.size() >= sizeof file.remove_at_close) return SQLITE_CANTOPEN;
    file.disk = mounted;
    const FileNumber* found = mounted->find(name);
    if (found == nullptr && (flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
    constexpr int logs = SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL;
    file.sync_names = found == nullptr && (flags & logs) != 0;
    file.number = found != nullptr ? *found : mounted->create(name);
    if ((flags & SQLITE_OPEN_DELETEONCLOSE) != 0) std::ranges::copy(name, file.remove_at_close);
    if (out_flags != nullptr) *out_flags = flags;
    f->pMethods = &methods;
    return SQLITE_OK;
}
int remove(sqlite3_vfs*, const char* path, int sync_names) {
    if (fails()) return SQLITE_IOERR_DELETE;
    if (mounted->find(name_of(path)) == nullptr) return SQLITE_IOERR_DELETE_NOENT;
    mounted->remove(name_of(path));
    if (sync_names != 0) mounted->sync_names();
    return SQLITE_OK;
}
int access(sqlite3_vfs*, const char* path, int, int* out) {
    if (fails()) return SQLITE_IOERR_ACCESS;
    const FileNumber* found = mounted->find(name_of(path));
    // The system's VFS takes an empty file for none, as it may be a journal that a crash left.
    *out = found != nullptr && !mounted->contents(*found).empty() ? 1 : 0;
    return SQLITE_OK;
}
// The same in every run: neither salts nor times may come from outside.
int no_randomness(sqlite3_vfs*, int size, char* out) {
    std::fill_n(out, size, '\0');
    return size;
}
int no_time(sqlite3_vfs*, double* julian_day) {
    *julian_day = 2'460'000.5;
    return SQLITE_OK;
}
int no_sleep(sqlite3_vfs*, int microseconds) { return microseconds; }
int full_path(sqlite3_vfs*, const char* path, int size, char* out) {
    const std::string whole = (disk_folder / name_of(path)).string();
    if (whole.size() >= static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
    std::ranges::copy(whole, out);
    out[whole.size()] = '\0';
    return SQLITE_OK;
}

// --- What the store asks for itself ---------------------------------------------------------------

class PowerFiles final : public store::FileSystem {
   public:
    Look look(const std::filesystem::path& path) override {
        const FileNumber* found = mounted->find(name_of(path));
        if (found == nullptr) return {};
        return {Kind::file, mounted->contents(*found).size()};
    }
    std::vector<std::string> names(const std::filesystem::path&, const std::string& start) override {
        return mounted->names(start);
    }
    int rename_new(const std::filesystem::path& from, const std::filesystem::path& to) override {
        if (fails()) return failing.full ? ENOSPC : EIO;
        if (mounted->find(name_of(to)) != nullptr) return EEXIST;
        if (mounted->find(name_of(from)) == nullptr) return ENOENT;
        mounted->rename(name_of(from), name_of(to));
        return 0;
    }
    int sync_file(const std::filesystem::path& path) override {
        if (fails()) return EIO;
        const FileNumber* found = mounted->find(name_of(path));
        if (found == nullptr) return ENOENT;
        mounted->sync(*found);
        return 0;
    }
    int sync_folder(const std::filesystem::path&) override {
        if (fails()) return EIO;
        mounted->sync_names();
        return 0;
    }
    void remove(const std::filesystem::path& path) override {
        if (mounted->find(name_of(path)) != nullptr) mounted->remove(name_of(path));
    }
    void restrict_to_owner(const std::filesystem::path&) override {}
};

}  // namespace

FailingCalls& failing_calls() { return failing; }

Mounted::Mounted(PowerDisk& disk) : before_(mounted) { mounted = &disk; }
Mounted::~Mounted() { mounted = before_; }

store::SqliteOptions power_options() {
    static sqlite3_vfs vfs;
    static PowerFiles files;
    if (vfs.zName == nullptr) {
        vfs = *sqlite3_vfs_find(nullptr);
        vfs.iVersion = 1;
        vfs.szOsFile = sizeof(OpenFile);
        vfs.pNext = nullptr;
        vfs.zName = "power";
        vfs.xOpen = open;
        vfs.xDelete = remove;
        vfs.xAccess = access;
        vfs.xFullPathname = full_path;
        vfs.xRandomness = no_randomness;
        vfs.xCurrentTime = no_time;
        vfs.xSleep = no_sleep;
        sqlite3_vfs_register(&vfs, 0);
    }
    store::SqliteOptions options;
    options.vfs = vfs.zName;
    options.files = &files;
    return options;
}

}  // namespace folkmoot::crash
