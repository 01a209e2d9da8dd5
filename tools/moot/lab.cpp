// The commands under `lab`: what things cost, in one run.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "moot/commands.hpp"
#include "moot/environment.hpp"
#include "moot/lab_ingest.hpp"
#include "moot/lab_reconcile.hpp"
#include "moot/lab_resolve.hpp"

namespace folkmoot::moot {
namespace {

using Json = nlohmann::ordered_json;

struct ReconcileArguments {
    std::string trace;
    std::string memory = "first";
    std::string summary = "auto";
    std::string signatures = "chain";
    std::size_t third_party = 0;
    unsigned repeat = 1;
    double latency_ms = 0;
};

Json reconcile_json(const lab::ReconcileReport& r, double latency_ms) {
    Json out;
    out["ops"] = {{"common", r.common}, {"a", r.only_a}, {"b", r.only_b}};
    out["bytes"] = {{"total", r.bytes_total}, {"ops", r.bytes_ops}, {"control", r.bytes_total - r.bytes_ops}};
    const auto delivered = static_cast<double>(std::max<std::uint64_t>(1, r.ops_delivered));
    out["bytes_per_op"] = static_cast<double>(r.bytes_ops) / delivered;
    out["trips"] = r.trips;
    out["round_trips"] = static_cast<double>(r.trips) / 2;
    out["cpu_ms"] = {{"session", r.session_ms}, {"total", r.total_ms}};
    if (latency_ms > 0) out["elapsed_ms"] = static_cast<double>(r.trips) * latency_ms + r.total_ms;
    out["signatures_checked"] = r.signatures_checked;
    out["summary"] = r.summary;
    out["complete"] = r.complete;
    out["equal"] = r.equal;
    if (!r.error.empty()) out["error"] = r.error;
    return out;
}

std::string sentence(const lab::ReconcileReport& r) {
    return std::to_string(r.ops_delivered) + " ops delivered, " +
           std::to_string(r.bytes_total - r.bytes_ops) + " bytes of control, " + std::to_string(r.trips) +
           " trips, summary " + r.summary + ", " + (r.equal ? "equal" : "NOT equal") +
           (r.error.empty() ? "" : ": " + r.error);
}

Result<int> run_reconcile(Environment& environment, const ReconcileArguments& arguments) {
    std::ifstream file(environment.path(arguments.trace));
    if (!file) return fail(ErrorCode::file_io, "cannot read " + arguments.trace);
    const auto trace = lab::read_trace(file);
    if (!trace) return std::unexpected(trace.error());
    const auto history = lab::make_history(*trace);
    if (!history) return std::unexpected(history.error());
    lab::ReconcileOptions options;
    if (arguments.memory == "met") options.memory = lab::Memory::met;
    if (arguments.memory == "lost") options.memory = lab::Memory::lost;
    if (arguments.memory == "stale") options.memory = lab::Memory::stale;
    options.third_party = arguments.third_party;
    options.repeat = arguments.repeat;
    options.sign_each = arguments.signatures == "each";
    if (arguments.summary == "bloom") options.summary = SummaryChoice::bloom;
    if (arguments.summary == "tips") options.summary = SummaryChoice::tips;
    if (arguments.summary == "exact") options.summary = SummaryChoice::exact;
    const auto report = lab::reconcile(*history, options);
    if (!report) return std::unexpected(report.error());
    if (environment.json()) {
        environment.print(reconcile_json(*report, arguments.latency_ms));
    } else {
        environment.answer(sentence(*report));
    }
    return report->complete && report->equal ? 0 : 1;
}

Result<int> run_ingest(Environment& environment, const lab::IngestOptions& options) {
    const auto report = lab::ingest(options);
    if (!report) return std::unexpected(report.error());
    if (environment.json()) {
        environment.print({{"ops", report->ops},
                           {"ops_per_s", report->ops_per_s},
                           {"ops_per_cpu_s", report->ops_per_cpu_s},
                           {"verify_per_s", report->verify_per_s},
                           {"signatures_checked", report->signatures_checked},
                           {"peak_rss_bytes", report->peak_rss_bytes},
                           {"bytes_per_op_memory", report->bytes_per_op_memory}});
    } else {
        environment.answer(std::to_string(static_cast<std::uint64_t>(report->ops_per_s)) +
                           " ops a second; bare verification " +
                           std::to_string(static_cast<std::uint64_t>(report->verify_per_s)) + " a second");
    }
    return 0;
}

Result<int> run_resolve(Environment& environment, const lab::ResolveOptions& options) {
    const auto report = lab::resolve(options);
    if (!report) return std::unexpected(report.error());
    if (environment.json()) {
        environment.print({{"ops", report->ops},
                           {"access_ops", report->access_ops},
                           {"resolve_ms", report->resolve_ms},
                           {"append_us", report->append_us},
                           {"effective", report->effective},
                           {"void", report->voided}});
    } else {
        environment.answer(std::to_string(report->ops) + " ops, " + std::to_string(report->access_ops) +
                           " of them access ops, resolved in " + std::to_string(report->resolve_ms) +
                           " ms; " + std::to_string(report->append_us) + " us to append one");
    }
    return 0;
}

void add_reconcile(CLI::App& family, Command& chosen) {
    auto* command =
        add_command(family, "reconcile", "Reconcile two replicas of a trace over a wire in memory",
                    "moot lab reconcile --trace history.trace --memory met --json");
    auto arguments = std::make_shared<ReconcileArguments>();
    command->add_option("--trace", arguments->trace, "the trace: AUTHOR PAYLOAD_BYTES SIDE PARENT... a line")
        ->required();
    command
        ->add_option("--memory", arguments->memory,
                     "what they remember: nothing, where they met, only A does, or other points")
        ->check(CLI::IsMember({"first", "met", "lost", "stale"}));
    command->add_option("--third-party", arguments->third_party,
                        "how many of the common ops came to both from others after they met");
    command->add_option("--repeat", arguments->repeat, "measure so often; CPU times are the least")
        ->check(CLI::Range(1U, 1000U));
    command->add_option("--summary", arguments->summary, "which summary they send")
        ->check(CLI::IsMember({"auto", "bloom", "tips", "exact"}));
    command->add_option("--signatures", arguments->signatures, "every signature, or chains that vouch")
        ->check(CLI::IsMember({"each", "chain"}));
    command->add_option("--latency-ms", arguments->latency_ms, "of one trip, for elapsed_ms");
    command->callback([&chosen, arguments] {
        chosen.run = [arguments](Environment& environment) { return run_reconcile(environment, *arguments); };
    });
}

void add_ingest(CLI::App& family, Command& chosen) {
    auto* command = add_command(family, "ingest", "Take in a history that a peer sends",
                                "moot lab ingest --ops 100000 --json");
    auto options = std::make_shared<lab::IngestOptions>();
    auto store = std::make_shared<std::string>("memory");
    auto signatures = std::make_shared<std::string>("chain");
    command->add_option("--ops", options->ops, "how many")->check(CLI::Range(2U, 10'000'000U));
    command->add_option("--threads", options->threads, "that verify signatures")->check(CLI::Range(1U, 64U));
    command->add_option("--authors", options->authors, "by how many")->check(CLI::Range(2U, 100'000U));
    command->add_option("--payload", options->payload, "bytes of each")->check(CLI::Range(0U, 32'768U));
    command->add_option("--store", *store, "where to")->check(CLI::IsMember({"memory", "sqlite"}));
    command->add_option("--signatures", *signatures, "every signature, or chains that vouch")
        ->check(CLI::IsMember({"each", "chain"}));
    command->callback([&chosen, options, store, signatures] {
        options->sqlite = *store == "sqlite";
        options->sign_each = *signatures == "each";
        chosen.run = [options](Environment& environment) { return run_ingest(environment, *options); };
    });
}

void add_resolve(CLI::App& family, Command& chosen) {
    auto* command = add_command(family, "resolve", "Decide who belongs, from scratch and op by op",
                                "moot lab resolve --ops 1000000 --access 10000 --json");
    auto options = std::make_shared<lab::ResolveOptions>();
    command->add_option("--ops", options->ops, "how many in all")->check(CLI::Range(2U, 10'000'000U));
    command->add_option("--access", options->access, "how many of them access ops, about")
        ->check(CLI::Range(1U, 1'000'000U));
    command->add_option("--members", options->members, "of the group")->check(CLI::Range(2U, 100'000U));
    command->add_option("--clique", options->clique, "instead: so many admins who all remove each other")
        ->check(CLI::Range(2U, 1'000U));
    command->callback([&chosen, options] {
        chosen.run = [options](Environment& environment) { return run_resolve(environment, *options); };
    });
}

}  // namespace

void add_lab_commands(CLI::App& app, Command& chosen) {
    auto* family = app.add_subcommand("lab", "What things cost");
    family->require_subcommand(1);
    add_reconcile(*family, chosen);
    add_ingest(*family, chosen);
    add_resolve(*family, chosen);
    add_lab_gossip(*family, chosen);
}

}  // namespace folkmoot::moot
