#include "folkmoot/replica.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "crypto/hash.hpp"
#include "folkmoot/evidence.hpp"
#include "replica/in_flight.hpp"
#include "replica/link.hpp"
#include "replica/quota.hpp"

namespace folkmoot {

Replica::Replica(const ReplicaConfig& config, const Store& store, Signer* signer, const Verifier& verifier)
    : store_(store),
      signer_(signer),
      verifier_(verifier),
      group_(config.group),
      graph_(config.seed),
      access_(graph_),
      quota_(std::make_unique<Quota>(graph_, access_)),
      in_flight_(std::make_unique<InFlight>()) {}

Replica::~Replica() = default;

Result<std::unique_ptr<Replica>> Replica::open(const ReplicaConfig& config, const Store& store,
                                               Signer* signer, const Verifier& verifier) {
    std::unique_ptr<Replica> replica(new Replica(config, store, signer, verifier));
    if (auto loaded = replica->load_all(); !loaded) return std::unexpected(loaded.error());
    return replica;
}

// The store was written by admission, so signatures are not checked again (fsck does); what is cheap is: that
// the bytes are the op their id names, that the graph is closed, and that A1 holds.
Result<void> Replica::load_all() {
    const auto damaged = [](const OpId& id, std::string_view what) {
        return fail(ErrorCode::store_damaged,
                    "stored op " + to_hex(id.view().first(6)) + ": " + std::string(what) + "; run fsck");
    };
    auto visited = store_.for_each(false, [&](StoredOp&& stored) -> Result<void> {
        if (op_id(stored.body) != stored.id) return damaged(stored.id, "its bytes do not match its id");
        auto op = decode_body(stored.body);
        if (!op) return damaged(stored.id, op.error().text);
        if (graph_.size() == 0 && group_ && stored.id != create_of(*group_)) {
            return damaged(stored.id, "it belongs to another group");
        }
        if (graph_.prepare(stored.id, *op) != Graph::Placement::ready)
            return damaged(stored.id, "it cannot be placed");
        if (auto checked = access_.check(*op); !checked) return damaged(stored.id, checked.error().text);
        const OpIndex index = graph_.commit();
        access_.record(index, *op);
        quota_->record(index, stored_size(stored.body, *op));
        signed_.push_back(!stored.signatures.empty());
        return {};
    });
    if (!visited) return visited;
    if (graph_.size() > 0) {
        access_.resolve();
        group_ = graph_.group();
    }
    equivocations_told_ = graph_.equivocations().size();
    if (store_.may_be_rolled_back()) waits_ = AuthoringWait::rolled_back;
    auto frontiers = store_.remembered();
    if (!frontiers) return std::unexpected(frontiers.error());
    for (auto& frontier : *frontiers) remembered_[frontier.peer].push_back(std::move(frontier));
    return {};
}

std::optional<DeviceKey> Replica::self() const {
    return signer_ != nullptr ? std::optional(signer_->key()) : std::nullopt;
}

GroupId Replica::group() const { return group_.value_or(GroupId{}); }

Result<EncodedOp> Replica::load(OpIndex op) {
    const StoredOp* waiting = unpersisted(op);
    auto stored = waiting != nullptr ? Result<StoredOp>(*waiting) : store_.read(graph_.id(op));
    if (!stored) return std::unexpected(stored.error());
    EncodedOp out{stored->id, std::move(stored->body), std::nullopt, std::move(stored->payload), 0};
    if (!stored->signatures.empty()) {
        out.signature = stored->signatures.front();
    } else if (const auto late = unpersisted_signatures_.find(op); late != unpersisted_signatures_.end()) {
        out.signature = late->second.signature;
    }
    return out;
}

const StoredOp* Replica::unpersisted(OpIndex op) const {
    const auto after = std::ranges::upper_bound(unpersisted_, op, {}, &UnpersistedOps::first);
    if (after == unpersisted_.begin()) return nullptr;
    const UnpersistedOps& block = *(after - 1);
    return &(*block.ops)[op - block.first];
}

Result<Bytes> Replica::evidence(const Equivocation& pair) {
    const auto run_of = [this](OpIndex from) -> Result<EvidenceRun> {
        const auto ops = graph_.branch_ops(graph_.branch(from));
        EvidenceRun run;
        for (std::size_t i = graph_.position(from) - graph_.position(ops.front()); i < ops.size(); ++i) {
            auto op = load(ops[i]);
            if (!op) return std::unexpected(op.error());
            op->payload.reset();
            run.push_back(std::move(*op));
            if (run.back().signature) return run;
            if (run.size() == limits::signed_every) break;
        }
        return fail(ErrorCode::store_damaged, "no signature is stored for a branch; run fsck");
    };
    const auto first = run_of(pair.first);
    if (!first) return std::unexpected(first.error());
    const auto second = run_of(pair.second);
    if (!second) return std::unexpected(second.error());
    return encode_evidence(*first, *second);
}

Result<void> Replica::check_writable() const {
    if (!failed_) return {};
    return fail(ErrorCode::store_read_only,
                "a write failed before (" + failed_->text + "); reopen the group");
}

// T: nothing is built upon before it is on the disk.
Result<void> Replica::check_drained() const {
    if (auto writable = check_writable(); !writable) return writable;
    if (issued_ == persisted_) return {};
    return fail(ErrorCode::store_pending, "earlier records are not persisted yet");
}

// --- What the session asks ------------------------------------------------------------------------

bool Replica::may_read(const DeviceKey& peer) const { return access_.now().may_read(peer); }

// Y9: all of it to a reader; to a device that was removed or demoted, what removed it and its past, so that
// it learns why; nothing to anybody else.
std::vector<OpIndex> Replica::offer_for(const DeviceKey& peer) const {
    if (may_read(peer)) return graph_.heads();
    return graph_.maximal(access_.now().causes_of_absence(peer));
}

std::optional<OpId> Replica::own_grant() const {
    if (signer_ == nullptr) return std::nullopt;
    for (const auto& grant : access_.now().grants_of(signer_->key())) {
        if (grant.live && grant.level >= access_.rules().read) return graph_.id(grant.op);
    }
    return std::nullopt;
}

OpId Replica::grant_op(OpIndex op) const {
    const GrantIndex grant = access_.grant_of(op);
    return graph_.id(grant == no_index ? op : access_.op_of_grant(grant));
}

std::vector<std::vector<OpId>> Replica::remembered(const DeviceKey& peer) const {
    std::vector<std::vector<OpId>> out;
    const auto at = remembered_.find(peer);
    if (at == remembered_.end()) return out;
    for (const auto& frontier : at->second) out.push_back(frontier.heads);
    return out;
}

// --- Sessions -------------------------------------------------------------------------------------

namespace {

// Keyed, so that no peer chooses its place among the others.
std::uint64_t rank_of(const DeviceKey& peer, std::uint64_t seed) {
    crypto::SipKey key;
    for (std::size_t i = 0; i < sizeof seed; ++i) key.bytes[i] = static_cast<std::uint8_t>(seed >> (8 * i));
    return crypto::siphash128(key, peer.view()).high;
}

}  // namespace

SessionId Replica::open_session(const SessionConfig& config, std::uint64_t now_ms) {
    const SessionId id = next_session_++;
    now_ms_ = std::max(now_ms_, now_ms);
    // Set aside, not shared: whoever came first keeps what it was given, and takes nothing from who came
    // before.
    std::size_t left = limits::parked_bytes;
    for (const auto& [other, link] : links_) left -= link->parking_bytes;
    SessionConfig bounded = config;
    bounded.parking_bytes = std::min({config.parking_bytes, limits::parked_bytes_per_peer, left});
    auto link = std::make_unique<Link>(Session(*this, bounded), bounded);
    link->initiator = config.initiator;
    link->rank = rank_of(config.peer, graph_.seed());
    link->session.start(now_ms);
    links_.emplace(id, std::move(link));
    return id;
}

void Replica::handle_message(SessionId session, ByteView message, std::uint64_t now_ms) {
    const auto at = links_.find(session);
    if (at == links_.end()) return;
    now_ms_ = std::max(now_ms_, now_ms);
    at->second->session.handle_message(message, now_ms);
    note_live(session, *at->second);
    after_input();
    note_announced(session, *at->second);
    ask_for_announced();
}

void Replica::handle_traffic(SessionId session, std::uint64_t now_ms) {
    const auto at = links_.find(session);
    if (at != links_.end()) at->second->session.handle_traffic(now_ms);
}

void Replica::handle_time(std::uint64_t now_ms) {
    now_ms_ = std::max(now_ms_, now_ms);
    for (auto& [id, link] : links_) {
        link->session.handle_time(now_ms);
        note_outcome(id, *link);
    }
    in_flight_->handle_time(now_ms_);
    ask_for_announced();
}

void Replica::close_session(SessionId session) {
    const auto at = links_.find(session);
    if (at == links_.end()) return;
    const bool was_live = at->second->live;
    const DeviceKey peer = at->second->peer;
    links_.erase(at);
    const auto same = [&](const auto& link) { return link.second->peer == peer; };
    if (std::ranges::none_of(links_, same)) quota_->forget(peer);
    if (!was_live) return;
    // What it was asked for is the next announcer's.
    in_flight_->forget(session);
    choose_whole_pushes();
    ask_for_announced();
}

const Session* Replica::session(SessionId session) const {
    const auto at = links_.find(session);
    return at == links_.end() ? nullptr : &at->second->session;
}

std::optional<std::uint64_t> Replica::deadline_ms() const {
    std::optional<std::uint64_t> earliest;
    const auto consider = [&earliest](std::optional<std::uint64_t> deadline) {
        if (deadline && (!earliest || *deadline < *earliest)) earliest = deadline;
    };
    for (const auto& [id, link] : links_) {
        consider(link->session.deadline_ms());
        if (link->session.can_request()) consider(in_flight_->ready_ms(id));
    }
    consider(in_flight_->deadline_ms());
    return earliest;
}

// T: a message may rest on ops that are not on the disk yet; it waits until they are.
std::optional<Bytes> Replica::poll_message(SessionId session) {
    const auto at = links_.find(session);
    // After a failed persist nothing leaves any more, not even what later tickets would allow.
    if (at == links_.end() || failed_) return std::nullopt;
    Link& link = *at->second;
    if (!link.message) {
        link.message = link.session.poll_message();
        link.barrier = issued_;
        note_outcome(session, link);
    }
    if (!link.message || link.barrier > persisted_) return std::nullopt;
    return std::exchange(link.message, std::nullopt);
}

// What one session admits may complete what another parked, which may complete more: until nothing grows.
// Each turn but the last admits at least one parked op, so the turns are bounded by what is parked.
void Replica::spread_growth() {
    for (bool grown = !delivered_.empty(); grown;) {
        const std::size_t before = graph_.size();
        for (auto& [id, link] : links_) link->session.handle_growth();
        grown = graph_.size() != before;
    }
    note_arrivals();
    collect_events();
}

void Replica::after_input() {
    spread_growth();
    for (auto& [id, link] : links_) note_outcome(id, *link);
}

void Replica::note_outcome(SessionId id, Link& link) {
    note_live(id, link);
    // A session that ended well and stays open may still fail: that is told too.
    const Outcome outcome = link.session.outcome();
    if (outcome == link.told) return;
    link.told = outcome;
    Event event;
    event.kind = Event::Kind::session_finished;
    event.session = id;
    if (outcome == Outcome::failed) {
        event.error = link.session.error();
        if (link.session.peer_at_fault()) event.kind = Event::Kind::peer_fault;
    }
    events_.push_back(std::move(event));

    settle_wait(outcome);
    auto common = link.session.common_frontier();
    if (outcome == Outcome::failed || common.empty()) return;
    // Any subset of a common frontier is a common frontier.
    if (common.size() > limits::frontier_ids) common.resize(limits::frontier_ids);
    auto& known = remembered_[link.peer];
    if (!known.empty() && known.front().heads == common) return;
    std::erase_if(known, [&](const auto& frontier) { return frontier.heads == common; });
    known.insert(known.begin(), {link.peer, std::move(common)});
    if (known.size() > limits::remembered_frontiers_per_peer)
        known.resize(limits::remembered_frontiers_per_peer);
    // A batch speaks of one peer.
    if (!to_persist_.empty() && to_persist_.back().peer && to_persist_.back().ticket > polled_) {
        to_persist_.push_back({++issued_, {}, {}, {}, std::nullopt, {}});
    }
    PersistBatch& batch = open_batch();
    batch.peer = link.peer;
    batch.frontiers = known;
}

// --- Outputs --------------------------------------------------------------------------------------

PersistBatch& Replica::open_batch() {
    if (to_persist_.empty() || to_persist_.back().ticket <= polled_) {
        to_persist_.push_back({++issued_, {}, {}, {}, std::nullopt, {}});
    }
    return to_persist_.back();
}

// The ops of the batch being filled, of which `next` is the next. They never move to another block, so that
// what the app writes and what this replica reads meanwhile are the same bytes, kept once.
std::vector<StoredOp>& Replica::open_ops(OpIndex next) {
    PersistBatch& batch = open_batch();
    if (!batch.ops) {
        auto ops = std::make_shared<std::vector<StoredOp>>();
        batch.ops = ops;
        unpersisted_.push_back({batch.ticket, next, std::move(ops)});
    }
    return *unpersisted_.back().ops;
}

std::optional<PersistBatch> Replica::poll_persist() {
    collect_events();
    if (failed_ || to_persist_.empty()) return std::nullopt;
    PersistBatch batch = std::move(to_persist_.front());
    to_persist_.pop_front();
    polled_ = batch.ticket;
    return batch;
}

void Replica::handle_persisted(std::uint64_t ticket, const Result<void>& result) {
    if (failed_) return;
    if (!result) {
        failed_ = result.error();
        Event event;
        event.kind = Event::Kind::read_only;
        event.error = result.error();
        events_.push_back(std::move(event));
        return;
    }
    FOLKMOOT_ASSERT(ticket <= polled_);
    persisted_ = std::max(persisted_, ticket);
    while (!unpersisted_.empty() && unpersisted_.front().ticket <= persisted_) unpersisted_.pop_front();
    std::erase_if(unpersisted_signatures_,
                  [this](const auto& late) { return late.second.ticket <= persisted_; });
}

std::optional<Event> Replica::poll_event() {
    collect_events();
    if (events_.empty()) return std::nullopt;
    Event event = std::move(events_.front());
    events_.pop_front();
    return event;
}

void Replica::collect_events() {
    if (!delivered_.empty()) {
        Event event;
        event.kind = Event::Kind::delivered;
        event.ops = std::exchange(delivered_, {});
        events_.push_back(std::move(event));
    }
    for (const auto& change : access_.take_changes()) {
        Event event;
        const bool self = signer_ != nullptr && change.key == signer_->key() && change.after == 0;
        event.kind = self ? Event::Kind::you_were_removed : Event::Kind::members_changed;
        event.member = change;
        events_.push_back(std::move(event));
    }
    for (; equivocations_told_ < graph_.equivocations().size(); ++equivocations_told_) {
        const Equivocation& pair = graph_.equivocations()[equivocations_told_];
        Event event;
        event.kind = Event::Kind::equivocation;
        event.ops = {pair.first, pair.second};
        events_.push_back(std::move(event));
    }
}

Result<void> persist(Store& store, const PersistBatch& batch) {
    // Before what makes authoring wait, after what lets it go on.
    if (batch.rolled_back == true) {
        if (auto done = store.mark_rolled_back(true); !done) return done;
    }
    if (batch.ops) {
        if (auto done = store.append(*batch.ops); !done) return done;
    }
    if (!batch.signatures.empty()) {
        if (auto done = store.add_signatures(batch.signatures); !done) return done;
    }
    for (const auto& [id, payload] : batch.payloads) {
        if (auto done = store.add_payload(id, payload); !done) return done;
    }
    if (batch.peer) {
        if (auto done = store.remember(*batch.peer, batch.frontiers); !done) return done;
    }
    return batch.rolled_back == false ? store.mark_rolled_back(false) : Result<void>{};
}

}  // namespace folkmoot
