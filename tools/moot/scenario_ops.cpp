#include "moot/scenario_ops.hpp"

#include <algorithm>

#include "crypto/hash.hpp"

namespace folkmoot::scenario {
namespace {

constexpr std::string_view key_domain = "folkmoot scenario device";
constexpr std::string_view group_name = "scenario";

// 48 bits of a hash of the name: ids differ although all else may be alike, and nothing is read off a clock.
std::uint64_t time_of(const std::string& name) {
    const Hash32 hash = crypto::blake2b_256({as_bytes(name)});
    std::uint64_t time = 0;
    for (std::size_t i = 0; i < 6; ++i) time = time << 8U | hash.bytes[i];
    return time & limits::time_ms;
}

void refuse(std::optional<Refused>& at, ErrorCode code, std::string text, std::string by = {}) {
    if (!at) at = Refused{{code, std::move(text)}, rule_of(code), std::move(by)};
}

}  // namespace

std::string rule_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::op_level_out_of_range:
        case ErrorCode::op_bad_founders:
        case ErrorCode::graph_second_create:
        case ErrorCode::graph_prev_of_another_author:
        case ErrorCode::graph_ancestor_invalid:
        case ErrorCode::graph_missing_ancestor: return "A1";
        case ErrorCode::graph_wrong_group: return "O4";
        case ErrorCode::op_bad_signature:
        case ErrorCode::op_unproven: return "O5";
        case ErrorCode::op_bad_key: return "O6";
        case ErrorCode::op_body_too_large:
        case ErrorCode::op_payload_too_large:
        case ErrorCode::op_too_many_parents:
        case ErrorCode::op_text_too_long: return "O7";
        default: break;
    }
    const auto number = static_cast<unsigned>(code);
    if (number >= 400 && number < 500) return "A1";
    return number < 200 ? "O1" : "O3";
}

Result<std::unique_ptr<Signer>> signer_of(const std::string& device) {
    const Hash32 seed = crypto::blake2b_256({as_bytes(key_domain), as_bytes(device)});
    return make_signer(seed.view());
}

std::string Played::name_of(OpIndex op) const {
    const auto at = names_.find(graph_.id(op));
    return at == names_.end() ? to_hex(graph_.id(op).view()) : at->second;
}

std::string Played::name_of(const DeviceKey& key) const {
    const auto at = device_names_.find(key);
    return at == device_names_.end() ? to_hex(key.view()) : at->second;
}

Result<Signer*> Played::device(const std::string& name) {
    auto& slot = devices_[name];
    if (!slot) {
        auto signer = signer_of(name);
        if (!signer) return std::unexpected(signer.error());
        slot = std::move(*signer);
        device_names_.emplace(slot->key(), name);
    }
    return slot.get();
}

Result<DeviceKey> Played::key(const std::string& name) {
    auto signer = device(name);
    if (!signer) return std::unexpected(signer.error());
    return (*signer)->key();
}

Result<void> Played::play(const ScenarioFile& file) {
    if (auto done = play_creates(file); !done) return done;
    for (const std::size_t index : causal_order(file)) {
        const auto& op = file.ops[index];
        if (ids_.contains(op.id) || refused_.contains(op.id)) continue;
        if (auto done = play_op(op); !done) return done;
    }
    for (const auto& op : file.ops) {
        if (ids_.contains(op.id) || refused_.contains(op.id)) continue;
        const Error error{ErrorCode::graph_ancestor_invalid, "what it names goes round in a circle"};
        refused_.emplace(op.id, Refused{error, rule_of(error.code), {}});
    }
    return {};
}

// Of several creates the group is that with the smallest id, whatever their order in the file.
Result<void> Played::play_creates(const ScenarioFile& file) {
    std::vector<std::pair<OpId, const ScenarioOp*>> creates;
    for (const auto& op : file.ops) {
        if (op.kind != Kind::create || !op.deps.empty() || op.prev_choice == PrevChoice::named) continue;
        auto drafted = draft(op);
        if (!drafted) return std::unexpected(drafted.error());
        if (const auto body = encode_body(drafted->op)) creates.emplace_back(op_id(*body), &op);
    }
    std::ranges::sort(creates);
    for (const auto& [id, op] : creates) {
        if (auto done = play_op(*op); !done) return done;
    }
    return {};
}

Result<void> Played::play_op(const ScenarioOp& from) {
    auto drafted = draft(from);
    if (!drafted) return std::unexpected(drafted.error());
    return admit(from.id, *drafted);
}

Result<Played::Draft> Played::draft(const ScenarioOp& from) {
    Draft out;
    auto author = key(from.author);
    if (!author) return std::unexpected(author.error());
    out.op.author = *author;
    out.op.time_ms = time_of(from.id);
    auto act = act_of(from, out);
    if (!act) return std::unexpected(act.error());
    out.op.act = std::move(*act);
    place(from, out);
    return out;
}

Result<Act> Played::act_of(const ScenarioOp& from, Draft& draft) {
    DeviceKey subject;
    if (!from.subject.empty()) {
        auto named_key = key(from.subject);
        if (!named_key) return std::unexpected(named_key.error());
        subject = *named_key;
    }
    std::optional<std::vector<OpId>> cut;
    if (from.cut) {
        cut.emplace();
        for (const auto& name : *from.cut) {
            const auto id = named(name, "its cut", ErrorCode::access_cut_not_in_past, draft);
            if (id) cut->push_back(*id);
        }
        std::ranges::sort(*cut);
        cut->erase(std::ranges::unique(*cut).begin(), cut->end());
    }
    switch (from.kind) {
        case Kind::create: break;
        case Kind::add: return Add{subject, from.level};
        case Kind::link: return Link{subject, from.level};
        case Kind::set_level: return SetLevel{subject, from.level};
        case Kind::remove: return Remove{subject, std::move(cut)};
        case Kind::ban: return Ban{subject, std::move(cut)};
        case Kind::unban: return Unban{subject};
        case Kind::leave: return Leave{};
        case Kind::post: {
            const ByteView text = as_bytes(from.id);
            draft.payload = Bytes(text.begin(), text.end());
            return Post{static_cast<std::uint32_t>(text.size()), payload_hash(text)};
        }
    }
    Create create{std::string(group_name), {}, from.rules};
    if (from.founders.empty()) create.founders.push_back(draft.op.author);
    for (const auto& founder : from.founders) {
        auto founder_key = key(founder);
        if (!founder_key) return std::unexpected(founder_key.error());
        create.founders.push_back(*founder_key);
    }
    return create;
}

// The id of an op the draft names. Unknown and refused ops make the draft invalid; without an id there is
// no body either.
std::optional<OpId> Played::named(const std::string& name, const char* what, ErrorCode code,
                                  Draft& draft) const {
    const auto id = ids_.find(name);
    if (id == ids_.end()) {
        draft.encodable = false;
        const bool known = refused_.contains(name);
        refuse(
            draft.refused, code,
            std::string(what) + " names `" + name + "`, which " + (known ? "is invalid" : "does not exist"),
            known ? name : "");
        return std::nullopt;
    }
    if (!graph_.find(id->second)) {
        refuse(draft.refused, code, std::string(what) + " names `" + name + "`, which is invalid", name);
    }
    return id->second;
}

void Played::place(const ScenarioOp& from, Draft& draft) {
    std::vector<OpId> parents;
    std::vector<OpIndex> frontier;
    for (const auto& name : from.deps) {
        const auto id = named(name, "deps", ErrorCode::graph_ancestor_invalid, draft);
        if (!id) continue;
        parents.push_back(*id);
        if (const auto at = graph_.find(*id)) frontier.push_back(*at);
    }
    if (from.kind != Kind::create && graph_.group()) draft.op.group = graph_.group();
    choose_prev(from, draft, frontier);
    if (draft.op.prev) std::erase(parents, *draft.op.prev);
    std::ranges::sort(parents);
    parents.erase(std::ranges::unique(parents).begin(), parents.end());
    draft.op.parents = std::move(parents);
    if (from.kind != Kind::create) choose_grant(from, draft, frontier);
}

// By default the author's op furthest along its chain among the ancestors; of equals that with the smallest
// id.
void Played::choose_prev(const ScenarioOp& from, Draft& draft, std::vector<OpIndex>& frontier) {
    if (from.prev_choice == PrevChoice::none) return;
    if (from.prev_choice == PrevChoice::named) {
        draft.op.prev = named(from.prev, "prev", ErrorCode::graph_ancestor_invalid, draft);
        if (!draft.op.prev) return;
        if (const auto at = graph_.find(*draft.op.prev)) frontier.push_back(*at);
        return;
    }
    const auto author = graph_.find_author(draft.op.author);
    if (!author) return;
    const Closure past = graph_.closure(frontier);
    OpIndex best = no_index;
    for (const BranchIndex branch : graph_.branches(*author)) {
        for (const OpIndex op : graph_.branch_ops(branch)) {
            if (!graph_.contains(past, op)) continue;
            const bool further =
                best == no_index || graph_.position(op) > graph_.position(best) ||
                (graph_.position(op) == graph_.position(best) && graph_.id(op) < graph_.id(best));
            if (further) best = op;
        }
    }
    if (best != no_index) draft.op.prev = graph_.id(best);
}

void Played::choose_grant(const ScenarioOp& from, Draft& draft, const std::vector<OpIndex>& frontier) {
    if (!graph_.group()) {
        draft.encodable = false;
        return refuse(draft.refused, ErrorCode::graph_missing_ancestor, "there is no group");
    }
    // Something must stand there for the op to have an id.
    draft.op.as = create_of(*graph_.group());
    if (from.as) {
        if (const auto id = named(*from.as, "as", ErrorCode::access_as_not_in_past, draft)) draft.op.as = id;
        return;
    }
    const auto prev = draft.op.prev ? graph_.find(*draft.op.prev) : std::nullopt;
    const auto chosen = access_.at(frontier).choose_grant(draft.op.author, prev, draft.op.act);
    if (chosen) {
        draft.op.as = chosen;
    } else {
        refuse(draft.refused, ErrorCode::access_no_grant,
               "no grant in its past names its author, " + from.author);
    }
}

Result<void> Played::admit(const std::string& name, Draft& draft) {
    OpId id;
    Bytes body;
    if (draft.encodable) {
        auto encoded = encode_body(draft.op);
        if (encoded) {
            id = op_id(*encoded);
            body = std::move(*encoded);
            ids_[name] = id;
            names_.emplace(id, name);
        } else {
            refuse(draft.refused, encoded.error().code, encoded.error().text);
        }
    }
    if (!draft.refused) {
        const auto placed = graph_.prepare(id, draft.op);
        if (placed == Graph::Placement::ready) {
            if (auto admitted = access_.check(draft.op); !admitted) {
                refuse(draft.refused, admitted.error().code, admitted.error().text);
            }
        } else if (placed == Graph::Placement::invalid) {
            refuse(draft.refused, graph_.error().code, graph_.error().text);
        } else {
            refuse(draft.refused, ErrorCode::graph_missing_ancestor, "it cannot be placed in the graph");
        }
    }
    if (draft.refused) {
        refused_.emplace(name, std::move(*draft.refused));
        return {};
    }
    const OpIndex at = graph_.commit();
    access_.apply(at, draft.op);
    auto signature = sign_op(*devices_.at(device_names_.at(draft.op.author)), id);
    if (!signature) return std::unexpected(signature.error());
    ops_.push_back({id, std::move(body), *signature, std::move(draft.payload), 0});
    return {};
}

}  // namespace folkmoot::scenario
