// Histories for the laboratory: the graph of a trace, or one made up, as real signed ops.
//
// A trace has one op a line, parents before children: AUTHOR PAYLOAD_BYTES SIDE PARENT... with zero-based
// indices; SIDE is C (both replicas have it), A or B. Lines that start with # are comments.
#pragma once

#include <istream>
#include <vector>

#include "folkmoot/operation.hpp"

namespace folkmoot::lab {

struct TraceOp {
    std::uint32_t author = 0;
    std::uint32_t payload_bytes = 0;
    char side = 'C';
    std::vector<std::uint32_t> parents;
};

/// bad_trace with the line's number for anything that is not such a file.
[[nodiscard]] Result<std::vector<TraceOp>> read_trace(std::istream& in);

/// An op of the history and who holds it.
struct HistoryOp {
    EncodedOp op;
    char side = 'C';
};

struct History {
    GroupId group;
    /// Device keys of the authors, in the trace's order.
    std::vector<DeviceKey> authors;
    /// Parents before children. Before the trace's ops stand the create by author 0 and the adds of the
    /// others as members, all of them common.
    std::vector<HistoryOp> ops;
    std::size_t setup_ops = 0;
};

/// The 32-byte signing seed of the laboratory's author or observer number `index`.
[[nodiscard]] Bytes author_seed(std::uint32_t index);

/// Signs the whole trace. Payloads are pseudo-random bytes. An author's prev is their op furthest along
/// their chain among the ancestors; what a line cites beyond 16 parents is merged by extra empty posts.
[[nodiscard]] Result<History> make_history(const std::vector<TraceOp>& trace);

}  // namespace folkmoot::lab
