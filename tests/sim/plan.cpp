#include "sim/plan.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace folkmoot::sim {
namespace {

constexpr std::array<std::string_view, item_kind_count> item_names = {"post",
                                                                      "act",
                                                                      "cut",
                                                                      "stall",
                                                                      "partition",
                                                                      "one_way",
                                                                      "change_byte",
                                                                      "replay",
                                                                      "crash",
                                                                      "crash_in_write",
                                                                      "crash_after_write",
                                                                      "crash_twice",
                                                                      "pause",
                                                                      "slow",
                                                                      "clock",
                                                                      "offline",
                                                                      "disk_full",
                                                                      "disk_io_before",
                                                                      "disk_io_after",
                                                                      "disk_loss",
                                                                      "disk_rollback",
                                                                      "disk_decay",
                                                                      "lie"};

constexpr std::array<std::string_view, plant_count> plant_names = {
    "none", "credulous_verifier", "early_ack", "skipped_op", "hidden_op", "skewed_membership", "one_binding"};

constexpr std::array<std::string_view, role_count> role_names = {
    "B1_equivocate",    "B2_different_heads", "B3_withhold",    "B4_garbage",    "B5_malformed",
    "B6_bad_signature", "B7_oversize",        "B8_wrong_group", "B9_replay",     "B10_bad_summary",
    "B11_phantoms",     "B12_unsolicited",    "B13_orphans",    "B14_back_date", "B15_flood",
    "B16_duel",         "B17_clone",          "B18_stall",      "B19_sybil",     "B20_sleeper"};

// Faults that a seed may draw, and at most how many of each.
struct Draw {
    ItemKind kind;
    std::uint64_t most;
};
constexpr std::array draws = {
    Draw{ItemKind::cut, 8},
    Draw{ItemKind::stall, 4},
    Draw{ItemKind::partition, 3},
    Draw{ItemKind::one_way, 4},
    Draw{ItemKind::change_byte, 4},
    Draw{ItemKind::replay, 4},
    Draw{ItemKind::crash, 4},
    Draw{ItemKind::crash_in_write, 4},
    Draw{ItemKind::crash_after_write, 3},
    Draw{ItemKind::crash_twice, 2},
    Draw{ItemKind::pause, 3},
    Draw{ItemKind::slow, 1},
    Draw{ItemKind::clock, 2},
    Draw{ItemKind::offline, 2},
    Draw{ItemKind::disk_full, 2},
    Draw{ItemKind::disk_io_before, 2},
    Draw{ItemKind::disk_io_after, 2},
    Draw{ItemKind::disk_loss, 1},
    Draw{ItemKind::disk_rollback, 1},
};

std::uint64_t draw_horizon(Random& random) {
    if (random.chance(550)) return random.between(60'000, 180'000);
    if (random.chance(850)) return random.between(180'000, 1'200'000);
    return random.between(3'600'000, 43'200'000);
}

Level draw_level(Random& random) {
    const std::uint64_t at = random.below(100);
    if (at < 8) return level::reader;
    if (at < 50) return level::member;
    if (at < 75) return level::moderator;
    if (at < 97) return level::admin;
    return static_cast<Level>(random.between(26, 99));
}

bool makes_only_valid_ops(Role role) {
    return role == Role::clone || role == Role::sleeper || role == Role::equivocate ||
           role == Role::back_date || role == Role::duel || role == Role::withhold || role == Role::stall;
}

void draw_peers(Plan& plan, Random& random) {
    // A few worlds are large enough for ids to be announced instead of ops (Y10).
    const bool many = random.chance(15);
    const std::size_t correct = many                 ? random.between(10, 11)
                                : random.chance(600) ? random.between(2, 3)
                                                     : random.between(3, 6);
    const std::size_t most_liars = many ? 1 : correct == 2 ? 1 : correct - 1;
    const std::size_t liars = random.chance(120) ? 0 : random.between(1, most_liars);
    const bool late = random.chance(400);
    for (std::size_t i = 0; i < correct + liars; ++i) {
        PeerPlan peer;
        peer.correct = i < correct;
        peer.level = i == 0 ? level::founder : draw_level(random);
        if (i > 0 && random.chance(100)) peer.level = level::founder;
        if (late && i > 0 && random.chance(400)) peer.joins_ms = random.below(plan.heal_ms);
        peer.persist_ms = random.chance(700) ? 2 : random.between(1, 400);
        plan.peers.push_back(peer);
    }
    const std::size_t distinct = random.between(1, 6);
    std::vector<Role> roles;
    for (std::size_t i = 0; i < distinct; ++i) roles.push_back(static_cast<Role>(random.below(role_count)));
    for (std::size_t i = correct; i < plan.peers.size(); ++i) {
        PeerPlan& liar = plan.peers[i];
        for (const Role role : roles) {
            if (random.chance(700)) liar.roles.insert(role);
        }
        if (liar.roles.empty()) liar.roles.insert(roles.front());
        if (liar.roles.contains(Role::sleeper)) liar.honest_until_ms = random.below(plan.heal_ms);
        if (!liar.roles.contains(Role::clone)) continue;
        // What else a thief does is drawn in add_faults_of_thieves.
        liar.key_of = random.between(1, correct - 1);
        std::erase_if(liar.roles, [](Role role) { return !makes_only_valid_ops(role); });
    }
}

void draw_edges(Plan& plan, Random& random) {
    const std::size_t n = plan.peers.size();
    const auto shape = random.below(5);
    for (std::size_t a = 0; a < n; ++a) {
        for (std::size_t b = a + 1; b < n; ++b) {
            const bool line = b == a + 1;
            const bool ring = line || (a == 0 && b == n - 1);
            const bool star = a == 0;
            const bool some = random.chance(500) || line;
            const bool wanted = shape == 0   ? line
                                : shape == 1 ? ring
                                : shape == 2 ? star
                                : shape == 3 ? some
                                             : true;
            if (!wanted) continue;
            const bool turned = random.chance(500);
            plan.edges.emplace_back(turned ? b : a, turned ? a : b);
        }
    }
}

// Drawn apart: whatever is drawn here shifts nothing else of a seed.
void draw_stores(Plan& plan) {
    Random random = Random::of(plan.seed, "stores");
    // The planted defect of a disk is one of the journal's.
    plan.sqlite = random.chance(250) && plan.plant != Plant::skipped_op;
    if (!plan.sqlite || !random.chance(500)) return;
    const auto correct = static_cast<std::size_t>(std::ranges::count(plan.peers, true, &PeerPlan::correct));
    for (std::uint64_t count = random.between(1, 2); count > 0; --count) {
        const std::uint64_t at_ms = random.below(plan.heal_ms);
        const std::size_t who = random.below(correct);
        plan.items.push_back({at_ms, ItemKind::disk_decay, who, random.next(), Role{}});
    }
}

void draw_items(Plan& plan, Random& random) {
    const std::size_t correct =
        static_cast<std::size_t>(std::ranges::count(plan.peers, true, &PeerPlan::correct));
    const auto add = [&](ItemKind kind, std::size_t who) {
        plan.items.push_back({random.below(plan.heal_ms), kind, who, random.next(), Role{}});
    };
    const std::uint64_t posts = random.between(3, 40);
    for (std::uint64_t i = 0; i < posts; ++i) add(ItemKind::post, random.below(correct));
    const std::uint64_t acts = random.chance(250) ? 0 : random.between(1, 20);
    for (std::uint64_t i = 0; i < acts; ++i) add(ItemKind::act, random.below(correct));
    const std::uint64_t intensity = random.pick(std::vector<std::uint64_t>{0, 150, 300, 600});
    for (const Draw& draw : draws) {
        if (!random.chance(intensity)) continue;
        const std::uint64_t count = random.between(1, draw.most);
        for (std::uint64_t i = 0; i < count; ++i) add(draw.kind, random.below(correct));
    }
    for (std::size_t liar = correct; liar < plan.peers.size(); ++liar) {
        for (const Role role : plan.peers[liar].roles) {
            const std::uint64_t count = random.between(1, 8);
            for (std::uint64_t i = 0; i < count; ++i) {
                add(ItemKind::lie, liar);
                // Also while the correct converge.
                if (random.chance(200)) plan.items.back().at_ms += plan.heal_ms / 2;
                plan.items.back().role = role;
            }
        }
    }
    draw_stores(plan);
    // No two have one salt.
    std::ranges::sort(plan.items, {}, [](const Item& item) { return std::pair(item.at_ms, item.salt); });
}

// Half of the thieves also break the protocol in the name of the key's owner, who must not suffer for it
// (C14).
void add_faults_of_thieves(Plan& plan) {
    Random random = Random::of(plan.seed, "thieves");
    const std::vector<Role> faults = {Role::garbage, Role::malformed, Role::bad_signature, Role::unsolicited};
    for (std::size_t i = 0; i < plan.peers.size(); ++i) {
        if (!plan.peers[i].key_of || !random.chance(500)) continue;
        for (std::uint64_t k = random.between(1, 6); k > 0; --k)
            plan.items.push_back(
                {random.below(plan.heal_ms), ItemKind::lie, i, random.next(), random.pick(faults)});
    }
    std::ranges::sort(plan.items, {}, [](const Item& item) { return std::pair(item.at_ms, item.salt); });
}

}  // namespace

std::string_view to_text(ItemKind kind) { return item_names.at(static_cast<std::size_t>(kind)); }
std::string_view to_text(Plant plant) { return plant_names.at(static_cast<std::size_t>(plant)); }
std::string_view to_text(Role role) { return role_names.at(static_cast<std::size_t>(role)); }

std::optional<Plant> plant_from_text(std::string_view text) {
    const auto at = std::ranges::find(plant_names, text);
    if (at == plant_names.end()) return std::nullopt;
    return static_cast<Plant>(at - plant_names.begin());
}

Plan make_plan(std::uint64_t seed, Plant plant) {
    Random random = Random::of(seed, "plan");
    Plan plan;
    plan.seed = seed;
    plan.plant = plant;
    plan.real_keys = random.chance(60);
    plan.sign_each = random.chance(300);
    plan.heal_ms = draw_horizon(random);
    if (random.chance(300)) plan.rules.equal = Rules::Equal::forbid;
    if (random.chance(100)) plan.rules.remove = level::admin;
    if (random.chance(100)) plan.rules.add = level::member;
    plan.quality.delay_ms = random.chance(700) ? random.between(1, 100) : random.between(100, 2'000);
    if (random.chance(400)) {
        plan.quality.late_permille = random.between(1, 200);
        plan.quality.late_ms = random.between(100, 15'000);
    }
    if (random.chance(300)) plan.quality.split_permille = random.between(1, 300);
    draw_peers(plan, random);
    // Hours of a thief show nothing new.
    if (std::ranges::any_of(plan.peers, [](const PeerPlan& peer) { return peer.key_of.has_value(); })) {
        plan.heal_ms = std::min<std::uint64_t>(plan.heal_ms, 200'000);
        for (PeerPlan& peer : plan.peers) {
            peer.joins_ms %= plan.heal_ms;
            peer.honest_until_ms %= plan.heal_ms;
        }
    }
    draw_edges(plan, random);
    draw_items(plan, random);
    add_faults_of_thieves(plan);
    // One world in many.
    if (seed % 250 == 125)
        plan = with_backlog(std::move(plan), Random::of(seed, "backlog").between(500, 2'000));
    return plan;
}

Plan with_backlog(Plan plan, std::size_t ops) {
    Random random = Random::of(plan.seed, "behind");
    const auto correct = static_cast<std::size_t>(std::ranges::count(plan.peers, true, &PeerPlan::correct));
    plan.backlog = ops;
    plan.backlog_ms = random.between(plan.heal_ms / 4, plan.heal_ms / 2);
    const std::size_t who = random.between(1, correct - 1);
    if (random.chance(500)) {
        plan.peers[who].joins_ms = plan.heal_ms - random.below(plan.heal_ms / 4);
    } else {
        plan.items.push_back({plan.backlog_ms, ItemKind::offline, who, random.next(), Role{}});
        std::ranges::sort(plan.items, {}, [](const Item& item) { return std::pair(item.at_ms, item.salt); });
    }
    return plan;
}

Plan without_attacks(Plan plan) {
    std::erase_if(plan.items, [](const Item& item) { return item.kind == ItemKind::lie; });
    return plan;
}

std::vector<std::string> describe(const Plan& plan) {
    std::vector<std::string> out;
    if (plan.sqlite) out.emplace_back("stores: SQLite");
    for (std::size_t i = 0; i < plan.peers.size(); ++i) {
        const PeerPlan& peer = plan.peers[i];
        std::string line = (peer.correct ? "peer " : "liar ") + std::to_string(i) + " level " +
                           std::to_string(peer.level) + " joins " + std::to_string(peer.joins_ms);
        for (const Role role : peer.roles) line += " " + std::string(to_text(role));
        if (peer.key_of) line += " with the key of " + std::to_string(*peer.key_of);
        out.push_back(line);
    }
    if (plan.backlog > 0) {
        out.push_back(std::to_string(plan.backlog_ms) + " ms: " + std::to_string(plan.backlog) + " posts");
    }
    for (const auto& [a, b] : plan.edges) {
        out.push_back("edge " + std::to_string(a) + " " + std::to_string(b));
    }
    for (const Item& item : plan.items) {
        std::string line = std::to_string(item.at_ms) + " ms: " + std::string(to_text(item.kind)) + " " +
                           std::to_string(item.who);
        if (item.kind == ItemKind::lie) line += " " + std::string(to_text(item.role));
        out.push_back(line);
    }
    return out;
}

}  // namespace folkmoot::sim
