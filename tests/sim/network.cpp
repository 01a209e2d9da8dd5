#include "sim/network.hpp"

#include <algorithm>

#include "folkmoot/limits.hpp"

namespace folkmoot::sim {

EndpointIndex Network::add(Endpoint& endpoint) {
    endpoints_.push_back(&endpoint);
    return endpoints_.size() - 1;
}

bool Network::has_edge(EndpointIndex a, EndpointIndex b) const {
    return std::ranges::any_of(edges_, [&](const Edge& edge) {
        return (edge.a == a && edge.b == b) || (edge.a == b && edge.b == a);
    });
}

void Network::keep_connected(EndpointIndex a, EndpointIndex b) {
    edges_.push_back({a, b});
    dial_later(edges_.size() - 1, 1 + edges_.size());
}

void Network::dial_later(std::size_t edge, std::uint64_t delay_ms) {
    if (edges_[edge].due) return;
    edges_[edge].due = true;
    world_.after(delay_ms, [this, edge] {
        edges_[edge].due = false;
        dial(edge);
    });
}

std::uint64_t Network::blocked_for(EndpointIndex from, EndpointIndex to) const {
    const auto at = blocked_until_ms_.find({from, to});
    return at == blocked_until_ms_.end() || at->second <= world_.now_ms() ? 0 : at->second - world_.now_ms();
}

void Network::dial(std::size_t number) {
    Edge& edge = edges_[number];
    if (edge.pipe != nullptr) return;
    edge.wait_ms = std::clamp(edge.wait_ms * 2, limits::first_retry_ms, limits::last_retry_ms);
    const bool reachable = endpoints_[edge.a]->is_up() && endpoints_[edge.b]->is_up() &&
                           blocked_for(edge.a, edge.b) == 0 && blocked_for(edge.b, edge.a) == 0;
    if (!reachable) return dial_later(number, edge.wait_ms);
    Pipe& pipe = make_pipe(edge.a, edge.b);
    edge.pipe = &pipe;
    endpoints_[edge.b]->handle_open({&pipe, 1}, std::nullopt);
    endpoints_[edge.a]->handle_open({&pipe, 0}, endpoints_[edge.b]->key());
    // It may be over already.
    const auto again = [this, number] { dial_again(number); };
    if (pipe.over()) return world_.after(0, again);
    pipe.on_over(again);
}

void Network::dial_again(std::size_t number) {
    Edge& edge = edges_[number];
    if (edge.pipe == nullptr || !edge.pipe->over()) return;
    edge.pipe = nullptr;
    dial_later(number, std::max(edge.wait_ms, limits::first_retry_ms));
}

Pipe& Network::make_pipe(EndpointIndex a, EndpointIndex b) {
    pipes_.push_back(std::make_unique<Pipe>(world_, pipes_.size(), quality_, *endpoints_[a], *endpoints_[b]));
    Pipe& pipe = *pipes_.back();
    who_.emplace_back(a, b);
    world_.trace(pipe.name(), "opens from " + endpoints_[a]->name() + " to " + endpoints_[b]->name());
    if (const auto wait = blocked_for(a, b)) pipe.block(0, wait);
    if (const auto wait = blocked_for(b, a)) pipe.block(1, wait);
    return pipe;
}

Pipe* Network::connect_once(EndpointIndex a, EndpointIndex b) {
    if (!endpoints_[a]->is_up() || !endpoints_[b]->is_up()) return nullptr;
    if (blocked_for(a, b) != 0 || blocked_for(b, a) != 0) return nullptr;
    Pipe& pipe = make_pipe(a, b);
    endpoints_[b]->handle_open({&pipe, 1}, std::nullopt);
    endpoints_[a]->handle_open({&pipe, 0}, endpoints_[b]->key());
    return &pipe;
}

void Network::note_useful(const Pipe& pipe) {
    for (Edge& edge : edges_) {
        if (edge.pipe == &pipe) edge.wait_ms = 0;
    }
}

void Network::block(EndpointIndex from, EndpointIndex to, std::uint64_t for_ms) {
    auto& until = blocked_until_ms_[{from, to}];
    until = std::max(until, world_.now_ms() + for_ms);
    for (Pipe* pipe : open_pipes()) {
        const auto [a, b] = who_.at(pipe->number());
        if (a == from && b == to) pipe->block(0, for_ms);
        if (b == from && a == to) pipe->block(1, for_ms);
    }
}

std::vector<Pipe*> Network::open_pipes() {
    std::vector<Pipe*> out;
    for (const auto& pipe : pipes_) {
        if (!pipe->over()) out.push_back(pipe.get());
    }
    return out;
}

void Network::heal() {
    blocked_until_ms_.clear();
    for (Edge& edge : edges_) edge.wait_ms = 0;
}

}  // namespace folkmoot::sim
