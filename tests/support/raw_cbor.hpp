// Bodies put together item by item, so that a test can break exactly one thing.
#pragma once

#include <array>
#include <initializer_list>

#include "encoding/cbor.hpp"
#include "folkmoot/operation.hpp"

namespace folkmoot::raw {

inline Bytes hex(std::string_view text) { return from_hex(text).value(); }

inline Bytes uint(std::uint64_t value) {
    Bytes out;
    encoding::Writer(out).write_uint(value);
    return out;
}

inline Bytes bytes(ByteView data) {
    Bytes out;
    encoding::Writer(out).write_bytes(data);
    return out;
}

/// `size` bytes of `fill`.
inline Bytes bytes(std::size_t size, std::uint8_t fill) { return bytes(Bytes(size, fill)); }

inline Bytes text(std::string_view value) {
    Bytes out;
    encoding::Writer(out).write_text(value);
    return out;
}

inline Bytes array(const std::vector<Bytes>& items) {
    Bytes out;
    encoding::Writer(out).begin_array(items.size());
    for (const auto& item : items) append(out, item);
    return out;
}

/// The nine items of a body (protocol-spec/operation.md), each free to be replaced by any bytes.
struct Body {
    Bytes head = hex("89");
    Bytes version = uint(1);
    Bytes group = bytes(32, 0x99);
    Bytes author = bytes(32, 0x01);
    Bytes prev = bytes(32, 0x77);
    Bytes parents = array({});
    Bytes as = bytes(32, 0xaa);
    Bytes kind = uint(7);
    Bytes fields = array({});
    Bytes time = uint(1'700'000'000'001);
    Bytes rest;

    [[nodiscard]] Bytes join() const {
        Bytes out;
        for (const auto* part :
             {&head, &version, &group, &author, &prev, &parents, &as, &kind, &fields, &time, &rest}) {
            append(out, *part);
        }
        return out;
    }
};

/// A valid body of `kind` with these fields.
inline Body body_of(Kind kind, Bytes fields) {
    Body body;
    body.kind = uint(static_cast<std::uint64_t>(kind));
    body.fields = std::move(fields);
    return body;
}

/// The levels of `rules` after `equal`, with their defaults.
inline std::vector<Bytes> default_rules() {
    return {uint(0), uint(25), uint(50), uint(50), uint(50), uint(50), uint(50), uint(10), uint(10)};
}

/// `create` by the key of 0x01 bytes.
inline Body create_of(const Bytes& name, const Bytes& founders, const Bytes& rules) {
    Body body = body_of(Kind::create, array({name, founders, rules}));
    body.group = bytes(ByteView{});
    body.prev = body.group;
    body.as = body.group;
    return body;
}

inline Body create() { return create_of(text("book club"), array({bytes(32, 1)}), array(default_rules())); }

}  // namespace folkmoot::raw
