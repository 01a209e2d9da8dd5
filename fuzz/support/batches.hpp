// Compact batches written by hand, in the plain form (Y11), of ops that need to be in nobody's graph: what a
// peer sends who has no session but only bytes. The check value is right, so the receiver looks further.
#pragma once

#include <map>

#include "encoding/varint.hpp"
#include "folkmoot/operation.hpp"
#include "sync/compact_layout.hpp"
#include "sync/keys.hpp"

namespace folkmoot::fuzz {

inline void put_id(Bytes& out, const OpId& id) {
    encoding::write_varint(out, sync::ref_by_id);
    append(out, id.view());
}

/// A post with all its references by id.
inline void put_post(Bytes& out, const Operation& op, const EncodedOp& bytes, std::uint64_t author,
                     std::uint64_t& time) {
    unsigned flags = sync::flag_post;
    if (bytes.signature) flags |= sync::flag_signature;
    if (bytes.payload) flags |= sync::flag_payload;
    const auto parents = static_cast<unsigned>(op.parents.size());
    flags |= std::min(parents, sync::many_parents) << sync::parents_shift;
    out.push_back(static_cast<std::uint8_t>(flags));
    encoding::write_varint(out, author);
    if (parents >= sync::many_parents) encoding::write_varint(out, parents - sync::many_parents);
    if (op.prev) {
        put_id(out, *op.prev);
    } else {
        encoding::write_varint(out, sync::ref_none);
    }
    put_id(out, *op.as);
    for (const OpId& parent : op.parents) put_id(out, parent);
    const auto delta = static_cast<std::int64_t>(op.time_ms - time);
    encoding::write_varint(out, encoding::zigzag(delta));
    time = op.time_ms;
    const auto& post = std::get<Post>(op.act);
    encoding::write_varint(out, post.length);
    append(out, bytes.payload ? ByteView(*bytes.payload) : post.payload_hash.view());
}

/// The ops in this order, `heads` behind them. Precondition: every body decodes.
inline Bytes plain_batch(const std::vector<EncodedOp>& ops, const std::vector<OpId>& heads,
                         const Hash32& binding) {
    std::map<DeviceKey, std::uint64_t> authors;
    Bytes table;
    Bytes content;
    std::vector<OpId> ids;
    std::uint64_t time = 0;
    for (const EncodedOp& bytes : ops) {
        const Operation op = *decode_body(bytes.body);
        ids.push_back(bytes.id);
        if (op.kind() == Kind::post) {
            const auto [at, added] = authors.try_emplace(op.author, authors.size());
            if (added) {
                encoding::write_varint(table, sync::author_by_key);
                append(table, op.author.view());
                encoding::write_varint(table, 0);
            }
            put_post(content, op, bytes, at->second, time);
        } else {
            content.push_back(bytes.signature ? sync::flag_signature : 0);
            encoding::write_varint(content, bytes.body.size());
            append(content, bytes.body);
        }
        if (bytes.signature) append(content, bytes.signature->view());
    }
    ids.insert(ids.end(), heads.begin(), heads.end());
    Bytes out;
    append(out, sync::batch_check(sync::label_salt(binding), ids));
    encoding::write_varint(out, authors.size());
    append(out, table);
    encoding::write_varint(out, ops.size());
    append(out, content);
    encoding::write_varint(out, heads.size());
    for (const OpId& head : heads) put_id(out, head);
    return out;
}

}  // namespace folkmoot::fuzz
