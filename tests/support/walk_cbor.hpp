// Reads any item of the profile, whatever its shape, and writes it again; and a second opinion, written
// without the reader, on which byte strings are in the profile. For fuzzers and property tests.
#pragma once

#include <algorithm>
#include <vector>

#include "encoding/cbor.hpp"

namespace folkmoot::walk {

inline constexpr std::size_t max_items = 256;
inline constexpr std::size_t max_depth = 4;

/// Copies the next item, which is no array, or opens it in both if it is one; returns how many items follow
/// in it.
inline Result<std::size_t> copy_item(ByteView data, encoding::Reader& in, encoding::Writer& out) {
    const unsigned major = in.position() < data.size() ? data[in.position()] >> 5U : 0;
    if (major == 2) {
        const auto value = in.read_bytes(SIZE_MAX);
        if (!value) return std::unexpected(value.error());
        out.write_bytes(*value);
    } else if (major == 3) {
        const auto value = in.read_text(SIZE_MAX);
        if (!value) return std::unexpected(value.error());
        out.write_text(*value);
    } else if (major == 4) {
        const auto count = in.begin_array(SIZE_MAX);
        if (!count) return std::unexpected(count.error());
        out.begin_array(*count);
        return *count;
    } else {
        const auto value = in.read_uint();
        if (!value) return std::unexpected(value.error());
        out.write_uint(*value);
    }
    return 0;
}

/// The one item that `data` spells, read and written again; or why it is none.
inline Result<Bytes> rewrite(ByteView data) {
    encoding::Reader in(data, max_items, max_depth);
    Bytes copy;
    encoding::Writer out(copy);
    std::vector<std::size_t> open{1};  // how many items are still to come in each open array
    while (!open.empty()) {
        if (open.back() == 0) {
            open.pop_back();
            if (!open.empty()) in.end_array();
            continue;
        }
        --open.back();
        const bool array = in.position() < data.size() && data[in.position()] >> 5U == 4;
        const auto inner = copy_item(data, in, out);
        if (!inner) return std::unexpected(inner.error());
        if (array) open.push_back(*inner);
    }
    if (auto done = in.finish(); !done) return std::unexpected(done.error());
    return copy;
}

/// Whether `data` is exactly one item of the profile within the limits; decided from RFC 8949 alone.
inline bool in_profile(ByteView data) {
    std::vector<std::uint64_t> open{1};
    std::size_t offset = 0;
    std::size_t items = 0;
    while (!open.empty()) {
        if (open.back() == 0) {
            open.pop_back();
            continue;
        }
        --open.back();
        if (offset == data.size() || ++items > max_items) return false;
        const unsigned major = data[offset] >> 5U;
        const unsigned info = data[offset] & 31U;
        ++offset;
        if ((major != 0 && major != 2 && major != 3 && major != 4) || info > 27) return false;
        std::uint64_t value = info;
        if (info >= 24) {
            const std::size_t width = std::size_t{1} << (info - 24);
            if (data.size() - offset < width) return false;
            value = 0;
            for (std::size_t i = 0; i < width; ++i) value = value << 8U | data[offset + i];
            offset += width;
            constexpr std::uint64_t least[] = {24, 0x100, 0x10000, 0x100000000};
            if (value < least[info - 24]) return false;
        }
        if (major == 4) {
            if (value > data.size() - offset || open.size() > max_depth) return false;
            open.push_back(value);
        } else if (major != 0) {
            if (value > data.size() - offset) return false;
            const auto* start = reinterpret_cast<const char*>(data.data() + offset);
            if (major == 3 && !encoding::is_utf8({start, static_cast<std::size_t>(value)})) return false;
            offset += static_cast<std::size_t>(value);
        }
    }
    return offset == data.size();
}

}  // namespace folkmoot::walk
