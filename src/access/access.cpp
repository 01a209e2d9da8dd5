#include "folkmoot/access.hpp"

#include <algorithm>

#include "access/ledger.hpp"
#include "access/resolution.hpp"
#include "base/assert.hpp"
#include "crypto/hash.hpp"

namespace folkmoot {
namespace {

constexpr std::string_view membership_domain = "folkmoot/1/membership\n";

// M2's preference between two sufficient grants: under no link if another will do, then the shortest path,
// then the highest rank. Rank order alone would put level first.
bool preferred(const Ledger& ledger, GrantIndex a, GrantIndex b) {
    if (ledger.grant(a).link != ledger.grant(b).link) return !ledger.grant(a).link;
    const auto a_length = ledger.path_length(a);
    const auto b_length = ledger.path_length(b);
    if (a_length != b_length) return a_length < b_length;
    return ledger.above(a, b);
}

void sort_by_id(const Graph& graph, std::vector<OpIndex>& ops) {
    std::ranges::sort(ops, {}, [&](OpIndex op) { return graph.id(op); });
    const auto rest = std::ranges::unique(ops);
    ops.erase(rest.begin(), rest.end());
}

}  // namespace

std::string_view to_text(Rule rule) {
    switch (rule) {
        case Rule::none: return "";
        case Rule::A1: return "A1";
        case Rule::E1: return "E1";
        case Rule::E2: return "E2";
    }
    return "";
}

std::string_view to_text(RankPart part) {
    switch (part) {
        case RankPart::none: return "none";
        case RankPart::founder_order: return "founder order";
        case RankPart::level: return "level";
        case RankPart::path_length: return "path length";
        case RankPart::path: return "path";
        case RankPart::id: return "id";
    }
    return "";
}

Resolution::Resolution(std::unique_ptr<State> state) : state_(std::move(state)) {}
Resolution::~Resolution() = default;
Resolution::Resolution(Resolution&&) noexcept = default;
Resolution& Resolution::operator=(Resolution&&) noexcept = default;

Verdict Resolution::verdict(OpIndex op) const { return state_->verdict(op); }
bool Resolution::effective(OpIndex op) const { return state_->is_effective(op); }

Level Resolution::level_of(const DeviceKey& device) const {
    const auto index = state_->ledger.find_device(device);
    return index && *index < state_->devices.size() ? state_->devices[*index].level : Level{0};
}

std::vector<Member> Resolution::members() const {
    std::vector<Member> out;
    for (DeviceIndex d = 0; d < state_->devices.size(); ++d) {
        if (state_->devices[d].level > 0)
            out.push_back({state_->ledger.device(d).key, state_->devices[d].level});
    }
    std::ranges::sort(out, {}, &Member::key);
    return out;
}

Digest Resolution::membership_digest() const {
    Bytes input;
    append(input, as_bytes(membership_domain));
    if (const auto group = state_->ledger.graph().group()) append(input, group->view());
    for (const auto& member : members()) {
        append(input, member.key.view());
        input.push_back(member.level);
    }
    const Hash32 hash = crypto::blake2b_256({input});
    return *Digest::from(hash.view().first(Digest::size));
}

bool Resolution::may(const DeviceKey& device, Kind act) const {
    const Level level = level_of(device);
    return level > 0 && level >= state_->ledger.level_for(act);
}

bool Resolution::may_read(const DeviceKey& device) const {
    const Level level = level_of(device);
    return level > 0 && level >= state_->ledger.rules().read;
}

GrantView Resolution::grant(GrantIndex grant) const { return state_->view(grant); }

std::vector<GrantIndex> Resolution::grant_numbers(const DeviceKey& device) const {
    const auto index = state_->ledger.find_device(device);
    if (!index || *index >= state_->devices.size()) return {};
    auto tenures = state_->ledger.device(*index).tenures;
    std::erase_if(tenures, [this](GrantIndex g) { return g >= state_->states.size(); });
    std::ranges::sort(tenures, [this](GrantIndex a, GrantIndex b) { return state_->ledger.above(a, b); });
    return tenures;
}

std::vector<GrantView> Resolution::grants_of(const DeviceKey& device) const {
    std::vector<GrantView> out;
    for (const GrantIndex g : grant_numbers(device)) out.push_back(state_->view(g));
    return out;
}

// Not the stored hits: which of a line's they keep depends on the order in which forks arrived. One tenure
// that it hits is enough of each revocation, so many of both are not paired.
std::vector<OpIndex> Resolution::revocations_of(const DeviceKey& device) const {
    const Ledger& ledger = state_->ledger;
    std::vector<GrantIndex> hit;
    for (const GrantIndex g : grant_numbers(device)) {
        if (!state_->states[g].hits.empty()) hit.push_back(g);
    }
    std::vector<OpIndex> out;
    for (const ActIndex act : state_->candidates(hit)) {
        const auto hits = [&](GrantIndex g) { return state_->hits(act, g, nullptr); };
        if (std::ranges::any_of(hit, hits)) out.push_back(ledger.act(act).op);
    }
    sort_by_id(ledger.graph(), out);
    return out;
}

// E1 leads to the op that made the grant acted under, and so up a path that ends at a founder, whom nothing
// voids by E1: at the first E2 stands a revocation.
std::vector<OpIndex> Resolution::causes_of_absence(const DeviceKey& device) const {
    std::vector<OpIndex> out = revocations_of(device);
    for (const GrantIndex grant : grant_numbers(device)) {
        if (!state_->states[grant].known || is_made(grant)) continue;
        Verdict why = verdict(state_->ledger.grant(grant).op);
        while (why.rule == Rule::E1) why = verdict(why.by);
        if (why.rule == Rule::E2) out.push_back(why.by);
    }
    sort_by_id(state_->ledger.graph(), out);
    return out;
}

// What arrives later no such revocation has seen (E2). A `leave` has seen all but what follows it (V3).
bool Resolution::is_sealed(GrantIndex grant) const { return state_->sealed(grant); }

bool Resolution::is_made(GrantIndex grant) const { return state_->states[grant].made; }

bool Resolution::is_sealed_out(const DeviceKey& device) const {
    if (level_of(device) > 0) return false;
    const auto index = state_->ledger.find_device(device);
    if (!index || *index >= state_->devices.size()) return false;
    const auto& tenures = state_->ledger.device(*index).tenures;
    const auto known = [this](GrantIndex g) { return state_->knows(g); };
    return std::ranges::any_of(tenures, known) &&
           std::ranges::all_of(tenures, [&](GrantIndex g) { return !known(g) || is_sealed(g); });
}

// M2. "Sufficient" is what A1 would admit. Where nothing live suffices, the best of the rest is chosen, so
// that the answer to "why not" is a verdict or a reason and never a missing grant.
std::optional<OpId> Resolution::choose_grant(const DeviceKey& author, std::optional<OpIndex> prev,
                                             const Act& act) const {
    const Ledger& ledger = state_->ledger;
    const auto device = ledger.find_device(author);
    if (!device) return std::nullopt;
    const PastView past(ledger.graph(), state_->scope);

    GrantIndex last = no_index;
    if (prev) {
        last = ledger.as_of(*prev);
        // After create the author acts under their own founder grant.
        if (last == no_index) last = ledger.device(*device).tenures.front();
    }
    const auto tier = [&](GrantIndex g) {
        const bool live = state_->states[g].live();
        if (ledger.check_act(*device, author, g, act, past)) return live ? 0 : 2;
        return live && ledger.grant(g).level >= ledger.level_for(kind_of(act)) ? 1 : 3;
    };
    GrantIndex best = no_index;
    int best_tier = 4;
    for (const GrantIndex g : ledger.device(*device).tenures) {
        if (g >= state_->states.size() || !state_->states[g].known) continue;
        const int t = tier(g);
        const bool better = best == no_index || t < best_tier ||
                            (t == best_tier && best != last && (g == last || preferred(ledger, g, best)));
        if (better) {
            best = g;
            best_tier = t;
        }
    }
    if (best == no_index) return std::nullopt;
    return ledger.graph().id(ledger.grant(best).op);
}

Result<void> Resolution::check(const DeviceKey& author, const OpId& as, const Act& act) const {
    const Ledger& ledger = state_->ledger;
    const PastView past(ledger.graph(), state_->scope);
    const auto grant = ledger.find_grant(author, as, past);
    if (!grant) return std::unexpected(grant.error());
    return ledger.check_act(ledger.grant(*grant).holder, author, *grant, act, past);
}

Access::Access(const Graph& graph)
    : ledger_(std::make_unique<Ledger>(graph)),
      now_(new Resolution(std::make_unique<Resolution::State>(*ledger_))) {}
Access::~Access() = default;
Access::Access(Access&&) noexcept = default;
Access& Access::operator=(Access&&) noexcept = default;

Result<void> Access::check(const Operation& op) const { return ledger_->check_prepared(op); }

void Access::apply(OpIndex index, const Operation& op) {
    const ActIndex act = ledger_->record(index, op);
    act != no_index ? now_->state_->take(act) : now_->state_->use(ledger_->as_of(index));
}

void Access::record(OpIndex index, const Operation& op) { (void)ledger_->record(index, op); }
void Access::resolve() {
    now_->state_->resolve_all();
    now_->state_->changes.clear();
}

const Resolution& Access::now() const { return *now_; }

Resolution Access::at(std::span<const OpIndex> heads) const {
    auto state = std::make_unique<Resolution::State>(*ledger_, ledger_->graph().closure(heads));
    state->resolve_all();
    return Resolution(std::move(state));
}

const Rules& Access::rules() const { return ledger_->rules(); }
const std::string& Access::group_name() const { return ledger_->name(); }
GrantIndex Access::grant_of(OpIndex op) const { return ledger_->as_of(op); }
RankPart Access::outranks(GrantIndex a, GrantIndex b) const { return ledger_->outranks_by(a, b); }
bool Access::ranks_above(GrantIndex a, GrantIndex b) const { return ledger_->above(a, b); }
bool Access::knows(const DeviceKey& device) const { return ledger_->find_device(device).has_value(); }
bool Access::holds_any(const DeviceKey& device) const {
    const auto index = ledger_->find_device(device);
    return index && !ledger_->device(*index).tenures.empty();
}
bool Access::gave(OpIndex op, const DeviceKey& holder) const { return ledger_->gave(op, holder); }
DeviceKey Access::holder_of_grant(GrantIndex grant) const {
    return ledger_->device(ledger_->grant(grant).holder).key;
}
GrantIndex Access::granted_under(GrantIndex grant) const { return ledger_->grant(grant).under; }
Level Access::level_of_grant(GrantIndex grant) const { return ledger_->grant(grant).level; }
OpIndex Access::op_of_grant(GrantIndex grant) const { return ledger_->grant(grant).op; }

std::optional<DeviceKey> Access::subject_of(OpIndex op) const {
    const ActIndex act = ledger_->act_of(op);
    if (act == no_index || ledger_->act(act).subject == no_index) return std::nullopt;
    return ledger_->device(ledger_->act(act).subject).key;
}

std::vector<MemberChange> Access::take_changes() { return std::exchange(now_->state_->changes, {}); }
std::size_t Access::access_ops() const { return ledger_->act_count(); }
std::size_t Access::memory() const { return ledger_->memory() + now_->state_->memory(); }

}  // namespace folkmoot
