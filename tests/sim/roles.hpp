// What Byzantine peers do, by the names of the threat catalogue.
#pragma once

#include <cstdint>
#include <string_view>

namespace folkmoot::sim {

enum class Role : std::uint8_t {
    equivocate,       // B1: two ops in one place of its chain, different ones to different peers
    different_heads,  // B2: another offer to each peer
    withhold,         // B3: hides an op, or all of one author
    garbage,          // B4: bytes that are no handshake and no message
    malformed,        // B5: messages with bytes changed, cut off or added
    bad_signature,    // B6: ops that somebody else should have signed
    oversize,         // B7: bodies too large, too many parents, the same parent twice
    wrong_group,      // B8: another group, and ops of a group beside this one
    replay,           // B9: bytes of an old connection
    bad_summary,      // B10: filters of ones, of zeros, of noise; tips of nobody
    phantoms,         // B11: heads that do not exist, requests without end
    unsolicited,      // B12: answers nobody asked for, and every answer twice
    orphans,          // B13: floods of ops without ancestors
    back_date,        // B14: ops on an old frontier, removing the remover
    flood,            // B15: many heads, long chains
    duel,             // B16: removals, bans and grants in circles
    clone,            // B17: lives with the key of a correct peer
    stall,            // B18: reads nothing, or says nothing
    sybil,            // B19: many connections at once
    sleeper,          // B20: honest until some time
};
inline constexpr std::size_t role_count = 20;
/// "B1" and so on, with its name.
[[nodiscard]] std::string_view to_text(Role role);

}  // namespace folkmoot::sim
