#include "moot/lab_ingest.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "folkmoot/net.hpp"
#include "moot/lab_clock.hpp"
#include "moot/lab_end.hpp"
#include "moot/lab_history.hpp"
#include "moot/lab_random.hpp"

namespace folkmoot::lab {
namespace {

// A temporary folder for the SQLite file, removed with everything in it.
struct Folder {
    std::filesystem::path path;
    ~Folder() {
        std::error_code ignored;
        if (!path.empty()) std::filesystem::remove_all(path, ignored);
    }
};

// Authors who gossip: each op stands on its author's last and on one or two of the newest others.
std::vector<TraceOp> gossip(const IngestOptions& options) {
    std::vector<TraceOp> trace;
    std::vector<std::uint32_t> last(options.authors, 0);
    Random dice(7);
    for (std::uint32_t i = 0; i < options.ops; ++i) {
        TraceOp op;
        op.author = i == 0 ? 0 : dice.below(options.authors);
        op.payload_bytes = options.payload;
        if (i > 0) op.parents.push_back(last[op.author]);
        if (i > 0 && dice.below(2) == 0) op.parents.push_back(last[dice.below(options.authors)]);
        last[op.author] = i;
        trace.push_back(std::move(op));
    }
    return trace;
}

// Of different signatures, as a session has them: over and over the same one is faster, since the processor
// learns its branches.
double bare_verifications_per_s(const History& history) {
    constexpr std::size_t most = 2000;
    std::vector<SignatureCheck> checks;
    for (std::size_t i = history.ops.size() - std::min(most, history.ops.size()); i < history.ops.size();
         ++i) {
        const EncodedOp& op = history.ops[i].op;
        checks.push_back(signature_check(decode_body(op.body)->author, op.id, *op.signature));
    }
    const double start = cpu_ms();
    ed25519_verifier().verify_each(checks);
    return static_cast<double>(std::ranges::count_if(checks, &SignatureCheck::good)) / (cpu_ms() - start) *
           1e3;
}

Result<std::unique_ptr<Store>> full_store(const History& history) {
    auto store = make_memory_store(StoreInstance{});
    std::vector<StoredOp> ops;
    ops.reserve(history.ops.size());
    for (const auto& entry : history.ops)
        ops.push_back({entry.op.id, entry.op.body, {*entry.op.signature}, entry.op.payload});
    if (auto appended = store->append(ops); !appended) return std::unexpected(appended.error());
    return store;
}

Result<std::unique_ptr<Store>> empty_store(const IngestOptions& options, Folder& folder) {
    if (!options.sqlite) return make_memory_store(StoreInstance{});
    std::string name = (std::filesystem::temp_directory_path() / "moot-lab-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) return fail(ErrorCode::file_io, "cannot make a folder like " + name);
    folder.path = name;
    return open_sqlite_store(folder.path / "ingest.db", StoreInstance{});
}

}  // namespace

Result<IngestReport> ingest(const IngestOptions& options) {
    if (options.authors < 2 || options.ops < options.authors)
        return fail(ErrorCode::usage, "at least 2 authors and as many ops");
    const auto history = make_history(gossip(options));
    if (!history) return std::unexpected(history.error());
    auto full = full_store(*history);
    if (!full) return std::unexpected(full.error());
    Folder folder;
    auto empty = empty_store(options, folder);
    if (!empty) return std::unexpected(empty.error());

    const auto pooled = net::make_pooled_verifier(ed25519_verifier(), options.threads);
    const CountingVerifier verifier(*pooled);
    auto giver = open_end(history->group, std::move(*full), 0, verifier);
    if (!giver) return std::unexpected(giver.error());
    auto taker = open_end(history->group, std::move(*empty), 1, verifier);
    if (!taker) return std::unexpected(taker.error());
    Hash32 binding;
    binding.bytes.fill(0x33);
    giver->session = giver->replica->open_session(
        {history->authors[1], binding, true, SummaryChoice::automatic, false, options.sign_each}, 0);
    taker->session = taker->replica->open_session(
        {history->authors[0], binding, false, SummaryChoice::automatic, false, options.sign_each}, 0);

    IngestReport report;
    report.verify_per_s = bare_verifications_per_s(*history);
    double elapsed = 0;
    double cpu = 0;
    for (bool moved = true; moved;) {
        moved = false;
        while (auto message = taker->replica->poll_message(taker->session)) {
            giver->replica->handle_message(giver->session, *message, 1);
            moved = true;
        }
        if (auto drained = drain(*giver); !drained) return std::unexpected(drained.error());
        if (auto message = giver->replica->poll_message(giver->session)) {
            const double start = wall_ms();
            const double cpu_start = cpu_ms();
            taker->replica->handle_message(taker->session, *message, 1);
            if (auto drained = drain(*taker); !drained) return std::unexpected(drained.error());
            elapsed += wall_ms() - start;
            cpu += cpu_ms() - cpu_start;
            moved = true;
        }
    }
    const Session& session = *taker->replica->session(taker->session);
    if (session.outcome() != Outcome::equal)
        return fail(ErrorCode::not_synced, "the sync did not end equal: " + session.error().text);
    const std::size_t size = taker->replica->graph().size();
    report.ops = size;
    report.ops_per_s = static_cast<double>(size) / elapsed * 1e3;
    report.ops_per_cpu_s = static_cast<double>(size) / cpu * 1e3;
    report.signatures_checked = verifier.checked;
    report.bytes_per_op_memory =
        static_cast<double>(taker->replica->graph().memory() + taker->replica->access().memory()) /
        static_cast<double>(size);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    report.peak_rss_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
    return report;
}

}  // namespace folkmoot::lab
