// The commands under `sim`: simulated worlds in which peers crash, lie and are cut off, and laws that hold
// all the same.
#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "moot/commands.hpp"
#include "moot/environment.hpp"
#include "moot/sim_run.hpp"

namespace folkmoot::moot {

#ifdef FOLKMOOT_WITH_SIMULATOR
namespace {

using Json = nlohmann::ordered_json;

struct Arguments {
    std::uint64_t seeds = 100;
    std::uint64_t start = 1;
    double minutes = 0;
    std::string plant;
    std::string trace = ".";
    bool stop = false;
    bool no_shrink = false;
    bool hashes = false;
    bool compare = false;
    std::size_t backlog = 0;
};

std::string hex(std::uint64_t number) {
    std::string out;
    for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[(number >> shift) & 15U];
    return out;
}

Json to_json(const sim::Distribution& at) {
    return {{"least", at.least}, {"low", at.low}, {"median", at.median}, {"high", at.high}};
}

Json to_json(const sim::AttackCost& cost) {
    return {{"worlds", cost.worlds},
            {"delivered", cost.delivered},
            {"delivered_undisturbed", cost.delivered_undisturbed},
            {"arrivals_percent", to_json(cost.arrivals)},
            {"delay_percent", to_json(cost.delay)},
            {"agreement_percent", to_json(cost.agreement)}};
}

Json to_json(const sim::RunReport& report, bool hashes) {
    Json failed = Json::array();
    Json details = Json::array();
    for (const sim::Failure& failure : report.failures) {
        failed.push_back(failure.seed);
        details.push_back({{"seed", failure.seed},
                           {"law", failure.law},
                           {"text", failure.text},
                           {"minimal", failure.minimal},
                           {"trace", failure.trace_file}});
    }
    Json out = {{"seeds", report.seeds},
                {"failed", failed},
                {"simulated_s", static_cast<double>(report.simulated_ms) / 1000},
                {"events", report.events},
                {"faults", report.faults},
                {"byzantine", report.byzantine},
                {"reached", report.reached},
                {"errors", report.errors},
                {"peaks", report.peaks},
                {"never", report.never},
                {"failures", details}};
    if (report.attacks.worlds > 0) out["attacks"] = to_json(report.attacks);
    if (!hashes) return out;
    for (const auto& [seed, hash] : report.hashes) out["hashes"].push_back({seed, hex(hash)});
    return out;
}

void tell(Environment& environment, const sim::RunReport& report, const Arguments& arguments) {
    for (const sim::Failure& failure : report.failures) {
        environment.answer("seed " + std::to_string(failure.seed) + " breaks " + failure.law + ": " +
                           failure.text);
        environment.answer("  again: moot sim run --seeds 1 --start " + std::to_string(failure.seed) +
                           (arguments.plant.empty() ? "" : " --plant " + arguments.plant));
        if (!failure.trace_file.empty()) environment.answer("  trace: " + failure.trace_file);
        for (const std::string& line : failure.minimal) environment.answer("    " + line);
    }
    if (arguments.hashes) {
        for (const auto& [seed, hash] : report.hashes)
            environment.answer(std::to_string(seed) + " " + hex(hash));
    }
    if (report.attacks.worlds > 0) environment.answer("under attack: " + to_json(report.attacks).dump());
    environment.answer(std::to_string(report.seeds) + " worlds, " + std::to_string(report.failures.size()) +
                       " failed; " + std::to_string(report.simulated_ms / 1000) + " s simulated, " +
                       std::to_string(report.events) + " events");
}

Result<int> run_seeds(Environment& environment, const Arguments& arguments) {
    if (!arguments.plant.empty() && !sim::known_plant(arguments.plant))
        return fail(ErrorCode::usage, "there is no plant " + arguments.plant);
    sim::RunOptions options;
    options.start = arguments.start;
    options.seeds = arguments.seeds;
    options.plant = arguments.plant;
    options.trace_folder = environment.path(arguments.trace).string();
    options.shrink = !arguments.no_shrink;
    options.stop_at_failure = arguments.stop;
    options.backlog = arguments.backlog;
    options.compare = arguments.compare;
    const auto began = std::chrono::steady_clock::now();
    if (arguments.minutes > 0) {
        options.enough = [&] {
            return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count() >
                   arguments.minutes * 60;
        };
    }
    const auto report = sim::run(options);
    if (environment.json()) {
        environment.print(to_json(report, arguments.hashes));
        for (const sim::Failure& failure : report.failures) {
            environment.note("again: moot sim run --seeds 1 --start " + std::to_string(failure.seed));
        }
    } else {
        tell(environment, report, arguments);
    }
    return report.failures.empty() ? 0 : 1;
}

}  // namespace

void add_sim_commands(CLI::App& app, Command& chosen) {
    auto* family = app.add_subcommand("sim", "Simulated worlds: everything goes wrong, every law must hold");
    family->require_subcommand(1);
    auto* command = add_command(*family, "run", "Run worlds by seed and hold them to the laws",
                                "moot sim run --seeds 1000 --start 1 --json");
    auto arguments = std::make_shared<Arguments>();
    command->add_option("--seeds", arguments->seeds, "how many")->check(CLI::Range(1U, 1'000'000'000U));
    command->add_option("--start", arguments->start, "the first seed");
    command->add_option("--minutes", arguments->minutes, "begin no world after so many");
    command->add_option("--plant", arguments->plant, "build in a defect, which must be found");
    command->add_option("--trace-folder", arguments->trace, "where the trace of the first failure goes");
    command->add_flag("--stop", arguments->stop, "end at the first failure");
    command->add_flag("--no-shrink", arguments->no_shrink, "do not look for a smaller failure");
    command->add_flag("--hashes", arguments->hashes, "give the hash of every world's trace");
    command->add_flag("--compare", arguments->compare, "run every world also without its attacks");
    command->add_option("--backlog", arguments->backlog, "let one peer of every world be so many ops behind")
        ->check(CLI::Range(1U, 1'000'000U));
    command->callback([&chosen, arguments] {
        chosen.run = [arguments](Environment& environment) { return run_seeds(environment, *arguments); };
    });
}
#else
void add_sim_commands(CLI::App&, Command&) {}
#endif

}  // namespace folkmoot::moot
