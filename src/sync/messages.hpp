// The messages of a session as values, and their bytes (protocol-spec/sync.md). Every count is checked
// before anything is allocated for it; a message that does not re-encode to itself is refused.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "folkmoot/bytes.hpp"
#include "folkmoot/error.hpp"
#include "folkmoot/session.hpp"
#include "sync/tips.hpp"

namespace folkmoot::sync {

/// A place in the order (depth, id), by which large summaries are cut into pages.
struct PageKey {
    std::uint32_t depth = 0;
    OpId id;
    friend auto operator<=>(const PageKey&, const PageKey&) = default;
};

/// Ops from `from` on and before `to`; without bounds where absent.
struct PageRange {
    std::optional<PageKey> from;
    std::optional<PageKey> to;
    [[nodiscard]] bool contains(const PageKey& key) const {
        return (!from || *from <= key) && (!to || key < *to);
    }
    [[nodiscard]] bool whole() const { return !from && !to; }
    friend bool operator==(const PageRange&, const PageRange&) = default;
};

/// Y3: what the sender holds after `since`, within a range. A hint, never truth.
struct Summary {
    enum class Kind : std::uint8_t {
        nothing = 0,
        bloom = 1,
        exact = 2,
        tips = 3,
        locator = 4
    } kind = Kind::nothing;
    PageRange range;        // bloom and exact
    Bytes bits;             // bloom
    std::vector<OpId> ids;  // exact; strictly ascending
    std::vector<Tip> tips;
    std::vector<LocatorEntry> locator;
};

/// The point after which a summary speaks, as its reader can recognise it.
struct Since {
    enum class Kind : std::uint8_t { beginning = 0, remembered = 1, named = 2 } kind = Kind::beginning;
    std::uint16_t fingerprint = 0;  // of a remembered frontier
    std::vector<std::uint8_t>
        named;  // numbers of tips or locator entries the reader sent; strictly ascending
};

struct Have {
    GroupTag group;
    Digest offer;
    std::uint32_t round = 0;
    Since since;
    Summary summary;
};
/// A compact batch (compact.hpp). `last` ends the answer to a `have` or `need`; the answer to a `have` also
/// names the offer's heads.
struct Ops {
    enum class Role : std::uint8_t { answer = 0, last = 1, push = 2 } role = Role::answer;
    /// In the plain form, which an `again` asked for.
    bool plain = false;
    Bytes batch;
};
struct Need {
    std::vector<OpId> ids;
    std::uint32_t ancestors = 0;
};
struct Done {
    std::uint64_t refused = 0;
};
struct Closed {
    GroupTag group;
};
struct NameGrant {
    OpId grant;
};
struct UnknownSince {};
/// The answer in progress, or the last one, once more and in plain form: a batch of it could not be rebuilt.
struct Again {};
struct End {
    std::uint16_t code = 0;
};
/// Y10: ops that the sender holds since the session ended, by id; strictly ascending, at least one.
struct Announce {
    std::vector<OpId> ids;
};

using Message = std::variant<Have, Ops, Need, Done, Closed, NameGrant, UnknownSince, End, Again, Announce>;

[[nodiscard]] Bytes encode_message(const Message& message);
[[nodiscard]] Result<Message> decode_message(ByteView bytes);

}  // namespace folkmoot::sync
