// The bytes of messages: what encodes decodes to the same, and nothing else decodes.
#include "sync/messages.hpp"

#include <gtest/gtest.h>

#include <random>

#include "encoding/cbor.hpp"

namespace folkmoot::sync {
namespace {

OpId id_of(std::uint16_t n) {
    OpId id;
    id.bytes[0] = static_cast<std::uint8_t>(n >> 8U);
    id.bytes[1] = static_cast<std::uint8_t>(n);
    return id;
}

std::vector<OpId> ids(std::size_t count) {
    std::vector<OpId> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(id_of(static_cast<std::uint16_t>(i)));
    return out;
}

std::vector<Message> samples() {
    std::vector<Message> out;
    Have have;
    have.group.bytes.fill(1);
    have.offer.bytes.fill(2);
    for (const auto since : {Since::Kind::beginning, Since::Kind::remembered, Since::Kind::named}) {
        for (unsigned kind = 0; kind <= 4; ++kind) {
            Have m = have;
            m.round = 7 * kind;
            m.since.kind = since;
            if (since == Since::Kind::remembered) m.since.fingerprint = 0xabcd;
            if (since == Since::Kind::named) m.since.named = {0, 3, 9};
            m.summary.kind = static_cast<Summary::Kind>(kind);
            if (m.summary.kind == Summary::Kind::bloom) m.summary.bits = Bytes(20, 0x5a);
            if (m.summary.kind == Summary::Kind::exact) m.summary.ids = ids(3);
            if (kind == 1 || kind == 2) m.summary.range = {PageKey{5, id_of(1)}, std::nullopt};
            out.emplace_back(std::move(m));
        }
    }
    std::erase_if(out, [](const Message& m) {
        const auto kind = std::get<Have>(m).summary.kind;
        return kind == Summary::Kind::tips || kind == Summary::Kind::locator;
    });
    out.emplace_back(Ops{Ops::Role::answer, false, Bytes(30, 3)});
    out.emplace_back(Ops{Ops::Role::last, true, Bytes(1, 3)});
    out.emplace_back(Ops{Ops::Role::push, false, Bytes(300, 3)});
    out.emplace_back(Need{ids(5), 256});
    out.emplace_back(Need{{}, 0});
    out.emplace_back(Done{});
    out.emplace_back(Done{77});
    out.emplace_back(Closed{have.group});
    out.emplace_back(NameGrant{id_of(9)});
    out.emplace_back(UnknownSince{});
    out.emplace_back(Again{});
    out.emplace_back(End{507});
    out.emplace_back(Announce{ids(7)});
    return out;
}

TEST(Messages, what_encodes_decodes_to_the_same_bytes) {
    for (const auto& message : samples()) {
        const Bytes bytes = encode_message(message);
        const auto decoded = decode_message(bytes);
        ASSERT_TRUE(decoded.has_value()) << message.index() << ": " << decoded.error().text;
        EXPECT_EQ(decoded->index(), message.index());
        EXPECT_EQ(encode_message(*decoded), bytes);
    }
}

TEST(Messages, no_prefix_and_no_longer_string_is_a_message) {
    for (const auto& message : samples()) {
        const Bytes bytes = encode_message(message);
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            EXPECT_FALSE(decode_message(ByteView(bytes).first(size)).has_value());
        }
        Bytes longer = bytes;
        longer.push_back(0);
        EXPECT_FALSE(decode_message(longer).has_value());
    }
}

TEST(Messages, O1_whatever_decodes_is_the_only_spelling_of_its_meaning) {
    std::mt19937_64 random(1);
    std::size_t accepted = 0;
    for (const auto& message : samples()) {
        const Bytes bytes = encode_message(message);
        for (std::size_t at = 0; at < bytes.size(); ++at) {
            for (unsigned bit = 0; bit < 8; ++bit) {
                Bytes mutated = bytes;
                mutated[at] ^= static_cast<std::uint8_t>(1U << bit);
                if (random() % 4 == 0)
                    mutated[random() % mutated.size()] = static_cast<std::uint8_t>(random());
                const auto decoded = decode_message(mutated);
                if (!decoded) continue;
                ++accepted;
                ASSERT_EQ(encode_message(*decoded), mutated);
            }
        }
    }
    EXPECT_GT(accepted, 1000U) << "most mutations change a value, not the shape";
}

TEST(Messages, counts_are_checked_before_anything_is_allocated) {
    const auto refused = [](const Message& message) {
        return !decode_message(encode_message(message)).has_value();
    };
    EXPECT_FALSE(refused(Need{ids(limits::need_ids), 0}));
    EXPECT_TRUE(refused(Need{ids(limits::need_ids + 1), 0}));
    Have have;
    have.summary.kind = Summary::Kind::exact;
    have.summary.ids = ids(limits::exact_ids_per_page);
    EXPECT_FALSE(refused(have));
    have.summary.ids = ids(limits::exact_ids_per_page + 1);
    EXPECT_TRUE(refused(have));
    have.summary.ids = {id_of(2), id_of(1)};
    EXPECT_TRUE(refused(have));
    have.summary.ids = {id_of(2), id_of(2)};
    EXPECT_TRUE(refused(have));
    have = Have{};
    have.summary.kind = Summary::Kind::bloom;
    EXPECT_TRUE(refused(have)) << "a filter without bits";
    have.summary.bits = Bytes(limits::bloom_bytes);
    EXPECT_FALSE(refused(have));
    have.summary.bits = Bytes(limits::bloom_bytes + 1);
    EXPECT_TRUE(refused(have));
    EXPECT_FALSE(refused(Announce{ids(limits::announce_ids)}));
    EXPECT_TRUE(refused(Announce{ids(limits::announce_ids + 1)}));
    EXPECT_TRUE(refused(Announce{}));
    EXPECT_TRUE(refused(Announce{{id_of(2), id_of(1)}}));
    EXPECT_TRUE(refused(Announce{{id_of(2), id_of(2)}}));
    // An array that announces four billion ids in nine bytes.
    EXPECT_FALSE(decode_message(Bytes{0x83, 0x02, 0x9a, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00}).has_value());
}

TEST(Messages, only_have_and_closed_name_a_group) {
    for (const auto& message : samples()) {
        const bool names = std::holds_alternative<Have>(message) || std::holds_alternative<Closed>(message);
        EXPECT_EQ(named_group(encode_message(message)).has_value(), names);
    }
    EXPECT_FALSE(named_group(Bytes{0xff}).has_value());
}

}  // namespace
}  // namespace folkmoot::sync
