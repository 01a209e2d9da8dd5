// What the tests of the laws share: one history, judged by the library or by a model with a flaw.
//
// Every law is a function that looks for a history that breaks it. Against the library it must find none;
// against a model with the right rule left out it must find one.
#pragma once

#include <string>

#include "model/random_history.hpp"
#include "support/real_history.hpp"

namespace folkmoot::laws {

using model::Flaw;
using model::History;
using model::Model;
using model::nobody;
using model::Op;
using model::OpSet;
using model::Rng;
using model::unknown;

/// What a judge says of a set of ops.
struct Judged {
    std::vector<bool> effective;  // by op
    std::vector<bool> live;       // by number of grant in the model
    std::map<int, int> members;
    friend bool operator==(const Judged&, const Judged&) = default;
};

/// A history of admitted ops, which can grow at its end.
class World {
   public:
    /// By the library, unless there is a flaw.
    explicit World(const History& history, Flaw flaw = Flaw::none);

    /// False, and nothing changes, if the op is not admitted.
    bool add(const Op& op);
    [[nodiscard]] const Model& model() const { return model_; }
    [[nodiscard]] int size() const { return model_.size(); }
    [[nodiscard]] const History& history() const { return history_; }
    [[nodiscard]] const std::vector<model::RealOp>& real_ops() const { return ops_; }
    /// Judges the first `count` ops.
    [[nodiscard]] Judged judge_first(int count) const;
    [[nodiscard]] Judged judge() const { return judge_first(size()); }
    /// Judges a set closed under ancestors, the ops coming in an order drawn from `rng`.
    [[nodiscard]] Judged judge(const OpSet& present, Rng& rng) const;
    /// The history as a scenario that other tools can run.
    [[nodiscard]] std::string story(const std::string& why) const;

   private:
    [[nodiscard]] Judged judge_in_order(const std::vector<int>& order) const;
    [[nodiscard]] Judged by_library(const std::vector<int>& order) const;
    [[nodiscard]] Judged by_flawed_model(const std::vector<int>& order) const;

    Flaw flaw_;
    History history_;
    std::vector<model::RealOp> ops_;
    Model model_;
};

/// The admitted ops of a random history. The same for the same seed.
[[nodiscard]] World random_world(std::uint64_t seed, const model::RandomOptions& options, Flaw flaw);

[[nodiscard]] std::uint64_t from_environment(const char* name, std::uint64_t otherwise);

}  // namespace folkmoot::laws
