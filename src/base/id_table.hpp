// Open addressing from ids to indices: 4 bytes a slot, no copies of the ids.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/salted_hash.hpp"

namespace folkmoot {

/// `id_at(index)` gives back the key of an index already inserted.
template <class Id, class IdAt>
class IdTable {
   public:
    IdTable(std::uint64_t seed, IdAt id_at) : seed_(seed), id_at_(std::move(id_at)), slots_(64, free_slot) {}

    [[nodiscard]] std::optional<std::uint32_t> find(const Id& id) const {
        for (std::size_t at = start(id);; at = (at + 1) & (slots_.size() - 1)) {
            if (slots_[at] == free_slot) return std::nullopt;
            if (id_at_(slots_[at]) == id) return slots_[at];
        }
    }

    /// Precondition: id_at(index) answers and the id is not in the table.
    void insert(std::uint32_t index) {
        if ((count_ + 1) * 4 > slots_.size() * 3) grow();
        place(index);
        ++count_;
    }

    /// Makes room for `count` more.
    void reserve(std::size_t count) {
        while ((count_ + count) * 4 > slots_.size() * 3) grow();
    }

    [[nodiscard]] std::size_t memory() const { return slots_.capacity() * sizeof(slots_[0]); }

   private:
    static constexpr std::uint32_t free_slot = UINT32_MAX;

    [[nodiscard]] std::size_t start(const Id& id) const {
        return static_cast<std::size_t>(salted_hash(id.view(), seed_)) & (slots_.size() - 1);
    }
    void place(std::uint32_t index) {
        std::size_t at = start(id_at_(index));
        while (slots_[at] != free_slot) at = (at + 1) & (slots_.size() - 1);
        slots_[at] = index;
    }
    void grow() {
        std::vector<std::uint32_t> old(slots_.size() * 2, free_slot);
        old.swap(slots_);
        for (const auto index : old) {
            if (index != free_slot) place(index);
        }
    }

    std::uint64_t seed_;
    IdAt id_at_;
    std::vector<std::uint32_t> slots_;
    std::size_t count_ = 0;
};

}  // namespace folkmoot
