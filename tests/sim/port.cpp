#include "sim/port.hpp"

#include "crypto/hash.hpp"

namespace folkmoot::sim {
namespace {

std::uint64_t fingerprint(ByteView message) { return crypto::siphash128({}, message).low; }

}  // namespace

Bytes Port::draw(Random& random) {
    Bytes out(32);
    random.fill(out);
    return out;
}

Port::Port(World& world, const End& end, Signer& signer, const Verifier& verifier,
           const std::optional<DeviceKey>& expected, Random& random)
    : world_(world),
      end_(end),
      ephemeral_(draw(random)),
      static_(draw(random)),
      channel_(end.side == 0 ? net::Role::initiator : net::Role::responder, signer, verifier, expected,
               net::Channel::Random32(ephemeral_.data(), 32), net::Channel::Random32(static_.data(), 32)),
      last_sent_ms_(world.now_ms()),
      last_received_ms_(world.now_ms()) {}

Result<void> Port::take(ByteView bytes) {
    last_received_ms_ = world_.now_ms();
    auto taken = channel_.handle_input(bytes);
    if (!taken) world_.error(taken.error().code);
    return taken;
}

std::optional<Bytes> Port::poll_message() {
    auto message = channel_.poll_message();
    if (!message) return message;
    auto& said = end_.pipe->said[1 - end_.side];
    if (said.empty() || said.front() != fingerprint(*message)) {
        world_.violate("C9", end_.pipe->name() + " gives a message that was not sent next");
        return std::nullopt;
    }
    said.pop_front();
    return message;
}

Result<void> Port::send(ByteView message) {
    auto sent = channel_.send(message);
    if (!sent) return sent;
    end_.pipe->said[end_.side].push_back(fingerprint(message));
    last_sent_ms_ = world_.now_ms();
    flush();
    return {};
}

void Port::flush() {
    append(waiting_, channel_.poll_output());
    while (!waiting_.empty()) {
        const std::size_t part = std::min(waiting_.size(), end_.pipe->room(end_.side));
        if (part == 0) return;
        const auto middle = waiting_.begin() + static_cast<std::ptrdiff_t>(part);
        end_.pipe->send(end_.side, Bytes(waiting_.begin(), middle));
        waiting_.erase(waiting_.begin(), middle);
    }
    if (closing_) end_.pipe->close(end_.side);
}

void Port::close() {
    if (closing_) return;
    closing_ = true;
    channel_.close();
    flush();
}

void Port::abort() { end_.pipe->close(end_.side); }

}  // namespace folkmoot::sim
