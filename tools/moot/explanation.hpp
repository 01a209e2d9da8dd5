// Why a verdict is as it is: the chain of E1 up to the op that decides, the revocation that hits, through
// which tenure, and by which part of the rank.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "moot/names.hpp"

namespace folkmoot::moot {

/// G3: one grant above another.
struct Outranking {
    GrantView above;
    GrantView below;
    RankPart part = RankPart::none;
};

/// One step from an op to what decides about it.
struct Step {
    enum class Kind : std::uint8_t {
        void_grant,  // E1: op acts under the grant that `by` made, which is void
        hit_op,      // E2: `by` hits the grant op acts under and had not seen op
        hit_grant,   // M1: `by` hits the grant that op made
    } kind = Kind::hit_op;
    OpIndex op = no_index;
    OpIndex by = no_index;
    /// The grant that is void or hit.
    GrantView grant;
    /// The tenure it was linked under, if `by` hits it through that one.
    std::optional<GrantView> through;
    /// None for a leave, which needs no rank.
    std::optional<Outranking> rank;
};

/// One grant of a device, and the steps that took it away; none if it is live.
struct GrantStory {
    GrantView grant;
    std::vector<Step> steps;
};

/// A revocation aimed at a device that ended none of its grants, and why.
struct Miss {
    OpIndex op = no_index;
    /// The steps by which it is void; else it did not outrank or did not cover what the device holds.
    std::vector<Step> steps;
};

class Explainer {
   public:
    Explainer(const OpenGroup& group, const Names& names) : group_(group), names_(names) {}

    /// Why the op is void; empty if it is effective.
    [[nodiscard]] std::vector<Step> of_op(OpIndex op) const;
    /// Every grant of the device that the group knows of, in rank order.
    [[nodiscard]] std::vector<GrantStory> of_member(const DeviceKey& device) const;
    [[nodiscard]] std::vector<Miss> misses(const DeviceKey& device) const;
    /// The effective bans among what ended its grants.
    [[nodiscard]] bool banned(const DeviceKey& device) const;

    /// Lines for people, each indented by `indent` spaces or more.
    [[nodiscard]] std::vector<std::string> lines(const std::vector<Step>& steps, std::size_t indent) const;
    [[nodiscard]] nlohmann::ordered_json json(const std::vector<Step>& steps) const;
    /// "founder over admin", and the like.
    [[nodiscard]] static std::string text(const Outranking& rank);
    /// `3c40d1 "remove bob" by alice`.
    [[nodiscard]] std::string op_text(OpIndex op) const;
    [[nodiscard]] std::string id_text(OpIndex op) const;

   private:
    [[nodiscard]] Step hit(Step::Kind kind, OpIndex op, OpIndex by, GrantIndex grant) const;

    const OpenGroup& group_;
    const Names& names_;
};

}  // namespace folkmoot::moot
