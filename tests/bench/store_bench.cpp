// How fast the stores take and give ops of 500 bytes (id, signature, body), on the disk under TMPDIR.
//
// Appends are measured at the size a store already has: an index in the file would show here as a decline.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "folkmoot/store.hpp"

namespace folkmoot {
namespace {

namespace fs = std::filesystem;

class Lab {
   public:
    explicit Lab(bool on_disk) {
        std::string name = (fs::temp_directory_path() / "folkmoot-bench-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) std::abort();
        folder_ = name;
        store_ = on_disk ? open() : make_memory_store({});
    }
    ~Lab() {
        store_.reset();
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }
    Lab(const Lab&) = delete;
    Lab& operator=(const Lab&) = delete;

    std::vector<StoredOp> ops(std::size_t count) {
        std::vector<StoredOp> out(count);
        for (StoredOp& op : out) {
            for (auto& byte : op.id.bytes) byte = static_cast<std::uint8_t>(random_());
            op.body.assign(404, 0x5a);
            op.signatures.emplace_back();
        }
        if (!out.empty()) some_ = out.back().id;
        return out;
    }
    void fill(std::size_t count) {
        for (std::size_t done = 0; done < count; done += 1000) require(store_->append(ops(1000)).has_value());
    }
    void reopen() {
        store_.reset();
        store_ = open();
    }
    static void require(bool good) {
        if (!good) std::abort();
    }
    Store& store() { return *store_; }
    [[nodiscard]] const OpId& some() const { return some_; }

   private:
    std::unique_ptr<Store> open() {
        auto opened = open_sqlite_store(folder_ / "store.db", {});
        require(opened.has_value());
        return std::move(*opened);
    }
    fs::path folder_;
    std::unique_ptr<Store> store_;
    std::mt19937_64 random_{1};
    OpId some_;
};

/// Range 0: ops a batch. Range 1: thousands of ops the store holds at the start.
void append_ops(benchmark::State& state, bool on_disk) {
    Lab lab(on_disk);
    lab.fill(static_cast<std::size_t>(state.range(1)) * 1000);
    const auto batch = static_cast<std::size_t>(state.range(0));
    for (auto step : state) {
        static_cast<void>(step);
        state.PauseTiming();
        const auto ops = lab.ops(batch);
        state.ResumeTiming();
        Lab::require(lab.store().append(ops).has_value());
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK_CAPTURE(append_ops, memory, false)->Args({1000, 0})->Iterations(100)->UseRealTime();
BENCHMARK_CAPTURE(append_ops, sqlite, true)->Args({1, 0})->Iterations(2000)->UseRealTime();
BENCHMARK_CAPTURE(append_ops, sqlite, true)->Args({100, 0})->Iterations(500)->UseRealTime();
BENCHMARK_CAPTURE(append_ops, sqlite, true)
    ->ArgsProduct({{1000}, {0, 100, 200, 400, 1000}})
    ->Iterations(100)
    ->UseRealTime();

void open_and_pass(benchmark::State& state) {
    Lab lab(true);
    lab.fill(static_cast<std::size_t>(state.range(0)) * 1000);
    for (auto step : state) {
        static_cast<void>(step);
        lab.reopen();
        std::size_t bytes = 0;
        const auto done = lab.store().for_each(false, [&](StoredOp&& op) -> Result<void> {
            bytes += op.body.size();
            return {};
        });
        Lab::require(done.has_value());
        benchmark::DoNotOptimize(bytes);
    }
    state.SetItemsProcessed(state.iterations() * state.range(0) * 1000);
}
BENCHMARK(open_and_pass)->Arg(100)->Arg(400)->Iterations(3)->UseRealTime();

void read_one(benchmark::State& state) {
    Lab lab(true);
    lab.fill(100'000);
    const OpId id = lab.some();
    for (auto step : state) {
        static_cast<void>(step);
        Lab::require(lab.store().read(id).has_value());
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(read_one);

}  // namespace
}  // namespace folkmoot
