// The power is cut at every point of three workloads, and what is found afterwards is opened by the real
// code: it opens, it is sound, everything acknowledged is there, and of what was under way all or nothing.
//
// FOLKMOOT_CRASH_IMAGES is how many images are tried at every point.
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
using wire::Peer;

StoreInstance instance_of(std::uint8_t n) {
    StoreInstance out;
    out.bytes.fill(n);
    return out;
}

std::size_t from_environment(const char* name, std::size_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// --- Workloads ------------------------------------------------------------------------------------

/// A founder makes a group, adds people and posts, one op at a time, and starts again in between.
void author_one_by_one(PowerDisk& disk, Recording& out) {
    auto owned = std::make_unique<RecordingStore>(disk);
    RecordingStore& store = *owned;
    store.record_into(out);
    Peer ann("ann", std::nullopt, std::move(owned));
    const auto made = ann.replica().create_group(Create{"folk", {key_of("ann")}, {}}, 1);
    ASSERT_TRUE(made.has_value());
    ann.drain();
    for (int i = 0; i < 36; ++i) {
        if (i % 9 == 4) {
            ann.act(Add{key_of("guest " + std::to_string(i)), level::member});
        } else {
            ann.post(std::string(static_cast<std::size_t>(i * 97 % 2100), static_cast<char>('a' + i % 26)));
        }
        if (i == 20) {
            store.reopen();
            ann.reopen();
        }
    }
}

/// A member takes part in four sessions, and what it takes is stored in batches, with signatures that come
/// late and with frontiers to remember.
void sync_in_batches(PowerDisk& disk, Recording& out) {
    Book book;
    Entry last = book.add("ann", Add{key_of("ben"), level::member}, {book.root()});
    Peer ann("ann", book.group());
    auto owned = std::make_unique<RecordingStore>(disk);
    RecordingStore& store = *owned;
    store.record_into(out);
    Peer ben("ben", book.group(), std::move(owned));
    for (int round = 0; round < 4; ++round) {
        for (int i = 0; i < 40; ++i) last = book.post(i % 3 == 0 ? "ann" : "ben", {last});
        ann.take(book.all());
        wire::expect_sync(ann, ben);
        if (testing::Test::HasFailure()) return;
        std::vector<OpSignature> late;
        for (Entry entry = 5; entry < book.size(); entry += 11) {
            late.push_back({book.id(entry), wire::fake_signature(key_of("x"), book.id(entry).view(),
                                                                 static_cast<std::uint8_t>(round + 1))});
        }
        ASSERT_TRUE(store.add_signatures(late).has_value());
    }
}

/// Everything else a store does, and a store that is closed and opened several times.
void keep_house(PowerDisk& disk, Recording& out) {
    Book book;
    Entry last = book.root();
    for (int i = 0; i < 60; ++i) {
        last = book.post("ann", {last}, {{}, {}, std::string(static_cast<std::size_t>(i * 41), 'p')});
    }
    RecordingStore store(disk);
    store.record_into(out);
    std::vector<StoredOp> ops;
    for (const auto& op : book.all()) ops.push_back({op.id, op.body, {*op.signature}, op.payload});
    ASSERT_TRUE(store.append(std::span(ops).first(30)).has_value());
    ASSERT_TRUE(store.backup(disk_folder / "early.db").has_value());
    for (std::size_t i = 3; i < 30; i += 4) ASSERT_TRUE(store.erase_payload(ops[i].id).has_value());
    ASSERT_TRUE(store.checkpoint().has_value());
    ASSERT_TRUE(store.append(std::span(ops).subspan(30)).has_value());
    for (std::size_t i = 7; i < 30; i += 8) {
        ASSERT_TRUE(store.add_payload(ops[i].id, *ops[i].payload).has_value());
    }
    ASSERT_TRUE(store.renew_instance(instance_of(9)).has_value());
    const RememberedFrontier frontiers[] = {{key_of("ben"), {ops[8].id, ops[9].id}, instance_of(2)},
                                            {key_of("ben"), {ops[7].id}, instance_of(2)}};
    ASSERT_TRUE(store.remember(key_of("ben"), frontiers).has_value());
    store.reopen();
    ASSERT_TRUE(store.mark_rolled_back(false).has_value());
    ASSERT_TRUE(store.backup(disk_folder / "late.db").has_value());
    ASSERT_TRUE(store.remember(key_of("ben"), std::span(frontiers).first(1)).has_value());
    ASSERT_TRUE(store.checkpoint().has_value());
}

using Workload = void (*)(PowerDisk&, Recording&);

Recording record(Workload workload, bool lying_files = false, bool lying_names = false) {
    Recording out;
    PowerDisk disk;
    disk.lies_about_files = lying_files;
    disk.lies_about_names = lying_names;
    const Mounted mounted(disk);
    workload(disk, out);
    return out;
}

// --- Verdicts -------------------------------------------------------------------------------------

/// What may be found after so many events: the world last acknowledged, and the one under way.
struct Expected {
    const World* acknowledged = nullptr;  // null: not even the creation was
    const World* under_way = nullptr;
};

Expected expected_after(const Recording& run, std::size_t events) {
    Expected out;
    for (const Step& step : run.steps) {
        if (step.end <= events) {
            out.acknowledged = &step.after;
        } else {
            if (step.begin < events) out.under_way = &step.after;
            break;
        }
    }
    return out;
}

std::string examine_backups(const Expected& expected, const PowerDisk& image) {
    static const World none;
    const World& sure = expected.acknowledged != nullptr ? *expected.acknowledged : none;
    const World& later = expected.under_way != nullptr ? *expected.under_way : sure;
    for (const auto& [name, ops] : later.backups) {
        if (image.find(name) == nullptr && !sure.backups.contains(name)) continue;
        const auto copy = store::open_sqlite_store(disk_folder / name, instance_of(0x99), power_options());
        if (!copy) return name + " does not open: " + copy.error().text;
        if ((*copy)->count() != ops) return name + " holds other ops";
        const auto sound = (*copy)->check(CheckDepth::full);
        if (!sound || !sound->sound()) return name + " is not sound";
    }
    return {};
}

/// Opens what is on the disk and says what is wrong with it; empty if nothing is.
std::string examine(PowerDisk& image, const Expected& expected, const GroupId* group) {
    const Mounted mounted(image);
    if (auto wrong = examine_backups(expected, image); !wrong.empty()) return wrong;
    auto options = power_options();
    options.checkpoint_frames = 24;
    const auto store = store::open_sqlite_store(disk_folder / "store.db", instance_of(0x99), options);
    if (!store) return "does not open: " + store.error().text;
    const auto found = world_of(**store);
    if (!found) return "cannot be read: " + found.error().text;
    std::string wrong;
    if (expected.acknowledged != nullptr) {
        wrong = difference(*found, *expected.acknowledged);
    } else if (!found->ops.empty()) {
        wrong = "ops before there was a store";
    }
    if (!wrong.empty() && expected.under_way != nullptr) {
        if (difference(*found, *expected.under_way).empty()) wrong.clear();
    }
    if (!wrong.empty()) return wrong;
    const auto sound = (*store)->check(CheckDepth::full);
    if (!sound) return "cannot be checked: " + sound.error().text;
    if (!sound->sound()) return "is not sound: " + sound->faults.front();
    if (group != nullptr) {
        const auto report =
            moot::check_group(**store, *group, moot::FsckDepth::standard, wire::FakeVerifier());
        if (!report.faults.empty()) return "is no group: " + report.faults.front();
    }
    return {};
}

struct Tally {
    std::size_t cuts = 0;
    std::size_t images = 0;
    std::size_t second_cuts = 0;
    std::size_t under_way_kept = 0;
    std::size_t bad = 0;
    std::string first_bad;

    void note(const std::string& wrong, std::size_t cut) {
        ++images;
        if (wrong.empty()) return;
        ++bad;
        if (first_bad.empty()) first_bad = "after event " + std::to_string(cut) + ": " + wrong;
    }
};

/// After a cut, one image; now and then the power is cut again while it is being opened.
void try_image(const PowerDisk& disk, const Recording& run, std::size_t cut, bool thorough,
               PowerDisk::Random& random, Tally& tally) {
    const Expected expected = expected_after(run, cut);
    PowerDisk image = disk.after_cut(random);
    const PowerDisk before = image;
    const World* known = expected.acknowledged;
    const bool any = known != nullptr && !known->ops.empty();
    const GroupId group = any ? group_of(known->ops.front().id) : GroupId{};
    tally.note(examine(image, expected, any && thorough ? &group : nullptr), cut);
    if (!thorough) return;
    const auto& opening = image.events();
    if (opening.empty()) return;
    PowerDisk again = before;
    const std::size_t until = random() % opening.size();
    for (std::size_t i = 0; i < until; ++i) again.replay(opening[i]);
    PowerDisk second = again.after_cut(random);
    ++tally.second_cuts;
    tally.note(examine(second, expected, nullptr), cut);
}

Tally cut_everywhere(const Recording& run, std::size_t images, std::uint64_t seed, std::size_t every = 1) {
    Tally tally;
    PowerDisk disk;
    PowerDisk::Random random(seed);
    for (std::size_t cut = 0; cut <= run.events.size(); ++cut) {
        if (cut > 0) disk.replay(run.events[cut - 1]);
        if (cut % every != 0) continue;
        ++tally.cuts;
        const std::size_t count = disk.anything_pending() ? images : 1;
        for (std::size_t i = 0; i < count; ++i) try_image(disk, run, cut, i == 0, random, tally);
    }
    return tally;
}

// --- Tests ----------------------------------------------------------------------------------------

struct Case {
    const char* name;
    Workload workload;
};
void PrintTo(const Case& tested, std::ostream* out) { *out << tested.name; }

class PowerCut : public testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(, PowerCut,
                         testing::Values(Case{"author_one_by_one", author_one_by_one},
                                         Case{"sync_in_batches", sync_in_batches},
                                         Case{"keep_house", keep_house}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST_P(PowerCut, at_every_point_loses_nothing_acknowledged_and_leaves_nothing_half) {
    const Recording run = record(GetParam().workload);
    ASSERT_FALSE(HasFailure());
    ASSERT_GT(run.events.size(), 200U);
    const Tally tally = cut_everywhere(run, from_environment("FOLKMOOT_CRASH_IMAGES", 8), 1);
    std::cout << GetParam().name << ": " << tally.cuts << " cuts, " << tally.images << " images, "
              << tally.second_cuts << " cut again while opening\n";
    EXPECT_EQ(tally.bad, 0U) << tally.first_bad;
    EXPECT_EQ(tally.cuts, run.events.size() + 1);
}

// A test of loss that cannot find a loss is worth nothing.
TEST_P(PowerCut, a_disk_that_lies_about_syncing_files_is_found_out) {
    const Recording run = record(GetParam().workload, true);
    const Tally tally = cut_everywhere(run, 2, 2, 5);
    std::cout << GetParam().name << ": " << tally.bad << " of " << tally.images << " images bad, first "
              << tally.first_bad << "\n";
    EXPECT_GT(tally.bad, tally.images / 4);
}

TEST_P(PowerCut, a_disk_that_lies_about_syncing_names_is_found_out) {
    const Recording run = record(GetParam().workload, false, true);
    const Tally tally = cut_everywhere(run, 2, 3, 5);
    std::cout << GetParam().name << ": " << tally.bad << " of " << tally.images << " images bad, first "
              << tally.first_bad << "\n";
    EXPECT_GT(tally.bad, tally.images / 10);
}

}  // namespace
}  // namespace folkmoot::crash
