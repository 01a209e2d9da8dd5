#include <algorithm>
#include <unordered_map>

#include "base/assert.hpp"
#include "encoding/varint.hpp"
#include "sync/compact.hpp"
#include "sync/compact_layout.hpp"

namespace folkmoot::sync {
namespace {

using encoding::write_varint;
using encoding::zigzag;

// An author as the batch's table lists it.
struct Entry {
    AuthorIndex author;
    std::uint32_t base;  // position that references count from
    bool known;          // the receiver should hold an op of theirs
};

class Encoder {
   public:
    Encoder(SessionHost& host, const BatchForm& form, const crypto::SipKey& salt,
            std::span<const NamedTip> tips)
        : host_(host), graph_(host.graph()), form_(form), salt_(salt), tips_(tips) {}

    void add(const OutgoingOp& op, bool sign) {
        const auto value = decode_body(op.op.body);
        FOLKMOOT_ASSERT(value.has_value());
        const bool signed_here = sign && op.op.signature.has_value();
        if (const auto* post = std::get_if<Post>(&value->act)) {
            write_post(op, *value, *post, signed_here);
        } else {
            ops_.push_back(static_cast<std::uint8_t>(signed_here ? flag_signature : 0));
            write_varint(ops_, op.op.body.size());
            append(ops_, op.op.body);
        }
        if (signed_here) append(ops_, op.op.signature->view());
        place_.emplace(op.index, ids_.size());
        last_[graph_.author(op.index)] = op.index;
        ids_.push_back(op.op.id);
    }

    [[nodiscard]] Bytes finish(std::span<const OpIndex> heads) {
        const std::size_t count = ids_.size();
        const std::size_t ops_end = ops_.size();
        for (const OpIndex head : heads) write_ref(head);
        for (const OpIndex head : heads) ids_.push_back(graph_.id(head));
        Bytes out;
        append(out, batch_check(salt_, ids_));
        write_varint(out, table_.size());
        for (const Entry& entry : table_) write_author(out, entry);
        write_varint(out, count);
        append(out, ByteView(ops_).first(ops_end));
        write_varint(out, heads.size());
        append(out, ByteView(ops_).subspan(ops_end));
        return out;
    }

   private:
    void write_post(const OutgoingOp& op, const Operation& value, const Post& post, bool signed_here) {
        const OpIndex prev = graph_.prev(op.index);
        const AuthorIndex author = graph_.author(op.index);
        const auto last = last_.find(author);
        const bool next = last != last_.end() && last->second == prev;
        // The receiver of a plain batch may not hold prev, and then could not look its grant up.
        const bool prev_readable = !form_.plain || place_.contains(prev);
        const bool same_grant = prev != no_index && prev_readable && host_.grant_op(prev) == *value.as;
        const auto parents = graph_.parents(op.index);
        const std::size_t few = std::min<std::size_t>(parents.size(), many_parents);
        const unsigned flags = flag_post | (signed_here ? flag_signature : 0U) | (next ? flag_next : 0U) |
                               (same_grant ? flag_same_grant : 0U) | (op.op.payload ? flag_payload : 0U) |
                               (static_cast<unsigned>(few) << parents_shift);
        ops_.push_back(static_cast<std::uint8_t>(flags));
        write_varint(ops_, number(author, prev));
        if (few == many_parents) write_varint(ops_, parents.size() - many_parents);
        if (!next && prev == no_index) write_varint(ops_, ref_none);
        if (!next && prev != no_index) write_ref(prev);
        if (!same_grant) write_ref(*graph_.find(*value.as));
        for (const OpIndex parent : parents) write_ref(parent);
        write_varint(ops_,
                     zigzag(static_cast<std::int64_t>(value.time_ms) - static_cast<std::int64_t>(time_)));
        time_ = value.time_ms;
        write_varint(ops_, post.length);
        append(ops_, op.op.payload ? ByteView(*op.op.payload) : post.payload_hash.view());
    }

    // The author's number in the table. `near` is an op of theirs that references will count from.
    std::uint64_t number(AuthorIndex author, OpIndex near) {
        const auto [at, added] = numbers_.try_emplace(author, table_.size());
        if (added) {
            const bool known = near != no_index && !place_.contains(near);
            table_.push_back({author, near == no_index ? 0 : graph_.position(near), known});
        }
        return at->second;
    }

    void write_ref(OpIndex op) {
        if (const auto at = place_.find(op); at != place_.end()) {
            write_varint(ops_, (ids_.size() - at->second) * 2);
            return;
        }
        const AuthorIndex author = graph_.author(op);
        if (form_.plain || graph_.forked(author)) {
            write_varint(ops_, ref_by_id);
            append(ops_, graph_.id(op).view());
            return;
        }
        const std::uint64_t place = number(author, op);
        write_varint(ops_, place * 2 + ref_by_author);
        write_varint(ops_, zigzag(static_cast<std::int64_t>(table_[place].base) -
                                  static_cast<std::int64_t>(graph_.position(op))));
    }

    void write_author(Bytes& out, const Entry& entry) const {
        const auto tip = std::ranges::find(tips_, entry.author, &NamedTip::author);
        if (!form_.plain && tip != tips_.end()) {
            write_varint(out, author_by_tip + static_cast<std::uint64_t>(tip - tips_.begin()));
            write_varint(out, zigzag(static_cast<std::int64_t>(entry.base) -
                                     static_cast<std::int64_t>(tip->position)));
            return;
        }
        const DeviceKey& key = graph_.key(entry.author);
        const bool label = entry.known && !form_.plain;
        write_varint(out, label ? author_by_label : author_by_key);
        if (label) {
            const AuthorLabel value = author_label(salt_, key);
            for (unsigned i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
        } else {
            append(out, key.view());
        }
        write_varint(out, entry.base);
    }

    SessionHost& host_;
    const Graph& graph_;
    const BatchForm& form_;
    const crypto::SipKey& salt_;
    std::span<const NamedTip> tips_;
    std::vector<Entry> table_;
    std::unordered_map<AuthorIndex, std::uint64_t> numbers_;
    std::unordered_map<AuthorIndex, OpIndex> last_;
    std::unordered_map<OpIndex, std::size_t> place_;
    std::vector<OpId> ids_;
    Bytes ops_;
    std::uint64_t time_ = 0;
};

}  // namespace

AuthorLabel author_label(const crypto::SipKey& salt, const DeviceKey& key) {
    return static_cast<AuthorLabel>(crypto::siphash128(salt, key.view()).high);
}

std::size_t longest_form(Kind kind, std::size_t ancestors, const EncodedOp& op) {
    // Signature, the author in the table and by number, flags, counts and time.
    constexpr std::size_t fixed = Signature::size + 64;
    if (kind != Kind::post) return fixed + op.body.size();
    // By id each; one of an author outside the batch is shorter, with its place in the table too.
    constexpr std::size_t reference = 1 + OpId::size;
    const std::size_t content = op.payload ? std::max(op.payload->size(), Hash32::size) : Hash32::size;
    return fixed + reference * (ancestors + 1) + content;
}

// O5: access ops, positions divisible by 64, an author's last op in the batch, and whatever the author's next
// op in the batch does not vouch for: only a post under the same grant does, which cannot turn out invalid on
// its own. Nor may an op that could stand between the two: the receiver commits a run and its voucher
// together and takes no batch in which something may come between them.
std::vector<bool> signatures_needed(const Graph& graph, SessionHost& host, std::span<const OutgoingOp> ops) {
    std::unordered_map<OpIndex, std::size_t> place;
    for (std::size_t i = 0; i < ops.size(); ++i) place.emplace(ops[i].index, i);
    std::vector<bool> needed(ops.size(), true);
    std::vector<std::size_t> doubtful(ops.size() + 1, 0);  // how many before each that could be invalid
    std::vector<bool> parted(ops.size(), false);
    std::vector<bool> has_child(ops.size(), false);  // only the first that names an op as prev can vouch
    for (std::size_t i = 0; i < ops.size(); ++i) {
        const OpIndex prev = graph.prev(ops[i].index);
        const bool continues = prev != no_index && graph.kind(ops[i].index) == Kind::post &&
                               graph.kind(prev) == Kind::post &&
                               host.grant_op(prev) == host.grant_op(ops[i].index);
        doubtful[i + 1] = doubtful[i] + (continues ? 0 : 1);
        const auto at = prev != no_index ? place.find(prev) : place.end();
        if (at == place.end() || has_child[at->second]) continue;
        has_child[at->second] = true;
        if (!continues || graph.position(prev) % limits::signed_every == 0) continue;
        needed[at->second] = false;
        parted[at->second] = parted[at->second] || doubtful[i] != doubtful[at->second + 1];
    }
    for (std::size_t i = 0; i < ops.size(); ++i) needed[i] = needed[i] || parted[i];
    return needed;
}

Bytes encode_compact(SessionHost& host, std::span<const OutgoingOp> ops, std::span<const OpIndex> heads,
                     const BatchForm& form, const crypto::SipKey& salt, std::span<const NamedTip> tips) {
    const auto needed =
        form.chain ? signatures_needed(host.graph(), host, ops) : std::vector<bool>(ops.size(), true);
    Encoder encoder(host, form, salt, tips);
    for (std::size_t i = 0; i < ops.size(); ++i) encoder.add(ops[i], needed[i]);
    return encoder.finish(heads);
}

}  // namespace folkmoot::sync
