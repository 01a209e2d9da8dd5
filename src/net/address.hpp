// Addresses as people write them: "HOST:PORT", where HOST is a name, an IPv4 address or an IPv6 address in
// brackets.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>

#include "folkmoot/error.hpp"

namespace folkmoot::net {

struct HostPort {
    std::string host;
    std::uint16_t port = 0;
};

/// `usage` if it is no such address.
[[nodiscard]] Result<HostPort> parse_address(const std::string& address);
[[nodiscard]] std::string to_text(const boost::asio::ip::tcp::endpoint& endpoint);
/// Whom a cap per address counts: an IPv4 address, or the 64-bit network of an IPv6 address, since one host
/// has all of that.
[[nodiscard]] std::string address_group(const boost::asio::ip::address& address);

}  // namespace folkmoot::net
