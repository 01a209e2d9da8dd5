#include "moot/lab_gossip.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <vector>

#include "folkmoot/replica.hpp"
#include "moot/lab_history.hpp"
#include "replica/peer_choice.hpp"

namespace folkmoot::lab {
namespace {

// One way, in milliseconds, about what lies between data centres of two coasts of North America, Europe,
// South America and East Asia.
constexpr std::size_t regions = 5;
constexpr std::array<std::array<std::uint32_t, regions>, regions> one_way_ms{{
    {1, 31, 44, 60, 77},
    {31, 1, 73, 90, 54},
    {44, 73, 1, 103, 112},
    {60, 90, 103, 1, 147},
    {77, 54, 112, 147, 1},
}};
// Of ten peers, so many sit in each region.
constexpr std::array<std::uint32_t, regions> crowd{3, 2, 2, 1, 2};
constexpr std::uint64_t mean_gap_ms = 250;      // between two ops, of all writers
constexpr std::uint64_t patience_ms = 600'000;  // after the last op
constexpr std::uint64_t us = 1000;              // microseconds in a millisecond

// Draws that the seed decides alone, the same on every platform: SplitMix64 (Steele, Lea and Flood, 2014).
class Draws {
   public:
    explicit Draws(std::uint64_t seed) : state_(seed) {}
    std::uint64_t bits() {
        state_ += 0x9e3779b97f4a7c15U;
        std::uint64_t value = state_;
        value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
        value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
        return value ^ (value >> 31U);
    }
    double unit() { return static_cast<double>(bits() >> 11U) / 9007199254740992.0; }
    double exponential(double mean) { return -mean * std::log1p(-unit()); }

   private:
    std::uint64_t state_;
};

struct Node {
    std::unique_ptr<Store> store;
    std::unique_ptr<Signer> signer;
    std::unique_ptr<Replica> replica;
    std::size_t region = 0;
    double writes = 0;  // weight
    PeerChoice choice;
    std::set<PeerChoice::Peer> busy;
};

// One session: its two ends, and what is under way between them.
struct Talk {
    struct End {
        std::uint32_t node = 0;
        std::optional<SessionId> session;
        std::uint64_t last_arrival_us = 0;  // messages to this end stay in order
    };
    std::array<End, 2> ends;  // the first one called
    Hash32 binding;
    std::uint64_t started_us = 0;
};

class World {
   public:
    explicit World(const GossipOptions& options) : options_(options), draws_(options.seed) {}

    Result<GossipReport> run();

   private:
    struct Due {
        std::uint64_t at_us;
        std::uint64_t number;  // ties in the order of making
        std::function<Result<void>()> work;
        bool operator>(const Due& other) const {
            return std::pair(at_us, number) > std::pair(other.at_us, other.number);
        }
    };
    void at(std::uint64_t when_us, std::function<Result<void>()> work) {
        agenda_.push({when_us, next_number_++, std::move(work)});
    }
    [[nodiscard]] std::uint64_t now_ms() const { return now_us_ / us; }

    Result<void> found_group();
    void place_peers();
    void plan_writes();
    Result<void> write(std::uint32_t node);
    Result<void> begin_round(std::uint32_t node);
    Result<void> deliver(const std::shared_ptr<Talk>& talk, std::size_t to, const Bytes& message);
    Result<void> pump(const std::shared_ptr<Talk>& talk, std::size_t from);
    void close_if_over(const std::shared_ptr<Talk>& talk, std::size_t end);
    Result<void> drain(std::uint32_t node);
    void note_arrival(const OpId& op);
    void open_end(const std::shared_ptr<Talk>& talk, std::size_t which);

    GossipOptions options_;
    Draws draws_;
    std::vector<Node> nodes_;
    std::priority_queue<Due, std::vector<Due>, std::greater<>> agenda_;
    std::uint64_t next_number_ = 0;
    std::uint64_t now_us_ = 0;

    struct Written {
        std::uint64_t at_us = 0;
        std::uint32_t holders = 0;
    };
    std::map<OpId, Written> written_;
    std::uint32_t left_to_write_ = 0;
    std::vector<double> times_ms_;
    GossipReport report_;
};

void World::place_peers() {
    for (std::uint32_t i = 0; i < options_.peers; ++i) {
        std::uint32_t seat = i % 10;
        while (seat >= crowd.at(nodes_[i].region)) seat -= crowd.at(nodes_[i].region++);
        nodes_[i].choice = PeerChoice(options_.learned);
        for (std::uint32_t other = 0; other < options_.peers; ++other) {
            if (other != i) nodes_[i].choice.add(other);
        }
    }
    // A third of the peers write, the second half as much as the first, the third a third as much...
    std::vector<std::uint32_t> order(options_.peers);
    for (std::uint32_t i = 0; i < options_.peers; ++i) order[i] = i;
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[draws_.bits() % i]);
    for (std::uint32_t i = 0; i < (options_.peers + 2) / 3; ++i) nodes_[order[i]].writes = 1.0 / (i + 1.0);
}

// The first peer founds the group and adds the others; everybody holds that from the start.
Result<void> World::found_group() {
    std::optional<GroupId> group;
    std::vector<EncodedOp> ops;
    for (std::uint32_t i = 0; i < options_.peers; ++i) {
        Node node;
        auto signer = make_signer(author_seed(i));
        if (!signer) return std::unexpected(signer.error());
        node.signer = std::move(*signer);
        node.store = make_memory_store(StoreInstance{});
        auto replica = Replica::open({group, i + 1}, *node.store, node.signer.get(), ed25519_verifier());
        if (!replica) return std::unexpected(replica.error());
        node.replica = std::move(*replica);
        nodes_.push_back(std::move(node));
        if (i > 0) continue;
        auto made = nodes_[0].replica->create_group({"laboratory", {nodes_[0].signer->key()}, {}}, 1);
        if (!made) return std::unexpected(made.error());
        group = nodes_[0].replica->group_id();
        if (auto done = drain(0); !done) return done;
    }
    for (std::uint32_t i = 1; i < options_.peers; ++i) {
        auto made = nodes_[0].replica->act(Add{nodes_[i].signer->key(), level::member}, 1);
        if (!made) return std::unexpected(made.error());
        if (auto done = drain(0); !done) return done;
    }
    for (OpIndex op = 0; op < nodes_[0].replica->graph().size(); ++op) {
        auto loaded = nodes_[0].replica->load(op);
        if (!loaded) return std::unexpected(loaded.error());
        ops.push_back(std::move(*loaded));
    }
    for (std::uint32_t i = 1; i < options_.peers; ++i) {
        auto copy = ops;
        auto taken = nodes_[i].replica->take(copy);
        if (!taken) return std::unexpected(taken.error());
        if (auto done = drain(i); !done) return done;
    }
    return {};
}

void World::plan_writes() {
    double all = 0;
    for (const Node& node : nodes_) all += node.writes;
    double when_ms = 10.0 * static_cast<double>(options_.interval_ms);
    for (std::uint32_t i = 0; i < options_.ops; ++i) {
        when_ms += draws_.exponential(static_cast<double>(mean_gap_ms));
        double left = draws_.unit() * all;
        std::uint32_t who = 0;
        for (std::uint32_t at = 0; at < options_.peers; ++at) {
            if (nodes_[at].writes == 0) continue;
            who = at;
            left -= nodes_[at].writes;
            if (left <= 0) break;
        }
        at(static_cast<std::uint64_t>(when_ms * us), [this, who] { return write(who); });
    }
    left_to_write_ = options_.ops;
}

Result<void> World::drain(std::uint32_t number) {
    Node& node = nodes_[number];
    for (bool any = true; any;) {
        any = false;
        while (auto batch = node.replica->poll_persist()) {
            const auto done = persist(*node.store, *batch);
            node.replica->handle_persisted(batch->ticket, done);
            if (!done) return done;
            any = true;
        }
        while (auto event = node.replica->poll_event()) {
            any = true;
            if (event->kind != Event::Kind::delivered) continue;
            for (const OpIndex op : event->ops) note_arrival(node.replica->graph().id(op));
        }
    }
    return {};
}

void World::note_arrival(const OpId& op) {
    const auto at = written_.find(op);
    if (at == written_.end() || ++at->second.holders < options_.peers) return;
    times_ms_.push_back(static_cast<double>(now_us_ - at->second.at_us) / us);
    written_.erase(at);
}

Result<void> World::write(std::uint32_t node) {
    auto made = nodes_[node].replica->post(as_bytes("a post of some twenty bytes"), now_ms());
    if (!made) return std::unexpected(made.error());
    written_[*made] = {now_us_, 0};
    --left_to_write_;
    return drain(node);
}

void World::open_end(const std::shared_ptr<Talk>& talk, std::size_t which) {
    SessionConfig config;
    config.peer = nodes_[talk->ends.at(1 - which).node].signer->key();
    config.binding = talk->binding;
    config.initiator = which == 0;
    Talk::End& end = talk->ends.at(which);
    end.session = nodes_[end.node].replica->open_session(config, now_ms());
}

// Both sides of a pair may call each other at once; each then has two sessions with the other.
Result<void> World::begin_round(std::uint32_t number) {
    Node& node = nodes_[number];
    const std::uint64_t pause = options_.interval_ms / 2 + draws_.bits() % (options_.interval_ms + 1);
    at(now_us_ + pause * us, [this, number] { return begin_round(number); });
    const auto peer = node.choice.choose(now_ms(), draws_.bits(), node.busy);
    if (!peer) return {};
    node.busy.insert(*peer);
    ++report_.sessions;
    auto talk = std::make_shared<Talk>();
    talk->ends[0].node = number;
    talk->ends[1].node = *peer;
    talk->started_us = now_us_;
    for (auto& byte : talk->binding.bytes) byte = static_cast<std::uint8_t>(draws_.bits());
    open_end(talk, 0);
    return pump(talk, 0);
}

Result<void> World::pump(const std::shared_ptr<Talk>& talk, std::size_t from) {
    const Talk::End& end = talk->ends.at(from);
    Talk::End& other = talk->ends.at(1 - from);
    Node& node = nodes_[end.node];
    if (auto drained = drain(end.node); !drained) return drained;
    while (end.session) {
        auto message = node.replica->poll_message(*end.session);
        if (!message) break;
        ++report_.messages;
        report_.bytes += message->size();
        const std::uint64_t way = one_way_ms.at(node.region).at(nodes_[other.node].region) * us;
        const std::uint64_t arrival = now_us_ + way + draws_.bits() % (way / 10 + 1);
        other.last_arrival_us = std::max(other.last_arrival_us + 1, arrival);
        const std::size_t to = 1 - from;
        at(other.last_arrival_us,
           [this, talk, to, bytes = std::move(*message)] { return deliver(talk, to, bytes); });
    }
    close_if_over(talk, from);
    return {};
}

Result<void> World::deliver(const std::shared_ptr<Talk>& talk, std::size_t to, const Bytes& message) {
    Talk::End& end = talk->ends.at(to);
    // The called side opens its session when the first message is there.
    if (!end.session && to == 1 && named_group(message)) open_end(talk, to);
    if (!end.session) return {};
    nodes_[end.node].replica->handle_message(*end.session, message, now_ms());
    return pump(talk, to);
}

void World::close_if_over(const std::shared_ptr<Talk>& talk, std::size_t which) {
    Talk::End& end = talk->ends.at(which);
    if (!end.session) return;
    Node& node = nodes_[end.node];
    const Session& session = *node.replica->session(*end.session);
    if (session.outcome() == Outcome::running) return;
    if (which == 0) {
        const PeerChoice::Peer peer = talk->ends[1].node;
        node.busy.erase(peer);
        if (session.outcome() == Outcome::failed) {
            ++report_.failed;
            node.choice.handle_failure(peer, now_ms(), draws_.bits());
        } else {
            node.choice.handle_visit(
                peer, {session.stats().ops_new, session.stats().ops_sent, (now_us_ - talk->started_us) / us});
        }
    }
    node.replica->close_session(*end.session);
    end.session.reset();
}

Result<GossipReport> World::run() {
    if (auto founded = found_group(); !founded) return std::unexpected(founded.error());
    place_peers();
    plan_writes();
    for (std::uint32_t i = 0; i < options_.peers; ++i) {
        at(draws_.bits() % (options_.interval_ms * us), [this, i] { return begin_round(i); });
    }
    std::uint64_t end_us = UINT64_MAX;
    while (left_to_write_ > 0 || !written_.empty()) {
        Due due = agenda_.top();
        agenda_.pop();
        now_us_ = due.at_us;
        if (now_us_ > end_us) break;
        if (auto done = due.work(); !done) return std::unexpected(done.error());
        if (left_to_write_ == 0 && end_us == UINT64_MAX) end_us = now_us_ + patience_ms * us;
    }
    report_.simulated_ms = now_ms();
    report_.visible = times_ms_.size();
    if (times_ms_.empty()) return report_;
    std::ranges::sort(times_ms_);
    for (const double time : times_ms_) report_.mean_ms += time / static_cast<double>(times_ms_.size());
    const auto quantile = [this](double part) {
        const auto count = static_cast<double>(times_ms_.size());
        return times_ms_[static_cast<std::size_t>(std::ceil(part * count)) - 1];
    };
    report_.median_ms = quantile(0.5);
    report_.p95_ms = quantile(0.95);
    return report_;
}

}  // namespace

Result<GossipReport> gossip(const GossipOptions& options) { return World(options).run(); }

}  // namespace folkmoot::lab
