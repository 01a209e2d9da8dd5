#include "fault_vfs.hpp"

#include <sqlite3.h>

namespace folkmoot::test {
namespace {

FaultPlan plan;

struct FaultyFile {
    sqlite3_file base;
    sqlite3_file* real;
};
sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<FaultyFile*>(file)->real; }
sqlite3_vfs* system_vfs() {
    static sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
    return vfs;
}

bool fails(Fault fault) {
    if (plan.fault != fault || plan.at < 0) return false;
    const std::int64_t call = plan.calls++;
    const bool failing = call == plan.at || (plan.for_ever && call > plan.at);
    if (failing) ++plan.failed;
    return failing;
}

int close(sqlite3_file* f) {
    const int rc = real(f)->pMethods ? real(f)->pMethods->xClose(real(f)) : SQLITE_OK;
    f->pMethods = nullptr;
    return rc;
}
int read(sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
    if (fails(Fault::read_error)) return SQLITE_IOERR_READ;
    return real(f)->pMethods->xRead(real(f), to, size, at);
}
int write(sqlite3_file* f, const void* from, int size, sqlite3_int64 at) {
    const bool full = fails(Fault::write_full);
    if (full || fails(Fault::write_error)) {
        // Half of it gets there, as when a disk fills up or a power supply dies.
        static_cast<void>(real(f)->pMethods->xWrite(real(f), from, size / 2, at));
        return full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    }
    return real(f)->pMethods->xWrite(real(f), from, size, at);
}
int truncate(sqlite3_file* f, sqlite3_int64 size) { return real(f)->pMethods->xTruncate(real(f), size); }
int sync(sqlite3_file* f, int flags) {
    if (fails(Fault::sync_error)) return SQLITE_IOERR_FSYNC;
    return real(f)->pMethods->xSync(real(f), flags);
}
int file_size(sqlite3_file* f, sqlite3_int64* size) { return real(f)->pMethods->xFileSize(real(f), size); }
int lock(sqlite3_file* f, int how) { return real(f)->pMethods->xLock(real(f), how); }
int unlock(sqlite3_file* f, int how) { return real(f)->pMethods->xUnlock(real(f), how); }
int check_reserved(sqlite3_file* f, int* out) { return real(f)->pMethods->xCheckReservedLock(real(f), out); }
int file_control(sqlite3_file* f, int op, void* argument) {
    return real(f)->pMethods->xFileControl(real(f), op, argument);
}
int sector_size(sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); }
int characteristics(sqlite3_file* f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); }

// Version 1: no shared memory. A store in exclusive mode must do without.
const sqlite3_io_methods methods = {
    1,       close,          read,         write,       truncate,        sync,    file_size, lock,
    unlock,  check_reserved, file_control, sector_size, characteristics, nullptr, nullptr,   nullptr,
    nullptr, nullptr,        nullptr};

int open(sqlite3_vfs*, const char* name, sqlite3_file* f, int flags, int* out_flags) {
    auto* file = reinterpret_cast<FaultyFile*>(f);
    file->real = reinterpret_cast<sqlite3_file*>(file + 1);
    file->real->pMethods = nullptr;
    const int rc = system_vfs()->xOpen(system_vfs(), name, file->real, flags, out_flags);
    f->pMethods = rc == SQLITE_OK ? &methods : nullptr;
    return rc;
}

}  // namespace

FaultPlan& fault_plan() {
    static sqlite3_vfs vfs;
    if (vfs.zName == nullptr) {
        vfs = *system_vfs();
        vfs.szOsFile += static_cast<int>(sizeof(FaultyFile));
        vfs.pNext = nullptr;
        vfs.zName = faulty_vfs;
        vfs.xOpen = open;
        sqlite3_vfs_register(&vfs, 0);
    }
    return plan;
}

}  // namespace folkmoot::test
