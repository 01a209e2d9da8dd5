#include "moot/lab_history.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>

#include "crypto/hash.hpp"
#include "folkmoot/access.hpp"
#include "folkmoot/graph.hpp"

namespace folkmoot::lab {
namespace {

constexpr std::uint32_t max_authors = 1'000'000;

Result<TraceOp> read_line(const std::string& line, std::size_t number, std::size_t index) {
    const auto bad = [number](std::string_view what) {
        return fail(ErrorCode::bad_trace, "line " + std::to_string(number) + ": " + std::string(what));
    };
    std::istringstream fields(line);
    TraceOp op;
    std::string side;
    if (!(fields >> op.author >> op.payload_bytes >> side))
        return bad("expected AUTHOR PAYLOAD_BYTES SIDE PARENT...");
    if (side != "C" && side != "A" && side != "B") return bad("the side is C, A or B");
    if (op.author >= max_authors) return bad("too many authors");
    if (op.payload_bytes > limits::payload_bytes) return bad("a payload has at most 32 KiB");
    op.side = side[0];
    std::string word;
    while (fields >> word) {
        std::uint32_t parent = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), parent);
        if (error != std::errc{} || end != word.data() + word.size() || parent >= index) {
            return bad("a parent is the number of an earlier op");
        }
        op.parents.push_back(parent);
    }
    return op;
}

// Places and signs ops one after the other.
class Builder {
   public:
    Result<void> begin(std::uint32_t authors) {
        for (std::uint32_t i = 0; i < authors; ++i) {
            auto signer = make_signer(author_seed(i));
            if (!signer) return std::unexpected(signer.error());
            history.authors.push_back((*signer)->key());
            signers_.push_back(std::move(*signer));
        }
        Create create{"laboratory", {history.authors[0]}, Rules{}};
        auto root = add(0, create, {}, 'C', {});
        if (!root) return std::unexpected(root.error());
        for (std::uint32_t i = 1; i < authors; ++i) {
            root = add(0, Add{history.authors[i], level::member}, {*root}, 'C', {});
            if (!root) return std::unexpected(root.error());
        }
        last_setup = *root;
        history.setup_ops = history.ops.size();
        return {};
    }

    Result<OpIndex> add_post(const TraceOp& line, std::vector<OpIndex> parents) {
        while (parents.size() > limits::parents) {
            std::vector<OpIndex> some(parents.end() - limits::parents, parents.end());
            parents.resize(parents.size() - limits::parents);
            auto merged = add(line.author, Post{0, payload_hash({})}, std::move(some), line.side, Bytes{});
            if (!merged) return merged;
            parents.push_back(*merged);
        }
        Bytes payload(line.payload_bytes);
        for (std::size_t i = 0; i < payload.size(); ++i) {
            random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;
            payload[i] = static_cast<std::uint8_t>(random_ >> 56U);
        }
        const Post post{line.payload_bytes, payload_hash(payload)};
        return add(line.author, post, std::move(parents), line.side, std::move(payload));
    }

    History history;
    OpIndex last_setup = 0;

   private:
    // The author's op furthest along their chain at or before `parents`.
    OpIndex find_prev(std::uint32_t author, const std::vector<OpIndex>& parents) {
        const auto index = graph_.find_author(history.authors[author]);
        if (!index || parents.empty()) return no_index;
        const auto known = [&](OpIndex op) {
            return std::ranges::any_of(parents,
                                       [&](OpIndex p) { return p == op || graph_.is_ancestor(op, p); });
        };
        OpIndex best = no_index;
        for (const BranchIndex branch : graph_.branches(*index)) {
            const auto ops = graph_.branch_ops(branch);
            const auto end = known(ops.back()) ? ops.end() : std::ranges::partition_point(ops, known);
            if (end == ops.begin()) continue;
            const OpIndex op = *(end - 1);
            if (best == no_index || graph_.position(op) > graph_.position(best)) best = op;
        }
        return best;
    }

    Result<OpIndex> add(std::uint32_t author, Act act, std::vector<OpIndex> parents, char side,
                        std::optional<Bytes> payload) {
        Operation op;
        op.author = history.authors[author];
        op.act = std::move(act);
        if (op.kind() != Kind::create) {
            op.group = graph_.group();
            const OpIndex prev = find_prev(author, parents);
            if (prev != no_index) op.prev = graph_.id(prev);
            std::erase(parents, prev);
            for (const OpIndex parent : parents) op.parents.push_back(graph_.id(parent));
            std::ranges::sort(op.parents);
            const auto rest = std::ranges::unique(op.parents);
            op.parents.erase(rest.begin(), rest.end());
            op.as = author == 0 ? graph_.id(0) : graph_.id(author);  // the adds stand in the authors' order
        }
        auto body = encode_body(op);
        if (!body) return std::unexpected(body.error());
        const OpId id = op_id(*body);
        if (const auto placed = graph_.prepare(id, op); placed != Graph::Placement::ready) {
            return fail(ErrorCode::bad_trace, "an op of the trace cannot be placed");
        }
        if (auto checked = access_.check(op); !checked) return std::unexpected(checked.error());
        const OpIndex index = graph_.commit();
        access_.record(index, op);
        auto signature = sign_op(*signers_[author], id);
        if (!signature) return std::unexpected(signature.error());
        if (op.kind() != Kind::post) payload.reset();
        history.ops.push_back({EncodedOp{id, std::move(*body), *signature, std::move(payload), 0}, side});
        return index;
    }

    Graph graph_;
    Access access_{graph_};
    std::vector<std::unique_ptr<Signer>> signers_;
    std::uint64_t random_ = 1;
};

}  // namespace

Result<std::vector<TraceOp>> read_trace(std::istream& in) {
    std::vector<TraceOp> out;
    std::string line;
    for (std::size_t number = 1; std::getline(in, line); ++number) {
        if (line.empty() || line[0] == '#') continue;
        auto op = read_line(line, number, out.size());
        if (!op) return std::unexpected(op.error());
        out.push_back(std::move(*op));
    }
    if (out.empty()) return fail(ErrorCode::bad_trace, "the trace has no ops");
    return out;
}

Bytes author_seed(std::uint32_t index) {
    const std::string text = "folkmoot/1/laboratory/" + std::to_string(index);
    const auto hash = crypto::blake2b_256({as_bytes(text)});
    return {hash.bytes.begin(), hash.bytes.end()};
}

Result<History> make_history(const std::vector<TraceOp>& trace) {
    std::uint32_t authors = 0;
    for (const auto& op : trace) authors = std::max(authors, op.author + 1);
    Builder builder;
    if (auto begun = builder.begin(authors); !begun) return std::unexpected(begun.error());
    std::vector<OpIndex> placed;
    placed.reserve(trace.size());
    for (const auto& op : trace) {
        std::vector<OpIndex> parents;
        parents.reserve(op.parents.size());
        for (const auto parent : op.parents) parents.push_back(placed[parent]);
        if (parents.empty()) parents.push_back(builder.last_setup);
        auto index = builder.add_post(op, std::move(parents));
        if (!index) return std::unexpected(index.error());
        placed.push_back(*index);
    }
    builder.history.group = group_of(builder.history.ops.front().op.id);
    return std::move(builder.history);
}

}  // namespace folkmoot::lab
