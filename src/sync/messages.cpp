#include "sync/messages.hpp"

#include <algorithm>

#include "encoding/straight_reader.hpp"

namespace folkmoot::sync {
namespace {

using encoding::StraightReader;
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
    again = 8,
    announce = 9,
};

constexpr std::size_t max_depth = 3;
constexpr std::size_t max_fields = 8;
constexpr unsigned plain_role = 3;  // added to a role

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

// One number says of what kind a summary is, what it is about, and in which round it was sent.
constexpr unsigned since_factor = 8;
constexpr unsigned round_factor = 24;

std::size_t summary_fields(Since::Kind since, Summary::Kind kind) {
    std::size_t count = since == Since::Kind::beginning ? 0 : 1;
    switch (kind) {
        case Summary::Kind::nothing: break;
        case Summary::Kind::bloom:
        case Summary::Kind::exact: count += 3; break;
        case Summary::Kind::tips:
        case Summary::Kind::locator: count += 1; break;
    }
    return count;
}

void write_summary(Writer& out, std::uint32_t round, const Since& since, const Summary& summary) {
    out.write_uint(std::uint64_t{round} * round_factor + static_cast<unsigned>(since.kind) * since_factor +
                   static_cast<unsigned>(summary.kind));
    if (since.kind == Since::Kind::remembered) out.write_uint(since.fingerprint);
    if (since.kind == Since::Kind::named) out.write_bytes(since.named);
    switch (summary.kind) {
        case Summary::Kind::nothing: break;
        case Summary::Kind::bloom:
        case Summary::Kind::exact:
            write_key(out, summary.range.from);
            write_key(out, summary.range.to);
            if (summary.kind == Summary::Kind::bloom) {
                out.write_bytes(summary.bits);
            } else {
                write_ids(out, summary.ids);
            }
            break;
        case Summary::Kind::tips: out.write_bytes(pack_tips(summary.tips)); break;
        case Summary::Kind::locator: out.write_bytes(pack_locator(summary.locator)); break;
    }
}

struct Encoder {
    Writer& out;

    void operator()(const Have& m) const {
        head(out, Type::have, 3 + summary_fields(m.since.kind, m.summary.kind));
        out.write_bytes(m.group.view());
        out.write_bytes(m.offer.view());
        write_summary(out, m.round, m.since, m.summary);
    }
    void operator()(const Ops& m) const {
        head(out, Type::ops, 2);
        out.write_uint(static_cast<std::uint64_t>(m.role) + (m.plain ? plain_role : 0));
        out.write_bytes(m.batch);
    }
    void operator()(const Need& m) const {
        head(out, Type::need, 2);
        write_ids(out, m.ids);
        out.write_uint(m.ancestors);
    }
    void operator()(const Done& m) const {
        head(out, Type::done, m.refused > 0 ? 1 : 0);
        if (m.refused > 0) out.write_uint(m.refused);
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
    void operator()(const Again&) const { head(out, Type::again, 0); }
    void operator()(const End& m) const {
        head(out, Type::end, 1);
        out.write_uint(m.code);
    }
    void operator()(const Announce& m) const {
        head(out, Type::announce, 1);
        write_ids(out, m.ids);
    }
};

class MessageReader : public StraightReader {
   public:
    explicit MessageReader(ByteView bytes) : StraightReader(bytes, limits::message_items, max_depth) {}

    std::uint64_t uint(std::uint64_t max = UINT64_MAX) { return take(reader().read_uint(max)).value_or(0); }
    std::uint32_t uint32() { return static_cast<std::uint32_t>(uint(UINT32_MAX)); }
    Bytes bytes(std::size_t max) {
        const auto view = take(reader().read_bytes(max)).value_or(ByteView{});
        return {view.begin(), view.end()};
    }
    std::vector<OpId> ids(std::size_t max) {
        const std::size_t count = begin(max);
        std::vector<OpId> out;
        out.reserve(count);
        for (std::size_t i = 0; i < count && !failed(); ++i) out.push_back(fixed<OpId>());
        end();
        return out;
    }
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

bool strictly_ascending(const std::vector<OpId>& ids) {
    return std::ranges::adjacent_find(ids, std::ranges::greater_equal{}) == ids.end();
}

void read_pages(MessageReader& in, Summary& summary) {
    summary.range.from = read_key(in);
    summary.range.to = read_key(in);
    if (summary.kind == Summary::Kind::bloom) {
        summary.bits = in.bytes(limits::bloom_bytes);
        if (summary.bits.empty()) in.reject(ErrorCode::session_bad_summary, "a filter without bits");
        return;
    }
    summary.ids = in.ids(limits::exact_ids_per_page);
    if (!strictly_ascending(summary.ids)) {
        in.reject(ErrorCode::session_bad_summary, "exact ids are not strictly ascending");
    }
}

Have read_have(MessageReader& in, std::size_t fields) {
    Have m;
    m.group = in.fixed<GroupTag>();
    m.offer = in.fixed<Digest>();
    auto about = in.uint();
    const std::uint64_t round = about / round_factor;
    about %= round_factor;
    m.round = static_cast<std::uint32_t>(round);
    if (round > limits::rounds || about % since_factor > 4) {
        in.reject(ErrorCode::session_bad_summary, "a kind of summary this version does not know");
        return m;
    }
    m.since.kind = static_cast<Since::Kind>(about / since_factor);
    m.summary.kind = static_cast<Summary::Kind>(about % since_factor);
    if (fields != 3 + summary_fields(m.since.kind, m.summary.kind)) {
        in.reject(ErrorCode::session_bad_message, "a message with too few or too many fields");
        return m;
    }
    if (m.since.kind == Since::Kind::remembered)
        m.since.fingerprint = static_cast<std::uint16_t>(in.uint(UINT16_MAX));
    if (m.since.kind == Since::Kind::named) {
        m.since.named = in.bytes(limits::locator_entries);
        const bool ascending =
            std::ranges::adjacent_find(m.since.named, std::ranges::greater_equal{}) == m.since.named.end();
        if (!ascending) in.reject(ErrorCode::session_bad_summary, "numbers are not strictly ascending");
    }
    constexpr std::size_t longest = 32;  // more than an entry of any kind takes
    if (m.summary.kind == Summary::Kind::tips) {
        auto tips = unpack_tips(in.bytes(limits::tips * longest));
        if (!tips) in.reject(ErrorCode::session_bad_summary, "tips that cannot be read");
        if (tips) m.summary.tips = std::move(*tips);
    } else if (m.summary.kind == Summary::Kind::locator) {
        auto entries = unpack_locator(in.bytes(limits::locator_entries * longest));
        if (!entries) in.reject(ErrorCode::session_bad_summary, "a locator that cannot be read");
        if (entries) m.summary.locator = std::move(*entries);
    } else if (m.summary.kind != Summary::Kind::nothing) {
        read_pages(in, m.summary);
    }
    return m;
}

Ops read_ops(MessageReader& in) {
    Ops m;
    const auto role = in.uint(2 * plain_role - 1);
    m.plain = role >= plain_role;
    m.role = static_cast<Ops::Role>(role % plain_role);
    m.batch = in.bytes(limits::message_bytes);
    return m;
}

Announce read_announce(MessageReader& in) {
    Announce m;
    m.ids = in.ids(limits::announce_ids);
    if (m.ids.empty() || !strictly_ascending(m.ids))
        in.reject(ErrorCode::session_bad_message, "announced ids are strictly ascending, at least one");
    return m;
}

std::size_t fields_of(Type type) {
    switch (type) {
        case Type::ops:
        case Type::need: return 2;
        case Type::again:
        case Type::unknown_since: return 0;
        default: return 1;
    }
}

Done read_done(MessageReader& in, std::size_t fields) {
    Done m;
    if (fields == 0) return m;
    m.refused = in.uint();
    if (fields > 1 || m.refused == 0)
        in.reject(ErrorCode::session_bad_message, "done names how many it refused, or nothing");
    return m;
}

Message read_fields(MessageReader& in, Type type, std::size_t fields) {
    switch (type) {
        case Type::have: return read_have(in, fields);
        case Type::ops: return read_ops(in);
        case Type::need: {
            Need m;
            m.ids = in.ids(limits::need_ids);
            m.ancestors = in.uint32();
            return m;
        }
        case Type::done: return read_done(in, fields);
        case Type::closed: return Closed{in.fixed<GroupTag>()};
        case Type::name_grant: return NameGrant{in.fixed<OpId>()};
        case Type::unknown_since: return UnknownSince{};
        case Type::again: return Again{};
        case Type::announce: return read_announce(in);
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
    const std::size_t count = in.begin(max_fields + 1);
    const auto type = in.uint();
    if (in.failed()) return in.error();
    if (type > static_cast<std::uint64_t>(Type::announce)) {
        return fail(ErrorCode::session_unknown_message, "a message type this version does not know");
    }
    const bool any_fields =
        type == static_cast<std::uint64_t>(Type::have) || type == static_cast<std::uint64_t>(Type::done);
    if (!any_fields && count != fields_of(static_cast<Type>(type)) + 1) {
        return fail(ErrorCode::session_bad_message, "a message with too few or too many fields");
    }
    Message message = read_fields(in, static_cast<Type>(type), count - 1);
    in.end();
    in.finish();
    if (in.failed()) return in.error();
    return message;
}

}  // namespace folkmoot::sync

namespace folkmoot {

Bytes end_message(ErrorCode code) {
    return sync::encode_message(sync::End{static_cast<std::uint16_t>(code)});
}

std::optional<GroupTag> named_group(ByteView message) {
    const auto decoded = sync::decode_message(message);
    if (!decoded) return std::nullopt;
    if (const auto* have = std::get_if<sync::Have>(&*decoded)) return have->group;
    if (const auto* closed = std::get_if<sync::Closed>(&*decoded)) return closed->group;
    return std::nullopt;
}

}  // namespace folkmoot
