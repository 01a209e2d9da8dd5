// What a summary shows, and what is therefore sent (Y3, Y5).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/history.hpp"
#include "sync/keys.hpp"
#include "sync/summary.hpp"
#include "sync/tips.hpp"

namespace folkmoot::sync {
namespace {

using history::a_post;
using history::insert;
using history::key;
using history::Made;
using history::make_create;
using history::make_op;
using testing::ElementsAre;
using testing::IsEmpty;

// ann's create, and a chain of her posts on it.
class Shown : public testing::Test {
   protected:
    Made post(std::string_view text, const Made& on) const {
        return make_op(create, "ann", a_post(text), on.id);
    }
    void hold(std::initializer_list<const Made*> ops) {
        for (const Made* op : ops) ASSERT_NE(insert(graph, *op), no_index);
    }
    Tip tip_of(const Made& op, std::int64_t position) const {
        return {0, author_label(labels, op.op.author), position, op_fingerprint(salt, op.id)};
    }
    ShownTips read(const Tip& tip) {
        LabelTable table(graph, labels);
        return read_tips(graph, {tip}, {}, table, salt);
    }
    Made create = make_create({"ann"});
    Made one = post("one", create);
    Made two = post("two", one);
    Made three = post("three", two);
    Graph graph;
    crypto::SipKey labels = label_salt(Hash32{{1}});
    crypto::SipKey salt = round_salt(Hash32{{1}}, true, 0);
};

TEST_F(Shown, Y3_a_tip_that_is_held_shows_its_past) {
    hold({&create, &one, &two});
    EXPECT_THAT(read(tip_of(one, 1)).held, ElementsAre(1));
}

TEST_F(Shown, Y3_a_position_above_shows_all_of_an_author_who_does_not_fork) {
    hold({&create, &one, &two});
    EXPECT_THAT(read(tip_of(three, 3)).held, ElementsAre(2));
}

TEST_F(Shown, Y3_a_position_above_shows_nothing_of_an_author_who_forked) {
    const Made other = post("other", one);
    hold({&create, &one, &two, &other});
    EXPECT_THAT(read(tip_of(three, 3)).held, IsEmpty()) << "which branch it stands on nobody knows";
}

TEST_F(Shown, Y3_a_position_at_or_below_that_is_not_held_shows_nothing) {
    const Made other = post("other", one);
    hold({&create, &one, &two});
    EXPECT_THAT(read(tip_of(other, 2)).held, IsEmpty());
    EXPECT_THAT(read(tip_of(other, 1)).held, IsEmpty());
}

TEST_F(Shown, Y5_what_stands_on_an_op_that_is_sent_is_sent_with_it) {
    hold({&create, &one, &two, &three});
    // The summary shows all but `one`, as a filter does that hides ops.
    const Summary summary = exact_summary(graph, {0, 2, 3}, std::nullopt);
    const SummaryReader reader(graph, summary, salt);
    const std::vector<OpIndex> offered{0, 1, 2, 3};
    EXPECT_THAT(not_shown(graph, offered, reader), ElementsAre(1, 2, 3));
}

}  // namespace
}  // namespace folkmoot::sync
