#include "sync/summary.hpp"

#include <algorithm>

namespace folkmoot::sync {

PageKey page_key(const Graph& graph, OpIndex op) { return {graph.depth(op), graph.id(op)}; }

Summary bloom_summary(const Graph& graph, const std::vector<OpIndex>& held, const crypto::SipKey& salt,
                      const std::optional<PageKey>& before) {
    Summary summary;
    summary.kind = Summary::Kind::bloom;
    summary.range.to = before;
    std::vector<OpIndex> covered;
    covered.reserve(held.size());
    for (const OpIndex op : held) {
        if (!before || page_key(graph, op) < *before) covered.push_back(op);
    }
    if (covered.size() > BloomFilter::capacity) {
        const auto last = covered.begin() + static_cast<std::ptrdiff_t>(BloomFilter::capacity);
        std::ranges::nth_element(covered, last, std::greater{},
                                 [&](OpIndex op) { return page_key(graph, op); });
        covered.erase(last, covered.end());
        const auto lowest =
            std::ranges::min_element(covered, {}, [&](OpIndex op) { return page_key(graph, op); });
        summary.range.from = page_key(graph, *lowest);
    }
    BloomFilter filter(salt, covered.size());
    for (const OpIndex op : covered) filter.insert(graph.id(op));
    summary.bits.assign(filter.bits().begin(), filter.bits().end());
    return summary;
}

Summary exact_summary(const Graph& graph, const std::vector<OpIndex>& held,
                      const std::optional<PageKey>& from) {
    Summary summary;
    summary.kind = Summary::Kind::exact;
    summary.range.from = from;
    std::vector<PageKey> keys;
    for (const OpIndex op : held) {
        const PageKey key = page_key(graph, op);
        if (!from || *from <= key) keys.push_back(key);
    }
    if (keys.size() > limits::exact_ids_per_page) {
        const auto next = keys.begin() + static_cast<std::ptrdiff_t>(limits::exact_ids_per_page);
        std::ranges::nth_element(keys, next);
        summary.range.to = *next;
        keys.erase(next, keys.end());
    }
    summary.ids.reserve(keys.size());
    for (const auto& key : keys) summary.ids.push_back(key.id);
    std::ranges::sort(summary.ids);
    return summary;
}

SummaryReader::SummaryReader(const Graph& graph, const Summary& summary, const crypto::SipKey& salt)
    : graph_(graph), summary_(summary) {
    if (summary.kind == Summary::Kind::bloom) filter_.emplace(salt, summary.bits);
}

bool SummaryReader::silent_on(OpIndex op) const {
    return !summary_.range.whole() && !summary_.range.contains(page_key(graph_, op));
}

bool SummaryReader::shows(OpIndex op) const {
    switch (summary_.kind) {
        case Summary::Kind::nothing:
        case Summary::Kind::tips:     // read by read_tips
        case Summary::Kind::locator:  // shows nothing
            return false;
        case Summary::Kind::bloom: return filter_->may_contain(graph_.id(op));
        case Summary::Kind::exact: return std::ranges::binary_search(summary_.ids, graph_.id(op));
    }
    return false;
}

std::vector<OpIndex> not_shown(const Graph& graph, const std::vector<OpIndex>& offered,
                               const SummaryReader& reader) {
    std::vector<OpIndex> out;
    if (offered.empty()) return out;
    // Marks by place in `offered`; dense where the offer is, so that finding an ancestor's mark is a search
    // in what was offered and not in the history.
    std::vector<std::uint8_t> send(offered.size(), 0);
    std::vector<OpIndex> direct;
    const auto marked = [&](OpIndex op) {
        const auto at = std::ranges::lower_bound(offered, op);
        return at != offered.end() && *at == op && send[static_cast<std::size_t>(at - offered.begin())] != 0;
    };
    for (std::size_t i = 0; i < offered.size(); ++i) {
        const OpIndex op = offered[i];
        bool wanted = !reader.silent_on(op) && !reader.shows(op);
        if (!wanted) {
            direct.clear();
            graph.direct_ancestors(op, direct);
            wanted = std::ranges::any_of(direct, marked);
        }
        if (!wanted) continue;
        send[i] = 1;
        out.push_back(op);
    }
    return out;
}

}  // namespace folkmoot::sync
