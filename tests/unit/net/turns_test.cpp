// Whose turn it is to be connected with a key that several have (C17.2).
#include "net/turns.hpp"

#include <gtest/gtest.h>

namespace folkmoot::net {
namespace {

const DeviceKey ann{{1}};
constexpr std::uint64_t turn = limits::turn_ms;

TEST(Turns, C17_2_the_same_address_replaces_itself_at_once) {
    Turns turns;
    for (std::uint64_t now = 0; now < 100; ++now) EXPECT_TRUE(turns.take(ann, "home", now > 0, now));
}

TEST(Turns, C17_2_another_address_waits_for_the_end_of_a_turn) {
    Turns turns;
    EXPECT_TRUE(turns.take(ann, "thief", false, 0));
    EXPECT_FALSE(turns.take(ann, "home", true, turn - 1));
    EXPECT_TRUE(turns.take(ann, "home", true, turn));
    EXPECT_TRUE(turns.take(DeviceKey{{2}}, "elsewhere", false, turn)) << "no other device is touched";
}

TEST(Turns, C17_2_nothing_waits_where_no_other_connection_stands) {
    Turns turns;
    EXPECT_TRUE(turns.take(ann, "cafe", false, 0));
    EXPECT_TRUE(turns.take(ann, "train", false, 1));
}

// To connect again and again makes no turn longer.
TEST(Turns, C17_2_a_thief_who_connects_all_the_time_has_every_other_turn) {
    Turns turns;
    std::uint64_t owned = 0;
    bool owner_in = false;
    std::uint64_t longest_out = 0;
    std::uint64_t out_since = 0;
    for (std::uint64_t now = 0; now < 100 * turn; now += 10) {
        if (turns.take(ann, "thief", now > 0, now)) {
            if (owner_in) out_since = now;
            owner_in = false;
        }
        // The owner tries once a second.
        if (!owner_in && now % 1000 == 500 && turns.take(ann, "home", true, now)) {
            owner_in = true;
            longest_out = std::max(longest_out, now - out_since);
        }
        owned += owner_in ? 10 : 0;
    }
    EXPECT_LE(longest_out, turn + 1000);
    EXPECT_GE(owned, 40 * turn);
}

// Nor does leaving the place for a moment, in which the quicker would have it.
TEST(Turns, C17_2_whoever_waits_has_the_next_turn_also_of_a_free_place) {
    Turns turns;
    EXPECT_TRUE(turns.take(ann, "thief 1", false, 0));
    EXPECT_FALSE(turns.take(ann, "home", true, 10));
    EXPECT_FALSE(turns.take(ann, "thief 2", false, 20)) << "it is not its turn";
    EXPECT_TRUE(turns.take(ann, "thief 1", false, 20)) << "its own turn goes on";
    EXPECT_TRUE(turns.take(ann, "home", true, turn));
}

TEST(Turns, C17_2_as_many_addresses_as_may_wait_have_their_turns_in_order_and_one_more_does_not_wait) {
    Turns turns;
    std::uint64_t now = 0;
    EXPECT_TRUE(turns.take(ann, "holder", false, now));
    for (std::size_t i = 0; i <= limits::turn_addresses; ++i)
        EXPECT_FALSE(turns.take(ann, std::to_string(i), true, ++now));
    for (std::size_t i = 0; i < limits::turn_addresses; ++i) {
        now += turn;
        for (std::size_t other = i + 1; other <= limits::turn_addresses; ++other)
            EXPECT_FALSE(turns.take(ann, std::to_string(other), true, now)) << i << " is before " << other;
        EXPECT_TRUE(turns.take(ann, std::to_string(i), true, now));
    }
}

TEST(Turns, C17_2_a_turn_that_nobody_comes_for_lapses) {
    Turns turns;
    EXPECT_TRUE(turns.take(ann, "holder", false, 0));
    EXPECT_FALSE(turns.take(ann, "gone", true, 0));
    EXPECT_FALSE(turns.take(ann, "home", true, limits::turn_wait_ms - 1));
    EXPECT_TRUE(turns.take(ann, "home", true, limits::turn_wait_ms));
}

TEST(Turns, the_table_is_bounded) {
    Turns turns(turn, 3);
    for (std::uint8_t i = 0; i < 10; ++i) {
        EXPECT_TRUE(turns.take(DeviceKey{{i}}, "home", false, 1));
        EXPECT_LE(turns.size(), 3U);
    }
    EXPECT_FALSE(turns.take(DeviceKey{{9}}, "thief", true, 2)) << "the last are remembered";
    EXPECT_TRUE(turns.take(DeviceKey{{1}}, "thief", true, 2)) << "the first are not";
    Turns usual;
    for (std::size_t i = 0; i <= limits::turn_devices; ++i) {
        DeviceKey key;
        key.bytes[0] = static_cast<std::uint8_t>(i);
        key.bytes[1] = static_cast<std::uint8_t>(i >> 8U);
        EXPECT_TRUE(usual.take(key, "home", false, 1));
    }
    EXPECT_EQ(usual.size(), limits::turn_devices);
}

}  // namespace
}  // namespace folkmoot::net
