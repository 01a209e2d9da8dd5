// A Byzantine peer: it holds valid keys, knows the history through a replica of its own, and speaks the real
// channel and the real session, except where it lies.
#pragma once

#include <bitset>
#include <map>

#include "folkmoot/limits.hpp"
#include "folkmoot/replica.hpp"
#include "sim/identity.hpp"
#include "sim/lying_host.hpp"
#include "sim/network.hpp"
#include "sim/plan.hpp"
#include "sim/port.hpp"
#include "sync/messages.hpp"

namespace folkmoot::sim {

class Liar final : public Endpoint {
   public:
    Liar(World& world, Network& network, Identities& identities, const Plan& plan, std::size_t number,
         std::size_t device);
    ~Liar() override;

    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] DeviceKey key() const override { return signer_.key(); }
    [[nodiscard]] bool is_up() const override { return core_ != nullptr; }
    void handle_open(const End& end, const std::optional<DeviceKey>& expected) override;
    [[nodiscard]] bool handle_bytes(const End& end, ByteView bytes) override;
    void handle_room(const End& end) override;
    void handle_closed(const End& end) override;

    void set_place(EndpointIndex place) { place_ = place; }
    void start(const GroupId& group);
    void lie(Role role, Random random);
    /// Makes no more ops; goes on lying about those there are.
    void retire() { retired_ = true; }

   private:
    /// One connection. Without a lie it is an honest one of the replica's.
    struct Talk {
        std::unique_ptr<Port> port;
        std::optional<SessionId> honest;
        std::optional<Role> role;
        Random random{0};
        std::unique_ptr<LyingHost> host;
        std::optional<Session> session;  // after its host
        bool scripted = false;           // no session: answers made by hand
        bool silent = false;             // does not read
        bool raw = false;                // no channel either
        bool told = false;               // that it lied
        std::size_t said = 0;
        bool over = false;
        std::uint8_t stream = 0;               // of the session (C13)
        std::bitset<limits::streams> streams;  // that were ever opened
    };

    // What goes over a connection (liar_talk.cpp)
    void begin(Talk& talk);
    void begin_honestly(Talk& talk, std::uint8_t stream);
    void begin_lie(Talk& talk);
    void hear(Talk& talk, ByteView message);
    void pump(Talk& talk);
    void say(Talk& talk, Bytes message);
    void say_twisted(Talk& talk, Bytes message);
    [[nodiscard]] Bytes twist_summary(Talk& talk, const Bytes& message);
    [[nodiscard]] Bytes twist_bytes(Talk& talk, Bytes message);
    void answer_by_hand(Talk& talk, const sync::Message& heard);
    void speak_first(Talk& talk);
    void say_unasked(Talk& talk);

    // Ops and messages made by hand (liar_ops.cpp)
    [[nodiscard]] std::vector<EncodedOp> bad_ops(Role role, Random& random);
    [[nodiscard]] Bytes batch_of(const Talk& talk, const std::vector<EncodedOp>& ops,
                                 const std::vector<OpId>& heads) const;
    [[nodiscard]] EncodedOp sign(Operation op, const Bytes& payload = {});
    [[nodiscard]] bool make_op(Role role, Random& random);
    [[nodiscard]] std::vector<OpIndex> old_frontier(Random& random);
    [[nodiscard]] Act some_act(Role role, Random& random, Bytes& payload);
    void take(std::vector<EncodedOp> ops);
    void author(Role role, Random& random);

    void connect(Role role, Random& random, std::size_t times);
    void drive();
    void close(Talk& talk);
    void acted(Role role);

    World& world_;
    Network& network_;
    Identities& identities_;
    const Plan& plan_;
    std::size_t number_;
    std::string name_;
    Signer& signer_;
    EndpointIndex place_ = 0;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Replica> core_;
    std::map<std::uint64_t, Talk> talks_;  // by number of pipe
    std::optional<std::pair<Role, Random>> next_lie_;
    std::vector<Bytes> heard_;  // bytes of old connections, to replay
    std::uint64_t timer_ms_ = UINT64_MAX;
    bool retired_ = false;
};

}  // namespace folkmoot::sim
