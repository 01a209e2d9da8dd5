// Histories to test with: real operations with real ids, keys derived from names, no signatures.
//
//     const Made g = make_create({"ann"});
//     const Made a = make_op(g, "ann", Add{key("ben"), level::member}, g.id);          // prev g
//     const Made b = make_op(g, "ben", a_post("hi"), std::nullopt, {a.id});            // stands on a
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "folkmoot/graph.hpp"
#include "folkmoot/operation.hpp"

namespace folkmoot::history {

/// The device key that stands for a name.
inline DeviceKey key(std::string_view name) { return DeviceKey{payload_hash(as_bytes(name)).bytes}; }
inline DeviceKey key(std::size_t number) { return key("device " + std::to_string(number)); }

/// An id nobody computed: for shapes of graphs in which only the links matter. Distinct for distinct numbers.
inline OpId plain_id(std::uint64_t number) {
    OpId out;
    for (std::size_t word = 0; word < 4; ++word) {
        std::uint64_t mixed = number * 4 + word + 0x9e3779b97f4a7c15ULL;
        mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9ULL;
        mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebULL;
        mixed ^= mixed >> 31U;
        for (std::size_t i = 0; i < 8; ++i)
            out.bytes[word * 8 + i] = static_cast<std::uint8_t>(mixed >> (8 * i));
    }
    return out;
}

/// An operation with its id.
struct Made {
    OpId id;
    Operation op;
};

/// Gives `op` the id of its bytes. Precondition: the codec accepts it.
inline Made made(Operation op) {
    std::ranges::sort(op.parents);
    const auto body = encode_body(op);
    return {op_id(body.value()), std::move(op)};
}

inline Post a_post(std::string_view text) {
    return {.length = static_cast<std::uint32_t>(text.size()), .payload_hash = payload_hash(as_bytes(text))};
}

inline Made make_create(const std::vector<std::string>& founders, Rules rules = {},
                        std::string name = "folk") {
    Operation op;
    op.author = key(founders.at(0));
    std::vector<DeviceKey> keys;
    for (const auto& founder : founders) keys.push_back(key(founder));
    op.act = Create{.name = std::move(name), .founders = keys, .rules = rules};
    return made(std::move(op));
}

inline Made make_op(const Made& create, const DeviceKey& author, Act act, std::optional<OpId> prev,
                    std::vector<OpId> parents = {}, std::optional<OpId> as = std::nullopt) {
    Operation op;
    op.group = group_of(create.id);
    op.author = author;
    op.prev = prev;
    op.parents = std::move(parents);
    op.as = as.value_or(create.id);
    op.act = std::move(act);
    return made(std::move(op));
}
inline Made make_op(const Made& create, std::string_view author, Act act, std::optional<OpId> prev,
                    std::vector<OpId> parents = {}, std::optional<OpId> as = std::nullopt) {
    return make_op(create, key(author), std::move(act), prev, std::move(parents), as);
}

/// Prepares and commits, which must succeed.
inline OpIndex insert(Graph& graph, const Made& made) {
    if (graph.prepare(made.id, made.op) != Graph::Placement::ready) return no_index;
    return graph.commit();
}

/// A shape of graph: who wrote each op and what it stands on, by number. Op 0 is the create.
struct Shape {
    struct Node {
        std::size_t author = 0;
        std::size_t prev = SIZE_MAX;
        std::vector<std::size_t> parents;
    };
    std::vector<Node> nodes = {{}};

    std::size_t add(std::size_t author, std::size_t prev, std::vector<std::size_t> parents = {}) {
        nodes.push_back({author, prev, std::move(parents)});
        return nodes.size() - 1;
    }
};

/// The ops of a shape one by one, with plain ids.
class ShapeOps {
   public:
    explicit ShapeOps(const Shape& shape) : shape_(shape) {
        Operation create;
        create.author = device(0);
        create.act = Create{.name = "shape", .founders = {device(0)}, .rules = {}};
        create_ = {plain_id(0), std::move(create)};
    }
    Made operator()(std::size_t number) {
        if (number == 0) return create_;
        const auto& node = shape_.nodes[number];
        Operation op;
        op.group = group_of(create_.id);
        op.author = device(node.author);
        if (node.prev != SIZE_MAX) op.prev = plain_id(node.prev);
        for (const std::size_t parent : node.parents) op.parents.push_back(plain_id(parent));
        std::ranges::sort(op.parents);
        op.as = create_.id;
        op.act = Post{};
        return {plain_id(number), std::move(op)};
    }

   private:
    const DeviceKey& device(std::size_t author) {
        while (keys_.size() <= author) keys_.push_back(key(keys_.size()));
        return keys_[author];
    }
    const Shape& shape_;
    Made create_;
    std::vector<DeviceKey> keys_;
};

/// How a random shape looks. Probabilities in percent.
struct ShapeMix {
    std::size_t ops = 100;
    std::size_t authors = 5;
    unsigned fork = 0;       // prev is any own op instead of the last one
    unsigned restart = 0;    // no prev although there are own ops
    unsigned stale = 0;      // a parent is any op instead of a head
    std::size_t direct = 3;  // at most this many direct ancestors
};

inline Shape random_shape(const ShapeMix& mix, std::mt19937_64& random) {
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    Shape shape;
    std::vector<std::vector<std::size_t>> own(mix.authors);
    own[0].push_back(0);
    std::vector<std::size_t> heads = {0};
    while (shape.nodes.size() < mix.ops) {
        const std::size_t author = below(mix.authors);
        const auto& mine = own[author];
        std::size_t prev = SIZE_MAX;
        if (!mine.empty() && below(100) >= mix.restart)
            prev = below(100) < mix.fork ? mine[below(mine.size())] : mine.back();
        std::vector<std::size_t> parents;
        const std::size_t most = 1 + below(mix.direct) - (prev == SIZE_MAX ? 0 : 1);
        for (std::size_t i = 0; i < most || (parents.empty() && prev == SIZE_MAX); ++i) {
            const std::size_t parent =
                below(100) < mix.stale ? below(shape.nodes.size()) : heads[below(heads.size())];
            if (parent != prev && std::ranges::find(parents, parent) == parents.end())
                parents.push_back(parent);
        }
        const auto cited = [&](std::size_t op) {
            return op == prev || std::ranges::find(parents, op) != parents.end();
        };
        std::erase_if(heads, cited);
        const std::size_t number = shape.add(author, prev, parents);
        heads.push_back(number);
        own[author].push_back(number);
    }
    return shape;
}

}  // namespace folkmoot::history
