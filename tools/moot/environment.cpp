#include "moot/environment.hpp"

#include <istream>
#include <nlohmann/json.hpp>
#include <ostream>

#include "moot/ballast.hpp"

namespace folkmoot::moot {

using Json = nlohmann::ordered_json;

Environment::Environment(const Streams& streams, Options options, Groups* held)
    : streams_(streams), options_(std::move(options)), groups_(held) {}

Environment::~Environment() = default;

void Environment::print(const Json& value) {
    // What peers wrote may be no UTF-8; it is replaced, never refused.
    out() << value.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n" << std::flush;
}

void Environment::answer(const std::string& line) {
    if (!options_.json) out() << line << "\n" << std::flush;
}

void Environment::say(const std::string& line) {
    if (!options_.json && !options_.quiet) out() << line << "\n" << std::flush;
}

void Environment::note(const std::string& line) {
    if (!options_.json && !options_.quiet) err() << "moot: " << line << "\n" << std::flush;
}

Result<std::string> Environment::read_input(std::size_t most) {
    std::string content;
    std::array<char, 4096> block{};
    while (streams_.in.read(block.data(), block.size()), streams_.in.gcount() > 0) {
        content.append(block.data(), static_cast<std::size_t>(streams_.in.gcount()));
        if (content.size() > most) {
            return fail(ErrorCode::usage, "standard input has more than " + std::to_string(most) + " bytes");
        }
    }
    return content;
}

Result<Groups*> Environment::groups() {
    if (home_) return groups_;
    auto home = Home::open(home_folder());
    if (!home) return std::unexpected(home.error());
    if (groups_ == nullptr) {
        auto signer = home->signer();
        if (!signer) return std::unexpected(signer.error());
        signer_ = std::move(*signer);
        own_groups_ = std::make_unique<Groups>(*home, *signer_);
        groups_ = own_groups_.get();
    }
    home_ = std::move(*home);
    keep_ballast(home_folder());
    names_.emplace(*home_, groups_->signer().key());
    return groups_;
}

void Environment::close_own_groups() {
    if (!own_groups_) return;
    own_groups_.reset();
    groups_ = nullptr;
    signer_.reset();
    home_.reset();
    names_.reset();
}

Result<OpenGroup*> Environment::group(const std::string& text) {
    auto held = groups();
    if (!held) return std::unexpected(held.error());
    return (*held)->find(text);
}

const Names& Environment::names() { return *names_; }

}  // namespace folkmoot::moot
