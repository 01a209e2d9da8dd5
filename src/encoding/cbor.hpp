// Strict deterministic CBOR (RFC 8949 section 4.2.1) in a closed profile (O1): unsigned integers, byte
// strings, definite arrays and UTF-8 text. No maps, tags, floats, negative or indefinite items.
//
// Reader works on a view and copies nothing; every count is checked against the bytes that are left
// before anybody can allocate for it. libcbor's streaming decoder does the tokenising; its `required`
// is never trusted, and minimal length is checked on our side, because libcbor accepts more.
#pragma once

#include <cstdint>
#include <string_view>

#include "folkmoot/bytes.hpp"
#include "folkmoot/error.hpp"

namespace folkmoot::encoding {

/// Pulls items in order. After the first failure every call fails with the same error.
class Reader {
   public:
    /// `max_items` bounds the items read in all, arrays included; `max_depth` the open arrays.
    Reader(ByteView data, std::size_t max_items, std::size_t max_depth)
        : data_(data), items_left_(max_items), max_depth_(max_depth) {}

    /// An unsigned integer up to `max`.
    [[nodiscard]] Result<std::uint64_t> read_uint(std::uint64_t max = UINT64_MAX);
    /// A byte string of at most `max` bytes; a view into the input.
    [[nodiscard]] Result<ByteView> read_bytes(std::size_t max);
    /// UTF-8 text of at most `max` bytes, well formed; a view into the input.
    [[nodiscard]] Result<std::string_view> read_text(std::size_t max);
    /// Opens an array and returns its length, at most `max` and at most the bytes that are left.
    /// The caller reads that many items and then calls end_array.
    [[nodiscard]] Result<std::size_t> begin_array(std::size_t max);
    /// Opens an array that must have exactly `length` items.
    [[nodiscard]] Result<void> expect_array(std::size_t length);
    void end_array();
    /// Succeeds when every byte was read.
    [[nodiscard]] Result<void> finish();

    /// A byte string of exactly T::size bytes.
    template <class T>
    [[nodiscard]] Result<T> read_fixed() {
        auto view = read_bytes(T::size);
        if (!view) return std::unexpected(view.error());
        auto value = T::from(*view);
        if (!value) return stop(ErrorCode::cbor_length, "byte string of the wrong length");
        return *value;
    }

    [[nodiscard]] std::size_t position() const { return offset_; }

   private:
    struct Token {
        enum class Type : std::uint8_t { uint, bytes, text, array } type;
        std::uint64_t value;  // the integer, or the length
        ByteView content;     // bytes and text only
    };
    [[nodiscard]] Result<Token> next();
    [[nodiscard]] std::unexpected<Error> stop(ErrorCode code, std::string text);

    ByteView data_;
    std::size_t offset_ = 0;
    std::size_t items_left_;
    std::size_t max_depth_;
    std::size_t depth_ = 0;
    std::optional<Error> failed_;
};

/// Appends items in the only way Reader accepts them.
class Writer {
   public:
    explicit Writer(Bytes& out) : out_(out) {}
    void write_uint(std::uint64_t value);
    void write_bytes(ByteView data);
    void write_text(std::string_view text);
    void begin_array(std::size_t length);

   private:
    void head(std::uint8_t major, std::uint64_t value);
    Bytes& out_;
};

/// Whether `text` is well-formed UTF-8 (Unicode 15 table 3-7: no surrogates, no overlong forms).
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace folkmoot::encoding
