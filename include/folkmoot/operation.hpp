// The operation: its value, its bytes, and the checks that need only the op itself (O1 to O3, O7).
//
// An op is a body, a signature, and for posts a payload beside them. The body is deterministic CBOR in
// a closed profile, so one meaning has one byte string; protocol-spec/operation.md has the layout.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "folkmoot/bytes.hpp"
#include "folkmoot/error.hpp"
#include "folkmoot/limits.hpp"
#include "folkmoot/signer.hpp"

namespace folkmoot {

/// A level of access; larger is more. Names are shorthands for some numbers.
using Level = std::uint8_t;

namespace level {
inline constexpr Level reader = 10;
inline constexpr Level member = 25;
inline constexpr Level moderator = 50;
inline constexpr Level admin = 100;
inline constexpr Level founder = 255;
/// "member" for 25 and so on, the number in decimal where there is no name.
[[nodiscard]] std::string to_text(Level value);
/// The inverse of to_text; nothing for other words and for numbers outside 1 to 255.
[[nodiscard]] std::optional<Level> from_text(std::string_view text);
}  // namespace level

enum class Kind : std::uint8_t {
    create = 0,
    add = 1,
    link = 2,
    set_level = 3,
    remove = 4,
    ban = 5,
    unban = 6,
    leave = 7,
    post = 8,
};
inline constexpr std::size_t kind_count = 9;
[[nodiscard]] std::string_view to_text(Kind kind);
[[nodiscard]] std::optional<Kind> kind_from_text(std::string_view text);

/// How equals stand to each other, and the level each act takes. Fixed by `create` for ever.
struct Rules {
    enum class Equal : std::uint8_t { seniority = 0, forbid = 1 };
    Equal equal = Equal::seniority;
    Level post = level::member;
    Level add = level::moderator;
    Level set_level = level::moderator;
    Level remove = level::moderator;
    Level ban = level::moderator;
    Level unban = level::moderator;
    Level link = level::reader;
    Level read = level::reader;

    friend bool operator==(const Rules&, const Rules&) = default;
};

struct Create {
    std::string name;
    /// In order of rank; 1 to 64, distinct.
    std::vector<DeviceKey> founders;
    Rules rules;
    friend bool operator==(const Create&, const Create&) = default;
};
struct Add {
    DeviceKey subject;
    Level level = 0;
    friend bool operator==(const Add&, const Add&) = default;
};
struct Link {
    DeviceKey subject;
    Level level = 0;
    friend bool operator==(const Link&, const Link&) = default;
};
struct SetLevel {
    DeviceKey subject;
    Level level = 0;
    friend bool operator==(const SetLevel&, const SetLevel&) = default;
};
/// `cut`, when present, names the subject's own last trusted ops, strictly ascending; empty means none.
struct Remove {
    DeviceKey subject;
    std::optional<std::vector<OpId>> cut;
    friend bool operator==(const Remove&, const Remove&) = default;
};
struct Ban {
    DeviceKey subject;
    std::optional<std::vector<OpId>> cut;
    friend bool operator==(const Ban&, const Ban&) = default;
};
struct Unban {
    DeviceKey subject;
    friend bool operator==(const Unban&, const Unban&) = default;
};
struct Leave {
    friend bool operator==(const Leave&, const Leave&) = default;
};
/// The payload travels beside the body; its absence changes no verdict (O3).
struct Post {
    std::uint32_t length = 0;
    Hash32 payload_hash;
    friend bool operator==(const Post&, const Post&) = default;
};

/// In the order of Kind: `act.index()` is the kind's number.
using Act = std::variant<Create, Add, Link, SetLevel, Remove, Ban, Unban, Leave, Post>;

[[nodiscard]] inline Kind kind_of(const Act& act) { return static_cast<Kind>(act.index()); }
/// Whom the act is about; nothing for create, leave and post.
[[nodiscard]] const DeviceKey* subject_of(const Act& act);
/// The cut of a remove or ban, null if there is none.
[[nodiscard]] const std::vector<OpId>* cut_of(const Act& act);
/// The level an add, link or set_level gives.
[[nodiscard]] std::optional<Level> granted_level(const Act& act);

/// The meaning of a body. Plain value.
struct Operation {
    /// Absent in `create` only.
    std::optional<GroupId> group;
    DeviceKey author;
    /// An earlier op by the same author, or none.
    std::optional<OpId> prev;
    /// The other heads the author knew: strictly ascending, without `prev`, at most 16.
    std::vector<OpId> parents;
    /// The grant it acts under; absent in `create` only.
    std::optional<OpId> as;
    Act act;
    /// Milliseconds since 1970 as the author claims; for display only, never in a decision.
    std::uint64_t time_ms = 0;

    [[nodiscard]] Kind kind() const { return kind_of(act); }
    friend bool operator==(const Operation&, const Operation&) = default;
};

/// The body's only byte string, at most 4 KiB, or the first rule the value breaks.
/// encode_body and decode_body are inverse to each other on all they accept. Cost: linear in the bytes.
[[nodiscard]] Result<Bytes> encode_body(const Operation& op);

/// The op that `body` spells. Fails on every byte string that encode_body does not produce (O1), and on
/// values outside the format limits (O7). Allocates only what it has validated. Never throws.
[[nodiscard]] Result<Operation> decode_body(ByteView body);

/// O2: BLAKE2b-256 over a domain and the body.
[[nodiscard]] OpId op_id(ByteView body);

/// O3: what a post's body says of its payload.
[[nodiscard]] Hash32 payload_hash(ByteView payload);
/// Nothing if the payload is the one the post names; an error otherwise.
[[nodiscard]] Result<void> check_payload(const Post& post, ByteView payload);

/// O2: the bytes an author signs for an id.
[[nodiscard]] Bytes signing_input(const OpId& id);
[[nodiscard]] Result<Signature> sign_op(Signer& signer, const OpId& id);
[[nodiscard]] bool verify_op(const Verifier& verifier, const DeviceKey& author, const OpId& id,
                             const Signature& signature);
/// What verify_op asks, for Verifier::verify_each.
[[nodiscard]] SignatureCheck signature_check(const DeviceKey& author, const OpId& id,
                                             const Signature& signature);

/// An op as it is stored and exchanged.
struct EncodedOp {
    OpId id;
    Bytes body;
    /// Absent where the author's chain vouches for the op (O5).
    std::optional<Signature> signature;
    /// Absent for other kinds than post, and where it was erased or not fetched yet.
    std::optional<Bytes> payload;
    /// What it took inside the message it came in; 0 for ops that came otherwise. For statistics only.
    std::uint32_t wire_bytes = 0;
};

/// An op's bytes together with what they mean. The two agree, the id is the body's, and a payload is the one
/// the post names, because there are only two ways to make one. So whoever is handed one need not decode,
/// hash or compare again (O1 to O3, O7). Nothing is said of the signature.
class DecodedOp {
   public:
    /// From bytes of anybody. The id inside is not read but computed.
    [[nodiscard]] static Result<DecodedOp> from_bytes(EncodedOp bytes);
    /// From a meaning. Length and hash of a post's payload are computed, if there is one.
    [[nodiscard]] static Result<DecodedOp> from_value(Operation value, std::optional<Bytes> payload);

    [[nodiscard]] const OpId& id() const { return bytes_.id; }
    [[nodiscard]] const Operation& value() const { return value_; }
    [[nodiscard]] const EncodedOp& bytes() const { return bytes_; }
    [[nodiscard]] const std::optional<Signature>& signature() const { return bytes_.signature; }
    void set_signature(const Signature& signature) { bytes_.signature = signature; }
    void set_wire_bytes(std::uint32_t size) { bytes_.wire_bytes = size; }
    /// Gives the bytes away; id, signature and size on the wire stay readable.
    [[nodiscard]] EncodedOp release() && { return std::move(bytes_); }

   private:
    DecodedOp(EncodedOp bytes, Operation value) : bytes_(std::move(bytes)), value_(std::move(value)) {}
    EncodedOp bytes_;
    Operation value_;
};

}  // namespace folkmoot
