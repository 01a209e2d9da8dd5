// A group in a test: ops by name, devices by name, the graph and the access rules together.
//
//     Folk folk;                                                // "g", the create, by founder ann
//     folk.op("a", "ann", add("ben", level::admin), {"g"});     // stands on g; prev is ann's last op below
//     folk.op("b", "ben", post(), {"a"});                       // prev and `as` by their defaults
//     EXPECT_EQ(folk.level("ben"), level::admin);
#pragma once

#include <gtest/gtest.h>

#include "folkmoot/access.hpp"
#include "support/history.hpp"

namespace folkmoot::history {

inline Act add(std::string_view subject, Level level) { return Add{key(subject), level}; }
inline Act link(std::string_view subject, Level level) { return Link{key(subject), level}; }
inline Act set_level(std::string_view subject, Level level) { return SetLevel{key(subject), level}; }
inline Act remove(std::string_view subject) { return Remove{key(subject), std::nullopt}; }
inline Act ban(std::string_view subject) { return Ban{key(subject), std::nullopt}; }
inline Act unban(std::string_view subject) { return Unban{key(subject)}; }
inline Act leave() { return Leave{}; }
inline Act post(std::string_view text = "hi") { return a_post(text); }

/// What differs from the defaults of an op.
struct With {
    std::optional<std::string> prev = std::nullopt;  // "" for none
    std::optional<std::string> as = std::nullopt;    // the op that made the grant
};

class Folk {
   public:
    explicit Folk(const std::vector<std::string>& founders = {"ann"}, Rules rules = {})
        : create_(make_create(founders, rules)), access_(graph_) {
        take("g", create_);
        for (const auto& founder : founders) (void)device(founder);
    }

    /// Adds an op, which must be admitted.
    OpIndex op(const std::string& name, const std::string& author, Act act,
               const std::vector<std::string>& on, const With& with = {}) {
        const Made next = build(author, std::move(act), on, with);
        EXPECT_EQ(graph_.prepare(next.id, next.op), Graph::Placement::ready) << name;
        const auto admitted = access_.check(next.op);
        EXPECT_TRUE(admitted.has_value()) << name << ": " << (admitted ? "" : admitted.error().text);
        if (!admitted) return no_index;
        return take(name, next);
    }

    /// The code with which A1 refuses an op; nothing if it would be admitted.
    std::optional<ErrorCode> refusal(const std::string& author, Act act, const std::vector<std::string>& on,
                                     const With& with = {}) {
        const Made next = build(author, std::move(act), on, with);
        if (graph_.prepare(next.id, next.op) != Graph::Placement::ready) return graph_.error().code;
        const auto admitted = access_.check(next.op);
        if (admitted) return std::nullopt;
        return admitted.error().code;
    }

    /// The act with a cut at the named ops.
    [[nodiscard]] Act remove_after(const std::string& subject, const std::vector<std::string>& cut) const {
        return Remove{key(subject), ids(cut)};
    }
    [[nodiscard]] Act ban_after(const std::string& subject, const std::vector<std::string>& cut) const {
        return Ban{key(subject), ids(cut)};
    }

    [[nodiscard]] Level level(const std::string& device) const { return access_.now().level_of(key(device)); }
    [[nodiscard]] OpIndex index(const std::string& name) const { return ops_.at(name); }
    [[nodiscard]] const OpId& id(const std::string& name) const { return graph_.id(ops_.at(name)); }
    [[nodiscard]] bool effective(const std::string& name) const { return verdict(name).effective(); }
    [[nodiscard]] Verdict verdict(const std::string& name) const {
        return access_.now().verdict(index(name));
    }
    /// The rule and the op that void `name`, as in "E2 by r"; "" if it is effective.
    [[nodiscard]] std::string why_void(const std::string& name) const {
        const Verdict v = verdict(name);
        return v.effective() ? "" : std::string(to_text(v.rule)) + " by " + name_of_op(v.by);
    }
    [[nodiscard]] std::string name_of_op(OpIndex op) const {
        for (const auto& [name, at] : ops_) {
            if (at == op) return name;
        }
        return "?";
    }
    /// The grant that `op` made for its subject, or for `holder`.
    [[nodiscard]] GrantIndex grant(const std::string& op, const std::string& holder) const {
        for (const auto& view : access_.now().grants_of(key(holder))) {
            if (view.op == index(op)) return view.grant;
        }
        return no_index;
    }
    [[nodiscard]] GrantView view(const std::string& op, const std::string& holder) const {
        return access_.now().grant(grant(op, holder));
    }
    /// The names of the ops, in the order asked for.
    [[nodiscard]] std::vector<OpIndex> indices(const std::vector<std::string>& names) const {
        std::vector<OpIndex> out;
        for (const auto& name : names) out.push_back(index(name));
        return out;
    }
    [[nodiscard]] std::vector<OpId> ids(const std::vector<std::string>& names) const {
        std::vector<OpId> out;
        for (const auto& name : names) out.push_back(id(name));
        std::ranges::sort(out);
        return out;
    }
    /// "ann 255, ben 100": who is in, by name.
    [[nodiscard]] std::string members() const { return members(access_.now()); }
    [[nodiscard]] std::string members(const Resolution& resolution) const {
        std::string out;
        for (const auto& name : devices_) {
            const Level at = resolution.level_of(key(name));
            if (at > 0) out += (out.empty() ? "" : ", ") + name + " " + std::to_string(at);
        }
        return out;
    }

    [[nodiscard]] const Graph& graph() const { return graph_; }
    [[nodiscard]] const Access& access() const { return access_; }
    [[nodiscard]] Access& access() { return access_; }
    /// The ops in the order they were added.
    [[nodiscard]] const std::vector<Made>& log() const { return log_; }

   private:
    Made build(const std::string& author, Act act, const std::vector<std::string>& on, const With& with) {
        (void)device(author);
        const auto deps = indices(on);
        const Closure past = graph_.closure(deps);
        std::optional<OpIndex> prev;
        if (with.prev) {
            if (!with.prev->empty()) prev = index(*with.prev);
        } else if (const auto known = graph_.find_author(key(author))) {
            // The author's op furthest along its chain; of equals the one with the smallest id.
            for (OpIndex op = 0; op < graph_.size(); ++op) {
                if (graph_.author(op) != *known || !graph_.contains(past, op)) continue;
                const bool further =
                    !prev || graph_.position(op) > graph_.position(*prev) ||
                    (graph_.position(op) == graph_.position(*prev) && graph_.id(op) < graph_.id(*prev));
                if (further) prev = op;
            }
        }
        Operation op;
        op.group = group_of(create_.id);
        op.author = key(author);
        if (prev) op.prev = graph_.id(*prev);
        for (const OpIndex dep : deps) {
            if (dep != prev) op.parents.push_back(graph_.id(dep));
        }
        op.as = create_.id;
        if (with.as) {
            op.as = id(*with.as);
        } else if (const auto chosen = access_.at(deps).choose_grant(key(author), prev, act)) {
            op.as = chosen;
        }
        if (const auto* subject = subject_of(act)) remember(*subject);
        op.act = std::move(act);
        op.time_ms = log_.size();
        return made(std::move(op));
    }
    /// So that members() can name whoever is only ever acted on.
    void remember(const DeviceKey& subject) {
        for (const auto* name : {"ann", "ben", "cat", "dan", "eve", "fay", "phone", "tablet"}) {
            if (key(name) == subject) (void)device(name);
        }
    }
    const std::string& device(const std::string& name) {
        const auto at = std::ranges::lower_bound(devices_, name);
        return at != devices_.end() && *at == name ? *at : *devices_.insert(at, name);
    }
    OpIndex take(const std::string& name, const Made& next) {
        if (graph_.prepare(next.id, next.op) != Graph::Placement::ready) return no_index;
        const OpIndex at = graph_.commit();
        access_.apply(at, next.op);
        ops_[name] = at;
        log_.push_back(next);
        return at;
    }

    Made create_;
    Graph graph_;
    Access access_;
    std::map<std::string, OpIndex> ops_;
    std::vector<std::string> devices_;
    std::vector<Made> log_;
};

}  // namespace folkmoot::history
