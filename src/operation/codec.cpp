// The body's layout (protocol-spec/operation.md):
//   [version, group, author, prev, [parents], as, kind, [fields], time]
// An absent group, prev or as is the empty byte string.
#include <algorithm>

#include "crypto/hash.hpp"
#include "encoding/straight_reader.hpp"
#include "folkmoot/operation.hpp"

namespace folkmoot {
namespace {

using encoding::StraightReader;
using encoding::Writer;

constexpr std::uint64_t format_version = 1;
constexpr std::size_t body_fields = 9;
constexpr std::size_t rule_fields = 9;

template <class T>
bool strictly_ascending(const std::vector<T>& values) {
    return std::adjacent_find(values.begin(), values.end(),
                              [](const T& a, const T& b) { return !(a < b); }) == values.end();
}

Result<void> check_cut(const std::optional<std::vector<OpId>>& cut) {
    if (!cut) return {};
    if (cut->size() > limits::cut_ops) return fail(ErrorCode::op_bad_cut, "cut names more than 64 ops");
    if (!strictly_ascending(*cut)) return fail(ErrorCode::op_bad_cut, "cut is not strictly ascending");
    return {};
}

Result<void> check_rules(const Rules& rules) {
    if (rules.equal != Rules::Equal::seniority && rules.equal != Rules::Equal::forbid) {
        return fail(ErrorCode::op_bad_field, "`equal` is neither seniority nor forbid");
    }
    for (const Level value : {rules.post, rules.add, rules.set_level, rules.remove, rules.ban, rules.unban,
                              rules.link, rules.read}) {
        if (value < 1) return fail(ErrorCode::op_level_out_of_range, "a level is 1 to 255");
    }
    return {};
}

Result<void> check_create(const Create& create, const Operation& op) {
    if (create.name.size() > limits::text_bytes) {
        return fail(ErrorCode::op_text_too_long, "the name is longer than 255 bytes");
    }
    if (!encoding::is_utf8(create.name)) return fail(ErrorCode::cbor_bad_utf8, "the name is not UTF-8");
    if (create.founders.empty() || create.founders.size() > limits::founders) {
        return fail(ErrorCode::op_bad_founders, "a group has 1 to 64 founders");
    }
    auto sorted = create.founders;
    std::ranges::sort(sorted);
    if (!strictly_ascending(sorted)) return fail(ErrorCode::op_bad_founders, "a founder is named twice");
    // A1: the author is among the founders. It needs nothing but the op, so it is decided here.
    if (!std::ranges::binary_search(sorted, op.author)) {
        return fail(ErrorCode::access_author_not_founder, "the author of create is not among its founders");
    }
    return check_rules(create.rules);
}

Result<void> check_act(const Operation& op) {
    if (const auto* create = std::get_if<Create>(&op.act)) return check_create(*create, op);
    if (const auto granted = granted_level(op.act)) {
        if (*granted < 1 || *granted > limits::granted_level) {
            return fail(ErrorCode::op_level_out_of_range, "a granted level is 1 to 100");
        }
    }
    if (const auto* remove = std::get_if<Remove>(&op.act)) return check_cut(remove->cut);
    if (const auto* ban = std::get_if<Ban>(&op.act)) return check_cut(ban->cut);
    if (const auto* post = std::get_if<Post>(&op.act)) {
        if (post->length > limits::payload_bytes) {
            return fail(ErrorCode::op_payload_too_large, "a payload has at most 32 KiB");
        }
    }
    return {};
}

// What must hold for the value, whether it came from bytes or from a caller.
Result<void> check_value(const Operation& op) {
    const bool create = op.kind() == Kind::create;
    if (op.parents.size() > limits::parents) {
        return fail(ErrorCode::op_too_many_parents, "an op has at most 16 parents");
    }
    if (!strictly_ascending(op.parents)) {
        return fail(ErrorCode::op_parents_not_ascending, "parents are not strictly ascending");
    }
    if (op.prev && std::ranges::binary_search(op.parents, *op.prev)) {
        return fail(ErrorCode::op_parent_is_prev, "prev stands among the parents too");
    }
    const bool rooted = op.prev || !op.parents.empty();
    if (create && (rooted || op.group || op.as)) {
        return fail(ErrorCode::op_bad_field, "create has no group, prev, parents or grant");
    }
    if (!create && !rooted) return fail(ErrorCode::op_no_ancestor, "only create has no ancestors");
    if (!create && (!op.group || !op.as)) {
        return fail(ErrorCode::op_bad_field, "only create has no group and no grant");
    }
    if (op.time_ms > limits::time_ms) return fail(ErrorCode::op_time_out_of_range, "time is 2^53 or more");
    return check_act(op);
}

void write_rules(Writer& out, const Rules& rules) {
    out.begin_array(rule_fields);
    out.write_uint(static_cast<std::uint64_t>(rules.equal));
    for (const Level value : {rules.post, rules.add, rules.set_level, rules.remove, rules.ban, rules.unban,
                              rules.link, rules.read}) {
        out.write_uint(value);
    }
}

void write_subject_and_cut(Writer& out, const DeviceKey& subject,
                           const std::optional<std::vector<OpId>>& cut) {
    out.begin_array(cut ? 2 : 1);
    out.write_bytes(subject.view());
    if (!cut) return;
    out.begin_array(cut->size());
    for (const auto& id : *cut) out.write_bytes(id.view());
}

void write_fields(Writer& out, const Act& act) {
    if (const auto* create = std::get_if<Create>(&act)) {
        out.begin_array(3);
        out.write_text(create->name);
        out.begin_array(create->founders.size());
        for (const auto& key : create->founders) out.write_bytes(key.view());
        write_rules(out, create->rules);
    } else if (const auto granted = granted_level(act)) {
        out.begin_array(2);
        out.write_bytes(subject_of(act)->view());
        out.write_uint(*granted);
    } else if (const auto* remove = std::get_if<Remove>(&act)) {
        write_subject_and_cut(out, remove->subject, remove->cut);
    } else if (const auto* ban = std::get_if<Ban>(&act)) {
        write_subject_and_cut(out, ban->subject, ban->cut);
    } else if (const auto* unban = std::get_if<Unban>(&act)) {
        out.begin_array(1);
        out.write_bytes(unban->subject.view());
    } else if (const auto* post = std::get_if<Post>(&act)) {
        out.begin_array(2);
        out.write_uint(post->length);
        out.write_bytes(post->payload_hash.view());
    } else {
        out.begin_array(0);
    }
}

class BodyReader : public StraightReader {
   public:
    explicit BodyReader(ByteView body) : StraightReader(body, limits::body_items, limits::body_depth) {}

    std::uint64_t uint(std::uint64_t max, ErrorCode beyond) {
        const auto value = take(reader().read_uint()).value_or(0);
        if (value > max) reject(beyond, "an integer is out of range");
        return value;
    }
    Level level() {
        const auto value = uint(255, ErrorCode::op_level_out_of_range);
        if (value == 0) reject(ErrorCode::op_level_out_of_range, "a level is 1 to 255");
        return static_cast<Level>(value & 255U);
    }
    template <class T>
    std::optional<T> optional() {
        const auto view = take(reader().read_bytes(T::size)).value_or(ByteView{});
        if (view.empty()) return std::nullopt;
        auto value = T::from(view);
        if (!value) reject(ErrorCode::cbor_length, "a byte string of the wrong length");
        return value;
    }
    std::string text() {
        const auto view = take(reader().read_text(limits::body_bytes)).value_or(std::string_view{});
        if (view.size() > limits::text_bytes)
            reject(ErrorCode::op_text_too_long, "a text has at most 255 bytes");
        return std::string(view);
    }
    template <class T>
    std::vector<T> list(std::size_t max, ErrorCode beyond) {
        const std::size_t count = begin_some();
        if (count > max) reject(beyond, "a list is too long");
        std::vector<T> out;
        if (!failed()) out.reserve(count);
        for (std::size_t i = 0; i < count && !failed(); ++i) out.push_back(fixed<T>());
        end();
        return out;
    }
    // No bound of its own: the reader refuses a count beyond the bytes that are left, the caller the rest.
    std::size_t begin_some() { return begin(limits::body_bytes); }
    void begin_exactly(std::size_t length) {
        if (begin_some() != length) reject(ErrorCode::op_bad_field, "an array of the wrong length");
    }
};

Rules read_rules(BodyReader& in) {
    Rules rules;
    in.begin_exactly(rule_fields);
    rules.equal = static_cast<Rules::Equal>(in.uint(1, ErrorCode::op_bad_field) & 1U);
    for (Level* value : {&rules.post, &rules.add, &rules.set_level, &rules.remove, &rules.ban, &rules.unban,
                         &rules.link, &rules.read}) {
        *value = in.level();
    }
    in.end();
    return rules;
}

Create read_create(BodyReader& in) {
    Create create;
    in.begin_exactly(3);
    create.name = in.text();
    create.founders = in.list<DeviceKey>(limits::founders, ErrorCode::op_bad_founders);
    create.rules = read_rules(in);
    in.end();
    return create;
}

template <class T>
T read_grant(BodyReader& in) {
    T grant;
    in.begin_exactly(2);
    grant.subject = in.fixed<DeviceKey>();
    grant.level = in.level();
    in.end();
    return grant;
}

template <class T>
T read_revocation(BodyReader& in) {
    T revocation;
    const std::size_t count = in.begin_some();
    if (count != 1 && count != 2) in.reject(ErrorCode::op_bad_field, "an array of the wrong length");
    revocation.subject = in.fixed<DeviceKey>();
    if (count == 2) revocation.cut = in.list<OpId>(limits::cut_ops, ErrorCode::op_bad_cut);
    in.end();
    return revocation;
}

Act read_fields(BodyReader& in, Kind kind) {
    switch (kind) {
        case Kind::create: return read_create(in);
        case Kind::add: return read_grant<Add>(in);
        case Kind::link: return read_grant<Link>(in);
        case Kind::set_level: return read_grant<SetLevel>(in);
        case Kind::remove: return read_revocation<Remove>(in);
        case Kind::ban: return read_revocation<Ban>(in);
        case Kind::unban: {
            in.begin_exactly(1);
            Unban unban{in.fixed<DeviceKey>()};
            in.end();
            return unban;
        }
        case Kind::leave:
            in.begin_exactly(0);
            in.end();
            return Leave{};
        case Kind::post: break;
    }
    Post post;
    in.begin_exactly(2);
    post.length = static_cast<std::uint32_t>(in.uint(limits::payload_bytes, ErrorCode::op_payload_too_large));
    post.payload_hash = in.fixed<Hash32>();
    in.end();
    return post;
}

}  // namespace

Result<Bytes> encode_body(const Operation& op) {
    if (auto checked = check_value(op); !checked) return std::unexpected(checked.error());
    Bytes body;
    body.reserve(256);
    Writer out(body);
    const auto optional = [&out](const auto& value) { out.write_bytes(value ? value->view() : ByteView{}); };
    out.begin_array(body_fields);
    out.write_uint(format_version);
    optional(op.group);
    out.write_bytes(op.author.view());
    optional(op.prev);
    out.begin_array(op.parents.size());
    for (const auto& parent : op.parents) out.write_bytes(parent.view());
    optional(op.as);
    out.write_uint(op.act.index());
    write_fields(out, op.act);
    out.write_uint(op.time_ms);
    if (body.size() > limits::body_bytes) {
        return fail(ErrorCode::op_body_too_large, "a body has at most 4 KiB");
    }
    return body;
}

Result<Operation> decode_body(ByteView body) {
    if (body.size() > limits::body_bytes) {
        return fail(ErrorCode::op_body_too_large, "a body has at most 4 KiB");
    }
    BodyReader in(body);
    Operation op;
    in.begin_exactly(body_fields);
    if (in.uint(UINT64_MAX, ErrorCode::op_bad_field) != format_version) {
        in.reject(ErrorCode::op_unknown_version, "a format version this program does not know");
    }
    op.group = in.optional<GroupId>();
    op.author = in.fixed<DeviceKey>();
    op.prev = in.optional<OpId>();
    op.parents = in.list<OpId>(limits::parents, ErrorCode::op_too_many_parents);
    op.as = in.optional<OpId>();
    const auto kind = in.uint(kind_count - 1, ErrorCode::op_unknown_kind);
    if (in.failed()) return in.error();
    op.act = read_fields(in, static_cast<Kind>(kind));
    op.time_ms = in.uint(limits::time_ms, ErrorCode::op_time_out_of_range);
    in.end();
    in.finish();
    if (in.failed()) return in.error();
    if (auto checked = check_value(op); !checked) return std::unexpected(checked.error());
    return op;
}

}  // namespace folkmoot
