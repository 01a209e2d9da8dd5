// Two correct peers, and the fuzzer is the wire between them (and the clock, the disk and a third member who
// forks and back-dates).
//
// The input is a header of 4 bytes and steps of 12: messages are delivered, repeated, changed, swapped, made
// up or lost with the connection; either side posts and acts meanwhile, stops persisting, crashes. Then the
// wire is honest. Oracles:
//   - no crash, and a wire that changed nothing makes neither side blame the other (no framing);
//   - nothing persisted is ever lost, and all of it proves itself to somebody who trusts nobody;
//   - a correct author's chain never forks;
//   - at the end one honest session makes both the same, members included, where the rules let both read.
#include <array>

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
constexpr int most_steps = 120;
constexpr std::array<std::string_view, 6> names{"ann", "ben", "mal", "cat", "dan", "eve"};
constexpr std::array<Level, 4> levels{level::reader, level::member, level::moderator, level::admin};

class World {
   public:
    World(Script& script, std::uint8_t setup) : war_((setup & 1U) != 0), live_((setup & 2U) != 0) {
        base_.sign_each = (setup & 4U) != 0;
        base_.live = live_;
        base_.summary = static_cast<SummaryChoice>(script.below(4));
        Rules rules;
        if ((setup & 8U) != 0) rules.equal = Rules::Equal::forbid;
        const auto root = ann_.replica().create_group(Create{"folk", {ann_.key()}, rules}, 1);
        FOLKMOOT_ASSERT(root);
        ann_.drain();
        FOLKMOOT_ASSERT(ann_.replica().act(Add{ben_key(), level::admin}, 1));
        ann_.drain();
        FOLKMOOT_ASSERT(ann_.replica().act(Add{key_of("mal"), levels[setup >> 6U]}, 1));
        ann_.drain();
        ben_.emplace("ben", group_of(*root), std::uint8_t{2});
        const auto common = ann_.ops();
        FOLKMOOT_ASSERT(ben_->replica().take(common));
        ben_->drain();
        // Seldom so many that a chain carries a signature it would not have to (O5).
        const std::size_t posts = script.byte();
        odd_ = script.below(2) == 1;
        for (std::size_t i = posts < 240 ? posts % 8 : 5 * (posts - 240); i > 0; --i) ann_.post("old");
        for (std::size_t i = (setup >> 4U & 3U); i > 0; --i) ben_->post("older");
        connect();
    }

    void step(Script& script) {
        const std::uint8_t what = script.byte();
        const std::uint8_t a = script.byte();
        Device& device = (a & 1U) != 0 ? *ben_ : ann_;
        if (wire_) wire_->fill();
        switch (what % 16) {
            case 0:
            case 1: deliver((a & 1U) != 0, 1U + a / 2U % 8U); break;
            case 2:
                for (unsigned i = 0; i <= a % 32U; ++i) deliver(i % 2 == 0, 1);
                break;
            case 3:
            case 4: post(device, script); break;
            case 5: act(device, script); break;
            case 6:
            case 7: plant(device, script); break;
            case 8: cut(); break;
            case 9:
                cut();
                connect();
                break;
            case 10: pass_time(script.word()); break;
            case 11: device.hold = (a & 2U) != 0; break;
            case 12:
                cut();
                device.hold = false;
                device.reopen();
                break;
            default: tamper(what % 16, a, script); break;
        }
        ann_.drain();
        ben_->drain();
        check_blame();
    }

    void end() {
        cut();
        for (Device* device : {&ann_, &*ben_}) {
            device->hold = false;
            device->drain();
        }
        const bool both_read = readers();
        Dialogue last(ann_, *ben_, 1ULL << 32U, {}, now_ms_);
        last.run(now_ms_);
        const bool equal = last.equal();
        last.close();
        FOLKMOOT_ASSERT(ann_.blamed.empty() && ben_->blamed.empty());
        const bool same = ann_.heads() == ben_->heads();
        // Whoever holds the same holds it with other signatures, perhaps: one of them is asked, by the input.
        check(ann_, !same || odd_);
        check(*ben_, !same || !odd_);
        if (!both_read || (!(equal && same) && !readers_of_all())) return;
        FOLKMOOT_ASSERT(equal && same);
        FOLKMOOT_ASSERT(ann_.graph().size() == ben_->graph().size());
        FOLKMOOT_ASSERT(ann_.replica().access().now().membership_digest() ==
                        ben_->replica().access().now().membership_digest());
    }

   private:
    [[nodiscard]] static DeviceKey ben_key() { return key_of("ben"); }
    void connect() {
        if (!wire_) wire_.emplace(ann_, *ben_, ++sessions_, base_, now_ms_);
        honest_ = true;
    }
    void cut() {
        if (!wire_) return;
        wire_->close();
        wire_.reset();
    }
    void deliver(bool to_ben, unsigned count) {
        for (unsigned i = 0; i < count && wire_; ++i) wire_->deliver(to_ben, now_ms_);
    }
    void pass_time(std::uint16_t by) {
        now_ms_ += by;
        ann_.replica().handle_time(now_ms_);
        ben_->replica().handle_time(now_ms_);
    }
    // Refused while earlier records are not persisted, and to those who may not: both are answers.
    static void post(Device& device, Script& script) {
        const Bytes text(script.byte() * (script.below(16) == 0 ? 100U : 1U), 0x74);
        (void)device.replica().post(text, script.byte());
    }
    [[nodiscard]] Act some_act(Script& script) const {
        const std::uint8_t kind = script.byte();
        const DeviceKey subject = key_of(names[(war_ ? 0 : 2) + script.below(war_ ? names.size() : 4)]);
        const Level level = levels[script.below(levels.size())];
        switch (kind % 8) {
            case 0: return Add{subject, level};
            case 1: return Link{subject, level};
            case 2: return SetLevel{subject, level};
            case 3: return Remove{subject, std::nullopt};
            case 4: return Ban{subject, std::nullopt};
            case 5: return Unban{subject};
            case 6:
                if (war_) return Leave{};
                [[fallthrough]];
            default: return Post{0, payload_hash({})};
        }
    }
    void act(Device& device, Script& script) {
        const std::uint64_t time_ms = script.byte();
        (void)device.replica().act(some_act(script), time_ms);
    }
    [[nodiscard]] static Act planted_act(Script& script) {
        if (script.below(4) != 0) return Post{};
        const DeviceKey subject = key_of(names[3 + script.below(3)]);
        return Add{subject, levels[script.below(levels.size())]};
    }
    // Mal says something to one of the two, on whatever that one knows.
    static void plant(Device& device, Script& script) {
        auto op = fuzz::some_op(script, device.replica(), key_of("mal"), planted_act(script));
        if (!op) return;
        if (const std::uint8_t how = script.byte(); how >= 232) {
            fuzz::twist(script, device.graph(), how, *op);
        }
        (void)device.replica().take(std::span(&*op, 1));
    }
    void tamper(unsigned what, std::uint8_t a, Script& script) {
        if (!wire_) return connect();
        honest_ = false;
        auto& queue = ((a & 1U) != 0 ? wire_->to_b : wire_->to_a).queue;
        if (what == 13 && !queue.empty()) {
            queue.push_front(queue.front());
        } else if (what == 14 && queue.size() > 1) {
            std::swap(queue[0], queue[1]);
        } else if (what == 14 && !queue.empty() && !queue.front().empty()) {
            Bytes& front = queue.front();
            front[script.word() % front.size()] ^= script.byte();
        } else {
            Device& reader = (a & 1U) != 0 ? *ben_ : ann_;
            queue.push_front(sync::encode_message(
                fuzz::made_up(script, reader.graph(), *reader.replica().group_id(), wire_->binding)));
        }
    }
    void check_blame() {
        if (!honest_) {
            ann_.blamed.clear();
            ben_->blamed.clear();
        }
        FOLKMOOT_ASSERT(ann_.blamed.empty() && ben_->blamed.empty());
    }
    static void check(Device& device, bool proven) {
        if (proven) device.check_proven();
        for (const OpId& id : device.kept()) FOLKMOOT_ASSERT(device.has(id));
        for (const std::string_view name : {"ann", "ben"}) {
            const auto author = device.graph().find_author(key_of(name));
            FOLKMOOT_ASSERT(!author || !device.graph().forked(*author));
        }
    }
    [[nodiscard]] bool reads_in(const Device& view) const {
        const Level least = view.rules().read;
        return view.level_of(ann_.key()) >= least && view.level_of(ben_key()) >= least;
    }
    [[nodiscard]] bool readers() const { return !war_ || (reads_in(ann_) && reads_in(*ben_)); }
    // In the view of who holds what both hold.
    [[nodiscard]] bool readers_of_all() {
        if (!war_) return true;
        Device all("all", ann_.replica().group_id(), 9);
        for (Device* from : {&ann_, &*ben_}) {
            const auto ops = from->ops();
            FOLKMOOT_ASSERT(all.replica().take(ops));
            all.drain();
        }
        return reads_in(all);
    }

    bool war_;
    bool live_;
    bool odd_ = false;
    SessionConfig base_;
    Device ann_{"ann", std::nullopt, 1};
    std::optional<Device> ben_;
    std::optional<Dialogue> wire_;
    bool honest_ = true;
    std::uint64_t sessions_ = 0;
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
