// The laws, as questions to correct peers. An answer is nothing, or what is wrong.
#pragma once

#include "folkmoot/replica.hpp"
#include "sim/random.hpp"
#include "sim/society.hpp"

namespace folkmoot::sim {

using Complaint = std::optional<std::string>;

/// Q3, Q13: every stored op again from its bytes: hash, encoding, place, admission, payload, and a signature
/// or an op of its author that vouches (O1 to O6, A1).
[[nodiscard]] Complaint check_store(const Store& store, const std::optional<GroupId>& group,
                                    const Verifier& verifier);
/// Q9, Q12: no honest author stands accused; every fork has evidence that convinces a stranger.
[[nodiscard]] Complaint check_forks(Replica& replica, const Society& society, const Verifier& verifier,
                                    std::uint64_t& proven);
/// Q12 alone, cheap.
[[nodiscard]] Complaint check_no_honest_fork(const Replica& replica, const Society& society);
/// Q7: every member's live grants lead, grant by effective grant, to a founder.
[[nodiscard]] Complaint check_no_intruder(const Replica& replica);
/// Q5: verdicts and members equal the slow model's, of all ops and at some random cuts. Nothing is asked of
/// more than `most_ops` ops.
[[nodiscard]] Complaint check_reference(const Replica& replica, const Store& store, Random& random,
                                        std::size_t cuts, std::size_t most_ops);
/// Q6: taken in other orders and batches, the same ops give the same members, heads and digest.
[[nodiscard]] Complaint check_order(const Replica& replica, const Store& store, const Verifier& verifier,
                                    Random& random, std::size_t orders);

/// Whether both hold the same, and think the same of it.
[[nodiscard]] bool same_state(const Replica& a, const Replica& b);
/// Q1, the weaker form: the past of all effective ops, and the membership, are the same.
[[nodiscard]] Complaint check_convergence(const Replica& a, const Replica& b);

}  // namespace folkmoot::sim
