#include "model/comparison.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "folkmoot/access.hpp"
#include "folkmoot/graph.hpp"
#include "model/random_history.hpp"
#include "support/real_history.hpp"

namespace folkmoot::model {
namespace {

// One replica: what it holds, and how its numbers map to the history's.
struct Replica {
    explicit Replica(std::uint64_t seed) : graph(seed), access(graph) {}

    Graph graph;
    Access access;
    std::vector<OpIndex> index_of;
    OpSet held;
};

// Compares the two on one history. An empty answer means that they agree.
class Comparison {
   public:
    Comparison(History history, std::uint64_t seed)
        : history_(std::move(history)),
          rng_(seed),
          ops_(real_ops(history_, seed)),
          model_(model_of(history_)) {
        for (const Op& op : history_) {
            devices_ = std::max({devices_, op.author + 1, op.subject + 1});
            for (const int founder : op.founders) devices_ = std::max(devices_, founder + 1);
        }
    }

    std::string run(unsigned orders) {
        std::optional<Digest> digest;
        for (int order = 0; order < 4 && difference_.empty(); ++order) {
            if ((orders >> order & 1U) == 0) continue;
            Replica replica = feed(order);
            if (!difference_.empty() || !model_.admitted(0)) break;
            compare(replica.access.now(), replica, model_.everything(), "of all");
            const auto now = replica.access.now().membership_digest();
            if (digest && *digest != now) report("the membership digest depends on the order");
            digest = now;
            for (int i = 0; i < 3; ++i) compare_at_some_frontier(replica);
        }
        return difference_;
    }

   private:
    void report(const std::string& text) {
        if (difference_.empty()) difference_ = text;
    }

    // Order 0 is the history's own, the others are random; in the last every resolution is from scratch.
    Replica feed(int order) {
        Replica replica(rng_.next());
        replica.index_of.assign(ops_.size(), no_index);
        replica.held.assign(ops_.size(), false);
        std::vector<bool> done(ops_.size(), false);
        for (std::size_t fed = 0; fed < ops_.size(); ++fed) {
            std::vector<int> ready;
            for (int i = 0; i < model_.size(); ++i) {
                const bool ancestors_done = std::ranges::all_of(
                    ancestors(i), [&](int each) { return each == unknown || done[each]; });
                if (!done[i] && ancestors_done) ready.push_back(i);
            }
            const int next = order == 0 ? ready.front() : rng_.pick(ready);
            done[next] = true;
            offer(replica, next, /*apply=*/order != 3);
            if (!difference_.empty()) return replica;
            if (order != 3 && replica.held[0] && rng_.chance(15)) {
                compare(replica.access.now(), replica, replica.held, "on the way");
            }
        }
        if (order == 3) replica.access.resolve();
        if (order != 3) compare_changes(replica);
        return replica;
    }

    std::vector<int> ancestors(int op) const {
        auto out = history_[op].parents;
        // A replica belongs to the group of the first create it meets; that is to be this one.
        if (op > 0 && out.empty() && !history_[op].prev) out.push_back(0);
        if (history_[op].prev) out.push_back(*history_[op].prev);
        return out;
    }

    void offer(Replica& replica, int op, bool apply) {
        const RealOp& real = ops_[op];
        const auto placement = replica.graph.prepare(real.id, real.operation);
        std::string why = "its ancestors are not there";
        bool admitted = false;
        if (placement == Graph::Placement::ready) {
            const auto checked = replica.access.check(real.operation);
            admitted = checked.has_value();
            if (!checked) why = checked.error().text;
        } else if (placement == Graph::Placement::invalid) {
            why = replica.graph.error().text;
        }
        if (admitted != model_.admitted(op)) {
            const auto fault = model_.fault(op);
            report("o" + std::to_string(op) +
                   (admitted ? " is admitted; the model says " + std::string(name_of(*fault))
                             : " is refused (" + why + "); the model admits it"));
            return;
        }
        if (!admitted) return;
        replica.index_of[op] = replica.graph.commit();
        replica.held[op] = true;
        if (apply) {
            replica.access.apply(replica.index_of[op], real.operation);
        } else {
            replica.access.record(replica.index_of[op], real.operation);
        }
    }

    void compare(const Resolution& resolution, const Replica& replica, const OpSet& present,
                 const std::string& where) {
        const Outcome outcome = model_.judge(present);
        for (int i = 0; i < model_.size(); ++i) {
            if (!present[i] || replica.index_of[i] == no_index) continue;
            compare_verdict(resolution.verdict(replica.index_of[i]), i, outcome, replica, where);
            if (resolution.effective(replica.index_of[i]) != outcome.effective(i)) {
                report("effective() and verdict() differ for o" + std::to_string(i));
            }
        }
        compare_grants(resolution, replica, present, outcome, where);
        std::vector<Member> members;
        for (int device = 0; device < devices_; ++device) {
            const auto at = outcome.members.find(device);
            const auto level = static_cast<Level>(at == outcome.members.end() ? 0 : at->second);
            const Level found = resolution.level_of(real_key(device));
            if (found != level) {
                std::ostringstream text;
                text << where << ": d" << device << " has level " << int{found} << ", the model says "
                     << int{level};
                report(text.str());
            }
            if (level > 0) members.push_back({real_key(device), level});
        }
        std::ranges::sort(members, {}, &Member::key);
        if (resolution.members() != members) report(where + ": members() is not what level_of() says");
    }

    void compare_verdict(const folkmoot::Verdict& found, int op, const Outcome& outcome,
                         const Replica& replica, const std::string& where) {
        const Rule rule = outcome.verdicts[op] == Verdict::void_by_e1   ? Rule::E1
                          : outcome.verdicts[op] == Verdict::void_by_e2 ? Rule::E2
                                                                        : Rule::none;
        if (found.rule != rule) {
            report(where + ": o" + std::to_string(op) + " is " + std::string(to_text(found.rule)) +
                   ", the model says " + std::string(to_text(rule)));
            return;
        }
        const OpIndex cause = outcome.causes[op] == unknown ? no_index : replica.index_of[outcome.causes[op]];
        if (found.by != cause) {
            report(where + ": o" + std::to_string(op) + " is void by " + std::string(to_text(rule)) +
                   " because of another op than o" + std::to_string(outcome.causes[op]));
        }
    }

    // M1, grant by grant, and which revocation is said to hit it.
    void compare_grants(const Resolution& resolution, const Replica& replica, const OpSet& present,
                        const Outcome& outcome, const std::string& where) {
        for (int device = 0; device < devices_; ++device) {
            const auto views = resolution.grants_of(real_key(device));
            const auto expected = std::ranges::count_if(model_.grants(), [&](const Grant& grant) {
                return grant.holder == device && replica.held[grant.op];
            });
            if (std::ssize(views) != expected)
                report(where + ": grants_of(d" + std::to_string(device) + ") is short");
            int above = -1;
            for (const GrantView& view : views) {
                const auto op =
                    static_cast<int>(std::ranges::find(replica.index_of, view.op) - replica.index_of.begin());
                const int grant = model_.grant_of(op, device);
                const auto name =
                    where + ": the grant o" + std::to_string(op) + " of d" + std::to_string(device);
                if (grant < 0) {
                    report(name + " does not exist in the model");
                    return;
                }
                if (above >= 0 && !model_.ranks_above(above, grant)) report(name + " is out of order");
                above = grant;
                if (view.known != present[op])
                    report(name + " is known where it should not be, or the reverse");
                if (view.live != outcome.live[grant])
                    report(name + (view.live ? " is live" : " is not live"));
                if (view.level != model_.grants()[grant].level) report(name + " has another level");
                if (view.link != model_.grants()[grant].link) report(name + " is a link only for one");
                const int hit = outcome.hit_by[grant];
                if (view.known && view.hit_by != (hit == unknown ? no_index : replica.index_of[hit])) {
                    report(name + " is hit by another op than o" + std::to_string(hit));
                }
            }
        }
    }

    void compare_at_some_frontier(const Replica& replica) {
        std::vector<int> heads;
        for (int i = 1 + rng_.below(3); i > 0; --i) {
            const int head = rng_.below(model_.size());
            if (model_.admitted(head)) heads.push_back(head);
        }
        if (heads.empty()) return;
        std::vector<OpIndex> indices;
        std::string where = "at";
        for (const int head : heads) {
            indices.push_back(replica.index_of[head]);
            where += " o" + std::to_string(head);
        }
        const Resolution resolution = replica.access.at(indices);
        compare(resolution, replica, model_.closure(heads), where);
        compare_next_act(resolution, replica, heads, where);
    }

    // M2 and A1 for an op that nobody has made yet.
    void compare_next_act(const Resolution& resolution, const Replica& replica, const std::vector<int>& heads,
                          const std::string& where) {
        const auto kind = static_cast<Kind>(1 + rng_.below(static_cast<int>(kind_count) - 1));
        Op op;
        op.kind = kind;
        op.author = rng_.below(devices_);
        if (kind <= Kind::unban) op.subject = rng_.below(devices_);
        if (kind <= Kind::set_level) op.level = rng_.pick(std::vector<int>{10, 25, 50, 100});
        op.parents = heads;
        op.prev = model_.default_prev(op.author, heads);
        const auto expected = model_.default_as(op);
        const Act act = act_for(op);
        const auto prev = op.prev ? std::optional(replica.index_of[*op.prev]) : std::nullopt;
        const auto chosen = resolution.choose_grant(real_key(op.author), prev, act);
        const auto name = where + ": " + std::string(to_text(kind)) + " by d" + std::to_string(op.author) +
                          " of d" + std::to_string(op.subject) + " at level " + std::to_string(op.level);
        if (chosen != (expected ? std::optional(ops_[*expected].id) : std::nullopt)) {
            const auto number = chosen ? number_of(*chosen) : unknown;
            report(name + " would be under o" + std::to_string(number) + ", the model says o" +
                   std::to_string(expected.value_or(unknown)));
        }
        for (const int as : heads) {
            op.as = expected && rng_.chance(50) ? *expected : as;
            const bool admitted = !model_.check(op);
            if (resolution.check(real_key(op.author), ops_[*op.as].id, act).has_value() != admitted) {
                report(name + " under o" + std::to_string(*op.as) +
                       (admitted ? " is refused" : " is admitted") + ", the model differs");
            }
        }
    }

    static Act act_for(const Op& op) {
        History one{op};
        one[0].prev.reset();
        const DeviceKey subject = op.subject == nobody ? DeviceKey{} : real_key(op.subject);
        const auto level = static_cast<Level>(op.level);
        switch (op.kind) {
            case Kind::add: return Add{subject, level};
            case Kind::link: return Link{subject, level};
            case Kind::set_level: return SetLevel{subject, level};
            case Kind::remove: return Remove{subject, {}};
            case Kind::ban: return Ban{subject, {}};
            case Kind::unban: return Unban{subject};
            case Kind::leave: return Leave{};
            default: return Post{};
        }
    }

    int number_of(const OpId& id) const {
        const auto at = std::ranges::find(ops_, id, &RealOp::id);
        return at == ops_.end() ? unknown : static_cast<int>(at - ops_.begin());
    }

    // The changes reported on the way must add up to the members at the end.
    void compare_changes(Replica& replica) {
        std::map<DeviceKey, Level> levels;
        for (const auto& change : replica.access.take_changes()) {
            if (levels[change.key] != change.before)
                report("a reported change does not start where the last ended");
            levels[change.key] = change.after;
        }
        if (!replica.held[0]) return;
        for (int device = 0; device < devices_; ++device) {
            if (levels[real_key(device)] != replica.access.now().level_of(real_key(device))) {
                report("the reported changes do not add up for d" + std::to_string(device));
            }
        }
    }

    History history_;
    Rng rng_;
    std::vector<RealOp> ops_;
    Model model_;
    int devices_ = 0;
    std::string difference_;
};

}  // namespace

std::string compare_with_library(const History& history, std::uint64_t seed, unsigned orders) {
    try {
        return Comparison(history, seed).run(orders);
    } catch (const std::logic_error&) {
        // Shrinking may drop the founder who made the group; such a history has no bytes.
        return {};
    }
}

}  // namespace folkmoot::model
