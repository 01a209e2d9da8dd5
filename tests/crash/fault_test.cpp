// Every call the store makes of the file system fails once, and every allocation SQLite makes does: no crash,
// no leak, an error that says what to do, and nothing acknowledged is lost, not even if the power goes, too.
//
// FOLKMOOT_CRASH_FAULTS is the distance between the calls that are tried, 1 for every one.
#include <sqlite3.h>

#include <cstdlib>
#include <iostream>

#include "crash/recorder.hpp"
#include "support/wire.hpp"

namespace folkmoot::crash {
namespace {

using wire::key_of;

StoredOp op_of(std::uint64_t n) {
    StoredOp out;
    std::mt19937_64 random(n);
    for (auto& byte : out.id.bytes) byte = static_cast<std::uint8_t>(random());
    out.body.assign(150 + n % 300, static_cast<std::uint8_t>(n));
    out.signatures.emplace_back();
    if (n % 2 == 0) out.payload = Bytes(n * 37 % 5000, 0x55);
    return out;
}

/// Runs writes of every sort whatever fails, and remembers what was acknowledged.
struct Workload {
    std::size_t acknowledged = 0;
    std::size_t tried = 0;
    std::size_t errors = 0;

    void run() {
        auto options = power_options();
        options.checkpoint_frames = 10;
        auto opened = store::open_sqlite_store(disk_folder / "store.db", StoreInstance{}, options);
        note(opened);
        if (!opened) return;
        Store& store = **opened;
        for (std::size_t round = 0; round < 7; ++round) {
            std::vector<StoredOp> batch;
            for (std::size_t i = 0; i <= round % 3; ++i) batch.push_back(op_of(acknowledged + i + 1));
            tried = acknowledged + batch.size();
            if (!note(store.append(batch))) return;
            acknowledged = tried;
            if (round % 3 == 2) note(store.erase_payload(op_of(2).id));
            if (round % 3 == 1) {
                const RememberedFrontier frontier{key_of("ben"), {op_of(1).id}, {}};
                note(store.remember(key_of("ben"), std::span(&frontier, 1)));
            }
            if (round == 4) note(store.checkpoint());
            if (round == 5) note(store.backup(disk_folder / "copy.db"));
            note(store.read(op_of(1).id));
        }
    }
    template <class T>
    bool note(const Result<T>& result) {
        if (result) return true;
        ++errors;
        const auto code = result.error().code;
        EXPECT_EQ(static_cast<int>(code) / 100, 6) << result.error().text;
        // Failing calls are no damage: nobody may be told to throw a good store away.
        EXPECT_NE(code, ErrorCode::store_damaged) << result.error().text;
        EXPECT_FALSE(result.error().text.empty());
        return false;
    }
    /// What is found must be what was acknowledged, or all of what was tried last as well.
    [[nodiscard]] std::string judge(PowerDisk& disk) const {
        const Mounted mounted(disk);
        const auto store =
            store::open_sqlite_store(disk_folder / "store.db", StoreInstance{}, power_options());
        if (!store) return "does not open: " + store.error().text;
        const auto found = world_of(**store);
        if (!found) return "cannot be read: " + found.error().text;
        const std::size_t held = found->ops.size();
        if (held != acknowledged && held != tried) {
            return std::to_string(held) + " ops of " + std::to_string(acknowledged);
        }
        for (std::size_t i = 0; i < held; ++i) {
            const StoredOp wanted = op_of(i + 1);
            if (found->ops[i].id != wanted.id || found->ops[i].body != wanted.body) return "another op";
            if (i != 1 && found->ops[i].payload != wanted.payload) return "another payload";
        }
        const auto sound = (*store)->check(CheckDepth::full);
        return sound && sound->sound() ? std::string() : "is not sound";
    }
};

std::int64_t stride() {
    const char* text = std::getenv("FOLKMOOT_CRASH_FAULTS");
    return text == nullptr ? 3 : std::max(std::strtoll(text, nullptr, 10), 1LL);
}

// --- The file system ------------------------------------------------------------------------------

struct FaultCase {
    const char* name;
    bool for_ever;
    bool full;
};
void PrintTo(const FaultCase& tested, std::ostream* out) { *out << tested.name; }

class FailingCall : public testing::TestWithParam<FaultCase> {};
INSTANTIATE_TEST_SUITE_P(, FailingCall,
                         testing::Values(FaultCase{"once", false, false}, FaultCase{"for_ever", true, false},
                                         FaultCase{"full_once", false, true},
                                         FaultCase{"full_for_ever", true, true}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(FailingCall, wherever_it_is_loses_nothing_acknowledged_not_even_with_a_power_cut) {
    std::mt19937_64 random(4);
    std::int64_t at = 0;
    std::size_t errors = 0;
    std::size_t tried = 0;
    for (bool reached = true; reached; at += stride()) {
        PowerDisk disk;
        Workload workload;
        {
            const Mounted mounted(disk);
            failing_calls() = {at, GetParam().for_ever, GetParam().full, 0, 0};
            workload.run();
            reached = failing_calls().failed > 0;
            failing_calls() = {};
        }
        ++tried;
        errors += workload.errors > 0 ? 1 : 0;
        for (int i = 0; i < 4; ++i) {
            PowerDisk cut = disk.after_cut(random);
            ASSERT_EQ(workload.judge(cut), "") << "call " << at << ", power cut " << i;
        }
        ASSERT_EQ(workload.judge(disk), "") << "call " << at;
    }
    std::cout << GetParam().name << ": " << tried << " runs, " << errors << " with an error\n";
    EXPECT_GT(at, 100);
    EXPECT_GT(errors, tried / 3);
}

// --- Memory ---------------------------------------------------------------------------------------

struct FailingMemory {
    sqlite3_mem_methods real{};
    std::int64_t calls = 0;
    std::int64_t at = -1;
    bool for_ever = false;
    std::int64_t failed = 0;
} memory;

bool memory_fails() {
    if (memory.at < 0) return false;
    const std::int64_t call = memory.calls++;
    const bool now = call == memory.at || (memory.for_ever && call > memory.at);
    if (now) ++memory.failed;
    return now;
}
void* allocate(int size) { return memory_fails() ? nullptr : memory.real.xMalloc(size); }
void* reallocate(void* old, int size) { return memory_fails() ? nullptr : memory.real.xRealloc(old, size); }

/// SQLite with an allocator that can fail. Its settings are the process's, so they are put back.
class Memory : public testing::TestWithParam<bool> {
   protected:
    void SetUp() override {
        // Before the first registration of the VFS or after it: either way nothing is open now.
        ASSERT_EQ(sqlite3_shutdown(), SQLITE_OK);
        ASSERT_EQ(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory.real), SQLITE_OK);
        sqlite3_mem_methods failing = memory.real;
        failing.xMalloc = allocate;
        failing.xRealloc = reallocate;
        ASSERT_EQ(sqlite3_config(SQLITE_CONFIG_MALLOC, &failing), SQLITE_OK);
        ASSERT_EQ(sqlite3_initialize(), SQLITE_OK);
    }
    void TearDown() override {
        sqlite3_shutdown();
        sqlite3_config(SQLITE_CONFIG_MALLOC, &memory.real);
        sqlite3_initialize();
        memory = {};
    }
};
INSTANTIATE_TEST_SUITE_P(, Memory, testing::Bool(),
                         [](const auto& tested) { return tested.param ? "for_ever" : "once"; });

TEST_P(Memory, that_runs_out_at_any_allocation_loses_nothing_and_leaks_nothing) {
    const auto run = [](std::int64_t at, bool for_ever, Workload& workload, PowerDisk& disk) {
        const Mounted mounted(disk);
        memory.calls = memory.failed = 0;
        memory.at = at;
        memory.for_ever = for_ever;
        workload.run();
        memory.at = -1;
    };
    sqlite3_int64 settled = 0;
    for (int i = 0; i < 2; ++i) {
        PowerDisk disk;
        Workload clean;
        run(-1, false, clean, disk);
        ASSERT_EQ(clean.errors, 0U);
        settled = sqlite3_memory_used();
    }
    std::size_t tried = 0;
    std::size_t errors = 0;
    std::int64_t at = 0;
    for (bool reached = true; reached; at += stride() * 5 - 4) {
        PowerDisk disk;
        Workload workload;
        run(at, GetParam(), workload, disk);
        reached = memory.failed > 0;
        ++tried;
        errors += workload.errors > 0 ? 1 : 0;
        ASSERT_LE(sqlite3_memory_used(), settled) << "allocation " << at << " leaks";
        ASSERT_EQ(workload.judge(disk), "") << "allocation " << at;
    }
    std::cout << "allocation fails: " << tried << " runs, " << errors << " with an error\n";
    EXPECT_GT(at, 500);
    EXPECT_GT(errors, tried / 3);
}

}  // namespace
}  // namespace folkmoot::crash
