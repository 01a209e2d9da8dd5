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

// Reads a request as it comes, and no deeper than one is: the library's own reader calls itself for every
// array in an array, which a megabyte of them would turn into a stack overflow.
class RequestReader final : public Json::json_sax_t {
   public:
    [[nodiscard]] const Request& request() const { return request_; }

    bool binary(binary_t& value) override {
        std::string text(value.begin(), value.end());
        if (depth_ == 2) {
            request_.arguments.push_back(std::move(text));
        } else if (key_ == "input") {
            request_.input = std::move(text);
        } else if (key_ == "folder") {
            request_.folder = std::move(text);
        } else {
            return false;
        }
        return true;
    }
    bool start_object(std::size_t) override { return depth_++ == 0; }
    bool key(string_t& name) override {
        key_ = name;
        return true;
    }
    bool start_array(std::size_t) override { return depth_++ == 1 && key_ == "arguments"; }
    bool end_object() override { return leave(); }
    bool end_array() override { return leave(); }

    bool null() override { return false; }
    bool boolean(bool) override { return false; }
    bool number_integer(number_integer_t) override { return false; }
    bool number_unsigned(number_unsigned_t) override { return false; }
    bool number_float(number_float_t, const string_t&) override { return false; }
    bool string(string_t&) override { return false; }
    bool parse_error(std::size_t, const std::string&, const Json::exception&) override { return false; }

   private:
    bool leave() {
        --depth_;
        return true;
    }
    Request request_{{}, {}, "/"};
    std::string key_;
    unsigned depth_ = 0;
};

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
    RequestReader reader;
    const bool good = Json::sax_parse(bytes.begin(), bytes.end(), &reader, Json::input_format_t::cbor);
    const Request& request = reader.request();
    std::istringstream in(request.input);
    std::ostringstream out;
    std::ostringstream err;
    const int exit =
        good ? run_program(request.arguments, {in, out, err, request.folder.string()}, &groups) : 1;
    const Json answer = {{"out", binary(out.str())}, {"err", binary(err.str())}, {"exit", exit}};
    return Json::to_cbor(answer);
}

}  // namespace folkmoot::moot
