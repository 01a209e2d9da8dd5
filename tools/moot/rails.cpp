#include "moot/rails.hpp"

#include <algorithm>

namespace folkmoot::moot {
namespace {

// A rail runs from an op to one of its children; it carries the child it leads to. Rails that end in the
// same child join there.
using Rails = std::vector<OpIndex>;

std::string row(const Rails& rails, std::size_t star) {
    std::string out;
    for (std::size_t i = 0; i < rails.size(); ++i) out += i == star ? "* " : "| ";
    return out;
}

}  // namespace

std::vector<RailRow> rails(const Graph& graph, const std::vector<OpIndex>& order) {
    std::vector<std::vector<OpIndex>> children(graph.size());
    std::vector<OpIndex> direct;
    for (const OpIndex op : order) {
        direct.clear();
        graph.direct_ancestors(op, direct);
        for (const OpIndex ancestor : direct) children[ancestor].push_back(op);
    }
    std::vector<RailRow> out;
    Rails open;
    for (const OpIndex op : order) {
        RailRow next;
        auto first = std::ranges::find(open, op);
        if (first == open.end()) first = open.insert(open.end(), op);
        const auto place = static_cast<std::size_t>(first - open.begin());
        // Rails right of the first that lead here join it, one line each, the rightmost first.
        std::vector<std::string> joins;
        for (std::size_t i = open.size(); i-- > place + 1;) {
            if (open[i] != op) continue;
            std::string line;
            for (std::size_t j = 0; j < open.size(); ++j)
                line += j == place && i == place + 1 ? "|/" : j == i ? (i == place + 1 ? "" : "/ ") : "| ";
            joins.push_back(line);
            open.erase(open.begin() + static_cast<std::ptrdiff_t>(i));
        }
        if (!out.empty()) out.back().after.insert(out.back().after.end(), joins.begin(), joins.end());
        next.before = row(open, place);
        const auto& leads_to = children[op];
        if (leads_to.empty()) {
            open.erase(open.begin() + static_cast<std::ptrdiff_t>(place));
        } else {
            open[place] = leads_to.front();
            for (std::size_t i = 1; i < leads_to.size(); ++i) {
                std::string line;
                for (std::size_t j = 0; j <= place + i - 1; ++j) line += "| ";
                line.back() = '\\';
                for (std::size_t j = place + i; j < open.size(); ++j) line += " |";
                next.after.push_back(line);
                open.insert(open.begin() + static_cast<std::ptrdiff_t>(place + i), leads_to[i]);
            }
        }
        out.push_back(std::move(next));
    }
    return out;
}

}  // namespace folkmoot::moot
