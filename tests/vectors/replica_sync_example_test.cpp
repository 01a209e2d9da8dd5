// The worked session of protocol-spec/sync.md, byte by byte.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "folkmoot/replica.hpp"
#include "source_dir.hpp"

namespace folkmoot {
namespace {

// The lines of the page's example: a label and hexadecimal digits, continued on indented lines.
std::vector<std::pair<std::string, std::string>> example() {
    std::ifstream in(std::string(FOLKMOOT_SOURCE_DIR) + "/protocol-spec/sync.md");
    std::vector<std::pair<std::string, std::string>> out;
    bool inside = false;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("```")) {
            if (inside) break;
            inside = line == "```example";
            continue;
        }
        if (!inside || line.empty()) continue;
        const std::string hex = line.substr(line.find_last_of(' ') + 1);
        if (line[0] == ' ' && !out.empty()) {
            out.back().second += hex;
            continue;
        }
        const std::size_t end = line.find_last_not_of(' ', line.find_last_of(' '));
        out.emplace_back(line.substr(0, end + 1), hex);
    }
    return out;
}

std::unique_ptr<Signer> signer_of(std::uint8_t seed) {
    EXPECT_TRUE(start_crypto().has_value());
    return std::move(*make_signer(Bytes(32, seed)));
}

void drain(Replica& replica, Store& store) {
    while (auto batch = replica.poll_persist())
        replica.handle_persisted(batch->ticket, persist(store, *batch));
}

TEST(SyncExample, the_worked_session_is_what_the_code_says) {
    const auto alice_signer = signer_of(1);
    const auto bob_signer = signer_of(2);
    const auto alice_store = make_memory_store({});
    const auto bob_store = make_memory_store({});
    auto alice =
        std::move(*Replica::open({std::nullopt, 1}, *alice_store, alice_signer.get(), ed25519_verifier()));
    ASSERT_TRUE(
        alice->create_group(Create{"book club", {alice_signer->key()}, {}}, 1'700'000'000'000).has_value());
    drain(*alice, *alice_store);
    ASSERT_TRUE(alice->act(Add{bob_signer->key(), level::member}, 1'700'000'000'001).has_value());
    drain(*alice, *alice_store);
    ASSERT_TRUE(alice->post(as_bytes("hello"), 1'700'000'000'002).has_value());
    drain(*alice, *alice_store);
    auto bob =
        std::move(*Replica::open({alice->group_id(), 1}, *bob_store, bob_signer.get(), ed25519_verifier()));

    Hash32 binding;
    binding.bytes.fill(0x42);
    std::vector<std::pair<std::string, std::string>> seen;
    seen.emplace_back("group", to_hex(alice->group_id()->view()));
    seen.emplace_back("channel binding", to_hex(binding.view()));
    const auto a = alice->open_session({bob_signer->key(), binding, true}, 0);
    const auto b = bob->open_session({alice_signer->key(), binding, false}, 0);
    for (bool moved = true; moved;) {
        moved = false;
        std::vector<Bytes> to_bob;
        std::vector<Bytes> to_alice;
        while (auto message = alice->poll_message(a)) to_bob.push_back(*message);
        while (auto message = bob->poll_message(b)) to_alice.push_back(*message);
        for (const auto& message : to_bob) {
            seen.emplace_back("alice", to_hex(message));
            bob->handle_message(b, message, 0);
            moved = true;
        }
        for (const auto& message : to_alice) {
            seen.emplace_back("bob", to_hex(message));
            alice->handle_message(a, message, 0);
            moved = true;
        }
        drain(*alice, *alice_store);
        drain(*bob, *bob_store);
    }
    EXPECT_EQ(alice->session(a)->outcome(), Outcome::equal);
    EXPECT_EQ(bob->session(b)->outcome(), Outcome::equal);
    const auto written = example();
    if (written == seen) return;
    std::ostringstream want;
    for (const auto& [label, hex] : seen) {
        want << label << std::string(label.size() < 18 ? 18 - label.size() : 1, ' ');
        for (std::size_t at = 0; at < hex.size(); at += 64) {
            want << (at == 0 ? "" : std::string(18, ' ')) << hex.substr(at, 64) << "\n";
        }
    }
    FAIL() << "the example should read:\n" << want.str();
}

}  // namespace
}  // namespace folkmoot
