#include "bench/comparison/world.hpp"

#include "moot/lab_end.hpp"
#include "moot/lab_history.hpp"
#include "moot/lab_random.hpp"

namespace folkmoot::comparison {
namespace {

using lab::End;

class World {
   public:
    Result<void> open(const Point& point) {
        point_ = point;
        trace_ = lab::Random(point.seed);
        // A group of which all are members, and nothing else.
        const lab::TraceOp first{
            .author = point.replicas - 1, .payload_bytes = 0, .side = 'C', .parents = {}};
        const auto history = lab::make_history({first});
        if (!history) return std::unexpected(history.error());
        keys_ = history->authors;
        std::vector<StoredOp> ops;
        for (const auto& entry : history->ops)
            ops.push_back({entry.op.id, entry.op.body, {*entry.op.signature}, entry.op.payload});
        for (std::uint32_t i = 0; i < point.replicas; ++i) {
            auto store = make_memory_store(StoreInstance{});
            if (auto appended = store->append(ops); !appended) return appended;
            auto end = lab::open_end(history->group, std::move(store), i, verifier_);
            if (!end) return std::unexpected(end.error());
            ends_.push_back(std::move(*end));
        }
        return {};
    }

    // The replicas take turns, so that they make ops at equal rates.
    Result<void> update() {
        End& end = ends_[next_author_];
        next_author_ = (next_author_ + 1) % point_.replicas;
        Bytes payload(point_.payload_bytes);
        for (auto& byte : payload) byte = static_cast<std::uint8_t>(trace_.below(256));
        const auto made = end.replica->post(payload, ++time_ms_);
        if (!made) return std::unexpected(made.error());
        return lab::drain(end);
    }

    Result<void> reconcile(Measured& measured) {
        const std::uint32_t i = trace_.below(point_.replicas);
        const std::uint32_t k = (i + 1 + trace_.below(point_.replicas - 1)) % point_.replicas;
        End& a = ends_[i];
        End& b = ends_[k];
        Hash32 binding;
        for (auto& byte : binding.bytes) byte = static_cast<std::uint8_t>(trace_.below(256));
        a.session = a.replica->open_session({keys_[k], binding, true, point_.summary}, 0);
        b.session = b.replica->open_session({keys_[i], binding, false, point_.summary}, 0);
        const auto done = lab::exchange(a, b);
        if (!done) return std::unexpected(done.error());
        const Session& left = *a.replica->session(a.session);
        const Session& right = *b.replica->session(b.session);
        if (left.outcome() != Outcome::equal || right.outcome() != Outcome::equal || !done->complete_at)
            return fail(ErrorCode::not_synced, "a session did not end equal");
        const std::uint64_t op_bytes = left.stats().op_bytes_new + right.stats().op_bytes_new;
        ++measured.reconciliations;
        ++measured.round_trips[(*done->complete_at + 1) / 2];
        measured.ops += left.stats().ops_new + right.stats().ops_new;
        measured.op_bytes += op_bytes;
        measured.control_bytes += done->bytes - op_bytes;
        measured.summaries += left.stats().rounds + right.stats().rounds;
        a.replica->close_session(a.session);
        b.replica->close_session(b.session);
        if (auto drained = lab::drain(a); !drained) return drained;
        return lab::drain(b);
    }

   private:
    Point point_;
    lab::Random trace_{0};
    lab::CountingVerifier verifier_;
    std::vector<DeviceKey> keys_;
    std::vector<End> ends_;
    std::uint32_t next_author_ = 0;
    std::uint64_t time_ms_ = 0;
};

}  // namespace

double Measured::mean_round_trips() const {
    std::uint64_t sum = 0;
    for (const auto& [trips, count] : round_trips) sum += trips * count;
    return static_cast<double>(sum) / static_cast<double>(reconciliations);
}

double Measured::share(std::uint64_t at_least, std::uint64_t at_most) const {
    std::uint64_t sum = 0;
    for (const auto& [trips, count] : round_trips) sum += trips >= at_least && trips <= at_most ? count : 0;
    return static_cast<double>(sum) / static_cast<double>(reconciliations);
}

void Measured::add(const Measured& other) {
    reconciliations += other.reconciliations;
    for (const auto& [trips, count] : other.round_trips) round_trips[trips] += count;
    ops += other.ops;
    op_bytes += other.op_bytes;
    control_bytes += other.control_bytes;
    summaries += other.summaries;
}

Result<Measured> measure(const Point& point) {
    World world;
    if (auto opened = world.open(point); !opened) return std::unexpected(opened.error());
    Measured measured;
    for (std::uint32_t i = 0; i < point.reconciliations; ++i) {
        for (std::uint32_t k = 0; k < point.updates; ++k) {
            if (auto made = world.update(); !made) return std::unexpected(made.error());
        }
        if (auto met = world.reconcile(measured); !met) return std::unexpected(met.error());
    }
    return measured;
}

}  // namespace folkmoot::comparison
