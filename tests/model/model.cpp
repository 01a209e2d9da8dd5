// Grants, ranks and admission: G1 to G3, A1, M2.
#include "model/model.hpp"

#include <algorithm>

namespace folkmoot::model {
namespace {

bool is_grant(Kind kind) {
    return kind == Kind::create || kind == Kind::add || kind == Kind::link || kind == Kind::set_level;
}

}  // namespace

std::optional<ErrorCode> Model::check(const Op& op) const {
    if (const auto fault = structure_fault(op); fault || op.kind == Kind::create) return fault;
    // A1: "`as` is a grant in the op's past naming its author"
    const OpSet past = past_of(op);
    if (!op.as) return ErrorCode::access_no_grant;
    if (*op.as == unknown || !past.at(*op.as)) return ErrorCode::access_as_not_in_past;
    if (!is_grant(ops_.at(*op.as).kind)) return ErrorCode::access_as_not_a_grant;
    const int under = grant_of(*op.as, op.author);
    if (under < 0) return ErrorCode::access_as_names_another;
    return act_fault(op, past, under);
}

int Model::add(const Op& op) {
    const int index = size();
    const auto fault = check(op);
    pasts_.push_back(past_of(op));
    ops_.push_back(op);
    for (auto& each : pasts_) each.resize(ops_.size());
    faults_.push_back(fault);
    unders_.push_back(fault || op.kind == Kind::create ? -1 : grant_of(*op.as, op.author));
    // G2: "Positions are counted along `prev`, never claimed."
    const bool follows_own = op.prev && *op.prev != unknown;
    positions_.push_back(follows_own ? positions_.at(*op.prev) + 1 : 0);
    if (!fault) add_grants(index);
    return index;
}

// Direct ancestors are `prev` and `parents`; the past is all ancestors.
OpSet Model::past_of(const Op& op) const {
    OpSet past(ops_.size(), false);
    auto direct = op.parents;
    if (op.prev) direct.push_back(*op.prev);
    for (const int ancestor : direct) {
        if (ancestor == unknown) continue;
        past.at(ancestor) = true;
        for (int i = 0; i < size(); ++i) {
            if (pasts_.at(ancestor).at(i)) past.at(i) = true;
        }
    }
    return past;
}

// A1: "Every parent is admitted; `prev` is by the same author; there is one `create`, without parents, whose
// author is among its distinct founders."
std::optional<ErrorCode> Model::structure_fault(const Op& op) const {
    auto direct = op.parents;
    if (op.prev) direct.push_back(*op.prev);
    if (op.kind == Kind::create) {
        if (!direct.empty()) return ErrorCode::op_bad_field;
        if (create_ != unknown) return ErrorCode::graph_second_create;
        auto founders = op.founders;
        std::ranges::sort(founders);
        const bool distinct = std::ranges::adjacent_find(founders) == founders.end();
        if (founders.empty() || !distinct) return ErrorCode::op_bad_founders;
        if (!std::ranges::binary_search(founders, op.author)) return ErrorCode::access_author_not_founder;
        return std::nullopt;
    }
    if (direct.empty()) return ErrorCode::op_no_ancestor;
    for (const int ancestor : direct) {
        if (ancestor == unknown) return ErrorCode::graph_missing_ancestor;
        if (!admitted(ancestor)) return ErrorCode::graph_ancestor_invalid;
    }
    if (op.prev && ops_.at(*op.prev).author != op.author) return ErrorCode::graph_prev_of_another_author;
    return std::nullopt;
}

int Model::level_for(Kind kind) const {
    const Rules& rules = ops_.at(create_).rules;
    switch (kind) {
        case Kind::add: return rules.add;
        case Kind::link: return rules.link;
        case Kind::set_level: return rules.set_level;
        case Kind::remove: return rules.remove;
        case Kind::ban: return rules.ban;
        case Kind::unban: return rules.unban;
        case Kind::post: return rules.post;
        // Whoever is in may leave: no rule gives a level for it.
        case Kind::leave:
        case Kind::create: break;
    }
    return 0;
}

// "linked, directly or through other links, under a tenure of one's own": going up from the tenure to the
// linker's grant, as long as the lower one is a link, reaches a grant that `owner` holds.
bool Model::linked_under(int grant, int owner) const {
    while (grants_.at(grant).link) {
        grant = grants_.at(grant).under;
        if (grants_.at(grant).holder == owner) return true;
    }
    return false;
}

// A1: "its level suffices for the act. A granted level is between 1 and both the granter's own and 100.
// Nobody acts on themselves (use `leave`)." A set_level's granted level is bounded in the same way as an
// add's or a link's.
std::optional<ErrorCode> Model::act_fault(const Op& op, const OpSet& past, int under) const {
    const int own = grants_.at(under).level;
    if (op.subject != nobody && op.subject == op.author) return ErrorCode::access_acts_on_self;
    const bool grants = op.kind == Kind::add || op.kind == Kind::link || op.kind == Kind::set_level;
    if (grants && (op.level < 1 || op.level > std::min(own, 100))) {
        return ErrorCode::access_granted_level_too_high;
    }
    // A remove below the remove level may still end what one linked oneself: subject_fault has that case.
    if (op.kind != Kind::remove && own < level_for(op.kind)) return ErrorCode::access_level_insufficient;
    return subject_fault(op, past, under);
}

// A1: "`remove` acts on somebody of whom the past holds a tenure that `as` outranks; `set_level` on a tenure
// that is no link; `ban` as `remove`, or on somebody never seen; `unban` needs a ban in the past. `cut` names
// the subject's own ops, in the past. Below the remove level one may remove only what was linked, directly or
// through other links, under a tenure of one's own."
// The tenures a set_level and a remove of one's own link act on must be outranked as well. Void tenures and
// void bans count like others here: admission knows of no verdicts.
std::optional<ErrorCode> Model::subject_fault(const Op& op, const OpSet& past, int under) const {
    bool seen = false;
    bool outranked = false;
    bool outranked_no_link = false;
    bool outranked_own_link = false;
    for (int g = 0; g < static_cast<int>(grants_.size()); ++g) {
        const Grant& grant = grants_[g];
        if (!past.at(grant.op) || grant.holder != op.subject) continue;
        seen = true;
        if (!outranks(under, g)) continue;
        outranked = true;
        if (!grant.link) outranked_no_link = true;
        if (linked_under(g, op.author)) outranked_own_link = true;
    }
    bool banned = false;
    for (int i = 0; i < size(); ++i) {
        if (past.at(i) && ops_[i].kind == Kind::ban && ops_[i].subject == op.subject) banned = true;
    }
    for (const int named : op.cut.value_or(std::vector<int>{})) {
        if (named == unknown || !past.at(named)) return ErrorCode::access_cut_not_in_past;
        if (ops_.at(named).author != op.subject) return ErrorCode::access_cut_not_by_subject;
    }
    switch (op.kind) {
        case Kind::remove:
            if (!outranked) return ErrorCode::access_subject_not_outranked;
            if (grants_.at(under).level < level_for(Kind::remove) && !outranked_own_link) {
                return ErrorCode::access_not_own_link;
            }
            break;
        case Kind::ban:
            if (seen && !outranked) return ErrorCode::access_subject_not_outranked;
            break;
        case Kind::set_level:
            if (!outranked) return ErrorCode::access_subject_not_outranked;
            if (!outranked_no_link) return ErrorCode::access_subject_is_link;
            break;
        case Kind::unban:
            if (!banned) return ErrorCode::access_not_banned;
            break;
        default: break;
    }
    return std::nullopt;
}

// G1: "Grants are made by `create` (one for each founder, in order, level 255), `add`, `link` and
// `set_level`." G2: "The path is the founder's index followed by the position, in its author's own chain, of
// each granting op from the founder down."
void Model::add_grants(int index) {
    const Op& op = ops_.at(index);
    if (!is_grant(op.kind)) return;
    if (op.kind == Kind::create) {
        create_ = index;
        for (int i = 0; i < static_cast<int>(op.founders.size()); ++i) {
            grants_.push_back({index, op.founders[i], level::founder, {i}, -1, false});
        }
        return;
    }
    const int under = acts_under(index);
    auto path = grants_.at(under).path;
    path.push_back(positions_.at(index));
    grants_.push_back({index, op.subject, op.level, std::move(path), under, op.kind == Kind::link});
}

int Model::grant_of(int op, int holder) const {
    for (int g = 0; g < static_cast<int>(grants_.size()); ++g) {
        if (grants_[g].op == op && grants_[g].holder == holder) return g;
    }
    return -1;
}

// G2: "rank = (level descending, length of the path ascending, path, id)." "Smaller ranks above."
bool Model::ranks_above(int a, int b) const {
    const Grant& x = grants_.at(a);
    const Grant& y = grants_.at(b);
    if (flaw_ == Flaw::rank_by_id) return ops_.at(x.op).id < ops_.at(y.op).id;
    if (flaw_ == Flaw::rank_by_arrival) return a < b;
    if (x.level != y.level) return x.level > y.level;
    if (x.path.size() != y.path.size()) return x.path.size() < y.path.size();
    if (x.path != y.path) return x.path < y.path;
    return ops_.at(x.op).id < ops_.at(y.op).id;
}

// G3: "a outranks b: under `seniority` if its rank is above; under `forbid` if its level is higher. Founders
// rank among themselves by their order in both."
bool Model::outranks(int a, int b) const {
    if (ops_.at(create_).rules.equal == Rules::Equal::seniority) return ranks_above(a, b);
    const Grant& x = grants_.at(a);
    const Grant& y = grants_.at(b);
    const bool founders = x.under < 0 && y.under < 0;
    return founders ? ranks_above(a, b) : x.level > y.level;
}

OpSet Model::everything() const {
    OpSet all(ops_.size(), false);
    for (int i = 0; i < size(); ++i) all[i] = admitted(i);
    return all;
}

OpSet Model::closure(const std::vector<int>& heads) const {
    OpSet all(ops_.size(), false);
    for (const int head : heads) {
        if (head == unknown || !admitted(head)) continue;
        all.at(head) = true;
        for (int i = 0; i < size(); ++i) {
            if (pasts_.at(head).at(i)) all[i] = true;
        }
    }
    return all;
}

std::optional<int> Model::default_prev(int author, const std::vector<int>& ancestors) const {
    const OpSet past = closure(ancestors);
    std::optional<int> best;
    for (int i = 0; i < size(); ++i) {
        if (!past[i] || ops_[i].author != author) continue;
        const bool further = !best || positions_[i] > positions_[*best];
        const bool equal = best && positions_[i] == positions_[*best];
        if (further || (equal && ops_[i].id < ops_[*best].id)) best = i;
    }
    return best;
}

// M2: "Unless told otherwise authors act under the grant they used last, while it is live and sufficient;
// else, of the live sufficient ones, under no link if another will do, then the shortest path, then the
// highest rank." Sufficient means that the op would be admitted under it; the grant used last is prev's, for
// a create the author's own as a founder. Where none is live and sufficient: among the live ones whose level
// suffices, else among all under which the op is admitted, else among all that name the author; each time the
// one used last before all others, then with the same preferences.
std::optional<int> Model::default_as(const Op& op) const {
    if (op.kind == Kind::create || structure_fault(op)) return std::nullopt;
    const OpSet past = past_of(op);
    const Outcome outcome = judge(past);
    int used_last = -1;
    if (op.prev) {
        const bool founded = ops_.at(*op.prev).kind == Kind::create;
        used_last = founded ? grant_of(*op.prev, op.author) : acts_under(*op.prev);
    }
    const auto better = [this, used_last](int a, int b) {
        if (a == used_last || b == used_last) return a == used_last;
        const Grant& x = grants_.at(a);
        const Grant& y = grants_.at(b);
        if (x.link != y.link) return y.link;
        if (x.path.size() != y.path.size()) return x.path.size() < y.path.size();
        return ranks_above(a, b);
    };
    // Live and sufficient; live and of the level; sufficient; any.
    std::array<int, 4> best{-1, -1, -1, -1};
    for (int g = 0; g < static_cast<int>(grants_.size()); ++g) {
        if (!past.at(grants_[g].op) || grants_[g].holder != op.author) continue;
        const bool live = outcome.live.at(g);
        const bool sufficient = !act_fault(op, past, g);
        const std::array<bool, 4> fits{live && sufficient, live && grants_[g].level >= level_for(op.kind),
                                       sufficient, true};
        for (std::size_t tier = 0; tier < fits.size(); ++tier) {
            if (fits[tier] && (best[tier] < 0 || better(g, best[tier]))) best[tier] = g;
        }
    }
    for (const int g : best) {
        if (g >= 0) return grants_.at(g).op;
    }
    return std::nullopt;
}

Model model_of(const History& history, Flaw flaw) {
    Model model(flaw);
    for (const Op& op : history) model.add(op);
    return model;
}

}  // namespace folkmoot::model
