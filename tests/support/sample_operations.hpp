// Operations of every kind to test with: keys and ids are one repeated byte, so that a dump is readable.
#pragma once

#include <vector>

#include "folkmoot/operation.hpp"

namespace folkmoot::sample {

inline DeviceKey key(std::uint8_t n) {
    DeviceKey out;
    out.bytes.fill(n);
    return out;
}

inline OpId id(std::uint8_t n) {
    OpId out;
    out.bytes.fill(n);
    return out;
}

/// `count` ids, strictly ascending.
inline std::vector<OpId> ids(std::size_t count) {
    std::vector<OpId> out(count);
    for (std::size_t i = 0; i < count; ++i) {
        out[i].bytes.fill(0xee);
        out[i].bytes[0] = static_cast<std::uint8_t>(i >> 8U);
        out[i].bytes[1] = static_cast<std::uint8_t>(i & 255U);
    }
    return out;
}

/// `count` distinct keys, the first of them key(1).
inline std::vector<DeviceKey> keys(std::size_t count) {
    std::vector<DeviceKey> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(key(static_cast<std::uint8_t>(i + 1)));
    return out;
}

/// `create` by key(1), alone among the founders.
inline Operation create() {
    Operation op;
    op.author = key(1);
    op.act = Create{.name = "book club", .founders = {key(1)}, .rules = {}};
    op.time_ms = 1'700'000'000'000;
    return op;
}

/// An op by key(1) after `prev` in a group, under the grant id(0xaa).
inline Operation after_create(Act act) {
    Operation op;
    op.group = group_of(id(0x99));
    op.author = key(1);
    op.prev = id(0x77);
    op.as = id(0xaa);
    op.act = std::move(act);
    op.time_ms = 1'700'000'000'001;
    return op;
}

inline Post post(std::string_view text) {
    return {.length = static_cast<std::uint32_t>(text.size()), .payload_hash = payload_hash(as_bytes(text))};
}

/// One op of each kind, and two for those with an optional cut.
inline std::vector<Operation> one_of_each() {
    return {create(),
            after_create(Add{key(2), level::member}),
            after_create(Link{key(3), level::reader}),
            after_create(SetLevel{key(2), level::admin}),
            after_create(Remove{key(2), std::nullopt}),
            after_create(Remove{key(2), std::vector<OpId>{}}),
            after_create(Remove{key(2), ids(2)}),
            after_create(Ban{key(2), std::nullopt}),
            after_create(Ban{key(2), ids(3)}),
            after_create(Unban{key(2)}),
            after_create(Leave{}),
            after_create(post("hello"))};
}

}  // namespace folkmoot::sample
