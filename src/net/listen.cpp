// Accepting connections.
#include "net/address.hpp"
#include "net/core.hpp"

namespace folkmoot::net {

Result<std::string> Core::listen(const std::string& address) {
    const auto parsed = parse_address(address);
    if (!parsed) return std::unexpected(parsed.error());
    const auto failed_to = [&](const error_code& why) {
        return fail(ErrorCode::net_listen, "cannot listen on " + address + ": " + why.message());
    };
    error_code failed;
    tcp::endpoint endpoint(asio::ip::make_address(parsed->host, failed), parsed->port);
    if (failed) {
        tcp::resolver resolver(context_);
        const auto found = resolver.resolve(parsed->host, std::to_string(parsed->port), failed);
        if (failed) return failed_to(failed);
        endpoint = found.begin()->endpoint();
    }
    const auto acceptor = std::make_shared<tcp::acceptor>(context_);
    acceptor->open(endpoint.protocol(), failed);
    if (!failed) acceptor->set_option(tcp::acceptor::reuse_address(true), failed);
    if (!failed) acceptor->bind(endpoint, failed);
    if (!failed) acceptor->listen(tcp::acceptor::max_listen_connections, failed);
    if (failed) return failed_to(failed);
    std::string bound = to_text(acceptor->local_endpoint(failed));
    acceptors_.push_back(acceptor);
    spawn(accept_loop(acceptor));
    emit({NodeEvent::Kind::listening, bound, {}, {}, {}, {}, {}});
    return bound;
}

asio::awaitable<void> Core::accept_loop(std::shared_ptr<tcp::acceptor> acceptor) {
    while (!closing_) {
        auto [failed, socket] = co_await acceptor->async_accept(as_result);
        if (closing_) co_return;
        if (!failed) {
            accept(std::move(socket));
            continue;
        }
        // Out of descriptors, or the peer was gone already: go on, but do not spin.
        co_await sleep(50);
    }
}

}  // namespace folkmoot::net
