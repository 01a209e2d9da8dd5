#include "net/local.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

namespace folkmoot::net {
namespace {

using local = asio::local::stream_protocol;
using LengthBytes = std::array<std::uint8_t, 4>;

LengthBytes length_bytes(std::size_t size) {
    return {static_cast<std::uint8_t>(size >> 24U), static_cast<std::uint8_t>(size >> 16U),
            static_cast<std::uint8_t>(size >> 8U), static_cast<std::uint8_t>(size)};
}

std::size_t length_of(const LengthBytes& bytes) {
    return std::size_t{bytes[0]} << 24U | std::size_t{bytes[1]} << 16U | std::size_t{bytes[2]} << 8U |
           bytes[3];
}

/// The next frame; grows with what arrives, not with what is announced.
asio::awaitable<Result<Bytes>> read_frame(LocalSocket& socket, std::size_t most) {
    LengthBytes prefix{};
    auto [failed, read] = co_await asio::async_read(socket, asio::buffer(prefix), as_result);
    if (failed) co_return fail(ErrorCode::net_unreachable, "the other end went away: " + failed.message());
    const std::size_t size = length_of(prefix);
    if (size > most) co_return fail(ErrorCode::channel_record_too_large, "the message is over its limit");
    Bytes out;
    while (out.size() < size) {
        const std::size_t had = out.size();
        out.resize(std::min(size, had + 65536));
        std::tie(failed, read) =
            co_await asio::async_read(socket, asio::buffer(out.data() + had, out.size() - had), as_result);
        if (failed)
            co_return fail(ErrorCode::net_unreachable, "the other end went away: " + failed.message());
    }
    co_return out;
}

asio::awaitable<Result<void>> write_frame(LocalSocket& socket, ByteView message) {
    Bytes frame;
    frame.reserve(message.size() + 4);
    append(frame, length_bytes(message.size()));
    append(frame, message);
    const auto [failed, written] = co_await asio::async_write(socket, asio::buffer(frame), as_result);
    if (failed) co_return fail(ErrorCode::net_unreachable, "the other end went away: " + failed.message());
    co_return Result<void>{};
}

bool fits(const std::string& path) { return !path.empty() && path.size() < sizeof(sockaddr_un::sun_path); }

Result<void> remove_stale(asio::io_context& context, const std::string& path) {
    struct stat info{};
    if (::lstat(path.c_str(), &info) != 0) return {};
    if (!S_ISSOCK(info.st_mode)) return fail(ErrorCode::net_listen, path + " is there and is no socket");
    LocalSocket probe(context);
    error_code failed;
    probe.connect(local::endpoint(path), failed);
    if (!failed) return fail(ErrorCode::net_listen, "another process answers at " + path);
    if (failed != asio::error::connection_refused)
        return fail(ErrorCode::net_listen, path + ": " + failed.message());
    if (::unlink(path.c_str()) == 0) return {};
    return fail(ErrorCode::net_listen, path + " is stale and cannot be removed");
}

}  // namespace

LocalServer::LocalServer(Core& core, std::function<Bytes(ByteView)> handler)
    : core_(core),
      handler_(std::move(handler)),
      acceptor_(core.context()),
      turn_(core.context(), asio::steady_timer::time_point::max()) {}

Result<void> LocalServer::start(const std::string& path) {
    if (!fits(path))
        return fail(ErrorCode::net_listen, "the path of a socket has at most 107 bytes: " + path);
    if (auto removed = remove_stale(core_.context(), path); !removed) return removed;
    error_code failed;
    acceptor_.open(local(), failed);
    // The file must at no time be open to others.
    const mode_t before = ::umask(0177);
    if (!failed) acceptor_.bind(local::endpoint(path), failed);
    ::umask(before);
    if (failed) return fail(ErrorCode::net_listen, "cannot listen at " + path + ": " + failed.message());
    path_ = path;
    struct stat info{};
    if (::lstat(path.c_str(), &info) == 0) {
        device_ = info.st_dev;
        inode_ = info.st_ino;
    }
    acceptor_.listen(local::acceptor::max_listen_connections, failed);
    if (failed) return fail(ErrorCode::net_listen, "cannot listen at " + path + ": " + failed.message());
    core_.spawn(accept_loop());
    return {};
}

void LocalServer::close() {
    if (closed_) return;
    closed_ = true;
    error_code ignored;
    acceptor_.close(ignored);
    for (const auto& client : clients_) client->close(ignored);
    turn_.cancel();
    struct stat info{};
    const bool ours = !path_.empty() && ::lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ &&
                      info.st_ino == inode_;
    if (ours) ::unlink(path_.c_str());
}

asio::awaitable<void> LocalServer::accept_loop() {
    const auto self = shared_from_this();
    while (!closed_) {
        auto [failed, socket] = co_await acceptor_.async_accept(as_result);
        if (closed_) co_return;
        if (failed) {
            co_await core_.sleep(50);
            continue;
        }
        if (clients_.size() >= limits::local_clients) continue;
        auto client = std::make_shared<LocalSocket>(std::move(socket));
        clients_.insert(client);
        core_.spawn(serve(client));
    }
}

asio::awaitable<void> LocalServer::serve(std::shared_ptr<LocalSocket> socket) {
    const auto self = shared_from_this();
    asio::steady_timer patience(core_.context(),
                                std::chrono::milliseconds(core_.options().record_timeout_ms));
    patience.async_wait([socket](const error_code& failed) {
        error_code ignored;
        if (!failed) socket->close(ignored);
    });
    const auto request = co_await read_frame(*socket, limits::local_request_bytes);
    patience.cancel();
    if (request) {
        while (busy_ && !closed_) co_await turn_.async_wait(as_result);
        Bytes answer;
        if (!closed_) {
            busy_ = true;
            try {
                answer = handler_(*request);
            } catch (const std::exception&) {
                // An empty answer; the next request has its turn.
            }
            busy_ = false;
            turn_.cancel();
        }
        if (!closed_ && answer.size() <= limits::local_answer_bytes) {
            const auto written = co_await write_frame(*socket, answer);
            static_cast<void>(written);
        }
    }
    clients_.erase(socket);
}

Result<Bytes> ask_local(const std::string& path, ByteView request, std::uint64_t timeout_ms) {
    if (!fits(path)) return fail(ErrorCode::net_unreachable, "no process listens at " + path);
    if (request.size() > limits::local_request_bytes)
        return fail(ErrorCode::channel_record_too_large, "a request has at most 1 MiB");
    asio::io_context context;
    LocalSocket socket(context);
    error_code failed;
    socket.connect(local::endpoint(path), failed);
    if (failed)
        return fail(ErrorCode::net_unreachable, "nobody answers at " + path + ": " + failed.message());
    Result<Bytes> answer = fail(ErrorCode::channel_timed_out, "no answer in time at " + path);
    const auto talk = [&]() -> asio::awaitable<void> {
        if (const auto written = co_await write_frame(socket, request); !written) {
            answer = std::unexpected(written.error());
            co_return;
        }
        answer = co_await read_frame(socket, limits::local_answer_bytes);
    };
    asio::co_spawn(context, talk(), [](const std::exception_ptr&) {});
    context.run_for(std::chrono::milliseconds(timeout_ms));
    const bool in_time = context.stopped();
    const Result<Bytes> out =
        in_time ? answer : fail(ErrorCode::channel_timed_out, "no answer in time at " + path);
    if (!in_time) {
        socket.close(failed);
        context.restart();
        context.run_for(std::chrono::milliseconds(100));
    }
    return out;
}

}  // namespace folkmoot::net
