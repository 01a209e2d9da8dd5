// Sessions that stay open, more than are pushed whole ops (Y10): a hub and its peers.
#include "support/hostile.hpp"

namespace folkmoot::wire {
namespace {

using sync::Announce;
using sync::Need;
using sync::Ops;

/// ann and `count` members beside her, all with the same ops; each has a live session with ann.
struct Hub {
    explicit Hub(std::size_t count, bool ann_calls = true) {
        Entry on = 0;
        for (std::size_t i = 0; i < count; ++i) {
            on = book.add("ann", Add{key_of(name(i)), level::member}, {on});
        }
        ann.take(book.all());
        for (std::size_t i = 0; i < count; ++i) {
            peers.push_back(std::make_unique<Peer>(name(i), book.group()));
            peers.back()->take(book.all());
            Peer& first = ann_calls ? ann : *peers.back();
            Peer& second = ann_calls ? *peers.back() : ann;
            wires.push_back(std::make_unique<Wire>(first, second, WireOptions{.live = true, .seed = i + 1}));
            wires.back()->run();
        }
    }
    static std::string name(std::size_t i) { return "peer" + std::to_string(i); }
    void run() {
        for (bool moved = true; moved;) {
            moved = false;
            for (const auto& wire : wires) moved = wire->step() || moved;
        }
    }
    /// Ann's end, if she called.
    [[nodiscard]] const Session& to(std::size_t i) const { return wires[i]->session_a(); }
    Book book;
    Peer ann{"ann", book.group()};
    std::vector<std::unique_ptr<Peer>> peers;
    std::vector<std::unique_ptr<Wire>> wires;
};

TEST(Live, Y10_up_to_eight_peers_get_ops_whole) {
    Hub hub(limits::full_push_peers);
    const OpId news = hub.ann.post("news");
    hub.run();
    for (std::size_t i = 0; i < hub.peers.size(); ++i) {
        EXPECT_TRUE(hub.peers[i]->has(news));
        EXPECT_EQ(hub.to(i).stats().ops_sent, 1U);
        EXPECT_EQ(hub.to(i).stats().ids_announced, 0U);
    }
}

TEST(Live, Y10_above_eight_the_rest_are_told_ids_and_ask_and_each_op_goes_to_each_once) {
    Hub hub(12);
    std::vector<OpId> news;
    for (int i = 0; i < 20; ++i) {
        news.push_back(hub.ann.post("news " + std::to_string(i)));
        hub.run();
    }
    std::size_t whole = 0;
    for (std::size_t i = 0; i < hub.peers.size(); ++i) {
        for (const auto& id : news) EXPECT_TRUE(hub.peers[i]->has(id));
        EXPECT_EQ(hub.to(i).stats().ops_sent, news.size()) << "each once, asked for or not";
        const auto told = hub.to(i).stats().ids_announced;
        EXPECT_TRUE(told == 0 || told == news.size()) << "the choice is stable";
        whole += told == 0 ? 1 : 0;
        EXPECT_EQ(hub.wires[i]->session_b().stats().ids_announced, 0U) << "nothing goes back";
        EXPECT_EQ(hub.wires[i]->session_b().stats().ops_sent, 0U);
        EXPECT_EQ(hub.wires[i]->session_b().stats().needs, told == 0 ? 0 : news.size());
    }
    EXPECT_EQ(whole, limits::full_push_peers);
}

TEST(Live, Y10_who_is_pushed_whole_ops_does_not_depend_on_the_order_of_coming) {
    const auto chosen = [](bool backwards) {
        Book book;
        Entry on = 0;
        for (int i = 0; i < 12; ++i) on = book.add("ann", Add{key_of(Hub::name(i)), level::member}, {on});
        Peer ann("ann", book.group());
        ann.take(book.all());
        std::vector<std::unique_ptr<Peer>> peers;
        std::vector<std::unique_ptr<Wire>> wires;
        for (int i = 0; i < 12; ++i) {
            const int who = backwards ? 11 - i : i;
            peers.push_back(std::make_unique<Peer>(Hub::name(who), book.group()));
            peers.back()->take(book.all());
            wires.push_back(
                std::make_unique<Wire>(*peers.back(), ann, WireOptions{.live = true, .seed = 5U}));
            wires.back()->run();
        }
        ann.post("news");
        std::set<std::string> whole;
        for (std::size_t i = 0; i < wires.size(); ++i) {
            wires[i]->run();
            if (wires[i]->session_b().stats().ids_announced == 0) whole.insert(peers[i]->name());
        }
        return whole;
    };
    const auto forwards = chosen(false);
    EXPECT_EQ(forwards.size(), limits::full_push_peers);
    EXPECT_EQ(forwards, chosen(true));
}

TEST(Live, Y10_half_of_the_whole_pushes_are_for_peers_this_side_called) {
    // Twenty call ann; then she calls four.
    Hub hub(24, false);
    for (std::size_t i = 20; i < 24; ++i) {
        hub.wires[i]->close();
        hub.wires[i] =
            std::make_unique<Wire>(hub.ann, *hub.peers[i], WireOptions{.live = true, .seed = 100 + i});
        hub.wires[i]->run();
    }
    hub.ann.post("news");
    hub.run();
    std::size_t whole = 0;
    for (std::size_t i = 0; i < 20; ++i)
        whole += hub.wires[i]->session_b().stats().ids_announced == 0 ? 1 : 0;
    EXPECT_EQ(whole, limits::full_push_peers / 2);
    for (std::size_t i = 20; i < 24; ++i) EXPECT_EQ(hub.wires[i]->session_a().stats().ids_announced, 0U);
    for (const auto& peer : hub.peers) EXPECT_TRUE(same(hub.ann, *peer));
}

TEST(Live, a_place_that_falls_free_is_given_to_another) {
    Hub hub(9);
    std::size_t told = 0;
    hub.ann.post("one");
    hub.run();
    for (std::size_t i = 0; i < 9; ++i) told = hub.to(i).stats().ids_announced > 0 ? i : told;
    hub.wires[told == 0 ? 1 : 0]->close();
    hub.ann.post("two");
    hub.run();
    EXPECT_EQ(hub.to(told).stats().ids_announced, 1U) << "only of the first";
    EXPECT_TRUE(same(hub.ann, *hub.peers[told]));
}

TEST(Live, Y10_much_news_is_announced_by_its_ends_and_walked_back_from) {
    Hub hub(9);
    std::size_t told = 0;
    hub.ann.post("one");
    hub.run();
    for (std::size_t i = 0; i < 9; ++i) told = hub.to(i).stats().ids_announced > 0 ? i : told;
    for (std::size_t i = 0; i < 3 * limits::announce_ids; ++i) hub.ann.post("more " + std::to_string(i));
    hub.run();
    EXPECT_TRUE(same(hub.ann, *hub.peers[told]));
    EXPECT_LT(hub.to(told).stats().ids_announced, 10U);
    EXPECT_NE(hub.to(told).outcome(), Outcome::failed);
}

TEST(Live, a_peer_that_does_not_read_costs_one_push_and_gets_the_rest_when_it_does) {
    Hub hub(2);
    // Nothing is polled for the first peer meanwhile; what is new waits behind the cursor, not in messages.
    for (int i = 0; i < 500; ++i) {
        hub.ann.post("news " + std::to_string(i));
        while (hub.wires[1]->step()) {
        }
    }
    EXPECT_TRUE(same(hub.ann, *hub.peers[1]));
    EXPECT_EQ(hub.to(0).stats().ops_sent, 0U);
    hub.run();
    EXPECT_TRUE(same(hub.ann, *hub.peers[0]));
    EXPECT_EQ(hub.to(0).stats().ops_sent, 500U);
    EXPECT_LE(hub.wires[0]->messages, 20U) << "what piled up goes in batches";
}

// --- Announcers that lie --------------------------------------------------------------------------

// ann with live sessions to two scripted peers; both hold `news`, which she lacks.
class AnnouncedTest : public testing::Test {
   protected:
    /// Both sessions are live, unless the test is about what came before.
    void open(Hostile& peer) const {
        peer.send_have({base_});
        ASSERT_EQ(peer.session().outcome(), Outcome::equal);
    }
    static void give(Hostile& peer, const std::vector<Entry>& entries) {
        peer.send(peer.ops(peer.outs(entries), {}));
    }
    void pass(std::uint64_t now) {
        ann_.replica().handle_time(now);
        for (Hostile* peer : {&ben_, &cat_}) {
            peer->now_ms = now;
            peer->collect();
        }
    }
    [[nodiscard]] static SessionConfig live() {
        SessionConfig config;
        config.live = true;
        return config;
    }
    Entry make_base() {
        const Entry one = book_.add("ann", Add{key_of("ben"), level::member}, {0});
        const Entry two = book_.add("ann", Add{key_of("cat"), level::member}, {one});
        ann_.take(book_.past({two}));
        return two;
    }
    Book book_;
    Peer ann_{"ann", book_.group()};
    Entry base_ = make_base();
    Entry news_ = book_.post("ben", {base_});
    Entry more_ = book_.post("ben", {news_});
    Hostile ben_{ann_, book_, "ben", live()};
    Hostile cat_{ann_, book_, "cat", live()};
};

TEST_F(AnnouncedTest, Y10_an_announced_op_is_asked_for_once_and_goes_to_nobody_who_has_it) {
    open(ben_);
    open(cat_);
    ben_.send(Announce{{book_.id(news_)}});
    cat_.send(Announce{{book_.id(news_)}});
    ASSERT_EQ(ben_.count<Need>(), 1U);
    EXPECT_EQ(ben_.last<Need>().ids, book_.ids({news_}));
    EXPECT_EQ(cat_.count<Need>(), 0U);
    give(ben_, {news_});
    pass(1);
    EXPECT_TRUE(ann_.has(book_.id(news_)));
    EXPECT_EQ(cat_.count<Ops>() + ben_.count<Ops>(), 0U) << "both have it already";
    EXPECT_EQ(ben_.count<Announce>() + cat_.count<Announce>(), 0U);
    // Held already: nothing happens.
    cat_.send(Announce{{book_.id(news_)}});
    EXPECT_EQ(cat_.count<Need>(), 0U);
    pass(10 * limits::announced_timeout_ms);
    EXPECT_FALSE(ann_.replica().deadline_ms().has_value());
}

TEST_F(AnnouncedTest, Y10_a_withholder_is_passed_over_after_one_time_out) {
    open(ben_);
    open(cat_);
    ben_.send(Announce{{book_.id(news_)}});
    cat_.send(Announce{{book_.id(news_)}});
    EXPECT_EQ(cat_.count<Need>(), 0U);
    ASSERT_EQ(ann_.replica().deadline_ms(), limits::announced_timeout_ms);
    pass(limits::announced_timeout_ms - 1);
    EXPECT_EQ(cat_.count<Need>(), 0U);
    pass(limits::announced_timeout_ms);
    ASSERT_EQ(cat_.count<Need>(), 1U);
    give(cat_, {news_});
    EXPECT_TRUE(ann_.has(book_.id(news_)));
    // The withholder's session ends by itself, and only that.
    pass(limits::reply_timeout_ms);
    EXPECT_EQ(ben_.failure().first, ErrorCode::session_timed_out);
    EXPECT_EQ(cat_.session().outcome(), Outcome::equal);
}

TEST_F(AnnouncedTest, Y10_a_peer_that_goes_hands_its_ids_to_the_next_at_once) {
    open(ben_);
    open(cat_);
    ben_.send(Announce{{book_.id(news_)}});
    cat_.send(Announce{{book_.id(news_)}});
    ann_.replica().close_session(ben_.id);
    cat_.collect();
    ASSERT_EQ(cat_.count<Need>(), 1U);
    give(cat_, {news_});
    EXPECT_TRUE(ann_.has(book_.id(news_)));
}

TEST_F(AnnouncedTest, Y10_what_an_announcer_does_not_have_the_next_is_asked_for_at_once) {
    open(ben_);
    open(cat_);
    ben_.send(Announce{{book_.id(news_)}});
    cat_.send(Announce{{book_.id(news_)}});
    give(ben_, {});
    cat_.collect();
    ASSERT_EQ(cat_.count<Need>(), 1U);
    give(cat_, {news_});
    EXPECT_TRUE(ann_.has(book_.id(news_)));
    EXPECT_EQ(ben_.session().outcome(), Outcome::equal) << "no fault";
}

TEST_F(AnnouncedTest, Y10_an_op_that_arrives_by_another_way_is_asked_for_no_more) {
    open(ben_);
    open(cat_);
    ben_.send(Announce{{book_.id(news_)}});
    cat_.send(Announce{{book_.id(news_)}});
    cat_.send(cat_.ops(cat_.outs({news_}), {}, Ops::Role::push));
    EXPECT_TRUE(ann_.has(book_.id(news_)));
    pass(limits::announced_timeout_ms);
    EXPECT_EQ(cat_.count<Need>(), 0U);
    give(ben_, {news_});
    EXPECT_EQ(ben_.session().outcome(), Outcome::equal);
}

TEST_F(AnnouncedTest, Y10_an_announced_op_without_its_past_is_walked_back_from) {
    open(ben_);
    ben_.send(Announce{{book_.id(more_)}});
    give(ben_, {more_});
    ASSERT_EQ(ben_.last<Need>().ids, book_.ids({news_}));
    give(ben_, {news_});
    EXPECT_TRUE(ann_.has(book_.id(more_)));
}

TEST_F(AnnouncedTest, phantoms_end_the_session_that_announces_them_without_end) {
    open(ben_);
    open(cat_);
    std::uint16_t next = 0;
    std::size_t rounds = 0;
    while (ben_.session().outcome() == Outcome::equal && rounds < 10) {
        Announce phantoms;
        for (std::size_t i = 0; i < limits::announce_ids; ++i, ++next) {
            OpId id;
            id.bytes[0] = static_cast<std::uint8_t>(next >> 8U);
            id.bytes[1] = static_cast<std::uint8_t>(next);
            phantoms.ids.push_back(id);
        }
        ben_.send(phantoms);
        if (rounds == 1) {
            // Meanwhile an honest announcer is asked at once.
            cat_.send(Announce{{book_.id(news_)}});
            ASSERT_EQ(cat_.count<Need>(), 1U);
            give(cat_, {news_});
            EXPECT_TRUE(ann_.has(book_.id(news_)));
        }
        give(ben_, {});
        ++rounds;
    }
    EXPECT_EQ(rounds, 3U);
    EXPECT_EQ(ben_.failure(), (std::pair{ErrorCode::session_no_progress, false}));
    EXPECT_EQ(cat_.session().outcome(), Outcome::equal);
}

TEST_F(AnnouncedTest, more_than_its_room_is_ignored_and_another_session_is_due) {
    open(ben_);
    for (std::uint16_t n = 0; n < 3; ++n) {
        Announce phantoms;
        for (std::uint16_t i = 0; i < limits::announce_ids; ++i) {
            OpId id;
            id.bytes[0] = static_cast<std::uint8_t>(n);
            id.bytes[1] = static_cast<std::uint8_t>(i >> 8U);
            id.bytes[2] = static_cast<std::uint8_t>(i);
            phantoms.ids.push_back(id);
        }
        EXPECT_FALSE(ben_.session().incomplete());
        ben_.send(phantoms);
    }
    EXPECT_TRUE(ben_.session().incomplete());
    EXPECT_EQ(ben_.session().outcome(), Outcome::equal);
}

TEST_F(AnnouncedTest, Y10_announcements_before_the_end_are_refused) {
    ben_.send(Announce{{book_.id(news_)}});
    EXPECT_EQ(ben_.failure(), (std::pair{ErrorCode::session_unsolicited, true}));
}

TEST_F(AnnouncedTest, a_session_that_is_not_live_lets_announcements_pass) {
    Hostile peer(ann_, book_, "ben");
    open(peer);
    peer.send(Announce{{book_.id(news_)}});
    EXPECT_EQ(peer.session().outcome(), Outcome::equal);
    EXPECT_EQ(peer.count<Need>(), 0U);
}

}  // namespace
}  // namespace folkmoot::wire
