// Byte strings that are no body. Each breaks one rule, so that every implementation names the same one.
#include "operation_cases.hpp"
#include "support/raw_cbor.hpp"
#include "support/sample_operations.hpp"

namespace folkmoot::vectors {
namespace {

using raw::Body;
using raw::hex;
using enum ErrorCode;

using Cases = std::vector<Invalid>;

Body with(Bytes Body::* member, Bytes value) {
    Body body;
    body.*member = std::move(value);
    return body;
}

Bytes id_list(const std::vector<OpId>& ids) {
    std::vector<Bytes> items;
    for (const auto& id : ids) items.push_back(raw::bytes(id.view()));
    return raw::array(items);
}

Bytes key_list(const std::vector<DeviceKey>& keys) {
    std::vector<Bytes> items;
    for (const auto& key : keys) items.push_back(raw::bytes(key.view()));
    return raw::array(items);
}

void add(Cases& cases, std::string name, std::string description, const Body& body, ErrorCode error) {
    cases.push_back({std::move(name), std::move(description), body.join(), error});
}

void add_encoding(Cases& cases) {
    const auto leave = Body{}.join();
    cases.push_back({"empty", "no byte at all", {}, cbor_truncated});
    cases.push_back(
        {"truncated", "the last byte is missing", Bytes(leave.begin(), leave.end() - 1), cbor_truncated});
    add(cases, "trailing-byte", "a byte after the body", with(&Body::rest, hex("00")), cbor_trailing_bytes);
    add(cases, "trailing-body", "a second body after the body", with(&Body::rest, leave),
        cbor_trailing_bytes);
    add(cases, "not-minimal-integer", "version 1 in two bytes", with(&Body::version, hex("1801")),
        cbor_not_minimal);
    add(cases, "not-minimal-time", "a time of 1 in nine bytes", with(&Body::time, hex("1b0000000000000001")),
        cbor_not_minimal);
    add(cases, "not-minimal-length", "the author's length in three bytes",
        with(&Body::author, hex("590020" + std::string(64, '1'))), cbor_not_minimal);
    add(cases, "not-minimal-array", "the nine items counted in two bytes", with(&Body::head, hex("9809")),
        cbor_not_minimal);
    add(cases, "indefinite-array", "parents of indefinite length", with(&Body::parents, hex("9fff")),
        cbor_type_not_allowed);
    add(cases, "indefinite-bytes", "an author in chunks",
        with(&Body::author, hex("5f5820" + std::string(64, '1') + "ff")), cbor_type_not_allowed);
    add(cases, "map", "a map for the fields", with(&Body::fields, hex("a0")), cbor_type_not_allowed);
    add(cases, "tag", "a tagged version", with(&Body::version, hex("c001")), cbor_type_not_allowed);
    add(cases, "float", "a time as a float", with(&Body::time, hex("fb3ff0000000000000")),
        cbor_type_not_allowed);
    add(cases, "negative", "a negative time", with(&Body::time, hex("20")), cbor_type_not_allowed);
    add(cases, "null", "a null for an absent prev", with(&Body::prev, hex("f6")), cbor_type_not_allowed);
    add(cases, "true", "a boolean for the version", with(&Body::version, hex("f5")), cbor_type_not_allowed);
    add(cases, "reserved", "a reserved length", with(&Body::version, hex("1c")), cbor_type_not_allowed);
    add(cases, "huge-count", "parents that claim 2^32 items", with(&Body::parents, hex("9b0000000100000000")),
        cbor_length);
    add(cases, "text-for-bytes", "an author as text", with(&Body::author, raw::text(std::string(32, 'a'))),
        cbor_unexpected_type);
    add(cases, "bytes-for-integer", "a version as bytes", with(&Body::version, hex("4101")),
        cbor_unexpected_type);
}

void add_layout(Cases& cases) {
    cases.push_back({"oversize", "4,097 bytes", Bytes(4097, 0x00), op_body_too_large});
    cases.push_back({"wrapped", "the body inside another array", raw::array({Body{}.join()}), op_bad_field});
    add(cases, "eight-items", "an array of eight", with(&Body::head, hex("88")), op_bad_field);
    add(cases, "ten-items", "an array of ten", with(&Body::head, hex("8a")), op_bad_field);
    add(cases, "version-0", "format version 0", with(&Body::version, raw::uint(0)), op_unknown_version);
    add(cases, "version-2", "format version 2", with(&Body::version, raw::uint(2)), op_unknown_version);
    add(cases, "kind-9", "an unknown kind", with(&Body::kind, raw::uint(9)), op_unknown_kind);
    add(cases, "kind-256", "a kind that is create modulo 256", with(&Body::kind, raw::uint(256)),
        op_unknown_kind);
    add(cases, "short-author", "an author of 31 bytes", with(&Body::author, raw::bytes(31, 1)), cbor_length);
    add(cases, "long-author", "an author of 33 bytes", with(&Body::author, raw::bytes(33, 1)), cbor_length);
    add(cases, "no-author", "an empty author", with(&Body::author, hex("40")), cbor_length);
    add(cases, "short-prev", "a prev of one byte", with(&Body::prev, raw::bytes(1, 1)), cbor_length);
    add(cases, "short-group", "a group of 16 bytes", with(&Body::group, raw::bytes(16, 1)), cbor_length);
    add(cases, "time-2-53", "the time 2^53", with(&Body::time, raw::uint(std::uint64_t{1} << 53U)),
        op_time_out_of_range);
}

void add_ancestors(Cases& cases) {
    using sample::id;
    add(cases, "unsorted-parents", "parents in descending order",
        with(&Body::parents, id_list({id(2), id(1)})), op_parents_not_ascending);
    add(cases, "duplicate-parents", "a parent twice", with(&Body::parents, id_list({id(2), id(2)})),
        op_parents_not_ascending);
    add(cases, "prev-among-parents", "prev stands among the parents",
        with(&Body::parents, id_list({id(0x77)})), op_parent_is_prev);
    add(cases, "seventeen-parents", "one parent more than allowed",
        with(&Body::parents, id_list(sample::ids(17))), op_too_many_parents);
    add(cases, "no-ancestor", "neither prev nor parents, and no create", with(&Body::prev, hex("40")),
        op_no_ancestor);
    add(cases, "no-group", "no group, and no create", with(&Body::group, hex("40")), op_bad_field);
    add(cases, "no-grant", "no grant, and no create", with(&Body::as, hex("40")), op_bad_field);
    auto create = raw::create();
    create.group = raw::bytes(32, 0x99);
    add(cases, "create-with-group", "a create within a group", create, op_bad_field);
    create = raw::create();
    create.prev = raw::bytes(32, 0x77);
    add(cases, "create-with-prev", "a create after another op", create, op_bad_field);
    create = raw::create();
    create.parents = id_list({id(1)});
    add(cases, "create-with-parents", "a create that cites an op", create, op_bad_field);
    create = raw::create();
    create.as = raw::bytes(32, 0xaa);
    add(cases, "create-with-grant", "a create under a grant", create, op_bad_field);
}

void add_create(Cases& cases) {
    using sample::key;
    const auto one = key_list({key(1)});
    const auto rules = raw::default_rules();
    const auto create = [&](const Bytes& name, const Bytes& founders) {
        return raw::create_of(name, founders, raw::array(rules));
    };
    const auto ruled = [&](std::size_t index, std::uint64_t value) {
        auto changed = rules;
        changed[index] = raw::uint(value);
        return raw::create_of(raw::text("x"), one, raw::array(changed));
    };
    const auto name = raw::text("x");
    add(cases, "bad-utf8", "a name with an overlong zero", create(hex("62c080"), one), cbor_bad_utf8);
    add(cases, "surrogate", "a name with a surrogate", create(hex("63eda080"), one), cbor_bad_utf8);
    add(cases, "cut-utf8", "a name that ends inside a character", create(hex("62e282"), one), cbor_bad_utf8);
    add(cases, "name-as-bytes", "a name as a byte string", create(hex("4178"), one), cbor_unexpected_type);
    add(cases, "long-name", "a name of 256 bytes", create(raw::text(std::string(256, 'x')), one),
        op_text_too_long);
    add(cases, "no-founder", "no founder at all", create(name, raw::array({})), op_bad_founders);
    add(cases, "duplicate-founder", "a founder twice", create(name, key_list({key(1), key(2), key(1)})),
        op_bad_founders);
    add(cases, "sixty-five-founders", "one founder more than allowed",
        create(name, key_list(sample::keys(65))), op_bad_founders);
    add(cases, "founders-without-author", "the author is not among the founders",
        create(name, key_list({key(2), key(3)})), access_author_not_founder);
    add(cases, "unknown-order", "equals stand in an unknown order", ruled(0, 2), op_bad_field);
    add(cases, "rule-0", "the level 0 for posts", ruled(1, 0), op_level_out_of_range);
    add(cases, "rule-256", "the level 256 for reading", ruled(8, 256), op_level_out_of_range);
    add(cases, "eight-rules", "a rule is missing",
        raw::create_of(name, one, raw::array({rules.begin(), rules.end() - 1})), op_bad_field);
}

void add_other_kinds(Cases& cases) {
    using sample::id;
    const auto subject = raw::bytes(32, 2);
    for (const auto kind : {Kind::add, Kind::link, Kind::set_level}) {
        for (const unsigned level : {0U, 101U, 255U, 256U}) {
            add(cases, std::string(to_text(kind)) + "-level-" + std::to_string(level),
                "a level outside 1 to 100", raw::body_of(kind, raw::array({subject, raw::uint(level)})),
                op_level_out_of_range);
        }
    }
    add(cases, "add-without-level", "a grant without a level", raw::body_of(Kind::add, raw::array({subject})),
        op_bad_field);
    add(cases, "leave-with-field", "a leave that says more", raw::body_of(Kind::leave, raw::array({subject})),
        op_bad_field);
    add(cases, "unban-with-cut", "an unban with a cut",
        raw::body_of(Kind::unban, raw::array({subject, raw::array({})})), op_bad_field);
    for (const auto kind : {Kind::remove, Kind::ban}) {
        const auto cut = [&](const std::vector<OpId>& ids) {
            return raw::body_of(kind, raw::array({subject, id_list(ids)}));
        };
        const auto name = std::string(to_text(kind));
        add(cases, name + "-unsorted-cut", "a cut in descending order", cut({id(2), id(1)}), op_bad_cut);
        add(cases, name + "-duplicate-cut", "an op twice in the cut", cut({id(1), id(1)}), op_bad_cut);
        add(cases, name + "-long-cut", "a cut of 65 ops", cut(sample::ids(65)), op_bad_cut);
        add(cases, name + "-three-fields", "a field too many",
            raw::body_of(kind, raw::array({subject, raw::array({}), raw::uint(0)})), op_bad_field);
    }
    add(cases, "short-subject", "a subject of 31 bytes",
        raw::body_of(Kind::unban, raw::array({raw::bytes(31, 2)})), cbor_length);
    const auto hash = raw::bytes(32, 5);
    add(cases, "long-payload", "a payload of 32,769 bytes",
        raw::body_of(Kind::post, raw::array({raw::uint(32769), hash})), op_payload_too_large);
    add(cases, "short-payload-hash", "a payload hash of 20 bytes",
        raw::body_of(Kind::post, raw::array({raw::uint(5), raw::bytes(20, 5)})), cbor_length);
}

}  // namespace

std::vector<Invalid> invalid_cases() {
    Cases cases;
    add_encoding(cases);
    add_layout(cases);
    add_ancestors(cases);
    add_create(cases);
    add_other_kinds(cases);
    return cases;
}

}  // namespace folkmoot::vectors
