#include "property/laws.hpp"

#include <algorithm>
#include <cstdlib>

#include "folkmoot/access.hpp"
#include "folkmoot/graph.hpp"
#include "support/scenario.hpp"

namespace folkmoot::laws {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

World::World(const History& history, Flaw flaw) : flaw_(flaw), model_(flaw) {
    for (const Op& op : history) (void)add(op);
}

bool World::add(const Op& op) {
    History longer = history_;
    longer.push_back(op);
    std::vector<model::RealOp> real;
    try {
        real = model::real_ops(longer);
    } catch (const std::logic_error&) {
        return false;  // it has no bytes
    }
    if (model_.check(longer.back())) return false;
    (void)model_.add(longer.back());
    history_ = std::move(longer);
    ops_ = std::move(real);
    return true;
}

Judged World::judge_first(int count) const {
    std::vector<int> order;
    for (int i = 0; i < count; ++i) order.push_back(i);
    return judge_in_order(order);
}

Judged World::judge(const OpSet& present, Rng& rng) const {
    std::vector<int> order;
    OpSet done(present.size(), false);
    for (;;) {
        std::vector<int> ready;
        for (int i = 0; i < size(); ++i) {
            bool waits = done[i] || !present[i];
            for (int j = 0; j < size() && !waits; ++j) waits = model_.follows(i, j) && !done[j];
            if (!waits) ready.push_back(i);
        }
        if (ready.empty()) break;
        order.push_back(rng.pick(ready));
        done[order.back()] = true;
    }
    return judge_in_order(order);
}

Judged World::judge_in_order(const std::vector<int>& order) const {
    return flaw_ == Flaw::none ? by_library(order) : by_flawed_model(order);
}

Judged World::by_library(const std::vector<int>& order) const {
    Graph graph(order.size());
    Access access(graph);
    std::vector<OpIndex> index(history_.size(), no_index);
    for (const int op : order) {
        const auto& real = ops_.at(op);
        const bool ready = graph.prepare(real.id, real.operation) == Graph::Placement::ready;
        if (!ready || !access.check(real.operation)) throw std::runtime_error("A1 differs from the model");
        index[op] = graph.commit();
        access.apply(index[op], real.operation);
    }
    Judged out{
        std::vector<bool>(history_.size(), false), std::vector<bool>(model_.grants().size(), false), {}};
    for (const int op : order) out.effective[op] = access.now().effective(index[op]);
    for (std::size_t g = 0; g < model_.grants().size(); ++g) {
        const auto& grant = model_.grants()[g];
        if (index[grant.op] == no_index) continue;
        for (const auto& view : access.now().grants_of(model::real_key(grant.holder))) {
            if (view.op == index[grant.op]) out.live[g] = view.live;
        }
        const int level = access.now().level_of(model::real_key(grant.holder));
        if (level > 0) out.members[grant.holder] = level;
    }
    return out;
}

// The flawed judge meets the ops in this order, as its numbers.
Judged World::by_flawed_model(const std::vector<int>& order) const {
    std::vector<int> number(history_.size(), unknown);
    Model other(flaw_);
    for (const int op : order) {
        Op copy = history_[op];
        for (int& parent : copy.parents) parent = number[parent];
        if (copy.prev) copy.prev = number[*copy.prev];
        if (copy.as) copy.as = number[*copy.as];
        for (int i = 0; copy.cut && i < static_cast<int>(copy.cut->size()); ++i)
            copy.cut->at(i) = number[copy.cut->at(i)];
        number[op] = other.add(copy);
    }
    const auto outcome = other.judge(other.everything());
    Judged out{std::vector<bool>(history_.size(), false), std::vector<bool>(model_.grants().size(), false),
               outcome.members};
    for (const int op : order) out.effective[op] = outcome.effective(number[op]);
    for (std::size_t g = 0; g < model_.grants().size(); ++g) {
        const auto& grant = model_.grants()[g];
        if (number[grant.op] == unknown) continue;
        const int there = other.grant_of(number[grant.op], grant.holder);
        out.live[g] = there >= 0 && outcome.live[there];
    }
    return out;
}

std::string World::story(const std::string& why) const {
    return scenario::serialise_scenario(scenario::to_scenario(history_, "broken-law", why));
}

World random_world(std::uint64_t seed, const model::RandomOptions& options, Flaw flaw) {
    const History history = model::random_history(seed, options);
    const Model judge = model::model_of(history);
    // Only admitted ops, whose ancestors all are.
    std::vector<int> number(history.size(), unknown);
    World world({}, flaw);
    for (int i = 0; i < judge.size(); ++i) {
        if (!judge.admitted(i)) continue;
        Op op = history[i];
        for (int& parent : op.parents) parent = number[parent];
        if (op.prev) op.prev = number[*op.prev];
        if (op.as) op.as = number[*op.as];
        for (int k = 0; op.cut && k < static_cast<int>(op.cut->size()); ++k)
            op.cut->at(k) = number[op.cut->at(k)];
        if (world.add(op)) number[i] = world.size() - 1;
        if (world.size() == 0) break;  // its create has no bytes
    }
    return world;
}

}  // namespace folkmoot::laws
