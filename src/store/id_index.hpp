// Where each op id stands: from the first 8 bytes of an id to row numbers, in memory only.
//
// Why not an index in the file: ids are random, so each insert dirties another page. Measured on rows of
// 500 bytes in batches of 1,000: a unique index on the id falls from 94,000 rows/s at 100,000 rows to 35,000
// at 400,000; an index on 8 bytes of it from 156,000 to 51,000; none stays at 400,000. Every program that
// writes replays the whole history first (for_each), which fills this on the way.
//
// Ids are hashes that peers can grind. Probing is linear over 8-byte keys, so k ids ground into one
// place cost a scan of 8k bytes each; grinding each takes as many hashes as the table has places.
//
// 12 bytes a place, at most 3/4 full: 24 MiB for a million ops. find is O(1); the caller compares the full
// id.
#pragma once

#include <cstring>
#include <vector>

#include "base/assert.hpp"
#include "folkmoot/bytes.hpp"

namespace folkmoot::store {

class IdIndex {
   public:
    /// Makes room, so that the next `more` calls of insert allocate nothing and cannot fail.
    void reserve(std::size_t more) {
        std::size_t places = keys_.empty() ? 1024 : keys_.size();
        while ((used_ + more) > places / 4 * 3) places *= 2;
        if (places != keys_.size()) rehash(places);
    }

    /// `row` is at least 1.
    void insert(const OpId& id, std::uint32_t row) {
        reserve(1);
        put(key_of(id), row);
        ++used_;
    }

    /// Calls `match(row)` for each row whose id may be `id` until it returns true.
    template <class Match>
    void find(const OpId& id, Match&& match) const {
        if (keys_.empty()) return;
        const std::uint64_t key = key_of(id);
        for (std::size_t at = key & mask(); rows_[at] != 0; at = (at + 1) & mask()) {
            if (keys_[at] == key && match(rows_[at])) return;
        }
    }

    [[nodiscard]] std::size_t size() const { return used_; }

   private:
    static std::uint64_t key_of(const OpId& id) {
        std::uint64_t key = 0;
        std::memcpy(&key, id.bytes.data(), sizeof key);
        return key;
    }
    [[nodiscard]] std::size_t mask() const { return keys_.size() - 1; }

    void put(std::uint64_t key, std::uint32_t row) {
        FOLKMOOT_ASSERT(row != 0);
        std::size_t at = key & mask();
        while (rows_[at] != 0) at = (at + 1) & mask();
        keys_[at] = key;
        rows_[at] = row;
    }

    void rehash(std::size_t places) {
        std::vector<std::uint64_t> keys(places);
        std::vector<std::uint32_t> rows(places);
        keys.swap(keys_);
        rows.swap(rows_);
        for (std::size_t i = 0; i < keys.size(); ++i) {
            if (rows[i] != 0) put(keys[i], rows[i]);
        }
    }

    /// A power of two of places; a row of 0 marks a free one.
    std::vector<std::uint64_t> keys_;
    std::vector<std::uint32_t> rows_;
    std::size_t used_ = 0;
};

}  // namespace folkmoot::store
