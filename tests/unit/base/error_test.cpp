#include "folkmoot/error.hpp"

#include <gtest/gtest.h>

#include <set>

namespace folkmoot {
namespace {

TEST(Error, is_compared_by_its_code_alone) {
    EXPECT_EQ((Error{ErrorCode::store_full, "a"}), (Error{ErrorCode::store_full, "b"}));
    EXPECT_NE((Error{ErrorCode::store_full, "a"}), (Error{ErrorCode::store_io, "a"}));
}

TEST(Error, fail_makes_any_result) {
    const Result<int> number = fail(ErrorCode::not_found, "no such thing");
    ASSERT_FALSE(number);
    EXPECT_EQ(number.error().code, ErrorCode::not_found);
    EXPECT_EQ(number.error().text, "no such thing");
    const Result<void> nothing = fail(ErrorCode::usage, "");
    EXPECT_FALSE(nothing);
}

// tests/spec_check.py compares every name and number with the specification; here only that names are
// distinct.
TEST(Error, names_are_distinct_and_unknown_numbers_have_none) {
    std::set<std::string_view> names;
    std::size_t known = 0;
    for (unsigned number = 0; number < 65536; ++number) {
        const auto name = name_of(static_cast<ErrorCode>(number));
        if (name == "unknown") continue;
        ++known;
        names.insert(name);
    }
    EXPECT_EQ(names.size(), known);
    EXPECT_GT(known, 80U);
    EXPECT_EQ(name_of(ErrorCode::op_bad_signature), "op_bad_signature");
    EXPECT_EQ(name_of(static_cast<ErrorCode>(0)), "unknown");
}

}  // namespace
}  // namespace folkmoot
