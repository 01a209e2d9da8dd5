// Payloads in slots, so that erasing one erases every copy of it.
//
// Deleting rows with secure_delete is not enough: when SQLite merges or splits pages it moves cells, and the
// old place of a moved cell is not always zeroed. If that payload is erased later, only its new place is (a
// test with 2,347 erasures found 7 payloads still in the file). So bytes that may have to go never move: a
// slot is added at the end of its table, where SQLite appends without touching other pages, is never deleted
// and never resized. Erasing overwrites it with zeros where it lies; the next payload of its size class uses
// it.
//
// Slots come in sizes of 64, 96, 128, 192, 256 and so on up to 32 KiB: on average a fifth is padding.
#pragma once

#include "store/sqlite_handle.hpp"

namespace folkmoot::store {

/// Functions return SQLITE_DONE or an SQLite error; writes want an open transaction around them.
class Payloads {
   public:
    [[nodiscard]] Result<void> prepare(const Database& db);

    /// Stores the payload of op `row`; does nothing if it has one.
    [[nodiscard]] int put(std::int64_t row, ByteView bytes);
    /// The same for an op that is being added, and so can have none.
    [[nodiscard]] int put_new(std::int64_t row, ByteView bytes);
    /// Zeros the payload of op `row` and notes that it was erased.
    [[nodiscard]] int erase(std::int64_t row);
    /// The payload and the note, as StoredOp has them.
    [[nodiscard]] int read(std::int64_t row, StoredOp& op);

   private:
    struct Place {
        std::int64_t slot = 0;
        std::int64_t length = 0;
    };
    /// The slot of op `row`, 0 if it has none.
    [[nodiscard]] int find(std::int64_t row, Place& place);
    /// An empty slot of this size that was used before, 0 if there is none.
    [[nodiscard]] int take_free(std::int64_t size, std::int64_t& slot);
    [[nodiscard]] int overwrite(std::int64_t slot, ByteView bytes);

    sqlite3* handle_ = nullptr;
    bool any_free_ = false;  // whether there may be an empty slot: most stores never erase
    Statement find_, insert_, remove_, add_slot_, bytes_at_, free_, take_, give_, note_, unnote_, noted_;
};

}  // namespace folkmoot::store
