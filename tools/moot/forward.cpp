#include "moot/forward.hpp"

#include <nlohmann/json.hpp>
#include <sstream>

#include "moot/groups.hpp"
#include "moot/run.hpp"

namespace folkmoot::moot {
namespace {

using Json = nlohmann::json;

// A sync of a long history takes its time; whoever waits may interrupt.
constexpr std::uint64_t answer_timeout_ms = 3'600'000;

Json binary(const std::string& text) { return Json::binary({text.begin(), text.end()}); }

std::optional<std::string> text_in(const Json& object, const char* key) {
    const auto at = object.find(key);
    if (at == object.end() || !at->is_binary()) return std::nullopt;
    return std::string(at->get_binary().begin(), at->get_binary().end());
}

}  // namespace

Result<Answer> ask_daemon(const std::string& socket, const Request& request) {
    Json message = Json::object();
    Json arguments = Json::array();
    for (const auto& argument : request.arguments) arguments.push_back(binary(argument));
    message["arguments"] = std::move(arguments);
    message["input"] = binary(request.input);
    message["folder"] = binary(request.folder.string());
    auto reply = net::ask_local(socket, Json::to_cbor(message), answer_timeout_ms);
    if (!reply) return std::unexpected(reply.error());
    const Json answer = Json::from_cbor(*reply, true, false);
    const auto bad = fail(ErrorCode::file_io, "the daemon gave an answer that is none");
    if (!answer.is_object()) return bad;
    const auto out = text_in(answer, "out");
    const auto err = text_in(answer, "err");
    const auto exit = answer.find("exit");
    if (!out || !err || exit == answer.end() || !exit->is_number_integer()) return bad;
    return Answer{*out, *err, exit->get<int>()};
}

Bytes answer_request(ByteView bytes, Groups& groups) {
    const Json message = Json::from_cbor(bytes.begin(), bytes.end(), true, false);
    std::vector<std::string> arguments;
    bool good = message.is_object() && message.contains("arguments") && message["arguments"].is_array();
    if (good) {
        for (const auto& argument : message["arguments"]) {
            if (argument.is_binary())
                arguments.emplace_back(argument.get_binary().begin(), argument.get_binary().end());
        }
    }
    std::istringstream in(good ? text_in(message, "input").value_or("") : "");
    std::ostringstream out;
    std::ostringstream err;
    const std::string folder = good ? text_in(message, "folder").value_or("/") : "/";
    const int exit = good ? run_program(arguments, {in, out, err, folder}, &groups) : 1;
    const Json answer = {{"out", binary(out.str())}, {"err", binary(err.str())}, {"exit", exit}};
    return Json::to_cbor(answer);
}

}  // namespace folkmoot::moot
