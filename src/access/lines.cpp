// Lines: the effective acts about one device under one grant on one branch, filed so that what of them a
// tenure has to fear is found without walking them.
#include <algorithm>

#include "access/resolution.hpp"
#include "base/assert.hpp"

namespace folkmoot {
namespace {

void put(std::vector<ActIndex>& acts, ActIndex act, bool now) {
    if (now && (acts.empty() || acts.back() < act)) {
        acts.push_back(act);
        return;
    }
    const auto at = std::ranges::lower_bound(acts, act);
    if (now) {
        acts.insert(at, act);
    } else {
        FOLKMOOT_ASSERT(at != acts.end() && *at == act);
        acts.erase(at);
    }
}

constexpr std::uint64_t cuts_alone = std::uint64_t{1} << 32U;
constexpr std::uint64_t cuts_all = std::uint64_t{1} << 33U;

}  // namespace

// V3: cuts at one branch are nested in what they have seen, and those that name nothing have seen nothing.
std::uint64_t Resolution::State::cut_at(ActIndex act) const {
    const auto named = ledger.cut(ledger.act(act));
    if (named.empty()) return cuts_all;
    return named.size() == 1 ? ledger.graph().branch(named.front()) : cuts_alone + act;
}

std::uint32_t Resolution::State::seen_by(ActIndex cut) const {
    const auto named = ledger.cut(ledger.act(cut));
    return named.size() == 1 ? ledger.graph().position(named.front()) : 0;
}

// Puts an effective revocation or unban on its line, or takes it off.
void Resolution::State::file(ActIndex act, bool now) {
    const AccessAct& a = ledger.act(act);
    Line& line = lines[a.line];
    if (a.kind == Kind::unban) {
        put(line.plain, act, now);
        return;
    }
    a.cut != no_index ? file_cut(line, act, now) : file_plain(line, act, now);
    if (a.kind == Kind::remove) put(line.removes, act, now);
    if (a.kind == Kind::ban) put(line.bans, act, now);
}

void Resolution::State::file_plain(Line& line, ActIndex act, bool now) {
    const AccessAct& a = ledger.act(act);
    put(line.plain, act, now);
    if (a.own_links_only) {
        put(line.own, act, now);
        return;
    }
    auto at = std::ranges::lower_bound(line.rungs, a.level, {}, &Rung::level);
    if (at == line.rungs.end() || at->level != a.level) at = line.rungs.insert(at, {a.level, {}});
    put(at->acts, act, now);
}

void Resolution::State::file_cut(Line& line, ActIndex act, bool now) {
    const bool own = ledger.act(act).own_links_only;
    const std::uint64_t key = cut_at(act);
    const auto before = [](const Cuts& cuts, std::uint64_t at) { return cuts.at < at; };
    auto at = std::lower_bound(line.cuts.begin(), line.cuts.end(), key, before);
    while (at != line.cuts.end() && at->at == key && at->own_links_only != own) ++at;
    if (at == line.cuts.end() || at->at != key) at = line.cuts.insert(at, {own, key, {}, {}, false});
    if (now && (at->acts.empty() || at->acts.back() < act) && !at->stale) {
        while (!at->least.empty() && seen_by(at->least.back()) > seen_by(act)) at->least.pop_back();
        at->least.push_back(act);
    } else {
        at->stale = true;
    }
    put(at->acts, act, now);
}

// The last act filed on the line of a new revocation that covers as much and has seen no more. A remove of
// own links only leaves alone what a ban or a set_level after it covers.
OpIndex Resolution::State::last_as_strong(ActIndex act) {
    const AccessAct& a = ledger.act(act);
    Line& line = lines[a.line];
    ActIndex last = no_index;
    const auto take = [&](ActIndex each) { last = last == no_index ? each : std::max(last, each); };
    if (a.cut == no_index) {
        for (const Rung& rung : line.rungs) {
            if (rung.level <= a.level && !rung.acts.empty()) take(rung.acts.back());
        }
        if (a.own_links_only && !line.own.empty()) take(line.own.back());
    } else {
        for (Cuts& cuts : line.cuts) {
            if (cuts.at != cut_at(act) || (cuts.own_links_only && !a.own_links_only)) continue;
            refresh(cuts);
            const auto more = std::ranges::upper_bound(cuts.least, seen_by(act), {},
                                                       [this](ActIndex each) { return seen_by(each); });
            if (more != cuts.least.begin()) take(*std::prev(more));
        }
    }
    return last == no_index ? no_index : ledger.act(last).op;
}

void Resolution::State::refresh(Cuts& cuts) const {
    if (!cuts.stale) return;
    cuts.stale = false;
    cuts.least.clear();
    for (const ActIndex act : cuts.acts) {
        while (!cuts.least.empty() && seen_by(cuts.least.back()) > seen_by(act)) cuts.least.pop_back();
        cuts.least.push_back(act);
    }
}

std::size_t Resolution::State::memory() const {
    constexpr std::size_t each = sizeof(ActIndex);
    std::size_t total = states.capacity() * sizeof(GrantState) + devices.capacity() * sizeof(DeviceState) +
                        effective.capacity() + upto.capacity() * each + lines.capacity() * sizeof(Line);
    for (const auto& state : states) total += state.hits.capacity() * each;
    for (const auto& device : devices)
        total += device.open.capacity() * each + device.live.capacity() * sizeof(LiveLevel);
    for (const auto& line : lines) {
        total +=
            (line.plain.capacity() + line.own.capacity() + line.removes.capacity() + line.bans.capacity()) *
            each;
        total += line.rungs.capacity() * sizeof(Rung) + line.cuts.capacity() * sizeof(Cuts);
        for (const auto& rung : line.rungs) total += rung.acts.capacity() * each;
        for (const auto& cuts : line.cuts) total += (cuts.acts.capacity() + cuts.least.capacity()) * each;
    }
    return total;
}

// V1, first case, for one line: of the revocations that the granting op does not follow, the earliest for
// each lower level.
void Resolution::State::line_hits(LineIndex index, GrantIndex grant, std::vector<ActIndex>& out) {
    Line& line = lines[index];
    const Grant& g = ledger.grant(grant);
    for (Cuts& cuts : line.cuts) {
        if (!cuts.acts.empty() && revocation_applies(ledger.act(cuts.acts.front()), grant))
            cut_hits(cuts, g.op, out);
    }
    const std::size_t unseen = first_unseen(line.plain, g.op);
    if (unseen == line.plain.size()) return;
    const ActIndex from = line.plain[unseen];
    ActIndex earliest = no_index;
    const auto take = [&](const std::vector<ActIndex>& acts) {
        if (acts.empty() || acts.back() < from) return;
        const ActIndex first = *std::ranges::lower_bound(acts, from);
        if (first >= earliest) return;
        out.push_back(first);
        earliest = first;
    };
    if (!line.own.empty() && revocation_applies(ledger.act(line.own.front()), grant)) take(line.own);
    for (const Rung& rung : line.rungs) {
        if (rung.level >= g.level || earliest == from) return;
        take(rung.acts);
    }
}

// The one that has seen least voids most; the earliest is the first to end bans.
void Resolution::State::cut_hits(Cuts& cuts, OpIndex granting, std::vector<ActIndex>& out) const {
    const std::size_t unseen = first_unseen(cuts.acts, granting);
    if (unseen == cuts.acts.size()) return;
    refresh(cuts);
    const ActIndex earliest = cuts.acts[unseen];
    const ActIndex least = *std::ranges::lower_bound(cuts.least, earliest);
    out.push_back(earliest);
    if (least != earliest) out.push_back(least);
}

}  // namespace folkmoot
