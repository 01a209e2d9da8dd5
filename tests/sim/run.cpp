// Many seeds, one after the other, and what they add up to.
#include <algorithm>
#include <fstream>

#include "moot/sim_run.hpp"
#include "sim/shrink.hpp"
#include "sim/simulation.hpp"

namespace folkmoot::sim {
namespace {

std::string hex(std::uint64_t number) {
    Bytes bytes;
    for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(number >> shift));
    return to_hex(bytes);
}

std::string write_trace(const std::string& folder, const Plan& plan, const Findings& findings) {
    const std::string path = folder + "/sim-" + std::to_string(plan.seed) + ".trace";
    std::ofstream file(path);
    for (const std::string& line : describe(plan)) file << "# " << line << "\n";
    for (const std::string& line : findings.trace) file << line << "\n";
    file << "# hash " << hex(findings.trace_hash) << "\n";
    return file ? path : std::string();
}

Failure examine(const Plan& plan, const Findings& found, const RunOptions& options, bool first) {
    Failure failure{plan.seed, found.violation->oracle, found.violation->text, {}, {}};
    if (!first) return failure;
    Plan smallest = plan;
    if (options.shrink) smallest = shrink(plan, found.violation->oracle);
    failure.minimal = describe(smallest);
    if (!options.trace_folder.empty())
        failure.trace_file = write_trace(options.trace_folder, smallest, simulate(smallest, true));
    return failure;
}

// Q14: a batch in which something was never met says nothing about it.
std::vector<std::string> never_met(const RunReport& report) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < item_kind_count; ++i) {
        const auto kind = static_cast<ItemKind>(i);
        if (kind == ItemKind::post || kind == ItemKind::act || kind == ItemKind::lie) continue;
        if (!report.faults.contains(std::string(to_text(kind)))) out.emplace_back(to_text(kind));
    }
    for (std::size_t i = 0; i < role_count; ++i) {
        const std::string name(to_text(static_cast<Role>(i)));
        if (!report.byzantine.contains(name)) out.push_back(name);
    }
    for (const char* probe : probes) {
        if (!report.reached.contains(probe)) out.emplace_back(probe);
    }
    for (const ErrorCode code : errors_to_meet) {
        if (!report.errors.contains(std::string(name_of(code)))) out.emplace_back(name_of(code));
    }
    return out;
}

// What one world has under attack and without, to be compared.
struct Comparison {
    std::vector<std::uint64_t> arrivals, delay, agreement;  // percent
    AttackCost cost;

    void add(const Plan& plan, const Findings& attacked, const Findings& undisturbed) {
        if (attacked.violation || undisturbed.violation) return;
        const bool lies = std::ranges::count(plan.items, ItemKind::lie, &Item::kind) > 0;
        if (!lies || undisturbed.arrivals == 0) return;
        ++cost.worlds;
        cost.delivered += attacked.delivered;
        cost.delivered_undisturbed += undisturbed.delivered;
        const auto percent = [](std::uint64_t part, std::uint64_t whole) {
            return 100 * (part + 1) / (whole + 1);
        };
        arrivals.push_back(percent(attacked.arrivals, undisturbed.arrivals));
        delay.push_back(percent(attacked.mean_delay_ms, undisturbed.mean_delay_ms));
        agreement.push_back(percent(attacked.agreed_ms, undisturbed.agreed_ms));
    }
    static Distribution distribution(std::vector<std::uint64_t>& values) {
        if (values.empty()) return {};
        std::ranges::sort(values);
        const auto at = [&](std::size_t twentieths) { return values[(values.size() - 1) * twentieths / 20]; };
        return {values.front(), at(1), at(10), at(19)};
    }
    AttackCost result() {
        cost.arrivals = distribution(arrivals);
        cost.delay = distribution(delay);
        cost.agreement = distribution(agreement);
        return cost;
    }
};

// What a liar with power over others may do by the rules is no attack.
Plan without_power(Plan plan) {
    for (PeerPlan& peer : plan.peers) {
        if (!peer.correct) peer.level = level::member;
    }
    return plan;
}

}  // namespace

bool known_plant(const std::string& name) { return plant_from_text(name).has_value(); }

RunReport run(const RunOptions& options) {
    RunReport report;
    Comparison comparison;
    const Plant plant = plant_from_text(options.plant).value_or(Plant::none);
    for (std::uint64_t i = 0; i < options.seeds; ++i) {
        if (options.enough && options.enough()) break;
        Plan plan = make_plan(options.start + i, plant);
        if (options.backlog > 0) plan = with_backlog(std::move(plan), options.backlog);
        if (options.compare) plan = without_power(std::move(plan));
        const Findings found = simulate(plan, false);
        if (options.compare) comparison.add(plan, found, simulate(without_attacks(plan), false));
        ++report.seeds;
        report.simulated_ms += found.simulated_ms;
        report.events += found.events;
        report.hashes.emplace_back(plan.seed, found.trace_hash);
        add_counts(report.faults, found.faults);
        add_counts(report.byzantine, found.byzantine);
        add_counts(report.reached, found.reached);
        add_counts(report.errors, found.errors);
        for (const auto& [what, much] : found.peaks) {
            auto& most = report.peaks[what];
            most = std::max(most, much);
        }
        if (found.violation)
            report.failures.push_back(examine(plan, found, options, report.failures.empty()));
        if (options.progress) options.progress(plan.seed, found.violation.has_value());
        if (found.violation && options.stop_at_failure) break;
    }
    report.never = never_met(report);
    report.attacks = comparison.result();
    return report;
}

}  // namespace folkmoot::sim
