#include "folkmoot/signer.hpp"

#include <gtest/gtest.h>

namespace folkmoot {
namespace {

TEST(Signer, O6_the_linked_library_passes_the_self_test) {
    const auto started = start_crypto();
    ASSERT_TRUE(started) << started.error().text;
    EXPECT_TRUE(start_crypto());
}

TEST(Signer, makes_the_signatures_of_rfc_8032) {
    ASSERT_TRUE(start_crypto());
    const auto seed = from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
    auto signer = make_signer(*seed);
    ASSERT_TRUE(signer);
    EXPECT_EQ(to_hex((*signer)->key().view()),
              "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    const auto signature = (*signer)->sign({});
    ASSERT_TRUE(signature);
    EXPECT_EQ(to_hex(signature->view()),
              "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
              "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
}

TEST(Signer, refuses_a_seed_of_another_length) {
    ASSERT_TRUE(start_crypto());
    for (const std::size_t size : {0U, 31U, 33U, 64U}) {
        const auto signer = make_signer(Bytes(size, 1));
        ASSERT_FALSE(signer);
        EXPECT_EQ(signer.error().code, ErrorCode::signer_failed);
    }
}

TEST(Signer, O6_every_bit_of_message_key_and_signature_counts) {
    ASSERT_TRUE(start_crypto());
    const Verifier& verifier = ed25519_verifier();
    auto signer = make_signer(Bytes(32, 7));
    ASSERT_TRUE(signer);
    const DeviceKey key = (*signer)->key();
    Bytes message{'m', 'o', 'o', 't'};
    const auto signature = (*signer)->sign(message);
    ASSERT_TRUE(signature);
    ASSERT_TRUE(verifier.key_acceptable(key));
    ASSERT_TRUE(verifier.verify(key, message, *signature));
    for (std::size_t bit = 0; bit < 8 * message.size(); ++bit) {
        message[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        EXPECT_FALSE(verifier.verify(key, message, *signature)) << bit;
        message[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    }
    for (std::size_t bit = 0; bit < 8 * Signature::size; ++bit) {
        Signature bad = *signature;
        bad.bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        EXPECT_FALSE(verifier.verify(key, message, bad)) << bit;
    }
    for (std::size_t bit = 0; bit < 8 * DeviceKey::size; ++bit) {
        DeviceKey other = key;
        other.bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        EXPECT_FALSE(verifier.key_acceptable(other) && verifier.verify(other, message, *signature)) << bit;
    }
}

}  // namespace
}  // namespace folkmoot
