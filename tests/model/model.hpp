// The access rules once more, slowly: an independent judge for the fast resolver.
//
// Written from the text of the rules alone and as literally as possible, with the sentence quoted above each
// helper. Ancestry is a set of ops for every op, every question is answered by looking at everything, and
// verdicts come from the definitions by recursion. It is meant for histories of some hundred ops at most and
// for trusted input: it recurses, and throws std::logic_error if the rules ever run in a circle.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "folkmoot/error.hpp"
#include "folkmoot/operation.hpp"

namespace folkmoot::model {

/// A rule left out or turned round, so that the tests of the laws can be seen to fail. No law needs a flaw.
enum class Flaw : std::uint8_t {
    none,
    concurrent_ops_survive,  // E2 voids only what follows the revocation
    rank_by_id,              // G2 by hash alone
    rank_by_arrival,         // G2 by the order in which ops came
    no_e1,                   // what a void op granted counts
    positions_for_ancestry,  // an (author, position) vector takes a fork for its other branch
    rank_not_asked,          // V2 hits whatever is covered
    own_links_not_asked,     // a remove below the remove level covers all its subject holds
};

/// A reference to an op that nobody has.
inline constexpr int unknown = -1;
inline constexpr int nobody = -1;

/// An op with its references resolved: ops are numbered in the order they were added, devices as one likes.
struct Op {
    /// Breaks ties of rank (G2); the caller's business.
    OpId id;
    int author = nobody;
    Kind kind = Kind::post;
    std::optional<int> prev;
    /// Direct ancestors besides prev.
    std::vector<int> parents;
    /// Absent in create, or where an author had no grant to name.
    std::optional<int> as;
    int subject = nobody;
    int level = 0;
    std::optional<std::vector<int>> cut;
    /// Of create; in order.
    std::vector<int> founders;
    Rules rules;

    friend bool operator==(const Op&, const Op&) = default;
};

/// An author's history as it was generated, in an order in which every op comes after its ancestors.
using History = std::vector<Op>;

/// Membership in a set of ops, by number.
using OpSet = std::vector<bool>;

/// G1: what an op gave to one device.
struct Grant {
    int op = unknown;
    int holder = nobody;
    int level = 0;
    /// G2: the founder's index, then positions.
    std::vector<int> path;
    /// The grant its author acted under; -1 for a founder's.
    int under = -1;
    bool link = false;
};

enum class Verdict : std::uint8_t { absent, effective, void_by_e1, void_by_e2 };

struct Outcome {
    /// For every op of the model; absent for those outside the set that was judged.
    std::vector<Verdict> verdicts;
    /// For every void op: by E1 the void op that made the grant it acts under, by E2 of the effective
    /// revocations that void it the first in the order of E3. Unknown for the others.
    std::vector<int> causes;
    /// By number of grant.
    std::vector<bool> live;
    /// By number of grant: of the effective revocations that hit it the first in the order of E3, or unknown.
    std::vector<int> hit_by;
    /// M1: level by device, only those who are in.
    std::map<int, int> members;

    [[nodiscard]] bool effective(int op) const { return verdicts.at(op) == Verdict::effective; }
    [[nodiscard]] bool is_void(int op) const {
        return verdicts.at(op) == Verdict::void_by_e1 || verdicts.at(op) == Verdict::void_by_e2;
    }
};

class Model {
   public:
    explicit Model(Flaw flaw = Flaw::none) : flaw_(flaw) {}
    /// Judges admission (A1) and keeps the op either way. Returns its number.
    int add(const Op& op);
    /// What add would find.
    [[nodiscard]] std::optional<ErrorCode> check(const Op& op) const;

    [[nodiscard]] int size() const { return static_cast<int>(ops_.size()); }
    [[nodiscard]] const Op& op(int index) const { return ops_.at(index); }
    [[nodiscard]] bool admitted(int index) const { return !faults_.at(index).has_value(); }
    /// The first rule of admission the op breaks.
    [[nodiscard]] std::optional<ErrorCode> fault(int index) const { return faults_.at(index); }
    [[nodiscard]] bool follows(int later, int earlier) const { return pasts_.at(later).at(earlier); }
    [[nodiscard]] int position(int index) const { return positions_.at(index); }
    [[nodiscard]] const std::vector<Grant>& grants() const { return grants_; }
    /// The grant that `op` made for `holder`, -1 if it made none.
    [[nodiscard]] int grant_of(int op, int holder) const;
    /// The grant an admitted op acts under, -1 for create.
    [[nodiscard]] int acts_under(int index) const { return unders_.at(index); }
    /// G2, G3. Strict: false for a grant and itself.
    [[nodiscard]] bool ranks_above(int a, int b) const;
    [[nodiscard]] bool outranks(int a, int b) const;

    /// All admitted ops; the admitted ones among `heads` with their pasts.
    [[nodiscard]] OpSet everything() const;
    [[nodiscard]] OpSet closure(const std::vector<int>& heads) const;

    /// Verdicts and members if `present`, closed under ancestors, were all there is.
    [[nodiscard]] Outcome judge(const OpSet& present) const;
    /// The same by one pass in the order that E3 names. Throws if that order ever meets an op not yet
    /// decided.
    [[nodiscard]] Outcome judge_in_one_pass(const OpSet& present) const;

    /// V2, whether or not `r` is effective, if `present` was all there is.
    [[nodiscard]] bool hits(const OpSet& present, int r, int grant) const;

    /// The author's op furthest along its chain among `ancestors` and their pasts; of equals the smallest id.
    [[nodiscard]] std::optional<int> default_prev(int author, const std::vector<int>& ancestors) const;
    /// M2: the grant to act under for an op whose prev and parents are set; nothing without any grant.
    [[nodiscard]] std::optional<int> default_as(const Op& op) const;

   private:
    friend class Judge;

    [[nodiscard]] OpSet past_of(const Op& op) const;
    [[nodiscard]] std::optional<ErrorCode> structure_fault(const Op& op) const;
    [[nodiscard]] std::optional<ErrorCode> act_fault(const Op& op, const OpSet& past, int under) const;
    [[nodiscard]] std::optional<ErrorCode> subject_fault(const Op& op, const OpSet& past, int under) const;
    [[nodiscard]] bool linked_under(int grant, int owner) const;
    [[nodiscard]] int level_for(Kind kind) const;
    void add_grants(int index);

    Flaw flaw_;
    std::vector<Op> ops_;
    std::vector<OpSet> pasts_;
    std::vector<int> positions_;
    std::vector<std::optional<ErrorCode>> faults_;
    std::vector<int> unders_;
    std::vector<Grant> grants_;
    int create_ = unknown;
};

/// The model of a whole history; numbers of ops are those of the history.
[[nodiscard]] Model model_of(const History& history, Flaw flaw = Flaw::none);

}  // namespace folkmoot::model
