// Why a verdict is as it is, and what differs between two frontiers, as structure: the rule, the op that
// decides, through which tenure, and by which part of the rank. Rendering is the app's.
//
// Explanations are computed on demand from the facts and hold for the resolution they were asked of. They
// name the revocations that decide and no others.
#pragma once

#include <vector>

#include "folkmoot/access.hpp"

namespace folkmoot {

/// One step from an op to what decides about it.
struct ExplanationStep {
    enum class Kind : std::uint8_t {
        void_grant,  // E1: `op` acts under the grant that `by` made, and `by` is void
        hit_op,      // E2: `by` hits the grant `op` acts under and had not seen `op`
        hit_grant,   // M1: `by` hits the grant that `op` made
    } kind = Kind::hit_op;
    OpIndex op = no_index;
    OpIndex by = no_index;
    /// The grant that is void or hit.
    GrantIndex grant = no_index;
    /// V1: the tenure it was linked under, if `by` hits it through that one; else no_index.
    GrantIndex through = no_index;
    /// G3: the grant `by` acts under, which outranks `grant`, or `through` if there is one, by `part` of the
    /// rank. no_index and none for a leave, which needs no rank, and for a void grant.
    GrantIndex above = no_index;
    RankPart part = RankPart::none;
};

/// Why an op counts or does not.
struct OpExplanation {
    OpIndex op = no_index;
    Verdict verdict;
    /// The grant it acts under, the one that was given under, and so on to a founder's; empty for create.
    std::vector<GrantIndex> path;
    /// From the op by E1 up to the revocation that decides, last; empty if it is effective.
    std::vector<ExplanationStep> steps;
};

/// One grant of a device and what ended it.
struct GrantExplanation {
    GrantView grant;
    /// The grant, the one it was given under, and so on to a founder's.
    std::vector<GrantIndex> path;
    /// Empty if it is live. Else what voids the op that made it, or the one revocation that hits it and
    /// stands first in the order of E3.
    std::vector<ExplanationStep> steps;
};

/// A remove or ban of a device that hits none of its grants.
struct Miss {
    OpIndex op = no_index;
    /// Why it is void; empty if it is effective but outranks or covers nothing that the device holds.
    std::vector<ExplanationStep> steps;
};

struct MemberExplanation {
    DeviceKey key;
    Level level = 0;
    /// The live grant that gives the level, the highest-ranking of equals; no_index if the device is out.
    GrantIndex by = no_index;
    /// Whether an effective ban hits one of its grants.
    bool banned = false;
    /// All within the frontier, in rank order.
    std::vector<GrantExplanation> grants;
    /// Ascending by id.
    std::vector<Miss> misses;
};

/// A device whose level differs between two frontiers.
struct LevelChange {
    DeviceKey key;
    Level before = 0;  // 0: out
    Level after = 0;
    /// The highest-ranking grant that gives the higher of the two levels.
    GrantIndex grant = no_index;
    /// What decides that it does so only at one of them. Of a level gained: the op that made the grant, if it
    /// is new; else what ended the revocation in its way. Of a level lost: the revocation that decides.
    /// no_index if it lies in ops that `after` lacks.
    OpIndex cause = no_index;
    friend bool operator==(const LevelChange&, const LevelChange&) = default;
};

/// An op of both frontiers that is void at one of them and effective at the other.
struct VerdictChange {
    OpIndex op = no_index;
    Verdict before;
    Verdict after;
    /// Void after: the revocation that decides, up all steps of E1. Effective after: what voids the op that
    /// used to decide, or ended the ban; no_index if `after` lacks that op.
    OpIndex cause = no_index;
    friend bool operator==(const VerdictChange&, const VerdictChange&) = default;
};

struct Difference {
    /// Ascending by key.
    std::vector<LevelChange> members;
    /// Ascending by id.
    std::vector<VerdictChange> verdicts;
};

/// What changes from one resolution to another of the same Access; neither need be in the other's past.
/// Cost: O(ops) reads, and for each that differs the revocations of those it acts under.
[[nodiscard]] Difference difference(const Resolution& before, const Resolution& after);

}  // namespace folkmoot
