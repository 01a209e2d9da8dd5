// O9: equivocation evidence convinces from its bytes alone, and never against who did not fork.
#include "folkmoot/evidence.hpp"

#include <gtest/gtest.h>

#include "crypto/hash.hpp"
#include "encoding/cbor.hpp"

namespace folkmoot {
namespace {

class Author {
   public:
    explicit Author(std::string_view name) {
        EXPECT_TRUE(start_crypto());
        const auto seed = crypto::blake2b_256({as_bytes(name)});
        signer_ = std::move(*make_signer(seed.view()));
    }
    EncodedOp post(std::string_view text, std::optional<OpId> prev, bool sign = true) {
        Operation op;
        op.group = group;
        op.author = signer_->key();
        op.prev = prev;
        if (!prev) op.parents = {create_of(group)};
        op.as = create_of(group);
        op.act = Post{static_cast<std::uint32_t>(text.size()), payload_hash(as_bytes(text))};
        return encode(op, sign);
    }
    EncodedOp encode(const Operation& op, bool sign) {
        EncodedOp out;
        out.body = *encode_body(op);
        out.id = op_id(out.body);
        if (sign) out.signature = *sign_op(*signer_, out.id);
        return out;
    }
    DeviceKey key() const { return signer_->key(); }
    GroupId group{};

   private:
    std::unique_ptr<Signer> signer_;
};

ErrorCode refusal(const EvidenceRun& a, const EvidenceRun& b) {
    const auto proof = verify_evidence(ed25519_verifier(), encode_evidence(a, b));
    EXPECT_FALSE(proof.has_value());
    return proof ? ErrorCode{} : proof.error().code;
}

TEST(Evidence, O9_two_ops_on_one_prev_are_proof_against_their_author) {
    Author mallory("mallory");
    const auto root = mallory.post("root", std::nullopt);
    const auto left = mallory.post("left", root.id);
    const auto right = mallory.post("right", root.id);
    const auto bytes = encode_evidence({left}, {right});
    EXPECT_EQ(bytes, encode_evidence({right}, {left})) << "equal evidence has equal bytes";
    const auto proof = verify_evidence(ed25519_verifier(), bytes);
    ASSERT_TRUE(proof) << proof.error().text;
    EXPECT_EQ(proof->author, mallory.key());
    EXPECT_EQ(proof->prev, root.id);
    EXPECT_LT(proof->first, proof->second);
    EXPECT_EQ(proof->first_kind, Kind::post);
    EXPECT_EQ(proof->second_kind, Kind::post);
}

TEST(Evidence, O9_two_ops_without_prev_are_proof_too) {
    Author mallory("mallory");
    EXPECT_TRUE(verify_evidence(ed25519_verifier(), encode_evidence({mallory.post("one", std::nullopt)},
                                                                    {mallory.post("two", std::nullopt)})));
}

TEST(Evidence, O9_a_create_and_a_first_op_that_does_not_follow_it_are_proof) {
    Author mallory("mallory");
    Operation create;
    create.author = mallory.key();
    create.act = Create{"group", {mallory.key()}, Rules{}};
    const auto root = mallory.encode(create, true);
    mallory.group = group_of(root.id);
    EXPECT_TRUE(
        verify_evidence(ed25519_verifier(), encode_evidence({root}, {mallory.post("again", std::nullopt)})));
}

TEST(Evidence, O5_an_unsigned_op_is_proven_by_the_run_up_to_a_signature) {
    Author mallory("mallory");
    const auto root = mallory.post("root", std::nullopt);
    const auto left = mallory.post("left", root.id, false);
    const auto more = mallory.post("more", left.id, false);
    const auto last = mallory.post("last", more.id);
    const auto right = mallory.post("right", root.id);
    EXPECT_TRUE(verify_evidence(ed25519_verifier(), encode_evidence({left, more, last}, {right})));
    EXPECT_EQ(refusal({left, more}, {right}), ErrorCode::not_evidence);
    EXPECT_EQ(refusal({left, last}, {right}), ErrorCode::not_evidence) << "a gap in the run";
}

TEST(Evidence, O9_nothing_can_be_made_against_an_author_who_did_not_fork) {
    Author alice("alice");
    Author mallory("mallory");
    const auto one = alice.post("one", std::nullopt);
    const auto two = alice.post("two", one.id);
    EXPECT_EQ(refusal({one}, {two}), ErrorCode::not_evidence) << "one follows the other";
    EXPECT_EQ(refusal({one}, {one}), ErrorCode::not_evidence) << "the same op twice";
    EXPECT_EQ(refusal({one}, {mallory.post("one", std::nullopt)}), ErrorCode::not_evidence) << "two authors";
    auto forged = alice.post("forged", one.id);
    forged.signature = two.signature;
    EXPECT_EQ(refusal({two}, {forged}), ErrorCode::op_bad_signature);
}

TEST(Evidence, O4_ops_of_two_groups_do_not_contradict_each_other) {
    Author alice("alice");
    const auto here = alice.post("here", std::nullopt);
    alice.group.bytes[0] = 1;
    EXPECT_EQ(refusal({here}, {alice.post("there", std::nullopt)}), ErrorCode::not_evidence);
}

TEST(Evidence, O9_every_changed_byte_is_refused_or_proves_the_same) {
    Author mallory("mallory");
    const auto root = mallory.post("root", std::nullopt);
    const auto bytes = encode_evidence({mallory.post("left", root.id)}, {mallory.post("right", root.id)});
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        auto changed = bytes;
        changed[i] ^= 1U;
        EXPECT_FALSE(verify_evidence(ed25519_verifier(), changed)) << "byte " << i;
        EXPECT_FALSE(verify_evidence(ed25519_verifier(), ByteView(bytes).first(i))) << "cut at " << i;
    }
}

TEST(Evidence, O7_what_is_larger_than_any_evidence_is_refused_and_the_largest_fits) {
    const Bytes large(limits::evidence_bytes + 1, 0x83);
    const auto refused = verify_evidence(ed25519_verifier(), large);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::not_evidence);
    EvidenceRun run(limits::signed_every, EncodedOp{{}, Bytes(limits::body_bytes, 1), Signature{}, {}, 0});
    EXPECT_LE(encode_evidence(run, run).size(), limits::evidence_bytes);
}

}  // namespace
}  // namespace folkmoot
