// Shapes that somebody could build on purpose: an op that arrives must cost what it changes, and the result
// must be that from scratch. Times are bounded loosely, so that only a change of complexity fails.
#include <chrono>

#include <gtest/gtest.h>

#include "bench/worlds.hpp"

namespace folkmoot {
namespace {

using bench::Log;
using bench::Peer;

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Op by op, and once more from scratch; within ten seconds.
void expect_settled(const Log& log, std::size_t members) {
    const auto start = std::chrono::steady_clock::now();
    Peer peer;
    for (const auto& made : log.ops) peer.take(made);
    const auto digest = peer.access.now().membership_digest();
    EXPECT_EQ(peer.access.now().members().size(), members);
    peer.access.resolve();
    EXPECT_EQ(peer.access.now().membership_digest(), digest);
    EXPECT_LT(seconds_since(start), 10);
    EXPECT_LT(static_cast<double>(peer.access.memory()) / static_cast<double>(log.ops.size()), 1000);
}

TEST(AccessShapes, thousands_of_adds_and_removes_of_one_subject) {
    Log log(2);
    for (int i = 0; i < 5000; ++i) {
        (void)log.add(0, Add{log.key(1), level::member}, {}, 0);
        (void)log.add(0, Remove{log.key(1), std::nullopt}, {}, 0);
    }
    (void)log.add(0, Add{log.key(1), level::member}, {}, 0);
    expect_settled(log, 2);
}

TEST(AccessShapes, thousands_of_bans_unbans_and_adds_of_one_subject) {
    Log log(4);
    const std::size_t ben = log.add(0, Add{log.key(1), level::admin}, {}, 0);
    const std::size_t cat = log.add(0, Add{log.key(2), level::moderator}, {}, 0);
    std::size_t at = cat;
    for (int i = 0; i < 3000; ++i) {
        at = log.add(2, Add{log.key(3), level::member}, {at}, cat);
        at = log.add(2, Link{log.key(3), level::reader}, {at}, cat);
        at = log.add(1, Ban{log.key(3), std::nullopt}, {at}, ben);
        at = log.add(1, Unban{log.key(3)}, {at}, ben);
    }
    expect_settled(log, 3);
}

TEST(AccessShapes, thousands_of_concurrent_removals_of_one_subject) {
    constexpr std::size_t n = 3000;
    Log log(n + 2);
    std::vector<std::size_t> grants(n + 1);
    for (std::size_t i = 1; i <= n; ++i) grants[i] = log.add(0, Add{log.key(i), level::admin}, {}, 0);
    const std::size_t in = log.add(0, Add{log.key(n + 1), level::admin}, {}, 0);
    for (std::size_t i = 1; i <= n; ++i)
        (void)log.add(i, Remove{log.key(n + 1), std::nullopt}, {in}, grants[i]);
    expect_settled(log, n + 1);
}

TEST(AccessShapes, thousands_of_leaves_and_returns) {
    Log log(2);
    for (int i = 0; i < 3000; ++i) {
        const std::size_t in = log.add(0, Add{log.key(1), level::member}, {log.ops.size() - 1}, 0);
        (void)log.add(1, Leave{}, {in}, in);
    }
    expect_settled(log, 1);
}

TEST(AccessShapes, a_chain_of_a_thousand_links_with_every_link_removed) {
    constexpr std::size_t n = 1000;
    Log log(n + 2);
    std::vector<std::size_t> grants = {0, log.add(0, Add{log.key(1), level::member}, {}, 0)};
    for (std::size_t i = 2; i <= n + 1; ++i)
        grants.push_back(log.add(i - 1, Link{log.key(i), level::reader}, {grants[i - 1]}, grants[i - 1]));
    std::size_t at = grants.back();
    for (std::size_t i = 2; i <= n + 1; ++i)
        at = log.add(1, Remove{log.key(i), std::nullopt}, {at}, grants[1]);
    expect_settled(log, 2);
}

}  // namespace
}  // namespace folkmoot
