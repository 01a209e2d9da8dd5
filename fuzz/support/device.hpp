// A device and its app in memory, with keys that cost nothing (the code that checks signatures is the same),
// and what two of them say to each other.
#pragma once

#include <deque>
#include <memory>
#include <set>

#include "base/assert.hpp"
#include "folkmoot/evidence.hpp"
#include "folkmoot/replica.hpp"
#include "support/fake_keys.hpp"

namespace folkmoot::fuzz {

using wire::FakeSigner;
using wire::FakeVerifier;
using wire::key_of;

/// Until this is called hashes take the slow code that runs anywhere.
inline const bool crypto_started = start_crypto().has_value();

class Device {
   public:
    Device(std::string_view name, std::optional<GroupId> group, std::uint8_t instance = 0)
        : signer_(name), group_(group) {
        StoreInstance identity;
        identity.bytes.fill(instance);
        store_ = make_memory_store(identity);
        reopen();
    }
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    [[nodiscard]] Replica& replica() { return *replica_; }
    [[nodiscard]] const Graph& graph() const { return replica_->graph(); }
    [[nodiscard]] const Store& store() const { return *store_; }
    [[nodiscard]] DeviceKey key() const { return signer_.key(); }
    [[nodiscard]] const FakeVerifier& verifier() const { return verifier_; }
    /// Ids of all ops ever persisted here.
    [[nodiscard]] const std::set<OpId>& kept() const { return kept_; }
    [[nodiscard]] bool has(const OpId& id) const { return graph().find(id).has_value(); }

    /// As after a crash: what was not persisted is gone, and so are all sessions.
    void reopen() {
        replica_.reset();
        auto opened = Replica::open({group_, 1}, *store_, &signer_, verifier_);
        FOLKMOOT_ASSERT(opened);
        replica_ = std::move(*opened);
        for (const OpId& id : kept_) FOLKMOOT_ASSERT(has(id));
    }
    /// Does what an app does after every call; `hold` leaves out the persisting.
    void drain() {
        take_events();
        if (hold) return;
        while (auto batch = replica_->poll_persist()) {
            const auto done = persist(*store_, *batch);
            FOLKMOOT_ASSERT(done);
            if (batch->ops) {
                for (const StoredOp& op : *batch->ops) kept_.insert(op.id);
            }
            replica_->handle_persisted(batch->ticket, done);
        }
        take_events();
    }
    void post(std::string_view text) {
        FOLKMOOT_ASSERT(replica_->post(as_bytes(text), 1));
        drain();
    }
    [[nodiscard]] std::vector<EncodedOp> ops() {
        std::vector<EncodedOp> out;
        for (OpIndex op = 0; op < graph().size(); ++op) {
            auto loaded = replica_->load(op);
            FOLKMOOT_ASSERT(loaded);
            out.push_back(std::move(*loaded));
        }
        return out;
    }
    [[nodiscard]] std::vector<OpId> heads() const {
        std::vector<OpId> out;
        for (const OpIndex op : graph().heads()) out.push_back(graph().id(op));
        return out;
    }
    [[nodiscard]] Level level_of(const DeviceKey& device) const {
        return graph().size() == 0 ? Level{0} : replica_->access().now().level_of(device);
    }
    /// Precondition: it has the group's create.
    [[nodiscard]] const Rules& rules() const { return replica_->access().rules(); }
    /// Everything held proves itself to somebody who trusts nobody and gets it from one hand, and they find
    /// the same members. Precondition: drained.
    void check_proven() {
        if (graph().size() == 0) return;
        Device other("somebody", replica_->group_id(), 0x7f);
        const auto held = ops();
        const auto taken = other.replica().take(held);
        FOLKMOOT_ASSERT(taken);
        for (const Admitted& one : *taken) FOLKMOOT_ASSERT(one.status == Admitted::Status::admitted);
        other.drain();
        FOLKMOOT_ASSERT(other.kept().size() == held.size() && other.heads() == heads());
        FOLKMOOT_ASSERT(other.replica().access().now().membership_digest() ==
                        replica_->access().now().membership_digest());
        check_evidence();
    }
    /// A fork that was found here can be shown to anybody, and accuses its author and nobody else (O9). An
    /// input may make hundreds; a few of them do.
    void check_evidence() {
        const auto& pairs = graph().equivocations();
        for (std::size_t i = 0; i < std::min<std::size_t>(pairs.size(), 4); ++i) {
            const auto bytes = replica_->evidence(pairs[i]);
            FOLKMOOT_ASSERT(bytes);
            const auto proof = verify_evidence(verifier_, *bytes);
            FOLKMOOT_ASSERT(proof && proof->author == graph().key(graph().author(pairs[i].first)));
            const auto [least, most] = std::minmax(graph().id(pairs[i].first), graph().id(pairs[i].second));
            FOLKMOOT_ASSERT(proof->first == least && proof->second == most);
        }
    }

    bool hold = false;
    /// Sessions in which this device found the peer at fault.
    std::set<SessionId> blamed;

   private:
    void take_events() {
        while (const auto event = replica_->poll_event()) {
            if (event->kind == Event::Kind::peer_fault) blamed.insert(event->session);
            FOLKMOOT_ASSERT(event->kind != Event::Kind::read_only);
        }
    }

    FakeSigner signer_;
    FakeVerifier verifier_;
    std::optional<GroupId> group_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Replica> replica_;
    std::set<OpId> kept_;
};

/// What one end of a session says, on its way.
struct Line {
    void fill(Device& from, SessionId session) {
        from.drain();
        while (auto message = from.replica().poll_message(session)) {
            FOLKMOOT_ASSERT(message->size() <= limits::message_bytes);
            queue.push_back(std::move(*message));
            from.drain();
        }
    }
    std::optional<Bytes> take() {
        if (queue.empty()) return std::nullopt;
        Bytes out = std::move(queue.front());
        queue.pop_front();
        return out;
    }
    std::deque<Bytes> queue;
};

/// A session between two devices, one message at a time.
class Dialogue {
   public:
    Dialogue(Device& a, Device& b, std::uint64_t number, const SessionConfig& base = {},
             std::uint64_t now = 0)
        : a_(a), b_(b) {
        SessionConfig config = base;
        for (unsigned i = 0; i < 8; ++i)
            config.binding.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
        binding = config.binding;
        config.peer = b.key();
        config.initiator = true;
        id_a = a.replica().open_session(config, now);
        config.peer = a.key();
        config.initiator = false;
        id_b = b.replica().open_session(config, now);
    }
    void fill() {
        to_b.fill(a_, id_a);
        to_a.fill(b_, id_b);
    }
    /// Hands the next message on; false if there is none.
    bool deliver(bool towards_b, std::uint64_t now) {
        fill();
        const auto message = (towards_b ? to_b : to_a).take();
        if (!message) return false;
        if (towards_b) {
            b_.replica().handle_message(id_b, *message, now);
        } else {
            a_.replica().handle_message(id_a, *message, now);
        }
        fill();
        return true;
    }
    /// Until nobody has anything to say.
    void run(std::uint64_t now = 0) {
        for (unsigned steps = 0;; ++steps) {
            FOLKMOOT_ASSERT(steps < 100'000);
            const bool moved_b = deliver(true, now);
            const bool moved_a = deliver(false, now);
            if (!moved_a && !moved_b) return;
        }
    }
    void close() {
        a_.replica().close_session(id_a);
        b_.replica().close_session(id_b);
        a_.drain();
        b_.drain();
    }
    [[nodiscard]] bool equal() const {
        return outcome_a() == Outcome::equal && outcome_b() == Outcome::equal;
    }
    [[nodiscard]] Outcome outcome_a() const { return a_.replica().session(id_a)->outcome(); }
    [[nodiscard]] Outcome outcome_b() const { return b_.replica().session(id_b)->outcome(); }

    Line to_a;
    Line to_b;
    Hash32 binding;
    SessionId id_a = 0;
    SessionId id_b = 0;

   private:
    Device& a_;
    Device& b_;
};

/// Both ends say all they have to say; whether they then know that they hold the same.
inline bool honest_session(Device& a, Device& b, std::uint64_t number) {
    Dialogue dialogue(a, b, number);
    dialogue.run();
    const bool equal = dialogue.equal();
    dialogue.close();
    return equal;
}

}  // namespace folkmoot::fuzz
