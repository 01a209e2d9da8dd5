// moot scenario run: plays scenario files and compares with what they expect.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "moot/commands.hpp"
#include "moot/environment.hpp"
#include "moot/scenario_ops.hpp"

namespace folkmoot::moot {
namespace {

using Json = nlohmann::ordered_json;
using scenario::Expectation;
using scenario::Played;
using scenario::ScenarioFile;

constexpr std::uintmax_t largest_file_bytes = 1U << 20U;

Json level_value(Level level) {
    const std::string text = level::to_text(level);
    return text.find_first_not_of("0123456789") == std::string::npos ? Json(level) : Json(text);
}

struct Found {
    std::map<std::string, Level> members;
    std::vector<std::string> void_ops;
    std::vector<std::string> invalid_ops;
};

Found found_in(const Played& played) {
    Found found;
    if (played.graph().size() > 0) {
        for (const auto& member : played.access().now().members()) {
            found.members.emplace(played.name_of(member.key), member.level);
        }
    }
    for (OpIndex op = 0; op < played.graph().size(); ++op) {
        if (!played.access().now().effective(op)) found.void_ops.push_back(played.name_of(op));
    }
    std::ranges::sort(found.void_ops);
    for (const auto& [name, refused] : played.refused()) found.invalid_ops.push_back(name);
    return found;
}

std::vector<std::string> sorted(std::vector<std::string> names) {
    std::ranges::sort(names);
    names.erase(std::ranges::unique(names).begin(), names.end());
    return names;
}

// A sentence for each difference from what was expected.
std::vector<std::string> differences(const Expectation& expected, const Found& found) {
    std::vector<std::string> out;
    if (expected.members) {
        auto names = *expected.members;
        names.insert(found.members.begin(), found.members.end());
        const auto level_in = [](const std::map<std::string, Level>& members, const std::string& name) {
            const auto at = members.find(name);
            return at == members.end() || at->second == 0 ? std::string("out") : level::to_text(at->second);
        };
        for (const auto& [name, ignored] : names) {
            const auto wanted = level_in(*expected.members, name);
            const auto is = level_in(found.members, name);
            if (wanted != is) {
                out.push_back(
                    std::string(name).append(" should be ").append(wanted).append(" and is ").append(is));
            }
        }
    }
    const auto compare = [&out](const auto& wanted, const std::vector<std::string>& is, const char* what) {
        if (!wanted) return;
        const auto left = sorted(*wanted);
        for (const auto& name : left) {
            if (!std::ranges::binary_search(is, name))
                out.push_back(name + " should be " + what + " and is not");
        }
        for (const auto& name : is) {
            if (!std::ranges::binary_search(left, name))
                out.push_back(name + " should not be " + what + " and is");
        }
    };
    compare(expected.void_ops, found.void_ops, "void");
    compare(expected.invalid_ops, found.invalid_ops, "invalid");
    return out;
}

Json reasons_of(const Played& played) {
    Json reasons = Json::object();
    for (OpIndex op = 0; op < played.graph().size(); ++op) {
        const Verdict verdict = played.access().now().verdict(op);
        if (verdict.effective()) continue;
        reasons[played.name_of(op)] = {
            {"rule", to_text(verdict.rule)},
            {"by", verdict.by == no_index ? Json() : Json(played.name_of(verdict.by))}};
    }
    for (const auto& [name, refused] : played.refused()) {
        reasons[name] = {{"rule", refused.rule},
                         {"by", refused.by.empty() ? Json() : Json(refused.by)},
                         {"code", static_cast<unsigned>(refused.error.code)},
                         {"name", name_of(refused.error.code)},
                         {"text", refused.error.text}};
    }
    return reasons;
}

Json json_of(const std::string& path, const Played& played, const Found& found, const Json& expected,
             const std::vector<std::string>& faults) {
    Json members = Json::object();
    for (const auto& [name, level] : found.members) members[name] = level_value(level);
    Json ids = Json::object();
    for (const auto& [name, id] : played.ids()) ids[name] = to_hex(id.view());
    Json digest;
    if (played.graph().size() > 0) digest = to_hex(played.access().now().membership_digest().view());
    Json out = {{"file", path},
                {"members", members},
                {"void", found.void_ops},
                {"invalid", found.invalid_ops},
                {"reasons", reasons_of(played)},
                {"ids", ids},
                {"digest", digest},
                {"expected", expected}};
    if (!faults.empty()) out["differences"] = faults;
    return out;
}

std::string line_of(const std::string& path, const Found& found, const char* verdict) {
    std::string members;
    for (const auto& [name, level] : found.members) {
        members += (members.empty() ? "" : ", ") + name + " " + level::to_text(level);
    }
    return std::string(verdict) + "  " + path + ": " + (members.empty() ? "nobody" : members) + "; " +
           std::to_string(found.void_ops.size()) + " void, " + std::to_string(found.invalid_ops.size()) +
           " invalid";
}

Result<ScenarioFile> load_bounded(const std::string& path) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (!error && size > largest_file_bytes) {
        return fail(ErrorCode::bad_scenario, path + ": larger than 1 MB, the most a scenario file may have");
    }
    return scenario::load_scenario(path);
}

// Whether the expectations were met; without any, they were.
Result<bool> run_file(Environment& environment, const std::string& path) {
    const auto file = load_bounded(path);
    if (!file) return std::unexpected(file.error());
    Played played;
    if (auto done = played.play(*file); !done) return std::unexpected(done.error());
    const Found found = found_in(played);
    const auto faults = file->expect ? differences(*file->expect, found) : std::vector<std::string>();
    const bool met = faults.empty();
    if (environment.json()) {
        environment.print(json_of(path, played, found, file->expect ? Json(met) : Json(), faults));
        return met;
    }
    environment.say(line_of(path, found, !file->expect ? "--  " : met ? "ok  " : "FAIL"));
    for (const auto& fault : faults) environment.say("      " + fault);
    return met;
}

Result<int> run_files(Environment& environment, const std::vector<std::string>& paths) {
    std::size_t failed = 0;
    int worst = 0;
    for (const auto& path : paths) {
        const auto met = run_file(environment, path);
        if (!met) {
            worst = std::max(worst, report(environment, met.error()));
            ++failed;
        } else if (!*met) {
            worst = std::max(worst, 1);
            ++failed;
        }
    }
    environment.say(std::to_string(paths.size()) + " scenarios, " + std::to_string(failed) +
                    " not as expected");
    return worst;
}

}  // namespace

void add_scenario_commands(CLI::App& app, Command& chosen) {
    auto* family = app.add_subcommand("scenario", "Small histories with symbolic names");
    family->require_subcommand(1);
    auto* run =
        add_command(*family, "run", "Play scenario files with real ops and compare with their expectations",
                    "moot scenario run tests/scenarios/*.json --json");
    auto paths = std::make_shared<std::vector<std::string>>();
    run->add_option("FILE", *paths, "Scenario files")->required();
    run->callback([paths, &chosen] {
        chosen.run = [paths](Environment& environment) { return run_files(environment, *paths); };
    });
}

}  // namespace folkmoot::moot
