// The access rules by four ways: the library op by op, the slow model, other orders, and a replica that
// stored the ops and was opened again.
//
// The input is a header of 4 bytes (founders, rules, an order) and an op of 10 bytes each, at most 64 by at
// most 8 devices. Whatever the bytes are, the op has a form that can be signed; the rules may refuse it.
#include "fuzz/support/device.hpp"
#include "fuzz/support/records.hpp"
#include "fuzz/support/script.hpp"
#include "model/comparison.hpp"
#include "model/random_history.hpp"
#include "support/real_history.hpp"

namespace {

using namespace folkmoot;
using fuzz::Script;
using model::History;

constexpr std::size_t header_bytes = 4;
constexpr std::size_t op_bytes = 10;
constexpr std::size_t most_ops = 64;
constexpr std::size_t devices = 8;
constexpr std::array<int, 8> levels{1, 10, 25, 50, 50, 99, 100, 100};

class Writer {
   public:
    explicit Writer(Script& script) {
        model::Op op;
        op.kind = Kind::create;
        const std::uint8_t who = script.byte();
        for (int i = 0; i <= who % 3; ++i) op.founders.push_back(i);
        if ((who & 8U) != 0) std::ranges::reverse(op.founders);
        op.author = who / 16 % static_cast<int>(op.founders.size());
        const std::uint8_t rules = script.byte();
        if ((rules & 1U) != 0) op.rules.equal = Rules::Equal::forbid;
        Level* const changed[] = {&op.rules.post, &op.rules.add,   &op.rules.set_level, &op.rules.remove,
                                  &op.rules.ban,  &op.rules.unban, &op.rules.link,      &op.rules.read};
        if ((rules & 2U) != 0) *changed[rules / 4 % 8] = static_cast<Level>(levels[rules / 32]);
        push(op);
    }
    void add(Script& script) {
        model::Op op;
        const std::uint8_t what = script.byte();
        op.kind = static_cast<Kind>(1 + what % (kind_count - 1));
        const std::uint8_t who = script.byte();
        op.author = who % static_cast<int>(devices);
        if (op.kind <= Kind::unban) op.subject = who / 16 % static_cast<int>(devices);
        if (op.kind <= Kind::set_level) op.level = levels[what / 8 % 8];
        choose_ancestors(op, script);
        if (what >= 192 && (op.kind == Kind::remove || op.kind == Kind::ban)) choose_cut(op, script);
        const std::uint8_t as = script.byte();
        op.as = as % 4 != 3 ? model_.default_as(op) : std::optional(as / 4 % model_.size());
        if (!op.as) op.as = 0;
        push(op);
    }
    [[nodiscard]] const History& history() const { return history_; }

   private:
    void push(model::Op op) {
        // Until the real ids are known; all different.
        op.id.bytes[0] = static_cast<std::uint8_t>(history_.size() * 37U);
        op.id.bytes[1] = static_cast<std::uint8_t>(history_.size());
        model_.add(op);
        history_.push_back(std::move(op));
    }
    void choose_ancestors(model::Op& op, Script& script) {
        const std::uint8_t how = script.byte();
        if (how % 4 == 0) {
            for (int i = 0; i < model_.size(); ++i) {
                bool cited = !model_.admitted(i);
                for (int j = i + 1; j < model_.size() && !cited; ++j)
                    cited = model_.admitted(j) && model_.follows(j, i);
                if (!cited && op.parents.size() < 8) op.parents.push_back(i);
            }
        } else {
            // Counted from the newest: what is near is chosen more often.
            for (int i = 0; i < how % 4; ++i) {
                const int back = script.byte() % model_.size();
                op.parents.push_back(model_.size() - 1 - back);
            }
        }
        const std::uint8_t prev = script.byte();
        if (prev % 8 == 7) {
            op.prev = prev / 8 % model_.size();
        } else if (prev % 8 != 6) {
            op.prev = model_.default_prev(op.author, op.parents);
        }
        if (op.prev) std::erase(op.parents, *op.prev);
        std::ranges::sort(op.parents);
        op.parents.erase(std::ranges::unique(op.parents).begin(), op.parents.end());
        if (op.parents.empty() && !op.prev) op.parents.push_back(0);
    }
    void choose_cut(model::Op& op, Script& script) const {
        op.cut.emplace();
        for (std::size_t i = script.below(3); i > 0; --i) op.cut->push_back(script.byte() % model_.size());
        std::ranges::sort(*op.cut);
        op.cut->erase(std::ranges::unique(*op.cut).begin(), op.cut->end());
    }

    History history_;
    model::Model model_;
};

/// The bytes of an op, signed with a key that costs nothing.
EncodedOp encoded(const model::RealOp& op) {
    EncodedOp out{op.id, *encode_body(op.operation), {}, {}, 0};
    out.signature = wire::fake_signature(op.operation.author, signing_input(op.id));
    return out;
}

// Stored in an order of its own in two parts, opened, and asked.
void compare_with_stored(History history, std::uint64_t seed) {
    const auto ops = model::real_ops(history, seed);
    const auto judge = model::model_of(history);
    if (!judge.admitted(0)) return;
    fuzz::Device device("device", group_of(ops[0].id));
    std::vector<std::size_t> order;
    for (int i = 0; i < judge.size(); ++i) {
        if (judge.admitted(i)) order.push_back(static_cast<std::size_t>(i));
    }
    const std::size_t half = seed % order.size();
    std::reverse(order.begin() + static_cast<std::ptrdiff_t>(half), order.end());
    std::vector<EncodedOp> batch;
    for (const std::size_t i : order) batch.push_back(encoded(ops[i]));
    for (const auto part : {std::span(batch).first(half), std::span(batch).subspan(half)}) {
        if (part.empty()) continue;
        FOLKMOOT_ASSERT(device.replica().take(part));
        device.drain();
    }
    device.reopen();
    FOLKMOOT_ASSERT(device.graph().size() == batch.size());
    const auto outcome = judge.judge(judge.everything());
    for (int d = 0; d < static_cast<int>(devices); ++d) {
        const auto member = outcome.members.find(d);
        const int level = member == outcome.members.end() ? 0 : member->second;
        FOLKMOOT_ASSERT(device.level_of(model::real_key(d)) == level);
    }
    for (int i = 0; i < judge.size(); ++i) {
        if (!judge.admitted(i)) continue;
        const auto op = device.graph().find(ops[static_cast<std::size_t>(i)].id);
        FOLKMOOT_ASSERT(op && device.replica().access().now().effective(*op) == outcome.effective(i));
    }
    device.check_proven();
}

}  // namespace

FOLKMOOT_FUZZ_RECORDS(header_bytes, op_bytes)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < header_bytes) return 0;
    Script header(data, header_bytes);
    Writer writer(header);
    const std::uint64_t seed = header.word();
    const ByteView ops = ByteView(data, size).subspan(header_bytes);
    for (std::size_t i = 0; i + 1 < most_ops && (i + 1) * op_bytes <= ops.size(); ++i) {
        Script op(ops.data() + i * op_bytes, op_bytes);
        writer.add(op);
    }
    // Two or three of the four orders: over many inputs each gets its turn.
    constexpr std::array<unsigned, 4> orders{3, 6, 10, 13};
    const std::string difference = model::compare_with_library(writer.history(), seed, orders[seed % 4]);
    if (!difference.empty()) std::fprintf(stderr, "%s\n", difference.c_str());
    FOLKMOOT_ASSERT(difference.empty());
    if (seed / 4 % 4 == 0) compare_with_stored(writer.history(), seed);
    return 0;
}
