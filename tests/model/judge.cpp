// Verdicts: V1 to V3, E1 to E3, M1.
#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "model/model.hpp"

namespace folkmoot::model {

class Judge {
   public:
    Judge(const Model& model, const OpSet& present)
        : model_(model), present_(present), states_(model.ops_.size(), State::open) {
        present_.resize(model.ops_.size());
    }

    void decide_by_definition() {
        for (int i = 0; i < model_.size(); ++i) {
            if (present_[i] && states_[i] == State::open) states_[i] = decide(i);
        }
    }

    // E3: "Deciding ops in order of (rank of `as`, position in the author's chain, id) decides each once:
    // whatever can void it, or end a ban for it, ranks above it."
    void decide_in_one_pass() {
        one_pass_ = true;
        std::vector<int> order;
        for (int i = 0; i < model_.size(); ++i) {
            if (present_[i]) order.push_back(i);
        }
        std::ranges::sort(order, [this](int a, int b) { return comes_before(a, b); });
        for (const int op : order) states_[op] = decide(op);
    }

    [[nodiscard]] Outcome outcome() {
        Outcome out;
        for (int i = 0; i < model_.size(); ++i) {
            out.verdicts.push_back(present_[i] ? verdict_of(states_[i]) : Verdict::absent);
            out.causes.push_back(cause_of(i));
        }
        for (int g = 0; g < static_cast<int>(model_.grants_.size()); ++g) {
            out.live.push_back(is_live(g));
            out.hit_by.push_back(first_that([this, g](int r) { return hits(r, g); }));
            if (!out.live.back()) continue;
            // M1: "A device's level is the highest among its live grants; without one it is out."
            int& level = out.members[model_.grants_[g].holder];
            level = std::max(level, model_.grants_[g].level);
        }
        return out;
    }

    // V2: "r *hits* g if it covers g, directly or through some tenure that r's `as` outranks. A `leave` needs
    // no rank." V1: "r covers a linked tenure also *through* the tenure it was linked under, and so on up (a
    // `set_level` still only above its level)."
    // That is: some tenure t, which is g or is reached from g by going up from a link to the tenure it was
    // linked under, is covered directly, and r's `as` outranks t.
    bool hits(int r, int grant) {
        const Op& op = model_.op(r);
        const bool leave = op.kind == Kind::leave;
        if (!leave && op.kind != Kind::remove && op.kind != Kind::ban && op.kind != Kind::set_level)
            return false;
        if (op.kind == Kind::set_level && model_.grants_.at(grant).level <= op.level) return false;
        for (int t = grant;; t = model_.grants_.at(t).under) {
            const bool ranked =
                leave || model_.flaw_ == Flaw::rank_not_asked || model_.outranks(model_.acts_under(r), t);
            if (ranked && covers(r, t)) return true;
            if (!model_.grants_.at(t).link) return false;
        }
    }

   private:
    enum class State : std::uint8_t { open, deciding, effective, void_by_e1, void_by_e2 };

    static Verdict verdict_of(State state) {
        switch (state) {
            case State::effective: return Verdict::effective;
            case State::void_by_e1: return Verdict::void_by_e1;
            case State::void_by_e2: return Verdict::void_by_e2;
            default: throw std::logic_error("an op was never decided");
        }
    }

    // E3: "in order of (rank of `as`, position in the author's chain, id)"; create comes before all.
    [[nodiscard]] bool comes_before(int a, int b) const {
        const int x = model_.acts_under(a);
        const int y = model_.acts_under(b);
        if (x != y && (x < 0 || y < 0)) return x < 0;
        if (x != y) return model_.ranks_above(x, y);
        if (model_.position(a) != model_.position(b)) return model_.position(a) < model_.position(b);
        return model_.op(a).id < model_.op(b).id;
    }

    // Of the effective ops for which `holds`, the first in the order of E3.
    template <class Predicate>
    int first_that(const Predicate& holds) {
        int first = unknown;
        for (int r = 0; r < model_.size(); ++r) {
            if (!present_[r] || !holds(r) || !effective(r)) continue;
            if (first == unknown || comes_before(r, first)) first = r;
        }
        return first;
    }

    int cause_of(int op) {
        const int under = model_.acts_under(op);
        if (states_[op] == State::void_by_e1) return model_.grants_.at(under).op;
        if (states_[op] != State::void_by_e2) return unknown;
        return first_that([this, op, under](int r) { return hits(r, under) && !has_seen(r, op); });
    }

    bool effective(int op) {
        // E3: "Every `leave` is effective." Even one under a void grant.
        if (model_.op(op).kind == Kind::leave) return true;
        if (states_[op] == State::deciding) throw std::logic_error("the rules run in a circle");
        if (states_[op] == State::open) {
            if (one_pass_) throw std::logic_error("the order of E3 meets an op not yet decided");
            states_[op] = State::deciding;
            states_[op] = decide(op);
        }
        return states_[op] == State::effective;
    }

    State decide(int op) {
        const int under = model_.acts_under(op);
        if (model_.op(op).kind == Kind::leave || under < 0) return State::effective;
        // E1: "An op is void if the grant it acts under was made by a void op."
        if (model_.flaw_ != Flaw::no_e1 && !effective(model_.grants_.at(under).op)) return State::void_by_e1;
        // E2: "An op is void if an effective r hits the grant it acts under and has not seen the op."
        for (int r = 0; r < model_.size(); ++r) {
            if (present_[r] && hits(r, under) && !has_seen(r, op) && effective(r)) return State::void_by_e2;
        }
        // E3: "Otherwise it is effective."
        return State::effective;
    }

    // M1: "A grant is live if its op is effective and no effective r hits it."
    bool is_live(int grant) {
        if (!present_.at(model_.grants_.at(grant).op) || !effective(model_.grants_[grant].op)) return false;
        for (int r = 0; r < model_.size(); ++r) {
            if (present_[r] && hits(r, grant) && effective(r)) return false;
        }
        return true;
    }

    // V1: "A revocation r *covers* a tenure g of its subject when:"
    bool covers(int r, int grant) {
        const Op& op = model_.op(r);
        const Grant& tenure = model_.grants_.at(grant);
        const int subject = op.kind == Kind::leave ? op.author : op.subject;
        if (tenure.holder != subject) return false;
        // "But `set_level` covers only tenures above the level it gives (it grants that level too), `leave`
        // covers its author's, and a `remove` below the remove level only what is linked under its author."
        if (op.kind == Kind::set_level && tenure.level <= op.level) return false;
        const bool below = op.kind == Kind::remove && model_.flaw_ != Flaw::own_links_not_asked &&
                           model_.grants_.at(model_.acts_under(r)).level < model_.level_for(Kind::remove);
        if (below && !model_.linked_under(grant, op.author)) return false;
        // "- g does not causally follow r; or"
        if (tenure.op != r && !model_.follows(tenure.op, r)) return true;
        // "- r is a `remove`, g is a link, and r's `as` outranks the linker's grant; or"
        if (op.kind == Kind::remove && tenure.link)
            return model_.outranks(model_.acts_under(r), tenure.under);
        // "- r is a `ban`, its `as` outranks the granter's grant, and the granting op had not seen it end"
        return op.kind == Kind::ban && model_.outranks(model_.acts_under(r), tenure.under) &&
               !had_seen_end(tenure.op, r);
    }

    // V1: "an effective `unban` by somebody the banner does not outrank, or an effective revocation that hits
    // the banner's grant." An unban ends a ban only if the ban is in the unban's past. A leave is a
    // revocation too.
    bool had_seen_end(int granting, int ban) {
        const int banner = model_.acts_under(ban);
        for (int i = 0; i < model_.size(); ++i) {
            if (!model_.follows(granting, i)) continue;
            const Op& op = model_.op(i);
            if (op.kind == Kind::unban && op.subject == model_.op(ban).subject && model_.follows(i, ban) &&
                !model_.outranks(banner, model_.acts_under(i)) && effective(i)) {
                return true;
            }
            if (hits(i, banner) && effective(i)) return true;
        }
        return false;
    }

    // V3: "r has *seen* an op if the op is in r's past; with `cut`, if it is one of the named ops or in their
    // past. A `leave` has seen all but what follows it (leaving undoes nothing)."
    // An empty cut names nothing, so r has seen nothing.
    bool has_seen(int r, int op) {
        if (model_.op(r).kind == Kind::leave) return !model_.follows(op, r);
        const auto& cut = model_.op(r).cut;
        if (model_.flaw_ == Flaw::concurrent_ops_survive) return !model_.follows(op, r);
        if (model_.flaw_ == Flaw::positions_for_ancestry) return seen_by_position(r, op);
        if (!cut) return model_.follows(r, op);
        return std::ranges::any_of(
            *cut, [this, op](int named) { return named == op || model_.follows(named, op); });
    }

    // What Flaw::positions_for_ancestry takes for V3: some op by that author at that position or a later one
    // is in the past.
    [[nodiscard]] bool seen_by_position(int r, int op) const {
        for (int i = 0; i < model_.size(); ++i) {
            const bool as_far =
                model_.op(i).author == model_.op(op).author && model_.position(i) >= model_.position(op);
            if (as_far && model_.follows(r, i)) return true;
        }
        return false;
    }

    const Model& model_;
    OpSet present_;
    std::vector<State> states_;
    bool one_pass_ = false;
};

Outcome Model::judge(const OpSet& present) const {
    Judge judge(*this, present);
    judge.decide_by_definition();
    return judge.outcome();
}

bool Model::hits(const OpSet& present, int r, int grant) const {
    return Judge(*this, present).hits(r, grant);
}

Outcome Model::judge_in_one_pass(const OpSet& present) const {
    Judge judge(*this, present);
    judge.decide_in_one_pass();
    return judge.outcome();
}

}  // namespace folkmoot::model
