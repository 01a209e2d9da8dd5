#include "folkmoot/evidence.hpp"

#include <algorithm>

#include "encoding/cbor.hpp"

namespace folkmoot {
namespace {

using encoding::Reader;
using encoding::Writer;

constexpr std::uint64_t evidence_version = 1;
constexpr std::size_t max_items = 4 + 2 * (1 + 3 * limits::signed_every);
constexpr std::size_t max_depth = 3;
static_assert(limits::evidence_bytes ==
              16 + 2 * limits::signed_every * (limits::body_bytes + Signature::size + std::size_t{16}));

void write_run(Writer& out, const EvidenceRun& run) {
    out.begin_array(run.size());
    for (const auto& op : run) {
        out.begin_array(2);
        out.write_bytes(op.body);
        out.write_bytes(op.signature ? op.signature->view() : ByteView{});
    }
}

Result<EvidenceRun> read_run(Reader& in) {
    const auto count = in.begin_array(limits::signed_every);
    if (!count) return std::unexpected(count.error());
    EvidenceRun run;
    for (std::size_t i = 0; i < *count; ++i) {
        if (auto array = in.expect_array(2); !array) return std::unexpected(array.error());
        const auto body = in.read_bytes(limits::body_bytes);
        if (!body) return std::unexpected(body.error());
        const auto signature = in.read_bytes(Signature::size);
        if (!signature) return std::unexpected(signature.error());
        in.end_array();
        EncodedOp op;
        op.body.assign(body->begin(), body->end());
        op.id = op_id(op.body);
        op.signature = Signature::from(*signature);
        if (!op.signature && !signature->empty()) {
            return fail(ErrorCode::not_evidence, "a signature of the wrong length");
        }
        run.push_back(std::move(op));
    }
    in.end_array();
    return run;
}

// A branch proven: its first op's meaning.
Result<Operation> verify_run(const Verifier& verifier, const EvidenceRun& run) {
    if (run.empty()) return fail(ErrorCode::not_evidence, "a branch without ops");
    auto first = decode_body(run.front().body);
    if (!first) return std::unexpected(first.error());
    for (std::size_t i = 1; i < run.size(); ++i) {
        const auto op = decode_body(run[i].body);
        if (!op) return std::unexpected(op.error());
        if (op->author != first->author || op->group != first->group || op->prev != run[i - 1].id) {
            return fail(ErrorCode::not_evidence, "an op of a branch does not follow the one before it");
        }
    }
    const EncodedOp& last = run.back();
    if (!last.signature) return fail(ErrorCode::not_evidence, "a branch does not end in a signed op");
    if (!verifier.key_acceptable(first->author))
        return fail(ErrorCode::op_bad_key, "the author's key is not acceptable");
    if (!verify_op(verifier, first->author, last.id, *last.signature)) {
        return fail(ErrorCode::op_bad_signature, "a signature does not verify");
    }
    return first;
}

}  // namespace

Bytes encode_evidence(const EvidenceRun& a, const EvidenceRun& b) {
    const bool ordered = a.front().id < b.front().id;
    Bytes bytes;
    Writer out(bytes);
    out.begin_array(3);
    out.write_uint(evidence_version);
    write_run(out, ordered ? a : b);
    write_run(out, ordered ? b : a);
    return bytes;
}

Result<EquivocationProof> verify_evidence(const Verifier& verifier, ByteView bytes) {
    if (bytes.size() > limits::evidence_bytes) return fail(ErrorCode::not_evidence, "too large for evidence");
    Reader in(bytes, max_items, max_depth);
    if (auto array = in.expect_array(3); !array) return std::unexpected(array.error());
    const auto version = in.read_uint();
    if (!version) return std::unexpected(version.error());
    if (*version != evidence_version) return fail(ErrorCode::not_evidence, "evidence of an unknown version");
    const auto a = read_run(in);
    if (!a) return std::unexpected(a.error());
    const auto b = read_run(in);
    if (!b) return std::unexpected(b.error());
    in.end_array();
    if (auto end = in.finish(); !end) return std::unexpected(end.error());
    const auto x = verify_run(verifier, *a);
    if (!x) return std::unexpected(x.error());
    const auto y = verify_run(verifier, *b);
    if (!y) return std::unexpected(y.error());
    // Two creates make two groups; only ops of one group equivocate.
    const bool same_place = x->author == y->author && x->prev == y->prev && x->group && x->group == y->group;
    const bool create_and_other =
        x->author == y->author && !x->prev && !y->prev && x->group.has_value() != y->group.has_value() &&
        (x->group ? create_of(*x->group) == b->front().id : create_of(*y->group) == a->front().id);
    if ((!same_place && !create_and_other) || !(a->front().id < b->front().id)) {
        return fail(ErrorCode::not_evidence, "the two ops do not contradict each other");
    }
    return EquivocationProof{
        x->author, x->group ? *x->group : *y->group, x->prev, a->front().id, b->front().id, x->kind(),
        y->kind()};
}

}  // namespace folkmoot
