// From a plan that fails to a small one that fails alike, and what a batch of seeds is to meet.
#pragma once

#include <array>

#include "sim/plan.hpp"

namespace folkmoot::sim {

/// A plan that violates the same law, from which no item, edge, liar or quirk of a line can be left out. Runs
/// at most some hundred worlds.
[[nodiscard]] Plan shrink(Plan plan, const std::string& oracle);

/// Places of interest: a batch of some hundred seeds comes to every one of them (Q14).
inline constexpr std::array probes = {
    "session_equal",
    "recovered",
    "reopened_after_disk_error",
    "read_only",
    "equivocation_seen",
    "evidence_verified",
    "authoring_waits",
    "authoring_resumes",
    "removed_and_told",
    "correct_peer_out_at_the_end",
    "peer_fault",
    "discouraged_came_again",
    "not_its_turn",
    "handshake_timeout",
    "idle_timeout",
    "compared_with_the_model",
    "taken_in_other_orders",
    "agreed_within_two_minutes",
    "session_renewed",
    "session_tried_again",
    "stream_fault",
    "other_group_named",
    "older_connection_replaced",
    "connection_without_session",
    "backlog_written",
    "quiet_one_round",
    "troubled_two_rounds",
    "stored_in_sqlite",
    "power_cut_tore_a_store",
    "power_cut_while_opening",
    "sqlite_met_a_full_disk",
    "sqlite_met_a_failing_disk",
    "decay_cost_ops",
    "decay_left_a_sound_store",
    "own_ops_missed_when_opened",
};

/// Error codes that peers of a batch meet.
inline constexpr std::array errors_to_meet = {
    ErrorCode::op_bad_signature,
    ErrorCode::graph_wrong_group,
    ErrorCode::access_level_insufficient,
    ErrorCode::access_subject_not_outranked,
    ErrorCode::access_acts_on_self,
    ErrorCode::access_no_grant,
    ErrorCode::session_bad_message,
    ErrorCode::session_unsolicited,
    ErrorCode::session_wrong_group,
    ErrorCode::session_no_progress,
    ErrorCode::session_timed_out,
    ErrorCode::session_closed_by_peer,
    ErrorCode::session_not_let_in,
    ErrorCode::session_outgrown,
    ErrorCode::store_full,
    ErrorCode::store_io,
    ErrorCode::store_pending,
    ErrorCode::channel_authentication,
    ErrorCode::channel_handshake,
};

}  // namespace folkmoot::sim
