// A group's store that also counts, in a small file beside the database, the ops of this device that it held.
// Whoever puts an older copy of the database in its place is found out by the file; whoever copies both is
// found out by the first peer that shows what is missing (T).
//
//     moot own ops 1
//     INSTANCE of the store, in hex
//     COUNT, 20 digits
#pragma once

#include <memory>

#include "folkmoot/store.hpp"

namespace folkmoot::moot {

class CountedStore final : public Store {
   public:
    CountedStore(std::unique_ptr<Store> inner, std::filesystem::path file, const DeviceKey& self)
        : inner_(std::move(inner)), file_(std::move(file)), self_(self) {}

    /// `held` are the own ops in the store now. False if the file knows of more, or of another store. A first
    /// file is made if there is none.
    [[nodiscard]] Result<bool> matches(std::uint64_t held);

    StoreInstance instance() const override { return inner_->instance(); }
    Result<void> renew_instance(const StoreInstance& instance) override {
        return inner_->renew_instance(instance);
    }
    bool may_be_rolled_back() const override { return inner_->may_be_rolled_back(); }
    Result<void> mark_rolled_back(bool value) override;
    Result<void> append(std::span<const StoredOp> ops) override;
    Result<void> add_signatures(std::span<const OpSignature> signatures) override {
        return inner_->add_signatures(signatures);
    }
    Result<void> add_payload(const OpId& id, ByteView payload) override {
        return inner_->add_payload(id, payload);
    }
    Result<void> erase_payload(const OpId& id) override { return inner_->erase_payload(id); }
    Result<StoredOp> read(const OpId& id) const override { return inner_->read(id); }
    Result<void> for_each(bool payloads,
                          const std::function<Result<void>(StoredOp&&)>& visit) const override {
        return inner_->for_each(payloads, visit);
    }
    Result<std::uint64_t> count() const override { return inner_->count(); }
    Result<void> remember(const DeviceKey& peer, std::span<const RememberedFrontier> frontiers) override {
        return inner_->remember(peer, frontiers);
    }
    Result<std::vector<RememberedFrontier>> remembered() const override { return inner_->remembered(); }
    Result<void> checkpoint() override { return inner_->checkpoint(); }
    Result<StoreCheck> check(CheckDepth depth) const override { return inner_->check(depth); }
    Result<void> backup(const std::filesystem::path& to) const override { return inner_->backup(to); }

   private:
    [[nodiscard]] std::string content() const;
    void note() const;

    std::unique_ptr<Store> inner_;
    std::filesystem::path file_;
    DeviceKey self_;
    std::uint64_t held_ = 0;
};

/// Removes such a file if it counts nothing. One that counts outlives its store: it says what was lost.
void forget_if_nothing(const std::filesystem::path& file);

}  // namespace folkmoot::moot
