#include "moot/serve.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <ostream>

#include "moot/forward.hpp"
#include "moot/text.hpp"
#include "moot/ticket.hpp"
#include "moot/view.hpp"
#include "net/log_budget.hpp"

namespace folkmoot::moot {
namespace {

using Json = nlohmann::ordered_json;

// One daemon a home. The kernel drops the lock with the process, however it ends.
class DaemonLock {
   public:
    explicit DaemonLock(const std::filesystem::path& path)
        : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
        held_ = file_ >= 0 && ::flock(file_, LOCK_EX | LOCK_NB) == 0;
    }
    ~DaemonLock() {
        if (file_ >= 0) ::close(file_);
    }
    DaemonLock(const DaemonLock&) = delete;
    DaemonLock& operator=(const DaemonLock&) = delete;
    [[nodiscard]] bool held() const { return held_; }

   private:
    int file_;
    bool held_ = false;
};

std::string_view kind_text(net::NodeEvent::Kind kind) {
    using Kind = net::NodeEvent::Kind;
    switch (kind) {
        case Kind::listening: return "listening";
        case Kind::connected: return "connected";
        case Kind::disconnected: return "disconnected";
        case Kind::synced: return "synced";
        case Kind::replica: break;
    }
    return "replica";
}

std::string_view kind_text(Event::Kind kind) {
    switch (kind) {
        case Event::Kind::delivered: return "delivered";
        case Event::Kind::members_changed: return "members_changed";
        case Event::Kind::you_were_removed: return "you_were_removed";
        case Event::Kind::equivocation: return "equivocation";
        case Event::Kind::session_finished: return "session_finished";
        case Event::Kind::peer_fault: return "peer_fault";
        case Event::Kind::read_only: return "read_only";
        case Event::Kind::authoring_waits: return "authoring_waits";
        case Event::Kind::authoring_resumes: return "authoring_resumes";
        case Event::Kind::author_heavy: return "author_heavy";
        default: break;
    }
    return "other";
}

// Tells what happens, one line or one object at a time.
class Reporter {
   public:
    Reporter(Environment& environment, Groups& groups) : environment_(environment), groups_(groups) {}

    void handle(const net::NodeEvent& event) {
        // Told by serve itself, at once.
        if (event.kind == net::NodeEvent::Kind::listening) return;
        // What happens in a group is as much as its ops; connections cost strangers nothing.
        const bool of_connection = is_of_connection(event);
        if (environment_.json()) {
            Json line = json_of(event);
            if (of_connection) {
                const auto left_out = admit(event.address, line.dump().size());
                if (!left_out) return;
                if (*left_out > 0) line["left_out"] = *left_out;
            }
            environment_.print(line);
        } else if (event.kind == net::NodeEvent::Kind::replica) {
            if (event.event) tell_replica(event);
        } else if (const std::string line = line_of(event); !line.empty()) {
            const auto left_out = admit(event.address, line.size());
            if (!left_out) return;
            const std::string note = " (" + counted(*left_out, "line") + " about them left out)";
            environment_.say(*left_out == 0 ? line : line + note);
        }
    }

   private:
    Json json_of(const net::NodeEvent& event) {
        Json out = {{"event", kind_text(event.kind)}};
        if (!event.address.empty()) out["address"] = event.address;
        if (event.peer) out["peer"] = to_hex(event.peer->view());
        if (event.group) out["group"] = to_hex(event.group->view());
        if (event.report) out["report"] = sync_json(*event.report, event.address);
        if (event.event) add_replica_event(out, event);
        if (event.error.code != ErrorCode{}) out["error"] = error_json(event.error);
        return out;
    }

    void add_replica_event(Json& out, const net::NodeEvent& event) {
        out["kind"] = kind_text(event.event->kind);
        const Graph* graph = graph_of(event);
        if (!event.event->ops.empty() && graph != nullptr) {
            Json ops = Json::array();
            for (const OpIndex op : event.event->ops) ops.push_back(to_hex(graph->id(op).view()));
            out["ops"] = std::move(ops);
        }
        if (event.event->member) {
            const MemberChange& change = *event.event->member;
            const auto level = [](Level value) { return value == 0 ? Json() : level_json(value); };
            out["member"] = {{"key", to_hex(change.key.view())},
                             {"name", petname_json(environment_.names(), change.key)},
                             {"before", level(change.before)},
                             {"after", level(change.after)}};
            if (change.cause != no_index && graph != nullptr) {
                out["member"]["cause"] = to_hex(graph->id(change.cause).view());
            }
        }
        if (event.event->error.code != ErrorCode{}) out["error"] = error_json(event.event->error);
    }

    const Graph* graph_of(const net::NodeEvent& event) {
        if (!event.group) return nullptr;
        const auto group = groups_.open(*event.group);
        return group ? &(*group)->replica->graph() : nullptr;
    }

    static bool is_of_connection(const net::NodeEvent& event) {
        if (event.kind != net::NodeEvent::Kind::replica || !event.event) return true;
        return event.event->kind == Event::Kind::session_finished ||
               event.event->kind == Event::Kind::peer_fault;
    }

    // Empty if it is not worth one.
    std::string line_of(const net::NodeEvent& event) {
        const std::string error = event.error.code == ErrorCode{} ? "" : ": " + event.error.text;
        if (event.kind == net::NodeEvent::Kind::synced && event.report)
            return sync_line(*event.report, event.address) + error;
        if (!environment_.options().verbose) return {};
        const std::string peer = event.peer ? environment_.names().of(*event.peer) + " at " : "";
        return std::string(kind_text(event.kind)) + " " + peer + event.address + error;
    }

    std::optional<std::uint64_t> admit(const std::string& address, std::size_t bytes) {
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        const auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
        // The end of the line, and the count of those left out.
        constexpr std::size_t more = 64;
        return budget_.admit(address, bytes + more, static_cast<std::uint64_t>(now_ms));
    }

    void tell_replica(const net::NodeEvent& event) {
        const Event& inner = *event.event;
        const Names& names = environment_.names();
        if (inner.kind == Event::Kind::author_heavy && inner.member) {
            environment_.say(names.of(inner.member->key) + " takes more room than is usual");
        } else if (inner.member) {
            const auto level = [](Level value) {
                return value == 0 ? std::string("out") : level::to_text(value);
            };
            environment_.say(names.of(inner.member->key) + ": " + level(inner.member->before) + " -> " +
                             level(inner.member->after));
        } else if (inner.kind == Event::Kind::equivocation) {
            environment_.say("an author forked their own history; see moot equivocations");
        } else if (inner.kind == Event::Kind::authoring_waits) {
            environment_.say("nothing is signed for now: " + inner.error.text);
        } else if (inner.kind == Event::Kind::read_only) {
            environment_.err() << "moot: a write failed, the group is read-only now: " << inner.error.text
                               << "\n";
        } else if (inner.kind == Event::Kind::delivered && environment_.options().verbose) {
            environment_.say("received " + counted(inner.ops.size(), "operation"));
        }
    }

    Environment& environment_;
    Groups& groups_;
    net::LogBudget budget_;
};

Result<void> open_all(Environment& environment, Groups& groups) {
    auto ids = groups.home().groups();
    if (!ids) return std::unexpected(ids.error());
    for (const auto& id : *ids) {
        auto group = groups.open(id);
        if (group) continue;
        if (group.error().code == ErrorCode::store_locked) return std::unexpected(group.error());
        // One damaged group does not keep the others from being served.
        report(environment, group.error());
    }
    return {};
}

void announce(Environment& environment, const Groups& groups) {
    if (groups.listening.empty()) {
        if (environment.json()) environment.print({{"event", "ready"}});
        environment.say("ready; nobody can connect from outside without --listen");
        return;
    }
    for (const auto& address : groups.listening) {
        if (environment.json()) environment.print({{"event", "listening"}, {"address", address}});
        environment.answer("listening on " + address);
    }
}

Result<int> serve_all(Environment& environment, Groups& groups, const ServeArguments& arguments) {
    net::Node& node = groups.node();
    if (auto all = open_all(environment, groups); !all) return std::unexpected(all.error());
    const std::string socket = groups.home().socket_path();
    auto local =
        node.listen_local(socket, [&groups](ByteView request) { return answer_request(request, groups); });
    if (!local) return std::unexpected(local.error());
    if (!arguments.listen.empty()) {
        auto address = node.listen(arguments.listen);
        if (!address) return std::unexpected(address.error());
        groups.listening.push_back(*address);
        if (auto kept = groups.home().set_address(*address); !kept) return std::unexpected(kept.error());
    }
    // From within the loop: whoever reads the line may send a signal, which must end it cleanly.
    node.post([&] { announce(environment, groups); });
    for (const auto& peer : arguments.peers) node.keep_peer(peer);
    node.run();
    return 0;
}

}  // namespace

std::string outcome_text(Outcome outcome) {
    switch (outcome) {
        case Outcome::equal: return "equal";
        case Outcome::partial: return "partial";
        case Outcome::running: return "running";
        case Outcome::failed: break;
    }
    return "failed";
}

Json sync_json(const net::SyncReport& report, const std::string& address) {
    const bool met = report.peer != DeviceKey{};
    Json out = {{"address", address},
                {"peer", met ? Json(to_hex(report.peer.view())) : Json()},
                {"outcome", outcome_text(report.outcome)},
                {"ops_sent", report.stats.ops_sent},
                {"ops_received", report.stats.ops_received},
                {"ops_new", report.stats.ops_new},
                {"rounds", report.stats.rounds},
                {"bytes",
                 {{"sent", report.bytes_sent},
                  {"received", report.bytes_received},
                  {"wire_sent", report.wire_sent},
                  {"wire_received", report.wire_received}}},
                {"milliseconds", report.milliseconds}};
    out["error"] = report.outcome == Outcome::failed ? error_json(report.error) : Json();
    return out;
}

std::string sync_line(const net::SyncReport& report, const std::string& address) {
    return address + ": " + outcome_text(report.outcome) + ", sent " +
           counted(report.stats.ops_sent, "operation") + ", received " +
           std::to_string(report.stats.ops_received) + ", " + counted(report.stats.rounds, "round") + ", " +
           std::to_string(report.bytes_sent + report.bytes_received) + " bytes inside the channel, " +
           std::to_string(report.milliseconds) + " ms";
}

Result<int> serve(Environment& environment, const ServeArguments& arguments) {
    auto opened = environment.groups();
    if (!opened) return std::unexpected(opened.error());
    Groups& groups = **opened;
    if (arguments.peers.size() > limits::known_peers)
        return fail(ErrorCode::usage, "at most 1,000 times --peer");
    for (const auto& peer : arguments.peers) {
        if (!is_address(peer))
            return fail(ErrorCode::usage, "--peer " + printable(peer) + " is no HOST:PORT");
    }
    const DaemonLock lock(groups.home().lock_path());
    if (!lock.held()) return fail(ErrorCode::store_locked, "another moot serve has this home");
    groups.daemon = true;
    Reporter reporter(environment, groups);
    groups.node().on_event([&reporter](const net::NodeEvent& event) { reporter.handle(event); });
    auto done = serve_all(environment, groups, arguments);
    // The node tells the reporter of its end.
    groups.close_all();
    return done;
}

}  // namespace folkmoot::moot
