// The room a home keeps for a full disk. What a full disk itself does is tested on the built program.
#include "moot/ballast.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>

#include "folkmoot/limits.hpp"

namespace folkmoot::moot {
namespace {

namespace fs = std::filesystem;

class Ballast : public testing::Test {
   protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "folkmoot-ballast-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        home_ = name;
    }
    void TearDown() override {
        std::error_code ignored;
        fs::remove_all(home_, ignored);
    }
    fs::path home_;
};

TEST_F(Ballast, is_a_hundredth_of_what_is_free_within_its_bounds) {
    EXPECT_EQ(limits::ballast_percent, 1U);
    EXPECT_EQ(ballast_size(0), 0U);
    EXPECT_EQ(ballast_size(100 * limits::least_ballast_bytes - 1), 0U);
    EXPECT_EQ(ballast_size(100 * limits::least_ballast_bytes), limits::least_ballast_bytes);
    EXPECT_EQ(ballast_size(500 * limits::least_ballast_bytes), 5 * limits::least_ballast_bytes);
    EXPECT_EQ(ballast_size(100 * limits::ballast_bytes), limits::ballast_bytes);
    EXPECT_EQ(ballast_size(UINT64_MAX), limits::ballast_bytes);
}

TEST_F(Ballast, takes_real_room_and_gives_it_back) {
    keep_ballast(home_);
    struct stat info{};
    if (::stat(ballast_path(home_).c_str(), &info) != 0) GTEST_SKIP() << "too little room here";
    EXPECT_EQ(info.st_mode & 077U, 0U);
    EXPECT_LE(static_cast<std::uint64_t>(info.st_size), limits::ballast_bytes);
    // Blocks, not a hole.
    EXPECT_GE(static_cast<std::uint64_t>(info.st_blocks) * 512, static_cast<std::uint64_t>(info.st_size));
    keep_ballast(home_);
    EXPECT_EQ(give_up_ballast(home_), static_cast<std::uint64_t>(info.st_size));
    EXPECT_EQ(give_up_ballast(home_), std::nullopt);
    EXPECT_TRUE(fs::is_empty(home_));
}

TEST_F(Ballast, is_not_made_where_something_has_its_name) {
    fs::create_symlink(home_ / "elsewhere", ballast_path(home_));
    keep_ballast(home_);
    EXPECT_FALSE(fs::exists(home_ / "elsewhere"));
}

}  // namespace
}  // namespace folkmoot::moot
