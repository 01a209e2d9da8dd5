// A damaged group is repaired, whatever is cut off on the way, and a session brings back what was lost.
#include "moot/repair.hpp"

#include <algorithm>
#include <iostream>

#include "crash/power_vfs.hpp"
#include "moot/fsck.hpp"
#include "store/salvage.hpp"
#include "support/wire.hpp"

namespace folkmoot::crash {
namespace {

using wire::Book;
using wire::Entry;
using wire::key_of;
using wire::Peer;

const std::filesystem::path place = disk_folder / "store.db";

StoreInstance instance_of(std::uint8_t n) {
    StoreInstance out;
    out.bytes.fill(n);
    return out;
}
Result<std::unique_ptr<Store>> open() {
    return store::open_sqlite_store(place, instance_of(1), power_options());
}
Result<moot::RepairReport> repair(const GroupId& group) {
    return moot::repair_group(place, group, instance_of(8), wire::FakeVerifier(), power_options());
}

/// Ben's closed store: two branches, by ann and by ben, that part after `fork` and never meet.
class Damaged : public testing::Test {
   protected:
    Damaged() {
        const Entry add = book_.add("ann", Add{key_of("ben"), level::member}, {book_.root()});
        fork_ = book_.posts("ann", add, 10);
        ann_ = book_.posts("ann", fork_, 12);
        ben_ = book_.posts("ben", fork_, 12);
        const Mounted mounted(disk_);
        auto store = open().value();
        std::vector<StoredOp> ops;
        for (const auto& op : book_.all()) {
            StoredOp stored{op.id, op.body, {*op.signature}, op.payload};
            // Some have no signature of their own: the next of their author's chain vouches.
            // Not of the first on a chain, and not of a last one.
            const Entry own[] = {0, add, add + 1, fork_, ann_, ann_ + 1, ben_};
            const bool needed = std::ranges::find(own, ops.size()) != std::end(own);
            if (!needed && ops.size() % 3 == 0) stored.signatures.clear();
            ops.push_back(std::move(stored));
        }
        EXPECT_TRUE(store->append(ops).has_value());
        EXPECT_TRUE(store->erase_payload(book_.id(fork_)).has_value());
    }
    /// Flips a bit in the body of an op.
    void damage(Entry entry) {
        const FileNumber file = *disk_.find("store.db");
        const Bytes& bytes = disk_.contents(file);
        const Bytes& body = book_.op(entry).body;
        const auto found = std::ranges::search(bytes, body);
        ASSERT_FALSE(found.empty());
        const auto at = static_cast<std::size_t>(found.begin() - bytes.begin()) + body.size() - 5;
        const std::uint8_t wrong[] = {static_cast<std::uint8_t>(bytes[at] ^ 4U)};
        disk_.write(file, at, wrong);
        disk_.sync(file);
        disk_.sync_names();  // or a log that is gone might come back and heal it
        disk_.forget_events();
    }
    [[nodiscard]] moot::FsckReport fsck(const Store& store) const {
        return moot::check_group(store, book_.group(), moot::FsckDepth::full, wire::FakeVerifier());
    }

    Book book_;
    Entry fork_ = 0, ann_ = 0, ben_ = 0;
    PowerDisk disk_;
};

TEST_F(Damaged, what_does_not_build_on_the_damage_is_kept_and_the_old_store_stays) {
    const Entry bad = ann_ - 5;
    damage(bad);
    const Mounted mounted(disk_);
    EXPECT_FALSE(fsck(**open()).faults.empty());
    const Bytes before = disk_.contents(*disk_.find("store.db"));
    const auto done = repair(book_.group());
    ASSERT_TRUE(done.has_value()) << done.error().text;
    // The op before the bad one may have had only that one to vouch for it.
    const bool alone = (bad - 1) % 3 == 0;
    EXPECT_EQ(done->set_aside.size(), 6U + (alone ? 1 : 0));
    EXPECT_EQ(done->kept, book_.size() - done->set_aside.size());
    EXPECT_NE(std::ranges::find(done->set_aside, book_.id(bad)), done->set_aside.end());
    EXPECT_TRUE(done->lost_ops());
    EXPECT_EQ(done->aside.filename(), "store.db.damaged-1");
    EXPECT_EQ(disk_.contents(*disk_.find("store.db.damaged-1")), before);
    const auto store = open();
    ASSERT_TRUE(store.has_value());
    EXPECT_EQ(fsck(**store).faults, std::vector<std::string>{});
    EXPECT_EQ((*store)->instance(), instance_of(8));
    EXPECT_TRUE((*store)->may_be_rolled_back());
    EXPECT_TRUE((*store)->read(book_.id(fork_))->payload_erased);
    EXPECT_TRUE((*store)->read(book_.id(ben_)).has_value());
}

TEST_F(Damaged, a_session_brings_back_what_was_lost_and_own_ops_before_anything_is_signed) {
    damage(ben_ - 4);
    const Mounted mounted(disk_);
    ASSERT_TRUE(repair(book_.group()).has_value());
    Peer ann("ann", book_.group());
    ann.take(book_.all());
    Peer ben("ben", book_.group(), open().value());
    EXPECT_EQ(ben.replica().post(as_bytes("too early"), 9).error().code, ErrorCode::not_synced);
    ben.drain();
    wire::expect_sync(ann, ben);
    EXPECT_TRUE(ben.has(book_.id(ben_)));
    ben.post("later");
    wire::expect_sync(ann, ben);
    EXPECT_TRUE(ann.graph().equivocations().empty());
    EXPECT_EQ(fsck(ben.store()).faults, std::vector<std::string>{});
}

TEST_F(Damaged, a_file_without_its_start_gives_an_empty_store_that_a_session_fills) {
    const FileNumber file = *disk_.find("store.db");
    disk_.write(file, 0, Bytes(sector));
    const Mounted mounted(disk_);
    EXPECT_EQ(open().error().code, ErrorCode::store_damaged);
    const auto done = repair(book_.group());
    ASSERT_TRUE(done.has_value()) << done.error().text;
    EXPECT_EQ(done->kept, 0U);
    EXPECT_TRUE(done->lost_ops());
    Peer ann("ann", book_.group());
    ann.take(book_.all());
    Peer ben("ben", book_.group(), open().value());
    wire::expect_sync(ann, ben);
    EXPECT_TRUE(ben.has(book_.id(ben_)));
}

TEST_F(Damaged, pages_that_cannot_be_read_cost_what_is_on_them_and_what_builds_on_that) {
    const FileNumber file = *disk_.find("store.db");
    std::mt19937_64 random(6);
    std::size_t kept = 0;
    std::size_t all = 0;
    for (std::size_t at = 4096; at < disk_.contents(file).size(); at += 4096) {
        PowerDisk copy = disk_;
        Bytes noise(4096);
        for (auto& byte : noise) byte = static_cast<std::uint8_t>(random());
        copy.write(file, at, noise);
        const Mounted mounted(copy);
        const auto done = repair(book_.group());
        ASSERT_TRUE(done.has_value()) << at << ": " << done.error().text;
        const auto store = open();
        ASSERT_TRUE(store.has_value()) << at;
        EXPECT_EQ(fsck(**store).faults, std::vector<std::string>{}) << at;
        EXPECT_EQ((*store)->count().value(), done->kept);
        EXPECT_EQ((*store)->may_be_rolled_back(), done->lost_ops()) << at;
        EXPECT_TRUE(done->lost_ops() || done->kept == book_.size()) << at;
        kept += done->kept;
        all += book_.size();
    }
    std::cout << "a page lost: " << kept << " of " << all << " ops kept\n";
    EXPECT_GT(kept, all / 3);
}

// Found by the simulator: a repaired peer that gave on what it could not prove was blamed for it.
TEST(Repaired, O5_what_lost_its_signature_is_kept_only_where_a_session_can_give_it) {
    for (const bool post_next : {true, false}) {
        Book book;
        const Entry add = book.add("ann", Add{key_of("ben"), level::member}, {book.root()});
        const Entry first = book.posts("ann", add, 3);
        const Entry next = post_next ? book.post("ann", {first})
                                     : book.add("ann", Add{key_of("carol"), level::member}, {first});
        book.posts("ann", next, 2);
        PowerDisk disk;
        const Mounted mounted(disk);
        {
            auto store = open().value();
            std::vector<StoredOp> ops;
            for (const auto& op : book.all()) ops.push_back({op.id, op.body, {*op.signature}, op.payload});
            ASSERT_TRUE(store->append(ops).has_value());
        }
        const FileNumber file = *disk.find("store.db");
        const Bytes& bytes = disk.contents(file);
        const auto found = std::ranges::search(bytes, book.op(first).signature->bytes);
        ASSERT_FALSE(found.empty());
        const std::uint8_t wrong[] = {static_cast<std::uint8_t>(found.front() ^ 1U)};
        disk.write(file, static_cast<std::uint64_t>(found.begin() - bytes.begin()), wrong);

        const auto done = repair(book.group());
        ASSERT_TRUE(done.has_value()) << done.error().text;
        const auto& aside = done->set_aside;
        EXPECT_EQ(std::ranges::find(aside, book.id(first)) == aside.end(), post_next);
        Peer ann("ann", book.group(), open().value());
        EXPECT_EQ(
            moot::check_group(ann.store(), book.group(), moot::FsckDepth::full, wire::FakeVerifier()).faults,
            std::vector<std::string>{});
        Peer ben("ben", book.group());
        wire::expect_sync(ann, ben);
        EXPECT_EQ(ben.graph().size(), done->kept);
    }
}

TEST_F(Damaged, a_power_cut_anywhere_leaves_the_old_store_or_the_repaired_one) {
    damage(ann_ - 5);
    PowerDisk run = disk_;
    std::uint64_t kept = 0;
    {
        const Mounted mounted(run);
        const auto done = repair(book_.group());
        ASSERT_TRUE(done.has_value());
        kept = done->kept;
    }
    const Bytes damaged = disk_.contents(*disk_.find("store.db"));
    PowerDisk::Random random(9);
    PowerDisk now = disk_;
    std::size_t images = 0;
    std::size_t finished = 0;
    for (const auto& event : run.events()) {
        now.replay(event);
        for (int i = 0; i < 6; ++i) {
            PowerDisk image = now.after_cut(random);
            const Mounted mounted(image);
            ++images;
            if (store::replacement_interrupted(place, power_options())) {
                ASSERT_TRUE(store::finish_replacement(place, power_options()).has_value());
                ++finished;
            }
            auto store = open();
            ASSERT_TRUE(store.has_value()) << store.error().text;
            if (!fsck(**store).faults.empty()) {
                store->reset();
                ASSERT_TRUE(repair(book_.group()).has_value());
                store = open();
                ASSERT_TRUE(store.has_value()) << store.error().text;
            }
            ASSERT_EQ(fsck(**store).faults, std::vector<std::string>{});
            ASSERT_EQ((*store)->count().value(), kept);
            ASSERT_TRUE((*store)->may_be_rolled_back());
            ASSERT_EQ(image.contents(*image.find("store.db.damaged-1")), damaged);
        }
    }
    std::cout << "repair: " << images << " images, " << finished << " finished afterwards\n";
    EXPECT_GT(finished, 0U);
}

}  // namespace
}  // namespace folkmoot::crash
