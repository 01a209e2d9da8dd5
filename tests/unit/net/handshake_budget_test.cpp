// Handshakes of one address and of all (C17.5).
#include "net/handshake_budget.hpp"

#include <gtest/gtest.h>

namespace folkmoot::net {
namespace {

// Room of its own alone, so that each bound can be met by itself.
HandshakeBudget::Rates without_shared() {
    HandshakeBudget::Rates rates;
    rates.shared = 0;
    return rates;
}

std::size_t admitted(HandshakeBudget& budget, const std::string& address, std::size_t tries,
                     std::uint64_t now_ms) {
    std::size_t count = 0;
    for (std::size_t i = 0; i < tries; ++i) count += budget.admit(address, now_ms) ? 1 : 0;
    return count;
}

TEST(HandshakeBudget, C17_5_an_address_has_its_share_and_no_more) {
    HandshakeBudget budget(without_shared());
    EXPECT_EQ(admitted(budget, "10.0.0.1", 1000, 5), limits::handshakes_per_address);
    EXPECT_EQ(admitted(budget, "10.0.0.1", 1000, 5 + limits::handshake_pause_ms - 1), 0U);
    EXPECT_EQ(admitted(budget, "10.0.0.1", 1000, 5 + limits::handshake_pause_ms), 1U);
    EXPECT_EQ(admitted(budget, "10.0.0.2", 1000, 6), limits::handshakes_per_address) << "whatever others do";
    EXPECT_EQ(admitted(budget, "10.0.0.1", 1000, 3'600'000), limits::handshakes_per_address)
        << "an hour saves up no more than a share";
}

TEST(HandshakeBudget, C17_5_beyond_its_share_an_address_takes_from_what_all_have) {
    HandshakeBudget budget;
    EXPECT_EQ(admitted(budget, "10.0.0.1", 1000, 5),
              limits::handshakes_per_address + limits::shared_handshakes);
    EXPECT_EQ(admitted(budget, "10.0.0.2", 1000, 5), limits::handshakes_per_address)
        << "nobody can use up the share of another";
    EXPECT_EQ(admitted(budget, "10.0.0.2", 1000, 5 + limits::shared_handshake_pause_ms - 1), 0U);
    EXPECT_EQ(admitted(budget, "10.0.0.2", 1000, 5 + limits::shared_handshake_pause_ms), 1U);
}

TEST(HandshakeBudget, C17_5_ten_minutes_of_a_flood_are_bounded) {
    HandshakeBudget budget;
    std::size_t count = 0;
    for (std::uint64_t now = 0; now < 600'000; ++now) count += budget.admit("10.0.0.1", now) ? 1 : 0;
    const std::size_t most = limits::handshakes_per_address + 600'000 / limits::handshake_pause_ms +
                             limits::shared_handshakes + 600'000 / limits::shared_handshake_pause_ms;
    EXPECT_LE(count, most);
    EXPECT_GE(count, most - 16);
}

TEST(HandshakeBudget, C17_5_the_table_is_bounded_and_forgets_who_came_longest_ago) {
    HandshakeBudget budget(without_shared());
    for (std::size_t i = 0; i < limits::handshake_addresses; ++i)
        EXPECT_EQ(admitted(budget, std::to_string(i), 1000, 5), limits::handshakes_per_address);
    EXPECT_EQ(budget.addresses(), limits::handshake_addresses);
    EXPECT_EQ(admitted(budget, "0", 1, 6), 0U);
    EXPECT_EQ(admitted(budget, "one more", 1000, 6), limits::handshakes_per_address);
    EXPECT_LE(budget.addresses(), limits::handshake_addresses);
    EXPECT_EQ(admitted(budget, "0", 1, 7), 0U) << "it came again since";
    EXPECT_EQ(admitted(budget, "1", 1, 7), 1U) << "it had to make room";
}

TEST(HandshakeBudget, who_has_all_of_its_share_again_takes_no_room) {
    HandshakeBudget budget;
    for (std::size_t i = 0; i < 100; ++i) EXPECT_TRUE(budget.admit(std::to_string(i), 5));
    const std::uint64_t later = 5 + limits::handshake_pause_ms;
    for (std::size_t i = 0; i < 200; ++i) EXPECT_TRUE(budget.admit("x" + std::to_string(i % 4), later));
    EXPECT_LE(budget.addresses(), 100U);
}

}  // namespace
}  // namespace folkmoot::net
