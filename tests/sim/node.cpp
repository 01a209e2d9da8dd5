// The life of a correct peer and its disk. Its connections are in node_connections.cpp.
#include "sim/node.hpp"

#include <algorithm>

namespace folkmoot::sim {
namespace {

/// How long an app waits before it opens a group again whose disk failed.
constexpr std::uint64_t reopen_ms = 3'000;

}  // namespace

Node::Node(World& world, Network& network, Identities& identities, const Society& society,
           const NodeTraits& traits, std::unique_ptr<SimDisk> disk)
    : world_(world),
      network_(network),
      society_(society),
      identities_(identities),
      signer_(identities.signer(traits.device)),
      traits_(traits),
      disk_(std::move(disk)),
      random_(Random::of(world.seed(), "node", traits.device)) {}

void Node::later(std::uint64_t delay_ms, std::function<void()> what) {
    world_.after(delay_ms, [this, process = process_, what = std::move(what)] {
        if (process == process_ && is_up()) what();
    });
}

void Node::start(const std::optional<GroupId>& group) {
    if (is_up()) return;
    restarting_ = false;
    joined_ = true;
    if (group) group_ = group;
    if (auto mended = mend(); !mended) {
        return world_.violate("Q13", name() + " cannot mend its store: " + mended.error().text);
    }
    auto store = disk_->open();
    if (!store) {
        return world_.violate("Q13", name() + " cannot open its store: " + store.error().text);
    }
    store_ = std::move(*store);
    auto opened = Replica::open({group_, random_.next()}, *store_, &signer_, identities_.verifier());
    if (!opened) {
        store_.reset();
        return world_.violate("Q13", name() + " cannot open its group: " + opened.error().text);
    }
    ++process_;
    replica_ = std::move(*opened);
    own_held_ = replica_->own_ops();
    if (own_held_ < disk_->own_noted) {
        world_.reached("own_ops_missed_when_opened");
        replica_->suspect_rollback();
    }
    paused_until_ms_ = 0;
    world_.trace(name(), "starts with " + std::to_string(replica_->graph().size()) + " ops");
    if (on_recovery_) on_recovery_(*this);
    drive();
}

Result<void> Node::mend() {
    if (!group_) return {};
    StoreInstance fresh;
    Random random = Random::of(world_.seed() ^ process_, "mend", traits_.device);
    random.fill(fresh.bytes);
    return disk_->mend(*group_, fresh, identities_.verifier());
}

// As the program does after every commit, in a file beside the store (T).
void Node::note_own(const PersistBatch& batch, const Result<void>& done) {
    if (!done) return;
    if (batch.ops) {
        own_held_ +=
            static_cast<std::uint64_t>(std::ranges::count_if(*batch.ops, [this](const StoredOp& stored) {
                const auto op = decode_body(stored.body);
                return op && op->author == key();
            }));
    }
    if (!store_->may_be_rolled_back()) disk_->own_noted = own_held_;
}

void Node::start_after(std::uint64_t delay_ms) {
    if (is_up() || restarting_) return;
    restarting_ = true;
    world_.after(delay_ms, [this] { start(std::nullopt); });
}

void Node::drop_process() {
    ++process_;
    // Another peer's process sees the end of the connection, as when the kernel closes it.
    for (auto& [pipe, connection] : connections_) connection.port->abort();
    connections_.clear();
    discouraged_ = net::DiscourageTable();
    turns_ = net::Turns();
    unacknowledged_.clear();
    timer_ms_ = UINT64_MAX;
    crash_in_ = 0;
    replica_.reset();
    store_.reset();
}

void Node::crash() {
    if (!is_up()) return;
    world_.trace(name(), "crashes");
    std::function<bool()> writing;
    if (persisting_) writing = [this] { return persist(*store_, *persisting_).has_value(); };
    if (disk_->cut_power(random_, writing)) world_.fault("torn_persist");
    persisting_.reset();
    drop_process();
}

void Node::stop() {
    if (!is_up()) return;
    world_.trace(name(), "stops");
    if (persisting_) note_own(*persisting_, persist(*store_, *persisting_));
    persisting_.reset();
    drop_process();
}

void Node::pause(std::uint64_t for_ms) {
    if (!is_up()) return;
    paused_until_ms_ = std::max(paused_until_ms_, world_.now_ms() + for_ms);
    later(paused_until_ms_ - world_.now_ms(), [this] {
        if (world_.now_ms() < paused_until_ms_) return;
        for (auto& [number, connection] : connections_) {
            const End end = connection.port->end();
            end.pipe->resume(end.side);
        }
        handle_timer();
    });
}

void Node::crash_at_persist(std::size_t nth, bool after_write) {
    crash_in_ = nth;
    crash_after_write_ = after_write;
}

// --- Persisting -----------------------------------------------------------------------------------

void Node::begin_persist() {
    if (persisting_ || !is_up()) return;
    persisting_ = replica_->poll_persist();
    if (!persisting_) return note_acknowledged();
    if (traits_.acks_early) {
        replica_->handle_persisted(persisting_->ticket, {});
        note_acknowledged();
    }
    later(1 + random_.below(traits_.persist_ms * 2), [this] { finish_persist(); });
}

void Node::finish_persist() {
    if (!persisting_) return;
    const bool dies = crash_in_ != 0 && --crash_in_ == 0;
    if (dies) {
        world_.fault(crash_after_write_ ? "crash_after_write" : "crash_in_write");
        if (crash_after_write_) {
            note_own(*persisting_, persist(*store_, *persisting_));
            persisting_.reset();
        }
        crash();
        return start_after(random_.between(100, 20'000));
    }
    const PersistBatch batch = std::move(*persisting_);
    persisting_.reset();
    const auto done = persist(*store_, batch);
    note_own(batch, done);
    if (!done) {
        world_.error(done.error().code);
        world_.trace(name(), "disk: " + done.error().text);
    }
    if (!traits_.acks_early) replica_->handle_persisted(batch.ticket, done);
    if (!done) {
        if (!replica_->read_only() && !traits_.acks_early)
            world_.violate("T", name() + " goes on after its disk failed");
        reopen_later();
    }
    drive();
}

// The app shows the error, and opens the group again.
void Node::reopen_later() {
    later(reopen_ms, [this] {
        world_.reached("reopened_after_disk_error");
        stop();
        start_after(random_.between(10, 5'000));
    });
}

std::size_t Node::write_many(std::size_t count, Random& random) {
    const auto write = [this](const PersistBatch& batch) {
        const auto done = persist(*store_, batch);
        note_own(batch, done);
        replica_->handle_persisted(batch.ticket, done);
        if (!done) reopen_later();
    };
    std::size_t written = 0;
    if (persisting_) write(*std::exchange(persisting_, std::nullopt));
    for (; written < count && !replica_->read_only(); ++written) {
        while (auto batch = replica_->poll_persist()) write(*batch);
        Bytes text(random.between(1, 60));
        random.fill(text);
        if (!replica_->post(text, claimed_time())) break;
    }
    drive();
    return written;
}

void Node::note_acknowledged() {
    if (replica_->read_only()) return;
    acknowledged_.insert(unacknowledged_.begin(), unacknowledged_.end());
    unacknowledged_.clear();
}

Digest Node::membership() const {
    Digest digest = replica_->access().now().membership_digest();
    const bool grown = replica_->access().now().members().size() > 1;
    if (traits_.skews_members && grown) digest.bytes[0] ^= 1U;
    return digest;
}

// --- The app --------------------------------------------------------------------------------------

std::uint64_t Node::claimed_time() const {
    const auto now = static_cast<std::int64_t>(world_.now_ms()) + 1'700'000'000'000 + traits_.clock_ahead_ms;
    return now < 0 ? 0 : static_cast<std::uint64_t>(now);
}

Made Node::note_made(Made made) {
    if (made) {
        world_.trace(name(), "makes " + brief(made->view()));
    } else {
        world_.error(made.error().code);
        world_.trace(name(), "may not: " + std::string(name_of(made.error().code)));
    }
    drive();
    return made;
}

Made Node::create_group(const Create& create) {
    auto made = replica_->create_group(create, claimed_time());
    if (made) group_ = group_of(*made);
    return note_made(std::move(made));
}

Made Node::post(const Bytes& text) { return note_made(replica_->post(text, claimed_time())); }

Made Node::act(Act act) { return note_made(replica_->act(std::move(act), claimed_time())); }

void Node::note_events() {
    while (auto event = replica_->poll_event()) {
        switch (event->kind) {
            case Event::Kind::delivered:
                for (const OpIndex op : event->ops) {
                    const OpId& id = replica_->graph().id(op);
                    if (replica_->graph().key(replica_->graph().author(op)) != key()) {
                        world_.arrived(id);
                        continue;
                    }
                    world_.made(id);
                    unacknowledged_.insert(id);
                }
                world_.trace(name(), "has " + std::to_string(replica_->graph().size()) + " ops");
                break;
            case Event::Kind::equivocation: world_.reached("equivocation_seen"); break;
            case Event::Kind::you_were_removed: world_.reached("removed_and_told"); break;
            case Event::Kind::authoring_waits: world_.reached("authoring_waits"); break;
            case Event::Kind::authoring_resumes: world_.reached("authoring_resumes"); break;
            case Event::Kind::read_only: world_.reached("read_only"); break;
            case Event::Kind::peer_fault: note_fault(*event); break;
            case Event::Kind::session_finished:
                if (event->error.code != ErrorCode{}) world_.error(event->error.code);
                break;
            default: break;
        }
    }
}

}  // namespace folkmoot::sim
