// Two devices that hold parts of one random history, with forks and stale parents.
#pragma once

#include "support/wire.hpp"

namespace folkmoot::wire {

/// Five authors, ann the founder and the others moderators; every op is admitted. Some ops are common, the
/// others are held by `a` or by `b` alone. The same for the same seed.
struct World {
    World(std::uint64_t seed, std::size_t ops) : random(seed) {
        std::vector<Entry> heads{0};
        for (int i = 0; i < 4; ++i) {
            heads = {book.add("ann", Add{key_of(names[static_cast<std::size_t>(i) + 1]), level::moderator},
                              heads)};
        }
        const Entry start = heads[0];
        std::vector<Entry> left{start};
        std::vector<Entry> right{start};
        const std::size_t common = below(ops);
        for (std::size_t i = 0; i < ops; ++i) {
            std::vector<Entry>& side = below(2) == 0 ? left : right;
            std::vector<Entry> on{side[side.size() - 1 - below(std::min<std::size_t>(side.size(), 6))]};
            if (below(2) == 0) on.push_back(side[below(side.size())]);
            on = maximal(on);
            Draft draft;
            if (below(12) == 0) draft.prev = std::optional<Entry>();
            const Entry made = book.post(names[below(5)], on, draft);
            if (i < common) {
                left.push_back(made);
                right.push_back(made);
            } else {
                side.push_back(made);
            }
        }
        a.take(book.past(left));
        b.take(book.past(right));
    }
    std::size_t below(std::size_t n) { return static_cast<std::size_t>(random() % n); }
    std::vector<Entry> maximal(const std::vector<Entry>& of) {
        const std::vector<OpIndex> ops(of.begin(), of.end());
        std::vector<Entry> out;
        for (const OpIndex op : book.graph().maximal(ops)) out.push_back(op);
        return out;
    }

    const std::vector<std::string> names{"ann", "ben", "cat", "dan", "eve"};
    std::mt19937_64 random;
    Book book;
    Peer a{"ann", book.group(), 1};
    Peer b{"ben", book.group(), 2};
};

}  // namespace folkmoot::wire
