#include "sync/bloom.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "sync/keys.hpp"

namespace folkmoot::sync {
namespace {

OpId random_id(std::mt19937_64& random) {
    OpId id;
    for (auto& byte : id.bytes) byte = static_cast<std::uint8_t>(random());
    return id;
}

std::vector<OpId> random_ids(std::size_t count, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<OpId> ids(count);
    for (auto& id : ids) id = random_id(random);
    return ids;
}

crypto::SipKey salt(std::uint8_t n) { return round_salt(Hash32{{n}}, true, 0); }

TEST(Bloom, Y3_parameters_are_those_of_the_protocol) {
    EXPECT_EQ(limits::bloom_bits_per_op, 16U);
    EXPECT_EQ(limits::bloom_probes, 11U);
    EXPECT_EQ(BloomFilter::capacity, 65'536U);
    EXPECT_EQ(BloomFilter(salt(1), 0).bits().size(), 8U);
    EXPECT_EQ(BloomFilter(salt(1), 1000).bits().size(), 2000U);
    EXPECT_EQ(BloomFilter(salt(1), 10'000'000).bits().size(), limits::bloom_bytes);
}

TEST(Bloom, an_inserted_op_is_always_found) {
    for (const std::size_t count : {1U, 2U, 7U, 64U, 5000U}) {
        BloomFilter filter(salt(2), count);
        const auto ids = random_ids(count, count);
        for (const auto& id : ids) filter.insert(id);
        const BloomFilter received(salt(2), filter.bits());
        for (const auto& id : ids) {
            ASSERT_TRUE(filter.may_contain(id));
            ASSERT_TRUE(received.may_contain(id));
        }
    }
}

TEST(Bloom, about_one_op_in_two_thousand_is_hidden) {
    BloomFilter filter(salt(3), 20'000);
    for (const auto& id : random_ids(20'000, 5)) filter.insert(id);
    std::size_t hidden = 0;
    for (const auto& id : random_ids(400'000, 6)) hidden += filter.may_contain(id) ? 1 : 0;
    // Expected 184, standard deviation 14.
    EXPECT_GT(hidden, 100U);
    EXPECT_LT(hidden, 270U);
}

TEST(Bloom, Y4_what_hides_under_one_salt_shows_under_another) {
    const auto held = random_ids(2000, 8);
    BloomFilter one(salt(4), held.size());
    BloomFilter other(salt(5), held.size());
    for (const auto& id : held) {
        one.insert(id);
        other.insert(id);
    }
    std::mt19937_64 random(9);
    std::size_t ground = 0;
    std::size_t still_hidden = 0;
    while (ground < 40) {
        const OpId id = random_id(random);
        if (!one.may_contain(id)) continue;
        ++ground;
        still_hidden += other.may_contain(id) ? 1 : 0;
    }
    EXPECT_LE(still_hidden, 1U);
}

TEST(Bloom, filters_of_any_size_and_content_are_read_within_bounds) {
    for (const std::size_t size : {1U, 2U, 3U, 9U, 1001U}) {
        const BloomFilter all(salt(6), Bytes(size, 0xff));
        const BloomFilter none(salt(6), Bytes(size, 0));
        for (const auto& id : random_ids(50, size)) {
            EXPECT_TRUE(all.may_contain(id));
            EXPECT_FALSE(none.may_contain(id));
        }
    }
}

TEST(Keys, every_side_round_and_channel_has_a_salt_of_its_own) {
    const Hash32 one{{1}};
    const Hash32 two{{2}};
    std::vector<std::array<std::uint8_t, 16>> salts;
    for (const Hash32& binding : {one, two}) {
        for (const bool initiator : {false, true}) {
            for (const std::uint32_t round : {0U, 1U, 256U, 65'536U, 16'777'216U}) {
                salts.push_back(round_salt(binding, initiator, round).bytes);
            }
        }
    }
    std::ranges::sort(salts);
    EXPECT_EQ(std::ranges::adjacent_find(salts), salts.end());
}

TEST(Keys, digests_tags_and_fingerprints_change_with_the_channel) {
    const auto ids = random_ids(3, 1);
    const Hash32 one{{1}};
    const Hash32 two{{2}};
    EXPECT_NE(offer_digest(one, ids), offer_digest(two, ids));
    EXPECT_NE(offer_digest(one, ids), offer_digest(one, std::span(ids).first(2)));
    EXPECT_NE(frontier_fingerprint(one, ids), frontier_fingerprint(two, ids));
    const GroupId group{{7}};
    EXPECT_NE(group_tag(group, one), group_tag(group, two));
}

}  // namespace
}  // namespace folkmoot::sync
