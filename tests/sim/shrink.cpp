#include "sim/shrink.hpp"

#include <algorithm>

#include "sim/simulation.hpp"

namespace folkmoot::sim {
namespace {

/// Worlds to run before it is small enough.
constexpr std::size_t most_tries = 400;

class Shrinker {
   public:
    Shrinker(Plan plan, std::string oracle) : plan_(std::move(plan)), oracle_(std::move(oracle)) {}

    Plan run() {
        drop_items();
        drop_edges();
        drop_roles();
        try_one([](Plan& plan) { plan.quality = {.delay_ms = 20}; });
        try_one([](Plan& plan) { plan.rules = {}; });
        try_one([](Plan& plan) { plan.backlog = 0; });
        while (plan_.backlog > 0 && try_one([](Plan& plan) { plan.backlog /= 2; })) {
        }
        try_one([](Plan& plan) { plan.real_keys = false; });
        try_one([](Plan& plan) { plan.sqlite = false; });
        for (std::size_t i = 0; i < plan_.peers.size(); ++i) {
            try_one([i](Plan& plan) { plan.peers[i].joins_ms = 0; });
        }
        drop_items();
        return std::move(plan_);
    }

   private:
    bool fails(const Plan& plan) {
        if (++tries_ > most_tries) return false;
        const auto found = simulate(plan, false).violation;
        return found && found->oracle == oracle_;
    }
    template <class Change>
    bool try_one(const Change& change) {
        Plan smaller = plan_;
        change(smaller);
        if (!fails(smaller)) return false;
        plan_ = std::move(smaller);
        return true;
    }
    // By halves first, then one by one.
    void drop_items() {
        for (std::size_t part = std::max<std::size_t>(1, plan_.items.size() / 2);; part /= 2) {
            for (std::size_t from = 0; from < plan_.items.size();) {
                const std::size_t size = std::min(part, plan_.items.size() - from);
                const bool dropped = try_one([&](Plan& plan) {
                    const auto begin = plan.items.begin() + static_cast<std::ptrdiff_t>(from);
                    plan.items.erase(begin, begin + static_cast<std::ptrdiff_t>(size));
                });
                if (!dropped) from += size;
            }
            if (part <= 1) return;
        }
    }
    void drop_edges() {
        for (std::size_t i = plan_.edges.size(); i-- > 0;) {
            try_one(
                [&](Plan& plan) { plan.edges.erase(plan.edges.begin() + static_cast<std::ptrdiff_t>(i)); });
        }
    }
    // Peers are named by number; the last ones can go without renaming any.
    void drop_roles() {
        while (plan_.peers.size() > 1) {
            const bool dropped = try_one([](Plan& plan) {
                const std::size_t last = plan.peers.size() - 1;
                plan.peers.pop_back();
                std::erase_if(plan.items, [&](const Item& item) { return item.who == last; });
                std::erase_if(plan.edges, [&](const auto& e) { return e.first == last || e.second == last; });
            });
            if (!dropped) return;
        }
    }
    Plan plan_;
    std::string oracle_;
    std::size_t tries_ = 0;
};

}  // namespace

Plan shrink(Plan plan, const std::string& oracle) { return Shrinker(std::move(plan), oracle).run(); }

}  // namespace folkmoot::sim
