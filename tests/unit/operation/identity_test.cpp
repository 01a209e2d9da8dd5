#include <gtest/gtest.h>

#include "crypto/hash.hpp"
#include "folkmoot/operation.hpp"
#include "support/sample_operations.hpp"

namespace folkmoot {
namespace {

using namespace sample;

// Records what it was asked to sign and answers with a constant.
class RecordingSigner : public Signer {
   public:
    [[nodiscard]] DeviceKey key() const override { return sample::key(1); }
    [[nodiscard]] Result<Signature> sign(ByteView message) override {
        message_.assign(message.begin(), message.end());
        if (fails_) return fail(ErrorCode::signer_failed, "unplugged");
        return Signature{};
    }
    Bytes message_;
    bool fails_ = false;
};

class RecordingVerifier : public Verifier {
   public:
    [[nodiscard]] bool key_acceptable(const DeviceKey&) const override { return true; }
    [[nodiscard]] bool verify(const DeviceKey& key, ByteView message, const Signature&) const override {
        key_ = key;
        message_.assign(message.begin(), message.end());
        return answer_;
    }
    mutable DeviceKey key_;
    mutable Bytes message_;
    bool answer_ = true;
};

TEST(Identity, O2_the_id_is_the_hash_of_domain_and_body) {
    const Bytes body{1, 2, 3};
    EXPECT_EQ(op_id(body).bytes, crypto::blake2b_256({as_bytes("folkmoot/1/op\n\x01\x02\x03")}).bytes);
    EXPECT_NE(op_id(body), op_id(Bytes{1, 2}));
    EXPECT_NE(op_id({}).bytes, crypto::blake2b_256({}).bytes);
}

TEST(Identity, O2_domains_keep_the_uses_apart) {
    const Bytes data{1, 2, 3};
    EXPECT_NE(op_id(data).bytes, payload_hash(data).bytes);
    EXPECT_EQ(payload_hash(data), crypto::blake2b_256({as_bytes("folkmoot/1/payload\n"), data}));
}

TEST(Identity, O2_what_is_signed_is_the_domain_and_the_id) {
    const auto expected = "folkmoot/1/signature\n" + std::string(32, '\x05');
    EXPECT_EQ(signing_input(id(5)), Bytes(expected.begin(), expected.end()));

    RecordingSigner signer;
    EXPECT_TRUE(sign_op(signer, id(5)));
    EXPECT_EQ(signer.message_, signing_input(id(5)));

    RecordingVerifier verifier;
    EXPECT_TRUE(verify_op(verifier, key(2), id(5), Signature{}));
    EXPECT_EQ(verifier.message_, signing_input(id(5)));
    EXPECT_EQ(verifier.key_, key(2));
    verifier.answer_ = false;
    EXPECT_FALSE(verify_op(verifier, key(2), id(5), Signature{}));
}

TEST(Identity, E4_a_signer_that_fails_says_so) {
    RecordingSigner signer;
    signer.fails_ = true;
    const auto signature = sign_op(signer, id(5));
    ASSERT_FALSE(signature);
    EXPECT_EQ(signature.error().code, ErrorCode::signer_failed);
}

TEST(Identity, O3_a_payload_must_have_the_length_and_the_hash_of_its_post) {
    const auto named = post("hello");
    EXPECT_TRUE(check_payload(named, as_bytes("hello")));
    for (const std::string_view other : {"", "hell", "hellO", "hello "}) {
        const auto checked = check_payload(named, as_bytes(other));
        ASSERT_FALSE(checked) << other;
        EXPECT_EQ(checked.error().code, ErrorCode::op_payload_mismatch);
    }
    auto longer = named;
    longer.length = 6;
    EXPECT_FALSE(check_payload(longer, as_bytes("hello")));
    EXPECT_TRUE(check_payload(post(""), {}));
}

TEST(Identity, O2_every_item_of_the_body_enters_the_id) {
    const auto base = after_create(Add{key(2), 25});
    const auto id_of = [](const Operation& op) { return op_id(encode_body(op).value()); };
    std::vector<Operation> others(8, base);
    others[0].group = group_of(id(0x98));
    others[1].author = key(3);
    others[2].prev = id(0x78);
    others[3].parents = {id(1)};
    others[4].as = id(0xab);
    others[5].act = Link{key(2), 25};
    others[6].act = Add{key(2), 26};
    others[7].time_ms += 1;
    for (const auto& other : others) EXPECT_NE(id_of(other), id_of(base));
}

}  // namespace
}  // namespace folkmoot
