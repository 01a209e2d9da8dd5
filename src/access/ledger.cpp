#include "access/ledger.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace folkmoot {

DeviceIndex Ledger::intern(const DeviceKey& key) {
    if (const auto known = device_table_.find(key)) return *known;
    const auto index = static_cast<DeviceIndex>(devices_.size());
    devices_.emplace_back().key = key;
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

bool Ledger::gave(OpIndex op, const DeviceKey& holder) const {
    const ActIndex act = act_of(op);
    const auto device = device_table_.find(holder);
    return act != no_index && acts_[act].makes != no_index && device && grant_by(act, *device) != no_index;
}

// G1 and G2: the path is the founder's index followed by the positions of the granting ops.
GrantIndex Ledger::make_grant(ActIndex act, DeviceIndex holder, GrantIndex under, std::uint32_t step,
                              Level level) {
    const auto index = static_cast<GrantIndex>(grants_.size());
    const auto path = paths_.extend(under == no_index ? PathTrie::root : grants_[under].path, step);
    const bool link = acts_[act].kind == Kind::link;
    Grant grant{.op = acts_[act].op,
                .act = act,
                .holder = holder,
                .under = under,
                .path = path,
                .level = level,
                .link = link};
    if (link) {
        // Jump pointers as in PathTrie.
        const auto jump_of = [this](GrantIndex g) { return grants_[g].link ? grants_[g].jump : g; };
        const auto depth_of = [this](GrantIndex g) { return grants_[g].link_depth; };
        const GrantIndex over = jump_of(under);
        const bool doubled = depth_of(under) - depth_of(over) == depth_of(over) - depth_of(jump_of(over));
        grant.link_depth = depth_of(under) + 1;
        grant.jump = doubled ? jump_of(over) : under;
    }
    grants_.push_back(std::move(grant));
    devices_[holder].tenures.push_back(index);
    if (link) grants_[under].links.push_back(index);
    if (acts_[act].makes == no_index) acts_[act].makes = index;
    return index;
}

void Ledger::enter_run(ActIndex act, BranchIndex branch) {
    Grant& grant = grants_[acts_[act].as];
    // Nearly always the branch of the last act; forks are looked up.
    RunIndex run = grant.runs.empty() ? no_index : grant.runs.back();
    if (run == no_index || runs_[run].branch != branch) {
        const auto fresh = static_cast<RunIndex>(runs_.size());
        const auto [at, added] = run_at_.try_emplace({acts_[act].as, branch}, fresh);
        run = at->second;
        if (added) {
            runs_.push_back({acts_[act].as, branch, {}});
            grant.runs.push_back(run);
        }
    }
    acts_[act].run = run;
    runs_[run].acts.push_back(act);
    if (acts_[act].kind == Kind::ban) grant.bans.push_back(act);
}

void Ledger::enter_line(ActIndex act, DeviceIndex about, LineKind kind, std::vector<LineIndex>& lines) {
    const GrantIndex as = kind == LineKind::leave ? no_index : acts_[act].as;
    const auto fresh = static_cast<LineIndex>(line_as_.size());
    const auto [at, added] = line_at_.try_emplace({about, kind, as, graph_.branch(acts_[act].op)}, fresh);
    if (added) {
        line_as_.push_back(as);
        lines.push_back(fresh);
    }
    acts_[act].line = at->second;
}

// V3 asks whether an op is one of those named or in their past: those in another's past add nothing. So a cut
// costs an entry for each branch of its subject, however wide the graph.
void Ledger::enter_cut(ActIndex act, const std::vector<OpId>& named) {
    std::vector<OpIndex> ops;
    ops.reserve(named.size());
    for (const auto& id : named) ops.push_back(*graph_.find(id));
    const auto most = graph_.maximal(ops);
    acts_[act].cut = static_cast<std::uint32_t>(cut_ops_.size());
    acts_[act].cut_count = static_cast<std::uint32_t>(most.size());
    cut_ops_.insert(cut_ops_.end(), most.begin(), most.end());
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
        grants_[as].used = true;
        if (op.kind() == Kind::post) return no_index;
    }

    const auto act = static_cast<ActIndex>(acts_.size());
    const GrantIndex as = as_[index];
    const DeviceIndex author = intern(op.author);
    const DeviceKey* subject_key = folkmoot::subject_of(op.act);
    const DeviceIndex subject = subject_key != nullptr ? intern(*subject_key) : no_index;
    const Level level = granted_level(op.act).value_or(0);
    acts_.push_back(
        {index, as, author, subject, no_index, no_index, 0, no_index, no_index, op.kind(), level, false});
    act_ops_.push_back(index);
    if (op.kind() != Kind::create && op.kind() != Kind::leave) enter_run(act, graph_.branch(index));
    if (const auto* cut = cut_of(op.act)) enter_cut(act, *cut);
    enter_act(act, op);
    return act;
}

// The facts that depend on the kind of act.
void Ledger::enter_act(ActIndex act, const Operation& op) {
    const auto [index, as, author, subject] =
        std::tuple(acts_[act].op, acts_[act].as, acts_[act].author, acts_[act].subject);
    const Level level = acts_[act].level;
    const auto revokes = [&] {
        devices_[subject].revocations.push_back(act);
        enter_line(act, subject, LineKind::revocation, devices_[subject].revocation_lines);
    };
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
        case Kind::set_level: revokes(); [[fallthrough]];
        case Kind::add:
        case Kind::link: make_grant(act, subject, as, graph_.position(index), level); break;
        case Kind::remove:
            acts_[act].own_links_only = grants_[as].level < rules_.remove;
            revokes();
            break;
        case Kind::ban: revokes(); break;
        case Kind::unban:
            devices_[subject].unbans.push_back(act);
            enter_line(act, subject, LineKind::unban, devices_[subject].unban_lines);
            break;
        case Kind::leave:
            devices_[author].leaves.push_back(act);
            enter_line(act, author, LineKind::leave, devices_[author].leave_lines);
            break;
        case Kind::post: break;
    }
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

// Cost: the depth of the tenure or the tenures of the device, whichever are fewer.
bool Ledger::linked_under(GrantIndex tenure, DeviceIndex device) const {
    const auto& tenures = devices_[device].tenures;
    if (grants_[tenure].link_depth <= tenures.size()) {
        for (GrantIndex g = tenure; grants_[g].link;) {
            g = grants_[g].under;
            if (grants_[g].holder == device) return true;
        }
        return false;
    }
    return std::ranges::any_of(tenures, [&](GrantIndex above) {
        if (grants_[above].links.empty()) return false;
        const std::uint32_t depth = grants_[above].link_depth;
        GrantIndex g = tenure;
        while (grants_[g].link_depth > depth) {
            const GrantIndex jump = grants_[g].jump;
            g = grants_[jump].link_depth >= depth ? jump : grants_[g].under;
        }
        return g == above && g != tenure;
    });
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
    constexpr std::size_t tree_node = 64;  // of a std::map, about
    std::size_t total = as_.memory() + paths_.memory() + device_table_.memory() +
                        grants_.capacity() * sizeof(Grant) + acts_.capacity() * sizeof(AccessAct) +
                        act_ops_.capacity() * sizeof(OpIndex) + devices_.capacity() * sizeof(Device) +
                        runs_.capacity() * sizeof(Run) + line_as_.capacity() * sizeof(GrantIndex) +
                        cut_ops_.capacity() * sizeof(OpIndex) +
                        (run_at_.size() + line_at_.size()) * tree_node;
    constexpr std::size_t each = sizeof(std::uint32_t);
    for (const auto& run : runs_) total += run.acts.capacity() * each;
    for (const auto& grant : grants_)
        total += (grant.runs.capacity() + grant.bans.capacity() + grant.links.capacity()) * each;
    for (const auto& device : devices_) {
        total += (device.tenures.capacity() + device.revocations.capacity() + device.unbans.capacity() +
                  device.leaves.capacity() + device.revocation_lines.capacity() +
                  device.unban_lines.capacity() + device.leave_lines.capacity()) *
                 each;
    }
    return total;
}

}  // namespace folkmoot
