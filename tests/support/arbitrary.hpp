// rapidcheck generators: any valid operation, and byte strings that were valid until a few bytes changed.
#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <set>

#include "folkmoot/operation.hpp"

namespace folkmoot::arbitrary {

template <class T>
rc::Gen<T> fixed() {
    return rc::gen::map(rc::gen::container<Bytes>(T::size, rc::gen::arbitrary<std::uint8_t>()),
                        [](const Bytes& bytes) { return T::from(bytes).value(); });
}

/// `min` to `max` distinct values, ascending.
template <class T>
rc::Gen<std::vector<T>> ascending(std::size_t min, std::size_t max) {
    return rc::gen::mapcat(rc::gen::inRange(min, max + 1), [](std::size_t count) {
        return rc::gen::map(rc::gen::unique<std::vector<T>>(count, fixed<T>()), [](std::vector<T> values) {
            std::ranges::sort(values);
            return values;
        });
    });
}

/// UTF-8 of at most 255 bytes, with characters of every width.
inline rc::Gen<std::string> text() {
    return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
                            "a", "Z", " ", "\n", std::string(1, '\0'), "\xc3\xa9", "\xe2\x82\xac",
                            "\xed\x9f\xbf", "\xf0\x9f\x8f\x9b", "\xf4\x8f\xbf\xbf")),
                        [](const std::vector<std::string>& characters) {
                            std::string out;
                            for (const auto& character : characters) {
                                if (out.size() + character.size() <= limits::text_bytes) out += character;
                            }
                            return out;
                        });
}

inline rc::Gen<Level> level(int max) {
    return rc::gen::map(rc::gen::inRange(1, max + 1), [](int value) { return static_cast<Level>(value); });
}

inline rc::Gen<Rules> rules() {
    return rc::gen::map(
        rc::gen::tuple(rc::gen::arbitrary<bool>(), rc::gen::container<std::vector<Level>>(8, level(255))),
        [](const std::tuple<bool, std::vector<Level>>& parts) {
            const auto& [forbid, levels] = parts;
            return Rules{forbid ? Rules::Equal::forbid : Rules::Equal::seniority,
                         levels[0],
                         levels[1],
                         levels[2],
                         levels[3],
                         levels[4],
                         levels[5],
                         levels[6],
                         levels[7]};
        });
}

inline rc::Gen<std::optional<std::vector<OpId>>> cut() {
    return rc::gen::oneOf(rc::gen::just(std::optional<std::vector<OpId>>{}),
                          rc::gen::map(ascending<OpId>(0, limits::cut_ops),
                                       [](std::vector<OpId> ids) { return std::optional(std::move(ids)); }));
}

/// The fields of any kind but `create`.
inline Act act() {
    const auto subject = *fixed<DeviceKey>();
    switch (*rc::gen::inRange<std::size_t>(1, kind_count)) {
        case 1: return Add{subject, *level(limits::granted_level)};
        case 2: return Link{subject, *level(limits::granted_level)};
        case 3: return SetLevel{subject, *level(limits::granted_level)};
        case 4: return Remove{subject, *cut()};
        case 5: return Ban{subject, *cut()};
        case 6: return Unban{subject};
        case 7: return Leave{};
        default: break;
    }
    const auto length = *rc::gen::inRange<std::uint32_t>(0, limits::payload_bytes + 1);
    return Post{length, *fixed<Hash32>()};
}

/// Any operation that has a body. At full size from the first case on: at small sizes rapidcheck draws from
/// the lower end of every range, and most ops would be `create` without parents.
inline rc::Gen<Operation> operation() {
    return rc::gen::resize(
        rc::kNominalSize, rc::gen::exec([] {
            Operation op;
            op.time_ms = *rc::gen::map(rc::gen::arbitrary<std::uint64_t>(),
                                       [](std::uint64_t value) { return value & limits::time_ms; });
            if (*rc::gen::inRange(0, 4) == 0) {
                auto founders = *ascending<DeviceKey>(1, limits::founders);
                op.author = *rc::gen::elementOf(founders);
                // An order that is not the sorted one, or the codec could sort without being noticed.
                std::ranges::rotate(founders,
                                    founders.begin() + static_cast<std::ptrdiff_t>(founders.size() / 2));
                op.act = Create{*text(), founders, *rules()};
                return op;
            }
            op.group = *fixed<GroupId>();
            op.author = *fixed<DeviceKey>();
            op.as = *fixed<OpId>();
            op.parents = *ascending<OpId>(0, limits::parents);
            if (op.parents.empty() || *rc::gen::arbitrary<bool>()) op.prev = *fixed<OpId>();
            if (op.prev) std::erase(op.parents, *op.prev);
            op.act = act();
            return op;
        }));
}

/// `data` after one to four small accidents: bytes changed, lost, repeated or put in.
inline Bytes damaged(Bytes data) {
    const int accidents = *rc::gen::inRange(1, 5);
    for (int i = 0; i < accidents; ++i) {
        const auto at = *rc::gen::inRange<std::size_t>(0, data.size() + 1);
        const auto here = data.begin() + static_cast<std::ptrdiff_t>(at);
        const auto size = std::min(*rc::gen::inRange<std::size_t>(1, 40), data.size() - at);
        const auto end = here + static_cast<std::ptrdiff_t>(size);
        switch (*rc::gen::inRange(0, 5)) {
            case 0: data.insert(here, *rc::gen::arbitrary<std::uint8_t>()); break;
            case 1: data.erase(here, end); break;
            case 2: {
                const Bytes copy(here, end);
                data.insert(here, copy.begin(), copy.end());
                break;
            }
            case 3:
                if (at < data.size()) data[at] = *rc::gen::arbitrary<std::uint8_t>();
                break;
            default:
                if (at < data.size()) data[at] ^= static_cast<std::uint8_t>(1U << *rc::gen::inRange(0U, 8U));
                break;
        }
    }
    return data;
}

}  // namespace folkmoot::arbitrary
