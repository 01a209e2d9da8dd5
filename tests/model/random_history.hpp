// Histories to judge by: random ones from a seed, all small ones of a scope, and the smallest that still
// fails.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/model.hpp"

namespace folkmoot::model {

/// splitmix64. The same numbers everywhere, which the standard's distributions do not promise.
class Rng {
   public:
    explicit Rng(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next();
    /// 0 to n - 1; n above 0.
    int below(int n) { return static_cast<int>(next() % static_cast<std::uint64_t>(n)); }
    bool chance(int percent) { return below(100) < percent; }
    template <class T>
    const T& pick(const std::vector<T>& from) {
        return from.at(static_cast<std::size_t>(below(static_cast<int>(from.size()))));
    }

   private:
    std::uint64_t state_;
};

struct RandomOptions {
    int max_ops = 32;
    int max_devices = 7;
};

/// A group's history with forks, back-dated ops, cuts, links of links and some ops that are not admitted.
/// Every level can be encoded, parents are at most 8 and no two ops are alike but for their ids, which are
/// random.
[[nodiscard]] History random_history(std::uint64_t seed, const RandomOptions& options = {});

/// The history without `op`: those after it stand on its direct ancestors instead, ops that act under a grant
/// it made go too. Not for op 0.
[[nodiscard]] History without(const History& history, int op);

/// A history for which `fails` still holds, from which no op, edge, cut or rule can be dropped. `fails` must
/// hold for `history`.
[[nodiscard]] History shrink(History history, const std::function<bool(const History&)>& fails);

/// What an op of a small scope can do; `cut_all` makes the empty cut.
struct SmallAct {
    Kind kind = Kind::post;
    int subject = nobody;
    int level = 0;
    bool cut_all = false;
};

/// All histories of a prelude and exactly `more` further admitted ops, each by any of the devices, doing any
/// act of the alphabet under any grant that admits it, upon any antichain of the prelude's last op and the
/// further ones. Histories that differ only in the order of concurrent neighbours come once. Lazy: holds one
/// history.
class SmallHistories {
   public:
    SmallHistories(History prelude, int devices, std::vector<SmallAct> alphabet, int more);
    /// Moves to the next history; false at the end.
    bool next();
    [[nodiscard]] const History& current() const { return history_; }
    [[nodiscard]] const Model& model() const { return frames_.back().model; }
    [[nodiscard]] std::size_t count() const { return count_; }

   private:
    // The choices for one op: all of them in a list, and how far it is tried.
    struct Frame {
        Model model;
        std::vector<Op> choices;
        std::vector<std::size_t> codes;
        std::size_t tried = 0;
        std::size_t code = 0;
    };
    void fill(Frame& frame, std::size_t least_code) const;

    History history_;
    int prelude_;
    int devices_;
    std::vector<SmallAct> alphabet_;
    int more_;
    std::vector<Frame> frames_;
    std::size_t count_ = 0;
};

}  // namespace folkmoot::model
