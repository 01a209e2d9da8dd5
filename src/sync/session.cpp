#include "folkmoot/session.hpp"

#include <deque>
#include <set>
#include <utility>

#include "base/assert.hpp"
#include "sync/blame.hpp"
#include "sync/giver.hpp"
#include "sync/keys.hpp"
#include "sync/messages.hpp"
#include "sync/taker.hpp"

namespace folkmoot {

using namespace sync;

// Y9's door, as seen from inside: a peer that may not read is answered `closed` until a grant it names,
// fetched like any op, shows otherwise.
struct Session::State {
    State(SessionHost& the_host, const SessionConfig& the_config)
        : host(the_host), config(the_config), giver(host, config), taker(host, config, outbox, stats) {}

    [[nodiscard]] Result<void> open_or_close();
    [[nodiscard]] Result<void> answer(const Have& m);
    [[nodiscard]] Result<void> handle(Have& m);
    [[nodiscard]] Result<void> handle(Ops& m);
    [[nodiscard]] Result<void> handle(Need& m);
    [[nodiscard]] Result<void> handle(Done& m);
    [[nodiscard]] Result<void> handle(Closed& m);
    [[nodiscard]] Result<void> handle(NameGrant& m);
    [[nodiscard]] Result<void> handle(UnknownSince& m);
    [[nodiscard]] Result<void> handle(Again& m);
    [[nodiscard]] Result<void> handle(End& m);
    [[nodiscard]] Result<void> handle(Announce& m);
    [[nodiscard]] Result<void> settle_request();
    [[nodiscard]] bool is_live() const {
        return config.live && (outcome == Outcome::equal || outcome == Outcome::partial);
    }
    void collect_pushes();
    [[nodiscard]] Result<void> check_group(const GroupTag& tag) const;
    void finish_if_done();
    void stop_if_outgrown();
    void note_progress(std::uint64_t now_ms);
    void stop(const Error& why, bool fault);

    SessionHost& host;
    SessionConfig config;
    std::deque<Message> outbox;
    SessionStats stats;
    Giver giver;
    Taker taker;
    Outcome outcome = Outcome::running;
    Error error;
    bool fault = false;
    bool given = false;           // the peer said done
    std::uint64_t not_taken = 0;  // what the peer refused of ours
    bool begun = false;           // something was said or heard
    bool ended_by_peer = false;
    bool named_grant = false;
    bool asked_grant = false;
    std::optional<Have> early;  // the peer's `have`, while the door is closed to it
    std::vector<OpId> common;
    std::uint64_t last_ms = 0;  // when the peer last did what it is waited for
    // When it last brought something, and how much had come by then and was parked.
    std::uint64_t progress_ms = 0;
    std::pair<std::uint64_t, std::size_t> brought;

    std::set<OpId> told;          // announced by the peer; until the op had its turn to be pushed here
    std::vector<OpId> announced;  // of those, what take_announced() has not given yet
    std::vector<OpId> requested;  // until the answer is complete
    std::size_t phantoms = 0;     // announced, asked for and not given
    bool incomplete = false;
};

void Session::State::stop(const Error& why, bool at_fault) {
    if (outcome == Outcome::failed) return;
    // A peer that knows nothing of the session is not told of its end (C13: that would open the stream).
    const bool tell = begun && !ended_by_peer;
    outcome = Outcome::failed;
    error = why;
    fault = at_fault;
    outbox.clear();
    if (tell) outbox.emplace_back(End{static_cast<std::uint16_t>(why.code)});
}

Result<void> Session::State::check_group(const GroupTag& tag) const {
    if (tag == group_tag(host.group(), config.binding)) return {};
    return fail(ErrorCode::session_wrong_group, "the peer speaks of another group");
}

Result<void> Session::State::open_or_close() {
    if (!giver.open()) {
        outbox.emplace_back(Closed{group_tag(host.group(), config.binding)});
        return {};
    }
    taker.start(giver.digest(), giver.heads(), giver.to_reader());
    if (!early) return {};
    const Have have = std::move(*early);
    early.reset();
    return answer(have);
}

Result<void> Session::State::handle(Have& m) {
    if (auto same = check_group(m.group); !same) return same;
    if (given) return fail(ErrorCode::session_unsolicited, "the peer asks after it was done");
    if (taker.peer_offer() && *taker.peer_offer() != m.offer) {
        return fail(ErrorCode::session_peer_violation, "the peer changed its offer");
    }
    taker.set_peer_offer(m.offer);
    if (giver.is_open()) return answer(m);
    early = std::move(m);
    return {};
}

Result<void> Session::State::answer(const Have& m) {
    if (m.offer == giver.digest()) {
        // Y2: equal digests end the session there; the peer sees the same.
        given = true;
        taker.finish_equal();
        return {};
    }
    auto known = giver.handle_have(m, taker.named());
    if (!known) return std::unexpected(known.error());
    if (!*known) outbox.emplace_back(UnknownSince{});
    taker.handle_peer_summary(m);
    return {};
}

Result<void> Session::State::handle(Ops& m) {
    const bool fetching = taker.fetching();
    if (auto taken = taker.handle_ops(m); !taken) return taken;
    // What the peer named has arrived, or cannot: look at the door again.
    if (fetching && !taker.fetching() && asked_grant && !giver.is_open()) return open_or_close();
    return {};
}

Result<void> Session::State::handle(Need& m) {
    if (!giver.is_open()) return fail(ErrorCode::session_not_let_in, "the peer asks though it may not read");
    if (given && !config.live) return fail(ErrorCode::session_unsolicited, "the peer asks after it was done");
    return giver.handle_need(m);
}

Result<void> Session::State::handle(Done& m) {
    if (!giver.answered() || given)
        return fail(ErrorCode::session_unsolicited, "done before it was given anything");
    given = true;
    not_taken = m.refused;
    return {};
}

Result<void> Session::State::handle(Closed& m) {
    if (auto same = check_group(m.group); !same) return same;
    const auto grant = host.own_grant();
    if (named_grant || !grant || !giver.is_open()) {
        return fail(ErrorCode::session_not_let_in, "the peer does not know that this device may read");
    }
    named_grant = true;
    outbox.emplace_back(NameGrant{*grant});
    return {};
}

Result<void> Session::State::handle(NameGrant& m) {
    if (giver.is_open() || asked_grant) {
        return fail(ErrorCode::session_unsolicited, "the peer names a grant nobody asked for");
    }
    asked_grant = true;
    if (host.graph().find(m.grant)) return open_or_close();
    taker.fetch(m.grant);
    return {};
}

Result<void> Session::State::handle(Again&) {
    if (!giver.is_open()) return fail(ErrorCode::session_not_let_in, "the peer asks though it may not read");
    return giver.handle_again();
}

Result<void> Session::State::handle(UnknownSince&) { return taker.handle_unknown_since(); }

Result<void> Session::State::handle(End& m) {
    ended_by_peer = true;
    if (m.code == static_cast<std::uint16_t>(ErrorCode::session_outgrown)) {
        return fail(ErrorCode::session_outgrown,
                    "the peer may give more than it offered, in another session");
    }
    return fail(ErrorCode::session_closed_by_peer,
                "the peer ended the session, code " + std::to_string(m.code));
}

// Y10. Held already, the id still says that the peer need not be told.
Result<void> Session::State::handle(Announce& m) {
    if (outcome == Outcome::running) return fail(ErrorCode::session_unsolicited, "news before the end");
    if (!config.live) return {};
    for (const auto& id : m.ids) {
        const auto op = host.graph().find(id);
        if ((op && *op < giver.pushed_to()) || told.contains(id)) continue;
        if (told.size() >= limits::announced_ids_per_peer) {
            incomplete = true;
            return {};
        }
        told.insert(id);
        if (!op) announced.push_back(id);
    }
    return {};
}

// A correct peer holds what it announces. What it does not give frees its room, but not without end.
Result<void> Session::State::settle_request() {
    if (requested.empty() || taker.waiting()) return {};
    for (const auto& id : std::exchange(requested, {})) {
        if (host.graph().find(id)) continue;
        told.erase(id);
        // What a quota refused is no phantom.
        if (!taker.was_refused(id)) ++phantoms;
    }
    if (phantoms <= limits::announced_ids_per_peer) return {};
    return fail(ErrorCode::session_no_progress, "the peer does not give what it announces");
}

void Session::State::collect_pushes() {
    if (!is_live()) return;
    giver.collect_pushes(taker.received(), told);
    taker.forget_received(giver.pushed_to());
}

void Session::State::finish_if_done() {
    if (outcome != Outcome::running || !taker.finished() || !given) return;
    const bool all = taker.refused() == 0 && not_taken == 0;
    outcome = all ? Outcome::equal : Outcome::partial;
    if (all) {
        auto heads = giver.heads();
        const auto theirs = taker.peer_heads();
        heads.insert(heads.end(), theirs.begin(), theirs.end());
        for (const OpIndex op : host.graph().maximal(heads)) common.push_back(host.graph().id(op));
    }
    if (config.live) giver.go_live();
}

// Y9: neither an equal end nor pushes would be the truth. Not before the peer's offer is held, which is taken
// all the same; but instead of `done`, which could end the session over there.
void Session::State::stop_if_outgrown() {
    if (outcome == Outcome::running ? !taker.finished() : !is_live()) return;
    if (!giver.outgrown()) return;
    stop({ErrorCode::session_outgrown, "the peer may read by now; another session gives it the rest"}, false);
}

// Ops are not kept waiting for a peer that answers and answers and brings nothing.
void Session::State::note_progress(std::uint64_t now_ms) {
    const std::pair now_brought(stats.ops_new, taker.parking().bytes());
    if (now_brought != brought || taker.parking().size() == 0) {
        brought = now_brought;
        progress_ms = now_ms;
    } else if (now_ms - progress_ms >= limits::parked_timeout_ms) {
        stop({ErrorCode::session_no_progress, "what the peer sends does not help what waits"}, false);
    }
}

Session::Session(SessionHost& host, const SessionConfig& config)
    : state_(std::make_unique<State>(host, config)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

void Session::start(std::uint64_t now_ms) {
    state_->last_ms = now_ms;
    if (auto opened = state_->open_or_close(); !opened) state_->stop(opened.error(), false);
}

void Session::handle_message(ByteView message, std::uint64_t now_ms) {
    State& s = *state_;
    if (s.outcome == Outcome::failed) return;
    s.begun = true;
    auto decoded = decode_message(message);
    if (!decoded) return s.stop(decoded.error(), true);
    // Pushes do not put off the answer that is waited for.
    const auto* ops = std::get_if<Ops>(&*decoded);
    if (ops == nullptr || ops->role != Ops::Role::push || !s.taker.waiting()) s.last_ms = now_ms;
    if (auto handled = std::visit([&s](auto& m) { return s.handle(m); }, *decoded); !handled) {
        return s.stop(handled.error(), is_violation(handled.error().code));
    }
    s.note_progress(now_ms);
    s.stop_if_outgrown();
    s.finish_if_done();
    if (auto settled = s.settle_request(); !settled) s.stop(settled.error(), false);
}

void Session::handle_time(std::uint64_t now_ms) {
    const auto deadline = deadline_ms();
    if (!deadline || now_ms < *deadline) return;
    state_->stop({ErrorCode::session_timed_out, "the peer stopped answering"}, false);
}

void Session::handle_traffic(std::uint64_t now_ms) { state_->last_ms = std::max(state_->last_ms, now_ms); }

// What others make of the graph is no sign of life of this peer: the deadline stays.
void Session::handle_growth() {
    State& s = *state_;
    if (s.outcome == Outcome::failed) return;
    // Y9: told at once, so that the peer asks again and is given what removed it.
    if (auto allowed = s.giver.check_allowed(); !allowed) return s.stop(allowed.error(), false);
    if (auto grown = s.taker.handle_growth(); !grown)
        return s.stop(grown.error(), is_violation(grown.error().code));
    s.stop_if_outgrown();
    s.collect_pushes();
}

std::optional<Bytes> Session::poll_message() {
    State& s = *state_;
    const auto take_front = [&s] {
        s.begun = true;
        Bytes bytes = encode_message(s.outbox.front());
        s.outbox.pop_front();
        return bytes;
    };
    if (!s.outbox.empty()) return take_front();
    if (s.outcome == Outcome::failed) return std::nullopt;
    // What had to wait while answers were open.
    s.collect_pushes();
    if (!s.giver.pending()) return std::nullopt;
    auto message = s.giver.poll(s.stats);
    if (!message) {
        s.stop(message.error(), false);
        if (s.outbox.empty()) return std::nullopt;
        return take_front();  // the `end` with the reason
    }
    return std::move(*message);
}

bool Session::is_live() const { return state_->is_live(); }
void Session::push_whole(bool whole) { state_->giver.push_whole(whole); }
std::vector<OpId> Session::take_announced() { return std::exchange(state_->announced, {}); }
bool Session::can_request() const {
    return state_->is_live() && !state_->taker.waiting() && state_->requested.empty();
}
bool Session::requesting() const { return !state_->requested.empty(); }
bool Session::incomplete() const { return state_->incomplete; }

void Session::request(std::vector<OpId> ids, std::uint64_t now_ms) {
    FOLKMOOT_ASSERT(can_request() && !ids.empty() && ids.size() <= limits::need_ids);
    state_->last_ms = std::max(state_->last_ms, now_ms);
    state_->requested = ids;
    state_->taker.request(std::move(ids));
}

std::optional<std::uint64_t> Session::deadline_ms() const {
    if (state_->outcome != Outcome::running && !state_->taker.waiting()) return std::nullopt;
    if (state_->outcome == Outcome::failed) return std::nullopt;
    return state_->last_ms + limits::reply_timeout_ms;
}

Outcome Session::outcome() const { return state_->outcome; }
const Error& Session::error() const { return state_->error; }
bool Session::peer_at_fault() const { return state_->fault; }
std::vector<OpId> Session::common_frontier() const { return state_->common; }
const SessionStats& Session::stats() const { return state_->stats; }
std::size_t Session::memory() const {
    const State& s = *state_;
    return s.taker.memory() + s.told.size() * bytes_per_id +
           (s.announced.size() + s.requested.size()) * OpId::size;
}

}  // namespace folkmoot
