#include "sync/blame.hpp"

namespace folkmoot::sync {

bool is_violation(ErrorCode code) {
    switch (code) {
        case ErrorCode::graph_missing_ancestor:
        case ErrorCode::graph_full:
        case ErrorCode::access_no_grant:
        case ErrorCode::session_no_progress:
        case ErrorCode::session_timed_out:
        case ErrorCode::session_closed_by_peer:
        case ErrorCode::session_not_let_in:
        case ErrorCode::session_quota:
        case ErrorCode::session_ended:
        case ErrorCode::session_outgrown: return false;
        default: break;
    }
    const auto number = static_cast<unsigned>(code);
    return number >= 100 && number < 600;  // encoding, op, graph, access, session
}

}  // namespace folkmoot::sync
