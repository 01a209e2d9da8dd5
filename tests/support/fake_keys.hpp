// Keys that cost nothing, for tests and fuzz targets; the code under test is the same as with real ones.
#pragma once

#include <string_view>

#include "crypto/hash.hpp"
#include "folkmoot/signer.hpp"

namespace folkmoot::wire {

inline DeviceKey key_of(std::string_view name) {
    return *DeviceKey::from(crypto::blake2b_256({as_bytes("test key "), as_bytes(name)}).view());
}

/// Not a signature of anything: whoever knows the key can make one. For tests only. As with Ed25519 an author
/// can sign one message in several ways (O2): each `nonce` above 0 makes another.
inline Signature fake_signature(const DeviceKey& key, ByteView message, std::uint8_t nonce = 0) {
    Signature out;
    crypto::blake2b_keyed(key.view(), {message, ByteView(&nonce, nonce > 0 ? 1 : 0)}, out.bytes);
    if (nonce > 0) out.bytes[63] = nonce;
    return out;
}

class FakeSigner final : public Signer {
   public:
    explicit FakeSigner(std::string_view name) : key_(key_of(name)) {}
    DeviceKey key() const override { return key_; }
    Result<Signature> sign(ByteView message) override {
        ++signed_;
        return fake_signature(key_, message);
    }
    std::uint64_t signed_ = 0;

   private:
    DeviceKey key_;
};

class FakeVerifier final : public Verifier {
   public:
    bool key_acceptable(const DeviceKey& key) const override {
        static const DeviceKey bad = key_of("bad key");
        return key != bad;
    }
    bool verify(const DeviceKey& key, ByteView message, const Signature& signature) const override {
        ++checked;
        return signature == fake_signature(key, message) ||
               signature == fake_signature(key, message, signature.bytes[63]);
    }
    mutable std::uint64_t checked = 0;
};

}  // namespace folkmoot::wire
