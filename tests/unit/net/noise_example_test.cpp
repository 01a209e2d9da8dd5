// The worked example of protocol-spec/channel.md is what the code does.
#include <fstream>
#include <iterator>

#include "noise_fixture.hpp"
#include "source_dir.hpp"

namespace folkmoot::net {
namespace {

using namespace test;

/// "name", then the hexadecimal in lines of 32 bytes.
void line(std::string& out, std::string name, ByteView value) {
    name.resize(28, ' ');
    for (std::size_t at = 0; at < value.size(); at += 32) {
        out += (at == 0 ? name : std::string(28, ' ')) +
               to_hex(value.subspan(at, std::min<std::size_t>(32, value.size() - at))) + "\n";
    }
}

std::string worked_example() {
    std::string out;
    const Ends ends;
    const auto section = [&](const std::string& name, std::uint8_t seed, const DeviceKey& key,
                             std::uint8_t e) {
        line(out, name + " identity seed", filled(seed));
        line(out, name + " identity", key.view());
        line(out, name + " ephemeral secret", filled(e));
        line(out, name + " static secret", filled(static_cast<std::uint8_t>(e + 1)));
        out += "\n";
    };
    section("dialer", 1, ends.dialer_key(), 11);
    section("listener", 2, ends.listener_key(), 21);
    line(out, "prologue", channel_prologue());

    // The same handshake once more, by hand, for what stands between the lines.
    Handshake dialer(Role::initiator, channel_prologue(), secret_of(11), secret_of(12));
    Handshake listener(Role::responder, channel_prologue(), secret_of(21), secret_of(22));
    const std::array<Bytes, 3> messages = Ends::messages();
    const auto pass = [&](Handshake& from, Handshake& to, Signer* signer, Role role, const std::string& name,
                          std::size_t index) {
        Bytes written;
        EXPECT_TRUE(from.write_keys(written));
        Bytes payload;
        if (signer != nullptr) {
            const Bytes input = identity_signing_input(role, from.hash(), from.local_static());
            line(out, name + " transcript", from.hash().view());
            line(out, name + " is signed", input);
            payload = proof_bytes(signer->key(), *signer, input);
            line(out, name + " payload", payload);
        }
        EXPECT_TRUE(from.write_payload(payload, written));
        EXPECT_EQ(framed(written), messages[index]);
        line(out, name, messages[index]);
        out += "\n";
        ByteView rest(written);
        EXPECT_TRUE(to.read_keys(rest));
        payload.clear();
        EXPECT_TRUE(to.read_payload(rest, payload));
    };
    pass(dialer, listener, nullptr, Role::initiator, "message 1", 0);
    pass(listener, dialer, ends.listener_signer.get(), Role::responder, "message 2", 1);
    pass(dialer, listener, ends.dialer_signer.get(), Role::initiator, "message 3", 2);

    ends.run();
    EXPECT_EQ(ends.dialer->binding(), dialer.hash());
    line(out, "binding", ends.dialer->binding().view());
    EXPECT_TRUE(ends.dialer->send(as_bytes("hello")));
    line(out, "dialer says \"hello\"", ends.dialer->poll_output());
    EXPECT_TRUE(ends.listener->send({}));
    line(out, "listener says \"\"", ends.listener->poll_output());
    ends.dialer->close();
    line(out, "dialer closes", ends.dialer->poll_output());
    return out;
}

TEST(NoiseExample, C1_to_C11_the_worked_example_of_the_specification_holds) {
    std::ifstream in(std::string(FOLKMOOT_SOURCE_DIR) + "/protocol-spec/channel.md");
    const std::string page{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    const std::string begin = "```example\n";
    const auto from = page.find(begin);
    ASSERT_NE(from, std::string::npos);
    const auto to = page.find("```", from + begin.size());
    EXPECT_EQ(page.substr(from + begin.size(), to - from - begin.size()), worked_example());
}

}  // namespace
}  // namespace folkmoot::net
