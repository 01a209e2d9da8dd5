// Records: the encrypted units that follow the handshake (rules C7 to C10 of protocol-spec/channel.md).
//
//     length (2 bytes, big-endian) | ciphertext of (content | kind) | tag (16)
//
// One direction has one cipher. Both ends count its records and rekey it after the same one.
#pragma once

#include "folkmoot/limits.hpp"
#include "net/noise_cipher.hpp"

namespace folkmoot::net {

enum class RecordKind : std::uint8_t {
    /// The content ends a message.
    last = 0,
    /// The message goes on in the next record; the content has record_content_bytes.
    more = 1,
    /// The sender has nothing more to say; no content.
    close = 2,
};

inline constexpr std::size_t record_prefix_bytes = 2;
inline constexpr std::size_t record_overhead_bytes = crypto::aead_tag_bytes + 1;
inline constexpr std::size_t record_content_bytes = limits::record_bytes - record_overhead_bytes;
static_assert(limits::record_bytes == 65535, "the length prefix has two bytes");

/// The length that the two bytes at the front of `data` announce.
[[nodiscard]] inline std::size_t announced_length(ByteView data) {
    return static_cast<std::size_t>(data[0]) << 8U | data[1];
}
inline void append_length(Bytes& out, std::size_t length) {
    out.push_back(static_cast<std::uint8_t>(length >> 8U));
    out.push_back(static_cast<std::uint8_t>(length));
}

class RecordSealer {
   public:
    /// Rekeys after every `rekey_records` records; at least 1.
    RecordSealer(CipherState cipher, std::uint64_t rekey_records)
        : cipher_(std::move(cipher)), rekey_records_(rekey_records) {}

    /// Appends a whole record, prefix included. False if the cipher is destroyed or used up.
    /// Precondition: content.size() <= record_content_bytes. Copies the content once.
    [[nodiscard]] bool seal(RecordKind kind, ByteView content, Bytes& out);
    void destroy() { cipher_.destroy(); }

   private:
    CipherState cipher_;
    std::uint64_t rekey_records_;
    std::uint64_t records_ = 0;
};

class RecordOpener {
   public:
    RecordOpener(CipherState cipher, std::uint64_t rekey_records)
        : cipher_(std::move(cipher)), rekey_records_(rekey_records) {}

    /// Appends the content of `sealed` (a record without its prefix) to `message` and returns its kind;
    /// nothing if it is not authentic, or authentic and malformed. `message` is unchanged if it is not
    /// authentic.
    [[nodiscard]] std::optional<RecordKind> open(ByteView sealed, Bytes& message);
    void destroy() { cipher_.destroy(); }

   private:
    CipherState cipher_;
    std::uint64_t rekey_records_;
    std::uint64_t records_ = 0;
};

}  // namespace folkmoot::net
