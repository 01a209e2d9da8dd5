// The depth of an op is one more than that of its deepest ancestor, wherever that stands among them (Y6).
#include <gtest/gtest.h>

#include "support/history.hpp"

namespace folkmoot {
namespace {

using history::a_post;
using history::insert;
using history::Made;
using history::make_create;
using history::make_op;

TEST(GraphDepth, Y6_the_deepest_ancestor_decides_whatever_the_order_of_ids) {
    std::mt19937_64 random(5);
    const Made create = make_create({"ann"});
    Graph graph;
    insert(graph, create);
    std::vector<Made> ops{create};
    std::vector<std::uint32_t> depths{0};
    for (std::size_t n = 0; n < 300; ++n) {
        std::vector<OpId> parents;
        std::uint32_t depth = 0;
        for (std::size_t k = 0; k < 1 + random() % 4; ++k) {
            const std::size_t at = random() % ops.size();
            if (std::ranges::find(parents, ops[at].id) != parents.end()) continue;
            parents.push_back(ops[at].id);
            depth = std::max(depth, depths[at] + 1);
        }
        ops.push_back(make_op(create, history::key(n), a_post("post"), std::nullopt, parents));
        depths.push_back(depth);
        const OpIndex index = insert(graph, ops.back());
        ASSERT_NE(index, no_index);
        ASSERT_EQ(graph.depth(index), depth) << n;
    }
}

}  // namespace
}  // namespace folkmoot
