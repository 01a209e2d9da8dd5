#include "moot/lab_end.hpp"

#include <algorithm>

#include "moot/lab_clock.hpp"
#include "moot/lab_history.hpp"

namespace folkmoot::lab {
namespace {

Result<std::vector<Bytes>> take_messages(End& end, std::uint64_t& bytes) {
    std::vector<Bytes> out;
    for (;;) {
        if (auto drained = drain(end); !drained) return std::unexpected(drained.error());
        auto message = end.replica->poll_message(end.session);
        if (!message) return out;
        bytes += message->size();
        out.push_back(std::move(*message));
    }
}

}  // namespace

bool CountingVerifier::key_acceptable(const DeviceKey& key) const {
    const double start = cpu_ms();
    const bool good = inner_.key_acceptable(key);
    ms += cpu_ms() - start;
    return good;
}

bool CountingVerifier::verify(const DeviceKey& key, ByteView message, const Signature& signature) const {
    ++checked;
    const double start = cpu_ms();
    const bool good = inner_.verify(key, message, signature);
    ms += cpu_ms() - start;
    return good;
}

void CountingVerifier::verify_each(std::span<SignatureCheck> checks) const {
    checked += checks.size();
    const double start = cpu_ms();
    inner_.verify_each(checks);
    ms += cpu_ms() - start;
}

Result<End> open_end(const GroupId& group, std::unique_ptr<Store> store, std::uint32_t author,
                     const Verifier& verifier) {
    End end;
    end.store = std::move(store);
    auto signer = make_signer(author_seed(author));
    if (!signer) return std::unexpected(signer.error());
    end.signer = std::move(*signer);
    auto replica = Replica::open({group, 1}, *end.store, end.signer.get(), verifier);
    if (!replica) return std::unexpected(replica.error());
    end.replica = std::move(*replica);
    return end;
}

Result<void> drain(End& end) {
    while (auto batch = end.replica->poll_persist()) {
        const auto result = persist(*end.store, *batch);
        end.replica->handle_persisted(batch->ticket, result);
        if (!result) return result;
    }
    while (end.replica->poll_event()) {
    }
    return {};
}

bool same_ops(const End& a, const End& b) {
    const Graph& left = a.replica->graph();
    const Graph& right = b.replica->graph();
    // The heads decide the rest; they are ascending by id.
    return left.size() == right.size() &&
           std::ranges::equal(
               left.heads(), right.heads(), {}, [&](OpIndex op) { return left.id(op); },
               [&](OpIndex op) { return right.id(op); });
}

Result<Exchange> exchange(End& a, End& b) {
    Exchange done;
    auto to_b = take_messages(a, done.bytes);
    auto to_a = take_messages(b, done.bytes);
    while (to_a && to_b && (!to_a->empty() || !to_b->empty())) {
        ++done.trips;
        const auto for_a = std::move(*to_a);
        const auto for_b = std::move(*to_b);
        for (const auto& message : for_a) a.replica->handle_message(a.session, message, done.trips);
        for (const auto& message : for_b) b.replica->handle_message(b.session, message, done.trips);
        to_b = take_messages(a, done.bytes);
        to_a = take_messages(b, done.bytes);
        if (!done.complete_at && same_ops(a, b)) done.complete_at = done.trips;
    }
    if (!to_a) return std::unexpected(to_a.error());
    if (!to_b) return std::unexpected(to_b.error());
    return done;
}

}  // namespace folkmoot::lab
