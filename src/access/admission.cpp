// A1, admission: from the op and its past alone. Each way to break it has an error code of its own.
// Structure (parents admitted, prev by the same author, one create) is the graph's part of the rule; the
// range of a granted level up to 100 and the founders of a create are the codec's.
#include <algorithm>

#include "access/ledger.hpp"

namespace folkmoot {

// A1: `as` is a grant in the op's past naming its author.
Result<GrantIndex> Ledger::find_grant(const DeviceKey& author, const OpId& as, const PastView& past) const {
    const auto op = graph_.find(as);
    if (!op || !past.has(*op)) {
        return fail(ErrorCode::access_as_not_in_past, "the grant it acts under is not in its past");
    }
    const ActIndex act = act_of(*op);
    if (act == no_index || acts_[act].makes == no_index) {
        return fail(ErrorCode::access_as_not_a_grant, "what it acts under is not a grant");
    }
    const auto device = device_table_.find(author);
    const GrantIndex grant = device ? grant_by(act, *device) : no_index;
    if (grant == no_index)
        return fail(ErrorCode::access_as_names_another, "the grant it acts under names another device");
    return grant;
}

// A1: `cut` names the subject's own ops, in the past.
Result<void> Ledger::check_cut(const DeviceKey& subject, const std::vector<OpId>& cut,
                               const PastView& past) const {
    for (const auto& id : cut) {
        const auto op = graph_.find(id);
        if (!op || !past.has(*op))
            return fail(ErrorCode::access_cut_not_in_past, "cut names an op outside the past");
        if (graph_.key(graph_.author(*op)) != subject) {
            return fail(ErrorCode::access_cut_not_by_subject, "cut names an op by somebody else");
        }
    }
    return {};
}

// A1: what remove, ban, set_level and unban ask of their subject.
Result<void> Ledger::check_subject(DeviceIndex author, GrantIndex as, const Act& act,
                                   const PastView& past) const {
    const Kind kind = kind_of(act);
    const auto subject = device_table_.find(*folkmoot::subject_of(act));
    const Device* device = subject ? &devices_[*subject] : nullptr;
    if (kind == Kind::unban) {
        const auto is_past_ban = [&](ActIndex a) {
            return acts_[a].kind == Kind::ban && past.has(acts_[a].op);
        };
        if (device != nullptr && std::ranges::any_of(device->revocations, is_past_ban)) return {};
        return fail(ErrorCode::access_not_banned, "there is no ban to lift");
    }
    const bool own_links_only = kind == Kind::remove && grants_[as].level < rules_.remove;
    bool seen = false;
    bool seen_outranked = false;
    if (device != nullptr) {
        for (auto at = device->tenures.rbegin(); at != device->tenures.rend(); ++at) {
            const bool ranks_below = outranks(as, *at);
            if ((seen && !ranks_below) || !past.has(grants_[*at].op)) continue;
            seen = true;
            if (!ranks_below) continue;
            seen_outranked = true;
            if (kind == Kind::set_level && grants_[*at].link) continue;
            if (own_links_only && !linked_under(*at, author)) continue;
            return {};
        }
    }
    if (!seen && kind == Kind::ban) return {};
    if (!seen) return fail(ErrorCode::access_subject_unknown, "its subject holds nothing in its past");
    if (!seen_outranked) {
        return fail(ErrorCode::access_subject_not_outranked, "it outranks no tenure of its subject");
    }
    if (kind == Kind::set_level) {
        return fail(ErrorCode::access_subject_is_link, "a linked device's level is its owner's business");
    }
    return fail(ErrorCode::access_not_own_link,
                "below the remove level one removes only one's own linked devices");
}

Result<void> Ledger::check_act(DeviceIndex author, const DeviceKey& author_key, GrantIndex as, const Act& act,
                               const PastView& past) const {
    const Kind kind = kind_of(act);
    const Level own = grants_[as].level;
    // A remove below its level is possible for one's own links; check_subject decides.
    if (kind != Kind::remove && own < level_for(kind)) {
        return fail(ErrorCode::access_level_insufficient, "its level does not suffice for the act");
    }
    if (const auto granted = granted_level(act); granted && *granted > own) {
        return fail(ErrorCode::access_granted_level_too_high, "it grants more than its own level");
    }
    const DeviceKey* subject = folkmoot::subject_of(act);
    if (subject == nullptr) return {};
    if (*subject == author_key) return fail(ErrorCode::access_acts_on_self, "nobody acts on themselves");
    if (kind == Kind::add || kind == Kind::link) return {};
    if (auto checked = check_subject(author, as, act, past); !checked) return checked;
    const auto* cut = cut_of(act);
    return cut != nullptr ? check_cut(*subject, *cut, past) : Result<void>{};
}

Result<void> Ledger::check_prepared(const Operation& op) const {
    if (op.kind() == Kind::create) return {};
    const PastView past(graph_);
    const OpIndex prev = graph_.prepared_prev();
    const GrantIndex last = prev == no_index ? no_index : as_[prev];
    GrantIndex as = no_index;
    if (last != no_index && graph_.id(grants_[last].op) == *op.as) {
        as = last;  // in prev's past, so in this op's too
    } else {
        auto found = find_grant(op.author, *op.as, past);
        if (!found) return std::unexpected(found.error());
        as = *found;
    }
    return check_act(grants_[as].holder, op.author, as, op.act, past);
}

}  // namespace folkmoot
