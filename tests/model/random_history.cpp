#include "model/random_history.hpp"

#include <algorithm>

namespace folkmoot::model {
namespace {

// Builds one history. A model goes along, so that most attempts are admitted and many are contentious.
class Generator {
   public:
    Generator(std::uint64_t seed, const RandomOptions& options) : rng_(seed) {
        devices_ = 3 + rng_.below(std::max(1, options.max_devices - 2));
        size_ = 4 + rng_.below(std::max(1, options.max_ops - 3));
        links_ = rng_.chance(30);
        backdating_ = rng_.pick(std::vector<int>{5, 20, 50});
        syncing_ = rng_.pick(std::vector<int>{20, 50, 90});
        mistakes_ = rng_.pick(std::vector<int>{0, 3, 10});
        peaceful_ = rng_.pick(std::vector<int>{0, 30, 60});
        bans_ = rng_.chance(30);
        household_ = rng_.chance(25);
        target_ = rng_.below(devices_);
        targeted_ = rng_.pick(std::vector<int>{0, 0, 50, 80});
    }

    History make() {
        push(create());
        while (static_cast<int>(history_.size()) < size_) push(next_op());
        return std::move(history_);
    }

   private:
    void push(Op op) {
        for (auto& byte : op.id.bytes) byte = static_cast<std::uint8_t>(rng_.next());
        model_.add(op);
        history_.push_back(std::move(op));
    }

    Op create() {
        Op op;
        op.kind = Kind::create;
        const int founders = rng_.chance(60) ? 1 : 1 + rng_.below(3);
        for (int i = 0; i < founders; ++i) op.founders.push_back(i);
        for (int i = founders; i > 1; --i) std::swap(op.founders[i - 1], op.founders[rng_.below(i)]);
        op.author = rng_.below(founders);
        if (rng_.chance(35)) op.rules.equal = Rules::Equal::forbid;
        if (rng_.chance(30)) {
            for (Level* level : {&op.rules.post, &op.rules.add, &op.rules.set_level, &op.rules.remove,
                                 &op.rules.ban, &op.rules.unban, &op.rules.link}) {
                if (rng_.chance(30)) *level = rng_.pick(std::vector<Level>{1, 10, 25, 50, 100, 255});
            }
        }
        return op;
    }

    int last_own(int author) const {
        for (int i = model_.size() - 1; i >= 0; --i) {
            if (model_.op(i).author == author && model_.admitted(i)) return i;
        }
        return unknown;
    }

    std::vector<int> ancestors(int author) {
        std::vector<int> out;
        const int last = last_own(author);
        if (rng_.chance(syncing_)) {
            // All heads.
            for (int i = 0; i < model_.size(); ++i) {
                bool cited = !model_.admitted(i);
                for (int j = i + 1; j < model_.size() && !cited; ++j) {
                    cited = model_.admitted(j) && model_.follows(j, i);
                }
                if (!cited) out.push_back(i);
            }
        } else if (last != unknown && !rng_.chance(backdating_)) {
            out = {last};
            for (int i = rng_.below(3); i > 0; --i) out.push_back(rng_.below(model_.size()));
        } else {
            for (int i = 1 + rng_.below(2); i > 0; --i) out.push_back(rng_.below(model_.size()));
        }
        while (out.size() > 8) out.erase(out.begin() + rng_.below(static_cast<int>(out.size())));
        if (!rng_.chance(mistakes_)) std::erase_if(out, [this](int i) { return !model_.admitted(i); });
        if (out.empty()) out.push_back(0);
        std::ranges::sort(out);
        out.erase(std::ranges::unique(out).begin(), out.end());
        return out;
    }

    Kind kind() {
        static const std::vector<Kind> hostile{Kind::remove,    Kind::remove, Kind::remove, Kind::ban,
                                               Kind::ban,       Kind::unban,  Kind::unban,  Kind::set_level,
                                               Kind::set_level, Kind::leave};
        static const std::vector<Kind> friendly{Kind::add, Kind::add, Kind::add, Kind::link, Kind::post};
        if (static_cast<int>(history_.size()) < devices_ && rng_.chance(70)) return Kind::add;
        if (links_ && rng_.chance(30)) return Kind::link;
        if (bans_ && rng_.chance(60)) {
            return rng_.pick(std::vector<Kind>{Kind::ban, Kind::unban, Kind::unban, Kind::add, Kind::add});
        }
        // Plain members who link each other and take it back.
        if (household_ && rng_.chance(60)) {
            return rng_.pick(std::vector<Kind>{Kind::link, Kind::link, Kind::remove, Kind::add});
        }
        return rng_.chance(peaceful_ + 30) ? rng_.pick(friendly) : rng_.pick(hostile);
    }

    void choose_cut(Op& op, const OpSet& past) {
        if ((op.kind != Kind::remove && op.kind != Kind::ban) || !rng_.chance(30)) return;
        op.cut.emplace();
        std::vector<int> own;
        for (int i = 0; i < model_.size(); ++i) {
            const bool fits = past[i] && model_.op(i).author == op.subject;
            if (fits || rng_.chance(mistakes_)) own.push_back(i);
        }
        for (int i = rng_.below(3); i > 0 && !own.empty(); --i) op.cut->push_back(rng_.pick(own));
        std::ranges::sort(*op.cut);
        op.cut->erase(std::ranges::unique(*op.cut).begin(), op.cut->end());
    }

    void choose_as(Op& op, const OpSet& past) {
        if (rng_.chance(55)) {
            op.as = model_.default_as(op);
        } else {
            std::vector<int> own;
            for (const auto& grant : model_.grants()) {
                if (past[grant.op] && grant.holder == op.author) own.push_back(grant.op);
            }
            if (!own.empty()) op.as = rng_.pick(own);
        }
        if (rng_.chance(mistakes_ / 2)) op.as = rng_.below(model_.size());
        // An op without a grant cannot even be encoded.
        if (!op.as) op.as = 0;
    }

    Op attempt() {
        Op op;
        op.author = rng_.chance(70)
                        ? model_.grants().at(rng_.below(static_cast<int>(model_.grants().size()))).holder
                        : rng_.below(devices_);
        op.parents = ancestors(op.author);
        const OpSet past = model_.closure(op.parents);
        op.prev = model_.default_prev(op.author, op.parents);
        if (rng_.chance(4)) {
            // An author may name an older op of theirs, or none.
            op.prev.reset();
            const int other = rng_.below(model_.size());
            if (past[other] && model_.op(other).author == op.author) op.prev = other;
        }
        if (rng_.chance(mistakes_ / 3)) op.prev = rng_.below(model_.size());
        if (op.prev) std::erase(op.parents, *op.prev);
        op.kind = kind();
        if (op.kind >= Kind::add && op.kind <= Kind::unban) {
            do op.subject = rng_.chance(targeted_) ? target_ : rng_.below(devices_);
            while (op.subject == op.author && !rng_.chance(mistakes_ + 1));
        }
        if (op.kind >= Kind::add && op.kind <= Kind::set_level) {
            op.level =
                rng_.pick(household_ ? std::vector<int>{10, 25, 25, 50}
                                     : std::vector<int>{1, 10, 10, 25, 25, 50, 50, 100, 100, 100, 100});
        }
        choose_cut(op, past);
        choose_as(op, past);
        return op;
    }

    // Another group's beginning, offered to this one.
    Op second_create() {
        Op op;
        op.kind = Kind::create;
        op.author = rng_.below(devices_);
        op.founders = {op.author};
        return op;
    }

    Op next_op() {
        if (rng_.chance(mistakes_) && rng_.chance(10)) return second_create();
        Op op = attempt();
        for (int tries = 0; tries < 30 && model_.check(op); ++tries) {
            if (rng_.chance(mistakes_)) break;
            op = attempt();
        }
        return op;
    }

    Rng rng_;
    Model model_;
    History history_;
    int devices_ = 3;
    int size_ = 4;
    bool links_ = false;
    int backdating_ = 0;
    int syncing_ = 0;
    int mistakes_ = 0;
    int peaceful_ = 0;
    bool bans_ = false;
    bool household_ = false;
    // Whom many acts are about, so that adds, bans and pardons meet.
    int target_ = 0;
    int targeted_ = 0;
};

void replace(std::vector<int>& list, int op, const std::vector<int>& by) {
    if (std::erase(list, op) == 0) return;
    for (const int each : by) {
        if (std::ranges::find(list, each) == list.end()) list.push_back(each);
    }
}

// Every history that is one step simpler, until `fails` holds for one.
bool simplify_edges(History& history, const std::function<bool(const History&)>& fails) {
    const auto attempt = [&](const std::function<void(Op&)>& change, std::size_t at) {
        History candidate = history;
        change(candidate[at]);
        if (candidate[at] == history[at] || !fails(candidate)) return false;
        history = std::move(candidate);
        return true;
    };
    bool changed = false;
    for (std::size_t i = 0; i < history.size(); ++i) {
        if (attempt([](Op& op) { op.cut.reset(); }, i)) changed = true;
        for (std::size_t c = history[i].cut ? history[i].cut->size() : 0; c-- > 0;) {
            if (attempt([c](Op& op) { op.cut->erase(op.cut->begin() + static_cast<long>(c)); }, i))
                changed = true;
        }
        for (std::size_t p = history[i].parents.size(); p-- > 0;) {
            if (!history[i].prev && history[i].parents.size() == 1) break;
            if (attempt([p](Op& op) { op.parents.erase(op.parents.begin() + static_cast<long>(p)); }, i)) {
                changed = true;
            }
        }
        if (attempt([](Op& op) { op.rules = Rules{}; }, i)) changed = true;
        for (std::size_t f = history[i].founders.size(); f-- > 0 && history[i].founders.size() > 1;) {
            if (attempt([f](Op& op) { op.founders.erase(op.founders.begin() + static_cast<long>(f)); }, i)) {
                changed = true;
            }
        }
    }
    return changed;
}

}  // namespace

std::uint64_t Rng::next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
}

History random_history(std::uint64_t seed, const RandomOptions& options) {
    return Generator(seed, options).make();
}

History without(const History& history, int op) {
    const auto size = static_cast<int>(history.size());
    std::vector<bool> dropped(history.size(), false);
    dropped[op] = true;
    for (int i = op + 1; i < size; ++i) {
        if (history[i].as && *history[i].as >= 0 && dropped[*history[i].as]) dropped[i] = true;
    }
    History rest = history;
    // From the last to the first, so that what replaces a dropped op is replaced in turn.
    for (int gone = size - 1; gone > 0; --gone) {
        if (!dropped[gone]) continue;
        for (int i = gone + 1; i < size; ++i) {
            Op& child = rest[i];
            const bool was_prev = child.prev == gone;
            const bool was_parent = std::ranges::find(child.parents, gone) != child.parents.end();
            replace(child.parents, gone, rest[gone].parents);
            if (was_prev) {
                child.prev = rest[gone].prev;
                if (!was_parent) {
                    child.parents.push_back(gone);
                    replace(child.parents, gone, rest[gone].parents);
                }
            } else if (was_parent && rest[gone].prev) {
                child.parents.push_back(gone);
                replace(child.parents, gone, {*rest[gone].prev});
            }
            if (child.prev) std::erase(child.parents, *child.prev);
            if (child.cut) std::erase(*child.cut, gone);
        }
    }
    std::vector<int> number(history.size(), unknown);
    History out;
    for (int i = 0; i < size; ++i) {
        if (dropped[i]) continue;
        number[i] = static_cast<int>(out.size());
        out.push_back(rest[i]);
    }
    const auto renumber = [&number](int& ref) { ref = ref == unknown ? unknown : number[ref]; };
    for (Op& each : out) {
        for (int& parent : each.parents) renumber(parent);
        if (each.prev) renumber(*each.prev);
        if (each.as) renumber(*each.as);
        for (int i = 0; each.cut && i < static_cast<int>(each.cut->size()); ++i) renumber((*each.cut)[i]);
    }
    return out;
}

History shrink(History history, const std::function<bool(const History&)>& fails) {
    bool changed = true;
    while (changed) {
        changed = false;
        for (int i = static_cast<int>(history.size()) - 1; i > 0; --i) {
            if (i >= static_cast<int>(history.size())) continue;
            if (History candidate = without(history, i); fails(candidate)) {
                history = std::move(candidate);
                changed = true;
            }
        }
        if (simplify_edges(history, fails)) changed = true;
    }
    return history;
}

SmallHistories::SmallHistories(History prelude, int devices, std::vector<SmallAct> alphabet, int more)
    : history_(std::move(prelude)),
      prelude_(static_cast<int>(history_.size())),
      devices_(devices),
      alphabet_(std::move(alphabet)),
      more_(more) {
    frames_.push_back({model_of(history_), {}, {}, 0, 0});
    if (more_ > 0) fill(frames_.back(), 0);
}

// All ops that may come next. One that does not stand on the last op must have no smaller code than that: of
// two concurrent neighbours only one order is made.
void SmallHistories::fill(Frame& frame, std::size_t least_code) const {
    const int base = prelude_ - 1;
    const int candidates = frame.model.size() - base;
    std::size_t code = 0;
    for (int author = 0; author < devices_; ++author) {
        for (const SmallAct& act : alphabet_) {
            for (unsigned mask = 1; mask < (1U << static_cast<unsigned>(candidates)); ++mask) {
                // Codes must mean the same at every depth, so they count all masks there could be.
                code = ((static_cast<std::size_t>(author) * alphabet_.size() +
                         static_cast<std::size_t>(&act - alphabet_.data()))
                        << 8U) |
                       mask;
                const bool upon_last = ((mask >> static_cast<unsigned>(candidates - 1)) & 1U) != 0;
                if (candidates > 1 && !upon_last && code < least_code) continue;
                Op op;
                op.author = author;
                op.kind = act.kind;
                op.subject = act.subject;
                op.level = act.level;
                if (act.cut_all) op.cut.emplace();
                for (int i = 0; i < candidates; ++i) {
                    if (((mask >> static_cast<unsigned>(i)) & 1U) != 0) op.parents.push_back(base + i);
                }
                const bool antichain = std::ranges::none_of(op.parents, [&](int a) {
                    return std::ranges::any_of(op.parents, [&](int b) { return frame.model.follows(a, b); });
                });
                if (!antichain) continue;
                op.prev = frame.model.default_prev(author, op.parents);
                if (op.prev) std::erase(op.parents, *op.prev);
                op.id.bytes[0] = static_cast<std::uint8_t>(frame.model.size());
                for (const auto& grant : frame.model.grants()) {
                    if (grant.holder != author) continue;
                    op.as = grant.op;
                    if (frame.model.check(op)) continue;
                    frame.choices.push_back(op);
                    frame.codes.push_back(code);
                }
            }
        }
    }
}

bool SmallHistories::next() {
    // A whole history stands at the bottom frame; leave it.
    if (static_cast<int>(history_.size()) == prelude_ + more_ && frames_.size() > 1) {
        frames_.pop_back();
        history_.pop_back();
    }
    while (true) {
        Frame& frame = frames_.back();
        if (frame.tried == frame.choices.size()) {
            if (frames_.size() == 1) return false;
            frames_.pop_back();
            history_.pop_back();
            continue;
        }
        const std::size_t at = frame.tried++;
        history_.push_back(frame.choices[at]);
        Frame deeper{frame.model, {}, {}, 0, frame.codes[at]};
        deeper.model.add(history_.back());
        const bool whole = static_cast<int>(history_.size()) == prelude_ + more_;
        if (!whole) fill(deeper, deeper.code);
        frames_.push_back(std::move(deeper));
        if (whole) {
            ++count_;
            return true;
        }
    }
}

}  // namespace folkmoot::model
