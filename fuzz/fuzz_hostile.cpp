// One correct peer between an honest member and a hostile one who says anything well formed: ops with right
// hashes and signatures but any content, in batches with right check values, and every other message.
//
// The input is a header of 4 bytes and steps of 12. Oracles:
//   - no crash; whatever is stored proves itself to somebody who trusts nobody, who finds the same members;
//   - no op by an honest key is stored that this key did not sign;
//   - the honest peer's session is untouched: neither of the two ever finds the other at fault, though what
//     the hostile one got admitted is relayed, and in the end both hold the same.
#include <array>

#include "fuzz/support/batches.hpp"
#include "fuzz/support/forger.hpp"
#include "fuzz/support/made_up.hpp"
#include "fuzz/support/records.hpp"

namespace {

using namespace folkmoot;
using fuzz::Device;
using fuzz::Dialogue;
using fuzz::key_of;
using fuzz::Script;

constexpr std::size_t header_bytes = 4;
constexpr std::size_t step_bytes = 12;
constexpr int most_steps = 150;
constexpr std::array<std::string_view, 6> names{"mal", "mac", "ann", "ben", "cat", "dan"};
constexpr std::array<Level, 4> levels{level::reader, level::member, level::moderator, level::admin};

class World {
   public:
    World(Script& script, std::uint8_t setup) {
        const auto root = ann_.replica().create_group(Create{"folk", {ann_.key(), key_of("ben")}, {}}, 1);
        FOLKMOOT_ASSERT(root);
        ann_.drain();
        group_ = group_of(*root);
        // In a quarter of the scripts the hostile one was never added.
        if ((setup & 3U) != 0) {
            FOLKMOOT_ASSERT(ann_.replica().act(Add{key_of("mal"), levels[setup & 3U]}, 1));
            ann_.drain();
        }
        ben_.emplace("ben", group_, std::uint8_t{2});
        const auto common = ann_.ops();
        FOLKMOOT_ASSERT(ben_->replica().take(common));
        ben_->drain();
        for (std::size_t i = script.below(8); i > 0; --i) ann_.post("mine");
        // Seldom so many that a chain carries a signature it would not have to (O5).
        const std::size_t posts = script.byte();
        for (std::size_t i = posts < 240 ? posts % 8 : 5 * (posts - 240); i > 0; --i) ben_->post("theirs");
        odd_ = script.below(2) == 1;
        live_ = (setup & 4U) != 0;
        summary_ = static_cast<SummaryChoice>(setup >> 4U & 3U);
        SessionConfig honest;
        honest.live = true;
        wire_.emplace(ann_, *ben_, 1, honest);
        connect();
    }

    void step(Script& script) {
        const std::uint8_t what = script.byte();
        switch (what % 16) {
            case 0:
            case 1:
            case 2:
            case 3: forge(script); break;
            case 4:
            case 5: send_batch(script); break;
            case 6: send_have(script); break;
            case 7:
            case 8: {
                auto message = fuzz::made_up(script, ann_.graph(), group_, binding_);
                say(sync::encode_message(message));
                break;
            }
            case 9: say(script.bytes(step_bytes)); break;
            case 10: resend(script); break;
            case 11: connect(); break;
            case 12:
                now_ms_ += script.word();
                ann_.replica().handle_time(now_ms_);
                ben_->replica().handle_time(now_ms_);
                break;
            case 13: (void)(script.below(2) == 0 ? ann_ : *ben_).replica().post(script.bytes(3), 1); break;
            default:
                for (std::size_t i = 0; i <= script.below(16); ++i)
                    wire_->deliver((what + i) % 2 == 0, now_ms_);
        }
        settle();
    }

    void end() {
        ann_.replica().close_session(victim_);
        // What is under way arrives, whatever was said meanwhile. A session that timed out is no fault.
        wire_->run(now_ms_);
        wire_->close();
        settle();
        FOLKMOOT_ASSERT(fuzz::honest_session(ann_, *ben_, 2));
        settle();
        FOLKMOOT_ASSERT(ann_.heads() == ben_->heads());
        // Both hold the same, with other signatures, perhaps: one of them is asked, by the input.
        (odd_ ? ann_ : *ben_).check_proven();
        for (const Device* device : {&ann_, &*ben_}) {
            FOLKMOOT_ASSERT(device->kept().size() == device->graph().size());
        }
        check_honest_ops();
    }

   private:
    void connect() {
        if (victim_ != 0) ann_.replica().close_session(victim_);
        binding_.bytes.fill(static_cast<std::uint8_t>(0x40 + ++sessions_));
        SessionConfig config{key_of("mal"), binding_, true, summary_, live_};
        victim_ = ann_.replica().open_session(config, now_ms_);
    }
    void say(const Bytes& message) {
        settle();
        ann_.replica().handle_message(victim_, message, now_ms_);
    }
    // What ann says to the hostile peer is thrown away; it knows everything anyway.
    void settle() {
        ann_.drain();
        while (ann_.replica().poll_message(victim_)) ann_.drain();
        wire_->fill();
        ann_.blamed.erase(victim_);
        FOLKMOOT_ASSERT(ann_.blamed.empty() && ben_->blamed.empty());
    }
    void forge(Script& script) {
        const std::uint8_t who = script.byte();
        const auto& author = names[who % 8 < 5 ? 0 : who % 8 - 4U];
        const std::uint8_t how = script.byte();
        Device& view = (how & 128U) != 0 ? *ben_ : ann_;
        const DeviceKey subject = key_of(names[script.below(names.size())]);
        const Level level = levels[script.below(levels.size())];
        auto op = fuzz::some_op(script, view.replica(), key_of(author), some_act(how, subject, level, view));
        if (!op) return;
        if (who >= 232) fuzz::twist(script, view.graph(), who, *op);
        // Nobody can sign for the honest.
        const bool honest = author == "ann" || author == "ben";
        if (honest || how / 8 % 8 == 6) op->signature->bytes[0] ^= 1U;
        if (how / 8 % 8 == 7) op->signature.reset();
        if (how / 8 % 8 == 5) op->payload.reset();
        pool_.push_back(std::move(*op));
        // Ops upon ops that nobody has yet: the next one may stand on this one.
        if (how / 8 % 4 == 3) stand_on_last(script);
    }
    [[nodiscard]] static Act some_act(std::uint8_t how, const DeviceKey& subject, Level level,
                                      const Device& view) {
        const std::vector<OpId> cut{view.heads().front()};
        switch (how % 8) {
            case 0: return Add{subject, level};
            case 1: return Link{subject, level};
            case 2: return SetLevel{subject, level};
            case 3: return Remove{subject, cut};
            case 4: return Ban{subject, std::nullopt};
            case 5: return Leave{};
            default: return Post{};
        }
    }
    void stand_on_last(Script& script) {
        const Operation last = *decode_body(pool_.back().body);
        Operation op = last;
        op.prev = pool_.back().id;
        op.parents.clear();
        op.time_ms = script.byte();
        if (op.kind() == Kind::create) return;
        if (auto next = fuzz::sealed(op, pool_.back().payload)) {
            if (last.author == key_of("ann") || last.author == key_of("ben")) next->signature->bytes[1] ^= 1U;
            pool_.push_back(std::move(*next));
        }
    }
    [[nodiscard]] std::vector<EncodedOp> pick(Script& script) {
        std::vector<EncodedOp> out;
        const std::uint8_t how = script.byte();
        const std::size_t count = std::min<std::size_t>(how % 16, pool_.size());
        const bool backwards = how / 16 % 4 == 3;
        for (std::size_t i = 0; i < count; ++i) {
            out.push_back(pool_[backwards ? pool_.size() - 1 - i : pool_.size() - count + i]);
        }
        // Twice in one batch, once perhaps without a signature.
        if (how >= 224 && !out.empty()) {
            out.push_back(out.front());
            if (how % 2 == 1) out.front().signature.reset();
        }
        return out;
    }
    void send_batch(Script& script) {
        sync::Ops ops;
        const auto picked = pick(script);
        ops.role = static_cast<sync::Ops::Role>(script.below(3));
        ops.plain = script.below(2) == 0;
        std::vector<OpId> heads;
        if (script.below(2) == 0) heads = offered_;
        ops.batch = fuzz::plain_batch(picked, heads, binding_);
        say(sync::encode_message(ops));
    }
    void send_have(Script& script) {
        sync::Have have;
        have.group = group_tag(group_, binding_);
        have.round = static_cast<std::uint32_t>(script.below(4));
        offered_ = fuzz::some_ids(script, ann_.graph(), 3);
        if (!pool_.empty() && script.below(2) == 0) offered_.push_back(pool_.back().id);
        std::ranges::sort(offered_);
        have.offer = sync::offer_digest(binding_, offered_);
        have.summary =
            fuzz::some_summary(script, ann_.graph(), sync::round_salt(binding_, false, have.round));
        say(sync::encode_message(have));
    }
    // Honest ops as they are, or without their signature, or with another payload.
    void resend(Script& script) {
        const OpIndex at = static_cast<OpIndex>(script.byte() % ben_->graph().size());
        auto op = *ben_->replica().load(at);
        const std::uint8_t how = script.byte();
        if (how % 4 == 1) op.signature.reset();
        if (how % 4 == 2 && op.signature) op.signature->bytes[2] ^= 4U;
        if (how % 4 == 3 && op.payload) op.payload->push_back(0);
        pool_.push_back(std::move(op));
    }
    void check_honest_ops() {
        for (OpIndex op = 0; op < ann_.graph().size(); ++op) {
            const DeviceKey& author = ann_.graph().key(ann_.graph().author(op));
            const auto known = ann_.graph().find_author(author);
            const bool honest = author == ann_.key() || author == ben_->key();
            FOLKMOOT_ASSERT(!honest || !ann_.graph().forked(*known));
        }
    }
    Device ann_{"ann", std::nullopt, 1};
    std::optional<Device> ben_;
    GroupId group_;
    std::optional<Dialogue> wire_;
    bool live_ = false;
    bool odd_ = false;
    SummaryChoice summary_ = SummaryChoice::automatic;
    SessionId victim_ = 0;
    unsigned sessions_ = 0;
    Hash32 binding_;
    std::vector<EncodedOp> pool_;
    std::vector<OpId> offered_;
    std::uint64_t now_ms_ = 0;
};

}  // namespace

FOLKMOOT_FUZZ_RECORDS(header_bytes, step_bytes)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < header_bytes) return 0;
    Script header(data, header_bytes);
    const std::uint8_t setup = header.byte();
    World world(header, setup);
    const ByteView steps = ByteView(data, size).subspan(header_bytes);
    for (int i = 0; i < most_steps && (i + 1) * step_bytes <= steps.size(); ++i) {
        Script step(steps.data() + i * step_bytes, step_bytes);
        world.step(step);
    }
    world.end();
    return 0;
}
