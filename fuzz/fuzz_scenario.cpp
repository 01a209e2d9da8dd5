// A scenario file from any text: refused with bad_scenario, or written again to a text that means the same;
// and its causal order has each op once, after those it names.
#include <map>

#include "base/assert.hpp"
#include "moot/scenario_file.hpp"

namespace {

using namespace folkmoot;
using scenario::ScenarioFile;

void check_order(const ScenarioFile& file) {
    const auto order = scenario::causal_order(file);
    std::map<std::string, std::size_t> place;
    for (std::size_t i = 0; i < order.size(); ++i) {
        FOLKMOOT_ASSERT(order[i] < file.ops.size());
        FOLKMOOT_ASSERT(place.emplace(file.ops[order[i]].id, i).second);
    }
    for (const std::size_t at : order) {
        const auto& op = file.ops[at];
        for (const auto& dep : op.deps) {
            const auto found = place.find(dep);
            FOLKMOOT_ASSERT(found == place.end() || found->second < place.at(op.id));
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto file = scenario::parse_scenario(text);
    if (!file) {
        FOLKMOOT_ASSERT(file.error().code == ErrorCode::bad_scenario && !file.error().text.empty());
        return 0;
    }
    const auto again = scenario::parse_scenario(scenario::serialise_scenario(*file));
    FOLKMOOT_ASSERT(again && *again == *file);
    check_order(*file);
    return 0;
}
