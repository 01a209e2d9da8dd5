// Requests of programs on the same machine over a Unix socket: 4 bytes of length, big-endian, and the
// request; the answer in the same form; then the end.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "net/core.hpp"

namespace folkmoot::net {

using LocalSocket = asio::local::stream_protocol::socket;

/// Its coroutines hold it.
class LocalServer : public std::enable_shared_from_this<LocalServer> {
   public:
    LocalServer(Core& core, std::function<Bytes(ByteView)> handler);
    /// net_listen
    [[nodiscard]] Result<void> start(const std::string& path);
    /// Stops accepting, drops clients and removes the socket file.
    void close();

   private:
    [[nodiscard]] asio::awaitable<void> accept_loop();
    [[nodiscard]] asio::awaitable<void> serve(std::shared_ptr<LocalSocket> socket);

    Core& core_;
    std::function<Bytes(ByteView)> handler_;
    asio::local::stream_protocol::acceptor acceptor_;
    std::string path_;
    std::uint64_t device_ = 0;  // of the socket file, so that only our own is removed
    std::uint64_t inode_ = 0;
    std::set<std::shared_ptr<LocalSocket>> clients_;
    asio::steady_timer turn_;  // never expires: cancelled when a handler returned
    bool busy_ = false;
    bool closed_ = false;
};

}  // namespace folkmoot::net
