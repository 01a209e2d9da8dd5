// A reader for layouts that are read straight down: it keeps the first error, so that callers read on blindly
// and look once at the end. What is read after an error is empty.
#pragma once

#include <string>
#include <utility>

#include "encoding/cbor.hpp"

namespace folkmoot::encoding {

class StraightReader {
   public:
    StraightReader(ByteView data, std::size_t max_items, std::size_t max_depth)
        : reader_(data, max_items, max_depth) {}

    [[nodiscard]] bool failed() const { return error_.has_value(); }
    /// Only after failed().
    [[nodiscard]] std::unexpected<Error> error() const { return std::unexpected(*error_); }
    void reject(ErrorCode code, std::string text) {
        if (!error_) error_ = Error{code, std::move(text)};
    }

    template <class T>
    T fixed() {
        return take(reader_.read_fixed<T>()).value_or(T{});
    }
    /// Opens an array of at most `max` items; its length.
    std::size_t begin(std::size_t max) { return take(reader_.begin_array(max)).value_or(0); }
    void end() { reader_.end_array(); }
    /// Nothing may follow.
    void finish() {
        if (auto result = reader_.finish(); !result) reject(result.error().code, result.error().text);
    }

   protected:
    template <class T>
    Result<T> take(Result<T> result) {
        if (!result && !error_) error_ = result.error();
        if (error_) return std::unexpected(*error_);
        return result;
    }
    Reader& reader() { return reader_; }

   private:
    Reader reader_;
    std::optional<Error> error_;
};

}  // namespace folkmoot::encoding
