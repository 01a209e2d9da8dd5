// What a lying peer's session is told of its replica: less than there is, or something else.
#pragma once

#include <set>

#include "folkmoot/replica.hpp"
#include "sim/random.hpp"
#include "sim/roles.hpp"

namespace folkmoot::sim {

class LyingHost final : public SessionHost {
   public:
    /// `take` gives ops to the replica, as its app would.
    LyingHost(Replica& core, Role role, Random random);

    [[nodiscard]] const Graph& graph() const override { return core_.graph(); }
    [[nodiscard]] GroupId group() const override { return *core_.group_id(); }
    [[nodiscard]] Result<EncodedOp> load(OpIndex op) override;
    [[nodiscard]] std::vector<OpIndex> offer_for(const DeviceKey& peer) const override;
    [[nodiscard]] bool may_read(const DeviceKey&) const override { return true; }
    [[nodiscard]] Result<std::vector<Admitted>> admit(std::vector<DecodedOp>& ops,
                                                      const DeviceKey& peer) override;
    [[nodiscard]] std::optional<OpId> own_grant() const override;
    [[nodiscard]] OpId grant_op(OpIndex op) const override;
    [[nodiscard]] std::vector<std::vector<OpId>> remembered(const DeviceKey&) const override { return {}; }

    /// Hides this op, and whatever stands on it, from whom the session is with.
    void hide(OpIndex op) { hidden_.insert(op); }
    /// Whether something was hidden, or changed, from whoever asked.
    [[nodiscard]] bool lied() const { return lied_; }

   private:
    Replica& core_;
    Role role_;
    mutable Random random_;
    mutable bool lied_ = false;
    std::set<OpIndex> hidden_;
};

}  // namespace folkmoot::sim
