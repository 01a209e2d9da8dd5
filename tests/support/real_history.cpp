#include "support/real_history.hpp"

#include <algorithm>
#include <stdexcept>

#include "model/random_history.hpp"

namespace folkmoot::model {
namespace {

Act act_of(const Op& op, const std::vector<OpId>& cut) {
    const DeviceKey subject = op.subject == nobody ? DeviceKey{} : real_key(op.subject);
    const auto level = static_cast<Level>(op.level);
    const auto named = op.cut ? std::optional(cut) : std::nullopt;
    switch (op.kind) {
        case Kind::create: {
            Create create{"group", {}, op.rules};
            for (const int founder : op.founders) create.founders.push_back(real_key(founder));
            return create;
        }
        case Kind::add: return Add{subject, level};
        case Kind::link: return Link{subject, level};
        case Kind::set_level: return SetLevel{subject, level};
        case Kind::remove: return Remove{subject, named};
        case Kind::ban: return Ban{subject, named};
        case Kind::unban: return Unban{subject};
        case Kind::leave: return Leave{};
        case Kind::post: break;
    }
    return Post{};
}

}  // namespace

DeviceKey real_key(int device) {
    // Hashed, so that the order of keys is not that of the numbers.
    Rng rng(0x6b657900ULL + static_cast<std::uint64_t>(device));
    DeviceKey key;
    for (auto& byte : key.bytes) byte = static_cast<std::uint8_t>(rng.next());
    return key;
}

std::vector<RealOp> real_ops(History& history, std::uint64_t salt) {
    OpId nowhere;
    nowhere.bytes.fill(0xee);
    std::vector<RealOp> out;
    const auto id_of = [&](int ref) { return ref == unknown ? nowhere : out.at(ref).id; };
    for (std::size_t i = 0; i < history.size(); ++i) {
        Op& from = history[i];
        Operation op;
        op.author = real_key(from.author);
        if (from.kind != Kind::create) op.group = group_of(out.at(0).id);
        if (from.prev) op.prev = id_of(*from.prev);
        for (const int parent : from.parents) op.parents.push_back(id_of(parent));
        std::ranges::sort(op.parents);
        if (from.as) op.as = id_of(*from.as);
        std::vector<OpId> cut;
        for (const int named : from.cut.value_or(std::vector<int>{})) cut.push_back(id_of(named));
        std::ranges::sort(cut);
        op.act = act_of(from, cut);
        // Nothing depends on the time; it keeps ops apart that are otherwise alike.
        op.time_ms = (salt % (1ULL << 32U)) * 1000 + i;
        const auto body = encode_body(op);
        if (!body) throw std::logic_error("cannot encode: " + body.error().text);
        from.id = op_id(*body);
        out.push_back({from.id, std::move(op)});
    }
    return out;
}

}  // namespace folkmoot::model
