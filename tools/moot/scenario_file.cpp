// Reading and writing of scenario files. Every access to the JSON is checked first: nothing here throws.
#include "moot/scenario_file.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

namespace folkmoot::scenario {
namespace {

using Json = nlohmann::ordered_json;

struct RuleKey {
    std::string_view name;
    Level Rules::* level;
};
constexpr std::array<RuleKey, 8> rule_keys{{{"post", &Rules::post},
                                            {"add", &Rules::add},
                                            {"set_level", &Rules::set_level},
                                            {"remove", &Rules::remove},
                                            {"ban", &Rules::ban},
                                            {"unban", &Rules::unban},
                                            {"link", &Rules::link},
                                            {"read", &Rules::read}}};

bool has_subject(Kind kind) { return kind >= Kind::add && kind <= Kind::unban; }
bool has_level(Kind kind) { return kind >= Kind::add && kind <= Kind::set_level; }
bool has_cut(Kind kind) { return kind == Kind::remove || kind == Kind::ban; }

// Reads fields and keeps the first fault, so that callers may read on blindly.
class Fields {
   public:
    explicit Fields(std::string place) : place_(std::move(place)) {}

    [[nodiscard]] bool failed() const { return !fault_.empty(); }
    [[nodiscard]] std::unexpected<Error> error() const { return fail(ErrorCode::bad_scenario, fault_); }
    void reject(const std::string& text) {
        if (fault_.empty()) fault_ = place_ + ": " + text;
    }
    void set_place(std::string place) { place_ = std::move(place); }

    std::string text(const Json& object, const char* key) {
        const auto at = object.find(key);
        if (at == object.end() || !at->is_string()) {
            reject(std::string("`") + key + "` is not a string");
            return {};
        }
        return at->get<std::string>();
    }
    std::string text_or_empty(const Json& object, const char* key) {
        return object.contains(key) ? text(object, key) : std::string();
    }
    std::vector<std::string> names(const Json& object, const char* key) {
        const auto at = object.find(key);
        std::vector<std::string> out;
        if (at == object.end() || !at->is_array()) {
            reject(std::string("`") + key + "` is not a list");
            return out;
        }
        for (const auto& entry : *at) {
            if (!entry.is_string()) {
                reject(std::string("`") + key + "` holds something else than names");
                return out;
            }
            out.push_back(entry.get<std::string>());
        }
        return out;
    }
    Level level(const Json& value) {
        if (value.is_string()) {
            if (const auto named = level::from_text(value.get<std::string>())) return *named;
        } else if (value.is_number_unsigned() && value.get<std::uint64_t>() <= 255) {
            return static_cast<Level>(value.get<std::uint64_t>());
        }
        reject("a level is a name or a number from 0 to 255");
        return 0;
    }

   private:
    std::string place_;
    std::string fault_;
};

Rules read_rules(Fields& in, const Json& object) {
    Rules rules;
    if (!object.is_object()) {
        in.reject("`rules` is not an object");
        return rules;
    }
    for (const auto& [key, value] : object.items()) {
        if (key == "equal") {
            const auto word = value.is_string() ? value.get<std::string>() : std::string();
            if (word == "forbid") {
                rules.equal = Rules::Equal::forbid;
            } else if (word != "seniority") {
                in.reject("`equal` is neither seniority nor forbid");
            }
            continue;
        }
        const auto* rule = std::ranges::find(rule_keys, key, &RuleKey::name);
        if (rule == rule_keys.end()) {
            in.reject("there is no rule `" + key + "`");
            return rules;
        }
        rules.*(rule->level) = in.level(value);
    }
    return rules;
}

void read_prev(Fields& in, const Json& object, ScenarioOp& op) {
    const auto at = object.find("prev");
    if (at == object.end()) return;
    if (at->is_null()) {
        op.prev_choice = PrevChoice::none;
        return;
    }
    op.prev_choice = PrevChoice::named;
    op.prev = in.text(object, "prev");
}

ScenarioOp read_op(Fields& in, const Json& object) {
    ScenarioOp op;
    op.id = in.text(object, "id");
    in.set_place("op `" + op.id + "`");
    op.author = in.text(object, "author");
    const auto kind = kind_from_text(in.text(object, "do"));
    if (!kind) in.reject("`do` is not a kind of op");
    op.kind = kind.value_or(Kind::post);
    op.deps = in.names(object, "deps");
    read_prev(in, object, op);
    if (object.contains("as")) op.as = in.text(object, "as");
    if (has_subject(op.kind)) op.subject = in.text(object, "subject");
    if (has_level(op.kind)) {
        if (const auto at = object.find("level"); at != object.end()) {
            op.level = in.level(*at);
        } else {
            in.reject("`level` is missing");
        }
    }
    if (has_cut(op.kind) && object.contains("cut")) op.cut = in.names(object, "cut");
    if (op.kind == Kind::create) {
        if (object.contains("founders")) op.founders = in.names(object, "founders");
        if (object.contains("rules")) op.rules = read_rules(in, object.at("rules"));
    }
    return op;
}

Expectation read_expectation(Fields& in, const Json& object) {
    Expectation expect;
    if (!object.is_object()) {
        in.reject("`expect` is not an object");
        return expect;
    }
    if (const auto at = object.find("members"); at != object.end()) {
        expect.members.emplace();
        if (!at->is_object()) in.reject("`members` is not an object");
        for (const auto& [name, value] : at->items()) expect.members->emplace(name, in.level(value));
    }
    if (object.contains("void")) expect.void_ops = in.names(object, "void");
    if (object.contains("invalid")) expect.invalid_ops = in.names(object, "invalid");
    return expect;
}

Json level_value(Level value) {
    const auto text = level::to_text(value);
    if (text.find_first_not_of("0123456789") == std::string::npos) return Json(value);
    return Json(text);
}

Json rules_value(const Rules& rules) {
    const Rules defaults;
    Json out = Json::object();
    if (rules.equal != defaults.equal) out["equal"] = "forbid";
    for (const auto& rule : rule_keys) {
        if (rules.*(rule.level) != defaults.*(rule.level)) out[rule.name] = level_value(rules.*(rule.level));
    }
    return out;
}

Json op_value(const ScenarioOp& op) {
    Json out = {{"id", op.id}, {"author", op.author}, {"do", to_text(op.kind)}, {"deps", op.deps}};
    if (op.prev_choice == PrevChoice::none) out["prev"] = nullptr;
    if (op.prev_choice == PrevChoice::named) out["prev"] = op.prev;
    if (op.as) out["as"] = *op.as;
    if (has_subject(op.kind)) out["subject"] = op.subject;
    if (has_level(op.kind)) out["level"] = level_value(op.level);
    if (op.cut) out["cut"] = *op.cut;
    if (!op.founders.empty()) out["founders"] = op.founders;
    if (op.kind == Kind::create && op.rules != Rules{}) out["rules"] = rules_value(op.rules);
    return out;
}

Json expectation_value(const Expectation& expect) {
    Json out = Json::object();
    if (expect.members) {
        Json members = Json::object();
        for (const auto& [name, value] : *expect.members) members[name] = level_value(value);
        out["members"] = std::move(members);
    }
    if (expect.void_ops) out["void"] = *expect.void_ops;
    if (expect.invalid_ops) out["invalid"] = *expect.invalid_ops;
    return out;
}

// Names that are no UTF-8 are replaced, not refused: writing never fails.
std::string dump(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

Result<ScenarioFile> parse_scenario(std::string_view json) {
    const Json root = Json::parse(json, nullptr, /*allow_exceptions=*/false);
    if (root.is_discarded()) return fail(ErrorCode::bad_scenario, "this is not JSON");
    if (!root.is_object()) return fail(ErrorCode::bad_scenario, "a scenario is a JSON object");
    Fields in("scenario");
    ScenarioFile file;
    file.name = in.text_or_empty(root, "name");
    file.why = in.text_or_empty(root, "why");
    const auto ops = root.find("ops");
    if (ops == root.end() || !ops->is_array()) in.reject("`ops` is not a list");
    if (in.failed()) return in.error();
    std::set<std::string> seen;
    for (std::size_t i = 0; i < ops->size() && !in.failed(); ++i) {
        in.set_place("op " + std::to_string(i + 1));
        if (!ops->at(i).is_object()) {
            in.reject("it is not an object");
            break;
        }
        file.ops.push_back(read_op(in, ops->at(i)));
        if (!seen.insert(file.ops.back().id).second) in.reject("its id is taken");
    }
    in.set_place("scenario");
    if (const auto at = root.find("expect"); at != root.end()) file.expect = read_expectation(in, *at);
    if (in.failed()) return in.error();
    return file;
}

Result<ScenarioFile> load_scenario(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    if (!in.is_open() || in.bad()) return fail(ErrorCode::file_io, "cannot read " + path);
    auto file = parse_scenario(text);
    if (!file) return fail(file.error().code, path + ": " + file.error().text);
    return file;
}

std::string serialise_scenario(const ScenarioFile& file) {
    std::string out = "{\n";
    if (!file.name.empty()) out += "  \"name\": " + dump(file.name) + ",\n";
    if (!file.why.empty()) out += "  \"why\": " + dump(file.why) + ",\n";
    out += "  \"ops\": [";
    for (std::size_t i = 0; i < file.ops.size(); ++i) {
        out += (i == 0 ? "\n    " : ",\n    ") + dump(op_value(file.ops[i]));
    }
    out += "\n  ]";
    if (file.expect) out += ",\n  \"expect\": " + dump(expectation_value(*file.expect));
    return out + "\n}\n";
}

std::vector<std::size_t> causal_order(const ScenarioFile& file) {
    std::map<std::string_view, std::size_t> index;
    for (std::size_t i = 0; i < file.ops.size(); ++i) index.emplace(file.ops[i].id, i);
    std::vector<std::vector<std::size_t>> children(file.ops.size());
    std::vector<std::size_t> missing(file.ops.size(), 0);
    for (std::size_t i = 0; i < file.ops.size(); ++i) {
        auto named = file.ops[i].deps;
        if (file.ops[i].prev_choice == PrevChoice::named) named.push_back(file.ops[i].prev);
        if (file.ops[i].as) named.push_back(*file.ops[i].as);
        if (file.ops[i].cut) named.insert(named.end(), file.ops[i].cut->begin(), file.ops[i].cut->end());
        for (const auto& name : named) {
            if (const auto at = index.find(name); at != index.end()) {
                children[at->second].push_back(i);
                ++missing[i];
            }
        }
    }
    std::set<std::size_t> ready;
    for (std::size_t i = 0; i < file.ops.size(); ++i) {
        if (missing[i] == 0) ready.insert(i);
    }
    // The earliest in the file first, so that a file already in order keeps its order.
    std::vector<std::size_t> order;
    while (!ready.empty()) {
        const std::size_t next = *ready.begin();
        ready.erase(ready.begin());
        order.push_back(next);
        for (const std::size_t child : children[next]) {
            if (--missing[child] == 0) ready.insert(child);
        }
    }
    return order;
}

}  // namespace folkmoot::scenario
