// Equivocation evidence (O9): two ops of one author that a correct author never makes both, each with what
// proves it authentic. A file of it convinces anybody offline, without the group's history.
#pragma once

#include <vector>

#include "folkmoot/operation.hpp"

namespace folkmoot {

/// One branch: the op at the fork and, where it has no signature of its own, the author's following ops up to
/// one that is signed; each names the one before it as prev (O5). 1 to 64 ops.
using EvidenceRun = std::vector<EncodedOp>;

/// What evidence shows about whom.
struct EquivocationProof {
    DeviceKey author;
    GroupId group;
    /// The op both follow; absent if both follow none.
    std::optional<OpId> prev;
    OpId first;
    OpId second;
    Kind first_kind = Kind::post;
    Kind second_kind = Kind::post;
};

/// The evidence as bytes, branches in ascending order of id: equal evidence has equal bytes.
/// Preconditions: what verify_evidence asks for.
[[nodiscard]] Bytes encode_evidence(const EvidenceRun& a, const EvidenceRun& b);

/// Checks the evidence from its bytes alone: both branches decode, are by one acceptable key, in one group,
/// stand on the same prev or both on none, differ, and are proven by signatures. not_evidence, or the first
/// error of the encoding. An author who never forked cannot be accused: it would take their signature.
[[nodiscard]] Result<EquivocationProof> verify_evidence(const Verifier& verifier, ByteView bytes);

}  // namespace folkmoot
