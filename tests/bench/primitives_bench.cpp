// What everything else is made of: verifying, signing, hashing, coding a body, building and asking a filter.
#include <benchmark/benchmark.h>

#include "crypto/hash.hpp"
#include "folkmoot/operation.hpp"
#include "sync/bloom.hpp"
#include "sync/tips.hpp"

namespace folkmoot {
namespace {

std::unique_ptr<Signer> bench_signer() {
    if (!start_crypto()) return nullptr;
    const Bytes seed(32, 7);
    auto signer = make_signer(seed);
    return signer ? std::move(*signer) : nullptr;
}

Operation bench_post(const DeviceKey& author) {
    Operation op;
    op.author = author;
    op.group = GroupId{};
    op.prev = OpId{};
    op.parents = {OpId{{1}}, OpId{{2}}};
    op.as = OpId{{3}};
    op.act = Post{200, Hash32{}};
    return op;
}

void verify_one_signature(benchmark::State& state) {
    const auto signer = bench_signer();
    const OpId id{{9}};
    const auto signature = sign_op(*signer, id);
    for (auto _ : state)
        benchmark::DoNotOptimize(verify_op(ed25519_verifier(), signer->key(), id, *signature));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(verify_one_signature);

void sign_one_op(benchmark::State& state) {
    const auto signer = bench_signer();
    const OpId id{{9}};
    for (auto _ : state) benchmark::DoNotOptimize(sign_op(*signer, id));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(sign_one_op);

void check_one_key(benchmark::State& state) {
    const auto signer = bench_signer();
    for (auto _ : state) benchmark::DoNotOptimize(ed25519_verifier().key_acceptable(signer->key()));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(check_one_key);

void hash_a_body_of_300_bytes(benchmark::State& state) {
    const Bytes body(300, 1);
    for (auto _ : state) benchmark::DoNotOptimize(op_id(body));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(hash_a_body_of_300_bytes);

void encode_a_post(benchmark::State& state) {
    const Operation op = bench_post(DeviceKey{});
    for (auto _ : state) benchmark::DoNotOptimize(encode_body(op));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(encode_a_post);

void decode_a_post(benchmark::State& state) {
    const auto body = encode_body(bench_post(DeviceKey{}));
    for (auto _ : state) benchmark::DoNotOptimize(decode_body(*body));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decode_a_post);

std::vector<OpId> bench_ids(std::size_t count) {
    std::vector<OpId> ids;
    for (std::size_t i = 0; i < count; ++i) {
        const std::array<std::uint8_t, 4> number{static_cast<std::uint8_t>(i),
                                                 static_cast<std::uint8_t>(i >> 8U),
                                                 static_cast<std::uint8_t>(i >> 16U), 0};
        ids.push_back(OpId{crypto::blake2b_256({number}).bytes});
    }
    return ids;
}

void build_a_filter(benchmark::State& state) {
    const auto ids = bench_ids(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        sync::BloomFilter filter(crypto::SipKey{}, ids.size());
        for (const auto& id : ids) filter.insert(id);
        benchmark::DoNotOptimize(filter);
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(build_a_filter)->RangeMultiplier(2)->Range(8192, 32768);

void ask_a_filter(benchmark::State& state) {
    const auto ids = bench_ids(static_cast<std::size_t>(state.range(0)));
    sync::BloomFilter filter(crypto::SipKey{}, ids.size());
    for (const auto& id : ids) filter.insert(id);
    std::size_t next = 0;
    for (auto _ : state) benchmark::DoNotOptimize(filter.may_contain(ids[next++ % ids.size()]));
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ask_a_filter)->Arg(32768);

}  // namespace
}  // namespace folkmoot
