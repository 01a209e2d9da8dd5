// Who belongs: the access rules of section 2, ranked grants (G1 to M2), as pure functions of a graph.
//
// Access keeps the *facts* of each access op (its grant, rank, subject, cut), which never change once the op
// is admitted, and a Resolution over all of them, which follows as ops arrive. at() resolves the same facts
// for any other frontier. No clock, no order of arrival, no bytes and no peers enter any answer.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "folkmoot/bytes.hpp"
#include "folkmoot/error.hpp"
#include "folkmoot/graph.hpp"
#include "folkmoot/operation.hpp"

namespace folkmoot {

using GrantIndex = std::uint32_t;

/// The rule that decided a verdict.
enum class Rule : std::uint8_t { none, A1, E1, E2 };
[[nodiscard]] std::string_view to_text(Rule rule);

/// Whether an admitted op counts. `by` is, for E1, the void op that made the grant it acts under and, for
/// E2, the highest-ranking effective revocation that hits that grant and had not seen the op.
struct Verdict {
    Rule rule = Rule::none;
    OpIndex by = no_index;
    [[nodiscard]] bool effective() const { return rule == Rule::none; }
    friend bool operator==(const Verdict&, const Verdict&) = default;
};

struct Member {
    DeviceKey key;
    Level level = 0;
    friend bool operator==(const Member&, const Member&) = default;
};

/// The part of the rank by which one grant stands above another (G2, G3).
enum class RankPart : std::uint8_t { none, founder_order, level, path_length, path, id };
[[nodiscard]] std::string_view to_text(RankPart part);

/// One grant and why it is or is not live (M1).
struct GrantView {
    GrantIndex grant = no_index;
    /// The op that made it: create, add, link or set_level.
    OpIndex op = no_index;
    DeviceKey holder;
    Level level = 0;
    bool link = false;
    /// The grant that op acted under; no_index for founders.
    GrantIndex under = no_index;
    /// In the past of the frontier asked about.
    bool known = false;
    bool live = false;
    /// Not effective: the op that made it is void, for this reason.
    Verdict made;
    /// The highest-ranking effective revocation that hits it; no_index if none does.
    OpIndex hit_by = no_index;
    /// For a hit through the tenure this one was linked under: that tenure; else no_index.
    GrantIndex hit_through = no_index;
};

class Ledger;
struct Difference;
struct MemberExplanation;
struct OpExplanation;

/// Membership and verdicts at one frontier. Cheap to query; not thread-safe while its Access changes.
class Resolution {
   public:
    ~Resolution();
    Resolution(Resolution&&) noexcept;
    Resolution& operator=(Resolution&&) noexcept;

    /// Precondition: the op is in the graph and within the frontier. Cost: O(revocations that hit its grant).
    [[nodiscard]] Verdict verdict(OpIndex op) const;
    [[nodiscard]] bool effective(OpIndex op) const;
    /// The device's level, 0 if it is out (M1).
    [[nodiscard]] Level level_of(const DeviceKey& device) const;
    /// Ascending by key.
    [[nodiscard]] std::vector<Member> members() const;
    /// Binds group id and members with their levels; equal frontiers must have equal digests (E2 of section
    /// 7).
    [[nodiscard]] Digest membership_digest() const;
    /// Whether the device's level suffices for the kind of act; `read` asks for the level to sync.
    [[nodiscard]] bool may(const DeviceKey& device, Kind act) const;
    [[nodiscard]] bool may_read(const DeviceKey& device) const;

    /// All grants that name the device as holder, those outside the frontier included, in rank order.
    [[nodiscard]] std::vector<GrantView> grants_of(const DeviceKey& device) const;
    [[nodiscard]] GrantView grant(GrantIndex grant) const;
    /// M2: the grant under which `author` would act, as the id of its op. `prev` is the author's last op in
    /// this frontier, if any. Nothing if no grant in the frontier names the author.
    [[nodiscard]] std::optional<OpId> choose_grant(const DeviceKey& author, std::optional<OpIndex> prev,
                                                   const Act& act) const;
    /// Whether A1 would admit the act by `author` under the grant made by `as` on top of this frontier.
    [[nodiscard]] Result<void> check(const DeviceKey& author, const OpId& as, const Act& act) const;
    /// The effective revocations that hit a grant of the device, ascending by id: what explains its absence.
    [[nodiscard]] std::vector<OpIndex> revocations_of(const DeviceKey& device) const;
    /// Y9: what a device that is out must see to know it: revocations_of, and for each of its grants that a
    /// void op made, the revocations by which that op, or the one it hangs on by E1, is void. Ascending by
    /// id. Cost: that of revocations_of and the lengths of those grants' paths.
    [[nodiscard]] std::vector<OpIndex> causes_of_absence(const DeviceKey& device) const;
    /// Whether whatever arrives under the grant from now on is void as things stand: its own op is, or an
    /// effective revocation other than a `leave` hits it.
    [[nodiscard]] bool is_sealed(GrantIndex grant) const;

    /// Whether all that the device signs from now on is void as things stand: its level is 0, and each of its
    /// grants, of which there is one at least, is sealed. Cost: O(its grants), unless it left too.
    [[nodiscard]] bool is_sealed_out(const DeviceKey& device) const;
    /// As grants_of, by number alone. Cost: no verdicts, so a device with many grants can be asked about
    /// often.
    [[nodiscard]] std::vector<GrantIndex> grant_numbers(const DeviceKey& device) const;
    /// Whether the op that made the grant is effective.
    [[nodiscard]] bool is_made(GrantIndex grant) const;

    // Explanations; their types are in explanation.hpp.

    /// Precondition as for verdict. Cost: that of a verdict for each step of E1.
    [[nodiscard]] OpExplanation explain_op(OpIndex op) const;
    [[nodiscard]] MemberExplanation explain_member(const DeviceKey& device) const;
    /// The ops that fall with an op, ascending by id: those that an effective revocation decides about, and
    /// those that act under what a void op gave; in both cases with all that E1 takes along. Cost: O(ops).
    [[nodiscard]] std::vector<OpIndex> fallen_with(OpIndex op) const;

    struct State;

   private:
    friend class Access;
    friend Difference difference(const Resolution& before, const Resolution& after);
    explicit Resolution(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// A device whose level changed, and the op whose arrival changed it.
struct MemberChange {
    DeviceKey key;
    Level before = 0;
    Level after = 0;
    OpIndex cause = no_index;
};

/// Not thread-safe. Never throws on any graph. The graph must outlive it.
class Access {
   public:
    explicit Access(const Graph& graph);
    ~Access();
    Access(Access&&) noexcept;
    Access& operator=(Access&&) noexcept;

    /// A1 for the op the graph has just prepared: admitted, or invalid for ever with the reason.
    [[nodiscard]] Result<void> check(const Operation& op) const;
    /// Takes in the op the graph has just committed. Precondition: check succeeded for it.
    /// Cost: O(1) for posts; for access ops what they can touch.
    void apply(OpIndex index, const Operation& op);
    /// Like apply, but leaves the resolution as it was until resolve() is called: for bulk loading.
    void record(OpIndex index, const Operation& op);
    /// Resolves everything recorded from scratch.
    void resolve();

    /// The resolution over all ops.
    [[nodiscard]] const Resolution& now() const;
    /// The resolution at another frontier. Cost: O(access ops).
    [[nodiscard]] Resolution at(std::span<const OpIndex> heads) const;
    /// What changes from one frontier to another (explanation.hpp). Cost: O(ops).
    [[nodiscard]] Difference difference(std::span<const OpIndex> before,
                                        std::span<const OpIndex> after) const;

    /// The rules of the group. Precondition: create was applied.
    [[nodiscard]] const Rules& rules() const;
    [[nodiscard]] const std::string& group_name() const;
    /// The grant an op acts under; no_index for create.
    [[nodiscard]] GrantIndex grant_of(OpIndex op) const;
    /// G3: by which part of the rank a stands above b; none if it does not.
    [[nodiscard]] RankPart outranks(GrantIndex a, GrantIndex b) const;
    /// G2: whether a's rank is above b's.
    [[nodiscard]] bool ranks_above(GrantIndex a, GrantIndex b) const;
    /// Whether an admitted op named the device as founder, subject or author: its key was checked then (O6).
    [[nodiscard]] bool knows(const DeviceKey& device) const;
    /// Whether any op made the device a grant.
    [[nodiscard]] bool holds_any(const DeviceKey& device) const;
    /// Whether the op made a grant that names the device as its holder.
    [[nodiscard]] bool gave(OpIndex op, const DeviceKey& holder) const;
    [[nodiscard]] DeviceKey holder_of_grant(GrantIndex grant) const;
    /// The grant it was given under; no_index for founders.
    [[nodiscard]] GrantIndex granted_under(GrantIndex grant) const;
    [[nodiscard]] Level level_of_grant(GrantIndex grant) const;
    /// The op that made the grant.
    [[nodiscard]] OpIndex op_of_grant(GrantIndex grant) const;
    /// Subject of an access op, if it has one.
    [[nodiscard]] std::optional<DeviceKey> subject_of(OpIndex op) const;

    /// Changes of membership since the last call, in the order of their causes.
    [[nodiscard]] std::vector<MemberChange> take_changes();
    [[nodiscard]] std::size_t access_ops() const;
    /// Bytes held, the graph's not included.
    [[nodiscard]] std::size_t memory() const;

   private:
    std::unique_ptr<Ledger> ledger_;
    std::unique_ptr<Resolution> now_;
};

}  // namespace folkmoot
