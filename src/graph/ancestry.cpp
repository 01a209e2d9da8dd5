#include "graph/ancestry.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace folkmoot {
namespace {

constexpr std::size_t max_recent = 1024;  // a power of two
constexpr std::size_t max_recent_entries = std::size_t{1} << 20U;
constexpr std::uint32_t min_keyframe_walk = 24;
// From this size on a vector is handed on from an op to its only child instead of being copied.
constexpr std::size_t large_vector = 64;

constexpr std::size_t many_deltas = 256;
// Up to so many vectors are merged one by one.
constexpr std::size_t few_ops = 8;

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

// How many times smaller one vector must be to be looked up in the other instead of walked beside it.
constexpr std::size_t much_smaller = 16;

// Calls visit(entry of `small`, its place in `large` or the place where it belongs) in order of chains.
template <class Vector, class Visit>
void side_by_side(Vector& large, const PastVector& small, Visit visit) {
    const bool look_up = small.size() < large.size() / much_smaller;
    auto at = large.begin();
    for (const auto& entry : small) {
        if (look_up) {
            at = std::ranges::lower_bound(at, large.end(), entry.chain, {}, &ChainEntry::chain);
        } else {
            while (at != large.end() && at->chain < entry.chain) ++at;
        }
        visit(entry, at);
    }
}

// From how many ops of each chain are in, by chain.
PastVector entries_of(const std::vector<std::uint32_t>& upto) {
    PastVector out;
    for (std::uint32_t chain = 0; chain < upto.size(); ++chain) {
        if (upto[chain] > 0) out.push_back({chain, upto[chain] - 1});
    }
    return out;
}

// How many entries of `whole` exceed those of `part`; part <= whole everywhere.
std::size_t excess(const PastVector& whole, const PastVector& part) {
    std::size_t equal = 0;
    side_by_side(whole, part, [&](const ChainEntry& entry, auto at) { equal += *at == entry ? 1 : 0; });
    return whole.size() - equal;
}

}  // namespace

void Ancestry::merge(PastVector& into, const PastVector& from) {
    if (into.empty()) {
        into = from;
        return;
    }
    PastVector missing;
    side_by_side(into, from, [&](const ChainEntry& entry, auto at) {
        if (at != into.end() && at->chain == entry.chain) {
            at->position = std::max(at->position, entry.position);
        } else {
            missing.push_back(entry);
        }
    });
    // From the back, so that chains newer than all known ones, the usual case, move nothing.
    std::size_t left = into.size();
    into.resize(into.size() + missing.size());
    for (std::size_t to = into.size(); !missing.empty(); --to) {
        if (left > 0 && into[left - 1].chain > missing.back().chain) {
            into[to - 1] = into[left - 1];
            --left;
        } else {
            into[to - 1] = missing.back();
            missing.pop_back();
        }
    }
}

PastVector Ancestry::load(Index op) const {
    PastVector deltas;
    Index at = op;
    for (; nodes_[at].base != none; at = nodes_[at].base) {
        const Node& node = nodes_[at];
        if (at != op) deltas.push_back({node.chain, node.position});
        for (std::uint32_t i = 0; i < node.count; ++i) deltas.push_back(entries_[node.offset + i]);
    }
    const Node& frame = nodes_[at];
    if (at != op) deltas.push_back({frame.chain, frame.position});
    // Of many the maximum of each chain is found by place, without sorting: who braids the branches of a fork
    // makes deltas as long as the graph is wide.
    if (deltas.size() > many_deltas && deltas.size() + frame.count > tips_.size() / much_smaller) {
        std::vector<std::uint32_t> upto(tips_.size(), 0);
        const auto raise_to = [&upto](const ChainEntry& entry) {
            upto[entry.chain] = std::max(upto[entry.chain], entry.position + 1);
        };
        for (std::uint32_t i = 0; i < frame.count; ++i) raise_to(entries_[frame.offset + i]);
        for (const auto& entry : deltas) raise_to(entry);
        return entries_of(upto);
    }
    // Nearer entries are larger: keep the maximum of each chain. Only the deltas need sorting.
    std::ranges::sort(deltas, [](const ChainEntry& a, const ChainEntry& b) {
        return a.chain != b.chain ? a.chain < b.chain : a.position > b.position;
    });
    const auto rest = std::ranges::unique(deltas, {}, &ChainEntry::chain);
    deltas.erase(rest.begin(), rest.end());
    PastVector whole;
    whole.reserve(frame.count + deltas.size());
    for (std::uint32_t i = 0; i < frame.count; ++i) whole.push_back(entries_[frame.offset + i]);
    merge(whole, deltas);
    return whole;
}

PastVector Ancestry::closed_past(Index op) const {
    if (const PastVector* held = recent(op)) return *held;
    PastVector out = load(op);
    raise(out, {nodes_[op].chain, nodes_[op].position});
    return out;
}

void Ancestry::Growing::add(Index op) {
    const auto raise_to = [this](const ChainEntry& entry) {
        upto_[entry.chain] = std::max(upto_[entry.chain], entry.position + 1);
    };
    if (const PastVector* held = ancestry_.recent(op)) {
        for (const auto& entry : *held) raise_to(entry);
        return;
    }
    for (const auto& entry : ancestry_.load(op)) raise_to(entry);
    raise_to(ancestry_.place(op));
}

PastVector Ancestry::Growing::vector() const { return entries_of(upto_); }

PastVector Ancestry::closed_past(std::span<const Index> ops) const {
    if (ops.size() > few_ops) {
        Growing all(*this);
        for (const Index op : ops) all.add(op);
        return all.vector();
    }
    PastVector out;
    for (const Index op : ops) merge(out, closed_past(op));
    return out;
}

const PastVector* Ancestry::recent(Index op) const {
    if (recent_.empty()) return nullptr;
    const Cached& place = recent_[op % max_recent];
    return place.op == op ? &place.vector : nullptr;
}

void Ancestry::forget(Index op) {
    Cached& place = recent_[op % max_recent];
    recent_entries_ -= place.vector.capacity();
    place = Cached{};
}

// Leaves in `vector` memory to use again.
void Ancestry::remember(Index op, PastVector& vector) {
    if (recent_.empty()) recent_.resize(max_recent);
    Cached& place = recent_[op % max_recent];
    recent_entries_ += vector.capacity();
    recent_entries_ -= place.vector.capacity();
    place.op = op;
    place.vector.swap(vector);
    // The places behind are those of the ops that came longest ago.
    for (std::size_t i = 1; recent_entries_ > max_recent_entries && i < max_recent; ++i)
        forget(static_cast<Index>((op + i) % max_recent));
}

const PastVector& Ancestry::cached(Index op) {
    if (const PastVector* held = recent(op)) return *held;
    scratch_ = closed_past(op);
    remember(op, scratch_);
    return recent_[op % max_recent].vector;
}

void Ancestry::prepare(std::span<const Index> direct) {
    prepared_.clear();
    prepared_base_ = none;
    prepared_past_ = &prepared_;
    if (direct.empty()) return;
    prepared_base_ = direct[0];
    if (direct.size() == 1) {
        prepared_past_ = &cached(direct[0]);
        return;
    }
    // Small vectors are gathered first: into a large one they go at once.
    prepared_ = cached(direct[0]);
    PastVector few;
    for (const Index op : direct.subspan(1)) {
        const PastVector& past = cached(op);
        merge(past.size() < prepared_.size() / much_smaller ? few : prepared_, past);
    }
    merge(prepared_, few);
    std::size_t best = SIZE_MAX;
    for (const Index op : direct) {
        const std::size_t size = excess(prepared_, cached(op));
        if (size < best) {
            best = size;
            prepared_base_ = op;
        }
    }
}

// The vector of the prepared past, to keep. The base is rarely cited again: a large vector moves on.
void Ancestry::take_prepared(PastVector& out) {
    if (prepared_past_ == &prepared_) {
        out.swap(prepared_);
    } else if (prepared_past_->size() < large_vector) {
        out = *prepared_past_;
    } else {
        Cached& place = recent_[prepared_base_ % max_recent];
        recent_entries_ -= place.vector.capacity();
        out = std::move(place.vector);
        place = Cached{};
    }
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

// The chain of an op with these ancestors: the base's if the base is its tip, else any whose tip is in the
// past.
std::uint32_t Ancestry::choose_chain() {
    const auto is_tip = [this](const ChainEntry& e) { return e.position + 1 == tips_[e.chain]; };
    if (prepared_base_ != none) {
        if (is_tip(place(prepared_base_))) return nodes_[prepared_base_].chain;
        const auto other = std::ranges::find_if(*prepared_past_, is_tip);
        if (other != prepared_past_->end()) return other->chain;
    }
    tips_.push_back(0);
    return static_cast<std::uint32_t>(tips_.size() - 1);
}

Ancestry::Index Ancestry::add_prepared(std::span<const Index> direct) {
    const auto index = static_cast<Index>(nodes_.size());
    Node node{choose_chain(), 0, prepared_base_, 0, 0, 0};
    if (!direct.empty()) {
        const Node& base = nodes_[prepared_base_];
        const std::size_t limit = std::max<std::size_t>(min_keyframe_walk, prepared_past_->size());
        const bool affordable = keyframe_entries_ <= 2 * delta_entries_ + nodes_.size();
        if (base.base != none && base.walk >= limit && affordable) make_keyframe(prepared_base_);
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
    }
    node.position = tips_[node.chain]++;
    FOLKMOOT_ASSERT(index != none && entries_.size() < UINT32_MAX);
    nodes_.push_back(node);

    take_prepared(scratch_);
    prepared_.clear();
    prepared_past_ = &prepared_;
    raise(scratch_, {node.chain, node.position});
    remember(index, scratch_);
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
