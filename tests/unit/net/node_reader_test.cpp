// A peer that does not read is not read from: what it may make this side hold and do is bounded.
#include <gtest/gtest.h>

#include "node_fixture.hpp"
#include "raw_peer.hpp"

namespace folkmoot::net::test {
namespace {

TEST(NodeReader, a_peer_that_does_not_read_is_read_from_no_more) {
    Device ann(1);
    ann.create();
    Device ben(2, ann.group());
    ann.add(ben);
    ann.posts(200, std::string(32'000, 'x'));
    Running server(ann);
    server.start();
    RawPeer peer(server.address(), *ben.signer, 4096);
    const SessionConfig config{peer.channel().peer(), peer.channel().binding(), true,
                               SummaryChoice::automatic, false};
    const auto first = ben.replica->poll_message(ben.replica->open_session(config, 0));
    ASSERT_TRUE(first.has_value());
    ASSERT_TRUE(peer.send(0, *first));
    // The answer fills what may wait for this peer. It goes on sending pings, each of which is taken at once,
    // until nobody takes them and the buffers between the two are full.
    const timeval patience{2, 0};
    ::setsockopt(peer.socket().fd(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    bool taken = true;
    for (int i = 0; i < 256 && taken; ++i) {
        for (int k = 0; k < 4096; ++k) ASSERT_TRUE(peer.channel().send({}));
        taken = peer.flush();
    }
    EXPECT_FALSE(taken) << "20 MB of pings were taken from a peer that reads nothing";
    EXPECT_EQ(sync_once(ben, server.address()).outcome, Outcome::equal);
}

}  // namespace
}  // namespace folkmoot::net::test
