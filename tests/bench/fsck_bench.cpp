// How fast fsck goes through a group on the disk: every op's bytes, hash, ancestors, admission, payload and,
// in full, its signature. Ops are posts of 200 bytes, each with a signature of its own: the worst case.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>

#include "folkmoot/replica.hpp"
#include "moot/fsck.hpp"

namespace folkmoot {
namespace {

namespace fs = std::filesystem;

void require(bool good) {
    if (!good) std::abort();
}

class Group {
   public:
    explicit Group(std::int64_t posts) {
        require(start_crypto().has_value());
        std::string name = (fs::temp_directory_path() / "folkmoot-bench-XXXXXX").string();
        require(::mkdtemp(name.data()) != nullptr);
        folder_ = name;
        store_ = std::move(open_sqlite_store(folder_ / "store.db", {}).value());
        const auto signer = make_signer(Bytes(32, 1)).value();
        auto replica = Replica::open({}, *store_, signer.get(), ed25519_verifier()).value();
        const auto created = replica->create_group({"bench", {signer->key()}, {}}, 0);
        require(created.has_value());
        group_ = group_of(*created);
        save(*replica);
        Bytes text(200);
        for (std::int64_t i = 0; i < posts; ++i) {
            text[0] = static_cast<std::uint8_t>(i);
            require(replica->post(text, 0).has_value());
            save(*replica);
        }
        require(store_->checkpoint().has_value());
    }
    ~Group() {
        store_.reset();
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }
    Group(const Group&) = delete;
    Group& operator=(const Group&) = delete;

    [[nodiscard]] moot::FsckReport check(moot::FsckDepth depth) const {
        return moot::check_group(*store_, group_, depth);
    }

   private:
    void save(Replica& replica) {
        while (const auto batch = replica.poll_persist()) {
            replica.handle_persisted(batch->ticket, persist(*store_, *batch));
        }
        while (replica.poll_event()) {
        }
    }
    fs::path folder_;
    std::unique_ptr<Store> store_;
    GroupId group_;
};

void fsck(benchmark::State& state, moot::FsckDepth depth) {
    static const Group group(20'000);
    std::uint64_t ops = 0;
    for (auto step : state) {
        static_cast<void>(step);
        const auto report = group.check(depth);
        require(report.faults.empty() && report.ops == 20'001);
        ops += report.ops;
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(ops));
}
BENCHMARK_CAPTURE(fsck, quick, moot::FsckDepth::quick)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(fsck, connectivity, moot::FsckDepth::connectivity)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(fsck, standard, moot::FsckDepth::standard)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(fsck, full, moot::FsckDepth::full)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace folkmoot
