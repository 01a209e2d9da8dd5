#include "replica/quota.hpp"

#include <algorithm>

#include "replica/in_flight.hpp"
#include "replica/link.hpp"

namespace folkmoot {
namespace {

// How much of a count one op pays for.
constexpr std::size_t work_an_op = 16;

}  // namespace

std::size_t stored_size(ByteView body, const Operation& op) {
    const auto* post = std::get_if<Post>(&op.act);
    return body.size() + (post != nullptr ? post->length : 0);
}

void Quota::record(OpIndex op, std::size_t bytes) {
    bytes_.push_back(static_cast<std::uint32_t>(bytes));
    const AuthorIndex author = graph_.author(op);
    if (author >= authors_.size()) authors_.resize(author + 1);
    authors_[author].bytes += bytes;
    ++authors_[author].ops;
    const Usage& usage = authors_[author];
    if (usage.bytes > limits::author_bytes || usage.ops > limits::author_ops) heavy_.insert(author);
    counted_ = false;
    // Grants come and go with access ops only.
    if (graph_.kind(op) != Kind::post) out_.clear();
}

bool Quota::add(OpIndex op, std::size_t bytes) {
    const bool was_counted = counted_;
    const std::size_t heavy = heavy_.size();
    record(op, bytes);
    counted_ = was_counted;
    if (counted_) {
        // Levels and seals change with effective access ops only.
        stale_ = stale_ || (graph_.kind(op) != Kind::post && access_.now().effective(op));
        is_charged_.push_back(false);
        const DeviceKey& author = graph_.key(graph_.author(op));
        if (is_out(author)) {
            is_charged_[op] = true;
            charged_ops_.push_back(op);
            accounts_[find_account(author)] += bytes;
        } else {
            uncharge_past(op);
        }
    }
    return heavy_.size() > heavy;
}

Usage Quota::of_author(const DeviceKey& author) const {
    const auto index = graph_.find_author(author);
    return index && *index < authors_.size() ? authors_[*index] : Usage{};
}

bool Quota::is_out(const DeviceKey& author) const {
    const auto known = out_.find(author);
    if (known != out_.end()) return known->second;
    const bool out = access_.now().is_sealed_out(author);
    // Strangers are not remembered: nothing bounds how many there are.
    if (access_.knows(author)) out_.emplace(author, out);
    return out;
}

// The first grant in rank order decides, so that the answer does not depend on the order of arrival. Kept
// until the next recount, so that what is charged to an account is taken off the same one. Each step goes to
// an older grant, and each grant is passed once, however long a chain of puppets is.
DeviceKey Quota::find_account(const DeviceKey& author) {
    const auto known = account_by_author_.find(author);
    if (known != account_by_author_.end()) return known->second;
    const Resolution& now = access_.now();
    const auto grants = now.grant_numbers(author);
    DeviceKey account = author;
    const auto made = [&](GrantIndex grant) { return now.is_made(grant); };
    if (!grants.empty() && std::ranges::none_of(grants, made)) {
        std::vector<GrantIndex> chain;
        GrantIndex at = grants.front();
        auto memo = account_by_grant_.end();
        while (!made(at) && memo == account_by_grant_.end()) {
            chain.push_back(at);
            at = access_.granted_under(at);
            memo = account_by_grant_.find(at);
        }
        account = memo == account_by_grant_.end() ? access_.holder_of_grant(at) : memo->second;
        for (const GrantIndex grant : chain) account_by_grant_.emplace(grant, account);
    }
    account_by_author_.emplace(author, account);
    return account;
}

DeviceKey Quota::account_of(const DeviceKey& author) {
    recount_if_due();
    return find_account(author);
}

std::uint64_t Quota::charged(const DeviceKey& account) {
    recount_if_due();
    const auto at = accounts_.find(account);
    return at == accounts_.end() ? 0 : at->second;
}

// Counting costs what there is to count: whoever alternates access ops with ops that are bound must not cause
// that for each. Until it is due an author that is newly out is charged for what comes from then on only.
void Quota::recount_if_due() {
    if (counted_ && !(stale_ && graph_.size() - counted_to_ > count_work_ / work_an_op)) return;
    recount();
}

// Of each author that is out, what stands outside the past of everybody else's ops and of what removed it.
void Quota::recount() {
    for (const OpIndex op : charged_ops_) is_charged_[op] = false;
    is_charged_.resize(graph_.size(), false);
    charged_ops_.clear();
    accounts_.clear();
    account_by_author_.clear();
    account_by_grant_.clear();
    counted_ = true;
    std::vector<AuthorIndex> out;
    std::vector<OpIndex> others;
    for (AuthorIndex author = 0; author < graph_.author_count(); ++author) {
        const DeviceKey& key = graph_.key(author);
        if (is_out(key)) {
            out.push_back(author);
            // Their authors may be out too; what counted of them counts still.
            const auto revocations = access_.now().revocations_of(key);
            others.insert(others.end(), revocations.begin(), revocations.end());
            continue;
        }
        for (const BranchIndex branch : graph_.branches(author))
            others.push_back(graph_.branch_ops(branch).back());
    }
    const Closure covered = graph_.closure(others);
    for (const AuthorIndex author : out) {
        std::uint64_t& account = accounts_[find_account(graph_.key(author))];
        for (const BranchIndex branch : graph_.branches(author)) {
            const auto ops = graph_.branch_ops(branch);
            // Of a branch a first part is covered.
            const auto from =
                std::ranges::partition_point(ops, [&](OpIndex op) { return graph_.contains(covered, op); });
            for (auto at = from; at != ops.end(); ++at) {
                is_charged_[*at] = true;
                charged_ops_.push_back(*at);
                account += bytes_[*at];
            }
        }
    }
    stale_ = false;
    ++recounts_;
    counted_to_ = graph_.size();
    count_work_ = graph_.author_count() + others.size() + charged_ops_.size();
}

// The past of an op that is not charged holds no charged op; so each op is passed once.
void Quota::uncharge_past(OpIndex op) {
    std::vector<OpIndex> stack{op};
    std::vector<OpIndex> direct;
    while (!stack.empty()) {
        direct.clear();
        graph_.direct_ancestors(stack.back(), direct);
        stack.pop_back();
        for (const OpIndex ancestor : direct) {
            if (!is_charged_[ancestor]) continue;
            is_charged_[ancestor] = false;
            accounts_[find_account(graph_.key(graph_.author(ancestor)))] -= bytes_[ancestor];
            stack.push_back(ancestor);
        }
    }
}

void Quota::want(const DeviceKey& peer, const OpId& id) {
    Wanted& wanted = wanted_[peer];
    if (!wanted.ids.insert(id).second) return;
    wanted.order.push_back(id);
    if (wanted.order.size() <= limits::wanted_ids_per_peer) return;
    wanted.ids.erase(wanted.order.front());
    wanted.order.pop_front();
}

bool Quota::wanted(const DeviceKey& peer, const OpId& id) const {
    const auto at = wanted_.find(peer);
    return at != wanted_.end() && at->second.ids.contains(id);
}

std::size_t Quota::wanted_count(const DeviceKey& peer) const {
    const auto at = wanted_.find(peer);
    return at == wanted_.end() ? 0 : at->second.ids.size();
}

Usage Replica::usage_of(const DeviceKey& author) const { return quota_->of_author(author); }

std::size_t Replica::memory_of(SessionId session) const {
    // An announced id stands in up to four sets and maps; a wanted one in two.
    constexpr std::size_t bytes_per_announced = 448;
    constexpr std::size_t bytes_per_wanted = 128;
    const auto at = links_.find(session);
    if (at == links_.end()) return 0;
    const Link& link = *at->second;
    return link.session.memory() + in_flight_->announced_by(session) * bytes_per_announced +
           quota_->wanted_count(link.peer) * bytes_per_wanted + (link.message ? link.message->size() : 0);
}

}  // namespace folkmoot
