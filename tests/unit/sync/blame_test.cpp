// What follows from a failed session, for every code there is: the table of protocol-spec/channel.md (C14)
// against the code.
#include "sync/blame.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>

#include "source_dir.hpp"

namespace folkmoot::sync {
namespace {

std::vector<std::string> lines_of(const std::string& page) {
    std::ifstream file(std::string(FOLKMOOT_SOURCE_DIR) + "/protocol-spec/" + page);
    std::vector<std::string> out;
    for (std::string line; std::getline(file, line);) out.push_back(line);
    return out;
}

TEST(Blame, C14_the_table_of_the_specification_is_what_the_code_does) {
    const std::regex code_row(R"(\| (\d+) \| `(\w+)` \|.*)");
    const std::regex blame_row(R"(\| (\d+)(?: to (\d+))? \| (yes|no) \|.*)");
    std::map<unsigned, std::string> codes;
    std::map<unsigned, std::vector<bool>> said;
    std::smatch match;
    for (const std::string& line : lines_of("errors.md")) {
        if (std::regex_match(line, match, code_row))
            codes.emplace(static_cast<unsigned>(std::stoul(match[1])), match[2]);
    }
    for (const std::string& line : lines_of("channel.md")) {
        if (!std::regex_match(line, match, blame_row)) continue;
        const auto first = static_cast<unsigned>(std::stoul(match[1]));
        const auto last = match[2].matched ? static_cast<unsigned>(std::stoul(match[2])) : first;
        for (unsigned code = first; code <= last; ++code) said[code].push_back(match[3] == "yes");
    }
    ASSERT_GT(codes.size(), 90U);
    std::size_t violations = 0;
    for (const auto& [number, name] : codes) {
        const auto code = static_cast<ErrorCode>(number);
        ASSERT_EQ(name_of(code), name);
        ASSERT_EQ(said[number].size(), 1U) << number << " has one row";
        EXPECT_EQ(is_violation(code), said[number][0]) << number << ' ' << name;
        violations += is_violation(code) ? 1 : 0;
    }
    EXPECT_GT(violations, 40U);
    for (const auto& [number, rows] : said) EXPECT_TRUE(codes.contains(number)) << number << " is no code";
    EXPECT_FALSE(is_violation(ErrorCode{}));
}

}  // namespace
}  // namespace folkmoot::sync
