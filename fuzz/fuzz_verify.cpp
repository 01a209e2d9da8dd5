// The pinned acceptance of signatures (O6) against OpenSSL, which computes R from S and A and compares bytes,
// and a check of points by other means: a point is good if multiplying by the cofactor and by the inverse of
// it gives the same encoding back, which only a canonical one of the subgroup does.
//
// The input: a flag byte, a key seed of 32 bytes, and the message. Flags choose what becomes of a good
// signature: a point of small order is added to R or A, the group order to S, bits change; or key and
// signature are taken from the input as they are.
#include <openssl/evp.h>
#include <sodium.h>

#include "base/assert.hpp"
#include "folkmoot/signer.hpp"
#include "fuzz/support/script.hpp"

namespace {

using namespace folkmoot;
using fuzz::Script;
using Point = std::array<std::uint8_t, 32>;

// Encodings of the eight points of small order, and some that are not canonical.
constexpr std::array<std::string_view, 12> torsion{
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
constexpr std::string_view order = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

Point point_of(std::string_view hex) { return fixed_from_hex<Hash32>(hex)->bytes; }

bool is_zero(const Point& point) {
    return std::ranges::all_of(point, [](std::uint8_t byte) { return byte == 0; });
}

// Rule 1 without libsodium's answer to the same question: P is good if it is (8 * (1/8 mod L)) P, as bytes,
// and not the neutral element. On a point with a small-order part, or in another spelling, that differs.
bool is_good(const Point& point) {
    static const Point neutral = point_of(torsion[0]);
    if (point == neutral || is_zero(point)) return false;
    // Doubling three times by additions, which take any point on the curve.
    Point sum = point;
    for (int i = 0; i < 3; ++i) {
        if (crypto_core_ed25519_add(sum.data(), sum.data(), sum.data()) != 0) return false;
    }
    Point eight{8};
    Point inverse{};
    if (crypto_core_ed25519_scalar_invert(inverse.data(), eight.data()) != 0) return false;
    Point back{};
    if (crypto_scalarmult_ed25519_noclamp(back.data(), inverse.data(), sum.data()) != 0) return false;
    return back == point;
}

bool openssl_accepts(const DeviceKey& key, ByteView message, const Signature& signature) {
    EVP_PKEY* pkey =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.bytes.data(), DeviceKey::size);
    if (pkey == nullptr) return false;
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    FOLKMOOT_ASSERT(context != nullptr);
    const bool good = EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, pkey) == 1 &&
                      EVP_DigestVerify(context, signature.bytes.data(), Signature::size, message.data(),
                                       message.size()) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pkey);
    return good;
}

void add_point(std::uint8_t* to, Script& script) {
    const Point small = point_of(torsion[script.below(torsion.size())]);
    Point sum{};
    if (crypto_core_ed25519_add(sum.data(), to, small.data()) == 0) std::ranges::copy(sum, to);
}

// S + L, as long as it has 256 bits.
void add_order(std::uint8_t* scalar) {
    const Point l = point_of(order);
    unsigned carry = 0;
    for (unsigned i = 0; i < 32; ++i) {
        carry += scalar[i] + unsigned{l[i]};
        scalar[i] = static_cast<std::uint8_t>(carry);
        carry >>= 8U;
    }
}

void change(Script& script, std::uint8_t how, DeviceKey& key, Signature& signature) {
    switch (how % 8) {
        case 1: add_point(signature.bytes.data(), script); break;
        case 2: add_point(key.bytes.data(), script); break;
        case 3: add_order(signature.bytes.data() + 32); break;
        case 4: signature.bytes[script.below(64)] ^= script.byte(); break;
        case 5: key.bytes[script.below(32)] ^= script.byte(); break;
        case 6: std::ranges::copy(point_of(torsion[script.below(12)]), signature.bytes.begin()); break;
        case 7: std::ranges::copy(point_of(torsion[script.below(12)]), key.bytes.begin()); break;
        default: break;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const bool started = start_crypto().has_value();
    FOLKMOOT_ASSERT(started);
    Script script(data, size);
    const std::uint8_t flags = script.byte();
    DeviceKey key;
    Signature signature;
    Bytes message;
    if ((flags & 64U) != 0) {
        std::ranges::copy(script.bytes(32), key.bytes.begin());
        std::ranges::copy(script.bytes(64), signature.bytes.begin());
        message = script.bytes(256);
    } else {
        Bytes seed = script.bytes(32);
        seed.resize(32);
        auto signer = make_signer(seed);
        FOLKMOOT_ASSERT(signer);
        key = (*signer)->key();
        message = script.bytes(script.byte());
        signature = *(*signer)->sign(message);
    }
    change(script, flags, key, signature);
    if ((flags & 128U) != 0) change(script, flags >> 3U, key, signature);
    const bool acceptable = ed25519_verifier().key_acceptable(key);
    FOLKMOOT_ASSERT(acceptable == is_good(key.bytes));
    if (!acceptable) return 0;
    Point r{};
    std::copy_n(signature.bytes.begin(), 32, r.begin());
    const bool expected = openssl_accepts(key, message, signature) && is_good(r);
    FOLKMOOT_ASSERT(ed25519_verifier().verify(key, message, signature) == expected);
    std::vector<SignatureCheck> checks{{key, message, signature}};
    ed25519_verifier().verify_each(checks);
    FOLKMOOT_ASSERT(checks[0].good == expected);
    return 0;
}
