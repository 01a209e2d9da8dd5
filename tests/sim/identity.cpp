#include "sim/identity.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "crypto/hash.hpp"

namespace folkmoot::sim {
namespace {

Signature keyed(const DeviceKey& key, ByteView message) {
    Signature out;
    crypto::blake2b_keyed(key.view(), {message}, out.bytes);
    return out;
}

bool all_alike(const DeviceKey& key) {
    return std::ranges::all_of(key.bytes, [&](std::uint8_t byte) { return byte == key.bytes[0]; });
}

// Not a signature of anything: whoever knows a key can make one. Peers of the simulator that must not, do
// not.
class FakeSigner final : public Signer {
   public:
    explicit FakeSigner(const DeviceKey& key) : key_(key) {}
    DeviceKey key() const override { return key_; }
    Result<Signature> sign(ByteView message) override { return keyed(key_, message); }

   private:
    DeviceKey key_;
};

class FakeVerifier final : public Verifier {
   public:
    bool key_acceptable(const DeviceKey& key) const override { return !all_alike(key); }
    bool verify(const DeviceKey& key, ByteView message, const Signature& signature) const override {
        return keyed(key, message) == signature;
    }
};

class Credulous final : public Verifier {
   public:
    bool key_acceptable(const DeviceKey&) const override { return true; }
    bool verify(const DeviceKey&, ByteView, const Signature&) const override { return true; }
};

}  // namespace

Identities::Identities(std::uint64_t seed, bool real, Checking checking)
    : seed_(seed), real_(real), fake_(std::make_unique<FakeVerifier>()) {
    judge_ = real_ ? &ed25519_verifier() : fake_.get();
    verifier_ = judge_;
    if (checking == Checking::accepts_everything) {
        planted_ = std::make_unique<Credulous>();
        verifier_ = planted_.get();
    }
}

Signer& Identities::signer(std::size_t device) {
    while (signers_.size() <= device) {
        Random random = Random::of(seed_, "key", signers_.size());
        DeviceKey secret;
        random.fill(secret.bytes);
        if (real_) {
            auto made = make_signer(secret.view());
            FOLKMOOT_ASSERT(made.has_value());
            signers_.push_back(std::move(*made));
        } else {
            signers_.push_back(std::make_unique<FakeSigner>(secret));
        }
    }
    return *signers_[device];
}

// 32 bytes of 0xff: no canonical point, and what the fake verifier refuses.
DeviceKey Identities::bad_key() const {
    DeviceKey key;
    key.bytes.fill(0xff);
    return key;
}

}  // namespace folkmoot::sim
