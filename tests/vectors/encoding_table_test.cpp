// The table of examples in protocol-spec/encoding.md: each row is true of the reader.
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "source_dir.hpp"
#include "support/walk_cbor.hpp"

namespace folkmoot {
namespace {

struct Row {
    std::string hex;
    std::string verdict;
};

// Rows of the form | `hex` | meaning | `verdict` |.
std::vector<Row> rows() {
    std::ifstream in(FOLKMOOT_SOURCE_DIR "/protocol-spec/encoding.md");
    std::vector<Row> out;
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with("| `")) continue;
        const auto end = line.find('`', 3);
        const auto last = line.rfind('`');
        const auto before = line.rfind('`', last - 1);
        out.push_back({line.substr(3, end - 3), line.substr(before + 1, last - before - 1)});
    }
    return out;
}

TEST(EncodingTable, O1_every_example_of_the_specification_is_true) {
    std::set<std::string> verdicts;
    for (const auto& row : rows()) {
        SCOPED_TRACE(row.hex);
        const auto data = row.hex == "(empty)" ? Bytes{} : from_hex(row.hex).value_or(Bytes{0xff});
        const auto copy = walk::rewrite(data);
        EXPECT_EQ(copy ? "accepted" : name_of(copy.error().code), row.verdict);
        if (copy) {
            EXPECT_EQ(to_hex(*copy), row.hex);
        }
        verdicts.insert(row.verdict);
    }
    EXPECT_GE(verdicts.size(), 7U);
}

}  // namespace
}  // namespace folkmoot
