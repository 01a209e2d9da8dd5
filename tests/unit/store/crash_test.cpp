// What must survive a kill, a full disk and a failing one.
#include <sched.h>
#include <sys/mount.h>

#include <chrono>
#include <csignal>
#include <cstdlib>

#include "fault_vfs.hpp"
#include "store/sqlite_file.hpp"
#include "support.hpp"

namespace folkmoot::test {
namespace {

namespace fs = std::filesystem;
using store::SqliteOptions;

/// Appends from `next` on in batches of 1, 2, 3... and writes the last acknowledged number to `pipe`.
[[noreturn]] void write_until_killed(const fs::path& path, int pipe) {
    SqliteOptions options;
    options.checkpoint_frames = 30;
    const auto store = store::open_sqlite_store(path, instance_of(7), options);
    if (!store) ::_exit(1);
    std::uint64_t last = (*store)->count().value();
    for (std::uint64_t size = 1;; size = size % 9 + 1) {
        auto batch = ops_of(last + 1, last + size, 100 + last % 3000);
        batch.front().payload = Bytes(last % 7000, 0x33);
        if (!(*store)->append(batch)) ::_exit(2);
        if (last % 5 == 0 && last > 0 && !(*store)->erase_payload(id_of(last))) ::_exit(3);
        last += size;
        if (::write(pipe, &last, sizeof last) != sizeof last) ::_exit(4);
    }
}

TEST(Crash, a_killed_writer_loses_nothing_acknowledged) {
    // Minutes of it: FOLKMOOT_CRASH_KILLS=2000.
    const char* wanted = std::getenv("FOLKMOOT_CRASH_KILLS");
    const int kills = wanted == nullptr ? 100 : std::atoi(wanted);
    const Folder folder;
    const fs::path path = folder / "store.db";
    std::mt19937_64 random(3);
    std::uint64_t acknowledged = 0;
    std::uint64_t in_flight_kept = 0;
    for (int i = 0; i < kills; ++i) {
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        const pid_t child = ::fork();
        if (child == 0) write_until_killed(path, ends[1]);
        ::close(ends[1]);
        // The first ones hit the creation of the store.
        ::usleep(static_cast<useconds_t>(i < 15 ? 300 * i : 2000 + random() % 40000));
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status)) << "the writer failed by itself: " << status;
        std::uint64_t last = 0;
        while (::read(ends[0], &last, sizeof last) == sizeof last) acknowledged = last;
        ::close(ends[0]);

        if (acknowledged == 0 && !fs::exists(path)) continue;
        const auto store = open_or_fail(path);
        ASSERT_NE(store, nullptr);
        const std::uint64_t held = store->count().value();
        ASSERT_GE(held, acknowledged);
        ASSERT_LE(held, acknowledged + 9) << "more than the batch in flight";
        in_flight_kept += held > acknowledged ? 1 : 0;
        if (i % 10 == 9) {
            EXPECT_EQ(numbers_in(*store), numbers(1, held));
            EXPECT_EQ(store->check(CheckDepth::full).value().faults, std::vector<std::string>{});
        }
        acknowledged = held;
    }
    EXPECT_GT(acknowledged, 100U);
    RecordProperty("ops", std::to_string(acknowledged));
    RecordProperty("in_flight_kept", std::to_string(in_flight_kept));
}

/// Fills the disk, checks what the store says, makes room, and goes on. Returns 0 if all held.
template <class MakeRoom>
int fill_up(const fs::path& path, MakeRoom&& make_room) {
    const auto store = open_sqlite_store(path, instance_of(7));
    if (!store) return 1;
    std::uint64_t last = 0;
    Result<void> done;
    while (last < 100'000 && (done = (*store)->append(ops_of(last + 1, last + 50, 1000)))) last += 50;
    if (!fails_with(ErrorCode::store_full, done)) return 2;
    // Still full, still a clear answer, and reading goes on.
    if (!fails_with(ErrorCode::store_full, (*store)->append(ops_of(last + 1, last + 50, 1000)))) return 3;
    if (numbers_in(**store) != numbers(1, last)) return 4;
    make_room();
    if (!(*store)->append(ops_of(last + 1, last + 500, 1000))) return 5;
    return numbers_in(**store) == numbers(1, last + 500) ? 0 : 6;
}

void limit_files_to(rlim_t bytes) {
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limit);
}

TEST(FullDisk, at_a_limit_of_file_size_nothing_is_lost_and_writing_goes_on_once_there_is_room) {
    const Folder folder;
    const auto run = [&] {
        std::signal(SIGXFSZ, SIG_IGN);
        limit_files_to(3 << 20);
        return fill_up(folder / "store.db", [] { limit_files_to(RLIM_INFINITY); });
    };
    EXPECT_EQ(in_child(run), 0);
    const auto store = open_or_fail(folder / "store.db");
    EXPECT_GT(store->count().value(), 1000U);
    EXPECT_EQ(numbers_in(*store), numbers(1, store->count().value()));
    EXPECT_TRUE(store->check(CheckDepth::full).value().sound());
}

TEST(FullDisk, on_a_full_file_system_nothing_is_lost_and_writing_goes_on_once_there_is_room) {
    constexpr int not_permitted = 99;
    const Folder folder;
    const auto run = [&] {
        const int flags = ::geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER;
        if (::unshare(flags) != 0) return not_permitted;
        if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return not_permitted;
        if (::mount("none", folder.path().c_str(), "tmpfs", 0, "size=6m") != 0) return not_permitted;
        overwrite(folder / "ballast", std::string(3 << 20, 'b'));
        const int filled = fill_up(folder / "store.db", [&] { fs::remove(folder / "ballast"); });
        if (filled != 0) return filled;
        const auto store = open_or_fail(folder / "store.db");
        return store && store->check(CheckDepth::full).value().sound() ? 0 : 7;
    };
    const int result = in_child(run);
    if (result == not_permitted)
        GTEST_SKIP() << "this system lets nobody mount; the limit of file size is tested";
    EXPECT_EQ(result, 0);
}

TEST(FullDisk, without_a_byte_to_spare_a_store_is_opened_and_read) {
    const Folder folder;
    const auto write_and_die = [&] {
        Store* const store = open_or_fail(folder / "store.db").release();  // never closed: stays in the log
        if (!store->append(ops_of(1, 40, 1000)) || !store->checkpoint()) return 1;
        return store->append(ops_of(41, 60, 1000)) ? 0 : 2;
    };
    const auto read_at_zero = [&] {
        std::signal(SIGXFSZ, SIG_IGN);
        limit_files_to(0);
        const auto store = open_sqlite_store(folder / "store.db", instance_of(7));
        if (!store || numbers_in(**store) != numbers(1, 60)) return 1;
        if (!fails_with(ErrorCode::store_full, (*store)->append(ops_of(61, 61)))) return 2;
        if (!fails_with(ErrorCode::store_full, (*store)->erase_payload(id_of(1)))) return 3;
        if (numbers_in(**store) != numbers(1, 60)) return 4;
        limit_files_to(RLIM_INFINITY);
        return (*store)->append(ops_of(61, 61)) ? 0 : 5;
    };
    EXPECT_EQ(in_child(write_and_die), 0);
    EXPECT_GT(fs::file_size(folder / "store.db-wal"), 0U);
    EXPECT_EQ(in_child(read_at_zero), 0);
    EXPECT_EQ(numbers_in(*open_or_fail(folder / "store.db")), numbers(1, 61));
}

TEST(FullDisk, a_store_that_cannot_be_created_leaves_nothing) {
    const Folder folder;
    const auto run = [&] {
        std::signal(SIGXFSZ, SIG_IGN);
        limit_files_to(8192);
        return fails_with(ErrorCode::store_full, open_sqlite_store(folder / "store.db", instance_of(7))) ? 0
                                                                                                         : 1;
    };
    EXPECT_EQ(in_child(run), 0);
    EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(FullDisk, a_backup_that_does_not_fit_leaves_nothing_and_the_store_goes_on) {
    const Folder folder;
    const auto run = [&] {
        const auto store = open_or_fail(folder / "store.db");
        if (!store->append(ops_of(1, 1000, 1000))) return 1;
        std::signal(SIGXFSZ, SIG_IGN);
        limit_files_to(100'000);
        if (!fails_with(ErrorCode::store_full, store->backup(folder / "copy.db"))) return 2;
        if (std::distance(fs::directory_iterator(folder.path()), {}) != 2) return 3;  // the store and its log
        limit_files_to(RLIM_INFINITY);
        return store->append(ops_of(1001, 1001)) && store->backup(folder / "copy.db") ? 0 : 4;
    };
    EXPECT_EQ(in_child(run), 0);
}

/// Runs writes of every sort under the plan. What was acknowledged, and what was tried last, stay in the
/// fields.
struct Workload {
    std::uint64_t acknowledged = 0;
    std::uint64_t tried = 0;
    bool reported = false;

    void note(const Result<void>& result, Store& store, bool full) {
        if (result) return;
        reported = true;
        const ErrorCode code = result.error().code;
        if (full) {
            EXPECT_EQ(code, ErrorCode::store_full) << result.error().text;
            return;
        }
        EXPECT_TRUE(code == ErrorCode::store_io || code == ErrorCode::store_read_only) << result.error().text;
        EXPECT_TRUE(fails_with(ErrorCode::store_read_only, store.append(ops_of(90001, 90001))));
        EXPECT_TRUE(fails_with(ErrorCode::store_read_only, store.checkpoint()));
    }

    void run(const fs::path& path, bool full) {
        SqliteOptions options;
        options.vfs = faulty_vfs;
        options.checkpoint_frames = 12;
        const auto opened = store::open_sqlite_store(path, instance_of(7), options);
        if (!opened) {
            reported = true;
            return;
        }
        Store& store = **opened;
        for (int i = 0; i < 12; ++i) {
            const std::uint64_t first = store.count().value() + 1;
            auto batch = ops_of(first, first + static_cast<std::uint64_t>(i % 4), 900);
            batch.front().payload = Bytes(static_cast<std::size_t>(i) * 700, 0x44);
            const std::uint64_t last = first + batch.size() - 1;
            if (!reported || full) tried = last;
            const auto done = store.append(batch);
            if (done) acknowledged = last;
            note(done, store, full);
            if (acknowledged == 0) continue;
            if (i % 3 == 1) note(store.erase_payload(id_of(1)), store, full);
            if (i % 5 == 2)
                note(add_signature(store, id_of(1), signature_of(70U + static_cast<unsigned>(i))), store,
                     full);
            if (i % 6 == 5) note(store.checkpoint(), store, full);
        }
    }
};

class Faults : public testing::TestWithParam<std::pair<Fault, bool>> {};

INSTANTIATE_TEST_SUITE_P(
    , Faults,
    testing::Values(std::pair(Fault::write_error, false), std::pair(Fault::write_error, true),
                    std::pair(Fault::write_full, false), std::pair(Fault::write_full, true),
                    std::pair(Fault::sync_error, false), std::pair(Fault::sync_error, true)),
    [](const auto& tested) {
        const char* name = tested.param.first == Fault::write_error  ? "write_error"
                           : tested.param.first == Fault::write_full ? "write_full"
                                                                     : "sync_error";
        return std::string(name) + (tested.param.second ? "_for_ever" : "_once");
    });

TEST_P(Faults, at_every_call_nothing_acknowledged_is_lost_and_nothing_is_half_there) {
    const auto [fault, for_ever] = GetParam();
    FaultPlan& plan = fault_plan();
    std::int64_t reported = 0;
    std::int64_t n = 0;
    for (;; ++n) {
        const Folder folder;
        const fs::path path = folder / "store.db";
        Workload workload;
        plan = {fault, n, for_ever, 0, 0};
        workload.run(path, fault == Fault::write_full);
        const bool reached = plan.failed > 0;
        plan = {};
        if (!reached) break;
        reported += workload.reported ? 1 : 0;
        const auto store = open_or_fail(path);
        ASSERT_NE(store, nullptr) << "call " << n;
        const std::uint64_t held = store->count().value();
        EXPECT_EQ(numbers_in(*store), numbers(1, held)) << "call " << n;
        // After "full" the transaction is undone for good; after an I/O error it may be there, but whole.
        const bool undone = held == workload.acknowledged;
        EXPECT_TRUE(undone || (fault != Fault::write_full && held == workload.tried))
            << "call " << n << ": " << held << " of " << workload.acknowledged;
        EXPECT_EQ(store->check(CheckDepth::full).value().faults, std::vector<std::string>{}) << "call " << n;
        EXPECT_TRUE(ok(store->append(ops_of(held + 1, held + 1))));
    }
    EXPECT_GT(n, 20);
    EXPECT_GT(reported, n / 3);
}

TEST(ReadFault, a_failing_read_is_an_error_and_stops_writing) {
    const Folder folder;
    fault_plan() = {};
    SqliteOptions options;
    options.vfs = faulty_vfs;
    {
        const auto store = open_or_fail(folder / "store.db");
        ASSERT_TRUE(ok(store->append(ops_of(1, 3000, 1000))));
    }
    const auto store = store::open_sqlite_store(folder / "store.db", instance_of(7), options);
    ASSERT_TRUE(ok(store));
    fault_plan() = {Fault::read_error, 5, false, 0, 0};
    EXPECT_TRUE(fails_with(ErrorCode::store_io,
                           (*store)->for_each(false, [](StoredOp&&) -> Result<void> { return {}; })));
    fault_plan() = {};
    EXPECT_TRUE(fails_with(ErrorCode::store_read_only, (*store)->append(ops_of(3001, 3001))));
    EXPECT_EQ(numbers_in(**store), numbers(1, 3000));
}

}  // namespace
}  // namespace folkmoot::test
