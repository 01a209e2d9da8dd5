#include "sync/messages.hpp"

#include <algorithm>

#include "encoding/cbor.hpp"
#include "sync/batch.hpp"

namespace folkmoot::sync {
namespace {

using encoding::Reader;
using encoding::Writer;

// The first item of every message. Numbers are never reused.
enum class Type : std::uint8_t {
    have = 0,
    ops = 1,
    need = 2,
    done = 3,
    closed = 4,
    name_grant = 5,
    unknown_since = 6,
    end = 7,
};

constexpr std::size_t max_depth = 5;

void head(Writer& out, Type type, std::size_t fields) {
    out.begin_array(fields + 1);
    out.write_uint(static_cast<std::uint64_t>(type));
}

void write_ids(Writer& out, const std::vector<OpId>& ids) {
    out.begin_array(ids.size());
    for (const auto& id : ids) out.write_bytes(id.view());
}

void write_key(Writer& out, const std::optional<PageKey>& key) {
    out.begin_array(key ? 2 : 0);
    if (!key) return;
    out.write_uint(key->depth);
    out.write_bytes(key->id.view());
}

void write_summary(Writer& out, const Summary& summary) {
    out.begin_array(summary.kind == Summary::Kind::nothing ? 1 : 4);
    out.write_uint(static_cast<std::uint64_t>(summary.kind));
    if (summary.kind == Summary::Kind::nothing) return;
    write_key(out, summary.range.from);
    write_key(out, summary.range.to);
    if (summary.kind == Summary::Kind::bloom) {
        out.write_bytes(summary.bits);
    } else {
        write_ids(out, summary.ids);
    }
}

struct Encoder {
    Writer& out;

    void operator()(const Have& m) const {
        head(out, Type::have, 5);
        out.write_bytes(m.group.view());
        out.write_bytes(m.offer.view());
        out.write_uint(m.round);
        out.begin_array(m.since ? 1 : 0);
        if (m.since) out.write_uint(*m.since);
        write_summary(out, m.summary);
    }
    void operator()(const Ops& m) const {
        head(out, Type::ops, 3);
        out.write_uint(static_cast<std::uint64_t>(m.role));
        write_ids(out, m.heads);
        encode_batch(out, m.batch);
    }
    void operator()(const Need& m) const {
        head(out, Type::need, 2);
        write_ids(out, m.ids);
        out.write_uint(m.ancestors);
    }
    void operator()(const Done& m) const {
        head(out, Type::done, 1);
        out.write_uint(m.refused);
    }
    void operator()(const Closed& m) const {
        head(out, Type::closed, 1);
        out.write_bytes(m.group.view());
    }
    void operator()(const NameGrant& m) const {
        head(out, Type::name_grant, 1);
        out.write_bytes(m.grant.view());
    }
    void operator()(const UnknownSince&) const { head(out, Type::unknown_since, 0); }
    void operator()(const End& m) const {
        head(out, Type::end, 1);
        out.write_uint(m.code);
    }
};

// Like the body's reader: remembers the first error, so that the message's shape can be read straight down.
class MessageReader {
   public:
    explicit MessageReader(ByteView bytes) : in_(bytes, limits::message_items, max_depth) {}

    std::uint64_t uint(std::uint64_t max = UINT64_MAX) { return take(in_.read_uint(max)).value_or(0); }
    std::uint32_t uint32() { return static_cast<std::uint32_t>(uint(UINT32_MAX)); }
    template <class T>
    T fixed() {
        return take(in_.read_fixed<T>()).value_or(T{});
    }
    std::size_t begin(std::size_t max) { return take(in_.begin_array(max)).value_or(0); }
    void end() { in_.end_array(); }
    Bytes bytes(std::size_t max) {
        const auto view = take(in_.read_bytes(max)).value_or(ByteView{});
        return {view.begin(), view.end()};
    }
    std::vector<OpId> ids(std::size_t max) {
        const std::size_t count = begin(max);
        std::vector<OpId> out;
        out.reserve(count);
        for (std::size_t i = 0; i < count && !error_; ++i) out.push_back(fixed<OpId>());
        end();
        return out;
    }
    void reject(ErrorCode code, std::string text) {
        if (!error_) error_ = Error{code, std::move(text)};
    }
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }
    [[nodiscard]] Reader& raw() { return in_; }
    void fail_with(const Error& error) {
        if (!error_) error_ = error;
    }

   private:
    template <class T>
    Result<T> take(Result<T> result) {
        if (!result && !error_) error_ = result.error();
        if (error_) return std::unexpected(*error_);
        return result;
    }
    Reader in_;
    std::optional<Error> error_;
};

std::optional<PageKey> read_key(MessageReader& in) {
    const std::size_t count = in.begin(2);
    std::optional<PageKey> key;
    if (count == 2) {
        key.emplace();
        key->depth = in.uint32();
        key->id = in.fixed<OpId>();
    } else if (count != 0) {
        in.reject(ErrorCode::session_bad_summary, "a page bound has a depth and an id");
    }
    in.end();
    return key;
}

Summary read_summary(MessageReader& in) {
    Summary summary;
    const std::size_t count = in.begin(4);
    const auto kind = in.uint(UINT64_MAX);
    if (kind > 2 || count != (kind == 0 ? 1U : 4U)) {
        in.reject(ErrorCode::session_bad_summary, "a kind of summary this version does not know");
        return summary;
    }
    summary.kind = static_cast<Summary::Kind>(kind);
    if (summary.kind != Summary::Kind::nothing) {
        summary.range.from = read_key(in);
        summary.range.to = read_key(in);
        if (summary.kind == Summary::Kind::bloom) {
            summary.bits = in.bytes(limits::bloom_bytes);
            if (summary.bits.empty()) in.reject(ErrorCode::session_bad_summary, "a filter without bits");
        } else {
            summary.ids = in.ids(limits::exact_ids_per_page);
            const auto descends = [](const OpId& a, const OpId& b) { return !(a < b); };
            if (std::ranges::adjacent_find(summary.ids, descends) != summary.ids.end()) {
                in.reject(ErrorCode::session_bad_summary, "exact ids are not strictly ascending");
            }
        }
    }
    in.end();
    return summary;
}

Have read_have(MessageReader& in) {
    Have m;
    m.group = in.fixed<GroupTag>();
    m.offer = in.fixed<Digest>();
    m.round = in.uint32();
    if (in.begin(1) == 1) m.since = in.uint();
    in.end();
    m.summary = read_summary(in);
    return m;
}

Ops read_ops(MessageReader& in) {
    Ops m;
    m.role = static_cast<Ops::Role>(in.uint(2) & 3U);
    m.heads = in.ids(limits::head_ids);
    if (in.error()) return m;
    auto batch = decode_batch(in.raw());
    if (batch) {
        m.batch = std::move(*batch);
    } else {
        in.fail_with(batch.error());
    }
    return m;
}

std::size_t fields_of(Type type) {
    switch (type) {
        case Type::have: return 5;
        case Type::ops: return 3;
        case Type::need: return 2;
        case Type::unknown_since: return 0;
        default: return 1;
    }
}

Message read_fields(MessageReader& in, Type type) {
    switch (type) {
        case Type::have: return read_have(in);
        case Type::ops: return read_ops(in);
        case Type::need: {
            Need m;
            m.ids = in.ids(limits::need_ids);
            m.ancestors = in.uint32();
            return m;
        }
        case Type::done: return Done{in.uint()};
        case Type::closed: return Closed{in.fixed<GroupTag>()};
        case Type::name_grant: return NameGrant{in.fixed<OpId>()};
        case Type::unknown_since: return UnknownSince{};
        case Type::end: break;
    }
    return End{static_cast<std::uint16_t>(in.uint(UINT16_MAX))};
}

}  // namespace

Bytes encode_message(const Message& message) {
    Bytes bytes;
    Writer out(bytes);
    std::visit(Encoder{out}, message);
    return bytes;
}

Result<Message> decode_message(ByteView bytes) {
    if (bytes.size() > limits::message_bytes) {
        return fail(ErrorCode::session_message_too_large, "a message has at most 1 MiB");
    }
    MessageReader in(bytes);
    const std::size_t count = in.begin(6);
    const auto type = in.uint();
    if (in.error()) return std::unexpected(*in.error());
    if (type > static_cast<std::uint64_t>(Type::end)) {
        return fail(ErrorCode::session_unknown_message, "a message type this version does not know");
    }
    if (count != fields_of(static_cast<Type>(type)) + 1) {
        return fail(ErrorCode::session_bad_message, "a message with too few or too many fields");
    }
    Message message = read_fields(in, static_cast<Type>(type));
    in.end();
    if (in.error()) return std::unexpected(*in.error());
    if (auto end = in.raw().finish(); !end) return std::unexpected(end.error());
    return message;
}

}  // namespace folkmoot::sync

namespace folkmoot {

Bytes end_message(ErrorCode code) { return sync::encode_message(sync::End{static_cast<std::uint16_t>(code)}); }

std::optional<GroupTag> named_group(ByteView message) {
    const auto decoded = sync::decode_message(message);
    if (!decoded) return std::nullopt;
    if (const auto* have = std::get_if<sync::Have>(&*decoded)) return have->group;
    if (const auto* closed = std::get_if<sync::Closed>(&*decoded)) return closed->group;
    return std::nullopt;
}

}  // namespace folkmoot
