// Ids, payload hashes and signatures (O2, O3). Every hash and signature has a domain of its own, so bytes
// made for one use mean nothing in another.
#include "crypto/hash.hpp"
#include "folkmoot/operation.hpp"

namespace folkmoot {
namespace {

constexpr std::string_view id_domain = "folkmoot/1/op\n";
constexpr std::string_view payload_domain = "folkmoot/1/payload\n";
constexpr std::string_view signature_domain = "folkmoot/1/signature\n";

}  // namespace

OpId op_id(ByteView body) { return OpId{crypto::blake2b_256({as_bytes(id_domain), body}).bytes}; }

Hash32 payload_hash(ByteView payload) { return crypto::blake2b_256({as_bytes(payload_domain), payload}); }

Result<void> check_payload(const Post& post, ByteView payload) {
    if (payload.size() != post.length || payload_hash(payload) != post.payload_hash) {
        return fail(ErrorCode::op_payload_mismatch, "the payload is not the one the post names");
    }
    return {};
}

Bytes signing_input(const OpId& id) {
    Bytes out;
    out.reserve(signature_domain.size() + OpId::size);
    append(out, as_bytes(signature_domain));
    append(out, id.view());
    return out;
}

Result<Signature> sign_op(Signer& signer, const OpId& id) { return signer.sign(signing_input(id)); }

bool verify_op(const Verifier& verifier, const DeviceKey& author, const OpId& id,
               const Signature& signature) {
    return verifier.verify(author, signing_input(id), signature);
}

SignatureCheck signature_check(const DeviceKey& author, const OpId& id, const Signature& signature) {
    return {author, signing_input(id), signature};
}

}  // namespace folkmoot
