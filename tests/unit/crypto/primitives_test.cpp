// The wrapped primitives against the examples of their RFCs.
#include <gtest/gtest.h>

#include "crypto/aead.hpp"
#include "crypto/sha256.hpp"
#include "crypto/x25519.hpp"
#include "folkmoot/signer.hpp"

namespace folkmoot::crypto {
namespace {

class Primitives : public testing::Test {
   protected:
    void SetUp() override { ASSERT_TRUE(start_crypto()); }
};

Bytes hex(std::string_view text) { return from_hex(text).value(); }

X25519Secret secret(std::string_view text) {
    X25519Secret out;
    const auto raw = hex(text);
    std::copy(raw.begin(), raw.end(), out.writable().begin());
    return out;
}

X25519Key key(std::string_view text) { return fixed_from_hex<X25519Key>(text).value(); }

TEST_F(Primitives, x25519_agrees_with_rfc_7748_section_6_1) {
    const auto alice = secret("77076d0a7318a57d3c16c17251b26645df4c4ae9d42ce4fb8f47d4a4f0d8e5c6");
    const auto bob = secret("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    X25519Secret ab;
    X25519Secret ba;
    ASSERT_TRUE(x25519(alice, x25519_public(bob), ab));
    ASSERT_TRUE(x25519(bob, x25519_public(alice), ba));
    EXPECT_EQ(to_hex(ab.view()), to_hex(ba.view()));
    EXPECT_EQ(to_hex(x25519_public(bob).view()),
              "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
}

TEST_F(Primitives, x25519_agrees_with_rfc_7748_section_5_2) {
    X25519Secret out;
    ASSERT_TRUE(x25519(secret("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
                       key("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"), out));
    EXPECT_EQ(to_hex(out.view()), "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
}

TEST_F(Primitives, x25519_refuses_points_of_small_order) {
    const auto mine = secret("77076d0a7318a57d3c16c17251b26645df4c4ae9d42ce4fb8f47d4a4f0d8e5c6");
    // Canonical and not: 0, 1, the two of order 8, p - 1, p, p + 1, and some with the ignored top bit set.
    for (const auto* text : {"0000000000000000000000000000000000000000000000000000000000000000",
                             "0100000000000000000000000000000000000000000000000000000000000000",
                             "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                             "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                             "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                             "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                             "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                             "0000000000000000000000000000000000000000000000000000000000000080",
                             "0100000000000000000000000000000000000000000000000000000000000080",
                             "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"}) {
        X25519Secret out;
        out.writable()[0] = 1;
        EXPECT_FALSE(x25519(mine, key(text), out)) << text;
        EXPECT_EQ(to_hex(out.view()), std::string(64, '0'));
    }
}

TEST_F(Primitives, aead_round_trips_and_refuses_any_change) {
    AeadKey k;
    for (std::size_t i = 0; i < 32; ++i) k.writable()[i] = static_cast<std::uint8_t>(i);
    const Bytes ad = hex("f00d");
    for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 64U}) {
        const Bytes plain(size, 0x5a);
        Bytes sealed;
        aead_seal(k, 9, ad, plain, sealed);
        ASSERT_EQ(sealed.size(), size + aead_tag_bytes);
        Bytes opened;
        ASSERT_TRUE(aead_open(k, 9, ad, sealed, opened));
        EXPECT_EQ(opened, plain);
        EXPECT_FALSE(aead_open(k, 10, ad, sealed, opened));
        EXPECT_FALSE(aead_open(k, 9, {}, sealed, opened));
        for (std::size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
            Bytes bad = sealed;
            bad[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
            EXPECT_FALSE(aead_open(k, 9, ad, bad, opened));
        }
        for (std::size_t n = 0; n < sealed.size(); ++n) {
            EXPECT_FALSE(aead_open(k, 9, ad, ByteView(sealed).first(n), opened));
        }
        EXPECT_EQ(opened, plain) << "a refusal leaves the output as it was";
    }
}

// RFC 8439 section 2.8.2 has a nonce that starts with 07 00 00 00, which the wrapper cannot express; appendix
// A.5 does too. The Noise vectors in tests/vectors/noise check the wrapper against other implementations.

TEST_F(Primitives, sha256_agrees_with_fips_180) {
    EXPECT_EQ(to_hex(sha256({as_bytes("a"), as_bytes("bc")}).view()),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(Primitives, hmac_agrees_with_rfc_4231_case_2) {
    SecretArray<32> out;
    hmac_sha256(as_bytes("Jefe"), {as_bytes("what do ya want "), as_bytes("for nothing?")}, out);
    EXPECT_EQ(to_hex(out.view()), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_F(Primitives, hkdf_agrees_with_rfc_5869_case_3) {
    SecretArray<32> first;
    SecretArray<32> second;
    hkdf_sha256({}, Bytes(22, 0x0b), first, second);
    EXPECT_EQ(to_hex(first.view()), "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
    EXPECT_EQ(to_hex(second.view()).substr(0, 20), "9d201395faa4b61a96c8");
}

TEST_F(Primitives, comparison_looks_at_the_length_first) {
    EXPECT_TRUE(equal_constant_time({}, {}));
    EXPECT_TRUE(equal_constant_time(as_bytes("abc"), as_bytes("abc")));
    EXPECT_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("abd")));
    EXPECT_FALSE(equal_constant_time(as_bytes("abc"), as_bytes("ab")));
    EXPECT_FALSE(equal_constant_time(as_bytes("abc"), {}));
}

TEST_F(Primitives, a_moved_secret_leaves_nothing_behind) {
    auto from = secret("77076d0a7318a57d3c16c17251b26645df4c4ae9d42ce4fb8f47d4a4f0d8e5c6");
    const auto to = std::move(from);
    EXPECT_EQ(to.view()[0], 0x77);
    EXPECT_EQ(to_hex(from.view()), std::string(64, '0'));  // NOLINT(bugprone-use-after-move)
}

}  // namespace
}  // namespace folkmoot::crypto
