// Tickets as text: what comes back, and that nothing else is taken for one.
#include <gtest/gtest.h>

#include "folkmoot/ticket.hpp"

namespace folkmoot {
namespace {

Ticket plain() {
    Ticket out;
    out.group.bytes.fill(1);
    out.inviter.bytes.fill(2);
    out.addresses = {"127.0.0.1:7447"};
    return out;
}

Ticket open() {
    Ticket out = plain();
    out.addresses = {"127.0.0.1:7447", "[::1]:0", "moot.example.org:65535"};
    out.key = TicketKey{{}, 25};
    out.key->secret.bytes.fill(3);
    return out;
}

// Fixed: whoever has a ticket of version 1 keeps it.
constexpr std::string_view plain_text =
    "moot1AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQECAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgEOMTI3LjAuMC4"
    "x"
    "Ojc0ND";

TEST(Ticket, both_kinds_come_back_as_they_were) {
    for (const Ticket& ticket : {plain(), open()}) {
        const auto text = encode_ticket(ticket);
        ASSERT_TRUE(text.has_value());
        EXPECT_LE(text->size(), limits::ticket_text);
        const auto back = decode_ticket(*text);
        ASSERT_TRUE(back.has_value()) << back.error().text;
        EXPECT_EQ(*back, ticket);
    }
    EXPECT_TRUE(encode_ticket(plain())->starts_with(plain_text));
    EXPECT_TRUE(encode_ticket(open())->starts_with("moot2"));
}

TEST(Ticket, a_changed_or_missing_character_is_noticed) {
    for (const Ticket& ticket : {plain(), open()}) {
        const std::string text = *encode_ticket(ticket);
        for (std::size_t i = 0; i < text.size(); ++i) {
            std::string wrong = text;
            wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
            EXPECT_EQ(decode_ticket(wrong).error().code, ErrorCode::bad_ticket) << i;
            EXPECT_EQ(decode_ticket(text.substr(0, i)).error().code, ErrorCode::bad_ticket) << i;
        }
        EXPECT_FALSE(decode_ticket(text + "A").has_value());
        EXPECT_FALSE(decode_ticket(text + " ").has_value());
    }
    // A ticket of one kind is none of the other.
    const std::string text = *encode_ticket(open());
    EXPECT_FALSE(decode_ticket("moot1" + text.substr(5)).has_value());
}

TEST(Ticket, what_cannot_be_one_is_refused) {
    Ticket ticket = open();
    for (const Level level : {Level{0}, Level{101}, Level{255}}) {
        ticket.key->level = level;
        EXPECT_EQ(encode_ticket(ticket).error().code, ErrorCode::bad_ticket) << level;
    }
    ticket = open();
    ticket.addresses.clear();
    EXPECT_FALSE(encode_ticket(ticket).has_value());
    ticket.addresses.assign(1, "nowhere");
    EXPECT_FALSE(encode_ticket(ticket).has_value());
    ticket.addresses.assign(12, "a-rather-long-name.example.org:7447");
    EXPECT_FALSE(encode_ticket(ticket).has_value());
    EXPECT_FALSE(decode_ticket("moot2" + std::string(limits::ticket_text, 'A')).has_value());
}

TEST(Ticket, addresses_are_host_and_port) {
    for (const char* good : {"a:0", "a:65535", "[::1]:7447", "10.0.0.1:1"})
        EXPECT_TRUE(is_address(good)) << good;
    for (const char* bad : {"", "a", ":1", "a:", "a:65536", "a:-1", "a:1x", "a b:1", "a:123456", "a:+1"})
        EXPECT_FALSE(is_address(bad)) << bad;
}

}  // namespace
}  // namespace folkmoot
