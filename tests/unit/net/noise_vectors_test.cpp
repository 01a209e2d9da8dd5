// The Noise core against published vectors (tests/vectors/noise) and against values from another library.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <regex>

#include "net/noise_records.hpp"
#include "noise_fixture.hpp"
#include "source_dir.hpp"

namespace folkmoot::net {
namespace {

struct Message {
    Bytes payload;
    Bytes ciphertext;
};
struct Vector {
    std::map<std::string, std::string> fields;
    std::vector<Message> messages;

    [[nodiscard]] Bytes bytes(const std::string& name) const { return from_hex(fields.at(name)).value(); }
    [[nodiscard]] crypto::X25519Secret secret(const std::string& name) const {
        crypto::X25519Secret out;
        const Bytes raw = bytes(name);
        std::copy(raw.begin(), raw.end(), out.writable().begin());
        return out;
    }
};

// The file is ours and regular: every value is a string, and "source" begins a vector.
std::vector<Vector> read_vectors() {
    std::ifstream in(std::string(FOLKMOOT_SOURCE_DIR) +
                     "/tests/vectors/noise/xx_25519_chachapoly_sha256.json");
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    const std::regex pair(R"re("(\w+)": "([^"]*)")re");
    std::vector<Vector> out;
    for (std::sregex_iterator it(text.begin(), text.end(), pair), end; it != end; ++it) {
        const std::string name = (*it)[1];
        if (name == "source") out.emplace_back();
        if (out.empty()) continue;
        if (name == "payload") {
            out.back().messages.push_back({.payload = from_hex((*it)[2].str()).value(), .ciphertext = {}});
        } else if (name == "ciphertext") {
            out.back().messages.back().ciphertext = from_hex((*it)[2].str()).value();
        } else {
            out.back().fields[name] = (*it)[2];
        }
    }
    return out;
}

void check(const Vector& vector) {
    Handshake initiator(Role::initiator, vector.bytes("init_prologue"), vector.secret("init_ephemeral"),
                        vector.secret("init_static"));
    Handshake responder(Role::responder, vector.bytes("resp_prologue"), vector.secret("resp_ephemeral"),
                        vector.secret("resp_static"));
    for (std::size_t i = 0; i < Handshake::messages; ++i) {
        Handshake& from = i % 2 == 0 ? initiator : responder;
        Handshake& to = i % 2 == 0 ? responder : initiator;
        Bytes written;
        ASSERT_TRUE(from.write_keys(written));
        ASSERT_TRUE(from.write_payload(vector.messages[i].payload, written));
        EXPECT_EQ(to_hex(written), to_hex(vector.messages[i].ciphertext)) << "message " << i;
        ByteView rest(written);
        Bytes payload;
        ASSERT_TRUE(to.read_keys(rest));
        ASSERT_TRUE(to.read_payload(rest, payload));
        EXPECT_EQ(payload, vector.messages[i].payload);
    }
    ASSERT_TRUE(initiator.finished());
    ASSERT_TRUE(responder.finished());
    EXPECT_EQ(initiator.hash(), responder.hash());
    EXPECT_EQ(initiator.remote_static(), responder.local_static());
    EXPECT_EQ(responder.remote_static(), initiator.local_static());
    if (vector.fields.contains("handshake_hash")) {
        EXPECT_EQ(to_hex(initiator.hash().view()), vector.fields.at("handshake_hash"));
    }
    auto [initiator_sends, initiator_receives] = initiator.split();
    auto [responder_sends, responder_receives] = responder.split();
    for (std::size_t i = Handshake::messages; i < vector.messages.size(); ++i) {
        CipherState& from = i % 2 == 0 ? initiator_sends : responder_sends;
        CipherState& to = i % 2 == 0 ? responder_receives : initiator_receives;
        Bytes written;
        ASSERT_TRUE(from.encrypt_with_ad({}, vector.messages[i].payload, written));
        EXPECT_EQ(to_hex(written), to_hex(vector.messages[i].ciphertext)) << "message " << i;
        Bytes payload;
        ASSERT_TRUE(to.decrypt_with_ad({}, written, payload));
        EXPECT_EQ(payload, vector.messages[i].payload);
    }
}

TEST(NoiseVectors, C1_the_handshake_and_transport_agree_with_cacophony_and_snow) {
    ASSERT_TRUE(start_crypto());
    const auto vectors = read_vectors();
    ASSERT_EQ(vectors.size(), 2U);
    for (const Vector& vector : vectors) {
        SCOPED_TRACE(vector.fields.at("source"));
        ASSERT_GT(vector.messages.size(), Handshake::messages);
        check(vector);
    }
}

CipherState counting_key() {
    crypto::AeadKey key;
    for (std::size_t i = 0; i < 32; ++i) key.writable()[i] = static_cast<std::uint8_t>(i);
    return CipherState(std::move(key));
}

// Expected values from OpenSSL, through Python's cryptography.
TEST(NoiseVectors, C9_rekey_is_the_function_of_the_noise_specification) {
    ASSERT_TRUE(start_crypto());
    CipherState cipher = counting_key();
    Bytes ignored;
    for (int i = 0; i < 7; ++i) ASSERT_TRUE(cipher.encrypt_with_ad({}, {}, ignored));
    Bytes sealed;
    ASSERT_TRUE(cipher.encrypt_with_ad(as_bytes("ad"), as_bytes("folkmoot"), sealed));
    EXPECT_EQ(to_hex(sealed), "9760e8234f8715fdb86ce4b6d239900d2ab97419f61ded0b");

    cipher.rekey();
    EXPECT_EQ(cipher.nonce(), 8U) << "the counter goes on";
    crypto::AeadKey expected;
    const Bytes raw = from_hex("50835543a205b22c9323f2022bc4f67d838f90e61d5ccf33c4513e01f85b5042").value();
    std::copy(raw.begin(), raw.end(), expected.writable().begin());
    Bytes with_expected;
    crypto::aead_seal(expected, 8, {}, as_bytes("next"), with_expected);
    Bytes with_rekeyed;
    ASSERT_TRUE(cipher.encrypt_with_ad({}, as_bytes("next"), with_rekeyed));
    EXPECT_EQ(with_rekeyed, with_expected);
}

TEST(NoiseVectors, C10_a_destroyed_cipher_does_nothing) {
    CipherState cipher = counting_key();
    cipher.destroy();
    Bytes out;
    EXPECT_FALSE(cipher.encrypt_with_ad({}, as_bytes("x"), out));
    EXPECT_FALSE(cipher.decrypt_with_ad({}, Bytes(17), out));
    EXPECT_TRUE(out.empty());
}

TEST(NoiseVectors, C2_another_prologue_does_not_meet) {
    ASSERT_TRUE(start_crypto());
    Handshake initiator(Role::initiator, as_bytes("folkmoot/1"), test::secret_of(1), test::secret_of(2));
    Handshake responder(Role::responder, as_bytes("folkmoot/2"), test::secret_of(3), test::secret_of(4));
    Bytes message;
    Bytes payload;
    ASSERT_TRUE(initiator.write_keys(message));
    ASSERT_TRUE(initiator.write_payload({}, message));
    ByteView rest(message);
    ASSERT_TRUE(responder.read_keys(rest));
    ASSERT_TRUE(responder.read_payload(rest, payload));
    message.clear();
    ASSERT_TRUE(responder.write_keys(message));
    ASSERT_TRUE(responder.write_payload({}, message));
    rest = message;
    EXPECT_FALSE(initiator.read_keys(rest));
}

}  // namespace
}  // namespace folkmoot::net
