#include "net/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include "base/assert.hpp"
#include "crypto/random.hpp"
#include "net/address.hpp"
#include "net/core.hpp"

namespace folkmoot::net {
namespace {

// Little until the peer is authenticated, then whole records.
constexpr std::size_t first_input_bytes = 1024;
constexpr std::size_t input_bytes = 65536;
// An empty message on the wire.
constexpr std::size_t ping_bytes = record_prefix_bytes + record_overhead_bytes;

std::string group_of_socket(const tcp::socket& socket) {
    error_code failed;
    const auto endpoint = socket.remote_endpoint(failed);
    return failed ? std::string() : address_group(endpoint.address());
}

Error broken(const error_code& code) {
    return {ErrorCode::channel_truncated, "the connection broke: " + code.message()};
}

}  // namespace

Connection::Connection(Core& core, tcp::socket socket, Purpose purpose, std::string address,
                       std::optional<DeviceKey> expected, std::shared_ptr<SyncTask> task)
    : core_(core),
      socket_(std::move(socket)),
      purpose_(purpose),
      address_(std::move(address)),
      address_group_(group_of_socket(socket_)),
      task_(std::move(task)),
      wake_(core.context(), asio::steady_timer::time_point::max()),
      input_(first_input_bytes),
      started_ms_(now_ms()),
      last_received_ms_(started_ms_),
      last_sent_ms_(started_ms_),
      last_session_ms_(started_ms_) {
    crypto::SecretArray<32> ephemeral;
    crypto::SecretArray<32> fixed;
    crypto::random_bytes(ephemeral.writable());
    crypto::random_bytes(fixed.writable());
    const Role role = purpose == Purpose::accepted ? Role::responder : Role::initiator;
    channel_ = std::make_unique<Channel>(role, core.signer(), core.verifier(), expected, ephemeral.view(),
                                         fixed.view());
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
}

Connection::~Connection() = default;

asio::awaitable<void> Connection::run() {
    const auto self = shared_from_this();
    core_.spawn(write_loop());
    try {
        co_await read_loop();
    } catch (const std::exception& failed) {
        abort({ErrorCode::net_busy, std::string("this connection could not be served: ") + failed.what()});
    }
    reader_done_ = true;
    wake();
    while (!writer_done_) co_await wake_.async_wait(as_result);
    end();
}

asio::awaitable<void> Connection::read_loop() {
    for (;;) {
        while (!over_ && must_wait_for_reader()) co_await wake_.async_wait(as_result);
        if (over_) co_return;
        const auto [failed, size] = co_await socket_.async_read_some(asio::buffer(input_), as_result);
        if (over_) co_return;
        if (failed) {
            if (closing_ || channel_->handle_eof()) {
                abort({});
            } else {
                abort(failed == asio::error::eof ? *channel_->error() : broken(failed));
            }
            co_return;
        }
        const auto taken = take_input(size);
        // Messages that were whole before an error are good.
        co_await handle_inbox();
        if (!taken) {
            abort(taken.error());
            co_return;
        }
        if (channel_->closed_cleanly()) {
            close();
            co_return;
        }
    }
}

Result<void> Connection::take_input(std::size_t size) {
    wire_received_ += size;
    last_received_ms_ = now_ms();
    auto taken = channel_->handle_input(ByteView(input_).first(size));
    wake();
    if (taken && channel_->established() && !peer_) {
        peer_ = channel_->peer();
        input_.resize(input_bytes);
        last_session_ms_ = last_received_ms_;
        core_.established(*this);
    }
    return taken;
}

// One peer's messages do not keep the others waiting for longer than a slice.
asio::awaitable<void> Connection::handle_inbox() {
    std::uint64_t slice_ms = now_ms();
    while (!over_) {
        const auto message = channel_->poll_message();
        if (!message) break;
        // The next message, if it has begun, has its own time.
        partial_since_ms_.reset();
        handle_message(*message);
        if (unsent() >= limits::unsent_bytes) ++taken_while_unsent_;
        if (now_ms() - slice_ms < limits::work_slice_ms) continue;
        co_await asio::post(core_.context(), asio::use_awaitable);
        slice_ms = now_ms();
    }
    note_partial();
}

void Connection::note_partial() {
    if (!channel_->within_message()) return partial_since_ms_.reset();
    if (!partial_since_ms_) {
        partial_since_ms_ = last_received_ms_;
        partial_from_ = wire_received_;
    }
    note_traffic(last_received_ms_);
}

asio::awaitable<void> Connection::write_loop() {
    const auto self = shared_from_this();
    while (!over_) {
        if (in_flight_done_ == in_flight_.size()) {
            in_flight_ = channel_->poll_output();
            in_flight_done_ = 0;
            if (!in_flight_.empty()) last_sent_ms_ = now_ms();
        }
        if (in_flight_.empty()) {
            if (reader_done_) break;
            co_await wake_.async_wait(as_result);
            continue;
        }
        const auto rest = ByteView(in_flight_).subspan(in_flight_done_);
        const auto [failed, size] =
            co_await socket_.async_write_some(asio::buffer(rest.data(), rest.size()), as_result);
        if (over_) break;
        if (failed) {
            abort(closing_ ? Error{} : broken(failed));
            break;
        }
        wire_sent_ += size;
        in_flight_done_ += size;
        last_sent_ms_ = now_ms();
        // A ping that left says nothing of the peer.
        if (unsent() > 0 || size > ping_bytes) note_traffic(last_sent_ms_);
        if (unsent() >= limits::unsent_bytes) continue;
        taken_while_unsent_ = 0;
        wake();
        if (closing_ || !std::exchange(full_, false)) continue;
        for (auto& group : core_.groups()) core_.drive(group);
    }
    writer_done_ = true;
    wake();
}

std::size_t Connection::unsent() const {
    return in_flight_.size() - in_flight_done_ + channel_->unsent_bytes();
}

// A peer that does not read is not read from. Not at once: two honest ends that both send much would each
// wait for the other for ever.
bool Connection::must_wait_for_reader() const {
    return !closing_ && unsent() >= limits::unsent_bytes &&
           taken_while_unsent_ >= limits::messages_while_unsent;
}

void Connection::wake() { wake_.cancel(); }

void Connection::close(const Error& why) {
    if (over_ || closing_) return;
    if (!peer_) return abort(why);
    if (why.code != ErrorCode{} && !why_) why_ = why;
    end_streams(why);
    closing_ = true;
    closing_ms_ = now_ms();
    channel_->close();
    wake();
}

void Connection::abort(const Error& why) {
    if (over_) return;
    if (why.code != ErrorCode{} && !why_) why_ = why;
    over_ = true;
    error_code ignored;
    socket_.close(ignored);
    wake();
}

// Both loops have ended, or will before they touch anything again.
void Connection::end() {
    over_ = true;
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_both, ignored);
    socket_.close(ignored);
    end_streams(why_.value_or(Error{}));
    core_.ended(shared_from_this());
}

void Connection::check_time(std::uint64_t now) {
    if (over_) return;
    const NodeOptions& options = core_.options();
    const auto passed = [now](std::uint64_t since, std::uint64_t allowed) {
        return now >= since && now - since >= allowed;
    };
    if (!peer_) {
        if (passed(started_ms_, options.handshake_timeout_ms))
            abort({ErrorCode::channel_timed_out, "no channel was established in time"});
        return;
    }
    if (closing_) {
        if (passed(closing_ms_, options.close_timeout_ms)) abort({});
        return;
    }
    if (passed(last_received_ms_, options.idle_timeout_ms)) {
        return abort({ErrorCode::channel_timed_out, "the peer has been silent for too long"});
    }
    if (unsent() > 0 && passed(last_sent_ms_, options.record_timeout_ms)) {
        return abort({ErrorCode::channel_timed_out, "the peer does not read"});
    }
    if (partial_since_ms_ && passed(*partial_since_ms_, options.record_timeout_ms)) {
        const std::uint64_t due = (now - *partial_since_ms_) * limits::receive_bytes_per_second / 1000;
        if (wire_received_ - partial_from_ < due)
            return abort({ErrorCode::channel_timed_out, "the peer's message dribbles in"});
    }
    if (has_sessions()) last_session_ms_ = now;
    if (purpose_ == Purpose::accepted && passed(last_session_ms_, limits::reply_timeout_ms)) return close();
    // C16: an empty message is a ping.
    if (unsent() == 0 && passed(last_sent_ms_, options.ping_ms)) {
        static_cast<void>(channel_->send({}));
        wake();
    }
    retry_groups(now);
    renew_sessions(now);
}

}  // namespace folkmoot::net
