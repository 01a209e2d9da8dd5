// Errors as the program shows them: a sentence for people or an object for programs, whose fault it is, and
// the exit code.
#include <nlohmann/json.hpp>
#include <ostream>

#include "moot/environment.hpp"

namespace folkmoot::moot {

int exit_code_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::usage:
        case ErrorCode::ambiguous:
        case ErrorCode::bad_ticket: return 2;
        case ErrorCode::no_home:
        case ErrorCode::no_group: return 10;
        case ErrorCode::store_locked: return 11;
        case ErrorCode::unsafe_key_file: return 13;
        case ErrorCode::net_unreachable:
        case ErrorCode::session_timed_out:
        case ErrorCode::channel_timed_out:
        case ErrorCode::net_busy: return 20;
        case ErrorCode::session_not_let_in:
        // The peer has no such group, or will not say more.
        case ErrorCode::session_closed_by_peer: return 21;
        case ErrorCode::store_damaged: return 40;
        case ErrorCode::interrupted: return 130;
        default: break;
    }
    const auto number = static_cast<unsigned>(code);
    if (number >= 400 && number < 500) return 30;
    const bool peer = (number >= 500 && number <= 506) || code == ErrorCode::session_peer_violation ||
                      (number >= 700 && number <= 704);
    return peer ? 22 : 1;
}

namespace {

// As protocol-spec/errors.md has it.
std::string_view fault_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::op_payload_mismatch:
        case ErrorCode::op_bad_signature:
        case ErrorCode::op_unproven:
        case ErrorCode::graph_missing_ancestor:
        case ErrorCode::graph_full: return "peer";
        case ErrorCode::access_no_grant:
        case ErrorCode::session_ended:
        case ErrorCode::store_locked:
        case ErrorCode::store_version:
        case ErrorCode::store_not_found:
        case ErrorCode::store_pending:
        case ErrorCode::net_listen:
        case ErrorCode::signer_failed: return "user";
        case ErrorCode::file_io: return "disk";
        default: break;
    }
    switch (static_cast<unsigned>(code) / 100) {
        case 1:
        case 2:
        case 3:
        case 4: return "op";
        case 5:
        case 7: return "peer";
        case 6: return "disk";
        case 9: return "build";
        default: return "user";
    }
}

}  // namespace

nlohmann::ordered_json error_json(const Error& error) {
    return {{"code", static_cast<unsigned>(error.code)},
            {"name", name_of(error.code)},
            {"text", error.text},
            {"fault", fault_of(error.code)}};
}

int report(Environment& environment, const Error& error) {
    if (environment.json()) {
        const nlohmann::ordered_json value = {{"error", error_json(error)}};
        environment.err() << value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)
                          << "\n";
    } else {
        environment.err() << "moot: " << error.text << "\n";
    }
    return exit_code_of(error.code);
}

}  // namespace folkmoot::moot
