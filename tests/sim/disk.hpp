// What is left of a device when its process is gone, and what can go wrong with it.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "folkmoot/signer.hpp"
#include "folkmoot/store.hpp"
#include "sim/random.hpp"

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
    /// What a process would find now, beside the store that is open: only for looking at.
    [[nodiscard]] virtual Result<std::unique_ptr<Store>> peek() = 0;
    /// The next write transaction meets this.
    virtual void arm(DiskFault fault) = 0;

    /// The power goes at some point of what `writing` does to the open store; without it, between writes.
    /// The store that is open has to be closed next: nothing of it reaches this disk any more. True if
    /// `writing` is not there as a whole.
    virtual bool cut_power(Random& random, const std::function<bool()>& writing) = 0;
    /// The same while a process opens it; nothing may be open.
    virtual void cut_power_while_opening(Random& random) = 0;

    /// What backup and restore do: the state by number, from 1. Restoring makes it another store (T).
    [[nodiscard]] virtual std::size_t images() const = 0;
    [[nodiscard]] virtual Result<void> restore_image(std::size_t image, const StoreInstance& instance) = 0;
    /// A new disk in the place of the old.
    virtual void lose_all(const StoreInstance& instance) = 0;

    /// Some bits of it change by themselves, while nothing is open. False if there are none.
    [[nodiscard]] virtual bool decay(Random& random) = 0;
    /// What its owner does before anything is opened that decayed: a full check, and a repair of what it
    /// finds. `fresh` is the instance of a store that had to be made anew.
    [[nodiscard]] virtual Result<void> mend(const GroupId& group, const StoreInstance& fresh,
                                            const Verifier& verifier) = 0;

    /// How many own ops the store held: a file beside it, as the program keeps one. It goes with the disk.
    std::uint64_t own_noted = 0;
};

/// Every transaction in a journal in memory, durable when the call returns, as T promises. Nothing decays.
[[nodiscard]] std::unique_ptr<SimDisk> make_journal_disk(const StoreInstance& instance);

/// The real store on SQLite, on a disk that tears what was not synced when its power is cut (crash/).
/// `reached` is told what it came to.
[[nodiscard]] std::unique_ptr<SimDisk> make_sqlite_disk(const StoreInstance& instance, std::uint64_t seed,
                                                        std::function<void(const char*)> reached);

}  // namespace folkmoot::sim
