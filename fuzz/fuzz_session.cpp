// One honest replica against a peer that says anything.
//
// The input is a script. Each step lets an honest session with another member go on, changes, repeats or
// drops its next message, or says something made up. Oracles: no crash; the replica holds only ops that prove
// themselves; and afterwards an honest session completes, whatever happened.
#include <algorithm>
#include <deque>
#include <memory>

#include "base/assert.hpp"
#include "folkmoot/replica.hpp"
#include "support/fake_keys.hpp"
#include "sync/keys.hpp"
#include "sync/messages.hpp"

namespace {

using namespace folkmoot;
using wire::FakeSigner;
using wire::FakeVerifier;
using wire::key_of;

/// A device and its app.
struct Device {
    Device(std::string_view name, std::optional<GroupId> group) : signer(name) {
        store = make_memory_store(StoreInstance{});
        auto opened = Replica::open({group, 1}, *store, &signer, verifier);
        FOLKMOOT_ASSERT(opened);
        replica = std::move(*opened);
    }
    void drain() {
        while (auto batch = replica->poll_persist()) {
            replica->handle_persisted(batch->ticket, persist(*store, *batch));
        }
        while (replica->poll_event()) {
        }
    }
    void post(std::string_view text) {
        FOLKMOOT_ASSERT(replica->post(as_bytes(text), 1));
        drain();
    }
    [[nodiscard]] std::vector<EncodedOp> ops() {
        std::vector<EncodedOp> out;
        for (OpIndex op = 0; op < replica->graph().size(); ++op) {
            auto loaded = replica->load(op);
            FOLKMOOT_ASSERT(loaded);
            out.push_back(std::move(*loaded));
        }
        return out;
    }
    FakeSigner signer;
    FakeVerifier verifier;
    std::unique_ptr<Store> store;
    std::unique_ptr<Replica> replica;
};

/// What one end of a session may say next.
struct Line {
    void fill(Device& from, SessionId session) {
        from.drain();
        while (auto message = from.replica->poll_message(session)) {
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

class Script {
   public:
    Script(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
    [[nodiscard]] bool empty() const { return at_ >= size_; }
    std::uint8_t byte() { return empty() ? 0 : data_[at_++]; }
    Bytes bytes(std::size_t count) {
        count = std::min(count, size_ - std::min(at_, size_));
        Bytes out(data_ + at_, data_ + at_ + count);
        at_ += count;
        return out;
    }

   private:
    const std::uint8_t* data_;
    std::size_t size_;
    std::size_t at_ = 0;
};

sync::Message made_up(Script& script, const Graph& graph, const GroupId& group, const Hash32& binding) {
    const auto some_id = [&] {
        OpId id;
        const std::uint8_t which = script.byte();
        if (which < graph.size()) return graph.id(which);
        id.bytes.fill(which);
        return id;
    };
    const std::uint8_t what = script.byte();
    switch (what % 9) {
        case 0: {
            sync::Have have;
            have.group = group_tag(group, binding);
            have.round = script.byte();
            have.since.kind = static_cast<sync::Since::Kind>(script.byte() % 3);
            if (have.since.kind == sync::Since::Kind::named) have.since.named = {script.byte()};
            if ((what & 16U) != 0) {
                have.summary.kind = sync::Summary::Kind::bloom;
                have.summary.bits = Bytes(1 + script.byte(), script.byte());
            }
            return have;
        }
        case 1: {
            sync::Need need;
            for (unsigned i = script.byte() % 8; i > 0; --i) need.ids.push_back(some_id());
            need.ancestors = script.byte();
            return need;
        }
        case 2: return sync::Done{script.byte()};
        case 3: return sync::Closed{group_tag(group, binding)};
        case 4: return sync::NameGrant{some_id()};
        case 5: return sync::UnknownSince{};
        case 6: return sync::Again{};
        case 7: return sync::End{script.byte()};
        default: {
            sync::Ops ops;
            ops.role = static_cast<sync::Ops::Role>(script.byte() % 3);
            ops.plain = (what & 32U) != 0;
            ops.batch = script.bytes(script.byte());
            return ops;
        }
    }
}

/// Both ends say all they have to say.
bool honest_session(Device& a, Device& b, std::uint8_t number) {
    Hash32 binding;
    binding.bytes.fill(number);
    const auto left = a.replica->open_session({b.signer.key(), binding, true}, 0);
    const auto right = b.replica->open_session({a.signer.key(), binding, false}, 0);
    Line to_a;
    Line to_b;
    for (bool moved = true; moved;) {
        to_b.fill(a, left);
        to_a.fill(b, right);
        moved = false;
        if (const auto message = to_b.take()) {
            b.replica->handle_message(right, *message, 0);
            moved = true;
        }
        if (const auto message = to_a.take()) {
            a.replica->handle_message(left, *message, 0);
            moved = true;
        }
    }
    return a.replica->session(left)->outcome() == Outcome::equal &&
           b.replica->session(right)->outcome() == Outcome::equal;
}

void check_proven(Device& device) {
    for (const auto& op : device.ops()) {
        const auto value = decode_body(op.body);
        FOLKMOOT_ASSERT(value && op_id(op.body) == op.id);
        // All ops here are signed one by one.
        FOLKMOOT_ASSERT(!op.signature || verify_op(device.verifier, value->author, op.id, *op.signature));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Script script(data, size);
    const std::uint8_t setup = script.byte();
    Device ann("ann", std::nullopt);
    const auto root = ann.replica->create_group(Create{"folk", {ann.signer.key()}, {}}, 1);
    FOLKMOOT_ASSERT(root);
    ann.drain();
    if ((setup & 1U) == 0) {
        FOLKMOOT_ASSERT(ann.replica->act(Add{key_of("ben"), level::moderator}, 1));
        ann.drain();
    }
    const GroupId group = group_of(*root);
    Device ben("ben", group);
    auto common = ann.ops();
    FOLKMOOT_ASSERT(ben.replica->take(common));
    ben.drain();
    for (unsigned i = 0; i < (setup >> 4U); ++i) ann.post("mine");
    for (unsigned i = 0; (setup & 1U) == 0 && i < (setup >> 2U & 3U); ++i) ben.post("theirs");

    Hash32 binding;
    binding.bytes.fill(setup);
    const bool live = (setup & 2U) != 0;
    const auto summary = static_cast<SummaryChoice>(script.byte() % 3);
    const auto victim = ann.replica->open_session({ben.signer.key(), binding, true, summary, live}, 0);
    const auto other = ben.replica->open_session({ann.signer.key(), binding, false, summary, live}, 0);
    Line to_ann;
    Line to_ben;
    Bytes last;
    std::uint64_t now_ms = 0;
    for (int step = 0; step < 200 && !script.empty(); ++step) {
        to_ben.fill(ann, victim);
        to_ann.fill(ben, other);
        std::optional<Bytes> say;
        switch (script.byte() % 9) {
            case 0:
            case 1: say = to_ann.take(); break;
            case 2:
                if (const auto message = to_ben.take()) ben.replica->handle_message(other, *message, now_ms);
                break;
            case 3:
                say = to_ann.take();
                if (say && !say->empty()) (*say)[script.byte() * 7U % say->size()] ^= script.byte();
                break;
            case 4: say = last; break;
            case 5: (void)to_ann.take(); break;
            case 6: say = sync::encode_message(made_up(script, ann.replica->graph(), group, binding)); break;
            case 7: say = script.bytes(script.byte()); break;
            default:
                now_ms += script.byte() * 1000U;
                ann.replica->handle_time(now_ms);
                ann.post("meanwhile");
        }
        if (!say) continue;
        ann.replica->handle_message(victim, *say, now_ms);
        last = std::move(*say);
    }
    ann.replica->close_session(victim);
    ben.replica->close_session(other);
    ann.drain();
    ben.drain();
    FOLKMOOT_ASSERT(!ann.replica->read_only());
    check_proven(ann);
    // Ben was never added in half of the scripts: then he learns nothing, and that is right.
    const bool equal = honest_session(ann, ben, static_cast<std::uint8_t>(setup + 1));
    FOLKMOOT_ASSERT(equal || (setup & 1U) != 0);
    return 0;
}
