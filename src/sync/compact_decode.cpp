#include <algorithm>
#include <map>

#include "encoding/varint.hpp"
#include "sync/compact.hpp"
#include "sync/compact_layout.hpp"

namespace folkmoot::sync {
namespace {

using encoding::ByteReader;
using encoding::unzigzag;

// A table entry as understood here. An author who is unknown or forked here cannot be referred through.
struct Entry {
    DeviceKey key;
    AuthorIndex author = no_index;
    std::int64_t base = 0;
    std::size_t slot = 0;  // the same for all entries with one key
};

constexpr std::size_t no_op = SIZE_MAX;

// Numbers from the wire may be anything: they wrap instead of overflowing.
std::int64_t add(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
std::int64_t subtract(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

class Decoder {
   public:
    Decoder(SessionHost& host, ByteView batch, LabelTable& labels, std::span<const NamedTip> tips)
        : host_(host), graph_(host.graph()), in_(batch), labels_(labels), tips_(tips) {}

    Result<DecodedBatch> run() {
        BatchCheck check{};
        for (auto& byte : check) byte = in_.byte();
        read_authors();
        const std::uint64_t count = good() ? in_.varint() : 0;
        if (count > limits::batch_ops) reject("a batch has at most 1,000 ops");
        // A byte an op at least: no room for more than the bytes left could fill.
        if (good()) out_.ops.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(count, in_.left())));
        for (std::uint64_t i = 0; i < count && good(); ++i) {
            read_op();
        }
        read_heads();
        if (in_.failed() || (good() && !in_.finished())) reject("a compact batch is cut short or malformed");
        if (good() && batch_check(labels_.salt(), ids_) != check) unresolved();
        if (error_) return std::unexpected(*error_);
        return std::move(out_);
    }

   private:
    [[nodiscard]] bool good() const { return !error_ && !in_.failed(); }
    void reject(std::string text) {
        // What could not be resolved makes the rest meaningless: that came first.
        if (!error_) error_ = Error{ErrorCode::session_bad_message, std::move(text)};
    }
    void unresolved() {
        if (!error_)
            error_ = Error{ErrorCode::session_unresolved, "a reference of a batch means nothing here"};
    }

    void read_authors() {
        const std::uint64_t count = in_.varint();
        if (count > in_.left() / 2) return reject("more authors than bytes");
        table_.reserve(static_cast<std::size_t>(count));
        for (std::uint64_t i = 0; i < count && !error_ && !in_.failed(); ++i) table_.push_back(read_author());
    }

    Entry read_author() {
        Entry entry;
        const std::uint64_t kind = in_.varint();
        if (kind == author_by_key) {
            entry.key = in_.fixed<DeviceKey>();
            entry.author = graph_.find_author(entry.key).value_or(no_index);
        } else if (kind == author_by_label) {
            AuthorLabel label = 0;
            for (unsigned i = 0; i < 4; ++i) label |= static_cast<AuthorLabel>(in_.byte()) << (8 * i);
            entry.author = labels_.find(label).value_or(no_index);
        } else if (kind - author_by_tip < tips_.size()) {
            const NamedTip& tip = tips_[kind - author_by_tip];
            entry.author = tip.author;
            entry.base = add(static_cast<std::int64_t>(tip.position), unzigzag(in_.varint()));
        } else {
            // The two sides may have taken different frontiers for the same remembered one, and then name
            // different tips: frontier_fingerprint is short.
            unresolved();
        }
        if (kind < author_by_tip) entry.base = static_cast<std::int64_t>(in_.varint());
        if (kind != author_by_key) {
            if (entry.author == no_index) {
                unresolved();
            } else {
                entry.key = graph_.key(entry.author);
            }
        }
        entry.slot = slot_of(entry.key);
        return entry;
    }

    void read_heads() {
        const std::uint64_t count = good() ? in_.varint() : 0;
        if (count > limits::head_ids) reject("a message names at most 1,000 heads");
        for (std::uint64_t i = 0; i < count && good(); ++i) {
            if (const auto head = read_ref(false).id) out_.heads.push_back(*head);
        }
        if (good()) ids_.insert(ids_.end(), out_.heads.begin(), out_.heads.end());
    }

    void read_op() {
        const std::size_t start = in_.position();
        const unsigned flags = in_.byte();
        std::size_t slot = 0;
        auto op = (flags & flag_post) != 0 ? read_post(flags, slot) : read_whole(flags, slot);
        std::optional<Signature> signature;
        if ((flags & flag_signature) != 0) signature = in_.fixed<Signature>();
        if (!good() || !op) return;
        if (signature) op->set_signature(*signature);
        op->set_wire_bytes(static_cast<std::uint32_t>(in_.position() - start));
        last_[slot] = ids_.size();
        ids_.push_back(op->id());
        // After create its author acts under it.
        grants_.push_back(op->value().as.value_or(op->id()));
        out_.ops.push_back(std::move(*op));
    }

    // The number under which the last op of an author is kept.
    std::size_t slot_of(const DeviceKey& author) {
        const auto [at, added] = slots_.try_emplace(author, last_.size());
        if (added) last_.push_back(no_op);
        return at->second;
    }

    std::optional<DecodedOp> read_whole(unsigned flags, std::size_t& slot) {
        if ((flags & ~flag_signature) != 0) reject("flags that mean nothing");
        const std::uint64_t size = in_.varint();
        if (size > limits::body_bytes) reject("a body has at most 4 KiB");
        const ByteView body = in_.bytes(size);
        if (!good()) return std::nullopt;
        EncodedOp bytes;
        bytes.body.assign(body.begin(), body.end());
        auto op = DecodedOp::from_bytes(std::move(bytes));
        if (!op) {
            error_ = op.error();
            return std::nullopt;
        }
        slot = slot_of(op->value().author);
        return std::move(*op);
    }

    std::optional<DecodedOp> read_post(unsigned flags, std::size_t& slot) {
        Operation op;
        const std::uint64_t author = in_.varint();
        if (author >= table_.size()) {
            reject("an author outside the table");
            return std::nullopt;
        }
        op.author = table_[author].key;
        slot = table_[author].slot;
        op.group = host_.group();
        std::uint64_t parents = flags >> parents_shift;
        if (parents == many_parents) parents += in_.varint();
        if (parents > limits::parents) reject("an op has at most 16 parents");
        const Ref prev = (flags & flag_next) != 0 ? read_next(slot) : read_ref(true);
        op.prev = prev.id;
        op.as = (flags & flag_same_grant) != 0 ? prev.grant : read_ref(false).id;
        if (good() && !op.as) unresolved();
        if (!good()) return std::nullopt;
        op.parents.reserve(static_cast<std::size_t>(parents));
        for (std::uint64_t i = 0; i < parents && good(); ++i) {
            if (const auto parent = read_ref(false).id) op.parents.push_back(*parent);
        }
        std::ranges::sort(op.parents);
        time_ = add(time_, unzigzag(in_.varint()));
        op.time_ms = static_cast<std::uint64_t>(time_);
        auto payload = read_payload(flags, op);
        if (!good()) return std::nullopt;
        auto made = DecodedOp::from_value(std::move(op), std::move(payload));
        if (made) return std::move(*made);
        // Two references may mean one op here.
        unresolved();
        return std::nullopt;
    }

    // Without the payload the hash comes in its place; with it, it is computed.
    std::optional<Bytes> read_payload(unsigned flags, Operation& op) {
        const std::uint64_t length = in_.varint();
        if (length > limits::payload_bytes) reject("a payload has at most 32 KiB");
        if (!good()) return std::nullopt;
        if ((flags & flag_payload) != 0) {
            const ByteView payload = in_.bytes(length);
            op.act = Post{};
            return Bytes(payload.begin(), payload.end());
        }
        op.act = Post{static_cast<std::uint32_t>(length), in_.fixed<Hash32>()};
        return std::nullopt;
    }

    struct Ref {
        std::optional<OpId> id;
        std::optional<OpId> grant;
    };
    Ref read_next(std::size_t slot) {
        // The author may be taken for another here, like what a reference means.
        if (last_[slot] == no_op) {
            unresolved();
            return {};
        }
        return {ids_[last_[slot]], grants_[last_[slot]]};
    }

    Ref read_ref(bool none_allowed) {
        const std::uint64_t value = in_.varint();
        if (in_.failed() || error_) return {};
        if (value == ref_by_id) {
            const OpId id = in_.fixed<OpId>();
            const auto op = graph_.find(id);
            return {id, op ? std::optional(host_.grant_op(*op)) : std::nullopt};
        }
        if (value == ref_none) {
            if (!none_allowed) reject("a reference to nothing");
            return {};
        }
        if (value % 2 == 0) {
            const std::uint64_t distance = value / 2;
            if (distance > ids_.size()) {
                reject("a reference before the batch");
                return {};
            }
            const std::size_t at = ids_.size() - static_cast<std::size_t>(distance);
            return {ids_[at], grants_[at]};
        }
        return read_author_ref((value - ref_by_author) / 2);
    }

    Ref read_author_ref(std::uint64_t number) {
        const std::int64_t back = unzigzag(in_.varint());
        if (number >= table_.size()) {
            reject("an author outside the table");
            return {};
        }
        const Entry& entry = table_[number];
        const std::int64_t position = subtract(entry.base, back);
        if (entry.author == no_index || graph_.forked(entry.author)) {
            unresolved();
            return {};
        }
        const auto ops = graph_.branch_ops(graph_.branches(entry.author).front());
        if (position < 0 || static_cast<std::uint64_t>(position) >= ops.size()) {
            unresolved();
            return {};
        }
        const OpIndex op = ops[static_cast<std::size_t>(position)];
        return {graph_.id(op), host_.grant_op(op)};
    }

    SessionHost& host_;
    const Graph& graph_;
    ByteReader in_;
    LabelTable& labels_;
    std::span<const NamedTip> tips_;
    std::vector<Entry> table_;
    DecodedBatch out_;
    std::vector<OpId> ids_;
    std::vector<OpId> grants_;                // of each op of the batch
    std::map<DeviceKey, std::size_t> slots_;  // of authors, into last_
    std::vector<std::size_t> last_;           // an author's last op of the batch, or no_op
    std::int64_t time_ = 0;
    std::optional<Error> error_;
};

}  // namespace

std::optional<AuthorIndex> LabelTable::find(AuthorLabel label) {
    for (; known_ < graph_.author_count(); ++known_) {
        const auto author = static_cast<AuthorIndex>(known_);
        const auto [at, added] = table_.try_emplace(author_label(salt_, graph_.key(author)), author);
        if (!added) at->second = no_index;  // two authors share it: of no use
    }
    const auto at = table_.find(label);
    if (at == table_.end() || at->second == no_index) return std::nullopt;
    return at->second;
}

Result<DecodedBatch> decode_compact(SessionHost& host, ByteView batch, LabelTable& labels,
                                    std::span<const NamedTip> tips) {
    return Decoder(host, batch, labels, tips).run();
}

}  // namespace folkmoot::sync
