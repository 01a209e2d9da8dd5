// A simulated connection: two streams of bytes, in order, each with its own delays, and with what may happen
// to a connection. Like TCP it neither loses nor repeats bytes by itself; unlike TCP it can be told to.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "folkmoot/bytes.hpp"
#include "sim/world.hpp"

namespace folkmoot::sim {

class Pipe;

/// One end of a pipe: 0 dialed it, 1 was dialed.
struct End {
    Pipe* pipe = nullptr;
    unsigned side = 0;
};

/// Whoever can be at an end.
class Endpoint {
   public:
    virtual ~Endpoint() = default;
    [[nodiscard]] virtual const std::string& name() const = 0;
    [[nodiscard]] virtual DeviceKey key() const = 0;
    [[nodiscard]] virtual bool is_up() const = 0;
    /// The connection stands; `expected` is whom the dialer wants to meet.
    virtual void handle_open(const End& end, const std::optional<DeviceKey>& expected) = 0;
    /// False if it does not read now: the bytes wait until resume().
    [[nodiscard]] virtual bool handle_bytes(const End& end, ByteView bytes) = 0;
    /// The other end took bytes: there may be room for more.
    virtual void handle_room(const End& end) = 0;
    /// No bytes will come any more.
    virtual void handle_closed(const End& end) = 0;
};

/// How a connection behaves when nothing particular happens to it.
struct LineQuality {
    std::uint64_t delay_ms = 20;
    /// Of a thousand segments, how many are late, and up to how much.
    std::uint64_t late_permille = 0;
    std::uint64_t late_ms = 0;
    /// Of a thousand segments, how many arrive byte by byte.
    std::uint64_t split_permille = 0;
};

class Pipe {
   public:
    /// Bytes on their way before a sender has to wait.
    static constexpr std::size_t window = 64U * 1024U;

    Pipe(World& world, std::uint64_t number, const LineQuality& quality, Endpoint& dialer, Endpoint& dialed);
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    [[nodiscard]] std::uint64_t number() const { return number_; }
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] Endpoint& at(unsigned side) { return *ends_[side]; }

    void send(unsigned from, Bytes bytes);
    [[nodiscard]] std::size_t room(unsigned from) const;
    /// The reader of this side goes on.
    void resume(unsigned side);
    /// What was sent still arrives, then the end.
    void close(unsigned from);
    [[nodiscard]] bool over() const { return ends_closed_[0] && ends_closed_[1]; }
    /// Called once, when it is.
    void on_over(std::function<void()> what) { on_over_ = std::move(what); }

    // --- What may happen to it --------------------------------------------------------------------
    /// Both ends see it closed; what is on its way is lost, or arrives up to some byte.
    void cut(Random& random);
    /// Nothing moves in this direction for a while; nothing is lost.
    void block(unsigned from, std::uint64_t for_ms);
    /// A byte on its way is changed; false if there is none.
    bool change_byte(unsigned from, Random& random);
    /// A segment sent before comes again; false if there was none.
    bool replay(unsigned from, Random& random);
    void inject(unsigned from, Bytes bytes);

    /// Whether bytes of this direction were tampered with, from outside or by its sender.
    [[nodiscard]] bool tampered(unsigned from) const { return streams_[from].tampered; }

    /// What went into the channel at one end and has not come out at the other (C9): fingerprints.
    std::deque<std::uint64_t> said[2];

   private:
    struct Segment {
        Bytes bytes;
        std::uint64_t due_ms;
        bool whole = true;  // false: arrives byte by byte
    };
    struct Stream {
        std::deque<Segment> moving;
        std::size_t bytes = 0;  // of them
        std::uint64_t last_due_ms = 0;
        std::uint64_t blocked_until_ms = 0;
        bool scheduled = false;
        bool finished = false;  // its sender has closed
        bool tampered = false;
        bool stuck = false;  // its reader does not read
        std::deque<Bytes> history;
    };
    void schedule(unsigned from);
    void deliver(unsigned from);
    [[nodiscard]] bool hand_over(unsigned from, Segment& segment);
    void finish(unsigned from);
    void close_end(unsigned side);

    World& world_;
    std::uint64_t number_;
    std::string name_;
    LineQuality quality_;
    Random random_;
    Endpoint* ends_[2];
    Stream streams_[2];  // by sender
    bool ends_closed_[2] = {false, false};
    std::function<void()> on_over_;
};

}  // namespace folkmoot::sim
