// Who is to blame for a session that failed (C14). One place decides, and protocol-spec/channel.md has the
// same table: a device is shut out for a violation, so nothing may count as one that a correct peer can be
// brought to do, by others' ops, by a slow line or by what it does not know yet.
#pragma once

#include "folkmoot/error.hpp"

namespace folkmoot::sync {

/// Whether a session that failed with this code met what no correct peer sends. Everything else is delay,
/// policy or this side's own trouble: close, but do not hold it against them.
[[nodiscard]] bool is_violation(ErrorCode code);

}  // namespace folkmoot::sync
