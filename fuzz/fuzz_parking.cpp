// Parked ops against a naive model of them (Y6): the same ops are kept, freed and dropped, bytes are counted
// exactly and never above the budget of one peer, and what one session parks takes nothing from another.
#include <map>
#include <set>

#include "base/assert.hpp"
#include "fuzz/support/records.hpp"
#include "fuzz/support/script.hpp"
#include "sync/parking.hpp"

namespace {

using namespace folkmoot;
using fuzz::Script;
using sync::Parking;

constexpr std::size_t header_bytes = 1;
constexpr std::size_t step_bytes = 8;
constexpr std::size_t most_steps = 400;

OpId id_of(unsigned number) {
    OpId id;
    // Neighbours in number are far apart in order.
    id.bytes[0] = static_cast<std::uint8_t>(number * 73U);
    id.bytes[1] = static_cast<std::uint8_t>(number);
    id.bytes[2] = static_cast<std::uint8_t>(number >> 8U);
    return id;
}

/// What parking promises, by looking at everything each time.
class Naive {
   public:
    bool park(const EncodedOp& op, const std::vector<OpId>& missing) {
        if (ops_.contains(op.id)) return false;
        const std::size_t cost = Parking::cost(op, missing.size());
        if (ops_.size() >= limits::parked_ops_per_peer || bytes() + cost > limits::parked_bytes_per_peer) {
            overflowed = true;
            return false;
        }
        ops_[op.id] = {{missing.begin(), missing.end()}, cost};
        bytes_ += cost;
        return true;
    }
    std::set<OpId> resolve(const OpId& arrived) {
        std::set<OpId> ready;
        for (auto& [id, entry] : ops_) {
            if (entry.missing.erase(arrived) > 0 && entry.missing.empty()) ready.insert(id);
        }
        for (const OpId& id : ready) erase(id);
        return ready;
    }
    std::set<OpId> drop_waiting_for(const OpId& id) {
        std::set<OpId> dropped;
        std::set<OpId> causes{id};
        for (bool more = true; more;) {
            more = false;
            for (const auto& [each, entry] : ops_) {
                const bool hit =
                    std::ranges::any_of(entry.missing, [&](const OpId& m) { return causes.contains(m); });
                if (hit && dropped.insert(each).second) more = causes.insert(each).second || more;
            }
        }
        for (const OpId& each : dropped) erase(each);
        return dropped;
    }
    [[nodiscard]] std::vector<OpId> missing() const {
        std::set<OpId> out;
        for (const auto& [id, entry] : ops_) {
            for (const OpId& each : entry.missing) {
                if (!ops_.contains(each)) out.insert(each);
            }
        }
        return {out.begin(), out.end()};
    }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    [[nodiscard]] std::size_t size() const { return ops_.size(); }
    [[nodiscard]] bool holds(const OpId& id) const { return ops_.contains(id); }
    void clear() {
        ops_.clear();
        bytes_ = 0;
        overflowed = false;
    }
    bool overflowed = false;

   private:
    struct Entry {
        std::set<OpId> missing;
        std::size_t cost = 0;
    };
    void erase(const OpId& id) {
        bytes_ -= ops_.at(id).cost;
        ops_.erase(id);
    }
    std::map<OpId, Entry> ops_;
    std::size_t bytes_ = 0;
};

class Both {
   public:
    // Each op has a number above those it waits for: no circles, as with hashes.
    void park(Script& script) {
        const unsigned number = 1U + script.word() % 4096U;
        EncodedOp op;
        op.id = id_of(number);
        op.body = Bytes(script.byte() * 16U);
        const std::uint8_t payload = script.byte();
        if (payload > 0) op.payload = Bytes(payload * 128U);
        std::set<OpId> missing;
        for (std::size_t i = 0; i <= script.below(3); ++i) {
            missing.insert(id_of(number - 1U - std::min<unsigned>(script.byte(), number - 1U)));
        }
        const std::vector<OpId> list(missing.begin(), missing.end());
        const bool kept = naive_.park(op, list);
        FOLKMOOT_ASSERT(parking_.park(std::move(op), list) == kept);
    }
    void step(Script& script) {
        switch (script.byte() % 8) {
            case 5: {
                const OpId id = id_of(script.word() % 4097U);
                std::set<OpId> ready;
                for (const auto& op : parking_.resolve(id)) FOLKMOOT_ASSERT(ready.insert(op.id).second);
                FOLKMOOT_ASSERT(ready == naive_.resolve(id));
                break;
            }
            case 6: {
                const OpId id = id_of(script.word() % 4097U);
                const auto dropped = parking_.drop_waiting_for(id);
                const std::set<OpId> once(dropped.begin(), dropped.end());
                FOLKMOOT_ASSERT(once.size() == dropped.size() && once == naive_.drop_waiting_for(id));
                break;
            }
            case 7:
                if (script.below(32) == 0) {
                    parking_.clear();
                    naive_.clear();
                }
                break;
            default: park(script);
        }
        check();
        if (++steps_ % 8 == 0) check_missing();
    }
    void check_missing() const { FOLKMOOT_ASSERT(parking_.missing() == naive_.missing()); }
    [[nodiscard]] std::size_t bytes() const { return parking_.bytes(); }

   private:
    void check() const {
        FOLKMOOT_ASSERT(parking_.bytes() == naive_.bytes());
        FOLKMOOT_ASSERT(parking_.bytes() <= limits::parked_bytes_per_peer);
        FOLKMOOT_ASSERT(parking_.size() == naive_.size());
        FOLKMOOT_ASSERT(parking_.size() <= limits::parked_ops_per_peer);
        FOLKMOOT_ASSERT(parking_.overflowed() == naive_.overflowed);
    }
    Parking parking_;
    Naive naive_;
    unsigned steps_ = 0;
};

}  // namespace

FOLKMOOT_FUZZ_RECORDS(header_bytes, step_bytes)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < header_bytes) return 0;
    // Two sessions: the second has parked one op, which stays its own whatever the first does.
    Both flooded;
    Parking other;
    FOLKMOOT_ASSERT(other.park({id_of(5000), Bytes(100), {}, {}, 0}, {id_of(4999)}));
    const std::size_t reserved = other.bytes();
    const ByteView steps = ByteView(data, size).subspan(header_bytes);
    for (std::size_t i = 0; i < most_steps && (i + 1) * step_bytes <= steps.size(); ++i) {
        Script step(steps.data() + i * step_bytes, step_bytes);
        flooded.step(step);
    }
    flooded.check_missing();
    FOLKMOOT_ASSERT(other.bytes() == reserved && other.holds(id_of(5000)));
    FOLKMOOT_ASSERT(other.resolve(id_of(4999)).size() == 1 && other.bytes() == 0);
    return 0;
}
