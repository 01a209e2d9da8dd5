// A channel at one end of a pipe: messages in, messages out. Also the law of the channel (C9): what comes out
// is what went in at the other end, in order, without a gap, whatever happened to the bytes between.
#pragma once

#include "net/noise_channel.hpp"
#include "sim/pipe.hpp"

namespace folkmoot::sim {

class Port {
   public:
    Port(World& world, const End& end, Signer& signer, const Verifier& verifier,
         const std::optional<DeviceKey>& expected, Random& random);

    /// Takes bytes; an error is final and the caller closes.
    [[nodiscard]] Result<void> take(ByteView bytes);
    [[nodiscard]] std::optional<Bytes> poll_message();
    [[nodiscard]] Result<void> send(ByteView message);
    /// Moves what the channel has to say into the pipe, as far as there is room.
    void flush();
    /// Bytes that wait here for the peer.
    [[nodiscard]] std::size_t unsent() const { return waiting_.size() + channel_.unsent_bytes(); }
    /// Bytes held of what is not a whole message yet.
    [[nodiscard]] std::size_t arriving() const { return channel_.held_bytes(); }
    /// Says goodbye and closes.
    void close();
    /// Closes at once.
    void abort();

    [[nodiscard]] const End& end() const { return end_; }
    [[nodiscard]] bool established() const { return channel_.established(); }
    [[nodiscard]] DeviceKey peer() const { return channel_.peer(); }
    [[nodiscard]] Hash32 binding() const { return channel_.binding(); }
    [[nodiscard]] bool initiator() const { return end_.side == 0; }
    [[nodiscard]] std::uint64_t last_sent_ms() const { return last_sent_ms_; }
    [[nodiscard]] std::uint64_t last_received_ms() const { return last_received_ms_; }

   private:
    [[nodiscard]] static Bytes draw(Random& random);

    World& world_;
    End end_;
    Bytes ephemeral_, static_;
    net::Channel channel_;
    Bytes waiting_;
    bool closing_ = false;
    std::uint64_t last_sent_ms_;
    std::uint64_t last_received_ms_;
};

}  // namespace folkmoot::sim
