// A line that breaks, or lies, at any byte: nothing false is admitted, nothing admitted is sent again, and
// the next session goes on (channel.md C15.4, Y7).
#include <gtest/gtest.h>

#include "sockets_fixture.hpp"

namespace folkmoot::net::test {
namespace {

/// Two devices of one group; each has posts that the other lacks.
struct Apart {
    Apart(std::size_t posts, std::size_t payload) {
        // They meet once, as most do.
        ann.add(ben);
        {
            Running server(ann);
            server.start();
            EXPECT_EQ(sync_once(ben, server.address()).outcome, Outcome::equal);
        }
        ann.posts(posts, std::string(payload, 'a'));
        ben.posts(posts, std::string(payload, 'b'));
    }
    Device ann{1};
    Device ben{2, (ann.create(), ann.group())};
};

/// What a whole session of two such devices carries, each way.
std::array<std::size_t, 2> whole_session(std::size_t posts, std::size_t payload) {
    Apart apart(posts, payload);
    Running server(apart.ann);
    server.start();
    Line line(server.address(), {});
    EXPECT_EQ(sync_once(apart.ben, line.address()).outcome, Outcome::equal);
    line.join();
    return {line.carried(false).size(), line.carried(true).size()};
}

/// One session that is harmed, and one that is not. Whether a part of what the client lacked came with the
/// first.
bool harm_and_resume(std::size_t posts, std::size_t payload, const Harm& harm) {
    SCOPED_TRACE((harm.from_server ? "from the server at byte " : "to the server at byte ") +
                 std::to_string(harm.at));
    Apart apart(posts, payload);
    const std::size_t had = 2 + posts;
    const std::size_t all = 2 + 2 * posts;
    std::uint64_t ann_has = 0;
    {
        Running server(apart.ann);
        server.start();
        Line line(server.address(), harm);
        static_cast<void>(sync_once(apart.ben, line.address()));
        line.join();
        // Stops after it has read what arrived.
        server.stop();
        ann_has = apart.ann.store->count().value_or(0);
    }
    const std::uint64_t ben_has = apart.ben.store->count().value_or(0);
    EXPECT_GE(ann_has, had);
    EXPECT_GE(ben_has, had);
    EXPECT_EQ(ann_has, apart.ann.ops());
    EXPECT_EQ(ben_has, apart.ben.ops());
    Running server(apart.ann);
    server.start();
    const SyncReport rest = sync_once(apart.ben, server.address());
    server.stop();
    EXPECT_EQ(rest.outcome, Outcome::equal) << rest.error.text;
    EXPECT_TRUE(apart.ben.equals(apart.ann));
    EXPECT_EQ(apart.ben.store->count().value_or(0), all);
    // Y7: only what was not admitted is sent, in both directions.
    EXPECT_EQ(rest.stats.ops_new, all - ben_has);
    EXPECT_EQ(rest.stats.ops_received, rest.stats.ops_new);
    EXPECT_EQ(rest.stats.ops_sent, all - ann_has);
    return ben_has > had && ben_has < all;
}

/// How many of the sessions brought a part.
std::size_t harm_everywhere(std::size_t posts, std::size_t payload, Harm::Kind kind, std::size_t stride) {
    const auto whole = whole_session(posts, payload);
    std::size_t sessions = 0;
    std::size_t partial = 0;
    for (const bool from_server : {false, true}) {
        for (std::size_t at = 0; at < whole[from_server ? 1 : 0]; at += stride) {
            partial += harm_and_resume(posts, payload, {kind, from_server, at}) ? 1 : 0;
            ++sessions;
            if (::testing::Test::HasFailure()) return partial;
        }
    }
    std::printf("    %zu sessions, %zu and %zu bytes; %zu brought a part\n", sessions, whole[0], whole[1],
                partial);
    return partial;
}

TEST(SocketCuts, C15_4_a_session_cut_at_any_byte_resumes) {
    EXPECT_EQ(harm_everywhere(2, 20, Harm::Kind::cut, 1), 0U) << "one batch is admitted as a whole";
}

TEST(SocketCuts, C8_a_session_with_any_byte_changed_admits_nothing_false_and_resumes) {
    EXPECT_EQ(harm_everywhere(2, 20, Harm::Kind::flip, 5), 0U);
}

// Several batches and records: a part of them is admitted before the cut.
TEST(SocketCuts, Y7_a_long_session_keeps_the_batches_before_the_cut) {
    EXPECT_GT(harm_everywhere(400, 2000, Harm::Kind::cut, 149'993), 0U);
}

}  // namespace
}  // namespace folkmoot::net::test
