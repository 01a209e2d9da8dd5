// The Bloom filter of a summary: nothing inserted is ever missed, whatever the salt, the size and the ids;
// the size is what the format says; and a summary from the wire is refused or can be read (Y3).
#include "base/assert.hpp"
#include "fuzz/support/script.hpp"
#include "sync/bloom.hpp"
#include "sync/messages.hpp"

namespace {

using namespace folkmoot;
using fuzz::Script;

OpId some_id(Script& script) {
    OpId id;
    const Bytes bytes = script.bytes(1U + script.below(OpId::size));
    std::ranges::copy(bytes, id.bytes.begin());
    return id;
}

crypto::SipKey some_salt(Script& script) {
    crypto::SipKey salt{};
    for (auto& byte : salt.bytes) byte = script.byte();
    return salt;
}

void check_honest(Script& script) {
    const auto salt = some_salt(script);
    // Seldom a large one: to clear its bits takes longer than all the rest.
    const std::size_t ops = script.below(32) == 0 ? std::size_t{script.word()} * 4 : script.byte();
    sync::BloomFilter filter(salt, ops);
    const std::size_t bytes = filter.bits().size();
    FOLKMOOT_ASSERT(bytes >= 8 && bytes <= limits::bloom_bytes);
    FOLKMOOT_ASSERT(ops > sync::BloomFilter::capacity ||
                    bytes == std::max<std::size_t>(8, ops * limits::bloom_bits_per_op / 8));
    std::vector<OpId> inserted;
    while (!script.empty()) {
        const OpId id = some_id(script);
        const bool before = filter.may_contain(id);
        filter.insert(id);
        inserted.push_back(id);
        // A second filter over what came over the wire gives the same answers.
        if (!before) FOLKMOOT_ASSERT(filter.may_contain(id));
    }
    const sync::BloomFilter received(salt, filter.bits());
    for (const OpId& id : inserted) FOLKMOOT_ASSERT(received.may_contain(id));
    FOLKMOOT_ASSERT(std::ranges::equal(received.bits(), filter.bits()));
}

// A `have` with these bits: refused, or read with every probe inside.
void check_received(Script& script) {
    sync::Have have;
    have.summary.kind = sync::Summary::Kind::bloom;
    const std::size_t size = script.word() / (script.below(32) == 0 ? 1U : 256U) * 4U;
    have.summary.bits = Bytes(size, script.byte());
    const auto salt = some_salt(script);
    const auto decoded = sync::decode_message(sync::encode_message(have));
    FOLKMOOT_ASSERT(decoded.has_value() == (size >= 1 && size <= limits::bloom_bytes));
    if (!decoded) return;
    const sync::BloomFilter filter(salt, std::get<sync::Have>(*decoded).summary.bits);
    while (!script.empty()) (void)filter.may_contain(some_id(script));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Script script(data, size);
    if (script.below(4) == 0) {
        check_received(script);
    } else {
        check_honest(script);
    }
    return 0;
}
