// An address from any text: the program's test and the connector's parser agree on what they share, a parsed
// one written again means the same, and a numeric host gives a group that is counted under one name.
#include "base/assert.hpp"
#include "net/address.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace folkmoot;
    const std::string text(reinterpret_cast<const char*>(data), size);
    const auto parsed = net::parse_address(text);
    if (!parsed) {
        FOLKMOOT_ASSERT(parsed.error().code == ErrorCode::usage);
        return 0;
    }
    FOLKMOOT_ASSERT(!parsed->host.empty());
    const bool bracketed = parsed->host.find(':') != std::string::npos;
    const std::string host = bracketed ? "[" + parsed->host + "]" : parsed->host;
    const auto again = net::parse_address(host + ":" + std::to_string(parsed->port));
    FOLKMOOT_ASSERT(again && again->host == parsed->host && again->port == parsed->port);
    boost::system::error_code error;
    const auto ip = boost::asio::ip::make_address(parsed->host, error);
    if (error) return 0;
    FOLKMOOT_ASSERT(!net::address_group(ip).empty());
    const auto shown = net::parse_address(net::to_text({ip, parsed->port}));
    FOLKMOOT_ASSERT(shown && shown->port == parsed->port);
    const auto same = boost::asio::ip::make_address(shown->host, error);
    FOLKMOOT_ASSERT(!error && net::address_group(same) == net::address_group(ip));
    return 0;
}
