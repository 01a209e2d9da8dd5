// One honest replica against a peer that says anything.
//
// The input is a script. Each step lets an honest session with another member go on, changes, repeats or
// drops its next message, or says something made up. Oracles: no crash; the replica holds only ops that prove
// themselves; and afterwards an honest session completes, whatever happened.
#include "fuzz/support/device.hpp"
#include "fuzz/support/made_up.hpp"

using namespace folkmoot;
using fuzz::Device;
using fuzz::key_of;
using fuzz::Line;
using fuzz::Script;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Script script(data, size);
    const std::uint8_t setup = script.byte();
    Device ann("ann", std::nullopt);
    const auto root = ann.replica().create_group(Create{"folk", {ann.key()}, {}}, 1);
    FOLKMOOT_ASSERT(root);
    ann.drain();
    if ((setup & 1U) == 0) {
        FOLKMOOT_ASSERT(ann.replica().act(Add{key_of("ben"), level::moderator}, 1));
        ann.drain();
    }
    const GroupId group = group_of(*root);
    Device ben("ben", group);
    auto common = ann.ops();
    FOLKMOOT_ASSERT(ben.replica().take(common));
    ben.drain();
    for (unsigned i = 0; i < (setup >> 4U); ++i) ann.post("mine");
    for (unsigned i = 0; (setup & 1U) == 0 && i < (setup >> 2U & 3U); ++i) ben.post("theirs");

    Hash32 binding;
    binding.bytes.fill(setup);
    const bool live = (setup & 2U) != 0;
    const auto summary = static_cast<SummaryChoice>(script.byte() % 3);
    const auto victim = ann.replica().open_session({ben.key(), binding, true, summary, live}, 0);
    const auto other = ben.replica().open_session({ann.key(), binding, false, summary, live}, 0);
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
                if (const auto message = to_ben.take()) ben.replica().handle_message(other, *message, now_ms);
                break;
            case 3:
                say = to_ann.take();
                if (say && !say->empty()) (*say)[script.byte() * 7U % say->size()] ^= script.byte();
                break;
            case 4: say = last; break;
            case 5: (void)to_ann.take(); break;
            case 6:
                say = sync::encode_message(fuzz::made_up(script, ann.replica().graph(), group, binding));
                break;
            case 7: say = script.bytes(script.byte()); break;
            default:
                now_ms += script.byte() * 1000U;
                ann.replica().handle_time(now_ms);
                ann.post("meanwhile");
        }
        if (!say) continue;
        ann.replica().handle_message(victim, *say, now_ms);
        last = std::move(*say);
    }
    ann.replica().close_session(victim);
    ben.replica().close_session(other);
    ann.drain();
    ben.drain();
    FOLKMOOT_ASSERT(!ann.replica().read_only());
    ann.check_proven();
    // Ben was never added in half of the scripts: then he learns nothing, and that is right.
    const bool equal = fuzz::honest_session(ann, ben, setup + 1U);
    FOLKMOOT_ASSERT(equal || (setup & 1U) != 0);
    return 0;
}
