// A store whose file, or log, somebody changed: it is refused, or it is read, but never crashes anybody and
// never shows other members than its ops say. What opens holds ops of the original only, since nobody else
// can sign; and what fsck calls sound proves itself.
//
// The input is a flag byte and patches of 8 bytes: which file and what, where (2 bytes, times 1 or 64), how
// much, and 4 bytes to put there.
#include "crash/power_vfs.hpp"
#include "fuzz/support/device.hpp"
#include "fuzz/support/records.hpp"
#include "fuzz/support/script.hpp"
#include "moot/fsck.hpp"

namespace {

using namespace folkmoot;
using crash::disk_folder;
using crash::Mounted;
using crash::PowerDisk;
using fuzz::Device;
using fuzz::key_of;
using fuzz::Script;

constexpr std::size_t header_bytes = 1;
constexpr std::size_t patch_bytes = 8;
constexpr std::size_t most_patches = 64;

Result<std::unique_ptr<Store>> open_store() {
    return store::open_sqlite_store(disk_folder / "store.db", StoreInstance{}, crash::power_options());
}

/// What is changed: a store that was closed, and one that was running, with its log.
class Original {
   public:
    Original() {
        Device ann("ann", std::nullopt);
        FOLKMOOT_ASSERT(ann.replica().create_group(Create{"folk", {ann.key()}, {}}, 1));
        ann.drain();
        for (const auto name : {"ben", "cat", "dan"}) {
            FOLKMOOT_ASSERT(ann.replica().act(Add{key_of(name), level::moderator}, 1));
            ann.drain();
            for (int i = 0; i < 4; ++i) ann.post("a post");
        }
        FOLKMOOT_ASSERT(ann.replica().act(Remove{key_of("cat"), std::nullopt}, 1));
        ann.drain();
        ops_ = ann.ops();
        const Mounted mounted(closed);
        auto opened = open_store();
        FOLKMOOT_ASSERT(opened);
        std::vector<StoredOp> stored;
        for (const EncodedOp& op : ops_) {
            std::vector<Signature> signatures;
            if (op.signature) signatures.push_back(*op.signature);
            stored.push_back({op.id, op.body, signatures, op.payload});
        }
        FOLKMOOT_ASSERT((*opened)->append(std::span(stored).first(10)));
        const RememberedFrontier frontier{key_of("ben"), {ops_[2].id}, StoreInstance{}};
        FOLKMOOT_ASSERT((*opened)->remember(key_of("ben"), std::span(&frontier, 1)));
        FOLKMOOT_ASSERT((*opened)->checkpoint());
        FOLKMOOT_ASSERT((*opened)->append(std::span(stored).subspan(10)));
        running = closed;
        opened->reset();
    }
    /// The ops of the original among `ids`, all of them, in one hand.
    [[nodiscard]] std::vector<EncodedOp> among(const std::set<OpId>& ids) const {
        std::vector<EncodedOp> out;
        for (const EncodedOp& op : ops_) {
            if (ids.contains(op.id)) out.push_back(op);
        }
        return out;
    }
    [[nodiscard]] GroupId group() const { return group_of(ops_.front().id); }

    PowerDisk closed;
    PowerDisk running;

   private:
    std::vector<EncodedOp> ops_;
};

void patch(PowerDisk& disk, Script& script) {
    const std::uint8_t what = script.byte();
    const auto* file = disk.find((what & 1U) != 0 ? "store.db-wal" : "store.db");
    if (file == nullptr) file = disk.find("store.db");
    FOLKMOOT_ASSERT(file != nullptr);
    const std::size_t size = disk.contents(*file).size();
    if (size == 0) return;
    const std::size_t at = script.word() * ((what & 2U) != 0 ? 64U : 1U) % size;
    const std::size_t length = 1U + script.byte();
    const Bytes four = script.bytes(4);
    switch (what >> 2U & 7U) {
        case 0: disk.truncate(*file, at); break;
        case 1: disk.write(*file, at, Bytes(length, four[0])); break;
        case 2: {
            // What stands elsewhere, as after a write that went astray.
            const Bytes& now = disk.contents(*file);
            const std::size_t from = (four[0] | four[1] << 8U) * 16U % size;
            const std::size_t count = std::min(length * 16, size - from);
            const auto start = now.begin() + static_cast<std::ptrdiff_t>(from);
            disk.write(*file, at, Bytes(start, start + static_cast<std::ptrdiff_t>(count)));
            break;
        }
        case 3: {
            const std::uint8_t byte[] = {
                static_cast<std::uint8_t>(disk.contents(*file)[at] ^ (1U << four[0] % 8U))};
            disk.write(*file, at, byte);
            break;
        }
        case 4: disk.write(*file, at, ByteView(four).first(2)); break;
        case 5: disk.write(*file, at, ByteView(four).first(1)); break;
        default: disk.write(*file, at, four);
    }
}

bool is_store_error(const Error& error) {
    const auto number = static_cast<unsigned>(error.code);
    return number >= 600 && number < 700;
}

// What a replica makes of it.
void check_members(const Store& store, const Original& original, bool sound) {
    const wire::FakeVerifier verifier;
    const auto replica = Replica::open({original.group(), 1}, store, nullptr, verifier);
    if (!replica) {
        FOLKMOOT_ASSERT(is_store_error(replica.error()) && !sound);
        return;
    }
    const Graph& graph = (*replica)->graph();
    std::set<OpId> ids;
    for (OpIndex op = 0; op < graph.size(); ++op) ids.insert(graph.id(op));
    const auto ops = original.among(ids);
    FOLKMOOT_ASSERT(ops.size() == graph.size());
    if (ops.empty()) return;
    Device other("other", original.group());
    FOLKMOOT_ASSERT(other.replica().take(ops));
    other.drain();
    FOLKMOOT_ASSERT(other.replica().access().now().membership_digest() ==
                    (*replica)->access().now().membership_digest());
}

}  // namespace

FOLKMOOT_FUZZ_RECORDS(header_bytes, patch_bytes)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Original original;
    if (size < header_bytes) return 0;
    PowerDisk disk = (data[0] & 1U) != 0 ? original.running : original.closed;
    const ByteView patches = ByteView(data, size).subspan(header_bytes);
    for (std::size_t i = 0; i < most_patches && (i + 1) * patch_bytes <= patches.size(); ++i) {
        Script script(patches.data() + i * patch_bytes, patch_bytes);
        patch(disk, script);
    }
    const Mounted mounted(disk);
    const auto opened = open_store();
    if (!opened) {
        FOLKMOOT_ASSERT(is_store_error(opened.error()));
        return 0;
    }
    const Store& store = **opened;
    const auto report =
        moot::check_group(store, original.group(), moot::FsckDepth::full, wire::FakeVerifier());
    const auto remembered = store.remembered();
    FOLKMOOT_ASSERT(remembered || is_store_error(remembered.error()));
    check_members(store, original, report.faults.empty());
    return 0;
}
