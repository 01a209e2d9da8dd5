// Elements stay where they are, whatever comes after them, and only what was put in is touched.
#include "base/chunked.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace folkmoot {
namespace {

TEST(Chunked, holds_what_was_put_in_across_chunks) {
    Chunked<std::uint64_t, 3> numbers;
    EXPECT_TRUE(numbers.empty());
    for (std::uint64_t i = 0; i < 100; ++i) {
        numbers.push_back(i * i);
        EXPECT_EQ(numbers.back(), i * i);
    }
    ASSERT_EQ(numbers.size(), 100U);
    for (std::uint64_t i = 0; i < 100; ++i) EXPECT_EQ(numbers[i], i * i);
}

TEST(Chunked, no_element_moves) {
    Chunked<int, 2> numbers;
    numbers.push_back(7);
    const int* const first = &numbers[0];
    for (int i = 0; i < 1000; ++i) numbers.push_back(i);
    EXPECT_EQ(first, &numbers[0]);
    EXPECT_EQ(*first, 7);
}

TEST(Chunked, allocates_one_chunk_ahead_and_no_more) {
    Chunked<std::uint32_t, 4> numbers;
    for (int i = 0; i < 33; ++i) numbers.push_back(1);
    EXPECT_GE(numbers.memory(), 3 * 16 * sizeof(std::uint32_t));
    EXPECT_LT(numbers.memory(), 3 * 16 * sizeof(std::uint32_t) + 8 * sizeof(void*));
}

}  // namespace
}  // namespace folkmoot
