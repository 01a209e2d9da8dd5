// What must be given on together (O5): a run, what proves it, and all that stands between. Whoever makes
// another keep more of it than one message takes has silenced it; and asking for runs costs no reads.
#include "support/hostile.hpp"

namespace folkmoot::wire {
namespace {

using sync::Ops;

// ann and cat, founders, hold `base`; ben is a member.
class UnitsTest : public testing::Test {
   protected:
    UnitsTest() { base_ = book_.add("ann", Add{key_of("ben"), level::member}, {0}); }
    // Posts by ben on `on`, the first and the last of them signed, with payloads of these sizes.
    std::vector<sync::OutgoingOp> run(Entry on, const std::vector<std::size_t>& payloads) {
        std::vector<sync::OutgoingOp> out;
        for (const std::size_t size : payloads) {
            Draft draft;
            draft.payload = std::to_string(book_.size());
            draft.payload.resize(size, 'x');
            on = book_.post("ben", {on}, draft);
            out.push_back({static_cast<OpIndex>(on), book_.op(on)});
        }
        for (std::size_t i = 1; i + 1 < out.size(); ++i) out[i].op.signature.reset();
        return out;
    }
    std::unique_ptr<Peer> peer(const std::string& name) {
        auto out = std::make_unique<Peer>(name, book_.group());
        out->take(book_.past({base_}));
        return out;
    }
    Book book_{{"ann", "cat"}};
    Entry base_ = 0;
};

TEST_F(UnitsTest, O5_a_run_as_large_as_may_be_is_given_on_and_a_larger_one_not_taken) {
    // One author's run: each op counts its content, signature, prev and grant.
    constexpr std::size_t around = Signature::size + 64 + 2 * 33;
    // The first op is signed and no part of the unit, which is full with 28 payloads and a rest.
    std::vector<std::size_t> sizes{100};
    std::size_t left = limits::unit_bytes;
    while (left > limits::payload_bytes + 2 * around + 100) {
        sizes.push_back(limits::payload_bytes);
        left -= limits::payload_bytes + around;
    }
    sizes.push_back(left - around);
    for (const std::size_t more : {0U, 1U}) {
        sizes.back() += more;
        const auto batch = run(base_, sizes);
        const Entry last = batch.back().index;
        const auto ann = peer("ann");
        Hostile ben(*ann, book_, "ben");
        ben.send_have({last});
        ben.send(ben.ops(batch, {last}));
        EXPECT_EQ(ann->has(book_.id(last)), more == 0);
        if (more == 0) {
            const auto cat = peer("cat");
            expect_sync(*ann, *cat, {.seed = 4});
            EXPECT_TRUE(cat->has(book_.id(last)));
        } else {
            EXPECT_EQ(ben.failure(), std::pair(ErrorCode::op_unproven, true));
        }
    }
}

// The same ops in a batch of its sender's making take less than in any that may be sent on.
TEST_F(UnitsTest, O5_what_counts_is_the_longest_form) {
    EncodedOp post = book_.op(book_.post("ben", {base_}));
    const std::size_t with_one = sync::longest_form(Kind::post, 1, post);
    EXPECT_EQ(sync::longest_form(Kind::post, 17, post) - with_one, 16 * 33U);
    post.payload = Bytes(1000);
    EXPECT_EQ(sync::longest_form(Kind::post, 1, post) - with_one, 1000 - Hash32::size);
    const EncodedOp& add = book_.op(base_);
    EXPECT_GE(sync::longest_form(Kind::add, 1, add), add.body.size() + Signature::size + 3);
    // A batch of one op each, in plain form, is no longer.
    const auto ann = peer("ann");
    Hostile ben(*ann, book_, "ben");
    const auto size = [&](Entry entry) { return ben.ops({ben.out(entry)}, {}).batch.size(); };
    for (const Entry entry : {base_, Entry{book_.size() - 1}}) {
        const Kind kind = book_.graph().kind(static_cast<OpIndex>(entry));
        EXPECT_LE(size(entry), 4 + 3 + sync::longest_form(kind, 1, book_.op(entry)));
    }
}

TEST_F(UnitsTest, Y10_a_push_holds_what_proves_it_though_the_peer_announced_that) {
    const Entry first = book_.post("ben", {base_});
    const auto both = run(first, {10, 10, 10});
    const auto ann = peer("ann");
    ann->take(book_.past({first}));
    SessionConfig live;
    live.live = true;
    Hostile cat(*ann, book_, "cat", live);
    cat.send_have({first});
    ASSERT_EQ(cat.session().outcome(), Outcome::equal);
    cat.send(sync::Announce{{book_.id(both.back().index)}});
    std::vector<EncodedOp> ops;
    for (const auto& each : both) ops.push_back(each.op);
    ann->take(ops);
    cat.collect();
    EXPECT_NE(cat.session().outcome(), Outcome::failed) << cat.session().error().text;
    EXPECT_EQ(cat.last<Ops>().role, Ops::Role::push);
    EXPECT_EQ(cat.session().stats().ops_sent, 3U);
}

// A host that counts what is read of its store.
class Counting final : public SessionHost {
   public:
    explicit Counting(const Book& book) : book_(book), host_(book) {}
    const Graph& graph() const override { return book_.graph(); }
    GroupId group() const override { return book_.group(); }
    Result<EncodedOp> load(OpIndex op) override {
        ++loads;
        auto out = host_.load(op);
        if (!has_signature(op)) out->signature.reset();
        return out;
    }
    bool has_signature(OpIndex op) override {
        return book_.graph().kind(op) != Kind::post || op + 1 == book_.size() ||
               book_.graph().position(op) % limits::signed_every == 0;
    }
    std::vector<OpIndex> offer_for(const DeviceKey&) const override {
        return reader ? book_.graph().heads() : std::vector<OpIndex>{narrow};
    }
    bool may_read(const DeviceKey&) const override { return reader; }
    Result<std::vector<Admitted>> admit(std::vector<DecodedOp>& ops, const DeviceKey& peer) override {
        return host_.admit(ops, peer);
    }
    std::optional<OpId> own_grant() const override { return std::nullopt; }
    OpId grant_op(OpIndex op) const override { return host_.grant_op(op); }
    std::vector<std::vector<OpId>> remembered(const DeviceKey&) const override { return {}; }

    std::size_t loads = 0;
    bool reader = true;
    OpIndex narrow = 0;

   private:
    const Book& book_;
    BookHost host_;
};

TEST_F(UnitsTest, what_a_request_asks_for_is_not_read_before_it_is_sent) {
    const Entry last = book_.posts("ben", base_, 300);
    Counting host(book_);
    host.narrow = static_cast<OpIndex>(last - 10);
    SessionConfig config;
    config.peer = key_of("cat");
    for (const bool reader : {true, false}) {
        host.reader = reader;
        host.loads = 0;
        Session session(host, config);
        session.start(0);
        while (session.poll_message()) {
        }
        EXPECT_EQ(host.loads, 0U) << "opening reads nothing, not even for who was removed";
        sync::Have have;
        have.group = group_tag(book_.group(), config.binding);
        session.handle_message(sync::encode_message(have), 0);
        std::size_t sent = 0;
        while (const auto message = session.poll_message()) ++sent;
        EXPECT_GT(sent, 0U);
        const std::size_t before = host.loads;
        const sync::Need need{{book_.id(host.narrow)}, limits::walk_back_ops};
        session.handle_message(sync::encode_message(need), 0);
        ASSERT_EQ(session.outcome(), Outcome::running);
        EXPECT_EQ(host.loads, before) << "the run of each op asked for was read, again and again";
    }
}

}  // namespace
}  // namespace folkmoot::wire
