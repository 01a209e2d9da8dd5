// Every kind of summary, alone and against every other, over random histories with forks: both ends hold the
// same at the end, whatever they remember. Seeds are printed.
#include "property/lockstep.hpp"
#include "support/random_world.hpp"

namespace folkmoot::wire {
namespace {

constexpr SummaryChoice choices[] = {SummaryChoice::automatic, SummaryChoice::bloom, SummaryChoice::exact,
                                     SummaryChoice::tips};

void expect_equal(Peer& a, Peer& b, const LockstepOptions& options) {
    Lockstep wire(a, b, options);
    wire.run();
    const auto why = [](const Session& s) {
        return s.outcome() == Outcome::failed ? s.error().text : std::string("not failed");
    };
    EXPECT_TRUE(wire.equal()) << why(wire.session_a()) << " / " << why(wire.session_b());
    EXPECT_TRUE(same(a, b));
}

TEST(Summaries, Y3_any_summary_against_any_other) {
    std::uint64_t seed = 1;
    for (int round = 0; round < 12; ++round) {
        for (const SummaryChoice left : choices) {
            for (const SummaryChoice right : choices) {
                SCOPED_TRACE("seed " + std::to_string(++seed));
                World world(seed, 1 + seed % 150);
                expect_equal(world.a, world.b, {.summary_a = left, .summary_b = right, .seed = seed});
                EXPECT_EQ(world.a.graph().size(), world.book.size());
                if (testing::Test::HasFailure()) return;
            }
        }
    }
}

// Ends that met before, of which one lost its disk, went back to an old copy, or kept all; and new ops.
TEST(Summaries, Y3_any_memory_with_any_summary) {
    enum class Loss : std::uint8_t { nothing, memory, disk, half };
    std::uint64_t seed = 1000;
    for (const Loss loss : {Loss::nothing, Loss::memory, Loss::disk, Loss::half}) {
        for (const SummaryChoice left : choices) {
            for (const SummaryChoice right : choices) {
                SCOPED_TRACE("seed " + std::to_string(++seed) + ", loss " +
                             std::to_string(static_cast<int>(loss)));
                World world(seed, 100);
                expect_equal(world.a, world.b, {.summary_a = left, .summary_b = right, .seed = seed});
                Peer reborn("ben", world.book.group(), 5);
                if (loss == Loss::memory) reborn.take(world.book.all());
                if (loss == Loss::half) reborn.take(world.book.past({world.book.size() / 2}));
                Peer& b = loss == Loss::nothing ? world.b : reborn;
                world.a.post("news here");
                if (b.graph().size() > 5) b.post("news there");
                expect_equal(world.a, b, {.summary_a = left, .summary_b = right, .seed = seed + 1000});
                // And once more the other way round, from what both remember now.
                world.a.post("more");
                expect_equal(b, world.a, {.summary_a = left, .summary_b = right, .seed = seed + 2000});
                if (testing::Test::HasFailure()) return;
            }
        }
    }
}

// Who takes notes of whom they met, in a group that never forks, needs one summary each and walks nothing.
TEST(Summaries, Y3_tips_take_one_round_trip_among_honest_peers) {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random(seed);
        Book book;
        const std::vector<std::string> names{"ann", "ben", "cat", "dan"};
        std::vector<Entry> on{0};
        for (std::size_t i = 1; i < names.size(); ++i)
            on = {book.add("ann", Add{key_of(names[i]), level::member}, on)};
        std::vector<std::unique_ptr<Peer>> peers;
        for (std::size_t i = 0; i < names.size(); ++i) {
            peers.push_back(std::make_unique<Peer>(names[i], book.group(), static_cast<std::uint8_t>(i + 1)));
            peers.back()->take(book.all());
        }
        for (int meeting = 0; meeting < 30; ++meeting) {
            for (std::size_t i = random() % 12; i > 0; --i)
                peers[random() % 4]->post("x" + std::to_string(random()));
            const std::size_t a = random() % 4;
            const std::size_t b = (a + 1 + random() % 3) % 4;
            Lockstep wire(*peers[a], *peers[b], {.seed = random()});
            wire.run();
            EXPECT_TRUE(wire.equal());
            EXPECT_LE(wire.session_a().stats().rounds + wire.session_a().stats().needs, 1U);
            EXPECT_LE(wire.session_b().stats().rounds + wire.session_b().stats().needs, 1U);
            EXPECT_LE(wire.trips, 3U) << "have, ops, done";
        }
    }
}

}  // namespace
}  // namespace folkmoot::wire
