// protocol-spec/vectors/operation.json against the library, and the worked examples of operation.md.
// With FOLKMOOT_WRITE_VECTORS=1 in the environment the file is written anew first.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "operation_cases.hpp"
#include "source_dir.hpp"

namespace folkmoot::vectors {
namespace {

using Json = nlohmann::ordered_json;

const std::string spec = FOLKMOOT_SOURCE_DIR "/protocol-spec/";
const std::string file = spec + "vectors/operation.json";

// A member as a string: clang does not find one way to compare a string with Json.
std::string text(const Json& object, const std::string& member) {
    return object.at(member).get<std::string>();
}

std::string hex(const auto& value) { return to_hex(value.view()); }

Json hex_or_null(const auto& value) { return value ? Json(hex(*value)) : Json(nullptr); }

Json hex_list(const auto& values) {
    Json out = Json::array();
    for (const auto& value : values) out.push_back(hex(value));
    return out;
}

Json rules_json(const Rules& rules) {
    return {{"equal", rules.equal == Rules::Equal::forbid ? "forbid" : "seniority"},
            {"post", rules.post},
            {"add", rules.add},
            {"set_level", rules.set_level},
            {"remove", rules.remove},
            {"ban", rules.ban},
            {"unban", rules.unban},
            {"link", rules.link},
            {"read", rules.read}};
}

Json operation_json(const Operation& op) {
    Json out = {{"version", 1},
                {"group", hex_or_null(op.group)},
                {"author", hex(op.author)},
                {"prev", hex_or_null(op.prev)},
                {"parents", hex_list(op.parents)},
                {"as", hex_or_null(op.as)},
                {"kind", to_text(op.kind())}};
    if (const auto* create = std::get_if<Create>(&op.act)) {
        out["name"] = create->name;
        out["founders"] = hex_list(create->founders);
        out["rules"] = rules_json(create->rules);
    }
    if (const auto* subject = subject_of(op.act)) out["subject"] = hex(*subject);
    if (const auto level = granted_level(op.act)) out["level"] = *level;
    if (const auto* cut = cut_of(op.act)) out["cut"] = hex_list(*cut);
    if (const auto* post = std::get_if<Post>(&op.act)) {
        out["length"] = post->length;
        out["payload_hash"] = hex(post->payload_hash);
    }
    out["time_ms"] = op.time_ms;
    return out;
}

Json written() {
    Json out;
    out["about"] =
        "Bodies of operations (protocol-spec/operation.md). Valid ones with their meaning, id, and the "
        "signature by the "
        "author's key; invalid ones with the name of the error. Everything in lower-case hexadecimal.";
    for (const auto& device : devices) {
        out["keys"].push_back({{"name", device.name},
                               {"seed", to_hex(Bytes(32, device.seed_byte))},
                               {"key", hex(signer_of(device.name)->key())}});
    }
    for (const auto& entry : valid_cases()) {
        const auto body = encode_body(entry.op).value();
        const auto id = op_id(body);
        Json item = {{"name", entry.name},
                     {"description", entry.description},
                     {"body", to_hex(body)},
                     {"id", hex(id)},
                     {"signature", hex(sign_op(*signer_of(entry.author), id).value())}};
        if (entry.op.kind() == Kind::post) item["payload"] = to_hex(as_bytes(entry.payload));
        item["operation"] = operation_json(entry.op);
        out["valid"].push_back(item);
    }
    for (const auto& entry : invalid_cases()) {
        out["invalid"].push_back({{"name", entry.name},
                                  {"description", entry.description},
                                  {"body", to_hex(entry.body)},
                                  {"error", name_of(entry.error)}});
    }
    return out;
}

std::string read_text(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    EXPECT_TRUE(in) << path;
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

class OperationVectors : public testing::Test {
   protected:
    static void SetUpTestSuite() {
        ASSERT_TRUE(start_crypto());
        if (std::getenv("FOLKMOOT_WRITE_VECTORS") != nullptr)
            std::ofstream(file) << written().dump(1) << '\n';
        json_ = Json::parse(read_text(file), nullptr, false);
        ASSERT_FALSE(json_.is_discarded());
    }
    static const Json& valid(const std::string& name) {
        for (const auto& entry : json_["valid"]) {
            if (text(entry, "name") == name) return entry;
        }
        ADD_FAILURE() << name;
        return json_["valid"][0];
    }
    static Json json_;
};
Json OperationVectors::json_;

TEST_F(OperationVectors, O2_valid_bodies_have_their_meaning_their_id_and_a_good_signature) {
    EXPECT_GE(json_["valid"].size(), 20U);
    for (const auto& entry : json_["valid"]) {
        SCOPED_TRACE(text(entry, "name"));
        const auto body = from_hex(text(entry, "body"));
        ASSERT_TRUE(body);
        const auto op = decode_body(*body);
        ASSERT_TRUE(op) << op.error().text;
        EXPECT_EQ(operation_json(*op), entry["operation"]);
        EXPECT_EQ(encode_body(*op), *body);
        EXPECT_EQ(hex(op_id(*body)), text(entry, "id"));
        const auto signature = fixed_from_hex<Signature>(text(entry, "signature"));
        ASSERT_TRUE(signature);
        EXPECT_TRUE(verify_op(ed25519_verifier(), op->author, op_id(*body), *signature));
        if (const auto* post = std::get_if<Post>(&op->act)) {
            EXPECT_TRUE(check_payload(*post, from_hex(text(entry, "payload")).value()));
        }
    }
}

TEST_F(OperationVectors, O8_invalid_bodies_are_refused_with_the_named_code) {
    EXPECT_GE(json_["invalid"].size(), 60U);
    for (const auto& entry : json_["invalid"]) {
        SCOPED_TRACE(text(entry, "name"));
        const auto body = from_hex(text(entry, "body"));
        ASSERT_TRUE(body);
        const auto op = decode_body(*body);
        ASSERT_FALSE(op);
        EXPECT_EQ(name_of(op.error().code), text(entry, "error")) << op.error().text;
    }
}

TEST_F(OperationVectors, the_file_is_what_the_cases_say) {
    EXPECT_EQ(json_, written()) << "run this test with FOLKMOOT_WRITE_VECTORS=1 and look at the difference";
    std::set<std::string> names;
    for (const auto* part : {"valid", "invalid"}) {
        for (const auto& entry : json_[part])
            EXPECT_TRUE(names.insert(text(entry, "name")).second) << text(entry, "name");
    }
}

TEST_F(OperationVectors, every_code_a_body_alone_can_earn_is_among_the_vectors) {
    std::set<std::string> seen;
    for (const auto& entry : json_["invalid"]) seen.insert(text(entry, "error"));
    for (unsigned number = 100; number < 214; ++number) {
        const auto code = static_cast<ErrorCode>(number);
        // No body of 4 KiB that keeps the layout is so deep or has so many items.
        if (code == ErrorCode::cbor_too_deep || code == ErrorCode::cbor_too_many_items) continue;
        if (name_of(code) == "unknown") continue;
        EXPECT_TRUE(seen.contains(std::string(name_of(code)))) << name_of(code);
    }
}

// The ```cbor blocks of a page: two hexadecimal digits a byte, comments after '#'.
std::vector<std::string> cbor_blocks(const std::string& page) {
    std::vector<std::string> blocks;
    std::istringstream lines(page);
    bool inside = false;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("```")) {
            inside = line == "```cbor";
            if (inside) blocks.emplace_back();
        } else if (inside) {
            for (const char c : line.substr(0, line.find('#'))) {
                if (c != ' ') blocks.back().push_back(c);
            }
        }
    }
    return blocks;
}

TEST_F(OperationVectors, the_worked_examples_of_the_specification_are_true) {
    const auto page = read_text(spec + "operation.md");
    const auto blocks = cbor_blocks(page);
    ASSERT_EQ(blocks.size(), 2U);
    EXPECT_EQ(blocks[0], text(valid("create"), "body"));
    EXPECT_EQ(blocks[1], text(valid("post"), "body"));
    for (const auto* name : {"create", "post"}) {
        for (const auto* field : {"id", "signature"}) {
            EXPECT_NE(page.find(text(valid(name), field)), std::string::npos) << name << ' ' << field;
        }
    }
}

}  // namespace
}  // namespace folkmoot::vectors
