// Building and reading summaries (Y3). Both cost what the summary holds, never the length of the history.
#pragma once

#include <optional>
#include <vector>

#include "folkmoot/graph.hpp"
#include "sync/bloom.hpp"
#include "sync/messages.hpp"

namespace folkmoot::sync {

[[nodiscard]] PageKey page_key(const Graph& graph, OpIndex op);

/// A Bloom filter over `held`. If they are too many for one filter, over the deepest ones, and the range says
/// from which place on; `before` bounds the range above, for the pages after the first.
[[nodiscard]] Summary bloom_summary(const Graph& graph, const std::vector<OpIndex>& held,
                                    const crypto::SipKey& salt, const std::optional<PageKey>& before);

/// The ids of the first ops of `held` at or after `from` in page order, at most a page of them; the range
/// ends where the next page starts and is open above on the last.
[[nodiscard]] Summary exact_summary(const Graph& graph, const std::vector<OpIndex>& held,
                                    const std::optional<PageKey>& from);

/// Reads a received summary.
class SummaryReader {
   public:
    SummaryReader(const Graph& graph, const Summary& summary, const crypto::SipKey& salt);
    /// Whether the op is outside what the summary speaks about: nothing follows for it.
    [[nodiscard]] bool silent_on(OpIndex op) const;
    /// Whether the summary shows the op as held by its sender.
    [[nodiscard]] bool shows(OpIndex op) const;

   private:
    const Graph& graph_;
    const Summary& summary_;
    std::optional<BloomFilter> filter_;
};

/// Y5: of `offered` (ascending by index), those the summary does not show, and all their descendants.
[[nodiscard]] std::vector<OpIndex> not_shown(const Graph& graph, const std::vector<OpIndex>& offered,
                                             const SummaryReader& reader);

}  // namespace folkmoot::sync
