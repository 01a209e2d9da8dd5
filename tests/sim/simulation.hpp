// One seed from beginning to end: people act and things go wrong; then faults stop and the correct peers are
// joined; then every law must hold. Deterministic: the same plan gives the same trace everywhere.
#pragma once

#include <memory>

#include "sim/node.hpp"
#include "sim/oracles.hpp"
#include "sim/plan.hpp"

namespace folkmoot::sim {

class Liar;

struct Findings {
    std::uint64_t seed = 0;
    std::optional<Violation> violation;
    std::uint64_t simulated_ms = 0;
    std::uint64_t events = 0;
    std::uint64_t trace_hash = 0;
    /// Q11. Own ops of correct peers that correct peers held when faults ended; how often such an op came to
    /// another correct peer in all, and after what time on average; and how long after the end of faults
    /// all agreed.
    std::uint64_t delivered = 0;
    std::uint64_t arrivals = 0;
    std::uint64_t mean_delay_ms = 0;
    std::uint64_t agreed_ms = 0;
    Counts faults, byzantine, reached, errors, peaks;
    std::vector<std::string> trace;
};

class Simulation {
   public:
    Simulation(const Plan& plan, bool keep_trace);
    ~Simulation();
    Simulation(const Simulation&) = delete;
    Simulation& operator=(const Simulation&) = delete;

    [[nodiscard]] Findings run();

   private:
    // Life (simulation.cpp)
    [[nodiscard]] std::unique_ptr<SimDisk> make_disk(std::size_t peer, const StoreInstance& instance);
    void found_group();
    void bring_in(std::size_t peer);
    void introduce(std::size_t peer, int attempt);
    void write_backlog(std::size_t left);
    void apply(const Item& item);
    void apply_to_lines(const Item& item, Random& random);
    void apply_to_process(const Item& item, Random& random);
    void apply_to_disk(const Item& item, Random& random);
    void set_back(Node& node, std::size_t image, const StoreInstance& instance);
    void decay(Node& node, Random& random);
    void forget_what_is_gone();
    void act(Node& node, Random& random);
    [[nodiscard]] DeviceKey some_device(Random& random);
    void run_until(std::uint64_t end_ms);
    void heal();
    [[nodiscard]] bool converge();
    [[nodiscard]] bool all_agree();

    // Laws (laws.cpp)
    void look();
    void judge_recovery(Node& node);
    void judge_end(bool agreed);
    void judge_convergence();
    void judge_no_loss();
    [[nodiscard]] bool is_in(const Node& node) const;
    [[nodiscard]] bool knows_it_is_out(const Node& node) const;
    [[nodiscard]] bool ok() const { return !world_.violation(); }
    void complain(const std::string& oracle, const std::string& who,
                  const std::optional<std::string>& complaint);

    Plan plan_;
    World world_;
    Society society_;
    Identities identities_;
    Network network_;
    std::vector<std::unique_ptr<Node>> nodes_;
    std::vector<std::unique_ptr<Liar>> liars_;
    std::vector<EndpointIndex> places_;  // by peer
    std::optional<GroupId> group_;
    std::uint64_t delivered_ = 0;
    std::uint64_t agreed_ms_ = 0;
    std::uint64_t looked_at_ = 0;
    bool healed_ = false;
};

/// The whole run of a plan.
[[nodiscard]] Findings simulate(const Plan& plan, bool keep_trace);

}  // namespace folkmoot::sim
