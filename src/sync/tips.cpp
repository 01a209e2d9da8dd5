#include "sync/tips.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "encoding/varint.hpp"

namespace folkmoot::sync {
namespace {

void write_le(Bytes& out, std::uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

std::uint64_t read_le(encoding::ByteReader& in, unsigned bytes) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) value |= static_cast<std::uint64_t>(in.byte()) << (8 * i);
    return value;
}

std::uint32_t read_position(encoding::ByteReader& in, bool& good) {
    const std::uint64_t value = in.varint();
    good = good && value <= UINT32_MAX;
    return static_cast<std::uint32_t>(value);
}

// Of one author's candidates, those in no other's past.
void keep_latest(const Graph& graph, std::vector<OpIndex>& ops) {
    if (ops.size() < 2) return;
    std::erase_if(ops, [&](OpIndex op) {
        return std::ranges::any_of(ops, [&](OpIndex other) { return graph.is_ancestor(op, other); });
    });
}

bool deeper(const Graph& graph, OpIndex a, OpIndex b) {
    if (graph.depth(a) != graph.depth(b)) return graph.depth(a) > graph.depth(b);
    return graph.id(a) < graph.id(b);
}

// The op the tip names, if this side holds it.
OpIndex find_tip(const Graph& graph, NamedTip named, std::uint64_t fingerprint, const crypto::SipKey& salt) {
    for (const BranchIndex branch : graph.branches(named.author)) {
        const auto ops = graph.branch_ops(branch);
        const std::uint32_t first = graph.position(ops.front());
        if (named.position < first || named.position - first >= ops.size()) continue;
        const OpIndex op = ops[named.position - first];
        if (op_fingerprint(salt, graph.id(op)) == fingerprint) return op;
    }
    return no_index;
}

}  // namespace

std::uint64_t op_fingerprint(const crypto::SipKey& salt, const OpId& id) {
    return crypto::siphash128(salt, id.view()).low;
}

Bytes pack_tips(const std::vector<Tip>& tips) {
    Bytes out;
    for (const Tip& tip : tips) {
        encoding::write_varint(out, tip.number);
        if (tip.number == 0) write_le(out, tip.label, 4);
        // Counted from 0 it is never negative.
        encoding::write_varint(
            out, tip.number == 0 ? static_cast<std::uint64_t>(tip.position) : encoding::zigzag(tip.position));
        write_le(out, tip.fingerprint, 8);
    }
    return out;
}

std::optional<std::vector<Tip>> unpack_tips(ByteView bytes) {
    encoding::ByteReader in(bytes);
    std::vector<Tip> tips;
    bool good = true;
    while (good && !in.failed() && in.left() > 0 && tips.size() < limits::tips) {
        Tip tip;
        tip.number = read_position(in, good);
        if (tip.number == 0) tip.label = static_cast<AuthorLabel>(read_le(in, 4));
        const std::uint64_t position = in.varint();
        tip.position = tip.number == 0 ? static_cast<std::int64_t>(position) : encoding::unzigzag(position);
        tip.fingerprint = read_le(in, 8);
        tips.push_back(tip);
    }
    if (!good || !in.finished() || tips.empty()) return std::nullopt;
    return tips;
}

Bytes pack_locator(const std::vector<LocatorEntry>& entries) {
    Bytes out;
    for (const LocatorEntry& entry : entries) {
        encoding::write_varint(out, entry.depth);
        write_le(out, entry.fingerprint, 8);
    }
    return out;
}

std::optional<std::vector<LocatorEntry>> unpack_locator(ByteView bytes) {
    encoding::ByteReader in(bytes);
    std::vector<LocatorEntry> entries;
    bool good = true;
    while (good && !in.failed() && in.left() > 0 && entries.size() < limits::locator_entries) {
        LocatorEntry entry;
        entry.depth = read_position(in, good);
        entry.fingerprint = read_le(in, 8);
        entries.push_back(entry);
    }
    if (!good || !in.finished() || entries.empty()) return std::nullopt;
    return entries;
}

std::optional<std::vector<OpIndex>> tip_ops(const Graph& graph, const std::vector<OpIndex>& heads,
                                            const Closure* since) {
    std::map<AuthorIndex, std::vector<OpIndex>> by_author;
    if (since != nullptr) {
        std::set<OpIndex> below;  // ops that another op of the same author names as prev
        const auto ops = graph.difference(heads, *since);
        for (const OpIndex op : ops) {
            if (graph.prev(op) != no_index) below.insert(graph.prev(op));
        }
        for (const OpIndex op : ops) {
            if (!below.contains(op)) by_author[graph.author(op)].push_back(op);
        }
    } else {
        if (graph.author_count() > limits::tips) return std::nullopt;
        for (AuthorIndex a = 0; a < graph.author_count(); ++a) {
            for (const BranchIndex branch : graph.branches(a))
                by_author[a].push_back(graph.branch_ops(branch).back());
        }
    }
    std::vector<OpIndex> out;
    for (auto& [author, ops] : by_author) {
        // An author who forks without end costs no quadratic comparison.
        if (ops.size() > 4 * limits::tips_per_author) return std::nullopt;
        keep_latest(graph, ops);
        if (ops.size() > limits::tips_per_author || out.size() + ops.size() > limits::tips)
            return std::nullopt;
        out.insert(out.end(), ops.begin(), ops.end());
    }
    std::ranges::sort(out, [&](OpIndex a, OpIndex b) { return deeper(graph, a, b); });
    return out;
}

std::vector<NamedTip> common_authors(const Graph& graph, const Closure& since, std::size_t most) {
    std::vector<NamedTip> out;
    if (since.empty()) return out;
    const auto within = [&](OpIndex op) { return graph.contains(since, op); };
    for (AuthorIndex author = 0; author < graph.author_count(); ++author) {
        std::optional<std::uint32_t> highest;
        for (const BranchIndex branch : graph.branches(author)) {
            const auto ops = graph.branch_ops(branch);
            const auto end = within(ops.back()) ? ops.end() : std::ranges::partition_point(ops, within);
            if (end == ops.begin()) continue;
            highest = std::max(highest.value_or(0), graph.position(*(end - 1)));
        }
        if (highest) out.push_back({author, *highest});
    }
    if (out.size() > most) out.clear();
    std::ranges::sort(out, {}, [&](const NamedTip& tip) { return graph.key(tip.author); });
    return out;
}

std::vector<Tip> make_tips(const Graph& graph, const std::vector<OpIndex>& ops,
                           const std::vector<NamedTip>& common, const crypto::SipKey& labels,
                           const crypto::SipKey& salt) {
    std::vector<Tip> tips;
    tips.reserve(ops.size());
    for (const OpIndex op : ops) {
        Tip tip;
        tip.position = graph.position(op);
        tip.fingerprint = op_fingerprint(salt, graph.id(op));
        const auto known = std::ranges::find(common, graph.author(op), &NamedTip::author);
        if (known != common.end()) {
            tip.number = static_cast<std::uint32_t>(known - common.begin()) + 1;
            tip.position -= known->position;
        } else {
            tip.label = author_label(labels, graph.key(graph.author(op)));
        }
        tips.push_back(tip);
    }
    return tips;
}

ShownTips read_tips(const Graph& graph, const std::vector<Tip>& tips, const std::vector<NamedTip>& common,
                    LabelTable& labels, const crypto::SipKey& salt) {
    ShownTips shown;
    for (std::size_t i = 0; i < tips.size(); ++i) {
        const Tip& tip = tips[i];
        NamedTip named;
        std::int64_t base = 0;
        if (tip.number == 0) {
            named.author = labels.find(tip.label).value_or(no_index);
        } else if (tip.number <= common.size()) {
            named.author = common[tip.number - 1].author;
            base = common[tip.number - 1].position;
        }
        // A position may be any number on the wire; what is none of an op means nothing.
        constexpr std::int64_t most = UINT32_MAX - 1;
        const bool sane = tip.position >= -most && tip.position <= most && base + tip.position >= 0 &&
                          base + tip.position <= most;
        if (!sane) named.author = no_index;
        named.position = sane ? static_cast<std::uint32_t>(base + tip.position) : 0;
        shown.named.push_back(named);
        if (named.author == no_index || graph.branches(named.author).empty()) continue;
        const OpIndex op = find_tip(graph, named, tip.fingerprint, salt);
        if (op != no_index) {
            shown.held.push_back(op);
            shown.matched.emplace_back(static_cast<std::uint8_t>(i), op);
            continue;
        }
        const OpIndex latest = graph.branch_ops(graph.branches(named.author).front()).back();
        if (!graph.forked(named.author) && named.position > graph.position(latest))
            shown.held.push_back(latest);
    }
    return shown;
}

std::vector<OpIndex> locator_ops(const Graph& graph, const std::vector<OpIndex>& heads) {
    std::vector<OpIndex> starts = heads;
    std::ranges::sort(starts, [&](OpIndex a, OpIndex b) { return deeper(graph, a, b); });
    if (starts.size() > limits::locator_heads) starts.resize(limits::locator_heads);
    std::vector<OpIndex> out;
    std::vector<OpIndex> direct;
    for (const OpIndex start : starts) {
        out.push_back(start);
        OpIndex at = start;
        std::uint32_t next = 1;
        for (std::uint32_t step = 1;; ++step) {
            direct.clear();
            graph.direct_ancestors(at, direct);
            if (direct.empty()) break;
            at = *std::ranges::min_element(direct, [&](OpIndex a, OpIndex b) { return deeper(graph, a, b); });
            if (step != next) continue;
            out.push_back(at);
            next *= 2;
        }
    }
    std::ranges::sort(out, [&](OpIndex a, OpIndex b) { return deeper(graph, a, b); });
    const auto rest = std::ranges::unique(out);
    out.erase(rest.begin(), rest.end());
    if (out.size() > limits::locator_entries) out.resize(limits::locator_entries);
    return out;
}

std::vector<LocatorEntry> make_locator(const Graph& graph, const std::vector<OpIndex>& ops,
                                       const crypto::SipKey& salt) {
    std::vector<LocatorEntry> entries;
    entries.reserve(ops.size());
    for (const OpIndex op : ops) entries.push_back({graph.depth(op), op_fingerprint(salt, graph.id(op))});
    return entries;
}

std::vector<std::pair<std::uint8_t, OpIndex>> read_locator(const Graph& graph,
                                                           const std::vector<LocatorEntry>& entries,
                                                           const crypto::SipKey& salt) {
    std::multimap<std::uint32_t, std::uint8_t> by_depth;
    for (std::size_t i = 0; i < entries.size(); ++i)
        by_depth.emplace(entries[i].depth, static_cast<std::uint8_t>(i));
    std::vector<std::pair<std::uint8_t, OpIndex>> found;
    std::vector<OpIndex> ops;
    for (OpIndex op = 0; op < graph.size(); ++op) {
        const auto [first, last] = by_depth.equal_range(graph.depth(op));
        if (first == last) continue;
        const std::uint64_t fingerprint = op_fingerprint(salt, graph.id(op));
        for (auto at = first; at != last; ++at) {
            if (entries[at->second].fingerprint != fingerprint) continue;
            found.emplace_back(at->second, op);
            ops.push_back(op);
        }
    }
    const auto maximal = graph.maximal(ops);
    std::erase_if(
        found, [&](const auto& entry) { return std::ranges::find(maximal, entry.second) == maximal.end(); });
    std::ranges::sort(found);
    return found;
}

}  // namespace folkmoot::sync
