// A command line sent to the daemon, and its answer, over the socket in the home. Both are JSON as CBOR, so
// that output may be any bytes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "folkmoot/bytes.hpp"
#include "folkmoot/error.hpp"

namespace folkmoot::moot {

class Groups;

struct Request {
    std::vector<std::string> arguments;
    std::string input;
    std::filesystem::path folder;
};

struct Answer {
    std::string out;
    std::string err;
    int exit = 1;
};

/// Asks the daemon at the socket; net_unreachable if none listens there.
[[nodiscard]] Result<Answer> ask_daemon(const std::string& socket, const Request& request);
/// The daemon's side: runs the command on its groups.
[[nodiscard]] Bytes answer_request(ByteView request, Groups& groups);

}  // namespace folkmoot::moot
