#include "encoding/cbor.hpp"

#include <cbor.h>

#include "base/assert.hpp"

namespace folkmoot::encoding {
namespace {

// What the streaming decoder's callbacks report about one item.
struct Seen {
    enum class Type : std::uint8_t { nothing, uint, bytes, text, array } type = Type::nothing;
    std::uint64_t value = 0;
    const unsigned char* content = nullptr;
};

template <class T>
void on_uint(void* context, T value) {
    *static_cast<Seen*>(context) = {Seen::Type::uint, value, nullptr};
}

cbor_callbacks make_callbacks() {
    // Everything the profile forbids keeps libcbor's null callback, so it leaves Type::nothing behind.
    cbor_callbacks callbacks = cbor_empty_callbacks;
    callbacks.uint8 = [](void* c, std::uint8_t v) { on_uint(c, v); };
    callbacks.uint16 = [](void* c, std::uint16_t v) { on_uint(c, v); };
    callbacks.uint32 = [](void* c, std::uint32_t v) { on_uint(c, v); };
    callbacks.uint64 = [](void* c, std::uint64_t v) { on_uint(c, v); };
    callbacks.byte_string = [](void* c, cbor_data data, std::uint64_t size) {
        *static_cast<Seen*>(c) = {Seen::Type::bytes, size, data};
    };
    callbacks.string = [](void* c, cbor_data data, std::uint64_t size) {
        *static_cast<Seen*>(c) = {Seen::Type::text, size, data};
    };
    callbacks.array_start = [](void* c, std::uint64_t size) {
        *static_cast<Seen*>(c) = {Seen::Type::array, size, nullptr};
    };
    return callbacks;
}

std::size_t minimal_head(std::uint64_t value) {
    if (value < 24) return 1;
    if (value <= 0xff) return 2;
    if (value <= 0xffff) return 3;
    if (value <= 0xffffffff) return 5;
    return 9;
}

}  // namespace

std::unexpected<Error> Reader::stop(ErrorCode code, std::string text) {
    if (!failed_) failed_ = Error{code, std::move(text)};
    return std::unexpected(*failed_);
}

Result<Reader::Token> Reader::next() {
    if (failed_) return std::unexpected(*failed_);
    if (items_left_ == 0) return stop(ErrorCode::cbor_too_many_items, "more items than allowed");
    const ByteView rest = data_.subspan(offset_);
    if (rest.empty()) return stop(ErrorCode::cbor_truncated, "the input ends inside the item");

    static const cbor_callbacks callbacks = make_callbacks();
    Seen seen;
    const auto result = cbor_stream_decode(rest.data(), rest.size(), &callbacks, &seen);
    if (result.status == CBOR_DECODER_NEDATA) {
        return stop(ErrorCode::cbor_truncated, "the input ends inside the item");
    }
    if (result.status != CBOR_DECODER_FINISHED || seen.type == Seen::Type::nothing) {
        return stop(ErrorCode::cbor_type_not_allowed, "an item of a type outside the profile");
    }
    const std::size_t head = minimal_head(seen.value);
    const bool has_content = seen.type == Seen::Type::bytes || seen.type == Seen::Type::text;
    // Lengths were checked against the input by the decoder; check again in arithmetic that cannot wrap.
    if (head > rest.size() || (has_content && seen.value > rest.size() - head)) {
        return stop(ErrorCode::cbor_not_minimal, "a length or integer is not in its shortest form");
    }
    const std::size_t size = head + (has_content ? static_cast<std::size_t>(seen.value) : 0);
    if (result.read != size) {
        return stop(ErrorCode::cbor_not_minimal, "a length or integer is not in its shortest form");
    }
    --items_left_;
    offset_ += size;
    Token token{Token::Type::uint, seen.value, {}};
    switch (seen.type) {
        case Seen::Type::bytes:
            token.type = Token::Type::bytes;
            token.content = rest.subspan(head, size - head);
            break;
        case Seen::Type::text:
            token.type = Token::Type::text;
            token.content = rest.subspan(head, size - head);
            break;
        case Seen::Type::array: token.type = Token::Type::array; break;
        default: break;
    }
    return token;
}

Result<std::uint64_t> Reader::read_uint(std::uint64_t max) {
    auto token = next();
    if (!token) return std::unexpected(token.error());
    if (token->type != Token::Type::uint) {
        return stop(ErrorCode::cbor_unexpected_type, "expected an unsigned integer");
    }
    if (token->value > max) return stop(ErrorCode::cbor_length, "an integer is out of range");
    return token->value;
}

Result<ByteView> Reader::read_bytes(std::size_t max) {
    auto token = next();
    if (!token) return std::unexpected(token.error());
    if (token->type != Token::Type::bytes) {
        return stop(ErrorCode::cbor_unexpected_type, "expected a byte string");
    }
    if (token->value > max) return stop(ErrorCode::cbor_length, "a byte string is too long");
    return token->content;
}

Result<std::string_view> Reader::read_text(std::size_t max) {
    auto token = next();
    if (!token) return std::unexpected(token.error());
    if (token->type != Token::Type::text) return stop(ErrorCode::cbor_unexpected_type, "expected text");
    if (token->value > max) return stop(ErrorCode::cbor_length, "a text is too long");
    const std::string_view text(reinterpret_cast<const char*>(token->content.data()), token->content.size());
    if (!is_utf8(text)) return stop(ErrorCode::cbor_bad_utf8, "text is not well-formed UTF-8");
    return text;
}

Result<std::size_t> Reader::begin_array(std::size_t max) {
    auto token = next();
    if (!token) return std::unexpected(token.error());
    if (token->type != Token::Type::array) {
        return stop(ErrorCode::cbor_unexpected_type, "expected an array");
    }
    if (depth_ == max_depth_) return stop(ErrorCode::cbor_too_deep, "arrays are nested too deeply");
    // Every item takes at least one byte, so a count beyond the rest of the input is a lie.
    if (token->value > max || token->value > data_.size() - offset_) {
        return stop(ErrorCode::cbor_length, "an array is too long");
    }
    ++depth_;
    return static_cast<std::size_t>(token->value);
}

Result<void> Reader::expect_array(std::size_t length) {
    auto count = begin_array(length);
    if (!count) return std::unexpected(count.error());
    if (*count != length) return stop(ErrorCode::cbor_length, "an array of the wrong length");
    return {};
}

void Reader::end_array() {
    if (depth_ > 0) --depth_;
}

Result<void> Reader::finish() {
    if (failed_) return std::unexpected(*failed_);
    if (offset_ != data_.size()) return stop(ErrorCode::cbor_trailing_bytes, "bytes after the last item");
    return {};
}

void Writer::head(std::uint8_t major, std::uint64_t value) {
    const auto type = static_cast<std::uint8_t>(major << 5U);
    const std::size_t size = minimal_head(value);
    if (size == 1) {
        out_.push_back(static_cast<std::uint8_t>(type | value));
        return;
    }
    constexpr std::array<std::uint8_t, 10> info{0, 0, 24, 25, 0, 26, 0, 0, 0, 27};
    out_.push_back(static_cast<std::uint8_t>(type | info[size]));
    for (std::size_t i = size - 1; i-- > 0;) out_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void Writer::write_uint(std::uint64_t value) { head(0, value); }

void Writer::write_bytes(ByteView data) {
    head(2, data.size());
    append(out_, data);
}

void Writer::write_text(std::string_view text) {
    head(3, text.size());
    append(out_, as_bytes(text));
}

void Writer::begin_array(std::size_t length) { head(4, length); }

bool is_utf8(std::string_view text) {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    for (std::size_t i = 0; i < text.size();) {
        const unsigned first = at(i);
        if (first < 0x80) {
            ++i;
            continue;
        }
        std::size_t more = 0;
        unsigned low = 0x80;
        unsigned high = 0xbf;
        if (first >= 0xc2 && first <= 0xdf) {
            more = 1;
        } else if (first >= 0xe0 && first <= 0xef) {
            more = 2;
            if (first == 0xe0) low = 0xa0;
            if (first == 0xed) high = 0x9f;
        } else if (first >= 0xf0 && first <= 0xf4) {
            more = 3;
            if (first == 0xf0) low = 0x90;
            if (first == 0xf4) high = 0x8f;
        } else {
            return false;
        }
        if (more > text.size() - i - 1) return false;
        for (std::size_t k = 1; k <= more; ++k) {
            const unsigned next = at(i + k);
            if (next < low || next > high) return false;
            low = 0x80;
            high = 0xbf;
        }
        i += more + 1;
    }
    return true;
}

}  // namespace folkmoot::encoding
