#include "moot/rails.hpp"

#include <algorithm>

namespace folkmoot::moot {
namespace {

// A rail runs from an op to one of its children; it carries the child it leads to. Rails that end in the
// same child join there. Rail i stands at character 2 i.
using Rails = std::vector<OpIndex>;

std::string upright(std::size_t count) {
    std::string line;
    for (std::size_t i = 0; i < count; ++i) line += "| ";
    return line;
}

std::string trimmed(std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

// Rail `from` runs over to rail `to`, left of it; those right of it move up.
std::string join_line(std::size_t count, std::size_t to, std::size_t from) {
    std::string line = upright(from) + std::string(2 * (count - from), ' ');
    for (std::size_t at = 2 * to + 1; at + 2 < 2 * from; at += 2) line[at] = '_';
    for (std::size_t rail = from; rail < count; ++rail) line[2 * rail - 1] = '/';
    return trimmed(line);
}

// A new rail parts from the one left of it; those right of it make room.
std::string part_line(std::size_t count, std::size_t place) {
    std::string line = upright(place) + std::string(2 * (count - place) + 2, ' ');
    for (std::size_t rail = place; rail <= count; ++rail) line[2 * rail - 1] = '\\';
    return trimmed(line);
}

template <class List>
void erase_at(List& list, std::size_t at) {
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(at));
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
        auto first = std::ranges::find(open, op);
        if (first == open.end()) first = open.insert(open.end(), op);
        const auto place = static_cast<std::size_t>(first - open.begin());
        for (std::size_t i = open.size(); i-- > place + 1;) {
            if (open[i] != op) continue;
            out.back().after.push_back(join_line(open.size(), place, i));
            erase_at(open, i);
        }
        RailRow next{upright(open.size()), {}};
        next.before[2 * place] = '*';
        const auto& leads_to = children[op];
        if (leads_to.empty()) {
            erase_at(open, place);
        } else {
            open[place] = leads_to.front();
        }
        for (std::size_t i = 1; i < leads_to.size(); ++i) {
            next.after.push_back(part_line(open.size(), place + i));
            open.insert(open.begin() + static_cast<std::ptrdiff_t>(place + i), leads_to[i]);
        }
        out.push_back(std::move(next));
    }
    return out;
}

}  // namespace folkmoot::moot
