// Byte strings and the strong types for keys, ids and digests.
//
// An id is never a bare array in a signature: an OpId cannot be passed where a DeviceKey is meant.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace folkmoot {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

/// A fixed-size byte string that is only comparable with its own kind. Ordered bytewise.
template <class Tag, std::size_t N>
struct Fixed {
    static constexpr std::size_t size = N;
    std::array<std::uint8_t, N> bytes{};

    friend constexpr auto operator<=>(const Fixed&, const Fixed&) = default;

    [[nodiscard]] ByteView view() const { return ByteView(bytes); }

    /// The value in `data`, or nothing unless `data` has exactly N bytes.
    [[nodiscard]] static std::optional<Fixed> from(ByteView data) {
        if (data.size() != N) return std::nullopt;
        Fixed out;
        std::memcpy(out.bytes.data(), data.data(), N);
        return out;
    }
};

using OpId = Fixed<struct OpIdTag, 32>;
using GroupId = Fixed<struct GroupIdTag, 32>;
using DeviceKey = Fixed<struct DeviceKeyTag, 32>;
using Hash32 = Fixed<struct Hash32Tag, 32>;
using Signature = Fixed<struct SignatureTag, 64>;
/// Keyed digest of a frontier or of a membership.
using Digest = Fixed<struct DigestTag, 16>;

/// The group id is the id of the group's `create` op (rule O4).
[[nodiscard]] inline GroupId group_of(const OpId& create) { return GroupId{create.bytes}; }
[[nodiscard]] inline OpId create_of(const GroupId& group) { return OpId{group.bytes}; }

[[nodiscard]] inline ByteView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Lower-case hexadecimal, two digits a byte.
[[nodiscard]] std::string to_hex(ByteView data);
/// The bytes that `text` spells, or nothing if it has an odd length or another character.
[[nodiscard]] std::optional<Bytes> from_hex(std::string_view text);

template <class T>
[[nodiscard]] std::optional<T> fixed_from_hex(std::string_view text) {
    const auto raw = from_hex(text);
    return raw ? T::from(*raw) : std::nullopt;
}

/// Appends `data` to `out`.
inline void append(Bytes& out, ByteView data) { out.insert(out.end(), data.begin(), data.end()); }

}  // namespace folkmoot
