// O3: payloads that come after their posts. Nobody can be made to say what they erased, so a post without its
// payload is no fault; and whoever relays posts without what they say must not have silenced their authors.
#include "folkmoot/replica.hpp"
#include "replica/link.hpp"

namespace folkmoot {
namespace {

// Then nobody here has it: it was erased, or expired.
constexpr unsigned most_asked = 3;

}  // namespace

// Of a payload that was erased here on purpose the store says so.
bool Replica::lacks_payload(OpIndex op) const {
    if (unpersisted(op) != nullptr) return blank_.contains(op);
    const auto stored = store_.read(graph_.id(op));
    return stored && !stored->payload && !stored->payload_erased;
}

// The post is held already; what came has the payload that it names. Costs a read of the store for each that
// comes again, which the session counts as useless.
void Replica::note_payload(OpIndex op, const DecodedOp& came) {
    if (!came.bytes().payload || !lacks_payload(op)) return;
    blank_.erase(op);
    open_batch().payloads.emplace_back(graph_.id(op), *came.bytes().payload);
}

std::vector<OpId> Replica::lacking_payloads(const DeviceKey& peer) {
    std::vector<OpId> out;
    for (auto at = blank_.rbegin(); at != blank_.rend() && out.size() < limits::need_ids; ++at) {
        if (at->second.from == peer) continue;
        ++at->second.asked;
        out.push_back(graph_.id(at->first));
    }
    std::erase_if(blank_, [](const auto& entry) { return entry.second.asked >= most_asked; });
    return out;
}

}  // namespace folkmoot
