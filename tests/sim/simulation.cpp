// What happens in a world. What must hold in it is in laws.cpp.
#include "sim/simulation.hpp"

#include <algorithm>

#include "folkmoot/limits.hpp"
#include "sim/liar.hpp"

namespace folkmoot::sim {
namespace {

/// After faults ended, how long the correct may take to agree. Dials are retried at most a minute apart, and
/// an answer may be waited for 20 s before the next attempt.
constexpr std::uint64_t agree_within_ms = 900'000;
/// How a backlog is written: by everybody who may, at least so many posts at a time, and in so many parts.
constexpr std::size_t posts_at_once = 100;
constexpr std::size_t posts_times = 20;
constexpr std::uint64_t between_posts_ms = 500;
/// Events between two looks at the cheap laws.
constexpr std::uint64_t look_every = 512;

std::int64_t some_clock(Random& random) {
    constexpr std::uint64_t fifty_years_ms = 1'577'880'000'000;
    const auto ahead = static_cast<std::int64_t>(random.below(2 * fifty_years_ms));
    return ahead - static_cast<std::int64_t>(fifty_years_ms);
}

StoreInstance some_instance(Random& random) {
    StoreInstance instance;
    random.fill(instance.bytes);
    return instance;
}

}  // namespace

Simulation::Simulation(const Plan& plan, bool keep_trace)
    : plan_(plan),
      world_(plan.seed, keep_trace),
      identities_(plan.seed, plan.real_keys,
                  plan.plant == Plant::credulous_verifier ? Checking::accepts_everything : Checking::honest),
      network_(world_, plan.quality) {
    Random random = Random::of(plan.seed, "disks");
    for (std::size_t i = 0; i < plan_.peers.size(); ++i) {
        const PeerPlan& peer = plan_.peers[i];
        const std::size_t device = peer.key_of.value_or(i);
        if (!peer.correct) {
            if (peer.key_of) society_.stolen.insert(identities_.key(device));
            liars_.push_back(std::make_unique<Liar>(world_, network_, identities_, plan_, i, device));
            places_.push_back(network_.add(*liars_.back()));
            liars_.back()->set_place(places_.back());
            continue;
        }
        NodeTraits traits;
        traits.name = "peer" + std::to_string(i);
        traits.device = device;
        traits.persist_ms = peer.persist_ms;
        traits.sign_each = plan.sign_each;
        traits.acks_early = plan.plant == Plant::early_ack;
        traits.one_binding = plan.plant == Plant::one_binding;
        traits.hides_an_op = plan.plant == Plant::hidden_op && i == 1;
        traits.skews_members = plan.plant == Plant::skewed_membership && i == 1;
        society_.correct.insert(identities_.key(device));
        nodes_.push_back(std::make_unique<Node>(world_, network_, identities_, society_, traits,
                                                make_disk(i, some_instance(random))));
        nodes_.back()->on_recovery([this](Node& node) { judge_recovery(node); });
        places_.push_back(network_.add(*nodes_.back()));
    }
}

Simulation::~Simulation() = default;

std::unique_ptr<SimDisk> Simulation::make_disk(std::size_t peer, const StoreInstance& instance) {
    if (!plan_.sqlite) return make_journal_disk(instance);
    world_.reached("stored_in_sqlite");
    return make_sqlite_disk(instance, Random::of(plan_.seed, "disk", peer).next(),
                            [this](const char* probe) { world_.reached(probe); });
}

// Correct peers come first in every plan, so that a peer's number is its place among nodes_.
void Simulation::found_group() {
    Create create{"folk", {}, plan_.rules};
    for (std::size_t i = 0; i < plan_.peers.size(); ++i) {
        const PeerPlan& peer = plan_.peers[i];
        if (peer.level == level::founder && !peer.key_of) create.founders.push_back(identities_.key(i));
    }
    Node& first = *nodes_.front();
    first.start(std::nullopt);
    const auto made = first.create_group(create);
    if (!made) return world_.violate("setup", made.error().text);
    group_ = group_of(*made);
    for (std::size_t i = 0; i < plan_.peers.size(); ++i) {
        const PeerPlan& peer = plan_.peers[i];
        world_.after(peer.joins_ms + 1, [this, i] { bring_in(i); });
        if (i == 0 || peer.level == level::founder || peer.key_of) continue;
        // Whoever joins late may be added before or after its first attempt.
        Random random = Random::of(plan_.seed, "add", i);
        const std::uint64_t at =
            peer.joins_ms + 50 + 100 * i + (random.chance(300) ? random.below(30'000) : 0);
        world_.after(at, [this, i] { introduce(i, 0); });
    }
    for (const auto& [a, b] : plan_.edges) network_.keep_connected(places_[a], places_[b]);
}

// The first founder adds it; tries again while an earlier record is being written, or it is down.
void Simulation::introduce(std::size_t peer, int attempt) {
    Node& first = *nodes_.front();
    if (attempt > 1000 || !ok()) return;
    if (first.may_author()) {
        if (first.act(Add{identities_.key(peer), plan_.peers[peer].level})) return;
    }
    world_.after(700, [this, peer, attempt] { introduce(peer, attempt + 1); });
}

void Simulation::bring_in(std::size_t peer) {
    if (peer < nodes_.size()) {
        nodes_[peer]->start(group_);
    } else {
        liars_[peer - nodes_.size()]->start(*group_);
    }
}

void Simulation::write_backlog(std::size_t left) {
    if (!ok() || healed_) return;
    const std::size_t at_once = std::max(posts_at_once, plan_.backlog / posts_times);
    for (const auto& node : nodes_) {
        if (left == 0 || !node->may_author() || !node->replica()->may_act(Post{})) continue;
        Random random = Random::of(plan_.seed, "backlog", left);
        left -= node->write_many(std::min(left, at_once), random);
    }
    if (left == 0) return world_.reached("backlog_written");
    world_.after(between_posts_ms, [this, left] { write_backlog(left); });
}

// --- Items ----------------------------------------------------------------------------------------

void Simulation::apply(const Item& item) {
    Random random = Random::of(item.salt, "item");
    switch (item.kind) {
        case ItemKind::post:
        case ItemKind::act: {
            Node& node = *nodes_[item.who];
            if (!node.is_up()) return;
            if (item.kind == ItemKind::act) return act(node, random);
            Bytes text(random.chance(30) ? random.below(20'000) : random.below(200));
            random.fill(text);
            (void)node.post(text);
            return;
        }
        case ItemKind::lie: return liars_[item.who - nodes_.size()]->lie(item.role, random);
        case ItemKind::cut:
        case ItemKind::stall:
        case ItemKind::partition:
        case ItemKind::one_way:
        case ItemKind::change_byte:
        case ItemKind::replay: return apply_to_lines(item, random);
        case ItemKind::disk_full:
        case ItemKind::disk_io_before:
        case ItemKind::disk_io_after:
        case ItemKind::disk_loss:
        case ItemKind::disk_rollback:
        case ItemKind::disk_decay: return apply_to_disk(item, random);
        default: return apply_to_process(item, random);
    }
}

void Simulation::apply_to_lines(const Item& item, Random& random) {
    const std::string name(to_text(item.kind));
    if (item.kind == ItemKind::partition || item.kind == ItemKind::one_way) {
        std::vector<bool> inside;
        for (std::size_t i = 0; i < places_.size(); ++i) inside.push_back(random.chance(500));
        const std::uint64_t for_ms = random.between(1'000, 120'000);
        for (std::size_t a = 0; a < places_.size(); ++a) {
            for (std::size_t b = 0; b < places_.size(); ++b) {
                const bool blocked =
                    item.kind == ItemKind::partition ? inside[a] != inside[b] : inside[a] && !inside[b];
                if (blocked) network_.block(places_[a], places_[b], for_ms);
            }
        }
        return world_.fault(name);
    }
    const auto pipes = network_.open_pipes();
    if (pipes.empty()) return;
    // Something is more likely under way when it strikes a little later.
    Pipe& pipe = *random.pick(pipes);
    const auto from = static_cast<unsigned>(random.below(2));
    if (item.kind == ItemKind::cut) {
        world_.trace(pipe.name(), "is cut");
        pipe.cut(random);
    } else if (item.kind == ItemKind::stall) {
        pipe.block(from, random.between(500, 90'000));
    } else {
        const bool changed =
            item.kind == ItemKind::change_byte ? pipe.change_byte(from, random) : pipe.replay(from, random);
        if (!changed) {
            // Wait for bytes to be on their way.
            Item again = item;
            again.salt = random.next();
            if (random.chance(970) && !healed_)
                world_.after(20, [this, again] {
                    if (!healed_) apply(again);
                });
            return;
        }
        world_.trace(pipe.name(), name);
    }
    world_.fault(name);
}

void Simulation::apply_to_process(const Item& item, Random& random) {
    Node& node = *nodes_[item.who];
    if (!node.is_up()) return;
    world_.fault(std::string(to_text(item.kind)));
    switch (item.kind) {
        case ItemKind::crash: node.crash(); return node.start_after(random.between(10, 60'000));
        case ItemKind::crash_twice:
            node.crash();
            node.disk().cut_power_while_opening(random);
            node.start(std::nullopt);
            node.crash();
            return node.start_after(random.between(10, 5'000));
        case ItemKind::crash_in_write:
        case ItemKind::crash_after_write:
            return node.crash_at_persist(random.between(1, 3), item.kind == ItemKind::crash_after_write);
        case ItemKind::offline:
            node.stop();
            return node.start_after(random.between(30'000, 1 + plan_.heal_ms));
        case ItemKind::pause: return node.pause(random.between(100, 60'000));
        case ItemKind::slow: return node.set_slow(random.between(100, 2'000));
        case ItemKind::clock: return node.set_clock(some_clock(random));
        default: return;
    }
}

void Simulation::apply_to_disk(const Item& item, Random& random) {
    Node& node = *nodes_[item.who];
    if (!node.joined()) return;
    const bool strikes_a_write = item.kind == ItemKind::disk_full || item.kind == ItemKind::disk_io_before ||
                                 item.kind == ItemKind::disk_io_after;
    if (strikes_a_write) {
        const auto fault = item.kind == ItemKind::disk_full        ? DiskFault::full
                           : item.kind == ItemKind::disk_io_before ? DiskFault::io_before
                                                                   : DiskFault::io_after;
        node.disk().arm(fault);
        return world_.fault(std::string(to_text(item.kind)));
    }
    // The first founder's disk holds the group alone in the beginning.
    if (item.who == 0 && world_.now_ms() < plan_.heal_ms / 2) return;
    if (item.kind == ItemKind::disk_decay) return decay(node, random);
    node.crash();
    const StoreInstance instance = some_instance(random);
    set_back(node, item.kind == ItemKind::disk_loss ? 0 : random.below(1 + node.disk().images()), instance);
    world_.fault(std::string(to_text(item.kind)));
    node.start_after(random.between(10, 30'000));
}

void Simulation::set_back(Node& node, std::size_t image, const StoreInstance& instance) {
    society_.set_back.insert(node.key());
    // What was to strike the next write would strike the restoring.
    node.disk().arm(DiskFault::none);
    if (image == 0) {
        node.disk().lose_all(instance);
    } else if (auto restored = node.disk().restore_image(image, instance); !restored) {
        return world_.violate("Q13", node.name() + " cannot restore: " + restored.error().text);
    }
    forget_what_is_gone();
}

// What that costs shows when the store is mended, before the next opening.
void Simulation::decay(Node& node, Random& random) {
    // After a crash most of what counts is in the log, after an orderly end all is in the file.
    if (random.chance(500)) {
        node.crash();
    } else {
        node.stop();
    }
    if (node.disk().decay(random)) {
        society_.set_back.insert(node.key());
        world_.fault("disk_decay");
    }
    node.start_after(random.between(10, 30'000));
}

// What no disk holds any more is gone for good: nobody is asked for it.
void Simulation::forget_what_is_gone() {
    std::vector<std::unique_ptr<Store>> stores;
    for (const auto& each : nodes_) {
        if (auto store = each->disk().peek()) stores.push_back(std::move(*store));
    }
    for (const auto& author : nodes_) {
        const std::size_t gone = std::erase_if(author->acknowledged(), [&](const OpId& id) {
            return std::ranges::none_of(stores,
                                        [&](const auto& store) { return store->read(id).has_value(); });
        });
        if (gone > 0) world_.reached("acknowledged_ops_lost_with_the_only_disk");
    }
}

// --- The end of faults ----------------------------------------------------------------------------

void Simulation::run_until(std::uint64_t end_ms) {
    while (ok() && world_.step(end_ms)) {
        if (world_.events() / look_every != looked_at_) look();
    }
}

void Simulation::heal() {
    healed_ = true;
    world_.trace("world", "heals");
    network_.heal();
    network_.set_quality({.delay_ms = 20});
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        nodes_[i]->disk().arm(DiskFault::none);
        nodes_[i]->crash_at_persist(0, false);
        nodes_[i]->set_slow(2);
        if (nodes_[i]->joined()) nodes_[i]->start(std::nullopt);
        for (std::size_t k = 0; k < i; ++k) {
            if (!network_.has_edge(places_[i], places_[k])) network_.keep_connected(places_[i], places_[k]);
        }
    }
}

// The first founder is never out, so its view says who is in.
bool Simulation::all_agree() {
    const Node& first = *nodes_.front();
    if (!first.is_up()) return false;
    for (const auto& node : nodes_) {
        if (!node->is_up() || !node->idle()) return false;
        if (!is_in(*node)) {
            if (!knows_it_is_out(*node)) return false;
            continue;
        }
        if (!same_state(*first.replica(), *node->replica()) || first.membership() != node->membership())
            return false;
    }
    return true;
}

bool Simulation::converge() {
    // Liars may go on for a while.
    const std::uint64_t from = plan_.heal_ms + plan_.heal_ms / 2 + 1'000;
    const std::uint64_t until = from + agree_within_ms;
    run_until(std::min(from, plan_.heal_ms + 60'000));
    for (const auto& liar : liars_) liar->retire();
    while (ok() && world_.now_ms() < until) {
        run_until(world_.now_ms() + 2'000);
        if (!all_agree()) continue;
        const std::uint64_t since_ms = world_.now_ms() - plan_.heal_ms;
        agreed_ms_ = since_ms;
        world_.reached(since_ms < 120'000 ? "agreed_within_two_minutes" : "agreed_later");
        return true;
    }
    return false;
}

Findings Simulation::run() {
    found_group();
    for (const Item& item : plan_.items) {
        world_.after(item.at_ms, [this, item] {
            if (!healed_ || item.kind == ItemKind::lie) apply(item);
        });
    }
    if (plan_.backlog > 0) world_.after(plan_.backlog_ms, [this] { write_backlog(plan_.backlog); });
    if (plan_.plant == Plant::skipped_op) {
        world_.after(10'000, [this] {
            for (const auto& node : nodes_) node->disk().arm(DiskFault::skips_an_op);
        });
    }
    run_until(plan_.heal_ms);
    for (const auto& node : nodes_) {
        if (!node->is_up()) continue;
        const Graph& graph = node->replica()->graph();
        for (OpIndex op = 0; op < graph.size(); ++op)
            delivered_ += society_.is_correct(graph.key(graph.author(op)));
    }
    if (ok()) heal();
    const bool agreed = ok() && converge();
    if (ok()) judge_end(agreed);
    Findings out;
    out.seed = plan_.seed;
    out.violation = world_.violation();
    out.simulated_ms = world_.now_ms();
    out.events = world_.events();
    out.trace_hash = world_.trace_hash();
    out.delivered = delivered_;
    out.arrivals = world_.arrivals();
    out.mean_delay_ms = out.arrivals == 0 ? 0 : world_.delay_ms() / out.arrivals;
    out.agreed_ms = agreed_ms_;
    out.peaks = world_.peaks();
    out.faults = world_.faults();
    out.byzantine = world_.byzantine();
    out.reached = world_.reached();
    out.errors = world_.errors();
    out.trace = world_.trace_lines();
    return out;
}

Findings simulate(const Plan& plan, bool keep_trace) { return Simulation(plan, keep_trace).run(); }

}  // namespace folkmoot::sim
