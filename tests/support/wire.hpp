// Replicas on wires in memory: devices by name, histories made by hand, sessions whose messages a test may
// delay, lose, change and reorder. One seed decides everything.
//
//     Book book;                                            // the create by ann
//     const Entry add = book.add("ann", Add{key_of("ben"), level::member}, {book.root()});
//     Peer ann("ann", book.group()), ben("ben", book.group());
//     ann.take(book.all());
//     Wire wire(ann, ben);
//     wire.run();
//     EXPECT_EQ(wire.outcome_a(), Outcome::equal);
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <string_view>

#include "folkmoot/replica.hpp"
#include "support/fake_keys.hpp"

namespace folkmoot::wire {

// --- Histories ------------------------------------------------------------------------------------

/// An op of a Book, by number.
using Entry = std::size_t;

struct Draft {
    /// Overrides the author's op furthest along its chain among the ancestors; nothing inside: no prev.
    std::optional<std::optional<Entry>> prev = std::nullopt;
    /// Overrides M2.
    std::optional<Entry> as = std::nullopt;
    std::string payload = std::string();
};

/// A history under construction; every op is valid unless made with `broken`.
class Book {
   public:
    explicit Book(const std::vector<std::string>& founders = {"ann"}, const Rules& rules = {},
                  std::string_view name = "folk") {
        Create create{std::string(name), {}, rules};
        for (const auto& founder : founders) create.founders.push_back(key_of(founder));
        Operation op;
        op.author = create.founders.front();
        op.act = std::move(create);
        insert(op, encode(op, std::nullopt));
    }
    Book(const Book&) = delete;
    Book& operator=(const Book&) = delete;

    [[nodiscard]] Entry root() const { return 0; }
    [[nodiscard]] GroupId group() const { return group_of(ops_[0].id); }
    [[nodiscard]] std::size_t size() const { return ops_.size(); }
    [[nodiscard]] const EncodedOp& op(Entry entry) const { return ops_[entry]; }
    [[nodiscard]] const OpId& id(Entry entry) const { return ops_[entry].id; }
    [[nodiscard]] const Graph& graph() const { return graph_; }

    Entry add(std::string_view author, Act act, const std::vector<Entry>& on, const Draft& draft = {}) {
        const Operation op = make(author, std::move(act), on, draft);
        std::optional<Bytes> payload;
        if (op.kind() == Kind::post) payload.emplace(draft.payload.begin(), draft.payload.end());
        return insert(op, encode(op, std::move(payload)));
    }
    Entry post(std::string_view author, const std::vector<Entry>& on, Draft draft = {}) {
        if (draft.payload.empty()) draft.payload = "post " + std::to_string(ops_.size());
        const Post act{static_cast<std::uint32_t>(draft.payload.size()),
                       payload_hash(as_bytes(draft.payload))};
        return add(author, act, on, draft);
    }
    /// `count` posts of the author, one on the other; the last of them.
    Entry posts(std::string_view author, Entry on, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) on = post(author, {on});
        return on;
    }
    /// The op as its author would sign it, not added; it may be invalid.
    [[nodiscard]] Operation make(std::string_view author, Act act, const std::vector<Entry>& on,
                                 const Draft& draft = {}) const {
        Operation op;
        op.author = key_of(author);
        op.group = group();
        op.time_ms = ops_.size();
        const auto prev = draft.prev ? *draft.prev : last_of(op.author, on);
        if (prev) op.prev = id(*prev);
        for (const Entry parent : on) {
            if (parent != prev) op.parents.push_back(id(parent));
        }
        std::ranges::sort(op.parents);
        op.as = id(0);
        if (draft.as) {
            op.as = id(*draft.as);
        } else if (const auto chosen =
                       access_.at(indices(on))
                           .choose_grant(op.author,
                                         prev ? std::optional(static_cast<OpIndex>(*prev)) : std::nullopt,
                                         act)) {
            op.as = chosen;
        }
        op.act = std::move(act);
        return op;
    }
    [[nodiscard]] static EncodedOp encode(const Operation& op, std::optional<Bytes> payload) {
        auto body = encode_body(op);
        EXPECT_TRUE(body.has_value()) << body.error().text;
        const OpId id = op_id(*body);
        return {id, std::move(*body), fake_signature(op.author, signing_input(id)), std::move(payload), 0};
    }

    [[nodiscard]] std::vector<EncodedOp> all() const { return ops_; }
    /// The named ops and their past, parents first.
    [[nodiscard]] std::vector<EncodedOp> past(const std::vector<Entry>& of) const {
        std::vector<EncodedOp> out;
        const auto heads = indices(of);
        for (const OpIndex op : graph_.difference(heads, Closure{})) out.push_back(ops_[op]);
        return out;
    }
    [[nodiscard]] std::vector<OpId> ids(const std::vector<Entry>& of) const {
        std::vector<OpId> out;
        for (const Entry entry : of) out.push_back(id(entry));
        std::ranges::sort(out);
        return out;
    }

   private:
    static std::vector<OpIndex> indices(const std::vector<Entry>& entries) {
        return {entries.begin(), entries.end()};
    }
    [[nodiscard]] std::optional<Entry> last_of(const DeviceKey& author, const std::vector<Entry>& on) const {
        const auto known = graph_.find_author(author);
        if (!known) return std::nullopt;
        const auto deps = indices(on);
        const Closure past = graph_.closure(deps);
        std::optional<Entry> best;
        for (const BranchIndex branch : graph_.branches(*known)) {
            for (const OpIndex op : graph_.branch_ops(branch)) {
                if (!graph_.contains(past, op)) continue;
                if (!best || graph_.position(op) > graph_.position(static_cast<OpIndex>(*best))) best = op;
            }
        }
        return best;
    }
    Entry insert(const Operation& op, EncodedOp encoded) {
        EXPECT_EQ(graph_.prepare(encoded.id, op), Graph::Placement::ready) << graph_.error().text;
        const auto checked = access_.check(op);
        EXPECT_TRUE(checked.has_value()) << checked.error().text;
        const OpIndex index = graph_.commit();
        access_.apply(index, op);
        ops_.push_back(std::move(encoded));
        return index;
    }

    Graph graph_;
    Access access_{graph_};
    std::vector<EncodedOp> ops_;
};

// --- Devices --------------------------------------------------------------------------------------

/// One device: its store, its replica, and the app between them.
class Peer {
   public:
    explicit Peer(std::string name, std::optional<GroupId> group = std::nullopt, std::uint8_t instance = 1)
        : name_(std::move(name)), signer_(name_), group_(group) {
        StoreInstance identity;
        identity.bytes.fill(instance);
        store_ = make_memory_store(identity);
        reopen();
    }
    Peer(std::string name, std::optional<GroupId> group, std::unique_ptr<Store> store)
        : name_(std::move(name)), signer_(name_), group_(group), store_(std::move(store)) {
        reopen();
    }

    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] DeviceKey key() const { return signer_.key(); }
    [[nodiscard]] Replica& replica() { return *replica_; }
    [[nodiscard]] const Graph& graph() const { return replica_->graph(); }
    [[nodiscard]] Store& store() { return *store_; }
    [[nodiscard]] FakeVerifier& verifier() { return verifier_; }

    /// As after a crash: whatever was not persisted is gone, and all sessions are.
    void reopen() {
        replica_.reset();
        auto opened = Replica::open({group_, 7}, *store_, &signer_, verifier_);
        ASSERT_TRUE(opened.has_value()) << opened.error().text;
        replica_ = std::move(*opened);
    }
    /// Does what an app does after every call, unless persisting is held.
    void drain() {
        while (auto event = replica_->poll_event()) events.push_back(std::move(*event));
        if (hold_persist) return;
        while (auto batch = replica_->poll_persist()) {
            const auto done = fail_persist ? fail(ErrorCode::store_full, "full") : persist(*store_, *batch);
            replica_->handle_persisted(batch->ticket, done);
        }
        while (auto event = replica_->poll_event()) events.push_back(std::move(*event));
    }
    /// Takes ops, which must all be admitted or be there already.
    void take(std::vector<EncodedOp> ops) {
        const auto taken = replica_->take(ops);
        ASSERT_TRUE(taken.has_value()) << taken.error().text;
        for (const auto& one : *taken) {
            ASSERT_TRUE(one.status == Admitted::Status::admitted ||
                        one.status == Admitted::Status::duplicate);
        }
        drain();
    }
    OpId post(std::string_view text) {
        const auto made = replica_->post(as_bytes(text), 1);
        EXPECT_TRUE(made.has_value()) << made.error().text;
        drain();
        return made.value_or(OpId{});
    }
    OpId act(Act act) {
        const auto made = replica_->act(std::move(act), 1);
        EXPECT_TRUE(made.has_value()) << made.error().text;
        drain();
        return made.value_or(OpId{});
    }
    [[nodiscard]] bool has(const OpId& id) const { return graph().find(id).has_value(); }
    [[nodiscard]] std::vector<OpId> heads() const {
        std::vector<OpId> out;
        for (const OpIndex op : graph().heads()) out.push_back(graph().id(op));
        return out;
    }
    [[nodiscard]] std::size_t count(Event::Kind kind) const {
        return static_cast<std::size_t>(std::ranges::count(events, kind, &Event::kind));
    }

    std::vector<Event> events;
    bool hold_persist = false;
    bool fail_persist = false;

   private:
    std::string name_;
    FakeSigner signer_;
    FakeVerifier verifier_;
    std::optional<GroupId> group_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Replica> replica_;
};

/// Same ops, same members.
[[nodiscard]] inline bool same(Peer& a, Peer& b) {
    return a.heads() == b.heads() && a.graph().size() == b.graph().size() &&
           a.replica().access().now().membership_digest() == b.replica().access().now().membership_digest();
}

// --- Wires ----------------------------------------------------------------------------------------

struct WireOptions {
    SummaryChoice summary = SummaryChoice::automatic;
    bool live = false;
    /// Decides the binding and the order in which messages arrive.
    std::uint64_t seed = 1;
    /// Messages after which the wire goes dead; both ends see it close.
    std::size_t cut_after = SIZE_MAX;
};

/// One session between two devices. Messages of each direction stay in order; which direction is next is
/// random.
class Wire {
   public:
    Wire(Peer& a, Peer& b, const WireOptions& options = {})
        : a_(a), b_(b), options_(options), random_(options.seed) {
        for (auto& byte : binding_.bytes) byte = static_cast<std::uint8_t>(random_());
        id_a_ = a.replica().open_session({b.key(), binding_, true, options.summary, options.live}, now_ms);
        id_b_ = b.replica().open_session({a.key(), binding_, false, options.summary, options.live}, now_ms);
    }
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    /// Takes from both devices what they want to send.
    void collect() {
        a_.drain();
        b_.drain();
        while (auto message = a_.replica().poll_message(id_a_)) put(to_b, std::move(*message));
        while (auto message = b_.replica().poll_message(id_b_)) put(to_a, std::move(*message));
    }
    /// Delivers one message; false if none is under way.
    bool step() {
        collect();
        if (closed_ || (to_a.empty() && to_b.empty())) return false;
        if (messages == options_.cut_after) {
            close();
            return false;
        }
        ++messages;
        const bool to_b_next = to_a.empty() || (!to_b.empty() && (random_() & 1U) != 0);
        auto& queue = to_b_next ? to_b : to_a;
        const Bytes message = std::move(queue.front());
        queue.pop_front();
        if (to_b_next) {
            b_.replica().handle_message(id_b_, message, now_ms);
        } else {
            a_.replica().handle_message(id_a_, message, now_ms);
        }
        a_.drain();
        b_.drain();
        return true;
    }
    void run() {
        for (std::size_t i = 0; i < 200'000; ++i) {
            if (!step()) return;
        }
        FAIL() << "the session does not come to rest";
    }
    void close() {
        if (closed_) return;
        closed_ = true;
        a_.replica().close_session(id_a_);
        b_.replica().close_session(id_b_);
    }

    [[nodiscard]] SessionId id_a() const { return id_a_; }
    [[nodiscard]] SessionId id_b() const { return id_b_; }
    [[nodiscard]] const Session& session_a() const { return *a_.replica().session(id_a_); }
    [[nodiscard]] const Session& session_b() const { return *b_.replica().session(id_b_); }
    [[nodiscard]] Outcome outcome_a() const { return session_a().outcome(); }
    [[nodiscard]] Outcome outcome_b() const { return session_b().outcome(); }
    [[nodiscard]] bool both(Outcome outcome) const {
        return outcome_a() == outcome && outcome_b() == outcome;
    }
    [[nodiscard]] const Hash32& binding() const { return binding_; }

    std::deque<Bytes> to_a, to_b;
    std::size_t messages = 0;
    std::size_t bytes = 0;
    std::uint64_t now_ms = 0;

   private:
    void put(std::deque<Bytes>& queue, Bytes message) {
        EXPECT_LE(message.size(), limits::message_bytes);
        bytes += message.size();
        queue.push_back(std::move(message));
    }
    Peer& a_;
    Peer& b_;
    WireOptions options_;
    std::mt19937_64 random_;
    Hash32 binding_;
    SessionId id_a_ = 0, id_b_ = 0;
    bool closed_ = false;
};

/// A whole session that must bring both to the same state.
inline void expect_sync(Peer& a, Peer& b, const WireOptions& options = {}) {
    Wire wire(a, b, options);
    wire.run();
    const auto why = [](const Session& s) {
        return s.outcome() == Outcome::failed ? s.error().text : std::string("not failed");
    };
    EXPECT_TRUE(wire.both(Outcome::equal)) << why(wire.session_a()) << " / " << why(wire.session_b());
    EXPECT_TRUE(same(a, b));
    wire.close();
}

}  // namespace folkmoot::wire
