// What the ops of authors that are out may take (O8): bounded, and never at the cost of what a member's op
// stands on.
#include "replica/quota.hpp"

#include <ranges>

#include "support/folk.hpp"
#include "support/hostile.hpp"

namespace folkmoot::wire {
namespace {

using Status = Admitted::Status;

std::size_t size_of(const EncodedOp& op) { return op.body.size() + (op.payload ? op.payload->size() : 0); }

// ann, founder, has added ben and xan, and removed xan; xan goes on as if it did not know.
class QuotaTest : public testing::Test {
   protected:
    QuotaTest() {
        with_ben_ = book_.add("ann", Add{key_of("ben"), level::moderator}, {0});
        base_ = book_.add("ann", Add{key_of("xan"), level::moderator}, {with_ben_});
        removed_ = book_.add("ann", Remove{key_of("xan"), std::nullopt}, {base_});
    }
    /// `count` posts by the author from `on`, of so many bytes of payload each; the last of them.
    Entry flood(Entry on, std::size_t count, std::size_t bytes = limits::payload_bytes,
                std::string_view author = "xan") {
        for (std::size_t i = 0; i < count; ++i) {
            Draft draft;
            draft.payload = std::to_string(book_.size());
            draft.payload.resize(bytes, 'x');
            on = book_.post(author, {on}, draft);
        }
        return on;
    }
    /// Posts that take exactly the quota, each one message's worth; the last of them.
    Entry fill_quota() {
        Entry on = base_;
        std::uint64_t left = limits::removed_author_bytes;
        while (left > 0) {
            const std::size_t overhead = 512;
            const std::size_t payload =
                std::min<std::uint64_t>(limits::payload_bytes, left > overhead ? left - overhead : 0);
            on = flood(on, 1, payload);
            left -= size_of(book_.op(on));
            if (left > 0 && left < limits::payload_bytes) {
                // The next one's body is as long as this one's, but for the length of a number.
                const std::size_t body = book_.op(on).body.size();
                Entry last = 0;
                for (std::size_t slack = 0; slack < 8; ++slack) {
                    last = flood(on, 1, left - body + slack - 4);
                    if (size_of(book_.op(last)) == left) return last;
                }
                ADD_FAILURE() << "no post of the size that is left";
                return last;
            }
        }
        return on;
    }
    std::size_t refused(Peer& peer, const std::vector<EncodedOp>& ops) {
        const auto taken = peer.replica().take(ops);
        EXPECT_TRUE(taken.has_value()) << (taken ? "" : taken.error().text);
        peer.drain();
        return taken
                   ? static_cast<std::size_t>(std::ranges::count(*taken, Status::refused, &Admitted::status))
                   : SIZE_MAX;
    }
    /// A peer that knows of the removal.
    std::unique_ptr<Peer> knowing(std::string name = "ann") {
        auto peer = std::make_unique<Peer>(std::move(name), book_.group());
        peer->take(book_.past({removed_}));
        return peer;
    }
    Book book_;
    Entry with_ben_ = 0, base_ = 0, removed_ = 0;
};

TEST_F(QuotaTest, O8_the_quota_is_filled_to_the_byte_and_one_op_more_is_refused) {
    const Entry full = fill_quota();
    const Entry more = flood(full, 1, 0);
    const auto ann = knowing();
    EXPECT_EQ(refused(*ann, book_.past({full})), 0U);
    EXPECT_TRUE(ann->has(book_.id(full)));
    EXPECT_EQ(refused(*ann, {book_.op(more)}), 1U);
    EXPECT_FALSE(ann->has(book_.id(more)));
    // One byte less held, and the smallest op still finds no room: what counts is what it takes.
    const auto ben = knowing("ben");
    EXPECT_EQ(refused(*ben, book_.past({more})), 1U) << "in one batch as in two";
    EXPECT_TRUE(ben->has(book_.id(full)));
}

TEST_F(QuotaTest, O8_a_refused_op_is_taken_once_its_author_is_back) {
    const Entry last = flood(base_, 40);
    const auto ann = knowing();
    EXPECT_GT(refused(*ann, book_.past({last})), 0U);
    EXPECT_GT(refused(*ann, book_.past({last})), 0U) << "and still when it comes again";
    const Entry back = book_.add("ann", Add{key_of("xan"), level::member}, {removed_});
    EXPECT_EQ(refused(*ann, book_.past({back})), 0U);
    EXPECT_EQ(refused(*ann, book_.past({last})), 0U);
    EXPECT_TRUE(ann->has(book_.id(last)));
}

TEST_F(QuotaTest, O8_what_a_members_op_stands_on_is_taken_whatever_it_weighs) {
    const Entry seen = flood(base_, 60);
    const Entry cites = book_.post("ben", {seen});
    const Entry after = flood(seen, 60);
    const auto ann = knowing();
    std::vector<EncodedOp> all = book_.past({cites, after});
    const std::size_t left = refused(*ann, all);
    EXPECT_TRUE(ann->has(book_.id(cites)));
    EXPECT_GT(left, 20U) << "what nobody stands on has the quota and no more";
    EXPECT_LT(left, 35U) << "what ben stands on does not use it up";
    EXPECT_FALSE(ann->has(book_.id(after)));
}

TEST_F(QuotaTest, O8_strangers_and_forgers_open_nothing) {
    const Entry last = flood(base_, 40);
    const auto size = [&](Peer& peer) { return peer.graph().size(); };
    // By somebody nobody has heard of: no A1 for it, and nothing below it is let in first.
    const Act nothing = Post{0, payload_hash({})};
    Operation strange = book_.make("ben", nothing, {last});
    strange.author = key_of("stranger");
    strange.prev.reset();
    strange.parents = {book_.id(last)};
    auto ops = book_.past({last});
    ops.push_back(Book::encode(strange, Bytes{}));
    const auto ann = knowing();
    static_cast<void>(ann->replica().take(ops));
    ann->drain();
    EXPECT_LT(size(*ann), 3U + 32U + 1U);
    // In ben's name, but not signed by ben: nothing of it at all.
    const auto other = knowing();
    const std::size_t before = size(*other);
    ops.back() = Book::encode(book_.make("ben", nothing, {last}), Bytes{});
    ops.back().signature->bytes[5] ^= 1U;
    const auto taken = other->replica().take(ops);
    ASSERT_FALSE(taken.has_value());
    EXPECT_EQ(taken.error().code, ErrorCode::op_bad_signature);
    EXPECT_EQ(size(*other), before);
}

TEST_F(QuotaTest, O8_refused_ops_are_not_verified) {
    const Entry last = flood(base_, 200, 32000);
    const auto ann = knowing();
    const auto before = ann->verifier().checked;
    EXPECT_EQ(refused(*ann, book_.past({last})), 168U);
    EXPECT_EQ(ann->verifier().checked - before, 32U);
}

TEST_F(QuotaTest, O8_the_count_is_the_same_after_the_replica_was_opened_again) {
    const Entry full = fill_quota();
    const Entry more = flood(full, 1, 0);
    const auto ann = knowing();
    EXPECT_EQ(refused(*ann, book_.past({full})), 0U);
    ann->reopen();
    EXPECT_EQ(refused(*ann, {book_.op(more)}), 1U);
    // A member's op on half of it makes room again.
    const Entry cites = book_.post("ben", {base_ + 10});
    EXPECT_EQ(refused(*ann, {book_.op(more)}), 1U);
    EXPECT_EQ(refused(*ann, {book_.op(cites)}), 0U);
    EXPECT_EQ(refused(*ann, {book_.op(more)}), 0U);
}

TEST_F(QuotaTest, O8_whoever_the_removed_appoint_shares_their_quota) {
    Entry on = base_;
    std::vector<Entry> ends;
    std::string by = "xan";
    for (int i = 0; i < 50; ++i) {
        // Half of them by xan, half each by the one before.
        const std::string puppet = "puppet" + std::to_string(i);
        on = book_.add(i % 2 == 0 ? "xan" : by, Add{key_of(puppet), level::moderator}, {on});
        by = puppet;
        ends.push_back(flood(on, 2, limits::payload_bytes, puppet));
    }
    for (const bool one_batch : {true, false}) {
        const auto ann = knowing();
        if (one_batch) {
            EXPECT_GT(refused(*ann, book_.past(ends)), 60U);
        } else {
            for (const auto& op : book_.past(ends)) {
                const auto taken = ann->replica().take(std::span(&op, 1));
                ASSERT_TRUE(taken.has_value()) << taken.error().text;
            }
        }
        std::uint64_t held = 0;
        for (Entry at = removed_ + 1; at < book_.size(); ++at) {
            if (ann->has(book_.id(at))) held += size_of(book_.op(at));
        }
        EXPECT_LE(held, limits::removed_author_bytes);
        EXPECT_GT(held, limits::removed_author_bytes * 9 / 10);
    }
}

TEST_F(QuotaTest, O8_who_left_is_bounded_by_a_removal_only) {
    const Entry gone = book_.add("ben", Leave{}, {with_ben_});
    const Entry beside = flood(with_ben_, 40, limits::payload_bytes, "ben");
    const auto ann = knowing();
    ann->take(book_.past({gone}));
    EXPECT_EQ(ann->replica().access().now().level_of(key_of("ben")), 0);
    EXPECT_EQ(refused(*ann, book_.past({beside})), 0U) << "they count, so every correct peer needs them";
    EXPECT_TRUE(ann->replica().access().now().effective(*ann->graph().find(book_.id(beside))));
    ann->act(Remove{key_of("ben"), std::nullopt});
    const Entry again = flood(beside, 40, limits::payload_bytes, "ben");
    EXPECT_GT(refused(*ann, book_.past({again})), 0U);
}

TEST_F(QuotaTest, O8_a_run_and_what_proves_it_are_refused_together) {
    const Entry last = flood(base_, 100, 20'000);
    auto ops = book_.past({last});
    for (std::size_t i = 2; i + 1 < ops.size(); ++i) {
        // Xan's chain begins at ops[3]; every 64th and every 10th of it is signed.
        if (i >= 3 && (i - 3) % 64 != 0 && i % 10 != 0) ops[i].signature.reset();
    }
    const auto ann = knowing();
    EXPECT_GT(refused(*ann, ops), 40U);
    EXPECT_GT(ann->graph().size(), 40U);
    const auto heads = ann->graph().heads();
    for (OpIndex op = 0; op < ann->graph().size(); ++op) {
        const bool is_end = std::ranges::find(heads, op) != heads.end();
        const auto held = ann->replica().load(op);
        ASSERT_TRUE(held.has_value());
        EXPECT_TRUE(!is_end || held->signature) << "an op nobody can prove";
    }
}

TEST_F(QuotaTest, O8_what_a_members_op_stands_on_comes_with_what_proves_it) {
    const Entry full = fill_quota();
    const Entry last = flood(base_, 60);
    // Ben stands on an op in the middle of the last run, whose signature comes nine ops later.
    const Entry middle = last - 9;
    const Entry cites = book_.post("ben", {middle});
    auto ops = book_.past({cites, last});
    for (auto& op : ops) {
        const bool in_run = std::ranges::any_of(std::views::iota(last - 18, last),
                                                [&](Entry each) { return book_.id(each) == op.id; });
        if (in_run) op.signature.reset();
    }
    const auto ann = knowing();
    ASSERT_EQ(refused(*ann, book_.past({full})), 0U);
    EXPECT_EQ(refused(*ann, ops), 0U) << "a run is taken whole";
    EXPECT_TRUE(ann->has(book_.id(cites)));
    EXPECT_TRUE(ann->has(book_.id(last)));
}

// --- In sessions ----------------------------------------------------------------------------------

/// A session whose ends must both say partial.
std::size_t expect_partial(Peer& a, Peer& b, std::uint64_t seed) {
    Wire wire(a, b, {.seed = seed});
    wire.run();
    EXPECT_TRUE(wire.both(Outcome::partial))
        << (wire.outcome_a() == Outcome::failed ? wire.session_a().error().text : "")
        << (wire.outcome_b() == Outcome::failed ? wire.session_b().error().text : "");
    const std::size_t bytes = wire.bytes;
    EXPECT_GT(wire.session_a().stats().ops_refused + wire.session_b().stats().ops_refused, 0U);
    wire.close();
    EXPECT_EQ(a.count(Event::Kind::peer_fault) + b.count(Event::Kind::peer_fault), 0U);
    return bytes;
}

TEST_F(QuotaTest, Y8_refused_ops_end_a_session_partial_on_both_sides_and_all_else_arrives) {
    for (const std::size_t bytes : {limits::payload_bytes, std::size_t{10}}) {
        const Entry last = flood(base_, bytes > 100 ? 100 : 8000, bytes);
        const Entry other = book_.posts("ben", base_, 20);
        const auto ann = knowing();
        Peer ben("ben", book_.group(), 2);
        ben.take(book_.past({last}));
        ben.take(book_.past({other}));
        std::size_t sent = 0;
        for (const auto& op : book_.past({last, other})) sent += size_of(op) + 100;
        for (std::uint64_t round = 1; round <= 3; ++round) {
            const std::size_t size = ann->graph().size();
            EXPECT_LT(expect_partial(*ann, ben, round), 2 * sent) << "the offer once, or little more";
            EXPECT_TRUE(ann->has(book_.id(other)));
            EXPECT_FALSE(ann->has(book_.id(last)));
            EXPECT_TRUE(round == 1 || ann->graph().size() == size);
        }
        // Now ben knows too, and takes no more of it; nobody loses what is held.
        EXPECT_EQ(ben.replica().access().now().level_of(key_of("xan")), 0);
    }
}

TEST_F(QuotaTest, Y6_what_a_member_has_seen_is_walked_back_to_and_taken) {
    struct Case {
        std::size_t count, bytes;
        SummaryChoice summary;
    };
    for (const auto& [count, bytes, summary] : {Case{60, limits::payload_bytes, SummaryChoice::automatic},
                                                Case{300, limits::payload_bytes, SummaryChoice::automatic},
                                                Case{300, limits::payload_bytes, SummaryChoice::bloom},
                                                Case{12'000, 40, SummaryChoice::automatic}}) {
        SCOPED_TRACE(count);
        const Entry seen = flood(base_, count, bytes);
        const Entry cites = book_.posts("ben", seen, 3);
        const auto ann = knowing();
        Peer ben("ben", book_.group(), 2);
        ben.take(book_.past({cites}));
        expect_sync(*ann, ben, {.summary = summary, .seed = count});
        EXPECT_TRUE(ann->has(book_.id(cites)));
        // And the flood goes on, which nobody has seen.
        const Entry after = flood(seen, 70);
        ben.take(book_.past({removed_}));
        EXPECT_GT(refused(*ann, book_.past({after})), 30U);
    }
}

TEST_F(QuotaTest, Y10_a_push_over_the_quota_is_dropped_and_a_members_op_on_it_brings_it) {
    const auto ann = knowing();
    Peer ben("ben", book_.group(), 2);
    ben.take(book_.past({base_}));
    Wire wire(*ann, ben, {.live = true});
    // Ann's removal is not at ben's yet: the wire is slow.
    wire.run();
    ASSERT_TRUE(wire.both(Outcome::equal));
    const Entry fork = flood(base_, 50);
    for (const auto& op : book_.past({fork})) {
        const auto taken = ann->replica().take(std::span(&op, 1));
        ASSERT_TRUE(taken.has_value());
    }
    wire.run();
    EXPECT_TRUE(wire.both(Outcome::equal)) << "a live session survives it";
    const Entry cites = book_.post("ben", {fork});
    Hostile giver(*ann, book_, "ben");
    giver.send_have({cites});
    giver.send(giver.ops({giver.out(cites)}, {cites}));
    for (int i = 0; i < 200 && giver.running() && giver.count<sync::Done>() == 0; ++i) {
        const auto& need = giver.last<sync::Need>();
        Entry lowest = cites;
        for (Entry at = 0; at <= cites; ++at) {
            if (std::ranges::find(need.ids, book_.id(at)) != need.ids.end()) lowest = std::min(lowest, at);
        }
        std::vector<Entry> answer;
        for (Entry at = lowest - std::min<Entry>({need.ancestors, lowest - removed_ - 1, 6}); at <= lowest;
             ++at)
            answer.push_back(at);
        giver.send(giver.ops(giver.outs(answer), {}));
    }
    EXPECT_TRUE(ann->has(book_.id(cites))) << "it waited for refused ops, and they came";
}

TEST_F(QuotaTest, O2_a_forged_op_that_waits_opens_nothing_and_ends_its_session) {
    const Entry last = flood(base_, 50);
    const Entry cites = book_.post("ben", {last});
    const auto ann = knowing();
    Hostile xan(*ann, book_, "xan");
    auto forged = xan.out(cites);
    forged.op.signature->bytes[3] ^= 1U;
    xan.send_have({cites});
    xan.send(xan.ops({forged}, {}, sync::Ops::Role::answer));
    std::vector<Entry> all;
    for (Entry at = removed_ + 1; at <= last; ++at) all.push_back(at);
    for (std::size_t i = 0; i < all.size() && xan.running(); i += 10) {
        const std::vector<Entry> part(all.begin() + static_cast<std::ptrdiff_t>(i),
                                      all.begin() + static_cast<std::ptrdiff_t>(i) + 10);
        xan.send(xan.ops(xan.outs(part), {}, sync::Ops::Role::answer));
    }
    EXPECT_EQ(xan.failure().first, ErrorCode::op_bad_signature);
    EXPECT_TRUE(xan.failure().second);
    EXPECT_LE(ann->graph().size(), removed_ + 1U + 32U);
}

// A member links one device after the other, and one it has removed posts in between: each changes who is in.
TEST(QuotaCount, O8_access_ops_between_bound_ones_do_not_cost_a_count_each) {
    history::Folk folk;
    Quota quota(folk.graph(), folk.access());
    quota.record(folk.index("g"), 100);
    const auto op = [&](const std::string& name, const std::string& author, const Act& act,
                        const std::vector<std::string>& on) {
        const OpIndex at = folk.op(name, author, act, on);
        static_cast<void>(quota.add(at, 100));
    };
    op("b", "ann", history::add("ben", level::member), {"g"});
    op("l", "ben", history::link("eve", level::member), {"b"});
    op("e", "eve", history::post(), {"l"});
    op("r", "ben", history::remove("eve"), {"e"});
    std::string last = "r";
    std::string bound = "e";
    const std::size_t rounds = 200;
    for (std::size_t i = 0; i < rounds; ++i) {
        const std::string n = std::to_string(i);
        op("l" + n, "ben", history::link("d" + n, level::member), {last});
        op("d" + n, "d" + n, history::post(n), {"l" + n});
        last = "l" + n;
        op("e" + n, "eve", history::post(n), {bound});
        bound = "e" + n;
        ASSERT_EQ(quota.charged(history::key("eve")), 100 * (i + 1));
    }
    EXPECT_LT(quota.recounts(), rounds / 2);
    // Once somebody who is in stands on it, it counts no more.
    op("c", "ben", history::post(), {last, bound});
    EXPECT_EQ(quota.charged(history::key("eve")), 0U);
    Quota again(folk.graph(), folk.access());
    for (OpIndex at = 0; at < folk.graph().size(); ++at) again.record(at, 100);
    EXPECT_EQ(again.charged(history::key("eve")), 0U);
}

// --- Warnings ---------------------------------------------------------------------------------------

TEST(QuotaWarning, an_author_past_the_bytes_or_the_ops_is_told_once) {
    history::Folk folk;
    Quota quota(folk.graph(), folk.access());
    quota.record(folk.index("g"), limits::author_bytes);
    EXPECT_FALSE(quota.add(folk.op("a", "ann", history::post(), {"g"}), 0)) << "at the bound";
    EXPECT_TRUE(quota.add(folk.op("b", "ann", history::post(), {"a"}), 1)) << "one past it";
    EXPECT_FALSE(quota.add(folk.op("c", "ann", history::post(), {"b"}), 1)) << "once";
    EXPECT_EQ(quota.of_author(history::key("ann")).bytes, limits::author_bytes + 2);

    Graph graph;
    Access access(graph);
    Quota counted(graph, access);
    const history::Made create = history::make_create({"ann"});
    history::Made last = create;
    access.record(history::insert(graph, create), create.op);
    counted.record(0, 100);
    for (std::uint64_t ops = 2; ops <= limits::author_ops + 2; ++ops) {
        last = history::make_op(create, "ann", history::a_post("hi"), last.id);
        const OpIndex at = history::insert(graph, last);
        access.record(at, last.op);
        ASSERT_EQ(counted.add(at, 100), ops == limits::author_ops + 1) << ops;
    }
}

TEST(QuotaWarning, the_app_is_told) {
    Book book;
    Peer ann("ann", book.group());
    Entry on = 0;
    for (std::uint64_t bytes = 0; bytes <= limits::author_bytes; bytes += limits::payload_bytes) {
        Draft draft;
        draft.payload = std::to_string(bytes);
        draft.payload.resize(limits::payload_bytes, 'x');
        on = book.post("ann", {on}, draft);
    }
    ann.take(book.past({on}));
    ASSERT_EQ(ann.count(Event::Kind::author_heavy), 1U);
    const auto told = std::ranges::find(ann.events, Event::Kind::author_heavy, &Event::kind);
    EXPECT_EQ(told->member->key, key_of("ann"));
    EXPECT_GT(ann.replica().usage_of(key_of("ann")).bytes, limits::author_bytes);
}

}  // namespace
}  // namespace folkmoot::wire
