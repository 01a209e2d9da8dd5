// What must hold of every store, in memory or on disk.
#include <functional>

#include "support.hpp"

namespace folkmoot::test {
namespace {

class EveryStore : public testing::TestWithParam<bool> {
   protected:
    EveryStore()
        : store_(on_disk() ? open_or_fail(folder_ / "store.db") : make_memory_store(instance_of(7))) {}

    [[nodiscard]] static bool on_disk() { return GetParam(); }
    /// What a new process would see; in memory there is none.
    void reopen() {
        if (!on_disk()) return;
        store_.reset();
        store_ = open_or_fail(folder_ / "store.db");
    }
    /// Runs the checks now and after reopening.
    void now_and_later(const std::function<void()>& check) {
        check();
        reopen();
        check();
    }

    Folder folder_;
    std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(, EveryStore, testing::Values(false, true),
                         [](const auto& tested) { return tested.param ? "sqlite" : "memory"; });

TEST_P(EveryStore, a_new_store_is_empty_and_has_the_instance_it_was_given) {
    now_and_later([&] {
        EXPECT_EQ(store_->instance(), instance_of(7));
        EXPECT_EQ(store_->count().value(), 0U);
        EXPECT_TRUE(numbers_in(*store_).empty());
        EXPECT_TRUE(store_->remembered().value().empty());
        EXPECT_TRUE(fails_with(ErrorCode::store_not_found, store_->read(id_of(1))));
    });
}

TEST_P(EveryStore, an_instance_can_be_renewed) {
    ASSERT_TRUE(ok(store_->renew_instance(instance_of(8))));
    EXPECT_EQ(store_->instance(), instance_of(8));
    reopen();
    EXPECT_EQ(store_->instance(), instance_of(8));
}

TEST_P(EveryStore, a_restored_store_is_marked_until_told_otherwise) {
    EXPECT_FALSE(store_->may_be_rolled_back());
    ASSERT_TRUE(ok(store_->renew_instance(instance_of(8))));
    now_and_later([&] { EXPECT_TRUE(store_->may_be_rolled_back()); });
    ASSERT_TRUE(ok(store_->mark_rolled_back(false)));
    now_and_later([&] { EXPECT_FALSE(store_->may_be_rolled_back()); });
    ASSERT_TRUE(ok(store_->mark_rolled_back(true)));
    ASSERT_TRUE(ok(store_->mark_rolled_back(true)));
    now_and_later([&] { EXPECT_TRUE(store_->may_be_rolled_back()); });
}

TEST_P(EveryStore, ops_come_back_in_the_order_of_admission) {
    ASSERT_TRUE(ok(store_->append(ops_of(50, 99))));
    ASSERT_TRUE(ok(store_->append(ops_of(1, 1))));
    ASSERT_TRUE(ok(store_->append(ops_of(2, 30))));
    auto expected = numbers(50, 99);
    for (const std::uint64_t n : numbers(1, 30)) expected.push_back(n);
    now_and_later([&] {
        EXPECT_EQ(numbers_in(*store_), expected);
        EXPECT_EQ(store_->count().value(), 80U);
    });
}

TEST_P(EveryStore, every_byte_of_an_op_comes_back) {
    StoredOp bare = op_of(1, limits::body_bytes);
    bare.signatures.clear();
    StoredOp full = op_of(2);
    full.signatures = {signature_of(21), signature_of(22), signature_of(21), signature_of(23)};
    full.payload = Bytes(limits::payload_bytes, 0xab);
    StoredOp empty = op_of(3);
    empty.payload = Bytes();
    ASSERT_TRUE(ok(store_->append(std::vector{bare, full, empty})));
    now_and_later([&] {
        const auto one = store_->read(id_of(1)).value();
        EXPECT_EQ(one.id, bare.id);
        EXPECT_EQ(one.body, bare.body);
        EXPECT_TRUE(one.signatures.empty());
        EXPECT_FALSE(one.payload);
        EXPECT_FALSE(one.payload_erased);
        const auto two = store_->read(id_of(2)).value();
        EXPECT_EQ(two.signatures, (std::vector{signature_of(21), signature_of(22), signature_of(23)}));
        EXPECT_EQ(two.payload, full.payload);
        EXPECT_EQ(store_->read(id_of(3)).value().payload, Bytes());
    });
}

TEST_P(EveryStore, a_batch_with_an_id_it_holds_twice_leaves_no_trace) {
    ASSERT_TRUE(ok(store_->append(ops_of(1, 3))));
    auto batch = ops_of(10, 19);
    batch.push_back(op_of(12));
    EXPECT_TRUE(fails_with(ErrorCode::already_exists, store_->append(batch)));
    now_and_later([&] { EXPECT_EQ(numbers_in(*store_), numbers(1, 3)); });
    EXPECT_TRUE(ok(store_->append(ops_of(10, 19))));
}

TEST_P(EveryStore, a_batch_with_an_id_the_store_holds_leaves_no_trace) {
    ASSERT_TRUE(ok(store_->append(ops_of(1, 3))));
    reopen();
    auto batch = ops_of(10, 19);
    batch.push_back(op_of(2));
    EXPECT_TRUE(fails_with(ErrorCode::already_exists, store_->append(batch)));
    now_and_later([&] { EXPECT_EQ(numbers_in(*store_), numbers(1, 3)); });
    EXPECT_TRUE(ok(store_->append(ops_of(10, 19))));
    EXPECT_EQ(store_->count().value(), 13U);
}

TEST_P(EveryStore, ops_above_the_format_limits_are_refused_whole) {
    auto batch = ops_of(1, 2);
    batch.push_back(op_of(3, limits::body_bytes + 1));
    EXPECT_TRUE(fails_with(ErrorCode::op_body_too_large, store_->append(batch)));
    batch.back() = op_of(3);
    batch.back().payload = Bytes(limits::payload_bytes + 1);
    EXPECT_TRUE(fails_with(ErrorCode::op_payload_too_large, store_->append(batch)));
    EXPECT_EQ(store_->count().value(), 0U);
    ASSERT_TRUE(ok(store_->append(ops_of(1, 1))));
    EXPECT_TRUE(fails_with(ErrorCode::op_payload_too_large,
                           store_->add_payload(id_of(1), Bytes(limits::payload_bytes + 1))));
}

TEST_P(EveryStore, ids_that_share_their_first_bytes_are_told_apart) {
    std::vector<StoredOp> batch = ops_of(1, 40);
    for (StoredOp& op : batch) std::memset(op.id.bytes.data(), 0x55, 24);
    const std::vector<StoredOp> first(batch.begin(), batch.begin() + 20);
    ASSERT_TRUE(ok(store_->append(first)));
    now_and_later([&] {
        for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(store_->read(batch[i].id).value().body, batch[i].body);
        EXPECT_TRUE(fails_with(ErrorCode::store_not_found, store_->read(batch[20].id)));
    });
    EXPECT_TRUE(ok(store_->append(std::span(batch).subspan(20))));
    EXPECT_TRUE(fails_with(ErrorCode::already_exists, store_->append(std::span(batch).subspan(39))));
}

TEST_P(EveryStore, every_signature_is_kept_once_first_received_first) {
    StoredOp vouched = op_of(2);
    vouched.signatures.clear();
    ASSERT_TRUE(ok(store_->append(std::vector{op_of(1), vouched, op_of(3)})));
    for (const std::uint64_t n : {31, 32, 31, 3, 33}) {
        EXPECT_TRUE(ok(add_signature(*store_, id_of(3), signature_of(n))));
    }
    EXPECT_TRUE(ok(add_signature(*store_, id_of(2), signature_of(21))));
    EXPECT_TRUE(fails_with(ErrorCode::store_not_found, add_signature(*store_, id_of(9), signature_of(1))));
    now_and_later([&] {
        const std::vector<std::vector<Signature>> expected = {
            {signature_of(1)},
            {signature_of(21)},
            {signature_of(3), signature_of(31), signature_of(32), signature_of(33)}};
        std::vector<std::vector<Signature>> seen;
        ASSERT_TRUE(ok(store_->for_each(false, [&](StoredOp&& op) -> Result<void> {
            seen.push_back(op.signatures);
            return {};
        })));
        EXPECT_EQ(seen, expected);
        for (std::uint64_t n = 1; n <= 3; ++n) {
            EXPECT_EQ(store_->read(id_of(n)).value().signatures, expected[n - 1]);
        }
    });
}

TEST_P(EveryStore, a_payload_can_come_later_go_and_come_again) {
    const Bytes payload(300, 0x42);
    const Bytes other(10, 0x43);
    ASSERT_TRUE(ok(store_->append(ops_of(1, 3))));
    EXPECT_TRUE(fails_with(ErrorCode::store_not_found, store_->add_payload(id_of(9), payload)));
    EXPECT_TRUE(fails_with(ErrorCode::store_not_found, store_->erase_payload(id_of(9))));
    ASSERT_TRUE(ok(store_->add_payload(id_of(2), payload)));
    ASSERT_TRUE(ok(store_->add_payload(id_of(2), other)));
    now_and_later([&] { EXPECT_EQ(store_->read(id_of(2)).value().payload, payload); });
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(ok(store_->erase_payload(id_of(2))));
    now_and_later([&] {
        const auto op = store_->read(id_of(2)).value();
        EXPECT_FALSE(op.payload);
        EXPECT_TRUE(op.payload_erased);
        EXPECT_EQ(op.body, op_of(2).body);
        EXPECT_EQ(numbers_in(*store_), numbers(1, 3));
    });
    ASSERT_TRUE(ok(store_->add_payload(id_of(2), other)));
    now_and_later([&] {
        EXPECT_EQ(store_->read(id_of(2)).value().payload, other);
        EXPECT_FALSE(store_->read(id_of(2)).value().payload_erased);
    });
}

TEST_P(EveryStore, a_pass_brings_payloads_and_erasures_only_where_they_are) {
    auto batch = ops_of(1, 9);
    for (const std::size_t i : {0U, 3U, 4U, 8U})
        batch[i].payload = Bytes(i + 1, static_cast<std::uint8_t>(i));
    ASSERT_TRUE(ok(store_->append(batch)));
    ASSERT_TRUE(ok(store_->erase_payload(id_of(4))));
    ASSERT_TRUE(ok(store_->erase_payload(id_of(7))));
    batch[3].payload.reset();
    now_and_later([&] {
        for (const bool payloads : {false, true}) {
            std::size_t i = 0;
            ASSERT_TRUE(ok(store_->for_each(payloads, [&](StoredOp&& op) -> Result<void> {
                EXPECT_EQ(op.payload, payloads ? batch[i].payload : std::nullopt) << i;
                EXPECT_EQ(op.payload_erased, i == 3 || i == 6) << i;
                ++i;
                return {};
            })));
            EXPECT_EQ(i, batch.size());
        }
    });
}

TEST_P(EveryStore, a_pass_stops_at_the_visitors_error_and_returns_it) {
    ASSERT_TRUE(ok(store_->append(ops_of(1, 9))));
    now_and_later([&] {
        int seen = 0;
        const auto done = store_->for_each(false, [&](StoredOp&&) -> Result<void> {
            if (++seen == 4) return fail(ErrorCode::interrupted, "enough");
            return {};
        });
        EXPECT_TRUE(fails_with(ErrorCode::interrupted, done));
        EXPECT_EQ(seen, 4);
        EXPECT_EQ(numbers_in(*store_), numbers(1, 9));
    });
}

TEST_P(EveryStore, a_visitor_may_use_the_store_and_does_not_meet_what_it_appends) {
    ASSERT_TRUE(ok(store_->append(ops_of(1, 9))));
    now_and_later([&] {
        const std::uint64_t before = store_->count().value();
        std::uint64_t seen = 0;
        ASSERT_TRUE(ok(store_->for_each(true, [&](StoredOp&& op) -> Result<void> {
            EXPECT_TRUE(ok(store_->read(op.id)));
            EXPECT_TRUE(ok(store_->append(ops_of(1000 + before + seen, 1000 + before + seen))));
            ++seen;
            return {};
        })));
        EXPECT_EQ(seen, before);
        EXPECT_EQ(store_->count().value(), 2 * before);
    });
}

TEST_P(EveryStore, what_is_remembered_of_a_peer_is_replaced_and_bounded) {
    const auto frontier = [](std::uint64_t peer, std::uint64_t first, std::size_t heads) {
        RememberedFrontier out{peer_of(peer), {}, instance_of(static_cast<std::uint8_t>(first))};
        for (std::size_t i = 0; i < heads; ++i) out.heads.push_back(id_of(first + i));
        return out;
    };
    std::vector<RememberedFrontier> many;
    for (std::uint64_t i = 0; i < 7; ++i) many.push_back(frontier(1, 10 * i, 2));
    ASSERT_TRUE(ok(store_->remember(peer_of(1), many)));
    ASSERT_TRUE(ok(store_->remember(peer_of(2), std::vector{frontier(2, 5, 200), frontier(2, 6, 0)})));
    many.resize(limits::remembered_frontiers_per_peer);
    const auto by_peer = [&](std::uint64_t peer) {
        std::vector<RememberedFrontier> out;
        const auto all = store_->remembered().value();
        for (const auto& one : all) {
            if (one.peer == peer_of(peer)) out.push_back(one);
        }
        return out;
    };
    now_and_later([&] {
        EXPECT_EQ(by_peer(1), many);
        EXPECT_EQ(by_peer(2), (std::vector{frontier(2, 5, limits::frontier_ids), frontier(2, 6, 0)}));
    });
    ASSERT_TRUE(ok(store_->remember(peer_of(1), std::vector{frontier(1, 99, 1)})));
    ASSERT_TRUE(ok(store_->remember(peer_of(2), {})));
    now_and_later([&] { EXPECT_EQ(store_->remembered().value(), std::vector{frontier(1, 99, 1)}); });
}

TEST_P(EveryStore, a_check_counts_and_finds_nothing) {
    auto batch = ops_of(1, 500);
    for (std::size_t i = 0; i < 100; ++i) batch[i].payload = Bytes(i, 1);
    ASSERT_TRUE(ok(store_->append(batch)));
    ASSERT_TRUE(ok(add_signature(*store_, id_of(4), signature_of(1000))));
    ASSERT_TRUE(ok(store_->erase_payload(id_of(7))));
    now_and_later([&] {
        for (const CheckDepth depth : {CheckDepth::quick, CheckDepth::full}) {
            const auto found = store_->check(depth).value();
            EXPECT_EQ(found.ops, 500U);
            EXPECT_EQ(found.payloads, 99U);
            EXPECT_EQ(found.faults, std::vector<std::string>{});
        }
    });
}

TEST_P(EveryStore, a_backup_is_a_store_with_the_same_content) {
    auto batch = ops_of(1, 2500);
    for (std::size_t i = 0; i < 100; ++i) batch[i].payload = Bytes(i, 1);
    ASSERT_TRUE(ok(store_->append(batch)));
    ASSERT_TRUE(ok(add_signature(*store_, id_of(4), signature_of(1000))));
    ASSERT_TRUE(ok(store_->erase_payload(id_of(7))));
    ASSERT_TRUE(ok(store_->remember(peer_of(1), std::vector{RememberedFrontier{peer_of(1), {id_of(3)}}})));
    ASSERT_TRUE(ok(store_->backup(folder_ / "copy.db")));
    EXPECT_TRUE(fails_with(ErrorCode::already_exists, store_->backup(folder_ / "copy.db")));
    EXPECT_FALSE(ok(store_->backup(folder_ / "no such folder/copy.db")));
    // The original goes on, the copy does not follow.
    ASSERT_TRUE(ok(store_->append(ops_of(3000, 3000))));

    const auto copy = open_or_fail(folder_ / "copy.db");
    ASSERT_NE(copy, nullptr);
    EXPECT_EQ(copy->instance(), store_->instance());
    EXPECT_EQ(numbers_in(*copy), numbers(1, 2500));
    EXPECT_EQ(copy->read(id_of(4)).value().signatures.size(), 2U);
    EXPECT_TRUE(copy->read(id_of(7)).value().payload_erased);
    EXPECT_EQ(copy->read(id_of(9)).value().payload, Bytes(8, 1));
    EXPECT_EQ(copy->remembered().value(), store_->remembered().value());
    EXPECT_TRUE(copy->check(CheckDepth::full).value().sound());
    ASSERT_TRUE(ok(copy->append(ops_of(4000, 4000))));
}

TEST_P(EveryStore, an_empty_batch_changes_nothing) {
    ASSERT_TRUE(ok(store_->append({})));
    EXPECT_EQ(store_->count().value(), 0U);
}

}  // namespace
}  // namespace folkmoot::test
