// Everything a session keys with its channel binding (Y4): group tags, offer digests, filter salts,
// fingerprints of frontiers. Each use has a domain of its own.
#pragma once

#include <span>

#include "crypto/hash.hpp"
#include "folkmoot/session.hpp"

namespace folkmoot::sync {

/// Y2: digest of an offer's heads, which must be ascending.
[[nodiscard]] Digest offer_digest(const Hash32& binding, std::span<const OpId> heads);
/// The salt of the summary that one side sends in a round: fresh every round, different for the two sides.
[[nodiscard]] crypto::SipKey round_salt(const Hash32& binding, bool from_initiator, std::uint32_t round);
/// The key under which authors are labelled and batches checked, the same for both sides all session long.
[[nodiscard]] crypto::SipKey label_salt(const Hash32& binding);
/// Y3: how a remembered frontier is named; ids ascending. Two bytes are enough to tell the few that are
/// remembered apart; where they do not, the answer cannot be resolved and is asked for again in plain form.
[[nodiscard]] std::uint16_t frontier_fingerprint(const Hash32& binding, std::span<const OpId> heads);

}  // namespace folkmoot::sync
