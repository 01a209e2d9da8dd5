// A damaged group made sound again: what is good of it in a new store, the old one kept aside.
#pragma once

#include <filesystem>
#include <vector>

#include "folkmoot/signer.hpp"
#include "folkmoot/store.hpp"
#include "store/sqlite_file.hpp"

namespace folkmoot::moot {

struct RepairReport {
    /// Ops in the new store.
    std::uint64_t kept = 0;
    /// Ops that were read and not kept, in the order of the old store: bad ones and all that build on one.
    std::vector<OpId> set_aside;
    /// Ops named by those that were read, but neither kept nor set aside.
    std::vector<OpId> missing;
    /// Rows of the old store that could not be read.
    std::uint64_t unreadable = 0;
    /// Kept ops whose payload was bad, and is gone here.
    std::vector<OpId> without_payload;
    /// Where the old store is.
    std::filesystem::path aside;

    /// Whether ops are missing now: own ones may be among them, so nothing is signed before a sync (T).
    [[nodiscard]] bool lost_ops() const { return !set_aside.empty() || unreadable > 0 || !missing.empty(); }
};

/// The store at `path` must be closed. The new one has `fresh` as its instance: peers must not count on what
/// the old one had told them it held.
[[nodiscard]] Result<RepairReport> repair_group(const std::filesystem::path& path, const GroupId& group,
                                                const StoreInstance& fresh,
                                                const Verifier& verifier = ed25519_verifier(),
                                                const store::SqliteOptions& options = {});

}  // namespace folkmoot::moot
