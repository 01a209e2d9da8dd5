// What is left of a device when its process is gone, and what can go wrong with it. The seam behind which a
// simulated file system under SQLite may stand in for the journal in memory.
#pragma once

#include <memory>
#include <optional>

#include "folkmoot/store.hpp"

namespace folkmoot::sim {

/// What the next write of a disk meets.
enum class DiskFault : std::uint8_t {
    none,
    full,         // nothing is stored
    io_before,    // an error, and nothing was stored
    io_after,     // an error although it was stored
    skips_an_op,  // a planted defect: leaves the first op of a batch out and calls it done
};

class SimDisk {
   public:
    virtual ~SimDisk() = default;
    /// The store as a new process finds it. The disk must outlive it, and it the next open.
    [[nodiscard]] virtual Result<std::unique_ptr<Store>> open() = 0;
    /// The next write transaction meets this.
    virtual void arm(DiskFault fault) = 0;
    /// Whether a fault that was armed has struck.
    [[nodiscard]] virtual bool struck() const = 0;
    /// After so many more write transactions the power is gone: those after it fail and leave nothing.
    virtual void cut_power_after(std::size_t transactions) = 0;
    virtual void restore_power() = 0;

    /// What backup and restore do: the state by number. Restoring makes it another store (T).
    [[nodiscard]] virtual std::size_t keep_image() = 0;
    virtual void restore_image(std::size_t image, const StoreInstance& instance) = 0;
    /// A new disk in the place of the old.
    virtual void lose_all(const StoreInstance& instance) = 0;
};

/// Every transaction in a journal in memory, durable when the call returns, as T promises.
[[nodiscard]] std::unique_ptr<SimDisk> make_journal_disk(const StoreInstance& instance);

}  // namespace folkmoot::sim
