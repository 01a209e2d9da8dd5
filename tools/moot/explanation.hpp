// Explanations as text and as JSON: the chain of E1 up to the op that decides, the revocation that hits,
// through which tenure, and by which part of the rank.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "folkmoot/explanation.hpp"
#include "moot/names.hpp"

namespace folkmoot::moot {

class Explainer {
   public:
    Explainer(const OpenGroup& group, const Names& names) : group_(group), names_(names) {}

    [[nodiscard]] OpExplanation of_op(OpIndex op) const;
    /// The misses in the order in which they came.
    [[nodiscard]] MemberExplanation of_member(const DeviceKey& device) const;

    /// Lines for people, each indented by `indent` spaces or more.
    [[nodiscard]] std::vector<std::string> lines(const std::vector<ExplanationStep>& steps,
                                                 std::size_t indent) const;
    [[nodiscard]] nlohmann::ordered_json json(const std::vector<ExplanationStep>& steps) const;
    /// `3c40d1 "remove bob" by alice`.
    [[nodiscard]] std::string op_text(OpIndex op) const;
    [[nodiscard]] std::string id_text(OpIndex op) const;

   private:
    /// "founder over admin", and the like. Precondition: the step has a rank.
    [[nodiscard]] std::string rank_text(const ExplanationStep& step) const;
    [[nodiscard]] nlohmann::ordered_json rank_json(const ExplanationStep& step) const;
    [[nodiscard]] GrantView view(GrantIndex grant) const;

    const OpenGroup& group_;
    const Names& names_;
};

}  // namespace folkmoot::moot
