// The daemon, and how the outcome of a reconciliation is shown.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "moot/environment.hpp"

namespace folkmoot::moot {

struct ServeArguments {
    std::string listen;
    std::vector<std::string> peers;
};

/// Holds all groups open, accepts peers and commands, until a signal.
[[nodiscard]] Result<int> serve(Environment& environment, const ServeArguments& arguments);

[[nodiscard]] std::string outcome_text(Outcome outcome);
[[nodiscard]] nlohmann::ordered_json sync_json(const net::SyncReport& report,
                                               const std::string& address = {});
[[nodiscard]] std::string sync_line(const net::SyncReport& report, const std::string& address);

}  // namespace folkmoot::moot
