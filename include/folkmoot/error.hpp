// Errors as values. Numbers are part of the specification (protocol-spec/errors.md): a number is
// never reused and never changes its meaning.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace folkmoot {

enum class ErrorCode : std::uint16_t {
    // 1xx: encoding (O1). The bytes are not deterministic CBOR in the closed profile.
    cbor_truncated = 100,
    cbor_trailing_bytes = 101,
    cbor_not_minimal = 102,
    cbor_type_not_allowed = 103,
    cbor_unexpected_type = 104,
    cbor_too_deep = 105,
    cbor_too_many_items = 106,
    cbor_bad_utf8 = 107,
    cbor_length = 108,

    // 2xx: the op alone (O1 to O7).
    op_body_too_large = 200,
    op_unknown_version = 201,
    op_unknown_kind = 202,
    op_bad_field = 203,
    op_too_many_parents = 204,
    op_parents_not_ascending = 205,
    op_parent_is_prev = 206,
    op_no_ancestor = 207,
    op_text_too_long = 208,
    op_time_out_of_range = 209,
    op_level_out_of_range = 210,
    op_bad_founders = 211,
    op_bad_cut = 212,
    op_payload_too_large = 213,
    op_payload_mismatch = 214,
    op_bad_key = 215,
    op_bad_signature = 216,
    op_unproven = 217,
    not_evidence = 218,

    // 3xx: the op among others (O3, O4).
    graph_wrong_group = 300,
    graph_second_create = 301,
    graph_prev_of_another_author = 302,
    graph_ancestor_invalid = 303,
    graph_missing_ancestor = 304,
    graph_full = 305,

    // 4xx: admission (A1), one code for each way to break it.
    access_author_not_founder = 400,
    access_as_not_in_past = 401,
    access_as_not_a_grant = 402,
    access_as_names_another = 403,
    access_level_insufficient = 404,
    access_granted_level_too_high = 405,
    access_acts_on_self = 406,
    access_subject_not_outranked = 407,
    access_subject_unknown = 408,
    access_subject_is_link = 409,
    access_not_banned = 410,
    access_cut_not_by_subject = 411,
    access_cut_not_in_past = 412,
    access_not_own_link = 413,
    access_no_grant = 414,

    // 5xx: the session (Y).
    session_bad_message = 500,
    session_message_too_large = 501,
    session_unknown_message = 502,
    session_bad_summary = 503,
    session_unsolicited = 504,
    session_wrong_group = 505,
    session_no_progress = 506,
    session_timed_out = 507,
    session_closed_by_peer = 508,
    session_not_let_in = 509,
    session_peer_violation = 510,
    session_quota = 511,
    session_ended = 512,
    session_unresolved = 513,
    session_outgrown = 514,

    // 6xx: the store (T).
    store_open = 600,
    store_locked = 601,
    store_version = 602,
    store_damaged = 603,
    store_full = 604,
    store_io = 605,
    store_read_only = 606,
    store_not_found = 607,
    store_pending = 608,

    // 7xx: the channel (C) and the network.
    channel_handshake = 700,
    channel_truncated = 701,
    channel_authentication = 702,
    channel_record_too_large = 703,
    channel_wrong_identity = 704,
    channel_timed_out = 705,
    net_unreachable = 706,
    net_listen = 707,
    net_busy = 708,

    // 8xx: the program and its surroundings.
    usage = 800,
    no_home = 801,
    no_group = 802,
    unsafe_key_file = 803,
    bad_key_file = 804,
    ambiguous = 805,
    not_found = 806,
    already_exists = 807,
    file_io = 808,
    bad_ticket = 809,
    bad_scenario = 810,
    bad_trace = 811,
    not_synced = 812,
    interrupted = 813,

    // 9xx: the libraries this build is linked with.
    crypto_unavailable = 900,
    crypto_self_test = 901,
    signer_failed = 902,
};

/// A number for programs and a sentence for people. The sentence may change, the number may not.
struct Error {
    ErrorCode code{};
    std::string text;

    friend bool operator==(const Error& a, const Error& b) { return a.code == b.code; }
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string text) {
    return std::unexpected(Error{code, std::move(text)});
}

/// The code's name as the specification writes it, for instance "op_bad_signature".
[[nodiscard]] std::string_view name_of(ErrorCode code);

}  // namespace folkmoot
