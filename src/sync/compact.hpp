// Compact batches (Y11): what the receiver can rebuild is not sent.
//
// A post goes as its author's number, references to its ancestors and its payload; the receiver rebuilds the
// exact body and computes the id. Other kinds are rare and go as whole bodies. References name an op of the
// same batch by distance, or an op the receiver should hold by (author, position), or any op by its id. The
// second form rests on both ends knowing the author's chain alike; where a fork makes them differ, the
// rebuilt ids differ, the batch's check value shows it, and the receiver asks for the answer again in plain
// form, with keys and ids in full. A mistake therefore costs a round trip and is never taken for somebody's
// lie.
//
//   batch   := check(4) count {author} count {op} count {head}      head: a ref
//   author  := 0 key(32) base | 1 label(4) base | 2+i delta        i: number of a tip the receiver sent
//   op      := flags author prev [grant] {parent} time length payload|hash [signature]
//            | flags length body [signature]
//   prev    := nothing if the author's last op in the batch | 1 if none | ref
//   ref     := 0 id(32) | 2*distance | 2*author+3 (base - position)
// All numbers are shortest varints; delta, time and base - position are signed (zigzag).
#pragma once

#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "crypto/hash.hpp"
#include "folkmoot/graph.hpp"
#include "folkmoot/operation.hpp"
#include "folkmoot/session.hpp"

namespace folkmoot::sync {

/// A 4-byte name of a device that means something only within one session (Y3).
using AuthorLabel = std::uint32_t;
[[nodiscard]] AuthorLabel author_label(const crypto::SipKey& salt, const DeviceKey& key);

/// The authors this replica knows, by label; grows with the graph.
class LabelTable {
   public:
    LabelTable(const Graph& graph, const crypto::SipKey& salt) : graph_(graph), salt_(salt) {}
    /// Nothing if no author, or more than one, has the label.
    [[nodiscard]] std::optional<AuthorIndex> find(AuthorLabel label);
    [[nodiscard]] const crypto::SipKey& salt() const { return salt_; }

   private:
    const Graph& graph_;
    crypto::SipKey salt_;
    std::unordered_map<AuthorLabel, AuthorIndex> table_;
    std::size_t known_ = 0;
};

/// A tip as the receiver of a batch sent it before, by which its sender may name authors.
struct NamedTip {
    AuthorIndex author = no_index;  // at whoever uses it; no_index if unknown there
    std::uint32_t position = 0;
};

struct BatchForm {
    /// Keys and ids in full.
    bool plain = false;
    /// Signatures only where O5 asks for them.
    bool chain = false;
};

/// One op to encode: its index in the sender's graph and what is stored.
struct OutgoingOp {
    OpIndex index;
    EncodedOp op;
};

/// The most an op takes of a batch, whatever the form: signature, author and all references in full.
[[nodiscard]] std::size_t longest_form(Kind kind, std::size_t ancestors, const EncodedOp& op);
[[nodiscard]] inline std::size_t longest_form(const DecodedOp& op) {
    const Operation& value = op.value();
    return longest_form(value.kind(), value.parents.size() + (value.prev ? 1 : 0), op.bytes());
}

/// O5: which of the ops must carry their signature when they make up one batch in this order.
[[nodiscard]] std::vector<bool> signatures_needed(const Graph& graph, SessionHost& host,
                                                  std::span<const OutgoingOp> ops);

/// Encodes the ops, and the heads of an offer where its answer ends, as one batch.
[[nodiscard]] Bytes encode_compact(SessionHost& host, std::span<const OutgoingOp> ops,
                                   std::span<const OpIndex> heads, const BatchForm& form,
                                   const crypto::SipKey& salt, std::span<const NamedTip> tips);

struct DecodedBatch {
    std::vector<DecodedOp> ops;
    std::vector<OpId> heads;
};

/// Rebuilds the ops. session_unresolved if a reference cannot be resolved here or the check value differs:
/// ask for the plain form; session_bad_message for what no correct peer sends. At most limits::batch_ops ops
/// and limits::head_ids heads.
[[nodiscard]] Result<DecodedBatch> decode_compact(SessionHost& host, ByteView batch, LabelTable& labels,
                                                  std::span<const NamedTip> tips);

}  // namespace folkmoot::sync
