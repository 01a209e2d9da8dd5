// `folkmoot_comparison`: round trips and bytes of reconciliations beside those that the paper of world.hpp
// gives for its prototype.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "bench/comparison/world.hpp"

namespace folkmoot::comparison {
namespace {

using Json = nlohmann::ordered_json;

struct Mode {
    SummaryChoice summary;
    const char* name;
};
constexpr std::array<Mode, 2> modes{Mode{SummaryChoice::automatic, "auto"},
                                    Mode{SummaryChoice::bloom, "bloom"}};
constexpr std::array<std::uint32_t, 11> updates{0, 1, 2, 5, 10, 20, 30, 40, 60, 80, 100};

// The paper's own figures, for the same set-up but without signatures; a later draft of the same authors says
// what two replicas pay that each have 1,000 new ops.
constexpr const char* paper =
    "paper   mean 1.03; one 96.7 %, two 3.2 %, three or more 0.04 %; about 1 kB of overhead a "
    "reconciliation\n"
    "draft   mean 1.02; 1,000 new ops on each side: 3 kB; git there: 464 kB in 11 trips, 905 kB in 6\n";

double per(std::uint64_t sum, std::uint64_t count) {
    return count == 0 ? 0 : static_cast<double>(sum) / static_cast<double>(count);
}

Json json_of(const Measured& m, const char* mode, const char* what, std::uint32_t ops) {
    return {{"summary", mode},
            {what, ops},
            {"reconciliations", m.reconciliations},
            {"mean_round_trips", m.mean_round_trips()},
            {"share_one", m.share(0, 1)},
            {"share_two", m.share(2, 2)},
            {"share_three_or_more", m.share(3, UINT64_MAX)},
            {"control_bytes", per(m.control_bytes, m.reconciliations)},
            {"ops", per(m.ops, m.reconciliations)},
            {"bytes_per_op", per(m.op_bytes, m.ops)},
            {"summaries", m.summaries}};
}

void print_row(const Measured& m, const char* mode, const std::string& what) {
    std::printf("%-7s %-9s %7.4f  %6.2f %%  %5.2f %%  %5.2f %%  %9.0f  %8.1f  %7.1f\n", mode, what.c_str(),
                m.mean_round_trips(), 100 * m.share(0, 1), 100 * m.share(2, 2), 100 * m.share(3, UINT64_MAX),
                per(m.control_bytes, m.reconciliations), per(m.ops, m.reconciliations),
                per(m.op_bytes, m.ops));
    std::fflush(stdout);
}

struct Table {
    bool json = false;
    Json rows = Json::array();
    bool good = true;

    Measured row(const Point& point, const Mode& mode, const char* what, std::uint32_t ops) {
        const auto measured = measure(point);
        if (!measured) {
            std::fprintf(stderr, "folkmoot_comparison: %s\n", measured.error().text.c_str());
            good = false;
            return {};
        }
        if (json) rows.push_back(json_of(*measured, mode.name, what, ops));
        if (!json) print_row(*measured, mode.name, std::to_string(ops));
        return *measured;
    }
};

bool run(Table& table, std::uint32_t reconciliations, std::uint64_t seed) {
    if (!table.json) {
        std::printf("%u replicas, signatures checked, sessions as in practice; %u reconciliations a row\n\n",
                    Point{}.replicas, reconciliations);
        std::printf(
            "summary updates   mean RT     one       two      3+     control B       ops   B an op\n");
    }
    for (const Mode& mode : modes) {
        Measured all;
        for (const std::uint32_t count : updates) {
            all.add(table.row({.updates = count,
                               .reconciliations = reconciliations,
                               .seed = seed + count,
                               .summary = mode.summary},
                              mode, "updates", count));
            if (!table.good) return false;
        }
        if (!table.json) print_row(all, mode.name, "all");
        if (table.json) table.rows.push_back(json_of(all, mode.name, "updates_up_to", updates.back()));
    }
    if (!table.json) std::printf("\ntwo replicas, each with so many new ops since they last met\n");
    for (const Mode& mode : modes) {
        (void)table.row(
            {.replicas = 2, .updates = 2000, .reconciliations = 10, .seed = seed, .summary = mode.summary},
            mode, "new_ops_each", 1000);
        if (!table.good) return false;
    }
    return true;
}

}  // namespace
}  // namespace folkmoot::comparison

int main(int argc, char** argv) {
    using namespace folkmoot;
    CLI::App app("Round trips and bytes of reconciliations, as in arXiv:2012.00472");
    comparison::Table table;
    std::uint32_t reconciliations = 600;
    std::uint64_t seed = 1;
    app.add_flag("--json", table.json, "one JSON object");
    app.add_option("--reconciliations", reconciliations, "a row")->check(CLI::Range(1U, 1'000'000U));
    app.add_option("--seed", seed, "decides every number");
    CLI11_PARSE(app, argc, argv);
    if (!start_crypto()) return 1;
    if (!comparison::run(table, reconciliations, seed)) return 1;
    if (table.json) {
        std::printf("%s\n", comparison::Json{{"rows", table.rows}}.dump().c_str());
    } else {
        std::printf("\nfor comparison (Kleppmann and Howard)\n%s", comparison::paper);
    }
    return 0;
}
