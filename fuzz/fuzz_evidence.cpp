// Evidence of an equivocation from any bytes (O9): refused, or two different ops of the accused whose
// signatures are theirs, in the only spelling. Nobody is accused whose key did not sign.
//
// The mutator sees the two runs of ops: it changes a body and then signs the last op of each run again with
// the author's fake key, and links the run, or nothing would pass the first signature.
#include <cstring>

#include "base/assert.hpp"
#include "encoding/cbor.hpp"
#include "folkmoot/evidence.hpp"
#include "fuzz/support/records.hpp"
#include "support/fake_keys.hpp"

namespace {

using namespace folkmoot;
using fuzz::Dice;

// The runs without any check but the shape, so that a mutated file can be put together again.
std::optional<std::vector<EvidenceRun>> read_runs(ByteView data) {
    encoding::Reader in(data, 4096, 3);
    if (!in.expect_array(3) || !in.read_uint()) return std::nullopt;
    std::vector<EvidenceRun> out(2);
    for (auto& run : out) {
        const auto count = in.begin_array(64);
        if (!count) return std::nullopt;
        for (std::size_t i = 0; i < *count; ++i) {
            if (!in.expect_array(2)) return std::nullopt;
            const auto body = in.read_bytes(limits::body_bytes);
            const auto signature = in.read_bytes(Signature::size);
            if (!body || !signature) return std::nullopt;
            in.end_array();
            EncodedOp op;
            op.body.assign(body->begin(), body->end());
            op.signature = Signature::from(*signature);
            run.push_back(std::move(op));
        }
        in.end_array();
        if (run.empty()) return std::nullopt;
    }
    return out;
}

// Links each op to the one before it and signs the last.
void repair(EvidenceRun& run, bool sign_all) {
    for (std::size_t i = 0; i < run.size(); ++i) {
        auto op = decode_body(run[i].body);
        if (op && i > 0) {
            op->prev = run[i - 1].id;
            std::erase(op->parents, *op->prev);
            if (auto body = encode_body(*op)) run[i].body = std::move(*body);
        }
        run[i].id = op_id(run[i].body);
        if (op && (sign_all || i + 1 == run.size())) {
            run[i].signature = wire::fake_signature(op->author, signing_input(run[i].id));
        }
    }
}

void change(std::vector<EvidenceRun>& runs, Dice& dice) {
    EvidenceRun& run = runs[dice.below(2)];
    const std::size_t at = dice.below(run.size());
    EncodedOp& op = run[at];
    switch (dice.below(6)) {
        case 0: {
            const EvidenceRun& other = runs[dice.below(2)];
            run.push_back(other[dice.below(other.size())]);
            break;
        }
        case 1:
            if (run.size() > 1) run.erase(run.begin() + static_cast<std::ptrdiff_t>(at));
            break;
        case 2: {
            auto value = decode_body(op.body);
            if (!value) break;
            value->time_ms = dice.below(1000);
            if (dice.below(4) == 0) value->prev.reset();
            if (dice.below(4) == 0) value->group->bytes[0] ^= 1U;
            if (dice.below(4) == 0) value->author = wire::key_of(dice.below(2) == 0 ? "bad key" : "ann");
            if (auto body = encode_body(*value)) op.body = std::move(*body);
            break;
        }
        case 3: op.signature.reset(); break;
        case 4:
            if (runs[0].size() < 60) run.insert(run.end(), runs[1].begin(), runs[1].end());
            break;
        default: {
            Bytes room(op.body);
            room.resize(limits::body_bytes);
            if (LLVMFuzzerMutate != nullptr)
                room.resize(LLVMFuzzerMutate(room.data(), op.body.size(), room.size()));
            op.body = room;
        }
    }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
    Dice dice(seed);
    auto runs = read_runs({data, size});
    if (!runs || dice.below(4) == 0) return LLVMFuzzerMutate(data, size, max_size);
    change(*runs, dice);
    if (dice.below(8) != 0) {
        for (auto& run : *runs) repair(run, dice.below(4) == 0);
    }
    const Bytes made = encode_evidence((*runs)[0], (*runs)[1]);
    if (made.size() > max_size) return size;
    std::memcpy(data, made.data(), made.size());
    return made.size();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView input(data, size);
    const wire::FakeVerifier verifier;
    const auto proof = verify_evidence(verifier, input);
    if (!proof) return 0;
    const auto runs = read_runs(input);
    FOLKMOOT_ASSERT(runs && proof->first != proof->second);
    auto a = (*runs)[0];
    auto b = (*runs)[1];
    for (auto* run : {&a, &b}) {
        for (auto& op : *run) op.id = op_id(op.body);
        // Whoever is accused signed both branches.
        const EncodedOp& last = run->back();
        FOLKMOOT_ASSERT(last.signature && verify_op(verifier, proof->author, last.id, *last.signature));
        for (const auto& op : *run) FOLKMOOT_ASSERT(decode_body(op.body)->author == proof->author);
    }
    FOLKMOOT_ASSERT(a.front().id == proof->first && b.front().id == proof->second);
    // Neither may stand on the other: a correct author makes such a pair every day.
    for (const auto& op : a) FOLKMOOT_ASSERT(op.id != proof->second);
    for (const auto& op : b) FOLKMOOT_ASSERT(op.id != proof->first);
    const Bytes again = encode_evidence(a, b);
    FOLKMOOT_ASSERT(std::ranges::equal(again, input));
    return 0;
}
