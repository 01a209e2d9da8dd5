#include "moot/environment.hpp"

#include <nlohmann/json.hpp>
#include <ostream>

namespace folkmoot::moot {

using Json = nlohmann::ordered_json;

Environment::Environment(std::ostream& out, std::ostream& err, Options options)
    : out_(out), err_(err), options_(std::move(options)) {}

void Environment::print(const Json& value) {
    // What peers wrote may be no UTF-8 (payloads); it is replaced, never refused.
    out_ << value.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n" << std::flush;
}

void Environment::say(const std::string& line) {
    if (!options_.json && !options_.quiet) out_ << line << "\n" << std::flush;
}

}  // namespace folkmoot::moot
