// The example of README.md: two devices, one group, reconciled without any network.
#include <cstdio>
#include <folkmoot/replica.hpp>

using namespace folkmoot;

// Records first, then messages: what a message rests on is on the disk before it leaves.
static void persist_all(Replica& replica, Store& store) {
    while (auto batch = replica.poll_persist())
        replica.handle_persisted(batch->ticket, persist(store, *batch));
}

int main() {
    if (!start_crypto()) return 1;
    // An app draws seeds, instances and bindings at random and keeps the seeds secret.
    const auto alice = make_signer(Bytes(32, 1)).value();
    const auto bob = make_signer(Bytes(32, 2)).value();
    const auto alice_store = make_memory_store({});
    const auto bob_store = make_memory_store({});

    auto at_alice = Replica::open({}, *alice_store, alice.get(), ed25519_verifier()).value();
    const OpId create = at_alice->create_group({"book club", {alice->key()}, {}}, 0).value();
    persist_all(*at_alice, *alice_store);
    if (!at_alice->act(Add{bob->key(), level::member}, 0)) return 1;
    persist_all(*at_alice, *alice_store);

    auto at_bob = Replica::open({group_of(create)}, *bob_store, bob.get(), ed25519_verifier()).value();
    const Hash32 binding{};  // 32 bytes of your secure channel's binding
    const SessionId a = at_alice->open_session({bob->key(), binding, true}, 0);
    const SessionId b = at_bob->open_session({alice->key(), binding, false}, 0);
    for (bool moved = true; moved;) {
        moved = false;
        while (auto message = at_alice->poll_message(a)) at_bob->handle_message(b, *message, 0), moved = true;
        persist_all(*at_bob, *bob_store);
        while (auto message = at_bob->poll_message(b)) at_alice->handle_message(a, *message, 0), moved = true;
        persist_all(*at_alice, *alice_store);
    }
    const bool equal =
        at_alice->access().now().membership_digest() == at_bob->access().now().membership_digest();
    std::printf("%zu members, digests %s\n", at_bob->access().now().members().size(),
                equal ? "equal" : "differ");
    return equal && at_bob->session(b)->outcome() == Outcome::equal ? 0 : 1;
}
