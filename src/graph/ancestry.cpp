#include "graph/ancestry.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace folkmoot {
namespace {

constexpr std::size_t max_recent = 256;
constexpr std::size_t max_recent_entries = std::size_t{1} << 20U;
constexpr std::uint32_t min_keyframe_walk = 24;

const ChainEntry* find(std::span<const ChainEntry> sorted, std::uint32_t chain) {
    const auto at = std::ranges::lower_bound(sorted, chain, {}, &ChainEntry::chain);
    return at != sorted.end() && at->chain == chain ? &*at : nullptr;
}

void raise(PastVector& vector, ChainEntry entry) {
    const auto at = std::ranges::lower_bound(vector, entry.chain, {}, &ChainEntry::chain);
    if (at != vector.end() && at->chain == entry.chain) {
        at->position = std::max(at->position, entry.position);
    } else {
        vector.insert(at, entry);
    }
}

// How many entries of `whole` exceed those of `part`; both sorted, part <= whole everywhere.
std::size_t excess(const PastVector& whole, const PastVector& part) {
    std::size_t count = 0;
    auto at = part.begin();
    for (const auto& entry : whole) {
        while (at != part.end() && at->chain < entry.chain) ++at;
        if (at == part.end() || at->chain != entry.chain || at->position < entry.position) ++count;
    }
    return count;
}

}  // namespace

void Ancestry::merge(PastVector& into, const PastVector& from) {
    // The common case first: nothing new, or only raised positions on chains already there.
    bool missing = false;
    auto at = into.begin();
    for (const auto& entry : from) {
        while (at != into.end() && at->chain < entry.chain) ++at;
        if (at != into.end() && at->chain == entry.chain) {
            at->position = std::max(at->position, entry.position);
        } else {
            missing = true;
        }
    }
    if (!missing) return;
    PastVector out;
    out.reserve(into.size() + from.size());
    auto a = into.begin();
    auto b = from.begin();
    while (a != into.end() || b != from.end()) {
        if (b == from.end() || (a != into.end() && a->chain <= b->chain)) {
            if (b != from.end() && a->chain == b->chain) ++b;
            out.push_back(*a++);
        } else {
            out.push_back(*b++);
        }
    }
    into = std::move(out);
}

PastVector Ancestry::load(Index op) const {
    PastVector out;
    Index at = op;
    bool self = false;
    for (;;) {
        const Node& node = nodes_[at];
        if (self) out.push_back({node.chain, node.position});
        for (std::uint32_t i = 0; i < node.count; ++i) out.push_back(entries_[node.offset + i]);
        if (node.base == none) break;
        at = node.base;
        self = true;
    }
    // Nearer entries are larger: keep the maximum of each chain.
    std::ranges::sort(out, [](const ChainEntry& a, const ChainEntry& b) {
        return a.chain != b.chain ? a.chain < b.chain : a.position > b.position;
    });
    const auto rest = std::ranges::unique(out, {}, &ChainEntry::chain);
    out.erase(rest.begin(), rest.end());
    return out;
}

PastVector Ancestry::closed_past(Index op) const {
    if (const auto at = recent_at_.find(op); at != recent_at_.end()) return at->second->vector;
    PastVector out = load(op);
    raise(out, {nodes_[op].chain, nodes_[op].position});
    return out;
}

void Ancestry::remember(Index op, PastVector&& vector) {
    recent_entries_ += vector.size();
    recent_.push_front({op, std::move(vector)});
    recent_at_[op] = recent_.begin();
    while (recent_.size() > 1 && (recent_.size() > max_recent || recent_entries_ > max_recent_entries)) {
        recent_entries_ -= recent_.back().vector.size();
        recent_at_.erase(recent_.back().op);
        recent_.pop_back();
    }
}

const PastVector& Ancestry::cached(Index op) {
    if (const auto at = recent_at_.find(op); at != recent_at_.end()) {
        recent_.splice(recent_.begin(), recent_, at->second);
        return at->second->vector;
    }
    remember(op, closed_past(op));
    return recent_.front().vector;
}

const PastVector& Ancestry::prepare(std::span<const Index> direct) {
    prepared_.clear();
    prepared_base_ = none;
    if (direct.empty()) return prepared_;
    prepared_ = cached(direct[0]);
    for (const Index op : direct.subspan(1)) merge(prepared_, cached(op));
    prepared_base_ = direct[0];
    if (direct.size() > 1) {
        std::size_t best = SIZE_MAX;
        for (const Index op : direct) {
            const std::size_t size = excess(prepared_, cached(op));
            if (size < best) {
                best = size;
                prepared_base_ = op;
            }
        }
    }
    return prepared_;
}

std::uint32_t Ancestry::store(std::span<const ChainEntry> entries) {
    const auto offset = static_cast<std::uint32_t>(entries_.size());
    for (const auto& entry : entries) entries_.push_back(entry);
    return offset;
}

void Ancestry::make_keyframe(Index op) {
    const PastVector whole = load(op);
    Node& node = nodes_[op];
    node.base = none;
    node.offset = store(whole);
    node.count = static_cast<std::uint32_t>(whole.size());
    node.walk = 0;
    keyframe_entries_ += whole.size();
}

Ancestry::Index Ancestry::add_prepared(std::span<const Index> direct) {
    const auto index = static_cast<Index>(nodes_.size());
    Node node{0, 0, prepared_base_, 0, 0, 0};
    if (!direct.empty()) {
        const Node& base = nodes_[prepared_base_];
        const std::size_t limit = std::max<std::size_t>(min_keyframe_walk, prepared_.size());
        const bool affordable = keyframe_entries_ <= 2 * delta_entries_ + nodes_.size();
        if (base.base != none && base.walk >= limit && affordable) make_keyframe(prepared_base_);

        // The chain: the base's if the base is its tip, else any whose tip is in the past.
        const auto is_tip = [this](const ChainEntry& e) { return e.position + 1 == tips_[e.chain]; };
        const ChainEntry base_entry{base.chain, base.position};
        const auto other = is_tip(base_entry) ? prepared_.end() : std::ranges::find_if(prepared_, is_tip);
        if (is_tip(base_entry)) {
            node.chain = base.chain;
        } else if (other != prepared_.end()) {
            node.chain = other->chain;
        } else {
            node.chain = static_cast<std::uint32_t>(tips_.size());
            tips_.push_back(0);
        }
        if (direct.size() > 1) {
            const PastVector& below = cached(prepared_base_);
            node.offset = static_cast<std::uint32_t>(entries_.size());
            auto at = below.begin();
            for (const auto& entry : prepared_) {
                while (at != below.end() && at->chain < entry.chain) ++at;
                if (at != below.end() && at->chain == entry.chain && at->position == entry.position) continue;
                entries_.push_back(entry);
                ++node.count;
            }
            delta_entries_ += node.count;
        }
        node.walk = nodes_[prepared_base_].walk + 1 + node.count;
    } else {
        node.chain = static_cast<std::uint32_t>(tips_.size());
        tips_.push_back(0);
    }
    node.position = tips_[node.chain]++;
    FOLKMOOT_ASSERT(index != none && entries_.size() < UINT32_MAX);
    nodes_.push_back(node);

    // The base is rarely cited again: its vector becomes the new op's instead of being copied.
    PastVector vector = std::move(prepared_);
    prepared_.clear();
    raise(vector, {node.chain, node.position});
    remember(index, std::move(vector));
    return index;
}

bool Ancestry::is_ancestor(Index a, Index b) const {
    if (a >= b) return false;
    const Node& target = nodes_[a];
    Index at = b;
    for (;;) {
        const Node& node = nodes_[at];
        if (node.chain == target.chain)
            return at != b ? node.position >= target.position : node.position > target.position;
        const bool sorted_whole = node.base == none;
        if (sorted_whole) {
            std::uint32_t low = 0;
            std::uint32_t high = node.count;
            while (low < high) {
                const std::uint32_t middle = (low + high) / 2;
                if (entries_[node.offset + middle].chain < target.chain) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low < node.count && entries_[node.offset + low].chain == target.chain &&
                   entries_[node.offset + low].position >= target.position;
        }
        for (std::uint32_t i = 0; i < node.count; ++i) {
            const ChainEntry& entry = entries_[node.offset + i];
            if (entry.chain == target.chain) return entry.position >= target.position;
        }
        at = node.base;
        if (at < a) return false;
    }
}

bool Ancestry::has(const PastVector& past, Index op) const {
    const Node& node = nodes_[op];
    const ChainEntry* entry = find(past, node.chain);
    return entry != nullptr && entry->position >= node.position;
}

std::size_t Ancestry::memory() const {
    return nodes_.memory() + entries_.memory() + tips_.capacity() * sizeof(tips_[0]) +
           recent_entries_ * sizeof(ChainEntry);
}

}  // namespace folkmoot
