// The bounds that a message is held to before anything else is done with it, at the bound and one past it.
#include <gtest/gtest.h>

#include "folkmoot/limits.hpp"
#include "sync/messages.hpp"

namespace folkmoot::sync {
namespace {

std::optional<ErrorCode> refusal(const Message& message) {
    const auto decoded = decode_message(encode_message(message));
    if (decoded) return std::nullopt;
    return decoded.error().code;
}

TEST(MessageLimits, Y4_rounds) {
    Have have;
    have.round = limits::rounds;
    EXPECT_EQ(refusal(have), std::nullopt);
    have.round = limits::rounds + 1;
    EXPECT_NE(refusal(have), std::nullopt);
}

TEST(MessageLimits, Y3_tips_and_locator_entries) {
    Have have;
    have.summary.kind = Summary::Kind::tips;
    have.summary.tips.resize(limits::tips);
    EXPECT_EQ(refusal(have), std::nullopt);
    have.summary.tips.resize(limits::tips + 1);
    EXPECT_NE(refusal(have), std::nullopt);
    have = Have{};
    have.summary.kind = Summary::Kind::locator;
    have.summary.locator.resize(limits::locator_entries);
    EXPECT_EQ(refusal(have), std::nullopt);
    have.summary.locator.resize(limits::locator_entries + 1);
    EXPECT_NE(refusal(have), std::nullopt);
}

TEST(MessageLimits, Y3_numbers_named_as_common) {
    Have have;
    have.since.kind = Since::Kind::named;
    for (std::size_t i = 0; i < limits::locator_entries; ++i)
        have.since.named.push_back(static_cast<std::uint8_t>(i));
    EXPECT_EQ(refusal(have), std::nullopt);
    have.since.named.push_back(static_cast<std::uint8_t>(limits::locator_entries));
    EXPECT_NE(refusal(have), std::nullopt);
}

TEST(MessageLimits, bytes_of_a_message) {
    const auto code = [](std::size_t size) { return decode_message(Bytes(size, 0)).error().code; };
    EXPECT_NE(code(limits::message_bytes), ErrorCode::session_message_too_large);
    EXPECT_EQ(code(limits::message_bytes + 1), ErrorCode::session_message_too_large);
    // The largest batch a message can carry, with what stands around it.
    Ops ops;
    ops.batch.resize(limits::message_bytes - 16);
    EXPECT_EQ(refusal(ops), std::nullopt);
    ops.batch.resize(limits::message_bytes);
    EXPECT_EQ(refusal(ops), ErrorCode::session_message_too_large);
}

// No message with as many items fits one with as many bytes; the bound holds all the same.
TEST(MessageLimits, items_of_a_message_end_before_its_bytes) {
    Bytes many{0x83, 0x02, 0x9a, 0x00, 0x01, 0x00, 0x01};  // [2, array of 65,537 ...
    many.resize(many.size() + limits::message_items + 1, 0x40);
    many.push_back(0);
    EXPECT_FALSE(decode_message(many).has_value());
}

}  // namespace
}  // namespace folkmoot::sync
