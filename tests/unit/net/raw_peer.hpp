// A peer that does what it likes: a blocking socket, and a channel on it if wanted.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>

#include "crypto/random.hpp"
#include "noise_fixture.hpp"

namespace folkmoot::net::test {

class RawSocket {
   public:
    /// Connects to "127.0.0.1:PORT", from 127.0.x.y if `from` is x * 256 + y.
    explicit RawSocket(const std::string& address, int receive_buffer = 0, std::uint16_t from = 0)
        : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        if (from != 0) {
            sockaddr_in source{};
            source.sin_family = AF_INET;
            source.sin_addr.s_addr = htonl(0x7f000000U + from);
            static_cast<void>(::bind(fd_, reinterpret_cast<sockaddr*>(&source), sizeof source));
        }
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (receive_buffer > 0)
            ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
    }
    explicit RawSocket(int fd) : fd_(fd), connected_(true) {}
    RawSocket(RawSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_) {}
    RawSocket(const RawSocket&) = delete;
    RawSocket& operator=(const RawSocket&) = delete;
    ~RawSocket() {
        if (fd_ >= 0) ::close(fd_);
    }

    [[nodiscard]] bool connected() const { return connected_; }
    [[nodiscard]] int fd() const { return fd_; }
    bool send(ByteView data) {
        while (!data.empty()) {
            const auto sent = ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            data = data.subspan(static_cast<std::size_t>(sent));
        }
        return true;
    }
    /// Up to 64 KiB; nothing at the end of the stream, or after `timeout_ms`.
    [[nodiscard]] Bytes receive(int timeout_ms = 10'000) {
        const timeval wait{timeout_ms / 1000, (timeout_ms % 1000) * 1000};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        Bytes out(65536);
        const auto got = ::recv(fd_, out.data(), out.size(), 0);
        timed_out_ = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
        out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return out;
    }
    /// Whether the last receive() ended without an end of the stream.
    [[nodiscard]] bool timed_out() const { return timed_out_; }
    /// Whether the other end closes within `timeout_ms`, whatever it sends before.
    [[nodiscard]] bool closed_within(int timeout_ms) {
        while (!receive(timeout_ms).empty()) {
        }
        return !timed_out_;
    }

   private:
    int fd_;
    bool connected_ = false;
    bool timed_out_ = false;
};

/// A dialer with a channel, without a node.
class RawPeer {
   public:
    RawPeer(const std::string& address, Signer& signer, int receive_buffer = 0, std::uint16_t from = 0)
        : socket_(address, receive_buffer, from) {
        Random a{};
        Random b{};
        crypto::random_bytes(a);
        crypto::random_bytes(b);
        channel_ = std::make_unique<Channel>(Role::initiator, signer, ed25519_verifier(), std::nullopt, a, b);
        flush();
        while (!channel_->established()) {
            if (!receive()) return;
            flush();
        }
    }
    [[nodiscard]] Channel& channel() { return *channel_; }
    [[nodiscard]] RawSocket& socket() { return socket_; }
    bool flush() { return socket_.send(channel_->poll_output()); }
    bool send(ByteView message) { return channel_->send(message) && flush(); }
    bool send(std::uint8_t stream, ByteView message) {
        Bytes bytes{stream};
        append(bytes, message);
        return send(bytes);
    }
    /// Takes what arrives next; false at the end.
    bool receive(int timeout_ms = 10'000) {
        const Bytes data = socket_.receive(timeout_ms);
        return !data.empty() && channel_->handle_input(data);
    }
    /// The next message; nothing at the end.
    [[nodiscard]] std::optional<Bytes> next(int timeout_ms = 10'000) {
        for (;;) {
            if (auto message = channel_->poll_message()) return message;
            if (!receive(timeout_ms)) return std::nullopt;
        }
    }
    /// Whether the peer says goodbye.
    [[nodiscard]] bool dismissed() {
        while (receive()) {
            if (channel_->closed_cleanly()) return true;
        }
        return channel_->closed_cleanly();
    }

   private:
    RawSocket socket_;
    std::unique_ptr<Channel> channel_;
};

}  // namespace folkmoot::net::test
