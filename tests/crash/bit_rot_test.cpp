// Bytes that change on the disk by themselves. A store that still opens shows the members it showed before,
// and fsck finds every change of what is stored of an op.
//
// FOLKMOOT_CRASH_FLIPS is how many bytes of the small store are flipped, 0 for every one.
#include <cstdlib>
#include <iostream>

#include "crash/recorder.hpp"
#include "moot/fsck.hpp"
#include "support/wire.hpp"

namespace folkmoot::crash {
namespace {

using wire::Book;
using wire::Entry;
using wire::key_of;

/// A closed store with a history of `posts` posts, some access ops, erased payloads and a late signature.
class Sample {
   public:
    explicit Sample(std::size_t posts) {
        const Mounted mounted(disk_);
        Entry last = book_.root();
        for (std::size_t i = 0; i < posts; ++i) {
            if (i % 5 == 0)
                last = book_.add("ann", Add{key_of("guest " + std::to_string(i)), level::member}, {last});
            last = book_.post("ann", {last}, {{}, {}, std::string(20 + i * 31 % 400, 'p')});
        }
        auto store = open().value();
        std::vector<StoredOp> ops;
        for (const auto& op : book_.all()) ops.push_back({op.id, op.body, {*op.signature}, op.payload});
        EXPECT_TRUE(store->append(ops).has_value());
        for (std::size_t i = 2; i < ops.size(); i += 9) {
            if (ops[i].payload) {
                EXPECT_TRUE(store->erase_payload(ops[i].id).has_value());
            }
        }
        const Entry late = 2;
        const DeviceKey author = decode_body(ops[late].body)->author;
        const OpSignature more[] = {
            {ops[late].id, wire::fake_signature(author, signing_input(ops[late].id), 3)}};
        EXPECT_TRUE(store->add_signatures(more).has_value());
        world_ = world_of(*store).value();
        digest_ = digest_of(*store).value();
        store.reset();
        file_ = *disk_.find("store.db");
    }

    [[nodiscard]] static Result<std::unique_ptr<Store>> open() {
        return store::open_sqlite_store(disk_folder / "store.db", StoreInstance{}, power_options());
    }
    [[nodiscard]] Result<Digest> digest_of(const Store& store) const {
        const wire::FakeVerifier verifier;
        auto replica = Replica::open({book_.group(), 1}, store, nullptr, verifier);
        if (!replica) return std::unexpected(replica.error());
        return (*replica)->access().now().membership_digest();
    }
    [[nodiscard]] std::size_t size() const { return disk_.contents(file_).size(); }

    enum class Verdict : std::uint8_t { refused, found, harmless, unnoticed, wrong };
    /// Changes the bytes and says what became of it.
    [[nodiscard]] Verdict with(std::size_t at, ByteView bytes) const {
        PowerDisk disk = disk_;
        disk.write(file_, at, bytes);
        const Mounted mounted(disk);
        const auto store = open();
        if (!store) return Verdict::refused;
        const auto digest = digest_of(**store);
        const auto found = world_of(**store);
        const auto report =
            moot::check_group(**store, book_.group(), moot::FsckDepth::full, wire::FakeVerifier());
        const bool clean = report.faults.empty();
        if (digest && found && found->ops.size() != world_.ops.size()) return Verdict::wrong;
        if (digest && *digest != digest_) return Verdict::wrong;
        if (!digest || !found) return clean ? Verdict::unnoticed : Verdict::refused;
        World same = *found;
        same.ops = world_.ops;  // what is remembered of peers is theirs to confirm
        if (!difference(*found, same).empty()) return clean ? Verdict::unnoticed : Verdict::found;
        return clean ? Verdict::harmless : Verdict::found;
    }
    [[nodiscard]] Verdict flip(std::size_t at, std::uint8_t with_mask) const {
        const std::uint8_t byte[] = {static_cast<std::uint8_t>(disk_.contents(file_)[at] ^ with_mask)};
        return with(at, byte);
    }

   private:
    Book book_;
    PowerDisk disk_;
    World world_;
    Digest digest_;
    FileNumber file_ = 0;
};

std::size_t from_environment(const char* name, std::size_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

struct Tally {
    std::array<std::size_t, 5> counts{};
    std::string first_bad;

    void note(Sample::Verdict verdict, std::size_t at) {
        ++counts[static_cast<std::size_t>(verdict)];
        if (verdict < Sample::Verdict::unnoticed || !first_bad.empty()) return;
        first_bad = std::string(verdict == Sample::Verdict::wrong ? "wrong" : "unnoticed") + " at byte " +
                    std::to_string(at);
    }
    void expect_good(const char* what) const {
        std::cout << what << ": " << counts[0] << " refused, " << counts[1] << " found by fsck, " << counts[2]
                  << " without effect, " << counts[3] << " unnoticed, " << counts[4] << " wrong\n";
        EXPECT_EQ(counts[3] + counts[4], 0U) << first_bad;
        EXPECT_GT(counts[0], 0U);
        EXPECT_GT(counts[1], 0U);
    }
};

TEST(BitRot, every_byte_of_a_small_store) {
    const Sample sample(12);
    const std::size_t wanted = from_environment("FOLKMOOT_CRASH_FLIPS", 1500);
    const std::size_t stride = wanted == 0 ? 1 : std::max<std::size_t>(sample.size() / wanted, 1);
    std::mt19937_64 random(1);
    Tally tally;
    for (std::size_t at = random() % stride; at < sample.size(); at += stride) {
        tally.note(sample.flip(at, static_cast<std::uint8_t>(1U << random() % 8)), at);
    }
    tally.expect_good("bits of a small store");
}

TEST(BitRot, random_bytes_of_a_larger_store) {
    const Sample sample(400);
    const std::size_t wanted = from_environment("FOLKMOOT_CRASH_FLIPS", 1500);
    std::mt19937_64 random(2);
    Tally tally;
    for (std::size_t i = 0; i < (wanted == 0 ? 100'000 : wanted / 10); ++i) {
        const std::size_t at = random() % sample.size();
        tally.note(sample.flip(at, static_cast<std::uint8_t>(1 + random() % 255)), at);
    }
    tally.expect_good("bytes of a larger store");
}

TEST(BitRot, whole_sectors_of_zeros_or_noise) {
    const Sample sample(60);
    std::mt19937_64 random(3);
    Tally tally;
    for (std::size_t at = 0; at < sample.size(); at += sector) {
        Bytes bytes(sector);
        tally.note(sample.with(at, bytes), at);
        for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
        tally.note(sample.with(at, bytes), at);
    }
    tally.expect_good("sectors");
}

}  // namespace
}  // namespace folkmoot::crash
