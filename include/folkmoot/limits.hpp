// Every bound of the project, and nothing else. Also in protocol-spec/limits.md; each is tested.
//
// Format limits are part of the format: breaking one makes an op invalid for ever, everywhere.
// Policy limits are one peer's choice: they delay or disconnect, and never condemn an op (O7).
#pragma once

#include <cstddef>
#include <cstdint>

namespace folkmoot::limits {

// --- Format (frozen) ---------------------------------------------------------------------------

inline constexpr std::size_t body_bytes = 4096;
inline constexpr std::size_t payload_bytes = 32768;
inline constexpr std::size_t parents = 16;
inline constexpr std::size_t founders = 64;
inline constexpr std::size_t cut_ops = 64;
inline constexpr std::size_t text_bytes = 255;
inline constexpr std::uint64_t time_ms = (1ULL << 53U) - 1;
inline constexpr unsigned founder_level = 255;
inline constexpr unsigned granted_level = 100;
inline constexpr std::size_t body_items = 256;
inline constexpr std::size_t body_depth = 4;
/// Ops at positions divisible by this always carry their own signature (O5).
inline constexpr std::uint32_t signed_every = 64;
/// Characters of a ticket.
inline constexpr std::size_t ticket_text = 400;
/// Two branches of signed_every ops of the largest size, with their signatures.
inline constexpr std::size_t evidence_bytes = 534544;

// --- Policy: session ---------------------------------------------------------------------------

inline constexpr std::size_t message_bytes = 1U << 20U;
inline constexpr std::size_t message_items = 65536;
inline constexpr std::size_t batch_ops = 1000;
inline constexpr std::size_t batch_bytes = 256U * 1024U;
inline constexpr std::size_t unit_bytes = 960U * 1024U;
inline constexpr std::size_t checks_at_a_time = 64;
inline constexpr std::size_t need_ids = 1000;
inline constexpr std::size_t head_ids = 1000;
inline constexpr std::size_t walk_back_ops = 65536;
inline constexpr std::uint32_t rounds = 1U << 24U;
inline constexpr std::size_t bloom_bytes = 128U * 1024U;
inline constexpr unsigned bloom_bits_per_op = 16;
inline constexpr unsigned bloom_probes = 11;
inline constexpr std::size_t exact_ids_per_page = 1000;
inline constexpr std::size_t tips = 64;
inline constexpr std::size_t tips_per_author = 4;
inline constexpr std::size_t common_authors = 4096;
inline constexpr std::size_t locator_heads = 4;
inline constexpr std::size_t locator_entries = 128;
inline constexpr std::size_t parked_bytes_per_peer = 1U << 20U;
inline constexpr std::size_t parked_bytes = 64U << 20U;
inline constexpr std::uint64_t parked_timeout_ms = 60'000;
inline constexpr std::size_t offer_heads = 131'072;
inline constexpr std::size_t parked_ops_per_peer = 2000;
inline constexpr std::size_t refused_ids_per_peer = 16384;
inline constexpr std::size_t wanted_ids_per_peer = 16384;
inline constexpr std::size_t lacking_payloads = 16384;
inline constexpr std::size_t memory_per_session = 12U << 20U;
inline constexpr std::size_t unsent_bytes = 1U << 20U;
inline constexpr std::uint64_t reply_timeout_ms = 20'000;
inline constexpr std::size_t full_push_peers = 8;
inline constexpr std::size_t announce_ids = 1000;
inline constexpr std::size_t announced_ids_per_peer = 2000;
inline constexpr std::uint64_t announced_timeout_ms = 2'000;
inline constexpr std::uint64_t idle_timeout_ms = 180'000;
inline constexpr std::uint64_t ping_ms = 60'000;

// --- Policy: channel and listener --------------------------------------------------------------

inline constexpr std::size_t record_bytes = 65535;
inline constexpr std::size_t handshake_bytes = 4096;
inline constexpr std::uint64_t handshake_timeout_ms = 5'000;
inline constexpr std::uint64_t record_timeout_ms = 30'000;
inline constexpr std::uint64_t rekey_records = 1U << 16U;
inline constexpr std::size_t half_open = 64;
inline constexpr std::size_t half_open_per_address = 8;
inline constexpr std::uint64_t handshakes_per_address = 64;
inline constexpr std::uint64_t handshake_pause_ms = 100;
inline constexpr std::uint64_t shared_handshakes = 256;
inline constexpr std::uint64_t shared_handshake_pause_ms = 10;
inline constexpr std::size_t handshake_addresses = 4096;
inline constexpr std::size_t connections = 64;
inline constexpr std::uint64_t turn_ms = 10'000;
inline constexpr std::uint64_t turn_wait_ms = 120'000;
inline constexpr std::size_t turn_addresses = 8;
inline constexpr std::size_t turn_devices = 1024;
inline constexpr std::uint64_t work_slice_ms = 2;
inline constexpr std::size_t streams = 64;
inline constexpr std::size_t messages_while_unsent = 256;
inline constexpr std::uint64_t connect_timeout_ms = 10'000;
inline constexpr std::uint64_t close_timeout_ms = 2'000;
inline constexpr std::uint64_t receive_bytes_per_second = 1024;
inline constexpr std::uint64_t first_retry_ms = 1'000;
inline constexpr std::uint64_t last_retry_ms = 60'000;
inline constexpr std::size_t outgoing = 8;
inline constexpr std::size_t known_peers = 1000;
inline constexpr unsigned uniform_choices_percent = 25;
inline constexpr std::uint64_t anti_entropy_ms = 300'000;
inline constexpr std::size_t discouraged_devices = 10'000;
inline constexpr std::uint64_t discouraged_ms = 86'400'000;
inline constexpr std::uint64_t log_bytes_per_hour = 1U << 20U;
inline constexpr std::size_t log_sources = 64;
inline constexpr std::size_t local_request_bytes = 1U << 20U;
inline constexpr std::size_t local_answer_bytes = 64U << 20U;
inline constexpr std::size_t local_clients = 32;

// --- Policy: storage ---------------------------------------------------------------------------

inline constexpr std::size_t remembered_frontiers_per_peer = 4;
inline constexpr std::size_t frontier_ids = 64;
inline constexpr std::uint64_t removed_author_bytes = 1U << 20U;
inline constexpr std::uint64_t author_bytes = 64U << 20U;
inline constexpr std::uint64_t author_ops = 100'000;
inline constexpr std::uint64_t ballast_bytes = 8U << 20U;
inline constexpr std::uint64_t least_ballast_bytes = 256U * 1024U;
inline constexpr unsigned ballast_percent = 1;

}  // namespace folkmoot::limits
