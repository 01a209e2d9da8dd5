#include "encoding/base64url.hpp"

#include <algorithm>

namespace folkmoot::encoding {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

}  // namespace

std::string base64url(ByteView data) {
    std::string out;
    for (std::size_t i = 0; i < data.size(); i += 3) {
        const std::size_t have = std::min<std::size_t>(3, data.size() - i);
        unsigned group = 0;
        for (std::size_t j = 0; j < 3; ++j) group = group << 8U | (j < have ? data[i + j] : 0U);
        for (std::size_t j = 0; j <= have; ++j) out += alphabet[group >> (18U - 6U * j) & 63U];
    }
    return out;
}

std::optional<Bytes> from_base64url(std::string_view text) {
    Bytes out;
    unsigned bits = 0;
    unsigned held = 0;
    for (const char c : text) {
        const auto at = alphabet.find(c);
        if (at == std::string_view::npos) return std::nullopt;
        held = (held << 6U | static_cast<unsigned>(at)) & 0xffffU;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out.push_back(static_cast<std::uint8_t>(held >> bits & 0xffU));
        }
    }
    // One meaning, one text.
    if (base64url(out) != text) return std::nullopt;
    return out;
}

}  // namespace folkmoot::encoding
