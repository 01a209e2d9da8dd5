// Ed25519 on libsodium with the acceptance that rule O6 pins, and the proof at start that the linked build
// keeps to it.
//
// O6 wants S below the group order, and A and R canonical and in the prime-order subgroup. libsodium to
// 1.0.18 recomputes R from S and A and compares the bytes: with a good A, any R it accepts is the encoding of
// a point of the prime-order subgroup, so A is all that needs a check, once per key. A build that multiplies
// by the cofactor accepts more; there R is checked each time. Which of the two is linked is found out by
// trying.
#include "folkmoot/signer.hpp"

#include <sodium.h>

#include "crypto/secret.hpp"

namespace folkmoot {
namespace {

bool is_good_point(const std::uint8_t* encoded) { return crypto_core_ed25519_is_valid_point(encoded) == 1; }

bool library_accepts(const DeviceKey& key, ByteView message, const Signature& signature) {
    return crypto_sign_verify_detached(signature.bytes.data(), message.data(), message.size(),
                                       key.bytes.data()) == 0;
}

struct EdgeVector {
    std::string_view what;
    std::string_view key;
    std::string_view message;
    std::string_view signature;
    bool key_acceptable;
    /// Meaningful, and checked, only with an acceptable key.
    bool valid;
};

constexpr std::string_view own_key = "43ccfd97062af7bb03dc295fb375d3be6effc6e342bf92c2b04576ab03af6d91";

// A prime-order A; R carries a point of order 8. Only the equation times the cofactor holds.
constexpr EdgeVector cofactored_only{"R with a small-order part",
                                     own_key,
                                     "666f6c6b6d6f6f74",
                                     "4c261951fba9f4ba7ece40431f212269f58becc2473c54cecda0e8f1e6f9d253"
                                     "172bf143eac578aa8b3c97603e47df44d6ab14f429b011741591d1c4e9875e0c",
                                     true,
                                     false};

// Sources: RFC 8032 section 7.1 test 1; cases 0, 3 and 6 of "Taming the Many EdDSAs" (Chalkias, Garillot,
// Nikolaenko, 2020); the rest made by tests/vectors/ed25519/generate.py.
constexpr std::array edge_vectors{
    EdgeVector{"RFC 8032 test 1", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
               "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
               "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
               true, true},
    EdgeVector{"a good signature", own_key, "666f6c6b6d6f6f74",
               "b31b20f50426242514d81b383548bd90de72fd0b8cf2382a88f9f52ce5076b23"
               "3424403e439c787e1388c0b01fc8aa8c4b6ee6028e690d0fdf28bfa18141fb03",
               true, true},
    EdgeVector{"the same with S + L", own_key, "666f6c6b6d6f6f74",
               "b31b20f50426242514d81b383548bd90de72fd0b8cf2382a88f9f52ce5076b23"
               "21f8359b5dff8ad6e924b853fec189a14b6ee6028e690d0fdf28bfa18141fb13",
               true, false},
    cofactored_only,
    EdgeVector{"R the neutral element", own_key, "666f6c6b6d6f6f74",
               "0100000000000000000000000000000000000000000000000000000000000000"
               "7217d596b815b898e1d3960817bb13d9648c2483075e586920d640848a00740c",
               true, false},
    EdgeVector{"R the neutral element, not canonical", own_key, "666f6c6b6d6f6f74",
               "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
               "882329cabc53524a8d9775aeb72c8b191ac412164545ddbcbdfd4726dc21460c",
               true, false},
    EdgeVector{"speccheck 6: S above L", "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623",
               "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
               "e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e"
               "547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514",
               true, false},
    EdgeVector{"speccheck 0: A of small order",
               "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
               "8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6",
               "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
               "0000000000000000000000000000000000000000000000000000000000000000",
               false, false},
    EdgeVector{"speccheck 3: A and R with small-order parts",
               "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d",
               "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
               "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f"
               "87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009",
               false, false},
    EdgeVector{"A with a small-order part, R without",
               "ffa460b831fae7d8e29825ad9569203974a05b6b1de7cc691bf5840c7fc173a2", "666f6c6b6d6f6f74",
               "6ef7262ec9a1b07c9df1286e8c338827de5adfe1c2ff1f398de6e3d584a0c0bb"
               "38120908e49203ab9fdde977e358e16489de035791f9daf8eabfa0ddf7492a0d",
               false, false},
    EdgeVector{"A not canonical: y = p + 1",
               "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "666f6c6b6d6f6f74",
               "b31b20f50426242514d81b383548bd90de72fd0b8cf2382a88f9f52ce5076b23"
               "3424403e439c787e1388c0b01fc8aa8c4b6ee6028e690d0fdf28bfa18141fb03",
               false, false},
    EdgeVector{"A not on the curve", "0200000000000000000000000000000000000000000000000000000000000000",
               "666f6c6b6d6f6f74",
               "b31b20f50426242514d81b383548bd90de72fd0b8cf2382a88f9f52ce5076b23"
               "3424403e439c787e1388c0b01fc8aa8c4b6ee6028e690d0fdf28bfa18141fb03",
               false, false},
};

bool library_multiplies_by_the_cofactor() {
    const auto key = fixed_from_hex<DeviceKey>(cofactored_only.key);
    const auto message = from_hex(cofactored_only.message);
    const auto signature = fixed_from_hex<Signature>(cofactored_only.signature);
    return !key || !message || !signature || library_accepts(*key, *message, *signature);
}

class Ed25519Verifier final : public Verifier {
   public:
    [[nodiscard]] bool key_acceptable(const DeviceKey& key) const override {
        return is_good_point(key.bytes.data());
    }

    [[nodiscard]] bool verify(const DeviceKey& key, ByteView message,
                              const Signature& signature) const override {
        if (check_r_ && !is_good_point(signature.bytes.data())) return false;
        return library_accepts(key, message, signature);
    }

   private:
    bool check_r_ = library_multiplies_by_the_cofactor();
};

class SeedSigner final : public Signer {
   public:
    explicit SeedSigner(crypto::GuardedBytes secret, const DeviceKey& key)
        : secret_(std::move(secret)), key_(key) {}

    [[nodiscard]] DeviceKey key() const override { return key_; }

    [[nodiscard]] Result<Signature> sign(ByteView message) override {
        Signature out;
        if (crypto_sign_detached(out.bytes.data(), nullptr, message.data(), message.size(),
                                 secret_.view().data()) != 0) {
            return fail(ErrorCode::signer_failed, "libsodium could not sign");
        }
        return out;
    }

   private:
    crypto::GuardedBytes secret_;
    DeviceKey key_;
};

Result<void> check_edge_vectors() {
    const Verifier& verifier = ed25519_verifier();
    for (const EdgeVector& vector : edge_vectors) {
        const auto key = fixed_from_hex<DeviceKey>(vector.key);
        const auto message = from_hex(vector.message);
        const auto signature = fixed_from_hex<Signature>(vector.signature);
        const bool as_expected =
            key && message && signature && verifier.key_acceptable(*key) == vector.key_acceptable &&
            (!vector.key_acceptable || verifier.verify(*key, *message, *signature) == vector.valid);
        if (!as_expected) {
            return fail(
                ErrorCode::crypto_self_test,
                std::string("libsodium ") + sodium_version_string() +
                    " judges an Ed25519 edge case otherwise than rule O6: " + std::string(vector.what));
        }
    }
    return {};
}

Result<void> start() {
    if (sodium_init() < 0) return fail(ErrorCode::crypto_unavailable, "libsodium does not start");
    return check_edge_vectors();
}

}  // namespace

void Verifier::verify_each(std::span<SignatureCheck> checks) const {
    for (auto& check : checks) check.good = verify(check.key, check.message, check.signature);
}

const Verifier& ed25519_verifier() {
    static const Ed25519Verifier verifier;
    return verifier;
}

Result<std::unique_ptr<Signer>> make_signer(ByteView seed) {
    if (seed.size() != crypto_sign_SEEDBYTES) {
        return fail(ErrorCode::signer_failed, "the seed of a device key has 32 bytes");
    }
    auto secret = crypto::GuardedBytes::make(crypto_sign_SECRETKEYBYTES);
    if (!secret) return std::unexpected(secret.error());
    DeviceKey key;
    crypto_sign_seed_keypair(key.bytes.data(), secret->writable().data(), seed.data());
    secret->seal();
    return std::make_unique<SeedSigner>(std::move(*secret), key);
}

Result<void> start_crypto() {
    static const Result<void> outcome = start();
    return outcome;
}

}  // namespace folkmoot
