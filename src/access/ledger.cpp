#include "access/ledger.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace folkmoot {

DeviceIndex Ledger::intern(const DeviceKey& key) {
    if (const auto known = device_table_.find(key)) return *known;
    const auto index = static_cast<DeviceIndex>(devices_.size());
    devices_.push_back({key, {}, {}, {}, {}});
    device_table_.insert(index);
    return index;
}

ActIndex Ledger::act_of(OpIndex op) const {
    const auto at = std::ranges::lower_bound(act_ops_, op);
    if (at == act_ops_.end() || *at != op) return no_index;
    return static_cast<ActIndex>(at - act_ops_.begin());
}

// A create makes one grant for each founder, every other granting op makes one.
GrantIndex Ledger::grant_by(ActIndex act, DeviceIndex holder) const {
    for (GrantIndex g = acts_[act].makes; g < grants_.size() && grants_[g].act == act; ++g) {
        if (grants_[g].holder == holder) return g;
    }
    return no_index;
}

// G1 and G2: the path is the founder's index followed by the positions of the granting ops.
GrantIndex Ledger::make_grant(ActIndex act, DeviceIndex holder, GrantIndex under, std::uint32_t step,
                              Level level) {
    const auto index = static_cast<GrantIndex>(grants_.size());
    const auto path = paths_.extend(under == no_index ? PathTrie::root : grants_[under].path, step);
    const bool link = acts_[act].kind == Kind::link;
    grants_.push_back({acts_[act].op, act, holder, under, path, level, link, {}, {}});
    devices_[holder].tenures.push_back(index);
    if (link) grants_[under].links.push_back(index);
    if (acts_[act].makes == no_index) acts_[act].makes = index;
    return index;
}

ActIndex Ledger::record(OpIndex index, const Operation& op) {
    FOLKMOOT_ASSERT(index == as_.size());
    if (op.kind() == Kind::create) {
        as_.push_back(no_index);
    } else {
        // Authors seldom change the grant they act under: ask prev before the tables.
        const OpIndex prev = graph_.prev(index);
        GrantIndex as = prev == no_index ? no_index : as_[prev];
        if (as == no_index || graph_.id(grants_[as].op) != *op.as) {
            const auto grant_op = graph_.find(*op.as);
            FOLKMOOT_ASSERT(grant_op.has_value());
            as = grant_by(act_of(*grant_op), *device_table_.find(op.author));
        }
        FOLKMOOT_ASSERT(as != no_index);
        as_.push_back(as);
        if (op.kind() == Kind::post) return no_index;
    }

    const auto act = static_cast<ActIndex>(acts_.size());
    const GrantIndex as = as_[index];
    const DeviceIndex author = intern(op.author);
    const DeviceKey* subject_key = folkmoot::subject_of(op.act);
    const DeviceIndex subject = subject_key != nullptr ? intern(*subject_key) : no_index;
    const Level level = granted_level(op.act).value_or(0);
    acts_.push_back({index, as, author, subject, no_index, no_index, op.kind(), level, false});
    act_ops_.push_back(index);
    if (as != no_index) grants_[as].acts.push_back(act);
    if (const auto* cut = cut_of(op.act)) {
        std::vector<OpIndex> named;
        for (const auto& id : *cut) named.push_back(*graph_.find(id));
        acts_[act].cut = static_cast<std::uint32_t>(cuts_.size());
        cuts_.push_back(graph_.closure(named));
    }
    switch (op.kind()) {
        case Kind::create: {
            const auto& create = std::get<Create>(op.act);
            rules_ = create.rules;
            name_ = create.name;
            for (std::uint32_t i = 0; i < create.founders.size(); ++i) {
                make_grant(act, intern(create.founders[i]), no_index, i, level::founder);
            }
            break;
        }
        case Kind::set_level: devices_[subject].revocations.push_back(act); [[fallthrough]];
        case Kind::add:
        case Kind::link: make_grant(act, subject, as, graph_.position(index), level); break;
        case Kind::remove:
            acts_[act].own_links_only = grants_[as].level < rules_.remove;
            devices_[subject].revocations.push_back(act);
            break;
        case Kind::ban: devices_[subject].revocations.push_back(act); break;
        case Kind::unban: devices_[subject].unbans.push_back(act); break;
        case Kind::leave: devices_[author].leaves.push_back(act); break;
        case Kind::post: break;
    }
    return act;
}

// G2: rank = (level descending, length of the path ascending, path, id). Smaller ranks above.
RankPart Ledger::rank_part(GrantIndex a, GrantIndex b) const {
    if (a == b) return RankPart::none;
    const Grant& x = grants_[a];
    const Grant& y = grants_[b];
    if (x.level != y.level) return x.level > y.level ? RankPart::level : RankPart::none;
    const auto x_length = paths_.length(x.path);
    const auto y_length = paths_.length(y.path);
    if (x_length != y_length) return x_length < y_length ? RankPart::path_length : RankPart::none;
    if (const auto order = paths_.compare(x.path, y.path); order != 0) {
        if (order > 0) return RankPart::none;
        return x.under == no_index && y.under == no_index ? RankPart::founder_order : RankPart::path;
    }
    return graph_.id(x.op) < graph_.id(y.op) ? RankPart::id : RankPart::none;
}

// G3: under `forbid` only a higher level outranks; founders rank by their order in both.
RankPart Ledger::outranks_by(GrantIndex a, GrantIndex b) const {
    const RankPart part = rank_part(a, b);
    if (rules_.equal == Rules::Equal::seniority || part == RankPart::level ||
        part == RankPart::founder_order) {
        return part;
    }
    return RankPart::none;
}

bool Ledger::linked_under(GrantIndex tenure, DeviceIndex device) const {
    for (GrantIndex g = tenure; grants_[g].link;) {
        g = grants_[g].under;
        if (grants_[g].holder == device) return true;
    }
    return false;
}

bool Ledger::decides_before(ActIndex a, ActIndex b) const {
    const AccessAct& x = acts_[a];
    const AccessAct& y = acts_[b];
    if (x.as != y.as) return above(x.as, y.as);
    if (graph_.position(x.op) != graph_.position(y.op)) return graph_.position(x.op) < graph_.position(y.op);
    return graph_.id(x.op) < graph_.id(y.op);
}

Level Ledger::level_for(Kind kind) const {
    switch (kind) {
        case Kind::add: return rules_.add;
        case Kind::link: return rules_.link;
        case Kind::set_level: return rules_.set_level;
        case Kind::remove: return rules_.remove;
        case Kind::ban: return rules_.ban;
        case Kind::unban: return rules_.unban;
        case Kind::post: return rules_.post;
        case Kind::create:
        case Kind::leave: break;
    }
    return 1;
}

std::size_t Ledger::memory() const {
    std::size_t total = as_.memory() + paths_.memory() + device_table_.memory() +
                        grants_.capacity() * sizeof(Grant) + acts_.capacity() * sizeof(AccessAct) +
                        act_ops_.capacity() * sizeof(OpIndex) + devices_.capacity() * sizeof(Device) +
                        cuts_.size() * sizeof(Closure);
    for (const auto& grant : grants_) total += (grant.acts.capacity() + grant.links.capacity()) * 4;
    for (const auto& device : devices_) {
        total += (device.tenures.capacity() + device.revocations.capacity() + device.unbans.capacity()) * 4;
    }
    return total;
}

}  // namespace folkmoot
