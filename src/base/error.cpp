#include "folkmoot/error.hpp"

namespace folkmoot {

// A switch and no table, so that the compiler misses a forgotten code.
// NOLINTNEXTLINE(readability-function-size)
std::string_view name_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::cbor_truncated: return "cbor_truncated";
        case ErrorCode::cbor_trailing_bytes: return "cbor_trailing_bytes";
        case ErrorCode::cbor_not_minimal: return "cbor_not_minimal";
        case ErrorCode::cbor_type_not_allowed: return "cbor_type_not_allowed";
        case ErrorCode::cbor_unexpected_type: return "cbor_unexpected_type";
        case ErrorCode::cbor_too_deep: return "cbor_too_deep";
        case ErrorCode::cbor_too_many_items: return "cbor_too_many_items";
        case ErrorCode::cbor_bad_utf8: return "cbor_bad_utf8";
        case ErrorCode::cbor_length: return "cbor_length";
        case ErrorCode::op_body_too_large: return "op_body_too_large";
        case ErrorCode::op_unknown_version: return "op_unknown_version";
        case ErrorCode::op_unknown_kind: return "op_unknown_kind";
        case ErrorCode::op_bad_field: return "op_bad_field";
        case ErrorCode::op_too_many_parents: return "op_too_many_parents";
        case ErrorCode::op_parents_not_ascending: return "op_parents_not_ascending";
        case ErrorCode::op_parent_is_prev: return "op_parent_is_prev";
        case ErrorCode::op_no_ancestor: return "op_no_ancestor";
        case ErrorCode::op_text_too_long: return "op_text_too_long";
        case ErrorCode::op_time_out_of_range: return "op_time_out_of_range";
        case ErrorCode::op_level_out_of_range: return "op_level_out_of_range";
        case ErrorCode::op_bad_founders: return "op_bad_founders";
        case ErrorCode::op_bad_cut: return "op_bad_cut";
        case ErrorCode::op_payload_too_large: return "op_payload_too_large";
        case ErrorCode::op_payload_mismatch: return "op_payload_mismatch";
        case ErrorCode::op_bad_key: return "op_bad_key";
        case ErrorCode::op_bad_signature: return "op_bad_signature";
        case ErrorCode::op_unproven: return "op_unproven";
        case ErrorCode::not_evidence: return "not_evidence";
        case ErrorCode::graph_wrong_group: return "graph_wrong_group";
        case ErrorCode::graph_second_create: return "graph_second_create";
        case ErrorCode::graph_prev_of_another_author: return "graph_prev_of_another_author";
        case ErrorCode::graph_ancestor_invalid: return "graph_ancestor_invalid";
        case ErrorCode::graph_missing_ancestor: return "graph_missing_ancestor";
        case ErrorCode::graph_full: return "graph_full";
        case ErrorCode::access_author_not_founder: return "access_author_not_founder";
        case ErrorCode::access_as_not_in_past: return "access_as_not_in_past";
        case ErrorCode::access_as_not_a_grant: return "access_as_not_a_grant";
        case ErrorCode::access_as_names_another: return "access_as_names_another";
        case ErrorCode::access_level_insufficient: return "access_level_insufficient";
        case ErrorCode::access_granted_level_too_high: return "access_granted_level_too_high";
        case ErrorCode::access_acts_on_self: return "access_acts_on_self";
        case ErrorCode::access_subject_not_outranked: return "access_subject_not_outranked";
        case ErrorCode::access_subject_unknown: return "access_subject_unknown";
        case ErrorCode::access_subject_is_link: return "access_subject_is_link";
        case ErrorCode::access_not_banned: return "access_not_banned";
        case ErrorCode::access_cut_not_by_subject: return "access_cut_not_by_subject";
        case ErrorCode::access_cut_not_in_past: return "access_cut_not_in_past";
        case ErrorCode::access_not_own_link: return "access_not_own_link";
        case ErrorCode::access_no_grant: return "access_no_grant";
        case ErrorCode::session_bad_message: return "session_bad_message";
        case ErrorCode::session_message_too_large: return "session_message_too_large";
        case ErrorCode::session_unknown_message: return "session_unknown_message";
        case ErrorCode::session_bad_summary: return "session_bad_summary";
        case ErrorCode::session_unsolicited: return "session_unsolicited";
        case ErrorCode::session_wrong_group: return "session_wrong_group";
        case ErrorCode::session_no_progress: return "session_no_progress";
        case ErrorCode::session_timed_out: return "session_timed_out";
        case ErrorCode::session_closed_by_peer: return "session_closed_by_peer";
        case ErrorCode::session_not_let_in: return "session_not_let_in";
        case ErrorCode::session_peer_violation: return "session_peer_violation";
        case ErrorCode::session_quota: return "session_quota";
        case ErrorCode::session_unresolved: return "session_unresolved";
        case ErrorCode::session_ended: return "session_ended";
        case ErrorCode::session_outgrown: return "session_outgrown";
        case ErrorCode::store_open: return "store_open";
        case ErrorCode::store_locked: return "store_locked";
        case ErrorCode::store_version: return "store_version";
        case ErrorCode::store_damaged: return "store_damaged";
        case ErrorCode::store_full: return "store_full";
        case ErrorCode::store_io: return "store_io";
        case ErrorCode::store_read_only: return "store_read_only";
        case ErrorCode::store_pending: return "store_pending";
        case ErrorCode::store_not_found: return "store_not_found";
        case ErrorCode::channel_handshake: return "channel_handshake";
        case ErrorCode::channel_truncated: return "channel_truncated";
        case ErrorCode::channel_authentication: return "channel_authentication";
        case ErrorCode::channel_record_too_large: return "channel_record_too_large";
        case ErrorCode::channel_wrong_identity: return "channel_wrong_identity";
        case ErrorCode::channel_timed_out: return "channel_timed_out";
        case ErrorCode::net_unreachable: return "net_unreachable";
        case ErrorCode::net_listen: return "net_listen";
        case ErrorCode::net_busy: return "net_busy";
        case ErrorCode::usage: return "usage";
        case ErrorCode::no_home: return "no_home";
        case ErrorCode::no_group: return "no_group";
        case ErrorCode::unsafe_key_file: return "unsafe_key_file";
        case ErrorCode::bad_key_file: return "bad_key_file";
        case ErrorCode::ambiguous: return "ambiguous";
        case ErrorCode::not_found: return "not_found";
        case ErrorCode::already_exists: return "already_exists";
        case ErrorCode::file_io: return "file_io";
        case ErrorCode::bad_ticket: return "bad_ticket";
        case ErrorCode::bad_scenario: return "bad_scenario";
        case ErrorCode::bad_trace: return "bad_trace";
        case ErrorCode::not_synced: return "not_synced";
        case ErrorCode::interrupted: return "interrupted";
        case ErrorCode::crypto_unavailable: return "crypto_unavailable";
        case ErrorCode::crypto_self_test: return "crypto_self_test";
        case ErrorCode::signer_failed: return "signer_failed";
    }
    return "unknown";
}

}  // namespace folkmoot
