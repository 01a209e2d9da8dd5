// What may be opened, what may not, and what a file must not contain.
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>

#include "store/sqlite_file.hpp"
#include "support.hpp"

namespace folkmoot::test {
namespace {

namespace fs = std::filesystem;

class SqliteFile : public testing::Test {
   protected:
    SqliteFile() : path_(folder_ / "store.db") {}

    [[nodiscard]] Result<std::unique_ptr<Store>> open() const {
        return open_sqlite_store(path_, instance_of(9));
    }
    /// A closed store with ops 1 to `last`.
    void make(std::uint64_t last) const {
        const auto store = open_or_fail(path_);
        ASSERT_TRUE(ok(store->append(ops_of(1, last))));
    }
    /// Changes the closed file behind the store's back.
    void edit(const char* sql) const {
        sqlite3* db = nullptr;
        ASSERT_EQ(sqlite3_open(path_.c_str(), &db), SQLITE_OK);
        ASSERT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
        sqlite3_close(db);
    }

    Folder folder_;
    fs::path path_;
};

TEST_F(SqliteFile, creation_leaves_one_file_for_its_owner_only) {
    make(3);
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_.path())) names.push_back(entry.path().filename());
    EXPECT_EQ(names, std::vector<std::string>{"store.db"});
    EXPECT_EQ(fs::status(path_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(SqliteFile, the_instance_is_given_once) {
    make(1);
    EXPECT_EQ(open().value()->instance(), instance_of(7));
}

TEST_F(SqliteFile, leftovers_of_a_creation_that_crashed_are_no_store_and_go) {
    overwrite(folder_ / "store.db.new-0707070707070707", "half a file");
    overwrite(folder_ / "store.db.new-0101010101010101", "another half");
    overwrite(folder_ / "store.db.new-0101010101010101-wal", "and its log");
    make(2);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 1);
    EXPECT_EQ(numbers_in(**open()), numbers(1, 2));
}

TEST_F(SqliteFile, an_empty_file_is_not_taken_for_a_new_store) {
    overwrite(path_, "");
    EXPECT_TRUE(fails_with(ErrorCode::store_damaged, open()));
    EXPECT_EQ(fs::file_size(path_), 0U);
}

TEST_F(SqliteFile, a_log_without_its_file_is_not_taken_for_a_new_store) {
    overwrite(folder_ / "store.db-wal", "acknowledged ops");
    EXPECT_TRUE(fails_with(ErrorCode::store_damaged, open()));
    EXPECT_FALSE(fs::exists(path_));
}

TEST_F(SqliteFile, what_is_no_database_is_refused_and_left_alone) {
    for (const std::size_t size : {1U, 15U, 16U, 100U, 511U, 512U, 4096U, 10000U}) {
        const std::string bytes(size, 'x');
        overwrite(path_, bytes);
        EXPECT_TRUE(fails_with(ErrorCode::store_damaged, open())) << size;
        EXPECT_EQ(contents(path_), bytes);
    }
}

TEST_F(SqliteFile, a_database_of_another_program_is_refused_and_left_alone) {
    edit("CREATE TABLE op(seq INTEGER PRIMARY KEY); PRAGMA user_version=1");
    const std::string before = contents(path_);
    EXPECT_TRUE(fails_with(ErrorCode::store_damaged, open()));
    EXPECT_EQ(contents(path_), before);
}

TEST_F(SqliteFile, the_version_is_a_gate) {
    make(3);
    edit("PRAGMA user_version=2");
    const std::string before = contents(path_);
    EXPECT_TRUE(fails_with(ErrorCode::store_version, open()));
    EXPECT_EQ(contents(path_), before);
    edit("PRAGMA user_version=0");
    EXPECT_TRUE(fails_with(ErrorCode::store_damaged, open()));
    edit("PRAGMA user_version=1");
    EXPECT_EQ(numbers_in(**open()), numbers(1, 3));
}

TEST_F(SqliteFile, a_path_that_cannot_be_opened_is_an_error_with_advice) {
    EXPECT_TRUE(fails_with(ErrorCode::store_open, open_sqlite_store(folder_.path(), instance_of(1))));
    EXPECT_TRUE(
        fails_with(ErrorCode::store_open, open_sqlite_store(folder_ / "no/store.db", instance_of(1))));
}

TEST_F(SqliteFile, names_that_sqlite_would_interpret_are_plain_names) {
    const fs::path here = fs::current_path();
    fs::current_path(folder_.path());
    for (const char* name : {"file:x?mode=memory", ":memory:"}) {
        {
            const auto store = open_or_fail(name);
            EXPECT_TRUE(ok(store->append(ops_of(1, 2))));
        }
        EXPECT_TRUE(fs::exists(folder_ / name));
        EXPECT_EQ(numbers_in(*open_or_fail(name)), numbers(1, 2));
    }
    fs::current_path(here);
}

TEST_F(SqliteFile, a_file_cut_short_is_damaged_at_any_length) {
    make(2000);
    const std::string whole = contents(path_);
    for (std::size_t length = 1; length < whole.size(); length += 20011) {
        overwrite(path_, whole.substr(0, length));
        EXPECT_TRUE(fails_with(ErrorCode::store_damaged, open())) << length;
    }
}

TEST_F(SqliteFile, damage_gives_errors_or_findings_and_never_a_shorter_history) {
    make(2000);
    const std::string whole = contents(path_);
    std::mt19937_64 random(1);
    int noticed = 0;
    for (int i = 0; i < 60; ++i) {
        std::string bytes = whole;
        const std::size_t at = random() % (bytes.size() / 512) * 512;
        for (std::size_t k = 0; k < 512; ++k) bytes[at + k] = static_cast<char>(random());
        overwrite(path_, bytes);
        const auto store = open();
        if (!store) {
            ++noticed;
            continue;
        }
        std::uint64_t seen = 0;
        const auto pass = (*store)->for_each(true, [&](StoredOp&&) -> Result<void> {
            ++seen;
            return {};
        });
        // Altered bytes of a body are for the layer that hashes them; a missing op is for this one.
        EXPECT_TRUE(!pass || seen == 2000) << i;
        const auto found = (*store)->check(CheckDepth::full);
        if (!pass) {
            EXPECT_TRUE(!found || !found->sound()) << i;
            EXPECT_FALSE(ok((*store)->append(ops_of(9000 + seen, 9000 + seen))));
            ++noticed;
        }
    }
    EXPECT_GT(noticed, 5);
}

TEST_F(SqliteFile, a_history_that_lost_its_end_is_not_opened) {
    make(20);
    edit("DELETE FROM op WHERE seq > 17");
    EXPECT_TRUE(fails_with(ErrorCode::store_damaged, open()));
    edit("DELETE FROM op");
    EXPECT_TRUE(fails_with(ErrorCode::store_damaged, open()));
}

TEST_F(SqliteFile, a_check_finds_what_was_changed_behind_the_stores_back) {
    const std::pair<const char*, const char*> edits[] = {
        {"DELETE FROM op WHERE seq = 5", "a gap"},
        {"UPDATE op SET id = (SELECT id FROM op WHERE seq = 1) WHERE seq = 2", "an id twice"},
        {"UPDATE op SET id = x'00' WHERE seq = 2", "a short id"},
        {"UPDATE op SET signature = x'00' WHERE seq = 2", "a short signature"},
        {"INSERT INTO slot VALUES(1, x'00'); INSERT INTO payload VALUES(99, 1, 1)",
         "a payload without an op"},
        {"INSERT INTO payload VALUES(2, 1, 1)", "a payload without a slot"},
        {"INSERT INTO slot VALUES(1, x'00')", "a slot without an owner"},
        {"INSERT INTO slot VALUES(1, x'00'); INSERT INTO payload VALUES(2, 1, 1), (3, 1, 1)",
         "a slot with two"},
        {"INSERT INTO slot VALUES(1, x'00'); INSERT INTO payload VALUES(2, 1, 2)",
         "a payload beyond its slot"},
        {"INSERT INTO signature VALUES(99, 1, zeroblob(64))", "a signature without an op"},
        {"INSERT INTO slot VALUES(1, x'00'); INSERT INTO payload VALUES(3, 1, 1); INSERT INTO erased "
         "VALUES(3)",
         "erased and there"},
        {"INSERT INTO remembered VALUES(zeroblob(32), 0, zeroblob(16), zeroblob(33))", "half a head"},
    };
    for (const auto& [sql, what] : edits) {
        fs::remove(path_);
        make(20);
        edit(sql);
        const auto store = open_or_fail(path_);
        ASSERT_NE(store, nullptr) << what;
        EXPECT_FALSE(store->check(CheckDepth::full).value().sound()) << what;
    }
}

TEST_F(SqliteFile, a_second_store_in_this_process_is_locked_out_and_does_not_break_the_lock) {
    const auto first = open_or_fail(path_);
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(fails_with(ErrorCode::store_locked, open()));
    // POSIX locks vanish when the process closes any descriptor of the file: see from outside.
    EXPECT_EQ(in_child([&] { return fails_with(ErrorCode::store_locked, open()) ? 0 : 1; }), 0);
    EXPECT_TRUE(ok(first->append(ops_of(1, 5))));
}

TEST_F(SqliteFile, a_second_process_is_locked_out_at_once_and_let_in_afterwards) {
    int ready[2];
    int finish[2];
    ASSERT_EQ(::pipe(ready), 0);
    ASSERT_EQ(::pipe(finish), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const auto store = open_sqlite_store(path_, instance_of(7));
        char byte = store && (*store)->append(ops_of(1, 5)) ? 'y' : 'n';
        bool told = ::write(ready[1], &byte, 1) == 1;
        told = ::read(finish[0], &byte, 1) == 1 && told;
        ::_exit(told ? 0 : 1);
    }
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    ASSERT_EQ(byte, 'y');
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(fails_with(ErrorCode::store_locked, open()));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(500));
    ASSERT_EQ(::write(finish[1], &byte, 1), 1);
    ::waitpid(child, nullptr, 0);
    for (const int fd : {ready[0], ready[1], finish[0], finish[1]}) ::close(fd);
    EXPECT_EQ(numbers_in(*open_or_fail(path_)), numbers(1, 5));
}

TEST_F(SqliteFile, a_moved_store_is_the_same_store) {
    make(5);
    fs::rename(path_, folder_ / "moved.db");
    EXPECT_EQ(numbers_in(*open_or_fail(folder_ / "moved.db")), numbers(1, 5));
}

/// A text found nowhere else, for payload n.
std::string mark(std::uint64_t n) { return "payload-" + to_hex(id_of(n).view()); }
Bytes payload_with(std::uint64_t n, std::size_t size) {
    const std::string text = mark(n);
    Bytes out(std::max(size, text.size()), 0x20);
    for (std::size_t at = 0; at + text.size() <= out.size(); at += 1000)
        std::ranges::copy(text, out.begin() + at);
    return out;
}

TEST_F(SqliteFile, an_erased_payload_is_in_none_of_the_files_after_a_checkpoint) {
    constexpr std::uint64_t count = 3000;
    auto store = open_or_fail(path_);
    std::mt19937_64 random(5);
    std::vector<std::uint64_t> order = numbers(1, count);
    std::vector<bool> present(count + 1);
    // Half arrive with their op, half later and in any order; sizes from a line to many pages.
    for (std::uint64_t n = 1; n <= count; ++n) {
        StoredOp op = op_of(n);
        if (n % 2 == 0) op.payload = payload_with(n, random() % (n % 50 == 0 ? 20000 : 900));
        present[n] = op.payload.has_value();
        ASSERT_TRUE(ok(store->append(std::vector{op})));
    }
    std::ranges::shuffle(order, random);
    for (int pass = 0; pass < 2; ++pass) {
        for (const std::uint64_t n : order) {
            const bool erase = present[n] && random() % 3 != 0;
            if (erase) {
                ASSERT_TRUE(ok(store->erase_payload(id_of(n))));
                present[n] = false;
            } else if (!present[n] && pass == 0) {
                ASSERT_TRUE(ok(store->add_payload(id_of(n), payload_with(n, random() % 900))));
                present[n] = true;
            }
        }
    }
    ASSERT_TRUE(ok(store->checkpoint()));
    EXPECT_EQ(fs::file_size(folder_ / "store.db-wal"), 0U);
    store.reset();
    const std::string bytes = contents(path_);
    std::size_t kept = 0;
    std::size_t leaked = 0;
    for (std::uint64_t n = 1; n <= count; ++n) {
        const bool found = bytes.find(mark(n)) != std::string::npos;
        if (present[n]) {
            EXPECT_TRUE(found) << n;
            ++kept;
        } else if (found) {
            ++leaked;
        }
    }
    EXPECT_EQ(leaked, 0U) << "of " << count - kept << " erased";
    EXPECT_GT(kept, 100U);
}

TEST_F(SqliteFile, payloads_that_come_and_go_do_not_grow_the_file) {
    const auto store = open_or_fail(path_);
    ASSERT_TRUE(ok(store->append(ops_of(1, 1000))));
    std::uintmax_t settled = 0;
    for (int round = 0; round < 4; ++round) {
        for (std::uint64_t n = 1; n <= 1000; n += 10) {
            ASSERT_TRUE(ok(store->add_payload(id_of(n), payload_with(n, n * 20))));
        }
        for (std::uint64_t n = 1; n <= 1000; n += 10) ASSERT_TRUE(ok(store->erase_payload(id_of(n))));
        ASSERT_TRUE(ok(store->checkpoint()));
        if (round == 1) settled = fs::file_size(path_);
    }
    EXPECT_EQ(fs::file_size(path_), settled);
    EXPECT_TRUE(store->check(CheckDepth::full).value().sound());
}

}  // namespace
}  // namespace folkmoot::test
