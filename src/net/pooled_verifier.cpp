#include <algorithm>
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <latch>
#include <mutex>
#include <optional>

#include "folkmoot/net.hpp"

namespace folkmoot::net {
namespace {

// Checks that one thread takes at a time. Waking a thread costs about as much as one of them.
constexpr std::size_t portion = 4;

class PooledVerifier final : public Verifier {
   public:
    PooledVerifier(const Verifier& inner, unsigned helpers) : inner_(inner), helpers_(helpers) {}

    bool key_acceptable(const DeviceKey& key) const override { return inner_.key_acceptable(key); }
    bool verify(const DeviceKey& key, ByteView message, const Signature& signature) const override {
        return inner_.verify(key, message, signature);
    }

    // noexcept: if memory runs out halfway, helpers still hold what stands on this stack.
    void verify_each(std::span<SignatureCheck> checks) const noexcept override {
        std::atomic<std::size_t> next = 0;
        const auto work = [this, checks, &next] {
            for (;;) {
                const std::size_t from = next.fetch_add(portion, std::memory_order_relaxed);
                if (from >= checks.size()) return;
                inner_.verify_each(checks.subspan(from, std::min(portion, checks.size() - from)));
            }
        };
        // The caller takes the first portion, so that few checks wake nobody.
        const std::size_t others = checks.empty() ? 0 : (checks.size() - 1) / portion;
        std::size_t helping = std::min<std::size_t>(helpers_, others);
        if (helping > 0 && !start()) helping = 0;
        std::latch done(static_cast<std::ptrdiff_t>(helping));
        for (std::size_t i = 0; i < helping; ++i) {
            boost::asio::post(*pool_, [&work, &done] {
                work();
                done.count_down();
            });
        }
        work();
        done.wait();
    }

   private:
    // Late, since most programs never get as far as a batch that is worth a thread. False if the system gives
    // none: then the caller does it all.
    bool start() const noexcept {
        try {
            std::call_once(started_, [this] { pool_.emplace(helpers_); });
            return true;
        } catch (const std::exception&) {
            return false;
        }
    }

    const Verifier& inner_;
    unsigned helpers_;
    mutable std::once_flag started_;
    mutable std::optional<boost::asio::thread_pool> pool_;
};

}  // namespace

std::unique_ptr<Verifier> make_pooled_verifier(const Verifier& inner, unsigned threads) {
    return std::make_unique<PooledVerifier>(inner, std::max(threads, 1U) - 1);
}

}  // namespace folkmoot::net
