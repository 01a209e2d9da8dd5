// The command `lab gossip`.
#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "moot/commands.hpp"
#include "moot/environment.hpp"
#include "moot/lab_gossip.hpp"
#include "moot/text.hpp"

namespace folkmoot::moot {
namespace {

using Json = nlohmann::ordered_json;

Json gossip_json(const lab::GossipReport& r) {
    return {{"visible", r.visible},   {"mean_ms", r.mean_ms},   {"median_ms", r.median_ms},
            {"p95_ms", r.p95_ms},     {"sessions", r.sessions}, {"failed", r.failed},
            {"messages", r.messages}, {"bytes", r.bytes},       {"simulated_ms", r.simulated_ms}};
}

Result<int> run_gossip(Environment& environment, lab::GossipOptions options, const std::string& choice) {
    Json out = {{"peers", options.peers}, {"ops", options.ops}, {"seed", options.seed}};
    bool all = true;
    std::map<std::string, double> means;
    for (const std::string which : {"uniform", "learned"}) {
        if (!choice.empty() && choice != which) continue;
        options.learned = which == "learned";
        const auto report = lab::gossip(options);
        if (!report) return std::unexpected(report.error());
        all = all && report->visible == options.ops;
        means[which] = report->mean_ms;
        out[which] = gossip_json(*report);
        environment.say(which + ": everybody has an operation after " +
                        std::to_string(static_cast<std::uint64_t>(report->mean_ms)) + " ms on average; " +
                        counted(report->sessions, "session") + ", " + std::to_string(report->bytes) +
                        " bytes");
    }
    if (means.size() == 2 && means["uniform"] > 0)
        out["gain_percent"] = 100.0 * (1.0 - means["learned"] / means["uniform"]);
    if (environment.json()) environment.print(out);
    return all ? 0 : 1;
}

}  // namespace

void add_lab_gossip(CLI::App& family, Command& chosen) {
    auto* command =
        add_command(family, "gossip", "How long an operation takes to reach everybody, in virtual time",
                    "moot lab gossip --peers 20 --ops 200 --seed 7 --json");
    auto options = std::make_shared<lab::GossipOptions>();
    auto choice = std::make_shared<std::string>();
    command->add_option("--peers", options->peers, "how many")->check(CLI::Range(2U, 1'000U));
    command->add_option("--ops", options->ops, "written by a third of them")->check(CLI::Range(1U, 100'000U));
    command->add_option("--choice", *choice, "how they choose whom to ask; both if left out")
        ->check(CLI::IsMember({"uniform", "learned"}));
    command->add_option("--seed", options->seed, "decides everything");
    command->add_option("--interval-ms", options->interval_ms, "how often each asks, give or take half")
        ->check(CLI::Range(10U, 3'600'000U));
    command->callback([&chosen, options, choice] {
        chosen.run = [options, choice](Environment& environment) {
            return run_gossip(environment, *options, *choice);
        };
    });
}

}  // namespace folkmoot::moot
