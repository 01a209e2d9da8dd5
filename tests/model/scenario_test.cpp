// The model over the scenario files in tests/scenarios, each reasoned by hand from the rules.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "source_dir.hpp"
#include "support/scenario.hpp"

namespace folkmoot::scenario {
namespace {

std::vector<std::filesystem::path> scenario_paths() {
    // Other folders of scenarios can be judged with the same program.
    const char* folder = std::getenv("FOLKMOOT_SCENARIOS");
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(
             folder != nullptr ? std::string(folder) : std::string(FOLKMOOT_SOURCE_DIR "/tests/scenarios"))) {
        if (entry.path().extension() == ".json") paths.push_back(entry.path());
    }
    std::ranges::sort(paths);
    return paths;
}

TEST(Scenarios, the_model_meets_every_expectation) {
    const auto paths = scenario_paths();
    EXPECT_GE(paths.size(), 60U);
    for (const auto& path : paths) {
        const auto file = load_scenario(path.string());
        ASSERT_TRUE(file) << file.error().text;
        ASSERT_TRUE(file->expect) << path;
        EXPECT_EQ(file->name, path.stem().string());
        EXPECT_FALSE(file->why.empty()) << path;
        EXPECT_EQ(differences(*file->expect, judged(load(*file))), "") << path << "\n" << file->why;
    }
}

TEST(Scenarios, E3_one_pass_by_rank_gives_what_the_definitions_give) {
    for (const auto& path : scenario_paths()) {
        const auto file = load_scenario(path.string());
        ASSERT_TRUE(file) << file.error().text;
        const auto loaded = load(*file);
        const auto all = loaded.model.everything();
        const auto left = loaded.model.judge(all);
        const auto right = loaded.model.judge_in_one_pass(all);
        EXPECT_EQ(left.verdicts, right.verdicts) << path;
        EXPECT_EQ(left.members, right.members) << path;
    }
}

TEST(Scenarios, are_written_as_they_are_read) {
    for (const auto& path : scenario_paths()) {
        const auto file = load_scenario(path.string());
        ASSERT_TRUE(file) << file.error().text;
        const auto again = parse_scenario(serialise_scenario(*file));
        ASSERT_TRUE(again) << again.error().text;
        EXPECT_EQ(*file, *again) << path;
    }
}

TEST(Scenarios, with_defaults_written_out_mean_the_same) {
    for (const auto& path : scenario_paths()) {
        const auto file = load_scenario(path.string());
        ASSERT_TRUE(file) << file.error().text;
        const auto loaded = load(*file);
        const auto left = loaded.model.judge(loaded.model.everything());
        const auto explicit_file = to_scenario(loaded.history, "x", "y");
        const auto again = load(explicit_file);
        EXPECT_EQ(again.model.judge(again.model.everything()).verdicts, left.verdicts) << path;
    }
}

TEST(Scenarios, refuse_what_is_no_scenario) {
    for (
        const std::string text :
        {"", "[]", "{", "{}", R"({"ops": 1})", R"({"ops": [1]})", R"({"ops": [{"id": "a"}]})",
         R"({"ops": [{"id": "a", "author": "x", "do": "dance", "deps": []}]})",
         R"({"ops": [{"id": "a", "author": "x", "do": "add", "deps": [], "subject": "y"}]})",
         R"({"ops": [{"id": "a", "author": "x", "do": "add", "deps": [], "subject": "y", "level": 256}]})",
         R"({"ops": [{"id": "a", "author": "x", "do": "add", "deps": [], "subject": "y", "level": "king"}]})",
         R"({"ops": [{"id": "a", "author": "x", "do": "post", "deps": [1]}]})",
         R"({"ops": [{"id": "a", "author": "x", "do": "create", "deps": [], "rules": {"dance": 1}}]})",
         R"({"ops": [{"id": "a", "author": "x", "do": "create", "deps": [], "rules": {"equal": "maybe"}}]})",
         R"({"ops": [{"id": "a", "author": "x", "do": "create", "deps": []},
                      {"id": "a", "author": "x", "do": "post", "deps": []}]})",
         R"({"ops": [], "expect": {"members": {"x": "king"}}})", R"({"ops": [], "expect": {"void": "a"}})"}) {
        const auto file = parse_scenario(text);
        ASSERT_FALSE(file) << text;
        EXPECT_EQ(file.error().code, ErrorCode::bad_scenario) << text;
    }
    EXPECT_EQ(load_scenario("/nowhere/at/all.json").error().code, ErrorCode::file_io);
}

TEST(Scenarios, ops_on_a_circle_are_invalid) {
    const auto file = parse_scenario(R"({"ops": [
        {"id": "a", "author": "x", "do": "create", "deps": []},
        {"id": "b", "author": "x", "do": "post", "deps": ["c"]},
        {"id": "c", "author": "x", "do": "post", "deps": ["b"]}]})");
    ASSERT_TRUE(file);
    const auto found = judged(load(*file));
    EXPECT_EQ(*found.invalid_ops, (std::vector<std::string>{"b", "c"}));
    EXPECT_TRUE(found.void_ops->empty());
}

TEST(Scenarios, what_an_op_names_comes_before_it) {
    const auto named_later = parse_scenario(R"({"ops": [
        {"id": "r", "author": "x", "do": "remove", "deps": ["g"], "as": "a", "subject": "y", "cut": ["p"]},
        {"id": "p", "author": "y", "do": "post", "deps": ["a"]},
        {"id": "a", "author": "x", "do": "add", "deps": ["g"], "subject": "y", "level": 25},
        {"id": "g", "author": "x", "do": "create", "deps": []}]})");
    ASSERT_TRUE(named_later);
    EXPECT_EQ(causal_order(*named_later), (std::vector<std::size_t>{3, 2, 1, 0}));
    // An op cannot act under a grant that descends from it: no hash can make that circle.
    const auto circle = parse_scenario(R"({"ops": [
        {"id": "g", "author": "x", "do": "create", "deps": []},
        {"id": "a", "author": "x", "do": "add", "deps": ["g"], "as": "b", "subject": "y", "level": 25},
        {"id": "b", "author": "x", "do": "add", "deps": ["a"], "subject": "z", "level": 25}]})");
    ASSERT_TRUE(circle);
    EXPECT_EQ(causal_order(*circle), (std::vector<std::size_t>{0}));
    EXPECT_EQ(*judged(load(*circle)).invalid_ops, (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace folkmoot::scenario
