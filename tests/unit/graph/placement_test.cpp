// Where an op stands when it enters: placements, heads, positions, depths, branches, evidence.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/history.hpp"

namespace folkmoot {
namespace {

using history::a_post;
using history::insert;
using history::key;
using history::Made;
using history::make_create;
using history::make_op;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using Placement = Graph::Placement;

class GraphPlacement : public testing::Test {
   protected:
    Made post(std::string_view author, std::string_view text, std::optional<OpId> prev,
              std::vector<OpId> parents = {}) const {
        return make_op(create, author, a_post(text), prev, std::move(parents));
    }
    std::vector<OpId> head_ids() const {
        std::vector<OpId> out;
        for (const OpIndex head : graph.heads()) out.push_back(graph.id(head));
        return out;
    }
    Made create = make_create({"ann"});
    Graph graph;
};

TEST_F(GraphPlacement, an_empty_graph_has_no_group_and_no_heads) {
    EXPECT_EQ(graph.size(), 0U);
    EXPECT_EQ(graph.group(), std::nullopt);
    EXPECT_THAT(graph.heads(), IsEmpty());
    EXPECT_EQ(graph.find(create.id), std::nullopt);
}

TEST_F(GraphPlacement, the_create_gives_the_group_its_id) {
    ASSERT_EQ(graph.prepare(create.id, create.op), Placement::ready);
    EXPECT_EQ(graph.prepared_position(), 0U);
    EXPECT_EQ(graph.prepared_prev(), no_index);
    EXPECT_EQ(graph.commit(), 0U);
    EXPECT_EQ(graph.group(), group_of(create.id));
    EXPECT_EQ(graph.kind(0), Kind::create);
    EXPECT_EQ(graph.find(create.id), 0U);
}

TEST_F(GraphPlacement, before_the_create_every_op_waits_for_it) {
    const Made a = post("ann", "a", create.id);
    EXPECT_EQ(graph.prepare(a.id, a.op), Placement::missing);
    EXPECT_THAT(graph.missing(), ElementsAre(create.id));
}

TEST_F(GraphPlacement, an_op_already_here_is_a_duplicate) {
    insert(graph, create);
    EXPECT_EQ(graph.prepare(create.id, create.op), Placement::duplicate);
    const Made a = post("ann", "a", create.id);
    insert(graph, a);
    EXPECT_EQ(graph.prepare(a.id, a.op), Placement::duplicate);
    EXPECT_EQ(graph.size(), 2U);
}

TEST_F(GraphPlacement, missing_names_every_ancestor_that_is_not_here_and_no_other) {
    insert(graph, create);
    const Made a = post("ann", "a", create.id);
    const Made b = post("ben", "b", std::nullopt, {create.id});
    const Made c = post("ann", "c", a.id, {b.id, create.id});
    EXPECT_EQ(graph.prepare(c.id, c.op), Placement::missing);
    EXPECT_THAT(graph.missing(), UnorderedElementsAre(a.id, b.id));
    insert(graph, a);
    EXPECT_EQ(graph.prepare(c.id, c.op), Placement::missing);
    EXPECT_THAT(graph.missing(), ElementsAre(b.id));
    insert(graph, b);
    EXPECT_EQ(graph.prepare(c.id, c.op), Placement::ready);
    EXPECT_THAT(graph.missing(), IsEmpty());
}

TEST_F(GraphPlacement, O4_an_op_of_another_group_is_invalid) {
    insert(graph, create);
    const Made other = make_create({"ann"}, {}, "another");
    Operation op = post("ann", "a", create.id).op;
    op.group = group_of(other.id);
    const Made a = history::made(op);
    EXPECT_EQ(graph.prepare(a.id, a.op), Placement::invalid);
    EXPECT_EQ(graph.error().code, ErrorCode::graph_wrong_group);
}

TEST_F(GraphPlacement, A1_a_second_create_is_invalid) {
    insert(graph, create);
    const Made other = make_create({"ann"}, {}, "another");
    EXPECT_EQ(graph.prepare(other.id, other.op), Placement::invalid);
    EXPECT_EQ(graph.error().code, ErrorCode::graph_second_create);
}

TEST_F(GraphPlacement, A1_prev_by_another_author_is_invalid) {
    insert(graph, create);
    const Made b = post("ben", "b", create.id);
    EXPECT_EQ(graph.prepare(b.id, b.op), Placement::invalid);
    EXPECT_EQ(graph.error().code, ErrorCode::graph_prev_of_another_author);
}

TEST_F(GraphPlacement, a_refused_op_leaves_nothing_behind) {
    insert(graph, create);
    const Made bad = post("ben", "b", create.id);
    const Made waiting = post("cat", "c", std::nullopt, {bad.id});
    (void)graph.prepare(bad.id, bad.op);
    (void)graph.prepare(waiting.id, waiting.op);
    EXPECT_EQ(graph.size(), 1U);
    EXPECT_EQ(graph.author_count(), 1U);
    EXPECT_EQ(graph.find_author(key("ben")), std::nullopt);
    EXPECT_THAT(head_ids(), ElementsAre(create.id));
}

TEST_F(GraphPlacement, heads_are_what_nobody_cites_ascending_by_id) {
    insert(graph, create);
    std::vector<OpId> expected;
    for (int i = 0; i < 40; ++i) {
        const Made a =
            make_op(create, key("author" + std::to_string(i)), a_post("a"), std::nullopt, {create.id});
        insert(graph, a);
        expected.push_back(a.id);
    }
    std::ranges::sort(expected);
    EXPECT_EQ(head_ids(), expected);
    EXPECT_EQ(graph.head_count(), 40U);
    const std::vector<OpId> some(expected.begin(), expected.begin() + 16);
    const Made merge = post("ann", "m", create.id, some);
    insert(graph, merge);
    EXPECT_EQ(graph.head_count(), 25U);
    EXPECT_THAT(head_ids(), testing::Contains(merge.id));
}

TEST_F(GraphPlacement, positions_count_along_prev_and_depths_along_all_ancestors) {
    insert(graph, create);
    const Made a1 = post("ann", "a1", create.id);
    const Made a2 = post("ann", "a2", a1.id);
    const Made b1 = post("ben", "b1", std::nullopt, {a2.id});
    const Made a3 = post("ann", "a3", a2.id, {b1.id});
    const OpIndex first = insert(graph, a1);
    const OpIndex second = insert(graph, a2);
    const OpIndex third = insert(graph, b1);
    const OpIndex fourth = insert(graph, a3);
    EXPECT_EQ(graph.position(first), 1U);
    EXPECT_EQ(graph.position(second), 2U);
    EXPECT_EQ(graph.position(third), 0U);
    EXPECT_EQ(graph.position(fourth), 3U);
    EXPECT_EQ(graph.depth(third), 3U);
    EXPECT_EQ(graph.depth(fourth), 4U);
    EXPECT_EQ(graph.prev(fourth), second);
    EXPECT_THAT(graph.parents(fourth), ElementsAre(third));
    std::vector<OpIndex> direct;
    graph.direct_ancestors(fourth, direct);
    EXPECT_THAT(direct, ElementsAre(second, third));
    EXPECT_EQ(graph.key(graph.author(third)), key("ben"));
}

TEST_F(GraphPlacement, an_author_without_forks_has_one_branch) {
    insert(graph, create);
    OpId last = create.id;
    for (int i = 0; i < 10; ++i) {
        const Made a = post("ann", std::to_string(i), last);
        insert(graph, a);
        last = a.id;
    }
    const AuthorIndex ann = graph.find_author(key("ann")).value();
    ASSERT_EQ(graph.branches(ann).size(), 1U);
    EXPECT_FALSE(graph.forked(ann));
    EXPECT_EQ(graph.branch_ops(graph.branches(ann)[0]).size(), 11U);
    EXPECT_THAT(graph.equivocations(), IsEmpty());
}

TEST_F(GraphPlacement, O9_two_ops_with_one_prev_are_evidence) {
    insert(graph, create);
    const Made a1 = post("ann", "a1", create.id);
    const Made a2 = post("ann", "a2", create.id);
    const Made a3 = post("ann", "a3", a1.id, {a2.id});
    const OpIndex first = insert(graph, a1);
    const OpIndex second = insert(graph, a2);
    ASSERT_EQ(graph.equivocations().size(), 1U);
    EXPECT_EQ(graph.equivocations()[0].first, first);
    EXPECT_EQ(graph.equivocations()[0].second, second);
    const AuthorIndex ann = graph.find_author(key("ann")).value();
    EXPECT_TRUE(graph.forked(ann));
    EXPECT_NE(graph.branch(first), graph.branch(second));
    EXPECT_EQ(graph.branch(0), graph.branch(first));
    const OpIndex merge = insert(graph, a3);
    EXPECT_EQ(graph.branch(merge), graph.branch(first));
    EXPECT_EQ(graph.equivocations().size(), 1U) << "merging one's own fork is no fork";
}

TEST_F(GraphPlacement, O9_two_ops_without_prev_are_evidence) {
    insert(graph, create);
    const Made b1 = post("ben", "b1", std::nullopt, {create.id});
    const Made b2 = post("ben", "b2", std::nullopt, {b1.id});
    const Made a = post("ann", "a", std::nullopt, {create.id});
    const OpIndex first = insert(graph, b1);
    const OpIndex second = insert(graph, b2);
    const OpIndex third = insert(graph, a);
    ASSERT_EQ(graph.equivocations().size(), 2U);
    EXPECT_EQ(graph.equivocations()[0].first, first);
    EXPECT_EQ(graph.equivocations()[0].second, second) << "though one saw the other";
    EXPECT_EQ(graph.equivocations()[1].first, 0U) << "create has no prev either";
    EXPECT_EQ(graph.equivocations()[1].second, third);
}

TEST_F(GraphPlacement, O9_every_further_op_on_one_prev_is_evidence_against_the_first) {
    insert(graph, create);
    for (int i = 0; i < 5; ++i) insert(graph, post("ann", std::to_string(i), create.id));
    ASSERT_EQ(graph.equivocations().size(), 4U);
    for (const auto& pair : graph.equivocations()) {
        EXPECT_EQ(pair.first, 1U);
        EXPECT_EQ(graph.prev(pair.second), 0U);
    }
    EXPECT_EQ(graph.branches(0).size(), 5U);
}

TEST_F(GraphPlacement, branches_follow_prev_and_start_where_they_left) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 200; ++round) {
        const auto shape = history::random_shape({.ops = 80, .authors = 3, .fork = 25, .restart = 5}, random);
        Graph g(random());
        history::ShapeOps ops(shape);
        for (std::size_t i = 0; i < shape.nodes.size(); ++i) ASSERT_EQ(insert(g, ops(i)), i);
        std::size_t in_branches = 0;
        std::size_t evidence = 0;
        for (AuthorIndex author = 0; author < g.author_count(); ++author) {
            evidence += g.branches(author).size() - 1;
            for (const BranchIndex branch : g.branches(author)) {
                const auto members = g.branch_ops(branch);
                in_branches += members.size();
                for (std::size_t i = 0; i < members.size(); ++i) {
                    EXPECT_EQ(g.branch(members[i]), branch);
                    EXPECT_EQ(g.author(members[i]), author);
                    EXPECT_EQ(g.position(members[i]), g.position(members[0]) + i);
                    if (i > 0) {
                        EXPECT_EQ(g.prev(members[i]), members[i - 1]);
                    }
                }
            }
        }
        EXPECT_EQ(in_branches, g.size());
        EXPECT_EQ(g.equivocations().size(), evidence);
        for (const auto& pair : g.equivocations()) {
            EXPECT_EQ(g.author(pair.first), g.author(pair.second));
            EXPECT_EQ(g.prev(pair.first), g.prev(pair.second));
            EXPECT_LT(pair.first, pair.second);
        }
    }
}

}  // namespace
}  // namespace folkmoot
