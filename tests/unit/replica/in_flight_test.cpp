// What was announced and is not here yet (Y10): who is asked, in which order, and what liars cost.
#include "replica/in_flight.hpp"

#include <gtest/gtest.h>

#include <random>

#include "folkmoot/limits.hpp"

namespace folkmoot {
namespace {

constexpr std::uint64_t timeout = limits::announced_timeout_ms;

OpId id_of(std::uint32_t n) {
    OpId id;
    for (std::size_t i = 0; i < 4; ++i) id.bytes[i] = static_cast<std::uint8_t>(n >> (24 - 8 * i));
    return id;
}

TEST(InFlight, Y10_an_id_is_asked_of_one_announcer_at_a_time) {
    InFlight table;
    EXPECT_TRUE(table.announce(id_of(1), 10, 0));
    EXPECT_TRUE(table.announce(id_of(1), 11, 0));
    EXPECT_EQ(table.take(10, 0), std::vector{id_of(1)});
    EXPECT_TRUE(table.take(11, 0).empty());
    EXPECT_TRUE(table.announce(id_of(1), 12, 5)) << "while it is asked for";
    EXPECT_TRUE(table.take(12, 5).empty());
    EXPECT_TRUE(table.consistent());
    table.arrived(id_of(1));
    EXPECT_EQ(table.size(), 0U);
    EXPECT_FALSE(table.deadline_ms().has_value());
    EXPECT_EQ(table.answered(10), 0U);
    EXPECT_TRUE(table.take(11, 5).empty());
    EXPECT_TRUE(table.consistent());
}

TEST(InFlight, Y10_after_a_time_out_the_next_announcer_is_asked) {
    InFlight table;
    for (const InFlight::Announcer peer : {10U, 11U, 12U}) EXPECT_TRUE(table.announce(id_of(1), peer, 0));
    EXPECT_EQ(table.take(10, 0).size(), 1U);
    ASSERT_EQ(table.deadline_ms(), timeout);
    table.handle_time(timeout - 1);
    EXPECT_TRUE(table.take(11, timeout - 1).empty());
    table.handle_time(timeout);
    EXPECT_EQ(table.take(11, timeout).size(), 1U);
    EXPECT_TRUE(table.take(10, timeout).empty()) << "it had its turn";
    table.handle_time(2 * timeout);
    EXPECT_EQ(table.take(12, 2 * timeout).size(), 1U);
    table.handle_time(3 * timeout);
    EXPECT_EQ(table.size(), 0U) << "nobody is left";
    EXPECT_TRUE(table.consistent());
}

TEST(InFlight, an_announcer_that_has_nothing_or_goes_makes_room_at_once) {
    InFlight table;
    for (const InFlight::Announcer peer : {10U, 11U, 12U}) EXPECT_TRUE(table.announce(id_of(1), peer, 0));
    EXPECT_EQ(table.take(10, 0).size(), 1U);
    EXPECT_EQ(table.answered(10), 1U);
    EXPECT_EQ(table.take(11, 1).size(), 1U);
    table.forget(11);
    EXPECT_EQ(table.take(12, 2).size(), 1U);
    table.forget(12);
    EXPECT_EQ(table.size(), 0U);
    EXPECT_EQ(table.announced_by(12), 0U);
    EXPECT_TRUE(table.consistent());
}

TEST(InFlight, phantom_ids_cost_their_announcer_alone) {
    InFlight table;
    for (std::uint32_t i = 0; i < limits::announced_ids_per_peer; ++i)
        EXPECT_TRUE(table.announce(id_of(i), 66, 0));
    EXPECT_FALSE(table.announce(id_of(999'999), 66, 0));
    EXPECT_EQ(table.size(), limits::announced_ids_per_peer);
    // The flood is asked about; the honest announcer is asked at once all the same.
    EXPECT_EQ(table.take(66, 0).size(), limits::need_ids);
    EXPECT_TRUE(table.announce(id_of(999'999), 10, 1));
    EXPECT_EQ(table.take(10, 1), std::vector{id_of(999'999)});
    EXPECT_TRUE(table.consistent());
}

// The attack on Bitcoin's "already asked for": announce first whatever others hold, and give nothing.
TEST(InFlight, Y10_a_withholder_delays_an_honest_announcer_by_one_time_out_and_only_once) {
    InFlight table;
    EXPECT_TRUE(table.announce(id_of(1), 66, 0));
    EXPECT_TRUE(table.announce(id_of(1), 10, 0));
    EXPECT_EQ(table.take(66, 0).size(), 1U);
    table.handle_time(timeout);
    EXPECT_EQ(table.take(10, timeout).size(), 1U);
    table.arrived(id_of(1));
    EXPECT_EQ(table.answered(10), 0U);
    // It answers in the end, with nothing, to be asked again.
    EXPECT_EQ(table.answered(66), 0U);
    std::uint64_t now = 10 * timeout;
    for (std::uint32_t i = 2; i < 50; ++i, now += 10) {
        EXPECT_TRUE(table.announce(id_of(i), 66, now));
        EXPECT_TRUE(table.take(66, now).empty()) << "second choice for a time-out";
        EXPECT_TRUE(table.announce(id_of(i), 10, now + 1));
        EXPECT_EQ(table.take(10, now + 1).size(), 1U);
        table.arrived(id_of(i));
        EXPECT_EQ(table.answered(10), 0U);
    }
    // What nobody else announces it is asked for, late; giving it in time clears its name.
    EXPECT_TRUE(table.announce(id_of(90), 66, now));
    EXPECT_EQ(table.ready_ms(66), now + timeout);
    EXPECT_EQ(table.take(66, now + timeout).size(), 1U);
    table.arrived(id_of(90));
    EXPECT_EQ(table.answered(66), 0U);
    EXPECT_TRUE(table.announce(id_of(91), 66, now + timeout));
    EXPECT_EQ(table.ready_ms(66), now + timeout);
}

TEST(InFlight, whatever_happens_the_books_balance) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        SCOPED_TRACE(seed);
        std::mt19937_64 random(seed);
        InFlight table;
        std::uint64_t now = 0;
        std::map<OpId, InFlight::Announcer> asked;
        for (int step = 0; step < 3000; ++step) {
            const InFlight::Announcer peer = random() % 6;
            const OpId id = id_of(static_cast<std::uint32_t>(random() % 40));
            switch (random() % 8) {
                case 0:
                case 1:
                case 2: EXPECT_TRUE(table.announce(id, peer, now)); break;
                case 3: {
                    for (const auto& taken : table.take(peer, now)) {
                        EXPECT_FALSE(asked.contains(taken)) << "two are asked at once";
                        asked[taken] = peer;
                    }
                    break;
                }
                case 4:
                    table.arrived(id);
                    asked.erase(id);
                    break;
                case 5:
                    static_cast<void>(table.answered(peer));
                    std::erase_if(asked, [&](const auto& at) { return at.second == peer; });
                    break;
                case 6:
                    if (random() % 10 != 0) break;
                    table.forget(peer);
                    std::erase_if(asked, [&](const auto& at) { return at.second == peer; });
                    break;
                default:
                    now += random() % timeout;
                    table.handle_time(now);
                    // All asked for longer ago than a time-out were let go; which, the table knows.
                    asked.clear();
                    if (table.deadline_ms()) {
                        EXPECT_GT(*table.deadline_ms(), now);
                        now = *table.deadline_ms() + timeout;
                        table.handle_time(now);
                    }
                    EXPECT_FALSE(table.deadline_ms().has_value());
                    break;
            }
            ASSERT_TRUE(table.consistent());
        }
    }
}

}  // namespace
}  // namespace folkmoot
