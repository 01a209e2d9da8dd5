// One end of a session in the laboratory: a device, its store, and the app around both; and the wire in
// memory between two of them.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "folkmoot/replica.hpp"

namespace folkmoot::lab {

/// Verification by another verifier, which must outlive it, counted and timed.
class CountingVerifier final : public Verifier {
   public:
    explicit CountingVerifier(const Verifier& inner = ed25519_verifier()) : inner_(inner) {}
    bool key_acceptable(const DeviceKey& key) const override;
    bool verify(const DeviceKey& key, ByteView message, const Signature& signature) const override;
    void verify_each(std::span<SignatureCheck> checks) const override;
    /// Signatures so far, and the CPU time they took with the keys.
    mutable std::uint64_t checked = 0;
    mutable double ms = 0;

   private:
    const Verifier& inner_;
};

struct End {
    std::unique_ptr<Store> store;
    std::unique_ptr<Signer> signer;
    std::unique_ptr<Replica> replica;
    SessionId session = 0;
};

/// The device of the laboratory's author number `author` (lab_history.hpp) on what the store holds.
/// `verifier` must outlive it.
[[nodiscard]] Result<End> open_end(const GroupId& group, std::unique_ptr<Store> store, std::uint32_t author,
                                   const Verifier& verifier);

/// Persists what the replica wants persisted and forgets its events.
[[nodiscard]] Result<void> drain(End& end);

/// Whether both hold the same ops.
[[nodiscard]] bool same_ops(const End& a, const End& b);

struct Exchange {
    std::uint64_t bytes = 0;  // of messages, both ways
    std::uint64_t trips = 0;  // one-way delays until nothing more is under way
    /// Trips until both first held the same ops; nothing if they never did.
    std::optional<std::uint64_t> complete_at;
};

/// Runs the sessions of the two ends to their end. What is sent at one time arrives at the next, so that a
/// step is one trip of a wire with latency and without limit of bandwidth.
[[nodiscard]] Result<Exchange> exchange(End& a, End& b);

}  // namespace folkmoot::lab
