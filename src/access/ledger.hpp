// The facts of access ops: grants with their ranks, acts with their subjects. A fact is fixed when its op
// is admitted and nothing made later or elsewhere changes it (G2); verdicts live in Resolution.
#pragma once

#include <map>
#include <span>
#include <tuple>
#include <vector>

#include "access/paths.hpp"
#include "base/chunked.hpp"
#include "base/id_table.hpp"
#include "folkmoot/access.hpp"

namespace folkmoot {

using DeviceIndex = std::uint32_t;
using ActIndex = std::uint32_t;
using RunIndex = std::uint32_t;
using LineIndex = std::uint32_t;

struct Grant {
    OpIndex op;
    ActIndex act;
    DeviceIndex holder;
    GrantIndex under;  // no_index for founders
    PathTrie::Node path;
    Level level;
    bool link;
    bool used = false;                // some op acts under it
    std::uint32_t link_depth = 0;     // how many links in a row lead to it
    GrantIndex jump = no_index;       // one of those above it in that row, to climb in O(log)
    std::vector<RunIndex> runs = {};  // access acts under it, but for leaves
    std::vector<ActIndex> bans = {};
    std::vector<GrantIndex> links = {};  // grants linked directly under it
};

/// The access acts under one grant on one branch of its holder, but for leaves, in branch order. Whatever a
/// revocation has seen is closed under ancestors, so of a run it has seen a prefix.
struct Run {
    GrantIndex as;
    BranchIndex branch;
    std::vector<ActIndex> acts;
};

/// An access op other than a post.
struct AccessAct {
    OpIndex op;
    GrantIndex as;  // no_index for create
    DeviceIndex author;
    DeviceIndex subject;  // no_index for create and leave
    GrantIndex makes;     // first grant it makes, no_index if none
    std::uint32_t cut;    // where the ops it names begin, no_index without
    std::uint32_t cut_count;
    RunIndex run;    // no_index for create and leave
    LineIndex line;  // of revocations, unbans and leaves, else no_index
    Kind kind;
    Level level;          // granted level; 0 for acts that grant none
    bool own_links_only;  // a remove below the remove level (A1, V1)
};

struct Device {
    DeviceKey key;
    std::vector<GrantIndex> tenures;
    std::vector<ActIndex> revocations;  // remove, ban and set_level about it
    std::vector<ActIndex> unbans;
    std::vector<ActIndex> leaves;
    // Acts about it under one grant and on one branch of its holder make a line.
    std::vector<LineIndex> revocation_lines;
    std::vector<LineIndex> unban_lines;
    std::vector<LineIndex> leave_lines;
};

/// The past an A1 check is made against: the op the graph has prepared, a frontier, or all there is.
class PastView {
   public:
    explicit PastView(const Graph& graph) : graph_(graph) {}
    PastView(const Graph& graph, const std::optional<Closure>& within)
        : graph_(graph), closure_(within ? &*within : nullptr), all_(!within) {}
    [[nodiscard]] bool has(OpIndex op) const {
        if (all_) return true;
        return closure_ != nullptr ? graph_.contains(*closure_, op) : graph_.prepared_follows(op);
    }

   private:
    const Graph& graph_;
    const Closure* closure_ = nullptr;
    bool all_ = false;
};

class Ledger {
   public:
    explicit Ledger(const Graph& graph) : graph_(graph), device_table_(graph.seed(), KeyAt{&devices_}) {}
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;

    /// Records an admitted op; returns its act, no_index for a post.
    ActIndex record(OpIndex index, const Operation& op);

    // A1, in admission.cpp. `as` must name a grant of `author` in the past.
    [[nodiscard]] Result<GrantIndex> find_grant(const DeviceKey& author, const OpId& as,
                                                const PastView& past) const;
    [[nodiscard]] Result<void> check_act(DeviceIndex author, const DeviceKey& author_key, GrantIndex as,
                                         const Act& act, const PastView& past) const;
    [[nodiscard]] Result<void> check_prepared(const Operation& op) const;

    /// G2: whether a's rank is above b's. A strict total order on grants.
    [[nodiscard]] bool above(GrantIndex a, GrantIndex b) const { return rank_part(a, b) != RankPart::none; }
    /// The first part of the rank in which a is above b; none if it is not above.
    [[nodiscard]] RankPart rank_part(GrantIndex a, GrantIndex b) const;
    [[nodiscard]] std::uint32_t path_length(GrantIndex g) const { return paths_.length(grants_[g].path); }
    /// G3.
    [[nodiscard]] RankPart outranks_by(GrantIndex a, GrantIndex b) const;
    [[nodiscard]] bool outranks(GrantIndex a, GrantIndex b) const {
        return outranks_by(a, b) != RankPart::none;
    }
    /// E3: the deciding order, (rank of `as`, position in the author's chain, id), of two access acts.
    [[nodiscard]] bool decides_before(ActIndex a, ActIndex b) const;
    /// The grant, the one it was given under, and so on to a founder's.
    [[nodiscard]] std::vector<GrantIndex> path_of(GrantIndex grant) const;
    /// Whether the tenure was linked, directly or through other links, under a tenure of `device`.
    [[nodiscard]] bool linked_under(GrantIndex tenure, DeviceIndex device) const;
    /// The level an act of this kind takes.
    [[nodiscard]] Level level_for(Kind kind) const;

    [[nodiscard]] const Graph& graph() const { return graph_; }
    [[nodiscard]] const Rules& rules() const { return rules_; }
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const Grant& grant(GrantIndex g) const { return grants_[g]; }
    [[nodiscard]] const AccessAct& act(ActIndex a) const { return acts_[a]; }
    [[nodiscard]] const Device& device(DeviceIndex d) const { return devices_[d]; }
    [[nodiscard]] const Run& run(RunIndex r) const { return runs_[r]; }
    /// The grant under which a line acts; no_index for leaves.
    [[nodiscard]] GrantIndex line_as(LineIndex line) const { return line_as_[line]; }
    /// The ops a cut names, without those in another's past.
    [[nodiscard]] std::span<const OpIndex> cut(const AccessAct& act) const {
        return std::span(cut_ops_).subspan(act.cut, act.cut_count);
    }
    [[nodiscard]] std::size_t grant_count() const { return grants_.size(); }
    [[nodiscard]] std::size_t act_count() const { return acts_.size(); }
    [[nodiscard]] std::size_t run_count() const { return runs_.size(); }
    [[nodiscard]] std::size_t line_count() const { return line_as_.size(); }
    [[nodiscard]] std::size_t device_count() const { return devices_.size(); }
    [[nodiscard]] std::optional<DeviceIndex> find_device(const DeviceKey& key) const {
        return device_table_.find(key);
    }
    /// The grant the op acts under; no_index for create.
    [[nodiscard]] GrantIndex as_of(OpIndex op) const { return as_[op]; }
    /// Whether the op made a grant that `holder` holds.
    [[nodiscard]] bool gave(OpIndex op, const DeviceKey& holder) const;
    /// The act of an access op, no_index for posts.
    [[nodiscard]] ActIndex act_of(OpIndex op) const;
    [[nodiscard]] std::size_t memory() const;

   private:
    struct KeyAt {
        const std::vector<Device>* devices;
        const DeviceKey& operator()(std::uint32_t i) const { return (*devices)[i].key; }
    };
    enum class LineKind : std::uint8_t { revocation, unban, leave };
    DeviceIndex intern(const DeviceKey& key);
    void enter_run(ActIndex act, BranchIndex branch);
    void enter_line(ActIndex act, DeviceIndex about, LineKind kind, std::vector<LineIndex>& lines);
    void enter_act(ActIndex act, const Operation& op);
    void enter_cut(ActIndex act, const std::vector<OpId>& named);
    [[nodiscard]] GrantIndex grant_by(ActIndex act, DeviceIndex holder) const;
    GrantIndex make_grant(ActIndex act, DeviceIndex holder, GrantIndex under, std::uint32_t step,
                          Level level);

    [[nodiscard]] Result<void> check_subject(DeviceIndex author, GrantIndex as, const Act& act,
                                             const PastView& past) const;
    [[nodiscard]] Result<void> check_cut(const DeviceKey& subject, const std::vector<OpId>& cut,
                                         const PastView& past) const;

    const Graph& graph_;
    Rules rules_;
    std::string name_;
    PathTrie paths_;
    std::vector<Grant> grants_;
    std::vector<AccessAct> acts_;
    std::vector<OpIndex> act_ops_;  // ascending: the op of each act
    std::vector<Device> devices_;
    IdTable<DeviceKey, KeyAt> device_table_;
    std::vector<Run> runs_;
    std::vector<GrantIndex> line_as_;
    std::vector<OpIndex> cut_ops_;
    std::map<std::pair<GrantIndex, BranchIndex>, RunIndex> run_at_;
    std::map<std::tuple<DeviceIndex, LineKind, GrantIndex, BranchIndex>, LineIndex> line_at_;
    Chunked<GrantIndex> as_;  // by op
};

}  // namespace folkmoot
