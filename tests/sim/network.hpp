// Who is connected to whom: edges that are dialed again and again, and partitions between them.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "sim/pipe.hpp"

namespace folkmoot::sim {

/// By number of endpoint.
using EndpointIndex = std::size_t;

class Network {
   public:
    Network(World& world, const LineQuality& quality) : world_(world), quality_(quality) {}

    EndpointIndex add(Endpoint& endpoint);
    /// Keeps them connected from now on; `a` dials.
    void keep_connected(EndpointIndex a, EndpointIndex b);
    [[nodiscard]] bool has_edge(EndpointIndex a, EndpointIndex b) const;
    /// A connection beside the edges, not dialed again.
    Pipe* connect_once(EndpointIndex a, EndpointIndex b);
    /// The pipe came to nothing good: the next dial of its edge waits longer.
    void note_useful(const Pipe& pipe);

    /// No bytes from one to the other until then.
    void block(EndpointIndex from, EndpointIndex to, std::uint64_t for_ms);
    /// Every pipe that stands.
    [[nodiscard]] std::vector<Pipe*> open_pipes();
    /// How lines opened from now on behave.
    void set_quality(const LineQuality& quality) { quality_ = quality; }
    /// Ends all partitions and dials every edge at once.
    void heal();

   private:
    struct Edge {
        EndpointIndex a;
        EndpointIndex b;
        Pipe* pipe = nullptr;
        std::uint64_t wait_ms = 0;
        bool due = false;
    };
    void dial(std::size_t edge);
    void dial_later(std::size_t edge, std::uint64_t delay_ms);
    void dial_again(std::size_t edge);
    Pipe& make_pipe(EndpointIndex a, EndpointIndex b);
    [[nodiscard]] std::uint64_t blocked_for(EndpointIndex from, EndpointIndex to) const;

    World& world_;
    LineQuality quality_;
    std::vector<Endpoint*> endpoints_;
    std::vector<std::unique_ptr<Pipe>> pipes_;  // all that ever were: events name them
    std::vector<Edge> edges_;
    std::map<std::pair<EndpointIndex, EndpointIndex>, std::uint64_t> blocked_until_ms_;
    std::vector<std::pair<EndpointIndex, EndpointIndex>> who_;  // by number of pipe
};

}  // namespace folkmoot::sim
