// A small history by three devices with every kind of op, and ops at the bounds of the format.
#include "operation_cases.hpp"
#include "support/sample_operations.hpp"

namespace folkmoot::vectors {
namespace {

constexpr std::uint64_t start_ms = 1'700'000'000'000;

OpId id_of(const Operation& op) { return op_id(encode_body(op).value()); }

// Appends ops of one group; `as` and the claimed time follow from what came before.
class History {
   public:
    void add(std::string name, std::string description, std::string author, Operation op,
             std::string payload = {}) {
        op.author = signer_of(author)->key();
        op.time_ms = op.time_ms != 0 ? op.time_ms : start_ms + cases_.size();
        if (op.kind() != Kind::create) op.group = group_of(create_);
        last_ = id_of(op);
        if (op.kind() == Kind::create && create_ == OpId{}) create_ = last_;
        cases_.push_back(
            {std::move(name), std::move(description), std::move(author), std::move(op), std::move(payload)});
    }
    // An op that follows `prev` and cites `parents`, under the grant `as`.
    static Operation op(std::optional<OpId> prev, std::vector<OpId> parents, OpId as, Act act) {
        Operation out;
        out.prev = prev;
        out.parents = std::move(parents);
        out.as = as;
        out.act = std::move(act);
        return out;
    }
    [[nodiscard]] OpId last() const { return last_; }
    [[nodiscard]] std::vector<Valid> take() { return std::move(cases_); }

   private:
    std::vector<Valid> cases_;
    OpId create_;
    OpId last_;
};

Operation create_by(std::vector<DeviceKey> founders, std::string name, Rules rules) {
    Operation op;
    op.act = Create{std::move(name), std::move(founders), rules};
    return op;
}

void add_bounds(History& history, const OpId& create, const OpId& prev, const DeviceKey& alice) {
    const auto far = [&](Act act) { return History::op(prev, sample::ids(16), create, std::move(act)); };
    history.add("sixteen-parents", "as many parents as an op may cite, beside prev", "alice", far(Leave{}));
    history.add("largest-cut", "a cut of 64 ops and 16 parents", "alice",
                far(Remove{sample::key(9), sample::ids(64)}));
    auto latest = History::op(prev, {}, create, Leave{});
    latest.time_ms = limits::time_ms;
    history.add("latest-time", "the claimed time 2^53 - 1", "alice", latest);
    history.add("highest-level", "the highest level a grant gives", "alice",
                History::op(prev, {}, create, Add{sample::key(9), 100}));
    history.add("lowest-level", "the lowest level a grant gives", "alice",
                History::op(prev, {}, create, SetLevel{sample::key(9), 1}));
    history.add("largest-payload", "a post of 32 KiB; only its hash is in the body", "alice",
                History::op(prev, {}, create, sample::post(std::string(32768, 'x'))),
                std::string(32768, 'x'));
    history.add("empty-payload", "a post of nothing, which is how heads are merged", "alice",
                History::op(prev, {}, create, sample::post("")));

    auto founders = sample::keys(63);
    founders.push_back(alice);
    history.add("sixty-four-founders", "as many founders as a group has, the author last", "alice",
                create_by(founders, std::string(255, 'n'), {}));
    history.add("nameless", "an empty name, and levels at their bounds", "alice",
                create_by({alice}, "", {Rules::Equal::forbid, 1, 255, 1, 255, 1, 255, 1, 255}));
    history.add(
        "name-of-many-scripts", "UTF-8 of every width, a zero byte and U+10FFFF", "alice",
        create_by({alice}, std::string("m\0\xc3\xb4t \xe2\x82\xac \xf0\x9f\x8f\x9b \xf4\x8f\xbf\xbf", 19),
                  {}));
}

}  // namespace

std::vector<Valid> valid_cases() {
    History history;
    const auto key = [](std::string_view name) { return signer_of(name)->key(); };
    history.add("create", "alice founds a group, alone", "alice", create_by({key("alice")}, "book club", {}));
    const OpId create = history.last();
    history.add("post", "alice's first post, under her grant as founder", "alice",
                History::op(create, {}, create, sample::post("hello")), "hello");
    const OpId post = history.last();
    history.add("add", "alice adds bob as a moderator", "alice",
                History::op(post, {}, create, Add{key("bob"), 50}));
    const OpId add = history.last();
    history.add("first-of-bob", "bob's first op: no prev, alice's op among the parents", "bob",
                History::op(std::nullopt, {add}, add, sample::post("hi")), "hi");
    const OpId bob = history.last();
    history.add("link", "bob links a second device as a reader", "bob",
                History::op(bob, {}, add, Link{key("carol"), 10}));
    const OpId link = history.last();
    history.add("concurrent", "alice posts without having seen bob", "alice",
                History::op(add, {}, create, sample::post("anybody?")), "anybody?");
    const OpId concurrent = history.last();
    history.add("merge", "alice has seen both: prev is hers, bob's head a parent", "alice",
                History::op(concurrent, {link}, create, sample::post("")));
    const OpId merge = history.last();
    history.add("set-level", "alice raises bob to admin", "alice",
                History::op(merge, {}, create, SetLevel{key("bob"), 100}));
    const OpId raised = history.last();
    history.add("remove", "alice removes carol", "alice",
                History::op(raised, {}, create, Remove{key("carol"), std::nullopt}));
    const OpId removed = history.last();
    history.add("remove-cut", "alice removes bob; his first op is the last she trusts", "alice",
                History::op(removed, {}, create, Remove{key("bob"), std::vector{bob}}));
    const OpId cut = history.last();
    history.add("remove-cut-all", "an empty cut: nothing by bob is trusted", "alice",
                History::op(cut, {}, create, Remove{key("bob"), std::vector<OpId>{}}));
    const OpId cut_all = history.last();
    history.add("ban", "alice bans bob", "alice",
                History::op(cut_all, {}, create, Ban{key("bob"), std::nullopt}));
    const OpId ban = history.last();
    history.add("unban", "and relents", "alice", History::op(ban, {}, create, Unban{key("bob")}));
    const OpId unban = history.last();
    history.add("leave", "alice leaves", "alice", History::op(unban, {}, create, Leave{}));
    add_bounds(history, create, history.last(), key("alice"));
    return history.take();
}

std::unique_ptr<Signer> signer_of(std::string_view name) {
    for (const auto& device : devices) {
        if (device.name == name) return make_signer(Bytes(32, device.seed_byte)).value();
    }
    return nullptr;
}

}  // namespace folkmoot::vectors
