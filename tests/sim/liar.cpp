// The life of a Byzantine peer. What it says is in liar_talk.cpp, what it makes in liar_ops.cpp.
#include "sim/liar.hpp"

namespace folkmoot::sim {
namespace {

/// Lies that need a connection of their own.
bool needs_connection(Role role) {
    switch (role) {
        case Role::back_date:
        case Role::flood:
        case Role::duel:
        case Role::clone:
        case Role::sleeper: return false;
        default: return true;
    }
}

bool makes_ops(Role role) {
    return role == Role::equivocate || role == Role::back_date || role == Role::flood || role == Role::duel ||
           role == Role::clone || role == Role::sleeper;
}

}  // namespace

Liar::Liar(World& world, Network& network, Identities& identities, const Plan& plan, std::size_t number,
           std::size_t device)
    : world_(world),
      network_(network),
      identities_(identities),
      plan_(plan),
      number_(number),
      name_("liar" + std::to_string(number)),
      signer_(identities.signer(device)) {}

Liar::~Liar() = default;

void Liar::start(const GroupId& group) {
    StoreInstance instance;
    instance.bytes.fill(static_cast<std::uint8_t>(number_));
    store_ = make_memory_store(instance);
    Random random = Random::of(world_.seed(), "liar", number_);
    auto opened = Replica::open({group, random.next()}, *store_, &signer_, identities_.judge());
    if (opened) core_ = std::move(*opened);
}

void Liar::acted(Role role) { world_.acted(std::string(to_text(role))); }

void Liar::lie(Role role, Random random) {
    if (!is_up() || world_.now_ms() < plan_.peers[number_].honest_until_ms) return;
    world_.trace(name_, "lies: " + std::string(to_text(role)));
    if (makes_ops(role) && !retired_ && core_->graph().size() > 0) author(role, random);
    if (!needs_connection(role)) return;
    connect(role, random, role == Role::sybil ? random.between(3, 12) : 1);
}

void Liar::connect(Role role, Random& random, std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) {
        // The correct come first.
        std::size_t correct = 0;
        while (correct < plan_.peers.size() && plan_.peers[correct].correct) ++correct;
        next_lie_.emplace(role, Random(random.next()));
        const Pipe* pipe = network_.connect_once(place_, random.below(correct));
        next_lie_.reset();
        if (pipe != nullptr && role == Role::sybil) acted(role);
    }
}

void Liar::handle_open(const End& end, const std::optional<DeviceKey>& expected) {
    std::erase_if(talks_, [](const auto& each) { return each.second.over; });
    Talk talk;
    if (end.side == 0 && next_lie_) {
        talk.role = next_lie_->first;
        talk.random = next_lie_->second;
    }
    Random random = Random::of(world_.seed(), "liar handshake", end.pipe->number());
    talk.port = std::make_unique<Port>(world_, end, signer_, identities_.judge(), expected, random);
    Talk& kept = talks_.insert_or_assign(end.pipe->number(), std::move(talk)).first->second;
    if (kept.role) begin_lie(kept);
    if (!kept.raw) kept.port->flush();
}

bool Liar::handle_bytes(const End& end, ByteView bytes) {
    const auto at = talks_.find(end.pipe->number());
    if (at == talks_.end() || at->second.over) return true;
    Talk& talk = at->second;
    if (heard_.size() < 16) heard_.emplace_back(bytes.begin(), bytes.end());
    if (talk.silent && talk.port->established()) return false;
    if (talk.raw) return true;
    const bool was_established = talk.port->established();
    const auto taken = talk.port->take(bytes);
    if (talk.honest) core_->handle_traffic(*talk.honest, world_.now_ms());
    if (!was_established && talk.port->established()) begin(talk);
    while (!talk.over) {
        const auto message = talk.port->poll_message();
        if (!message) break;
        if (!message->empty()) hear(talk, *message);
    }
    talk.port->flush();
    if (!taken) close(talk);
    drive();
    return true;
}

void Liar::handle_room(const End& end) {
    const auto at = talks_.find(end.pipe->number());
    if (at == talks_.end() || at->second.over || at->second.raw) return;
    at->second.port->flush();
    drive();
}

void Liar::handle_closed(const End& end) {
    const auto at = talks_.find(end.pipe->number());
    if (at != talks_.end()) close(at->second);
}

void Liar::close(Talk& talk) {
    if (talk.over) return;
    talk.over = true;
    if (talk.honest) core_->close_session(*talk.honest);
    talk.honest.reset();
    talk.port->close();
    talk.port->abort();
}

void Liar::drive() {
    if (!is_up()) return;
    while (core_->poll_event()) {
    }
    while (auto batch = core_->poll_persist()) {
        core_->handle_persisted(batch->ticket, persist(*store_, *batch));
    }
    for (auto& [number, talk] : talks_) {
        if (talk.over) continue;
        if (talk.session) talk.session->handle_growth();
        pump(talk);
    }
    const auto deadline = core_->deadline_ms();
    if (!deadline || *deadline >= timer_ms_) return;
    timer_ms_ = *deadline;
    const std::uint64_t wait = *deadline > world_.now_ms() ? *deadline - world_.now_ms() : 0;
    world_.after(wait, [this, at = *deadline] {
        if (timer_ms_ != at) return;
        timer_ms_ = UINT64_MAX;
        core_->handle_time(world_.now_ms());
        drive();
    });
}

}  // namespace folkmoot::sim
