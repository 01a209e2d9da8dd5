#include "folkmoot/graph.hpp"

#include <algorithm>
#include <set>

#include "base/assert.hpp"
#include "base/chunked.hpp"
#include "base/id_table.hpp"
#include "graph/ancestry.hpp"

namespace folkmoot {
namespace {

struct Node {
    AuthorIndex author;
    OpIndex prev;
    std::uint32_t position;
    std::uint32_t depth;
    BranchIndex branch;
    std::uint32_t parents;  // into the pool; the count stands in parent_count
    std::uint8_t parent_count;
    Kind kind;
};

struct Author {
    DeviceKey key;
    std::vector<BranchIndex> branches;
    OpIndex root = no_index;  // the first op without prev
};

struct Branch {
    std::uint32_t first_position;
    std::vector<OpIndex> ops;
};

struct Prepared {
    bool ready = false;
    OpId id;
    AuthorIndex author = no_index;
    DeviceKey key;
    Kind kind = Kind::post;
    OpIndex prev = no_index;
    std::vector<OpIndex> direct;  // prev first
    std::uint32_t position = 0;
    std::uint32_t depth = 0;
    std::vector<OpId> missing;
    Error error;
};

}  // namespace

struct Graph::State {
    struct OpIdAt {
        const Chunked<OpId>* ids;
        const OpId& operator()(std::uint32_t i) const { return (*ids)[i]; }
    };
    struct KeyAt {
        const std::vector<Author>* authors;
        const DeviceKey& operator()(std::uint32_t i) const { return (*authors)[i].key; }
    };

    explicit State(std::uint64_t the_seed)
        : seed(the_seed), table(the_seed, OpIdAt{&ids}), author_table(the_seed, KeyAt{&authors}) {}

    [[nodiscard]] Placement refuse(ErrorCode code, std::string text) {
        prepared.error = Error{code, std::move(text)};
        return Placement::invalid;
    }
    void place_on_branch(OpIndex index, Node& node);

    std::uint64_t seed;
    Chunked<OpId> ids;
    Chunked<Node> nodes;
    Chunked<OpIndex> parent_pool;
    Ancestry ancestry;
    std::vector<Author> authors;
    std::vector<Branch> branches;
    IdTable<OpId, OpIdAt> table;
    IdTable<DeviceKey, KeyAt> author_table;
    std::set<OpIndex> heads;
    std::vector<Equivocation> equivocations;
    Prepared prepared;
};

Graph::Graph(std::uint64_t seed) : state_(std::make_unique<State>(seed)) {}
Graph::~Graph() = default;
Graph::Graph(Graph&&) noexcept = default;
Graph& Graph::operator=(Graph&&) noexcept = default;

Graph::Placement Graph::prepare(const OpId& id, const Operation& op) {
    State& s = *state_;
    Prepared& p = s.prepared;
    p.ready = false;
    p.missing.clear();
    p.direct.clear();
    if (s.table.find(id)) return Placement::duplicate;
    p.id = id;
    p.key = op.author;
    p.kind = op.kind();
    p.prev = no_index;
    p.position = 0;
    p.depth = 0;
    if (op.kind() == Kind::create) {
        if (!s.nodes.empty()) return s.refuse(ErrorCode::graph_second_create, "the group has its create");
    } else if (s.nodes.empty()) {
        // Nothing is known of any group yet: the op waits for its create.
        p.missing.push_back(create_of(*op.group));
        return Placement::missing;
    } else if (create_of(*op.group) != s.ids[0]) {
        // O4: an op belongs to a group only through its ancestry.
        return s.refuse(ErrorCode::graph_wrong_group, "the op names another group");
    }

    const auto look_up = [&](const OpId& ancestor) {
        if (const auto index = s.table.find(ancestor)) {
            p.direct.push_back(*index);
        } else {
            p.missing.push_back(ancestor);
        }
    };
    if (op.prev) look_up(*op.prev);
    for (const auto& parent : op.parents) look_up(parent);
    if (!p.missing.empty()) return Placement::missing;

    if (op.prev) {
        p.prev = p.direct[0];
        const Node& prev = s.nodes[p.prev];
        if (s.authors[prev.author].key != op.author) {
            return s.refuse(ErrorCode::graph_prev_of_another_author, "prev is by another author");
        }
        p.position = prev.position + 1;
    }
    for (const OpIndex direct : p.direct) p.depth = std::max(p.depth, s.nodes[direct].depth + 1);
    p.author = s.author_table.find(op.author).value_or(no_index);
    s.ancestry.prepare(p.direct);
    p.ready = true;
    return Placement::ready;
}

const std::vector<OpId>& Graph::missing() const { return state_->prepared.missing; }
const Error& Graph::error() const { return state_->prepared.error; }
bool Graph::prepared_follows(OpIndex op) const { return state_->ancestry.prepared_has(op); }
OpIndex Graph::prepared_prev() const { return state_->prepared.prev; }
std::uint32_t Graph::prepared_position() const { return state_->prepared.position; }

// O9: a second op with the same prev, or a second one without, starts a branch and is evidence.
void Graph::State::place_on_branch(OpIndex index, Node& node) {
    Author& author = authors[node.author];
    OpIndex rival = no_index;
    if (node.prev == no_index) {
        rival = author.root;
        if (rival == no_index) author.root = index;
    } else {
        const Node& prev = nodes[node.prev];
        Branch& branch = branches[prev.branch];
        const std::size_t next = prev.position - branch.first_position + 1;
        if (next == branch.ops.size()) {
            node.branch = prev.branch;
            branch.ops.push_back(index);
            return;
        }
        rival = branch.ops[next];
    }
    node.branch = static_cast<BranchIndex>(branches.size());
    branches.push_back({node.position, {index}});
    author.branches.push_back(node.branch);
    if (rival != no_index) equivocations.push_back({rival, index});
}

OpIndex Graph::commit() {
    State& s = *state_;
    Prepared& p = s.prepared;
    FOLKMOOT_ASSERT(p.ready);
    p.ready = false;
    const auto index = static_cast<OpIndex>(s.nodes.size());
    if (p.author == no_index) {
        p.author = static_cast<AuthorIndex>(s.authors.size());
        s.authors.push_back({p.key, {}, no_index});
        s.author_table.insert(p.author);
    }
    const std::size_t skip = p.prev == no_index ? 0 : 1;
    Node node{p.author,
              p.prev,
              p.position,
              p.depth,
              no_index,
              static_cast<std::uint32_t>(s.parent_pool.size()),
              static_cast<std::uint8_t>(p.direct.size() - skip),
              p.kind};
    for (std::size_t i = skip; i < p.direct.size(); ++i) s.parent_pool.push_back(p.direct[i]);
    for (const OpIndex direct : p.direct) s.heads.erase(direct);
    s.heads.insert(index);
    s.place_on_branch(index, node);
    s.ids.push_back(p.id);
    s.nodes.push_back(node);
    s.table.insert(index);
    s.ancestry.add_prepared(p.direct);
    return index;
}

std::uint64_t Graph::seed() const { return state_->seed; }
std::size_t Graph::size() const { return state_->nodes.size(); }

std::optional<GroupId> Graph::group() const {
    if (state_->nodes.empty()) return std::nullopt;
    return group_of(state_->ids[0]);
}

std::optional<OpIndex> Graph::find(const OpId& id) const { return state_->table.find(id); }
const OpId& Graph::id(OpIndex op) const { return state_->ids[op]; }
Kind Graph::kind(OpIndex op) const { return state_->nodes[op].kind; }
AuthorIndex Graph::author(OpIndex op) const { return state_->nodes[op].author; }
OpIndex Graph::prev(OpIndex op) const { return state_->nodes[op].prev; }
std::uint32_t Graph::position(OpIndex op) const { return state_->nodes[op].position; }
std::uint32_t Graph::depth(OpIndex op) const { return state_->nodes[op].depth; }

std::vector<OpIndex> Graph::parents(OpIndex op) const {
    const Node& node = state_->nodes[op];
    std::vector<OpIndex> out(node.parent_count);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = state_->parent_pool[node.parents + i];
    return out;
}

void Graph::direct_ancestors(OpIndex op, std::vector<OpIndex>& out) const {
    const Node& node = state_->nodes[op];
    if (node.prev != no_index) out.push_back(node.prev);
    for (std::uint32_t i = 0; i < node.parent_count; ++i)
        out.push_back(state_->parent_pool[node.parents + i]);
}

std::size_t Graph::author_count() const { return state_->authors.size(); }
const DeviceKey& Graph::key(AuthorIndex author) const { return state_->authors[author].key; }
std::optional<AuthorIndex> Graph::find_author(const DeviceKey& key) const {
    return state_->author_table.find(key);
}
const std::vector<BranchIndex>& Graph::branches(AuthorIndex author) const {
    return state_->authors[author].branches;
}
BranchIndex Graph::branch(OpIndex op) const { return state_->nodes[op].branch; }
std::span<const OpIndex> Graph::branch_ops(BranchIndex branch) const { return state_->branches[branch].ops; }
bool Graph::forked(AuthorIndex author) const { return state_->authors[author].branches.size() > 1; }

std::vector<OpIndex> Graph::heads() const {
    std::vector<OpIndex> out(state_->heads.begin(), state_->heads.end());
    std::ranges::sort(out, {}, [this](OpIndex op) { return id(op); });
    return out;
}
std::size_t Graph::head_count() const { return state_->heads.size(); }

bool Graph::is_ancestor(OpIndex a, OpIndex b) const { return state_->ancestry.is_ancestor(a, b); }

Closure Graph::closure(std::span<const OpIndex> ops) const {
    const PastVector past = state_->ancestry.closed_past(ops);
    Closure out;
    out.past_.reserve(past.size());
    for (const auto& entry : past) out.past_.push_back({entry.chain, entry.position});
    return out;
}

bool Graph::contains(const Closure& closure, OpIndex op) const {
    const ChainEntry at = state_->ancestry.place(op);
    const auto found = std::ranges::lower_bound(closure.past_, at.chain, {}, &Closure::Entry::chain);
    return found != closure.past_.end() && found->chain == at.chain && found->position >= at.position;
}

void Graph::merge(Closure& into, const Closure& from) const {
    std::vector<Closure::Entry> out;
    out.reserve(into.past_.size() + from.past_.size());
    auto a = into.past_.begin();
    auto b = from.past_.begin();
    while (a != into.past_.end() || b != from.past_.end()) {
        if (b == from.past_.end() || (a != into.past_.end() && a->chain < b->chain)) {
            out.push_back(*a++);
        } else if (a == into.past_.end() || b->chain < a->chain) {
            out.push_back(*b++);
        } else {
            out.push_back({a->chain, std::max(a->position, b->position)});
            ++a;
            ++b;
        }
    }
    into.past_ = std::move(out);
}

std::vector<OpIndex> Graph::maximal(std::span<const OpIndex> ops) const {
    std::vector<OpIndex> sorted(ops.begin(), ops.end());
    std::ranges::sort(sorted, std::greater{});
    const auto rest = std::ranges::unique(sorted);
    sorted.erase(rest.begin(), rest.end());
    if (sorted.size() < 2) return sorted;
    // Descending index: whatever has an op in its past stands before it.
    std::vector<OpIndex> out;
    Ancestry::Growing covered(state_->ancestry);
    for (const OpIndex op : sorted) {
        if (covered.has(op)) continue;
        out.push_back(op);
        covered.add(op);
    }
    std::ranges::sort(out, {}, [this](OpIndex op) { return id(op); });
    return out;
}

std::vector<OpIndex> Graph::difference(std::span<const OpIndex> heads, const Closure& since) const {
    std::vector<OpIndex> out;
    std::vector<OpIndex> stack;
    std::vector<OpIndex> direct;
    std::set<OpIndex> few;
    std::vector<bool> many;  // used once the result is large, in place of the set
    const auto seen = [&](OpIndex op) {
        if (!many.empty()) {
            if (many[op]) return true;
            many[op] = true;
            return false;
        }
        if (!few.insert(op).second) return true;
        if (few.size() > size() / 64 + 64) {
            many.resize(size());
            for (const OpIndex known : few) many[known] = true;
        }
        return false;
    };
    const auto visit = [&](OpIndex op) {
        if (!contains(since, op) && !seen(op)) stack.push_back(op);
    };
    for (const OpIndex head : heads) visit(head);
    while (!stack.empty()) {
        const OpIndex op = stack.back();
        stack.pop_back();
        out.push_back(op);
        direct.clear();
        direct_ancestors(op, direct);
        for (const OpIndex ancestor : direct) visit(ancestor);
    }
    std::ranges::sort(out);
    return out;
}

const std::vector<Equivocation>& Graph::equivocations() const { return state_->equivocations; }

std::size_t Graph::memory() const {
    const State& s = *state_;
    std::size_t total = s.ids.memory() + s.nodes.memory() + s.parent_pool.memory() + s.ancestry.memory() +
                        s.table.memory() + s.author_table.memory() + s.authors.capacity() * sizeof(Author) +
                        s.heads.size() * 48;
    for (const auto& branch : s.branches) total += sizeof(branch) + branch.ops.capacity() * sizeof(OpIndex);
    return total;
}

}  // namespace folkmoot
