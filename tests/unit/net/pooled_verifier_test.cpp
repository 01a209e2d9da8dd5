// A verifier with threads answers what one without answers (O6), wherever the bad ones are.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <random>
#include <thread>

#include "folkmoot/net.hpp"
#include "folkmoot/operation.hpp"
#include "support/fake_keys.hpp"

namespace folkmoot::net {
namespace {

std::vector<SignatureCheck> good_checks(std::size_t count) {
    std::vector<SignatureCheck> out;
    for (std::size_t i = 0; i < count; ++i) {
        const DeviceKey key = wire::key_of(std::to_string(i % 5));
        OpId id;
        id.bytes[0] = static_cast<std::uint8_t>(i);
        id.bytes[1] = static_cast<std::uint8_t>(i >> 8U);
        out.push_back(signature_check(key, id, wire::fake_signature(key, signing_input(id))));
    }
    return out;
}

// Without the counter of the one tests usually use, which threads would race for.
class PlainVerifier : public Verifier {
   public:
    bool key_acceptable(const DeviceKey& key) const override { return key != wire::key_of("bad key"); }
    bool verify(const DeviceKey& key, ByteView message, const Signature& signature) const override {
        return wire::fake_signature(key, message) == signature;
    }
};

TEST(PooledVerifier, a_bad_one_is_found_wherever_it_stands) {
    const PlainVerifier inner;
    for (const unsigned threads : {0U, 1U, 2U, 4U}) {
        const auto pooled = make_pooled_verifier(inner, threads);
        for (const std::size_t count : {1U, 3U, 4U, 5U, 17U, 64U}) {
            for (std::size_t bad = 0; bad < count; ++bad) {
                auto checks = good_checks(count);
                checks[bad].signature.bytes[7] ^= 1U;
                pooled->verify_each(checks);
                for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(checks[i].good, i != bad);
            }
        }
        pooled->verify_each({});
        EXPECT_TRUE(pooled->key_acceptable(wire::key_of("ann")));
        EXPECT_FALSE(pooled->key_acceptable(wire::key_of("bad key")));
    }
}

TEST(PooledVerifier, its_verdicts_are_those_of_one_at_a_time) {
    ASSERT_TRUE(start_crypto().has_value());
    const auto pooled = make_pooled_verifier(ed25519_verifier(), 3);
    const auto signer = make_signer(Bytes(32, 9)).value();
    std::mt19937 random(4);
    std::vector<SignatureCheck> checks;
    for (std::size_t i = 0; i < 200; ++i) {
        OpId id;
        id.bytes[3] = static_cast<std::uint8_t>(i);
        auto check = signature_check(signer->key(), id, sign_op(*signer, id).value());
        // Some with another message, some with a scalar above the group order, some with another R.
        if (random() % 4 == 0) check.message.back() ^= 1U;
        if (random() % 4 == 0) check.signature.bytes[63] |= 0xf0U;
        if (random() % 4 == 0) check.signature.bytes[0] ^= 1U;
        checks.push_back(check);
    }
    pooled->verify_each(checks);
    for (const auto& check : checks) {
        EXPECT_EQ(check.good, ed25519_verifier().verify(check.key, check.message, check.signature));
        EXPECT_EQ(pooled->verify(check.key, check.message, check.signature), check.good);
    }
}

TEST(PooledVerifier, other_threads_do_part_of_the_work) {
    // The caller's first check does not return before a check on another thread began, or the other way
    // round: on one thread alone this would never end.
    class Both final : public PlainVerifier {
       public:
        bool verify(const DeviceKey& key, ByteView message, const Signature& signature) const override {
            thread_local const Both* counted = nullptr;
            if (std::exchange(counted, this) != this) two_.arrive_and_wait();
            return PlainVerifier::verify(key, message, signature);
        }

       private:
        mutable std::latch two_{2};
    };
    const Both inner;
    const auto pooled = make_pooled_verifier(inner, 2);
    auto checks = good_checks(5);
    pooled->verify_each(checks);
    EXPECT_TRUE(std::ranges::all_of(checks, &SignatureCheck::good));
}

TEST(PooledVerifier, several_threads_may_ask_at_once_and_it_ends_cleanly) {
    const PlainVerifier inner;
    for (int round = 0; round < 20; ++round) {
        const auto pooled = make_pooled_verifier(inner, 3);
        std::atomic<std::size_t> wrong = 0;
        {
            std::vector<std::jthread> callers;
            for (std::size_t caller = 0; caller < 4; ++caller) {
                callers.emplace_back([&, caller] {
                    for (std::size_t i = 0; i < 10; ++i) {
                        auto checks = good_checks(30);
                        const std::size_t bad = (7 * i + caller) % checks.size();
                        checks[bad].signature.bytes[1] ^= 4U;
                        pooled->verify_each(checks);
                        for (std::size_t k = 0; k < checks.size(); ++k)
                            if (checks[k].good != (k != bad)) ++wrong;
                    }
                });
            }
        }
        EXPECT_EQ(wrong, 0U);
    }
}

}  // namespace
}  // namespace folkmoot::net
