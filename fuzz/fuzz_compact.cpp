// A compact batch from any bytes (Y11), read by a replica that knows some authors, one of whom forked.
// Refused as malformed or as not resolvable here, or ops whose ids are those of their bodies, as many as the
// check value says; written once more in plain form they are the same ops.
#include "fuzz/support/batches.hpp"
#include "fuzz/support/forger.hpp"
#include "sync/compact.hpp"

namespace {

using namespace folkmoot;
using fuzz::Device;
using fuzz::key_of;
using fuzz::Script;

/// Answers what decoding asks.
class Host final : public SessionHost {
   public:
    explicit Host(Device& device) : device_(device) {}
    const Graph& graph() const override { return device_.graph(); }
    GroupId group() const override { return *device_.graph().group(); }
    Result<EncodedOp> load(OpIndex op) override { return device_.replica().load(op); }
    std::vector<OpIndex> offer_for(const DeviceKey&) const override { return device_.graph().heads(); }
    bool may_read(const DeviceKey&) const override { return true; }
    Result<std::vector<Admitted>> admit(std::vector<DecodedOp>&, const DeviceKey&) override {
        return fail(ErrorCode::store_read_only, "it takes nothing");
    }
    std::optional<OpId> own_grant() const override { return std::nullopt; }
    OpId grant_op(OpIndex op) const override {
        const auto loaded = device_.replica().load(op);
        FOLKMOOT_ASSERT(loaded);
        return decode_body(loaded->body)->as.value_or(loaded->id);
    }
    std::vector<std::vector<OpId>> remembered(const DeviceKey&) const override { return {}; }

   private:
    Device& device_;
};

/// ann with ten posts, ben with three, mal with a fork.
Device& known_world() {
    static Device* const device = [] {
        auto* made = new Device("ann", std::nullopt);
        FOLKMOOT_ASSERT(made->replica().create_group(Create{"folk", {made->key()}, {}}, 1));
        made->drain();
        for (const auto name : {"ben", "mal"}) {
            FOLKMOOT_ASSERT(made->replica().act(Add{key_of(name), level::member}, 1));
            made->drain();
        }
        for (int i = 0; i < 10; ++i) made->post("mine");
        for (std::uint8_t time = 1; time <= 3; ++time) {
            for (const auto* name : {"ben", "mal"}) {
                const bool forks = std::string_view(name) == "mal";
                const std::uint8_t script[] = {static_cast<std::uint8_t>(forks ? 15 : 0), 1, time, 4, 0};
                Script steps(script, sizeof script);
                const auto op = fuzz::some_op(steps, made->replica(), key_of(name), Post{});
                FOLKMOOT_ASSERT(op && made->replica().take(std::span(&*op, 1)));
                made->drain();
            }
        }
        FOLKMOOT_ASSERT(made->graph().forked(*made->graph().find_author(key_of("mal"))));
        return made;
    }();
    return *device;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Host host(known_world());
    Hash32 binding;
    sync::LabelTable labels(host.graph(), sync::label_salt(binding));
    std::vector<sync::NamedTip> tips;
    for (AuthorIndex author = 0; author < host.graph().author_count(); ++author) tips.push_back({author, 3});
    tips.push_back({no_index, 2});
    const auto batch = sync::decode_compact(host, {data, size}, labels, tips);
    if (!batch) {
        const auto code = batch.error().code;
        const auto number = static_cast<unsigned>(code);
        FOLKMOOT_ASSERT(code == ErrorCode::session_bad_message || code == ErrorCode::session_unresolved ||
                        (number >= 100 && number < 300) || code == ErrorCode::access_author_not_founder);
        return 0;
    }
    FOLKMOOT_ASSERT(batch->ops.size() <= limits::batch_ops && batch->heads.size() <= limits::head_ids);
    std::vector<EncodedOp> ops;
    for (const auto& op : batch->ops) {
        FOLKMOOT_ASSERT(op.id() == op_id(op.bytes().body) && decode_body(op.bytes().body) == op.value());
        ops.push_back(op.bytes());
    }
    const Bytes plain = fuzz::plain_batch(ops, batch->heads, binding);
    const auto again = sync::decode_compact(host, plain, labels, {});
    FOLKMOOT_ASSERT(again && again->heads == batch->heads && again->ops.size() == ops.size());
    for (std::size_t i = 0; i < ops.size(); ++i) {
        FOLKMOOT_ASSERT(again->ops[i].id() == ops[i].id);
        FOLKMOOT_ASSERT(again->ops[i].signature() == ops[i].signature);
        FOLKMOOT_ASSERT(again->ops[i].bytes().payload == ops[i].payload);
    }
    return 0;
}
