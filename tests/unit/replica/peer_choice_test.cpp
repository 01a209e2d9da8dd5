// Whom to reconcile with next (C18): what is learnt, and what no peer can take from the others.
#include "replica/peer_choice.hpp"

#include <gtest/gtest.h>

#include <random>

#include "replica/backoff.hpp"

namespace folkmoot {
namespace {

constexpr Visit pleasing{.ops_new = 100, .ops_given = 100, .milliseconds = 1};
constexpr Visit idle{.ops_new = 0, .ops_given = 0, .milliseconds = 1};

PeerChoice choice_of(std::uint32_t peers, bool learned = true) {
    PeerChoice choice(learned);
    for (std::uint32_t i = 0; i < peers; ++i) EXPECT_TRUE(choice.add(i));
    return choice;
}

TEST(PeerChoice, news_counts_most_and_quick_news_more) {
    const auto of = [](std::uint64_t got, std::uint64_t given, std::uint64_t ms) {
        return reward({got, given, ms});
    };
    EXPECT_EQ(of(0, 0, 0), 0U) << "to be quick is nothing by itself";
    EXPECT_GT(of(1, 0, 1000), of(0, 0, 1));
    EXPECT_GT(of(2, 0, 50), of(1, 0, 50));
    EXPECT_GT(of(1, 1, 50), of(5, 0, 50));
    EXPECT_GT(of(1, 0, 5), of(1, 0, 500));
    EXPECT_EQ(of(9, 9, 0), 1000U);
    EXPECT_EQ(of(UINT64_MAX, UINT64_MAX, UINT64_MAX), 800U);
}

TEST(PeerChoice, C18_whoever_brings_news_is_asked_more_often) {
    PeerChoice choice = choice_of(10);
    std::mt19937_64 random(1);
    std::vector<int> chosen(10);
    for (int round = 0; round < 2000; ++round) {
        const auto peer = choice.choose(0, random(), {});
        ASSERT_TRUE(peer.has_value());
        ++chosen[*peer];
        choice.handle_visit(*peer, *peer == 3 ? pleasing : idle);
    }
    EXPECT_GT(chosen[3], 1300);
    EXPECT_GT(choice.worth(3), choice.worth(4));
}

// An attacker answers at once and always has news; the nine others never have any.
TEST(PeerChoice, C18_no_peer_can_take_the_uniform_part_from_the_others) {
    constexpr int rounds = 20'000;
    constexpr std::uint32_t peers = 10;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        PeerChoice choice = choice_of(peers);
        std::mt19937_64 random(seed);
        std::vector<int> chosen(peers);
        for (int round = 0; round < rounds; ++round) {
            const auto peer = choice.choose(0, random(), {});
            ++chosen[*peer];
            choice.handle_visit(*peer, *peer == 0 ? pleasing : idle);
        }
        // Each has 25 % / 10 of the choices; 500 are expected, with a deviation of 22.
        double chi_square = 0;
        for (std::uint32_t peer = 1; peer < peers; ++peer) {
            const double expected = rounds * (limits::uniform_choices_percent / 100.0) / peers;
            chi_square += (chosen[peer] - expected) * (chosen[peer] - expected) / expected;
            EXPECT_GT(chosen[peer], expected * 0.8) << "seed " << seed << " peer " << peer;
        }
        // 9 peers: above 40 once in a hundred thousand times.
        EXPECT_LT(chi_square, 40.0) << "seed " << seed;
        EXPECT_LT(chosen[0], rounds * 0.8);
    }
}

TEST(PeerChoice, without_learning_all_are_alike) {
    PeerChoice choice = choice_of(4, false);
    std::mt19937_64 random(9);
    std::vector<int> chosen(4);
    for (int round = 0; round < 8000; ++round) {
        const auto peer = choice.choose(0, random(), {});
        ++chosen[*peer];
        choice.handle_visit(*peer, *peer == 0 ? pleasing : idle);
    }
    for (const int count : chosen) EXPECT_NEAR(count, 2000, 200);
}

TEST(PeerChoice, C18_the_uniform_part_holds_for_who_leaves_too) {
    PeerChoice choice = choice_of(8);
    for (int i = 0; i < 50; ++i) choice.handle_visit(0, pleasing);
    for (std::uint32_t peer = 1; peer < 8; ++peer) {
        for (std::uint32_t i = 0; i < 5 + peer; ++i) choice.handle_visit(peer, idle);
    }
    std::mt19937_64 random(3);
    std::vector<int> left(8);
    const std::set<PeerChoice::Peer> all{0, 1, 2, 3, 4, 5, 6, 7};
    for (int round = 0; round < 8000; ++round) ++left[*choice.choose_to_leave(random(), all)];
    EXPECT_GT(left[0], 8000 / 4 / 8 * 0.7) << "nobody holds a place by pleasing alone";
    EXPECT_GT(left[7], 5000) << "the least worth goes first";
    EXPECT_FALSE(choice.choose_to_leave(1, {}).has_value());
}

TEST(PeerChoice, C18_who_fails_pauses_ever_longer_and_never_for_good) {
    PeerChoice choice = choice_of(1);
    std::uint64_t now = 0;
    std::uint64_t longest = 0;
    for (int i = 0; i < 100; ++i) {
        choice.handle_failure(0, now, 0x1234567 * static_cast<std::uint64_t>(i));
        EXPECT_FALSE(choice.choose(now, 5, {}).has_value());
        const auto next = choice.next_ms(now);
        ASSERT_TRUE(next.has_value());
        const std::uint64_t pause = *next - now;
        EXPECT_GE(pause, limits::first_retry_ms / 2);
        EXPECT_LE(pause, limits::last_retry_ms);
        longest = std::max(longest, pause);
        EXPECT_FALSE(choice.choose(*next - 1, 5, {}).has_value());
        now = *next;
        EXPECT_EQ(choice.choose(now, 5, {}), 0U);
    }
    EXPECT_GE(longest, limits::last_retry_ms / 2);
    choice.handle_visit(0, pleasing);
    choice.handle_failure(0, now, 0);
    EXPECT_LE(*choice.next_ms(now) - now, limits::first_retry_ms) << "what was before is forgiven";
}

TEST(PeerChoice, C18_who_ends_partial_without_bringing_anything_pauses_ever_longer) {
    PeerChoice choice = choice_of(1);
    // Whatever it was given it refused.
    constexpr Visit refusing{.ops_new = 0, .ops_given = 0, .milliseconds = 1, .equal = false};
    constexpr Visit half{.ops_new = 1, .ops_given = 0, .milliseconds = 1, .equal = false};
    std::uint64_t last = 0;
    for (int i = 0; i < 6; ++i) {
        choice.handle_visit(0, refusing);
        choice.handle_failure(0, 0, UINT64_MAX);
        const std::uint64_t pause = *choice.next_ms(0);
        EXPECT_GT(pause, last);
        last = pause;
    }
    choice.handle_visit(0, half);
    choice.handle_failure(0, 0, UINT64_MAX);
    EXPECT_LE(*choice.next_ms(0), limits::first_retry_ms) << "something is progress";
}

TEST(Backoff, doubles_from_the_first_pause_to_the_last_and_begins_again) {
    Backoff pause(100, 1000);
    for (const std::uint64_t expected : {100U, 200U, 400U, 800U, 1000U, 1000U})
        EXPECT_EQ(pause.next_ms(), expected);
    pause.reset();
    EXPECT_EQ(pause.next_ms(), 100U);
    Backoff odd(5000, 1000);
    EXPECT_EQ(odd.next_ms(), 5000U);
    EXPECT_EQ(odd.next_ms(), 5000U);
    Backoff usual;
    EXPECT_EQ(usual.next_ms(), limits::first_retry_ms);
    for (int i = 0; i < 100; ++i) EXPECT_LE(usual.next_ms(), limits::last_retry_ms);
    EXPECT_EQ(usual.next_ms(), limits::last_retry_ms);
}

TEST(PeerChoice, who_is_busy_or_unknown_is_not_chosen) {
    PeerChoice choice = choice_of(3);
    std::mt19937_64 random(4);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(choice.choose(0, random(), {0, 2}), 1U);
    EXPECT_FALSE(choice.choose(0, 1, {0, 1, 2}).has_value());
    choice.remove(1);
    EXPECT_FALSE(choice.choose(0, 1, {0, 2}).has_value());
    choice.handle_visit(77, pleasing);
    choice.handle_failure(77, 0, 0);
    EXPECT_EQ(choice.size(), 2U);
    PeerChoice small(true, 2);
    EXPECT_TRUE(small.add(1));
    EXPECT_TRUE(small.add(2));
    EXPECT_FALSE(small.add(3)) << "memory is bounded";
    EXPECT_TRUE(small.add(1));
}

}  // namespace
}  // namespace folkmoot
