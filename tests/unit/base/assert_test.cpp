#include "base/assert.hpp"

#include <gtest/gtest.h>

namespace {

TEST(AssertDeathTest, stops_the_program_in_every_build) {
    EXPECT_DEATH(FOLKMOOT_ASSERT(1 + 1 == 3), "assert_test.cpp:.*assertion failed: 1 \\+ 1 == 3");
}

TEST(Assert, evaluates_once_and_goes_on) {
    int calls = 0;
    FOLKMOOT_ASSERT(++calls == 1);
    EXPECT_EQ(calls, 1);
}

}  // namespace
