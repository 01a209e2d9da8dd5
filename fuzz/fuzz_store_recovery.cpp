// A store, anything that is asked of it, and the power cut at any point, again and again: it opens, it is
// sound, what it acknowledged is there, and of what was under way all or nothing (T).
//
// The input is steps of 6 bytes. A cut chooses a point among the events of the disk since the last one, and
// the number from which the image is drawn.
#include "crash/recorder.hpp"
#include "fuzz/support/device.hpp"
#include "fuzz/support/records.hpp"
#include "fuzz/support/script.hpp"

namespace {

using namespace folkmoot;
using crash::Mounted;
using crash::PowerDisk;
using crash::Recording;
using crash::RecordingStore;
using crash::World;
using fuzz::Script;

constexpr std::size_t header_bytes = 1;
constexpr std::size_t step_bytes = 6;
constexpr std::size_t most_steps = 40;

StoredOp an_op(unsigned number, std::size_t payload) {
    StoredOp op;
    op.body = Bytes(100, static_cast<std::uint8_t>(number));
    op.body[0] = static_cast<std::uint8_t>(number >> 8U);
    op.id = op_id(op.body);
    Signature signature;
    signature.bytes.fill(static_cast<std::uint8_t>(number));
    if (number % 3 == 0) op.signatures.push_back(signature);
    if (payload > 0) op.payload = Bytes(payload, static_cast<std::uint8_t>(number));
    return op;
}

/// One life of a store, from its creation to a cut.
class Life {
   public:
    explicit Life(PowerDisk& disk) : mounted_(disk), store_(std::make_unique<RecordingStore>(disk)) {
        store_->record_into(recording_);
    }
    void step(Script& script) {
        const std::uint8_t what = script.byte();
        switch (what % 16) {
            case 0: must(store_->checkpoint()); break;
            case 1: store_->reopen(); break;
            case 2: erase(script); break;
            case 3: sign(script); break;
            case 4: remember(script); break;
            case 5: {
                StoreInstance instance;
                instance.bytes.fill(script.byte());
                must(store_->renew_instance(instance));
                break;
            }
            case 6: must(store_->mark_rolled_back(script.below(2) == 1)); break;
            case 7: payload(script); break;
            default: append(script, 1U + what / 16U);
        }
    }
    [[nodiscard]] Recording end() {
        store_.reset();
        return std::move(recording_);
    }

   private:
    static void must(const Result<void>& done) { FOLKMOOT_ASSERT(done); }
    void append(Script& script, unsigned count) {
        std::vector<StoredOp> batch;
        for (unsigned i = 0; i < count; ++i) {
            const std::size_t size = script.byte() * (script.below(8) == 0 ? 100U : 4U);
            batch.push_back(an_op(next_++, size));
            ids_.push_back(batch.back().id);
        }
        must(store_->append(batch));
    }
    [[nodiscard]] const OpId* some_op(Script& script) const {
        return ids_.empty() ? nullptr : &ids_[script.byte() % ids_.size()];
    }
    void erase(Script& script) {
        if (const OpId* id = some_op(script)) must(store_->erase_payload(*id));
    }
    void payload(Script& script) {
        if (const OpId* id = some_op(script)) must(store_->add_payload(*id, Bytes(script.byte() * 30U)));
    }
    void sign(Script& script) {
        std::vector<OpSignature> late;
        for (std::size_t i = script.below(4); i > 0 && !ids_.empty(); --i) {
            Signature signature;
            signature.bytes.fill(script.byte());
            late.push_back({*some_op(script), signature});
        }
        must(store_->add_signatures(late));
    }
    void remember(Script& script) {
        DeviceKey peer;
        peer.bytes.fill(static_cast<std::uint8_t>(script.below(3)));
        std::vector<RememberedFrontier> frontiers;
        for (std::size_t i = script.below(3); i > 0 && !ids_.empty(); --i) {
            frontiers.push_back({peer, {*some_op(script)}, StoreInstance{}});
        }
        must(store_->remember(peer, frontiers));
    }

    Mounted mounted_;
    Recording recording_;
    std::unique_ptr<RecordingStore> store_;
    std::vector<OpId> ids_;
    unsigned next_ = 1;
};

// What is found after so many events of the recording, on an image drawn from `seed` of the disk as it then
// was.
void cut(const Recording& run, const PowerDisk& disk, std::size_t events, std::uint64_t seed) {
    PowerDisk::Random random(seed);
    PowerDisk image = disk.after_cut(random);
    const World* sure = nullptr;
    const World* under_way = nullptr;
    for (const auto& step : run.steps) {
        if (step.end > events) {
            if (step.begin < events) under_way = &step.after;
            break;
        }
        sure = &step.after;
    }
    const Mounted mounted(image);
    const auto store =
        store::open_sqlite_store(crash::disk_folder / "store.db", StoreInstance{}, crash::power_options());
    FOLKMOOT_ASSERT(store);
    const auto found = crash::world_of(**store);
    FOLKMOOT_ASSERT(found);
    std::string wrong;
    if (sure != nullptr) {
        wrong = crash::difference(*found, *sure);
    } else if (!found->ops.empty()) {
        wrong = "ops before there was a store";
    }
    if (!wrong.empty() && under_way != nullptr) wrong = crash::difference(*found, *under_way);
    if (!wrong.empty()) std::fprintf(stderr, "after %zu events: %s\n", events, wrong.c_str());
    FOLKMOOT_ASSERT(wrong.empty());
    const auto sound = (*store)->check(CheckDepth::full);
    FOLKMOOT_ASSERT(sound && sound->sound());
}

PowerDisk disk_with_store() {
    PowerDisk disk;
    {
        const Mounted mounted(disk);
        const RecordingStore store(disk);
    }
    disk.forget_events();
    return disk;
}

struct Cut {
    std::size_t permille;
    std::uint64_t seed;
};

}  // namespace

FOLKMOOT_FUZZ_RECORDS(header_bytes, step_bytes)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < header_bytes) return 0;
    // In three of four inputs the store was created long ago: that takes longer than most of what follows.
    static const PowerDisk created = disk_with_store();
    const PowerDisk before = (data[0] & 3U) == 0 ? PowerDisk() : created;
    PowerDisk disk = before;
    Life life(disk);
    std::vector<Cut> cuts{{data[0] * 4U, 1}};
    const ByteView steps = ByteView(data, size).subspan(header_bytes);
    for (std::size_t i = 0; i < most_steps && (i + 1) * step_bytes <= steps.size(); ++i) {
        Script step(steps.data() + i * step_bytes, step_bytes);
        if (step.left() > 0 && steps[i * step_bytes] >= 240) {
            (void)step.byte();
            const std::size_t at = step.word();
            cuts.push_back({at % 1001, step.word()});
        } else {
            life.step(step);
        }
    }
    const Recording run = life.end();
    std::ranges::sort(cuts, {}, &Cut::permille);
    disk = before;
    std::size_t done = 0;
    for (const Cut& each : cuts) {
        const std::size_t events = run.events.size() * each.permille / 1020;
        while (done < events) disk.replay(run.events[done++]);
        cut(run, disk, events, each.seed);
    }
    return 0;
}
