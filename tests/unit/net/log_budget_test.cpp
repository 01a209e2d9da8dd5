// What is written down about a peer is bounded, by source and in all.
#include "net/log_budget.hpp"

#include <gtest/gtest.h>

namespace folkmoot::net::test {
namespace {

constexpr std::uint64_t hour = 3'600'000;
constexpr std::uint64_t line = 300;

TEST(LogBudget, no_hour_has_more_of_a_source_than_the_limit) {
    LogBudget budget;
    // Three hours of a line every 100 ms, and the most any 60 minutes of them got.
    std::vector<std::uint64_t> written;
    for (std::uint64_t now = 0; now < 3 * hour; now += 100) {
        if (budget.admit("192.0.2.1:" + std::to_string(now % 60'000), line, now)) written.push_back(now);
    }
    std::size_t first = 0;
    std::uint64_t most = 0;
    for (std::size_t i = 0; i < written.size(); ++i) {
        while (written[i] - written[first] >= hour) ++first;
        most = std::max<std::uint64_t>(most, (i - first + 1) * line);
    }
    EXPECT_LE(most, limits::log_bytes_per_hour);
    EXPECT_GT(most, limits::log_bytes_per_hour * 9 / 10) << "the room there is, is used";
    EXPECT_EQ(budget.sources(), 1U);
}

TEST(LogBudget, what_was_left_out_is_told_with_the_next_line) {
    LogBudget budget(2 * line, 4);
    EXPECT_EQ(budget.admit("192.0.2.1:1", line, 0), 0U);
    EXPECT_EQ(budget.admit("192.0.2.1:2", line, 0), std::nullopt);
    EXPECT_EQ(budget.admit("192.0.2.1:3", line, 1), std::nullopt);
    EXPECT_EQ(budget.admit("192.0.2.1:4", line, hour), 2U);
    EXPECT_EQ(budget.admit("192.0.2.1:5", line, 2 * hour), 0U);
}

TEST(LogBudget, one_source_takes_nothing_from_another) {
    LogBudget budget(2 * line, 4);
    EXPECT_TRUE(budget.admit("192.0.2.1:1", line, 0));
    EXPECT_FALSE(budget.admit("192.0.2.1:2", line, 0));
    EXPECT_TRUE(budget.admit("192.0.2.2:1", line, 0));
    EXPECT_TRUE(budget.admit("moot.example:7447", line, 0));
    EXPECT_FALSE(budget.admit("moot.example:7447", line, 0));
    // The 64-bit network of an IPv6 address is one source.
    EXPECT_TRUE(budget.admit("[2001:db8::1]:1", line, 0));
    EXPECT_FALSE(budget.admit("[2001:db8::2]:1", line, 0));
}

TEST(LogBudget, too_many_sources_share_a_bucket_and_idle_ones_make_room) {
    LogBudget budget(2 * line, 3);
    const auto address = [](std::uint64_t i) { return "198.51.100." + std::to_string(i) + ":7"; };
    std::uint64_t admitted = 0;
    for (std::uint64_t i = 0; i < 100; ++i) admitted += budget.admit(address(i), line, 0) ? 1 : 0;
    EXPECT_EQ(budget.sources(), 3U);
    EXPECT_EQ(admitted, 4U);
    EXPECT_TRUE(budget.admit(address(200), line, 2 * hour));
    EXPECT_EQ(budget.sources(), 1U);
    LogBudget usual;
    for (std::uint64_t i = 0; i < 200; ++i) static_cast<void>(usual.admit(address(i), line, 0));
    EXPECT_EQ(usual.sources(), limits::log_sources);
}

TEST(LogBudget, a_clock_that_stands_or_jumps_gives_no_more) {
    LogBudget budget(2 * line, 3);
    EXPECT_TRUE(budget.admit("192.0.2.1:1", line, hour));
    EXPECT_FALSE(budget.admit("192.0.2.1:1", line, 0));
    EXPECT_FALSE(budget.admit("192.0.2.1:1", line, hour));
    EXPECT_TRUE(budget.admit("192.0.2.1:1", line, ~std::uint64_t{0}));
    EXPECT_FALSE(budget.admit("192.0.2.1:1", line, ~std::uint64_t{0}));
}

}  // namespace
}  // namespace folkmoot::net::test
