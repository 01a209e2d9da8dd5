// Large graphs of awkward shapes: exact answers, sane memory, no recursion. Times are bounded loosely, so
// that only a change of complexity fails.
#include <chrono>

#include <gtest/gtest.h>

#include "support/history.hpp"

namespace folkmoot {
namespace {

using history::plain_id;

// Builds large graphs from links alone, without keeping the ops.
class Builder {
   public:
    explicit Builder(std::size_t authors) {
        for (std::size_t i = 0; i < authors; ++i) keys_.push_back(history::key(i));
        Operation create;
        create.author = keys_[0];
        create.act = Create{.name = "shape", .founders = {keys_[0]}, .rules = {}};
        (void)graph.prepare(plain_id(0), create);
        (void)graph.commit();
        op_.group = group_of(plain_id(0));
        op_.as = plain_id(0);
        op_.act = Post{};
        last_.assign(authors, no_index);
        last_[0] = 0;
    }

    /// An op by the author on their last one and on `parents`.
    OpIndex add(std::size_t author, const std::vector<OpIndex>& parents = {}) {
        return add_on(author, last_[author], parents);
    }
    OpIndex add_on(std::size_t author, OpIndex prev, const std::vector<OpIndex>& parents = {}) {
        op_.author = keys_[author];
        op_.prev.reset();
        if (prev != no_index) op_.prev = plain_id(prev);
        op_.parents.clear();
        for (const OpIndex parent : parents) {
            if (parent != prev) op_.parents.push_back(plain_id(parent));
        }
        std::ranges::sort(op_.parents);
        if (graph.prepare(plain_id(graph.size()), op_) != Graph::Placement::ready) std::abort();
        last_[author] = graph.commit();
        return last_[author];
    }
    [[nodiscard]] OpIndex last(std::size_t author) const { return last_[author]; }

    /// Merges all heads, 16 at a time, into one.
    OpIndex merge_heads(std::size_t author) {
        while (graph.head_count() > 1) {
            const auto heads = graph.heads();
            for (std::size_t from = 0; from < heads.size(); from += 16) {
                const auto to = std::min(heads.size(), from + 16);
                (void)add(author, std::vector<OpIndex>(heads.begin() + static_cast<std::ptrdiff_t>(from),
                                                       heads.begin() + static_cast<std::ptrdiff_t>(to)));
            }
        }
        return static_cast<OpIndex>(graph.size() - 1);
    }

    [[nodiscard]] double bytes_per_op() const {
        return static_cast<double>(graph.memory()) / static_cast<double>(graph.size());
    }

    Graph graph;

   private:
    std::vector<DeviceKey> keys_;
    std::vector<OpIndex> last_;
    Operation op_;
};

class Stopwatch {
   public:
    [[nodiscard]] double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }

   private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

TEST(GraphShapes, a_chain_of_a_million_ops) {
    const Stopwatch watch;
    Builder b(1);
    constexpr OpIndex n = 1'000'000;
    for (OpIndex i = 1; i < n; ++i) ASSERT_EQ(b.add(0), i);
    EXPECT_EQ(b.graph.depth(n - 1), n - 1);
    EXPECT_TRUE(b.graph.is_ancestor(0, n - 1));
    EXPECT_FALSE(b.graph.is_ancestor(n - 1, 0));
    EXPECT_FALSE(b.graph.is_ancestor(n - 1, n - 1));
    EXPECT_EQ(b.graph.head_count(), 1U);
    const std::vector<OpIndex> head = {n - 1};
    const std::vector<OpIndex> middle = {n / 2};
    EXPECT_EQ(b.graph.difference(head, b.graph.closure(middle)).size(), n / 2 - 1);
    EXPECT_EQ(b.graph.difference(head, Closure{}).size(), n);
    EXPECT_LT(b.bytes_per_op(), 140);
    EXPECT_LT(watch.seconds(), 30);
}

TEST(GraphShapes, a_hundred_thousand_heads_and_their_merge) {
    const Stopwatch watch;
    constexpr OpIndex n = 100'000;
    Builder b(n + 1);
    for (OpIndex i = 1; i <= n; ++i) (void)b.add(i, {0});
    EXPECT_EQ(b.graph.head_count(), n);
    EXPECT_FALSE(b.graph.is_ancestor(1, n));
    const Closure half = b.graph.closure(std::vector<OpIndex>{1, 2, 3, n / 2});
    EXPECT_EQ(b.graph.difference(b.graph.heads(), half).size(), n - 4);
    const OpIndex top = b.merge_heads(0);
    EXPECT_EQ(b.graph.heads(), std::vector<OpIndex>{top});
    for (OpIndex i = 0; i < top; i += 97) EXPECT_TRUE(b.graph.is_ancestor(i, top)) << i;
    EXPECT_LT(watch.seconds(), 30);
    for (int i = 0; i < 1000; ++i) (void)b.add(static_cast<std::size_t>(i) % 50);
    EXPECT_LT(b.bytes_per_op(), 500);
    EXPECT_LT(watch.seconds(), 30);
}

TEST(GraphShapes, two_long_branches_side_by_side) {
    Builder b(2);
    constexpr OpIndex n = 100'000;
    (void)b.add(1, {0});
    for (OpIndex i = 0; i < n; ++i) {
        (void)b.add(0);
        (void)b.add(1);
    }
    const OpIndex left = b.last(0);
    const OpIndex right = b.last(1);
    EXPECT_FALSE(b.graph.is_ancestor(left - 2, right));
    EXPECT_FALSE(b.graph.is_ancestor(right - 2, left));
    EXPECT_TRUE(b.graph.is_ancestor(0, right));
    const OpIndex top = b.add(0, {right});
    EXPECT_TRUE(b.graph.is_ancestor(left, top));
    EXPECT_TRUE(b.graph.is_ancestor(right, top));
    EXPECT_EQ(
        b.graph.difference(std::vector<OpIndex>{top}, b.graph.closure(std::vector<OpIndex>{left})).size(),
        n + 2);
    EXPECT_LT(b.bytes_per_op(), 200);
}

// Each author cites the one before: fifty chains that all know of each other.
TEST(GraphShapes, a_zigzag_of_fifty_authors) {
    const Stopwatch watch;
    Builder b(50);
    OpIndex last = 0;
    for (int round = 0; round < 1000; ++round) {
        for (std::size_t author = 0; author < 50; ++author) last = b.add(author, {last});
    }
    EXPECT_EQ(b.graph.head_count(), 1U);
    for (OpIndex i = 0; i + 1 < b.graph.size(); i += 61) EXPECT_TRUE(b.graph.is_ancestor(i, last));
    EXPECT_LT(b.bytes_per_op(), 250);
    EXPECT_LT(watch.seconds(), 30);
}

// Two thousand authors: short-lived side branches off one main line, merged after a while.
TEST(GraphShapes, like_a_repository_with_two_thousand_authors) {
    const Stopwatch watch;
    Builder b(2000);
    std::mt19937_64 random(5);
    std::vector<OpIndex> open;
    OpIndex main = 0;
    std::vector<OpIndex> line = {0};
    while (b.graph.size() < 100'000) {
        const std::size_t author = random() % 2000;
        if (random() % 100 < 30 && !open.empty()) {
            const std::size_t which = random() % open.size();
            main = b.add(0, {main, open[which]});
            open[which] = open.back();
            open.pop_back();
            line.push_back(main);
        } else if (open.size() < 200) {
            const OpIndex from = line[line.size() - 1 - random() % std::min<std::size_t>(line.size(), 50)];
            open.push_back(b.add_on(author, b.last(author), {from}));
        } else {
            const std::size_t which = random() % open.size();
            open[which] = b.add(author, {open[which]});
        }
    }
    for (std::size_t i = 0; i + 1 < line.size(); ++i) {
        ASSERT_TRUE(b.graph.is_ancestor(line[i], line[i + 1]));
        ASSERT_FALSE(b.graph.is_ancestor(line[i + 1], line[i]));
    }
    EXPECT_LT(b.bytes_per_op(), 2000);
    EXPECT_LT(watch.seconds(), 60);
}

TEST(GraphShapes, an_author_with_a_thousand_forks) {
    Builder b(2);
    std::vector<OpIndex> tips;
    for (int i = 0; i < 1000; ++i) {
        OpIndex at = b.add_on(0, 0);
        for (int k = 0; k < 5; ++k) at = b.add_on(0, at);
        tips.push_back(at);
    }
    EXPECT_EQ(b.graph.branches(0).size(), 1000U);
    EXPECT_EQ(b.graph.equivocations().size(), 999U);
    for (std::size_t i = 1; i < tips.size(); ++i) {
        EXPECT_FALSE(b.graph.is_ancestor(tips[i - 1], tips[i]));
        EXPECT_TRUE(b.graph.is_ancestor(tips[i] - 3, tips[i]));
    }
    const OpIndex top = b.merge_heads(1);
    for (const OpIndex tip : tips) EXPECT_TRUE(b.graph.is_ancestor(tip, top));
}

}  // namespace
}  // namespace folkmoot
