// A peer that says whatever a test wants: it has no session, only messages.
#pragma once

#include "support/wire.hpp"
#include "sync/compact.hpp"
#include "sync/keys.hpp"
#include "sync/messages.hpp"

namespace folkmoot::wire {

/// What encoding a batch asks of a host, answered from a Book.
class BookHost final : public SessionHost {
   public:
    explicit BookHost(const Book& book) : book_(book) {}
    const Graph& graph() const override { return book_.graph(); }
    GroupId group() const override { return book_.group(); }
    Result<EncodedOp> load(OpIndex op) override { return book_.op(op); }
    std::vector<OpIndex> offer_for(const DeviceKey&) const override { return book_.graph().heads(); }
    bool may_read(const DeviceKey&) const override { return true; }
    Result<std::vector<Admitted>> admit(std::vector<DecodedOp>&, const DeviceKey&) override {
        return fail(ErrorCode::store_read_only, "it takes nothing");
    }
    std::optional<OpId> own_grant() const override { return std::nullopt; }
    OpId grant_op(OpIndex op) const override {
        const auto value = decode_body(book_.op(op).body);
        return value && value->as ? *value->as : book_.id(op);
    }
    std::vector<std::vector<OpId>> remembered(const DeviceKey&) const override { return {}; }

   private:
    const Book& book_;
};

/// One end of a session with `victim`, as `name`; the victim is the initiator.
class Hostile {
   public:
    Hostile(Peer& victim, const Book& book, std::string_view name, const SessionConfig& base = {})
        : victim_(victim), book_(book), host_(book) {
        SessionConfig config = base;
        config.peer = key_of(name);
        binding.bytes.fill(0x42);
        config.binding = binding;
        config.initiator = true;
        id = victim.replica().open_session(config, 0);
        collect();
    }

    void send_raw(ByteView message) {
        victim_.replica().handle_message(id, message, now_ms);
        collect();
    }
    void send(const sync::Message& message) { send_raw(sync::encode_message(message)); }
    /// Says nothing is held and that these ops are the heads offered.
    void send_have(const std::vector<Entry>& offer, sync::Summary summary = {}) {
        sync::Have have;
        have.group = group_tag(book_.group(), binding);
        have.offer = sync::offer_digest(binding, book_.ids(offer));
        have.round = round_++;
        have.summary = std::move(summary);
        send(have);
    }
    /// A plain batch of ops as they are, heads behind it.
    [[nodiscard]] sync::Ops ops(const std::vector<sync::OutgoingOp>& batch, const std::vector<Entry>& heads,
                                sync::Ops::Role role = sync::Ops::Role::last) {
        sync::Ops out;
        out.role = role;
        const std::vector<OpIndex> named(heads.begin(), heads.end());
        out.batch = sync::encode_compact(host_, batch, named, {.plain = true, .chain = false},
                                         sync::label_salt(binding), {});
        return out;
    }
    [[nodiscard]] sync::OutgoingOp out(Entry entry) const {
        return {static_cast<OpIndex>(entry), book_.op(entry)};
    }
    [[nodiscard]] std::vector<sync::OutgoingOp> outs(const std::vector<Entry>& entries) const {
        std::vector<sync::OutgoingOp> batch;
        for (const Entry entry : entries) batch.push_back(out(entry));
        return batch;
    }

    [[nodiscard]] const Session& session() const { return *victim_.replica().session(id); }
    [[nodiscard]] bool running() const { return session().outcome() == Outcome::running; }
    /// The code and fault with which the victim ended the session.
    [[nodiscard]] std::pair<ErrorCode, bool> failure() const {
        if (session().outcome() != Outcome::failed) return {ErrorCode{}, false};
        return {session().error().code, session().peer_at_fault()};
    }
    /// How many messages of the kind came.
    template <class T>
    [[nodiscard]] std::size_t count() const {
        return static_cast<std::size_t>(
            std::ranges::count_if(received, [](const auto& m) { return std::holds_alternative<T>(m); }));
    }
    template <class T>
    [[nodiscard]] const T& last() const {
        for (std::size_t i = received.size(); i-- > 0;) {
            if (const T* found = std::get_if<T>(&received[i])) return *found;
        }
        static const T none{};
        ADD_FAILURE() << "no such message came";
        return none;
    }
    /// Whether the victim's last request is a `have`, not a `need`.
    [[nodiscard]] bool asked_have() const {
        const auto is_request = [](const auto& m) {
            return std::holds_alternative<sync::Have>(m) || std::holds_alternative<sync::Need>(m);
        };
        const auto at = std::find_if(received.rbegin(), received.rend(), is_request);
        return at != received.rend() && std::holds_alternative<sync::Have>(*at);
    }
    void collect() {
        victim_.drain();
        while (auto message = victim_.replica().poll_message(id)) {
            auto decoded = sync::decode_message(*message);
            ASSERT_TRUE(decoded.has_value()) << decoded.error().text;
            received.push_back(std::move(*decoded));
            victim_.drain();
        }
    }

    std::vector<sync::Message> received;
    Hash32 binding;
    SessionId id = 0;
    std::uint64_t now_ms = 0;

   private:
    Peer& victim_;
    const Book& book_;
    BookHost host_;
    std::uint32_t round_ = 0;
};

}  // namespace folkmoot::wire
