#include "sync/keys.hpp"

namespace folkmoot::sync {
namespace {

Hash32 hash_ids(const Hash32& binding, std::string_view domain, std::span<const OpId> ids) {
    Bytes input;
    input.reserve(ids.size() * OpId::size);
    for (const auto& id : ids) append(input, id.view());
    Hash32 out;
    crypto::blake2b_keyed(binding.view(), {as_bytes(domain), input}, out.bytes);
    return out;
}

}  // namespace

Digest offer_digest(const Hash32& binding, std::span<const OpId> heads) {
    return *Digest::from(hash_ids(binding, "folkmoot/1/offer\n", heads).view().first(Digest::size));
}

crypto::SipKey label_salt(const Hash32& binding) {
    crypto::SipKey key;
    crypto::blake2b_keyed(binding.view(), {as_bytes("folkmoot/1/label\n")}, key.bytes);
    return key;
}

crypto::SipKey round_salt(const Hash32& binding, bool from_initiator, std::uint32_t round) {
    const std::array<std::uint8_t, 5> which{
        static_cast<std::uint8_t>(from_initiator ? 1 : 0), static_cast<std::uint8_t>(round >> 24U),
        static_cast<std::uint8_t>(round >> 16U), static_cast<std::uint8_t>(round >> 8U),
        static_cast<std::uint8_t>(round)};
    crypto::SipKey key;
    crypto::blake2b_keyed(binding.view(), {as_bytes("folkmoot/1/salt\n"), which}, key.bytes);
    return key;
}

std::uint16_t frontier_fingerprint(const Hash32& binding, std::span<const OpId> heads) {
    const Hash32 hash = hash_ids(binding, "folkmoot/1/since\n", heads);
    return static_cast<std::uint16_t>(hash.bytes[0] << 8U | hash.bytes[1]);
}

}  // namespace folkmoot::sync

namespace folkmoot {

GroupTag group_tag(const GroupId& group, const Hash32& binding) {
    Hash32 out;
    crypto::blake2b_keyed(binding.view(), {as_bytes("folkmoot/1/group\n"), group.view()}, out.bytes);
    return *GroupTag::from(out.view().first(GroupTag::size));
}

}  // namespace folkmoot
