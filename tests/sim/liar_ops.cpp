// What a Byzantine peer makes: valid ops with bad intent, and ops that no correct peer would make.
#include <algorithm>

#include "encoding/varint.hpp"
#include "folkmoot/limits.hpp"
#include "sim/liar.hpp"
#include "sync/compact_layout.hpp"
#include "sync/keys.hpp"

namespace folkmoot::sim {

EncodedOp Liar::sign(Operation op, const Bytes& payload) {
    op.author = key();
    auto body = encode_body(op);
    if (!body) return {};
    EncodedOp out{op_id(*body), std::move(*body), std::nullopt, std::nullopt, 0};
    if (auto signature = sign_op(signer_, out.id)) out.signature = *signature;
    if (op.kind() == Kind::post) out.payload = payload;
    return out;
}

void Liar::take(std::vector<EncodedOp> ops) {
    (void)core_->take(ops);
    drive();
}

std::vector<OpIndex> Liar::old_frontier(Random& random) {
    const Graph& graph = core_->graph();
    std::vector<OpIndex> some;
    for (std::uint64_t i = random.between(1, 3); i > 0; --i)
        some.push_back(static_cast<OpIndex>(random.below(graph.size())));
    return graph.maximal(some);
}

Act Liar::some_act(Role role, Random& random, Bytes& payload) {
    const DeviceKey subject = identities_.key(random.below(plan_.peers.size() + 3));
    const auto level =
        random.pick(std::vector<Level>{level::reader, level::member, level::moderator, level::admin});
    const bool fights = role == Role::duel || role == Role::back_date || random.chance(300);
    if (!fights) {
        payload.resize(random.below(100));
        random.fill(payload);
        return Post{static_cast<std::uint32_t>(payload.size()), payload_hash(payload)};
    }
    switch (random.below(8)) {
        case 0:
        case 1: return Remove{subject, std::nullopt};
        case 2: return Remove{subject, std::vector<OpId>{}};
        case 3: return Ban{subject, std::nullopt};
        case 4: return Add{subject, level};
        case 5: return Link{subject, level};
        case 6: return SetLevel{subject, level};
        default: return Unban{subject};
    }
}

// An op upon the newest or an old frontier, after the author's last op there or beside it, under any of its
// grants. What the rules do not admit is simply not made: its own replica refuses it.
bool Liar::make_op(Role role, Random& random) {
    const Graph& graph = core_->graph();
    const bool old = role == Role::back_date || role == Role::equivocate || random.chance(300);
    const auto frontier = old ? old_frontier(random) : graph.heads();
    Operation op;
    op.group = core_->group_id();
    op.time_ms = random.below(limits::time_ms);
    Bytes payload;
    op.act = some_act(role, random, payload);
    const auto self = graph.find_author(key());
    if (self && !graph.branches(*self).empty()) {
        // Beside any op of its own, as often as not: a fork.
        const auto& branches = graph.branches(*self);
        const auto own = graph.branch_ops(branches[random.below(branches.size())]);
        const OpIndex prev = old ? own[random.below(own.size())] : own.back();
        op.prev = graph.id(prev);
        if (role == Role::equivocate && random.chance(200)) op.prev.reset();
    }
    for (const OpIndex parent : frontier) {
        if (op.prev == graph.id(parent) || op.parents.size() == limits::parents) continue;
        op.parents.push_back(graph.id(parent));
    }
    std::ranges::sort(op.parents);
    const auto grants = core_->access().now().grants_of(key());
    if (grants.empty()) return false;
    op.as = graph.id(grants[random.below(grants.size())].op);
    const std::size_t before = graph.size();
    take({sign(op, payload)});
    return core_->graph().size() > before;
}

void Liar::author(Role role, Random& random) {
    std::size_t made = 0;
    std::uint64_t wanted = random.between(1, 5);
    if (role == Role::flood) wanted = random.chance(500) ? random.between(20, 60) : random.between(60, 120);
    if (role == Role::clone || role == Role::sleeper) {
        Bytes text(20);
        random.fill(text);
        if (core_->post(text, random.below(limits::time_ms))) ++made;
        drive();
    } else {
        for (std::uint64_t i = 0; i < wanted * 3 && made < wanted; ++i) made += make_op(role, random) ? 1 : 0;
    }
    if (made == 0) return;
    acted(role);
    world_.trace(name_, "makes " + std::to_string(made) + " ops");
}

// --- What nobody correct sends --------------------------------------------------------------------

std::vector<EncodedOp> Liar::bad_ops(Role role, Random& random) {
    std::vector<EncodedOp> out;
    Operation op;
    op.group = core_->group_id();
    op.as = create_of(*op.group);
    op.parents = {core_->graph().id(0)};
    op.act = Add{key(), level::admin};
    op.time_ms = random.below(limits::time_ms);
    if (role == Role::bad_signature) {
        // Somebody else is said to have let this peer in.
        op.author = identities_.key(0);
        auto body = encode_body(op);
        const OpId id = op_id(*body);
        out.push_back({id, std::move(*body), Signature{}, std::nullopt, 0});
        if (auto own = sign_op(signer_, id)) out.back().signature = *own;
    } else if (role == Role::wrong_group) {
        random.fill(op.group->bytes);
        out.push_back(sign(op));
    } else if (role == Role::oversize) {
        out.push_back(sign(op));
        Bytes& body = out.back().body;
        if (random.chance(500)) {
            body.resize(limits::body_bytes + random.between(1, 4'000), 0x40);
        } else {
            body.insert(body.end(), body.begin(), body.end());
        }
        out.back().id = op_id(body);
    } else {
        // Orphans: each stands on one that does not exist, or on the orphan before.
        OpId below;
        random.fill(below.bytes);
        for (std::uint64_t i = random.between(1, 100); i > 0; --i) {
            if (random.chance(300)) random.fill(below.bytes);
            op.parents = {below};
            op.time_ms = random.below(limits::time_ms);
            op.act = Add{identities_.key(1), static_cast<Level>(random.between(1, 100))};
            out.push_back(sign(op));
            below = out.back().id;
        }
    }
    return out;
}

// A batch in plain form whose ops go as whole bodies (compact.hpp).
Bytes Liar::batch_of(const Talk& talk, const std::vector<EncodedOp>& ops,
                     const std::vector<OpId>& heads) const {
    std::vector<OpId> ids;
    for (const EncodedOp& op : ops) ids.push_back(op.id);
    ids.insert(ids.end(), heads.begin(), heads.end());
    const auto check = sync::batch_check(sync::label_salt(talk.port->binding()), ids);
    Bytes out(check.begin(), check.end());
    encoding::write_varint(out, 0);
    encoding::write_varint(out, ops.size());
    for (const EncodedOp& op : ops) {
        encoding::write_varint(out, op.signature ? sync::flag_signature : 0);
        encoding::write_varint(out, op.body.size());
        append(out, op.body);
        if (op.signature) append(out, op.signature->view());
    }
    encoding::write_varint(out, heads.size());
    for (const OpId& head : heads) {
        encoding::write_varint(out, sync::ref_by_id);
        append(out, head.view());
    }
    return out;
}

}  // namespace folkmoot::sim
