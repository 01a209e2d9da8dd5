#include "sync/taker.hpp"

#include <algorithm>

#include "sync/keys.hpp"
#include "sync/summary.hpp"

namespace folkmoot::sync {
namespace {

// Between two summaries. A chain of hidden ops costs log2(limits::walk_back_ops) of them.
constexpr unsigned max_needs = 256;

// How often one kind of filter is tried while each time brings something.
constexpr unsigned max_passes = 8;

// Ops an answer may hold that are known already or find no room. A correct peer repeats itself after a lost
// frontier and after an overflow of what was parked.
constexpr std::uint64_t useless_floor = 1'000'000;
constexpr std::uint64_t useless_factor = 4;

}  // namespace

Taker::Taker(SessionHost& host, const SessionConfig& config, std::deque<Message>& outbox, SessionStats& stats)
    : host_(host),
      config_(config),
      outbox_(outbox),
      stats_(stats),
      labels_(host.graph(), label_salt(config.binding)),
      seen_(static_cast<OpIndex>(host.graph().size())),
      began_(seen_),
      parking_(config.parking_bytes) {}

void Taker::start(const Digest& own_offer, const std::vector<OpIndex>& shown, bool to_reader) {
    own_offer_ = own_offer;
    shown_ = shown;
    to_reader_ = to_reader;
    if (config_.summary == SummaryChoice::bloom) rung_ = Rung::bloom;
    if (config_.summary == SummaryChoice::exact) rung_ = Rung::exact;
    send_have();
}

// The common point of this round: what was recognised in the peer's summary, else the newest frontier
// remembered of which every op is held, else the beginning.
Closure Taker::choose_since(Since& since) const {
    const Graph& graph = host_.graph();
    if (!common_.empty()) {
        since.kind = Since::Kind::named;
        since.named = recognised_;
        return graph.closure(common_);
    }
    if (!use_since_) return {};
    for (const auto& frontier : host_.remembered(config_.peer)) {
        std::vector<OpIndex> ops;
        for (const auto& id : frontier) {
            if (const auto op = graph.find(id)) ops.push_back(*op);
        }
        if (ops.size() != frontier.size()) continue;
        since.kind = Since::Kind::remembered;
        since.fingerprint = frontier_fingerprint(config_.binding, frontier);
        return graph.closure(ops);
    }
    return {};
}

Summary Taker::few_tips(const std::vector<OpIndex>& ops, const crypto::SipKey& salt) {
    const Graph& graph = host_.graph();
    Summary summary;
    if (ops.empty()) return summary;
    summary.kind = Summary::Kind::tips;
    summary.tips = make_tips(graph, ops, tips_, labels_.salt(), salt);
    std::vector<NamedTip> own;
    own.reserve(ops.size());
    for (const OpIndex op : ops) own.push_back({graph.author(op), graph.position(op)});
    tips_.insert(tips_.begin(), own.begin(), own.end());
    if (round_ == 0) named_ = ops;
    return summary;
}

Summary Taker::make_summary(const Since& since, const Closure& after, std::uint32_t round) {
    const Graph& graph = host_.graph();
    const auto salt = round_salt(config_.binding, config_.initiator, round);
    const bool beginning = since.kind == Since::Kind::beginning;
    tips_ = common_authors(graph, after);
    if (rung_ == Rung::tips && to_reader_) {
        if (const auto ops = tip_ops(graph, shown_, beginning ? nullptr : &after))
            return few_tips(*ops, salt);
        // Only the first `have` is sure to be met by one of the peer's.
        if (beginning && round == 0) {
            Summary summary;
            summary.kind = Summary::Kind::locator;
            named_ = locator_ops(graph, shown_);
            summary.locator = make_locator(graph, named_, salt);
            locating_ = true;
            return summary;
        }
    }
    const auto held = graph.difference(shown_, after);
    Summary summary;
    if (rung_ == Rung::exact) {
        summary = exact_summary(graph, held, page_);
        page_ = summary.range.to;
    } else if (!held.empty()) {
        summary = bloom_summary(graph, held, salt, page_);
        page_ = summary.range.from;
    }
    return summary;
}

// What came from the peer it knows this side holds: later summaries show it, so that it does not come again.
void Taker::show_received() {
    if (received_tips_.empty()) return;
    shown_.insert(shown_.end(), received_tips_.begin(), received_tips_.end());
    shown_ = host_.graph().maximal(shown_);
    received_tips_.clear();
}

void Taker::send_have() {
    // Whatever was turned away stands on ops that are still to come, and comes again with them.
    if (parking_.overflowed()) parking_.clear();
    show_received();
    Have have;
    have.group = group_tag(host_.group(), config_.binding);
    have.offer = own_offer_;
    have.round = round_;
    const Closure after = choose_since(have.since);
    since_named_ = have.since.kind == Since::Kind::remembered;
    have.summary = make_summary(have.since, after, have.round);
    ++round_;
    ++stats_.rounds;
    stats_.last_summary = static_cast<std::uint8_t>(have.summary.kind);
    phase_ = Phase::asked;
    asked_ = Asked::have;
    progress_ = false;
    needs_ = 0;
    put_off_ = 0;
    want_plain_ = false;
    peer_heads_.clear();
    outbox_.emplace_back(std::move(have));
}

void Taker::handle_peer_summary(const Have& have) {
    if (!locating_) return;
    locating_ = false;
    const Graph& graph = host_.graph();
    const auto salt = round_salt(config_.binding, !config_.initiator, have.round);
    std::vector<std::pair<std::uint8_t, OpIndex>> found;
    if (have.summary.kind == Summary::Kind::locator) found = read_locator(graph, have.summary.locator, salt);
    if (have.summary.kind == Summary::Kind::tips)
        found = read_tips(graph, have.summary.tips, {}, labels_, salt).matched;
    for (const auto& [number, op] : found) {
        recognised_.push_back(number);
        common_.push_back(op);
    }
    // A peer that holds nothing needs no summary: all it offers is new.
    if (have.summary.kind == Summary::Kind::nothing && have.since.kind == Since::Kind::beginning)
        shown_.clear();
    send_have();
}

void Taker::send_need(std::vector<OpId> ids) {
    answer_messages_ = 0;
    if (ids.size() > limits::need_ids) ids.resize(limits::need_ids);
    ++stats_.needs;
    ++needs_;
    asked_ = Asked::need;
    progress_ = false;
    want_plain_ = false;  // the answer to this one is no part of what was asked for again
    // One op hidden below a run puts all of the run off; asked for at once, it costs one round trip.
    const auto most = std::min<std::uint64_t>(put_off_, limits::walk_back_ops);
    ancestors_ = std::max(ancestors_, static_cast<std::uint32_t>(most));
    put_off_ = 0;
    outbox_.emplace_back(Need{std::move(ids), ancestors_});
    ancestors_ = ancestors_ == 0 ? 1 : std::min<std::uint32_t>(ancestors_ * 2, limits::walk_back_ops);
}

void Taker::fetch(const OpId& id) {
    phase_ = Phase::fetching;
    wanted_ = {id};
    send_need({id});
}

void Taker::request(std::vector<OpId> ids) {
    phase_ = Phase::fetching;
    needs_ = 0;
    ancestors_ = 0;
    wanted_ = ids;
    send_need(std::move(ids));
}

void Taker::forget_received(OpIndex before) {
    if (before <= began_) return;
    began_ = before;
    received_.erase(received_.begin(), std::ranges::lower_bound(received_, before));
}

void Taker::finish_equal() {
    phase_ = Phase::idle;
    // A locator sent meanwhile is no longer to be answered; what is asked for live will be.
    locating_ = false;
    finished_ = true;
}

Result<void> Taker::handle_unknown_since() {
    if (phase_ != Phase::asked || asked_ != Asked::have || !since_named_) {
        return fail(ErrorCode::session_unsolicited, "the peer refused a frontier that was not named");
    }
    use_since_ = false;
    parking_.clear();
    page_.reset();
    send_have();
    return {};
}

Result<void> Taker::handle_ops(const Ops& ops) {
    const bool push = ops.role == Ops::Role::push;
    if (!push && (!waiting() || locating_))
        return fail(ErrorCode::session_unsolicited, "an answer that was not asked for");
    if (push && !finished_) return fail(ErrorCode::session_unsolicited, "a push before the end");
    if (ops.plain && !want_plain_)
        return fail(ErrorCode::session_unsolicited, "a plain answer that was not asked for");
    // What was on its way when the answer was asked for again.
    if (want_plain_ && !push && !ops.plain) return {};
    auto batch = decode_compact(host_, ops.batch, labels_, tips_);
    if (!batch) {
        const bool may_ask = batch.error().code == ErrorCode::session_unresolved && !ops.plain && !push &&
                             asked_ == Asked::have;
        if (!may_ask) return std::unexpected(batch.error());
        want_plain_ = true;
        peer_heads_.clear();
        outbox_.emplace_back(Again{});
        return {};
    }
    if (!batch->heads.empty()) {
        if (push || asked_ != Asked::have)
            return fail(ErrorCode::session_bad_message, "heads where none belong");
        // One author who forks without end makes them, not who relays them.
        if (peer_heads_.size() + batch->heads.size() > limits::offer_heads)
            return fail(ErrorCode::session_quota, "more heads than this side remembers");
        peer_heads_.insert(peer_heads_.end(), batch->heads.begin(), batch->heads.end());
    }
    if (ops.role != Ops::Role::last && batch->ops.empty() && batch->heads.empty()) {
        return fail(ErrorCode::session_bad_message, "a message of an answer that answers nothing");
    }
    stats_.ops_received += batch->ops.size();
    if (auto admitted = admit(std::move(batch->ops)); !admitted) return admitted;
    if (!push) ++answer_messages_;
    if (ops.role == Ops::Role::last) return answered();
    if (push && phase_ == Phase::idle) {
        // A push that overtook its ancestors: ask the peer for them.
        if (auto ids = parking_.missing(); !ids.empty()) {
            phase_ = Phase::fetching;
            needs_ = 0;
            wanted_ = ids;
            send_need(std::move(ids));
        }
    }
    return {};
}

// Parked ops that wait for nothing any more. Every op that enters the graph is looked at once, from wherever
// it came.
Result<std::vector<DecodedOp>> Taker::take_ready() {
    const Graph& graph = host_.graph();
    std::vector<DecodedOp> ready;
    if (parking_.size() == 0) seen_ = static_cast<OpIndex>(graph.size());
    for (; seen_ < graph.size(); ++seen_) {
        for (auto& op : parking_.resolve(graph.id(seen_))) {
            auto decoded = DecodedOp::from_bytes(std::move(op));
            if (!decoded) return std::unexpected(decoded.error());
            ready.push_back(std::move(*decoded));
        }
    }
    return ready;
}

Result<void> Taker::handle_growth() {
    auto ready = take_ready();
    if (!ready) return std::unexpected(ready.error());
    return admit(std::move(*ready));
}

Result<void> Taker::note_useless(std::size_t ops) {
    useless_ += ops;
    if (useless_ <= useless_floor + useless_factor * host_.graph().size()) return {};
    return fail(ErrorCode::session_no_progress, "what the peer sends brings nothing");
}

// Ascending without duplicates; new ops come at the end.
void Taker::note_peer_has(OpIndex op) {
    // Only pushes ask for it: a session that ends holds nothing that grows with the history.
    if (!config_.live || op == no_index || op < began_) return;
    const auto at = std::ranges::lower_bound(received_, op);
    if (at == received_.end() || *at != op) received_.insert(at, op);
}

Result<void> Taker::admit(std::vector<DecodedOp> batch) {
    std::vector<OpIndex> direct;
    while (!batch.empty()) {
        auto results = host_.admit(batch, config_.peer);
        if (!results) return std::unexpected(results.error());
        std::size_t useless = 0;
        for (std::size_t i = 0; i < batch.size(); ++i) {
            Admitted& result = (*results)[i];
            switch (result.status) {
                case Admitted::Status::admitted:
                    ++stats_.ops_new;
                    stats_.op_bytes_new += batch[i].bytes().wire_bytes;
                    progress_ = true;
                    admitted_ = true;
                    note_peer_has(result.index);
                    direct.clear();
                    host_.graph().direct_ancestors(result.index, direct);
                    for (const OpIndex ancestor : direct) received_tips_.erase(ancestor);
                    received_tips_.insert(result.index);
                    break;
                case Admitted::Status::duplicate:
                    note_peer_has(result.index);
                    ++useless;
                    break;
                case Admitted::Status::deferred: break;
                case Admitted::Status::refused:
                    // The same one again brings nothing, and is not refused without end.
                    if (refused_.contains(batch[i].id()) || refused_too_many_) ++useless;
                    if (auto noted = note_refused(batch[i].id()); !noted) return noted;
                    break;
            }
        }
        if (auto noted = note_useless(useless); !noted) return noted;
        if (auto noted = note_deferred(batch, *results); !noted) return noted;
        auto ready = take_ready();
        if (!ready) return std::unexpected(ready.error());
        batch = std::move(*ready);
    }
    return {};
}

std::vector<OpId> Taker::missing() const {
    auto ids = parking_.missing();
    for (const auto& head : peer_heads_) {
        if (!host_.graph().find(head) && !parking_.holds(head)) ids.push_back(head);
    }
    std::erase_if(ids, [this](const OpId& id) { return refused_.contains(id); });
    std::ranges::sort(ids);
    const auto rest = std::ranges::unique(ids);
    ids.erase(rest.begin(), rest.end());
    return ids;
}

Result<void> Taker::answered() {
    // What waits for a refused op will never come.
    for (const auto& id : parking_.missing()) {
        if (!refused_.contains(id)) continue;
        if (auto noted = note_refused(id); !noted) return noted;
    }
    const bool more_pages = asked_ == Asked::have && page_.has_value() && phase_ != Phase::fetching;
    if (!more_pages && walk_on()) return {};
    if (refused_too_many_)
        return fail(ErrorCode::session_quota, "too many of the peer's ops are over a quota");
    auto ids = missing();
    if (phase_ == Phase::fetching) return fetch_answered(std::move(ids));
    if (ids.empty() && parking_.size() == 0) return ask_for_payloads() ? Result<void>{} : finish();
    if (more_pages) {
        send_have();
        return {};
    }
    const bool stuck = needs_ >= max_needs || (asked_ == Asked::need && !progress_);
    // What was turned away is not asked for by id, only what the parked ops wait for.
    if (parking_.overflowed()) ids = parking_.missing();
    if (stuck || ids.empty()) return again_or_down();
    send_need(std::move(ids));
    return {};
}

// O3: what others sent without its payload this peer may have with it. Once a session: whoever erased
// payloads costs one round trip.
bool Taker::ask_for_payloads() {
    if (asked_payloads_) return false;
    asked_payloads_ = true;
    auto ids = host_.lacking_payloads(config_.peer);
    if (ids.empty()) return false;
    ancestors_ = 0;
    put_off_ = 0;
    send_need(std::move(ids));
    return true;
}

// Y9, and pushes: walks back from what was wanted; if what came in between finds no room, begins again with
// more ancestors at once.
Result<void> Taker::fetch_answered(std::vector<OpId> ids) {
    const bool again = parking_.overflowed() && ancestors_ < limits::walk_back_ops;
    const bool stuck = needs_ >= max_needs || (parking_.overflowed() && !again) || !progress_;
    if (!ids.empty() && !stuck) {
        if (again) {
            parking_.clear();
            ids = wanted_;
        }
        send_need(std::move(ids));
        return {};
    }
    const bool gap = !ids.empty();
    parking_.clear();
    phase_ = Phase::idle;
    ancestors_ = 0;
    if (finished_ && gap) {
        // A live session with a gap would push in vain for ever; the next session closes the gap.
        return fail(ErrorCode::session_no_progress, "the peer does not give what its pushes stand on");
    }
    return {};
}

// A filter whose round brought something is tried once more with a fresh salt; otherwise one rung down.
Result<void> Taker::again_or_down() {
    if (!admitted_ || rung_ == Rung::exact || ++passes_ >= max_passes) return next_rung();
    admitted_ = false;
    parking_.clear();
    ancestors_ = 0;
    page_.reset();
    send_have();
    return {};
}

Result<void> Taker::next_rung() {
    parking_.clear();
    admitted_ = false;
    passes_ = 0;
    ancestors_ = 0;
    page_.reset();
    use_since_ = false;
    recognised_.clear();
    common_.clear();
    rung_ = rung_ == Rung::tips ? Rung::bloom : rung_ == Rung::bloom ? Rung::exact : Rung::none;
    if (rung_ == Rung::none) {
        return fail(ErrorCode::session_no_progress, "the peer does not give what it offers");
    }
    send_have();
    return {};
}

// Y8: the digest of the offer, recomputed from heads that are all held, decides the end.
Result<void> Taker::finish() {
    std::ranges::sort(peer_heads_);
    if (!peer_offer_ || offer_digest(config_.binding, peer_heads_) != *peer_offer_) {
        return fail(ErrorCode::session_peer_violation, "the heads are not those of the digest");
    }
    phase_ = Phase::idle;
    finished_ = true;
    ancestors_ = 0;
    std::erase_if(refused_, [this](const OpId& id) { return host_.graph().find(id).has_value(); });
    stats_.ops_refused = refused_.size();
    outbox_.emplace_back(Done{refused_.size()});
    return {};
}

std::vector<OpIndex> Taker::peer_heads() const {
    std::vector<OpIndex> out;
    for (const auto& id : peer_heads_) {
        if (const auto op = host_.graph().find(id)) out.push_back(*op);
    }
    return out;
}

}  // namespace folkmoot::sync
