// Devices of a simulated world: their keys, and the verifier that goes with them. Most worlds sign with a
// keyed hash, which costs a hundredth of Ed25519, through the same interfaces; the code that checks
// signatures is the same.
#pragma once

#include <memory>
#include <vector>

#include "folkmoot/signer.hpp"
#include "sim/random.hpp"

namespace folkmoot::sim {

/// What the test of a plant replaces: a verifier that finds everything good.
enum class Checking : std::uint8_t { honest, accepts_everything };

class Identities {
   public:
    /// `real` keys are Ed25519. The same seed gives the same keys.
    Identities(std::uint64_t seed, bool real, Checking checking);

    /// The signer of a device by number; made when first asked for, and kept. Two who hold one key share it.
    [[nodiscard]] Signer& signer(std::size_t device);
    [[nodiscard]] DeviceKey key(std::size_t device) { return signer(device).key(); }
    /// What the peers of the world use, planted defect included.
    [[nodiscard]] const Verifier& verifier() const { return *verifier_; }
    /// What the oracles use.
    [[nodiscard]] const Verifier& judge() const { return *judge_; }
    /// A key that no verifier accepts (O6).
    [[nodiscard]] DeviceKey bad_key() const;

   private:
    std::uint64_t seed_;
    bool real_;
    std::vector<std::unique_ptr<Signer>> signers_;
    std::unique_ptr<Verifier> fake_;
    std::unique_ptr<Verifier> planted_;
    const Verifier* judge_ = nullptr;
    const Verifier* verifier_ = nullptr;
};

}  // namespace folkmoot::sim
