// The library's graph and access against the slow model: random histories, in many orders, at many frontiers.
//
// FOLKMOOT_SEEDS=N runs N histories instead of the usual 20,000, FOLKMOOT_SEED_START=S begins at S. A
// disagreement is shrunk and printed as a scenario whose `expect` is the model's answer.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "model/comparison.hpp"
#include "model/random_history.hpp"
#include "source_dir.hpp"
#include "support/real_history.hpp"
#include "support/scenario.hpp"

namespace folkmoot::model {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

bool expect_agreement(const History& history, std::uint64_t seed, const std::string& label) {
    const auto difference = compare_with_library(history, seed);
    if (difference.empty()) return true;
    const auto least = shrink(history, [seed](const History& each) {
        // Where only some orders fail, several seeds are tried.
        for (std::uint64_t other = 0; other < 4; ++other) {
            if (!compare_with_library(each, seed + other * 1'000'003).empty()) return true;
        }
        return false;
    });
    std::string last;
    for (std::uint64_t other = 0; other < 4 && last.empty(); ++other)
        last = compare_with_library(least, seed + other * 1'000'003);
    ADD_FAILURE() << label << ": " << difference << "\nshrunk: " << last << "\n"
                  << scenario::serialise_scenario(scenario::to_scenario(least, "disagreement", last));
    return false;
}

TEST(AccessDifferential, agrees_with_the_model_on_random_histories) {
    const auto start = from_environment("FOLKMOOT_SEED_START", 0);
    const auto count = from_environment("FOLKMOOT_SEEDS", 20'000);
    RecordProperty("seeds", std::to_string(start) + " and the " + std::to_string(count) + " from there");
    int failures = 0;
    for (std::uint64_t seed = start; seed < start + count && failures < 5; ++seed) {
        RandomOptions options;
        if (seed % 8 == 6) options = {64, 10};
        if (seed % 64 == 62) options = {200, 12};
        if (seed % 2 == 1) options = {14, 5};
        if (!expect_agreement(random_history(seed, options), seed, "seed " + std::to_string(seed)))
            ++failures;
    }
}

TEST(AccessDifferential, agrees_with_the_model_on_the_scenarios) {
    std::size_t compared = 0;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(FOLKMOOT_SOURCE_DIR "/tests/scenarios")) {
        if (entry.path().extension() != ".json") continue;
        const auto file = scenario::load_scenario(entry.path().string());
        ASSERT_TRUE(file) << file.error().text;
        History history = scenario::load(*file).history;
        // Some ops there have no bytes at all; what those cover, the model's own test covers.
        try {
            History copy = history;
            static_cast<void>(real_ops(copy));
        } catch (const std::logic_error&) {
            continue;
        }
        ++compared;
        for (std::uint64_t seed = 0; seed < 8; ++seed) {
            EXPECT_EQ(compare_with_library(history, seed), "") << entry.path() << " seed " << seed;
        }
    }
    EXPECT_GE(compared, 100U);
}

// The ops of a group of three devices before it grows in every way.
struct Start {
    std::string name;
    std::vector<int> founders;
    std::vector<int> levels;  // that the first founder gives to the devices after the founders, in order
    int more;                 // further ops, when FOLKMOOT_DEPTH is 2
};

History prelude_of(const Start& start, Rules::Equal equal) {
    History prelude(1);
    prelude[0].kind = Kind::create;
    prelude[0].author = 0;
    prelude[0].founders = start.founders;
    prelude[0].rules.equal = equal;
    int device = static_cast<int>(start.founders.size());
    for (const int level : start.levels) {
        const auto prev = static_cast<int>(prelude.size()) - 1;
        prelude.push_back({{}, 0, Kind::add, prev, {}, 0, device++, level, {}, {}, {}});
    }
    return prelude;
}

// Every act that differs in what the rules ask: two levels of each, cuts that take all, no posts (nothing
// depends on them; verdicts of the last ops of a history show the same).
std::vector<SmallAct> whole_alphabet() {
    std::vector<SmallAct> alphabet{{Kind::leave, nobody, 0, false}};
    for (int subject = 0; subject < 3; ++subject) {
        alphabet.push_back({Kind::add, subject, 100, false});
        alphabet.push_back({Kind::add, subject, 25, false});
        alphabet.push_back({Kind::link, subject, 50, false});
        alphabet.push_back({Kind::set_level, subject, 25, false});
        alphabet.push_back({Kind::remove, subject, 0, false});
        alphabet.push_back({Kind::remove, subject, 0, true});
        alphabet.push_back({Kind::ban, subject, 0, false});
        alphabet.push_back({Kind::ban, subject, 0, true});
        alphabet.push_back({Kind::unban, subject, 0, false});
    }
    return alphabet;
}

// FOLKMOOT_DEPTH=3 takes one op more from each start, FOLKMOOT_SMALL=N ends after N histories of a start.
TEST(AccessDifferential, agrees_with_the_model_on_all_small_histories) {
    const auto deeper = static_cast<int>(from_environment("FOLKMOOT_DEPTH", 2)) - 2;
    const auto most = from_environment("FOLKMOOT_SMALL", UINT64_MAX);
    const std::vector<Start> starts = {
        {"a founder alone", {0}, {}, 3},
        {"a founder and two admins", {0}, {100, 100}, 2},
        {"a founder, an admin and a member", {0}, {100, 25}, 2},
        {"two founders and an admin", {0, 1}, {100}, 2},
    };
    for (const auto& start : starts) {
        for (const auto equal : {Rules::Equal::seniority, Rules::Equal::forbid}) {
            SmallHistories all(prelude_of(start, equal), 3, whole_alphabet(), start.more + deeper);
            bool every = false;
            while (all.count() < most && !(every = !all.next())) {
                ASSERT_TRUE(expect_agreement(all.current(), all.count(),
                                             "small history " + std::to_string(all.count())));
            }
            EXPECT_GE(all.count(), std::min<std::uint64_t>(most, 500));
            std::cout << start.name << (equal == Rules::Equal::forbid ? ", forbid: " : ", seniority: ")
                      << (every ? "all " : "the first ") << all.count() << " histories of "
                      << 1 + start.levels.size() + start.more + deeper << " ops\n";
        }
    }
}

}  // namespace
}  // namespace folkmoot::model
