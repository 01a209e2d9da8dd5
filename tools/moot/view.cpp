#include "moot/view.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "moot/text.hpp"

namespace folkmoot::moot {
namespace {

using Json = nlohmann::ordered_json;

Json ids_json(const std::vector<OpId>& ids) {
    Json out = Json::array();
    for (const auto& id : ids) out.push_back(to_hex(id.view()));
    return out;
}

Json rules_json(const Rules& rules) {
    return {{"equal", rules.equal == Rules::Equal::forbid ? "forbid" : "seniority"},
            {"post", level_json(rules.post)},
            {"add", level_json(rules.add)},
            {"set_level", level_json(rules.set_level)},
            {"remove", level_json(rules.remove)},
            {"ban", level_json(rules.ban)},
            {"unban", level_json(rules.unban)},
            {"link", level_json(rules.link)},
            {"read", level_json(rules.read)}};
}

void add_act(Json& out, const Act& act, const Names& names) {
    if (const auto* create = std::get_if<Create>(&act)) {
        out["name"] = create->name;
        Json founders = Json::array();
        for (const auto& key : create->founders) founders.push_back(to_hex(key.view()));
        out["founders"] = std::move(founders);
        out["rules"] = rules_json(create->rules);
    }
    if (const DeviceKey* subject = subject_of(act)) {
        out["subject"] = to_hex(subject->view());
        out["subject_name"] = petname_json(names, *subject);
    }
    if (const auto level = granted_level(act)) out["level"] = level_json(*level);
    if (const auto* cut = cut_of(act)) out["cut"] = ids_json(*cut);
}

void add_payload(Json& out, const Post& post, const EncodedOp& encoded) {
    out["length"] = post.length;
    if (!encoded.payload) {
        out["text"] = nullptr;
        return;
    }
    const std::string text(encoded.payload->begin(), encoded.payload->end());
    if (is_utf8(text)) {
        out["text"] = text;
    } else {
        out["text"] = nullptr;
        out["payload"] = to_hex(*encoded.payload);
    }
}

}  // namespace

Json level_json(Level level) {
    const std::string text = level::to_text(level);
    return text.find_first_not_of("0123456789") == std::string::npos ? Json(level) : Json(text);
}

Json petname_json(const Names& names, const DeviceKey& key) {
    const std::string name = names.petname(key);
    return name.empty() ? Json() : Json(name);
}

// A live link hangs on a live tenure: what hits that one hits the link through it (V1).
Standing standing_of(const Resolution& resolution, const DeviceKey& member) {
    Standing out{std::nullopt, member};
    GrantView link;
    for (const auto& grant : resolution.grants_of(member)) {
        if (!grant.live) continue;
        if (!grant.link) return out;
        if (link.grant == no_index) link = grant;
    }
    while (link.grant != no_index && link.link && link.under != no_index) {
        link = resolution.grant(link.under);
        out.person = link.holder;
        if (!out.under) out.under = link.holder;
    }
    return out;
}

bool is_ticket_fork(const OpenGroup& group, const Equivocation& pair) {
    const Graph& graph = group.replica->graph();
    for (const BranchIndex branch : graph.branches(graph.author(pair.first))) {
        for (const OpIndex op : graph.branch_ops(branch)) {
            if (graph.kind(op) != Kind::link) return false;
        }
    }
    return true;
}

Json members_json(const Resolution& resolution, const std::vector<OpId>& frontier, const Names& names) {
    Json members = Json::array();
    for (const auto& member : resolution.members()) {
        const Standing standing = standing_of(resolution, member.key);
        members.push_back({{"key", to_hex(member.key.view())},
                           {"name", petname_json(names, member.key)},
                           {"level", level_json(member.level)},
                           {"under", standing.under ? Json(to_hex(standing.under->view())) : Json()},
                           {"person", to_hex(standing.person.view())}});
    }
    return {{"members", std::move(members)},
            {"frontier", ids_json(frontier)},
            {"digest", to_hex(resolution.membership_digest().view())}};
}

Result<Json> op_json(OpenGroup& group, const Names& names, OpIndex at) {
    auto encoded = group.replica->load(at);
    if (!encoded) return std::unexpected(encoded.error());
    const auto op = decode_body(encoded->body);
    if (!op) return std::unexpected(op.error());
    const Graph& graph = group.replica->graph();
    const Verdict verdict = group.replica->access().now().verdict(at);
    Json out = {{"id", to_hex(encoded->id.view())},
                {"kind", to_text(op->kind())},
                {"author", to_hex(op->author.view())},
                {"author_name", petname_json(names, op->author)},
                {"position", graph.position(at)},
                {"depth", graph.depth(at)},
                {"prev", op->prev ? Json(to_hex(op->prev->view())) : Json()},
                {"parents", ids_json(op->parents)},
                {"as", op->as ? Json(to_hex(op->as->view())) : Json()},
                {"time_ms", op->time_ms}};
    add_act(out, op->act, names);
    if (const auto* post = std::get_if<Post>(&op->act)) add_payload(out, *post, *encoded);
    out["verdict"] = verdict.effective() ? "effective" : "void";
    if (!verdict.effective()) {
        out["rule"] = to_text(verdict.rule);
        out["by"] = verdict.by == no_index ? Json() : Json(to_hex(graph.id(verdict.by).view()));
    }
    return out;
}

std::vector<OpId> frontier_of(const Graph& graph) {
    std::vector<OpId> out;
    for (const OpIndex head : graph.heads()) out.push_back(graph.id(head));
    return out;
}

std::vector<OpIndex> in_order(const Graph& graph) {
    std::vector<OpIndex> out(graph.size());
    std::iota(out.begin(), out.end(), OpIndex{0});
    std::ranges::sort(out, [&](OpIndex a, OpIndex b) {
        if (graph.depth(a) != graph.depth(b)) return graph.depth(a) < graph.depth(b);
        return graph.id(a) < graph.id(b);
    });
    return out;
}

}  // namespace folkmoot::moot
