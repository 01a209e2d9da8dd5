#include "net/address.hpp"

#include <charconv>

namespace folkmoot::net {

namespace ip = boost::asio::ip;

Result<HostPort> parse_address(const std::string& address) {
    const auto bad = [&] {
        return fail(
            ErrorCode::usage,
            "'" + address + "' is no HOST:PORT, such as 127.0.0.1:7447, [::1]:7447 or moot.example:7447");
    };
    const std::size_t colon = address.rfind(':');
    if (colon == std::string::npos) return bad();
    HostPort out{address.substr(0, colon), 0};
    const bool bracketed = out.host.size() > 2 && out.host.front() == '[' && out.host.back() == ']';
    if (bracketed) out.host = out.host.substr(1, out.host.size() - 2);
    if (out.host.find_first_of(bracketed ? "[]" : ":[]") != std::string::npos) return bad();
    const char* first = address.data() + colon + 1;
    const char* last = address.data() + address.size();
    const auto [end, error] = std::from_chars(first, last, out.port);
    if (out.host.empty() || first == last || end != last || error != std::errc{}) return bad();
    return out;
}

std::string to_text(const ip::tcp::endpoint& endpoint) {
    const std::string host = endpoint.address().to_string();
    const std::string port = std::to_string(endpoint.port());
    return endpoint.address().is_v6() ? "[" + host + "]:" + port : host + ":" + port;
}

std::string address_group(const ip::address& address) {
    if (address.is_v4()) return address.to_string();
    const ip::address_v6 v6 = address.to_v6();
    if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6).to_string();
    const auto bytes = v6.to_bytes();
    return std::string(bytes.begin(), bytes.begin() + 8);
}

}  // namespace folkmoot::net
