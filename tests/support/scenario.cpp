#include "support/scenario.hpp"

#include <algorithm>
#include <cstring>
#include <set>

namespace folkmoot::scenario {
namespace {

OpId id_from(const std::string& name) {
    OpId id;
    std::memcpy(id.bytes.data(), name.data(), std::min(name.size(), id.bytes.size()));
    return id;
}

class Loader {
   public:
    explicit Loader(const ScenarioFile& file) : file_(file) {}

    Loaded load() {
        const auto order = causal_order(file_);
        for (std::size_t at = 0; at < order.size(); ++at) {
            numbers_.emplace(file_.ops[order[at]].id, static_cast<int>(at));
        }
        for (const std::size_t index : order) {
            const auto op = resolve(file_.ops[index]);
            out_.model.add(op);
            out_.history.push_back(op);
            out_.op_names.push_back(file_.ops[index].id);
        }
        for (const auto& op : file_.ops) {
            if (!numbers_.contains(op.id)) out_.impossible.push_back(op.id);
        }
        return std::move(out_);
    }

   private:
    int number(const std::string& name) const {
        const auto at = numbers_.find(name);
        // What comes later in the order cannot be an ancestor, so it is not known either.
        return at == numbers_.end() || at->second >= out_.model.size() ? model::unknown : at->second;
    }
    int device(const std::string& name) {
        const auto [at, fresh] = devices_.emplace(name, static_cast<int>(out_.device_names.size()));
        if (fresh) out_.device_names.push_back(name);
        return at->second;
    }
    std::vector<int> numbers(const std::vector<std::string>& names) const {
        std::vector<int> out;
        for (const auto& name : names) out.push_back(number(name));
        return out;
    }

    model::Op resolve(const ScenarioOp& from) {
        model::Op op;
        op.id = id_from(from.id);
        op.author = device(from.author);
        op.kind = from.kind;
        op.parents = numbers(from.deps);
        if (from.prev_choice == PrevChoice::named) {
            op.prev = number(from.prev);
        } else if (from.prev_choice == PrevChoice::by_default) {
            op.prev = out_.model.default_prev(op.author, op.parents);
        }
        if (op.prev) std::erase(op.parents, *op.prev);
        if (!from.subject.empty()) op.subject = device(from.subject);
        op.level = from.level;
        if (from.cut) op.cut = numbers(*from.cut);
        op.rules = from.rules;
        if (op.kind == Kind::create) {
            for (const auto& founder : from.founders) op.founders.push_back(device(founder));
            if (op.founders.empty()) op.founders.push_back(op.author);
        } else {
            op.as = from.as ? number(*from.as) : out_.model.default_as(op);
        }
        return op;
    }

    const ScenarioFile& file_;
    Loaded out_;
    std::map<std::string, int> numbers_;
    std::map<std::string, int> devices_;
};

std::string list_difference(const std::string& what, const std::vector<std::string>& expected,
                            const std::vector<std::string>& found) {
    const std::set<std::string> left(expected.begin(), expected.end());
    const std::set<std::string> right(found.begin(), found.end());
    std::string out;
    for (const auto& name : left) {
        if (!right.contains(name)) out += name + " should be " + what + " and is not\n";
    }
    for (const auto& name : right) {
        if (!left.contains(name)) out += name + " should not be " + what + " and is\n";
    }
    return out;
}

}  // namespace

Loaded load(const ScenarioFile& file) { return Loader(file).load(); }

Expectation judged(const Loaded& loaded) {
    Expectation out;
    out.members.emplace();
    out.void_ops.emplace();
    out.invalid_ops = loaded.impossible;
    const auto outcome = loaded.model.judge(loaded.model.everything());
    for (const auto& [device, level] : outcome.members) {
        out.members->emplace(loaded.device_names.at(device), static_cast<Level>(level));
    }
    for (int i = 0; i < loaded.model.size(); ++i) {
        if (!loaded.model.admitted(i)) out.invalid_ops->push_back(loaded.op_names.at(i));
        if (outcome.is_void(i)) out.void_ops->push_back(loaded.op_names.at(i));
    }
    return out;
}

std::string differences(const Expectation& expected, const Expectation& found) {
    std::string out;
    if (expected.members && found.members) {
        auto names = *expected.members;
        names.insert(found.members->begin(), found.members->end());
        const auto level_in = [](const std::map<std::string, Level>& members, const std::string& name) {
            const auto at = members.find(name);
            return at == members.end() ? std::string("out") : level::to_text(at->second);
        };
        for (const auto& [name, ignored] : names) {
            const auto left = level_in(*expected.members, name);
            const auto right = level_in(*found.members, name);
            if (left != right)
                out.append(name)
                    .append(" should be ")
                    .append(left)
                    .append(" and is ")
                    .append(right)
                    .append("\n");
        }
    }
    if (expected.void_ops && found.void_ops) {
        out += list_difference("void", *expected.void_ops, *found.void_ops);
    }
    if (expected.invalid_ops && found.invalid_ops) {
        out += list_difference("invalid", *expected.invalid_ops, *found.invalid_ops);
    }
    return out;
}

ScenarioFile to_scenario(const model::History& history, std::string name, std::string why) {
    const auto op_name = [](int op) { return op == model::unknown ? "nowhere" : "o" + std::to_string(op); };
    const auto device_name = [](int device) { return "d" + std::to_string(device); };
    ScenarioFile file{std::move(name), std::move(why), {}, {}};
    for (std::size_t i = 0; i < history.size(); ++i) {
        const auto& from = history[i];
        ScenarioOp op;
        op.id = op_name(static_cast<int>(i));
        op.author = device_name(from.author);
        op.kind = from.kind;
        for (const int parent : from.parents) op.deps.push_back(op_name(parent));
        if (from.prev) op.deps.push_back(op_name(*from.prev));
        op.prev_choice = from.prev ? PrevChoice::named : PrevChoice::none;
        if (from.prev) op.prev = op_name(*from.prev);
        if (from.as) op.as = op_name(*from.as);
        if (from.subject != model::nobody) op.subject = device_name(from.subject);
        op.level = static_cast<Level>(from.level);
        if (from.cut) {
            op.cut.emplace();
            for (const int named : *from.cut) op.cut->push_back(op_name(named));
        }
        for (const int founder : from.founders) op.founders.push_back(device_name(founder));
        op.rules = from.rules;
        if (op.kind == Kind::create) op.prev_choice = PrevChoice::by_default;
        file.ops.push_back(std::move(op));
    }
    file.expect = judged(load(file));
    return file;
}

}  // namespace folkmoot::scenario
