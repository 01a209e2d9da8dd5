#include "sync/parking.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "folkmoot/limits.hpp"

namespace folkmoot::sync {
namespace {

OpId id_of(std::uint16_t n) {
    OpId id;
    id.bytes[0] = static_cast<std::uint8_t>(n >> 8U);
    id.bytes[1] = static_cast<std::uint8_t>(n);
    return id;
}

EncodedOp op_of(std::uint16_t n, std::size_t body = 100) {
    return {id_of(n), Bytes(body, 1), std::nullopt, std::nullopt, 0};
}

// The same promises, kept slowly.
struct Naive {
    struct Entry {
        EncodedOp op;
        std::set<OpId> missing;
        std::size_t bytes;
    };
    std::map<OpId, Entry> parked;

    [[nodiscard]] std::size_t bytes() const {
        std::size_t sum = 0;
        for (const auto& [id, entry] : parked) sum += entry.bytes;
        return sum;
    }
    bool park(const EncodedOp& op, const std::vector<OpId>& missing) {
        const std::size_t more = Parking::cost(op, missing.size());
        if (parked.contains(op.id) || parked.size() >= limits::parked_ops_per_peer ||
            bytes() + more > limits::parked_bytes_per_peer) {
            return false;
        }
        parked.emplace(op.id, Entry{op, {missing.begin(), missing.end()}, more});
        return true;
    }
    std::set<OpId> resolve(const OpId& arrived) {
        std::set<OpId> ready;
        for (auto& [id, entry] : parked) {
            if (entry.missing.erase(arrived) > 0 && entry.missing.empty()) ready.insert(id);
        }
        for (const auto& id : ready) parked.erase(id);
        return ready;
    }
    std::set<OpId> drop(const OpId& id) {
        std::set<OpId> dropped;
        std::vector<OpId> causes{id};
        while (!causes.empty()) {
            const OpId cause = causes.back();
            causes.pop_back();
            for (const auto& [waiter, entry] : parked) {
                if (entry.missing.contains(cause) && dropped.insert(waiter).second) causes.push_back(waiter);
            }
        }
        for (const auto& one : dropped) parked.erase(one);
        return dropped;
    }
    [[nodiscard]] std::vector<OpId> missing() const {
        std::set<OpId> out;
        for (const auto& [id, entry] : parked) {
            for (const auto& one : entry.missing) {
                if (!parked.contains(one)) out.insert(one);
            }
        }
        return {out.begin(), out.end()};
    }
};

std::set<OpId> ids_of(const std::vector<EncodedOp>& ops) {
    std::set<OpId> out;
    for (const auto& op : ops) out.insert(op.id);
    return out;
}

TEST(Parking, agrees_with_a_naive_model_whatever_happens) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random(seed);
        const auto below = [&](std::size_t n) { return static_cast<std::uint16_t>(random() % n); };
        Parking parking;
        Naive naive;
        for (int step = 0; step < 400; ++step) {
            const OpId some = id_of(below(60));
            switch (below(10)) {
                case 0: {
                    ASSERT_EQ(ids_of(parking.resolve(some)), naive.resolve(some));
                    break;
                }
                case 1: {
                    const auto dropped = parking.drop_waiting_for(some);
                    ASSERT_EQ(std::set<OpId>(dropped.begin(), dropped.end()), naive.drop(some));
                    break;
                }
                case 2:
                    if (below(40) == 0) {
                        parking.clear();
                        naive.parked.clear();
                    }
                    break;
                default: {
                    // An op waits only for smaller numbers: hashes make cycles impossible.
                    const auto n = static_cast<std::uint16_t>(1 + below(59));
                    std::vector<OpId> missing;
                    for (std::size_t i = 0; i < std::size_t{1} + below(4); ++i)
                        missing.push_back(id_of(below(n)));
                    const EncodedOp op = op_of(n, 1 + below(3000));
                    ASSERT_EQ(parking.park(op, missing), naive.park(op, missing));
                }
            }
            ASSERT_EQ(parking.bytes(), naive.bytes());
            ASSERT_EQ(parking.size(), naive.parked.size());
            ASSERT_EQ(parking.missing(), naive.missing());
        }
    }
}

TEST(Parking, the_bytes_of_one_peer_end_exactly_at_the_budget) {
    Parking parking;
    const std::size_t each = Parking::cost(op_of(0, 4000), 1);
    const std::size_t fit = limits::parked_bytes_per_peer / each;
    for (std::size_t i = 0; i < fit; ++i) {
        ASSERT_TRUE(parking.park(op_of(static_cast<std::uint16_t>(i + 1), 4000), {id_of(0)}));
    }
    // What is left takes one op that fits to the byte, and no more.
    const std::size_t left = limits::parked_bytes_per_peer - parking.bytes();
    const std::size_t fixed = Parking::cost(op_of(0, 0), 1);
    EXPECT_FALSE(parking.overflowed());
    EXPECT_FALSE(parking.park(op_of(5000, left - fixed + 1), {id_of(0)}));
    EXPECT_TRUE(parking.overflowed());
    EXPECT_TRUE(parking.park(op_of(5000, left - fixed), {id_of(0)}));
    EXPECT_EQ(parking.bytes(), limits::parked_bytes_per_peer);
    EXPECT_EQ(parking.resolve(id_of(0)).size(), fit + 1);
    EXPECT_EQ(parking.bytes(), 0U);
}

TEST(Parking, the_ops_of_one_peer_end_exactly_at_the_budget) {
    Parking parking;
    for (std::uint16_t n = 1; n <= 1600; ++n) {
        if (!parking.park(op_of(n, 1), {id_of(0)})) break;
    }
    ASSERT_LE(parking.size(), limits::parked_ops_per_peer);
    const std::size_t most =
        std::min(limits::parked_ops_per_peer, limits::parked_bytes_per_peer / Parking::cost(op_of(1, 1), 1));
    EXPECT_EQ(parking.size(), std::min<std::size_t>(most, 1600));
}

TEST(Parking, an_op_parked_twice_counts_once) {
    Parking parking;
    EXPECT_TRUE(parking.park(op_of(2), {id_of(0)}));
    const std::size_t bytes = parking.bytes();
    EXPECT_FALSE(parking.park(op_of(2), {id_of(1)}));
    EXPECT_FALSE(parking.overflowed());
    EXPECT_EQ(parking.bytes(), bytes);
    EXPECT_EQ(parking.missing(), std::vector<OpId>{id_of(0)});
}

TEST(Parking, a_long_chain_is_dropped_without_recursion) {
    Parking parking;
    for (std::uint16_t n = 1; n <= 1500; ++n) {
        if (!parking.park(op_of(n, 1), {id_of(static_cast<std::uint16_t>(n - 1))})) break;
    }
    const std::size_t parked = parking.size();
    EXPECT_EQ(parking.missing(), std::vector<OpId>{id_of(0)});
    EXPECT_EQ(parking.drop_waiting_for(id_of(0)).size(), parked);
    EXPECT_EQ(parking.bytes(), 0U);
}

}  // namespace
}  // namespace folkmoot::sync
