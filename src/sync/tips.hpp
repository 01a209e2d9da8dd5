// Two more kinds of summary (Y3), both about salted fingerprints of single ops.
//
// Tips: for each author active after the common point, the position and fingerprint of their latest op. Exact
// for authors who do not fork, a few bytes an author, whatever the length of the history.
// Locator: from each of at most 4 heads the ops 1, 2, 4, 8... steps back; what the peer recognises of them
// becomes the common point for peers who never met.
#pragma once

#include <optional>
#include <vector>

#include "folkmoot/graph.hpp"
#include "folkmoot/limits.hpp"
#include "sync/compact.hpp"

namespace folkmoot::sync {

/// The salted name of an op in one round.
[[nodiscard]] std::uint64_t op_fingerprint(const crypto::SipKey& salt, const OpId& id);

/// Authors both sides know alike because both hold everything up to the common point: ascending by key, each
/// with the author's highest position there. Empty where there is no common point, or too many authors.
[[nodiscard]] std::vector<NamedTip> common_authors(const Graph& graph, const Closure& since,
                                                   std::size_t most = limits::common_authors);

/// An author by number among the common ones (from 1), then `position` counts from theirs; or by label if
/// `number` is 0, then it counts from 0.
struct Tip {
    std::uint32_t number = 0;
    AuthorLabel label = 0;
    std::int64_t position = 0;
    std::uint64_t fingerprint = 0;
    friend bool operator==(const Tip&, const Tip&) = default;
};
struct LocatorEntry {
    std::uint32_t depth = 0;
    std::uint64_t fingerprint = 0;
    friend bool operator==(const LocatorEntry&, const LocatorEntry&) = default;
};

/// Packed without padding: varint(number) [label(4, little-endian)] varint(position) fingerprint(8,
/// little-endian). A position that counts from an author's is zigzag.
[[nodiscard]] Bytes pack_tips(const std::vector<Tip>& tips);
/// Nothing unless exactly 1 to limits::tips tips.
[[nodiscard]] std::optional<std::vector<Tip>> unpack_tips(ByteView bytes);
/// Packed: varint(depth) fingerprint(8, little-endian).
[[nodiscard]] Bytes pack_locator(const std::vector<LocatorEntry>& entries);
/// Nothing unless exactly 1 to limits::locator_entries entries.
[[nodiscard]] std::optional<std::vector<LocatorEntry>> unpack_locator(ByteView bytes);

/// The latest ops of every author active after `since` (null: ever), the deepest first. Nothing if an author
/// has more than limits::tips_per_author or all together more than limits::tips. Cost: O(ops since), or
/// O(authors) without `since`.
[[nodiscard]] std::optional<std::vector<OpIndex>> tip_ops(const Graph& graph,
                                                          const std::vector<OpIndex>& heads,
                                                          const Closure* since);
[[nodiscard]] std::vector<Tip> make_tips(const Graph& graph, const std::vector<OpIndex>& ops,
                                         const std::vector<NamedTip>& common, const crypto::SipKey& labels,
                                         const crypto::SipKey& salt);

/// What a peer's tips show of this side's graph.
struct ShownTips {
    /// Ops the peer holds with all their past.
    std::vector<OpIndex> held;
    /// Those of `held` that the peer named itself, by the tip's number.
    std::vector<std::pair<std::uint8_t, OpIndex>> matched;
    /// The tips as batches refer to them.
    std::vector<NamedTip> named;
};
/// Fingerprint known: the peer has its past. Position above this side's and no fork known: the peer has all
/// this side holds of the author. Otherwise nothing is shown of the author.
[[nodiscard]] ShownTips read_tips(const Graph& graph, const std::vector<Tip>& tips,
                                  const std::vector<NamedTip>& common, LabelTable& labels,
                                  const crypto::SipKey& salt);

/// Steps along the direct ancestor of greatest depth. Cost: O(depth of the heads), a few memory reads a step.
[[nodiscard]] std::vector<OpIndex> locator_ops(const Graph& graph, const std::vector<OpIndex>& heads);
[[nodiscard]] std::vector<LocatorEntry> make_locator(const Graph& graph, const std::vector<OpIndex>& ops,
                                                     const crypto::SipKey& salt);
/// The entries this side holds, by number, and only those that are in no other's past.
[[nodiscard]] std::vector<std::pair<std::uint8_t, OpIndex>> read_locator(
    const Graph& graph, const std::vector<LocatorEntry>& entries, const crypto::SipKey& salt);

}  // namespace folkmoot::sync
