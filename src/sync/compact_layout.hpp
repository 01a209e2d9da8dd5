// What encoder and decoder of compact batches share.
#pragma once

#include <span>

#include "crypto/hash.hpp"
#include "folkmoot/bytes.hpp"

namespace folkmoot::sync {

inline constexpr unsigned flag_post = 1;
inline constexpr unsigned flag_signature = 2;
inline constexpr unsigned flag_next = 4;        // prev is the author's last op in the batch
inline constexpr unsigned flag_same_grant = 8;  // acts under the grant of its prev
inline constexpr unsigned flag_payload = 16;
inline constexpr unsigned parents_shift = 5;
inline constexpr unsigned many_parents = 7;  // this many and a varint of more

inline constexpr std::uint64_t author_by_key = 0;
inline constexpr std::uint64_t author_by_label = 1;
inline constexpr std::uint64_t author_by_tip = 2;

inline constexpr std::uint64_t ref_by_id = 0;
inline constexpr std::uint64_t ref_none = 1;
inline constexpr std::uint64_t ref_by_author = 3;

using BatchCheck = std::array<std::uint8_t, 4>;

/// Tells a batch rebuilt wrongly from one rebuilt rightly; keyed, so nobody can prepare ids that collide.
[[nodiscard]] inline BatchCheck batch_check(const crypto::SipKey& salt, std::span<const OpId> ids) {
    Bytes all;
    all.reserve(ids.size() * OpId::size);
    for (const auto& id : ids) append(all, id.view());
    const auto hash = crypto::siphash128(salt, all);
    BatchCheck out{};
    for (unsigned i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(hash.low >> (8 * i));
    return out;
}

}  // namespace folkmoot::sync
