#include "net/noise_records.hpp"

#include "base/assert.hpp"

namespace folkmoot::net {

bool RecordSealer::seal(RecordKind kind, ByteView content, Bytes& out) {
    FOLKMOOT_ASSERT(content.size() <= record_content_bytes);
    Bytes plain;
    plain.reserve(content.size() + 1);
    append(plain, content);
    plain.push_back(static_cast<std::uint8_t>(kind));

    const std::size_t start = out.size();
    append_length(out, content.size() + record_overhead_bytes);
    if (!cipher_.encrypt_with_ad({}, plain, out)) {
        out.resize(start);
        return false;
    }
    if (++records_ == rekey_records_) {
        cipher_.rekey();
        records_ = 0;
    }
    return true;
}

std::optional<RecordKind> RecordOpener::open(ByteView sealed, Bytes& message) {
    // Without room for tag and kind there is nothing to authenticate; a short tag is never compared.
    if (sealed.size() < record_overhead_bytes) return std::nullopt;
    const std::size_t start = message.size();
    if (!cipher_.decrypt_with_ad({}, sealed, message)) return std::nullopt;
    if (++records_ == rekey_records_) {
        cipher_.rekey();
        records_ = 0;
    }
    // The kind stands last, so that the content needs no moving.
    const std::uint8_t kind = message.back();
    message.pop_back();
    const std::size_t content = message.size() - start;
    switch (static_cast<RecordKind>(kind)) {
        case RecordKind::last: return RecordKind::last;
        case RecordKind::more:
            if (content != record_content_bytes) return std::nullopt;
            return RecordKind::more;
        case RecordKind::close:
            if (content != 0) return std::nullopt;
            return RecordKind::close;
    }
    return std::nullopt;
}

}  // namespace folkmoot::net
