// The established channel: messages, segmentation, cuts, records, rekeying and closing (C6 to C11).
#include <random>

#include "noise_fixture.hpp"

namespace folkmoot::net {
namespace {

using namespace test;

Bytes pattern(std::size_t size) {
    Bytes out(size);
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i * 31 + i / 251);
    return out;
}

const std::vector<std::size_t> sizes{0,     1,     2,      255,    256,        65517,           65518,
                                     65519, 65535, 131036, 131037, 16 * 65518, (1U << 20U) - 1, 1U << 20U};

TEST(NoiseChannel, C5_both_ends_know_each_other_and_share_a_binding) {
    const Ends ends = established();
    EXPECT_EQ(ends.dialer->peer(), ends.listener_key());
    EXPECT_EQ(ends.listener->peer(), ends.dialer_key());
    EXPECT_EQ(ends.dialer->binding(), ends.listener->binding());
    EXPECT_NE(ends.dialer->binding(), established({}, 50).dialer->binding());
}

TEST(NoiseChannel, C7_messages_of_any_size_arrive_whole_and_in_order) {
    const Ends ends = established();
    for (Channel* from : {ends.dialer.get(), ends.listener.get()}) {
        Channel& to = from == ends.dialer.get() ? *ends.listener : *ends.dialer;
        for (const std::size_t size : sizes) ASSERT_TRUE(from->send(pattern(size)));
        ends.run();
        const auto got = take_messages(to);
        ASSERT_EQ(got.size(), sizes.size());
        for (std::size_t i = 0; i < sizes.size(); ++i) EXPECT_EQ(got[i], pattern(sizes[i])) << sizes[i];
    }
}

TEST(NoiseChannel, C7_a_small_message_costs_nineteen_bytes) {
    const Ends ends = established();
    ASSERT_TRUE(ends.dialer->send(as_bytes("0123456789")));
    EXPECT_EQ(ends.dialer->unsent_bytes(), 29U);
    EXPECT_EQ(ends.dialer->poll_output().size(), 29U);
    EXPECT_EQ(ends.dialer->unsent_bytes(), 0U);
}

/// Feeds `stream` in pieces of the sizes that `next` gives.
template <class Next>
void feed(Channel& channel, const Bytes& stream, Next next) {
    for (std::size_t at = 0; at < stream.size();) {
        const std::size_t size = std::min<std::size_t>(next(), stream.size() - at);
        ASSERT_TRUE(channel.handle_input(ByteView(stream).subspan(at, size)));
        at += size;
    }
}

TEST(NoiseChannel, C7_any_segmentation_gives_the_same_messages) {
    std::mt19937 random(20240607);  // NOLINT(cert-msc51-cpp): the same every time
    for (int round = 0; round < 40; ++round) {
        const Ends ends;
        const auto piece = [&] { return round == 0 ? 1U : 1U + random() % (1U << random() % 18U); };
        feed(*ends.listener, ends.dialer->poll_output(), piece);
        feed(*ends.dialer, ends.listener->poll_output(), piece);
        // Message 3 and what follows it travel together.
        for (const std::size_t size : {0U, 1U, 300U, 70000U, 5U})
            ASSERT_TRUE(ends.dialer->send(pattern(size)));
        ends.dialer->close();
        feed(*ends.listener, ends.dialer->poll_output(), piece);
        ASSERT_TRUE(ends.listener->established());
        EXPECT_TRUE(ends.listener->closed_cleanly());
        const auto got = take_messages(*ends.listener);
        ASSERT_EQ(got.size(), 5U);
        EXPECT_EQ(got[3], pattern(70000));
        EXPECT_EQ(got[4], pattern(5));
    }
}

/// What the dialer sends after the handshake, and where each message's last record ends.
struct Stream {
    Bytes bytes;
    std::vector<std::size_t> ends;
};
Stream sample_stream() {
    const Ends ends = established();
    Stream out;
    for (const std::size_t size : {0U, 1U, 40U, 100U}) {
        EXPECT_TRUE(ends.dialer->send(pattern(size)));
        append(out.bytes, ends.dialer->poll_output());
        out.ends.push_back(out.bytes.size());
    }
    ends.dialer->close();
    append(out.bytes, ends.dialer->poll_output());
    return out;
}

TEST(NoiseChannel, C8_a_cut_at_any_byte_is_seen_and_loses_no_earlier_message) {
    const Stream stream = sample_stream();
    for (std::size_t cut = 0; cut <= stream.bytes.size(); ++cut) {
        const Ends ends = established();
        ASSERT_TRUE(ends.listener->handle_input(ByteView(stream.bytes).first(cut)));
        const auto expected = static_cast<std::size_t>(std::count_if(
            stream.ends.begin(), stream.ends.end(), [&](std::size_t end) { return end <= cut; }));
        EXPECT_EQ(take_messages(*ends.listener).size(), expected) << cut;
        const auto end = ends.listener->handle_eof();
        if (cut == stream.bytes.size()) {
            EXPECT_TRUE(end);
        } else {
            ASSERT_FALSE(end) << cut;
            EXPECT_EQ(end.error().code, ErrorCode::channel_truncated);
        }
    }
}

TEST(NoiseChannel, C8_every_bit_flip_of_the_stream_is_refused) {
    const Stream stream = sample_stream();
    for (std::size_t bit = 0; bit < 8 * stream.bytes.size(); ++bit) {
        const Ends ends = established();
        Bytes altered = stream.bytes;
        altered[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        static_cast<void>(ends.listener->handle_input(altered));
        // A longer announced length may only leave it waiting; then the end of the stream tells.
        EXPECT_FALSE(ends.listener->handle_eof()) << bit;
        const std::size_t whole = static_cast<std::size_t>(std::count_if(
            stream.ends.begin(), stream.ends.end(), [&](std::size_t end) { return end <= bit / 8; }));
        EXPECT_EQ(take_messages(*ends.listener).size(), whole) << bit;
    }
}

TEST(NoiseChannel, C8_dropped_repeated_and_swapped_records_are_refused) {
    const auto records = [] {
        const Ends ends = established();
        std::array<Bytes, 2> out;
        for (auto& record : out) {
            EXPECT_TRUE(ends.dialer->send(as_bytes("same text")));
            record = ends.dialer->poll_output();
        }
        return out;
    }();
    const std::vector<std::vector<std::size_t>> orders{{1}, {0, 0}, {1, 0}};
    for (const auto& order : orders) {
        const Ends ends = established();
        for (const std::size_t i : order) static_cast<void>(ends.listener->handle_input(records.at(i)));
        ASSERT_NE(ends.listener->error(), nullptr);
        EXPECT_EQ(ends.listener->error()->code, ErrorCode::channel_authentication);
    }
    // Nor does a record of one connection pass in another.
    const Ends other_connection = established({}, 50);
    EXPECT_FALSE(other_connection.listener->handle_input(records[0]));
}

TEST(NoiseChannel, C7_a_message_over_the_limit_is_not_sent_and_does_no_harm) {
    const Ends ends = established();
    const auto result = ends.dialer->send(Bytes(limits::message_bytes + 1));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::channel_record_too_large);
    EXPECT_EQ(ends.dialer->unsent_bytes(), 0U);
    ASSERT_TRUE(ends.dialer->send(as_bytes("after")));
    ends.run();
    EXPECT_EQ(take_messages(*ends.listener).size(), 1U);
}

/// A peer that passes the handshake honestly and then makes records as it likes.
struct OddPeer {
    Ends ends;
    std::shared_ptr<Signer> signer = signer_of(3);
    Rogue rogue{Role::initiator, [this](const Hash32& h, const crypto::X25519Key& s) {
                    return proof_bytes(signer->key(), *signer, identity_signing_input(Role::initiator, h, s));
                }};
    OddPeer() { rogue.dial(*ends.listener); }

    [[nodiscard]] Result<void> give(RecordKind kind, std::size_t size) {
        Bytes out;
        EXPECT_TRUE(rogue.sealer->seal(kind, pattern(size), out));
        return ends.listener->handle_input(out);
    }
    /// A record with any plaintext.
    [[nodiscard]] Result<void> give_plain(const Bytes& plain) {
        Bytes sealed;
        EXPECT_TRUE(rogue.raw->encrypt_with_ad({}, plain, sealed));
        return ends.listener->handle_input(framed(sealed));
    }
};

TEST(NoiseChannel, C8_a_message_that_would_grow_over_the_limit_is_refused_at_its_length) {
    OddPeer peer;
    for (int i = 0; i < 16; ++i) ASSERT_TRUE(peer.give(RecordKind::more, record_content_bytes));
    // 288 bytes are left to the limit; the announcement alone ends it.
    Bytes prefix;
    append_length(prefix, 288 + record_overhead_bytes + 1);
    const auto result = peer.ends.listener->handle_input(prefix);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::channel_record_too_large);
}

TEST(NoiseChannel, C8_a_message_may_reach_the_limit) {
    OddPeer peer;
    for (int i = 0; i < 16; ++i) ASSERT_TRUE(peer.give(RecordKind::more, record_content_bytes));
    ASSERT_TRUE(peer.give(RecordKind::last, 288));
    const auto got = take_messages(*peer.ends.listener);
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0].size(), limits::message_bytes);
}

TEST(NoiseChannel, C7_authentic_but_malformed_records_are_refused) {
    const auto expect = [](const Result<void>& result, ErrorCode code) {
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, code);
    };
    expect(OddPeer().give(RecordKind::more, 10), ErrorCode::channel_authentication);
    expect(OddPeer().give(RecordKind::more, 0), ErrorCode::channel_authentication);
    expect(OddPeer().give(RecordKind::close, 1), ErrorCode::channel_authentication);
    expect(OddPeer().give_plain({3}), ErrorCode::channel_authentication);
    expect(OddPeer().give_plain({'x', 255}), ErrorCode::channel_authentication);
    expect(OddPeer().give_plain({}), ErrorCode::channel_authentication);
    OddPeer within;
    ASSERT_TRUE(within.give(RecordKind::more, record_content_bytes));
    expect(within.give(RecordKind::close, 0), ErrorCode::channel_truncated);
    EXPECT_FALSE(within.ends.listener->closed_cleanly());
}

TEST(NoiseChannel, C8_a_record_too_short_for_a_tag_is_refused_at_its_length) {
    for (std::size_t length = 0; length < record_overhead_bytes; ++length) {
        const Ends ends = established();
        Bytes prefix;
        append_length(prefix, length);
        const auto result = ends.listener->handle_input(prefix);
        ASSERT_FALSE(result) << length;
        EXPECT_EQ(result.error().code, ErrorCode::channel_authentication);
    }
}

TEST(NoiseChannel, C9_messages_survive_any_rekey_interval) {
    for (const std::uint64_t interval : {1U, 2U, 3U, 7U}) {
        const Ends ends = established({.rekey_records = interval});
        for (std::uint8_t i = 0; i < 20; ++i) {
            ASSERT_TRUE(ends.dialer->send(Bytes{i}));
            ASSERT_TRUE(ends.listener->send(Bytes{i, i}));
            ends.run();
            EXPECT_EQ(ends.listener->poll_message(), Bytes{i});
            EXPECT_EQ(ends.dialer->poll_message(), (Bytes{i, i}));
        }
    }
}

TEST(NoiseChannel, C9_ends_that_disagree_on_the_interval_part_at_the_boundary) {
    const Ends ends({.rekey_records = 4}, std::nullopt, 0, ChannelOptions{.rekey_records = 5});
    ends.run();
    for (std::uint8_t i = 0; i < 5; ++i) {
        ASSERT_TRUE(ends.dialer->send(Bytes{i}));
        ends.run();
        EXPECT_EQ(ends.listener->poll_message().has_value(), i < 4);
    }
    EXPECT_EQ(ends.listener->error()->code, ErrorCode::channel_authentication);
}

TEST(NoiseChannel, C9_the_real_interval_is_crossed_twice) {
    const Ends ends = established();
    const std::uint64_t count = 2 * limits::rekey_records + 2;
    std::uint64_t arrived = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        ASSERT_TRUE(ends.dialer->send({}));
        if (i % 1000 == 0 || i + 1 == count) {
            ends.run();
            arrived += take_messages(*ends.listener).size();
        }
    }
    EXPECT_EQ(arrived, count);
}

TEST(NoiseChannel, C11_close_is_authenticated_and_one_sided) {
    const Ends ends = established();
    ASSERT_TRUE(ends.dialer->send(as_bytes("last words")));
    ends.dialer->close();
    ends.dialer->close();
    const auto refused = ends.dialer->send({});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::session_ended);
    ends.run();
    EXPECT_TRUE(ends.listener->closed_cleanly());
    EXPECT_EQ(take_messages(*ends.listener).size(), 1U);
    EXPECT_TRUE(ends.listener->handle_eof());

    ASSERT_TRUE(ends.listener->send(as_bytes("an answer")));
    ends.listener->close();
    ends.run();
    EXPECT_EQ(take_messages(*ends.dialer).size(), 1U);
    EXPECT_TRUE(ends.dialer->closed_cleanly());
    EXPECT_TRUE(ends.dialer->handle_eof());
}

TEST(NoiseChannel, C11_bytes_after_the_close_record_change_nothing) {
    const Ends ends = established();
    ends.dialer->close();
    Bytes stream = ends.dialer->poll_output();
    append(stream, pattern(100));
    EXPECT_TRUE(ends.listener->handle_input(stream));
    EXPECT_TRUE(ends.listener->handle_input(pattern(100)));
    EXPECT_TRUE(ends.listener->closed_cleanly());
    EXPECT_TRUE(ends.listener->handle_eof());
}

TEST(NoiseChannel, C10_a_dead_channel_stays_dead_and_silent) {
    const Ends ends = established();
    ASSERT_TRUE(ends.listener->send(as_bytes("unsent")));
    ASSERT_TRUE(ends.dialer->send(as_bytes("received before")));
    Bytes stream = ends.dialer->poll_output();
    append(stream, Bytes{0, 17});
    append(stream, pattern(17));
    EXPECT_FALSE(ends.listener->handle_input(stream));
    EXPECT_FALSE(ends.listener->established());
    EXPECT_TRUE(ends.listener->poll_output().empty());
    ASSERT_TRUE(ends.dialer->send(as_bytes("good")));
    EXPECT_FALSE(ends.listener->handle_input(ends.dialer->poll_output()));
    EXPECT_FALSE(ends.listener->send(as_bytes("more")));
    EXPECT_FALSE(ends.listener->handle_eof());
    ends.listener->close();
    EXPECT_TRUE(ends.listener->poll_output().empty());
    EXPECT_EQ(take_messages(*ends.listener).size(), 1U) << "what was authentic stays so";
}

TEST(NoiseChannel, C6_nothing_is_sent_before_the_peer_is_known) {
    const Ends ends;
    const auto result = ends.dialer->send(as_bytes("early"));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::channel_handshake);
    ends.run();
    EXPECT_TRUE(ends.dialer->established());

    const Ends closed;
    closed.dialer->close();
    EXPECT_TRUE(closed.dialer->poll_output().empty());
    EXPECT_FALSE(closed.dialer->handle_input(Bytes{0}));
}

}  // namespace
}  // namespace folkmoot::net
