// Random pairs of histories over wires that lose, cut and garble: what is promised holds for every seed.
#include <cstdlib>

#include "support/random_world.hpp"

namespace folkmoot::wire {
namespace {

constexpr SummaryChoice choices[] = {SummaryChoice::automatic, SummaryChoice::bloom, SummaryChoice::exact};

TEST(Random, Y8_any_two_histories_become_one) {
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        World world(seed, 1 + seed % 120);
        expect_sync(world.a, world.b, {.summary = choices[seed % 3], .seed = seed});
        EXPECT_EQ(world.a.graph().size(), world.book.size());
        if (testing::Test::HasFailure()) return;
    }
}

TEST(Random, Y7_any_cut_and_any_crash_keeps_what_was_admitted) {
    for (std::uint64_t seed = 1; seed <= 120; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        World world(seed, 60 + seed % 60);
        for (int attempt = 0; attempt < 3; ++attempt) {
            const std::size_t before = world.a.graph().size();
            Wire wire(world.a, world.b,
                      {.summary = choices[seed % 3],
                       .seed = seed * 7 + static_cast<std::uint64_t>(attempt),
                       .cut_after = world.below(6)});
            wire.run();
            wire.close();
            if (world.below(3) == 0) world.a.reopen();
            EXPECT_GE(world.a.graph().size(), before);
        }
        expect_sync(world.a, world.b, {.summary = choices[seed % 3], .seed = seed + 1000});
        if (testing::Test::HasFailure()) return;
    }
}

TEST(Random, a_hostile_wire_harms_nothing_but_its_session) {
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        World world(seed, 20 + seed % 50);
        {
            Wire wire(world.a, world.b, {.summary = choices[seed % 3], .live = seed % 2 == 0, .seed = seed});
            std::vector<Bytes> seen;
            for (int step = 0; step < 60; ++step) {
                wire.collect();
                auto& queue = world.below(2) == 0 ? wire.to_a : wire.to_b;
                if (!queue.empty()) {
                    seen.push_back(queue.front());
                    switch (world.below(12)) {
                        case 0: queue.pop_front(); break;
                        case 1: queue.push_back(queue.front()); break;
                        case 2: std::swap(queue.front(), queue.back()); break;
                        case 3: queue.push_front(seen[world.below(seen.size())]); break;
                        case 4:
                        case 5:
                            if (!queue.front().empty()) {
                                auto& byte = queue.front()[world.below(queue.front().size())];
                                byte = static_cast<std::uint8_t>(byte ^ (1U << world.below(8)));
                            }
                            break;
                        case 6: queue.front().resize(world.below(queue.front().size() + 1)); break;
                        default: break;
                    }
                }
                // A peer may have shown ops of ann's that are not here: then she has to wait (T).
                const bool may_post = world.a.replica().authoring_waits() == AuthoringWait::none;
                if (world.below(20) == 0 && may_post) world.a.post("meanwhile");
                wire.step();
            }
            wire.close();
        }
        // Nothing entered that was not somebody's, and an honest session completes.
        EXPECT_EQ(world.a.count(Event::Kind::read_only), 0U);
        expect_sync(world.a, world.b, {.seed = seed + 5000});
        if (testing::Test::HasFailure()) return;
    }
}

}  // namespace
}  // namespace folkmoot::wire
