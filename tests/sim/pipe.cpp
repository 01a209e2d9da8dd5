#include "sim/pipe.hpp"

#include <algorithm>
#include <utility>

namespace folkmoot::sim {
namespace {

/// How many segments are kept to be replayed.
constexpr std::size_t history_segments = 8;

}  // namespace

Pipe::Pipe(World& world, std::uint64_t number, const LineQuality& quality, Endpoint& dialer, Endpoint& dialed)
    : world_(world),
      number_(number),
      name_("pipe" + std::to_string(number)),
      quality_(quality),
      random_(Random::of(world.seed(), "pipe", number)),
      ends_{&dialer, &dialed} {}

std::size_t Pipe::room(unsigned from) const {
    const Stream& stream = streams_[from];
    if (stream.finished || ends_closed_[from] || stream.bytes >= window) return 0;
    return window - stream.bytes;
}

void Pipe::send(unsigned from, Bytes bytes) {
    Stream& stream = streams_[from];
    if (bytes.empty() || stream.finished || ends_closed_[from]) return;
    std::uint64_t delay = quality_.delay_ms;
    if (random_.chance(quality_.late_permille)) {
        world_.fault("late");
        // Heavy tail: most are a little late, few very.
        delay += quality_.late_ms >> random_.below(8);
    }
    stream.last_due_ms = std::max(stream.last_due_ms, world_.now_ms() + delay);
    stream.history.push_back(bytes);
    if (stream.history.size() > history_segments) stream.history.pop_front();
    stream.bytes += bytes.size();
    const bool split = bytes.size() <= 4096 && random_.chance(quality_.split_permille);
    if (split) world_.fault("byte_by_byte");
    stream.moving.push_back({std::move(bytes), stream.last_due_ms, !split});
    schedule(from);
}

void Pipe::schedule(unsigned from) {
    Stream& stream = streams_[from];
    if (stream.scheduled || stream.stuck || stream.moving.empty()) return;
    stream.scheduled = true;
    const std::uint64_t due = std::max(stream.moving.front().due_ms, stream.blocked_until_ms);
    world_.after(due > world_.now_ms() ? due - world_.now_ms() : 0, [this, from] { deliver(from); });
}

void Pipe::deliver(unsigned from) {
    Stream& stream = streams_[from];
    stream.scheduled = false;
    const unsigned to = 1 - from;
    while (!stream.moving.empty() && !ends_closed_[to]) {
        Segment& front = stream.moving.front();
        if (std::max(front.due_ms, stream.blocked_until_ms) > world_.now_ms()) break;
        const std::size_t size = front.bytes.size();
        if (!hand_over(from, front)) {
            stream.stuck = true;
            break;
        }
        if (stream.moving.empty()) return;  // cut while it was handed over
        stream.moving.pop_front();
        stream.bytes -= size;
    }
    if (ends_closed_[to]) {
        stream.moving.clear();
        stream.bytes = 0;
    }
    if (stream.moving.empty() && stream.finished) return finish(from);
    schedule(from);
    if (!ends_closed_[from] && !stream.stuck) ends_[from]->handle_room({this, from});
}

bool Pipe::hand_over(unsigned from, Segment& segment) {
    const End end{this, 1 - from};
    Endpoint& reader = *ends_[1 - from];
    if (segment.whole) return reader.handle_bytes(end, segment.bytes);
    const Bytes bytes = segment.bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (ends_closed_[1 - from] || streams_[from].moving.empty()) return true;
        if (reader.handle_bytes(end, ByteView(bytes).subspan(i, 1))) continue;
        Segment& rest = streams_[from].moving.front();
        streams_[from].bytes -= i;
        rest.bytes.erase(rest.bytes.begin(), rest.bytes.begin() + static_cast<std::ptrdiff_t>(i));
        return false;
    }
    return true;
}

void Pipe::resume(unsigned side) {
    Stream& stream = streams_[1 - side];
    if (!stream.stuck) return;
    stream.stuck = false;
    schedule(1 - side);
}

void Pipe::finish(unsigned from) {
    const unsigned to = 1 - from;
    if (ends_closed_[to]) return;
    close_end(to);
    streams_[from].history.clear();
    ends_[to]->handle_closed({this, to});
    streams_[to].moving.clear();
    streams_[to].bytes = 0;
}

void Pipe::close_end(unsigned side) {
    ends_closed_[side] = true;
    if (over() && on_over_) world_.after(0, std::exchange(on_over_, nullptr));
}

void Pipe::close(unsigned from) {
    if (ends_closed_[from]) return;
    close_end(from);
    streams_[1 - from].moving.clear();
    streams_[1 - from].bytes = 0;
    streams_[from].finished = true;
    if (!streams_[from].moving.empty()) return;
    world_.after(quality_.delay_ms, [this, from] { finish(from); });
}

void Pipe::cut(Random& random) {
    for (unsigned from = 0; from < 2; ++from) {
        Stream& stream = streams_[from];
        if (!stream.moving.empty() && !ends_closed_[1 - from] && random.chance(500)) {
            // What arrives ends within a record.
            Bytes part = std::move(stream.moving.front().bytes);
            part.resize(random.below(part.size()));
            stream.moving.clear();
            stream.bytes = 0;
            if (!part.empty() && ends_[1 - from]->handle_bytes({this, 1 - from}, part))
                world_.fault("truncate");
        }
        stream.moving.clear();
        stream.bytes = 0;
        stream.finished = true;
    }
    for (unsigned side = 0; side < 2; ++side) {
        if (ends_closed_[side]) continue;
        close_end(side);
        world_.after(1, [this, side] { ends_[side]->handle_closed({this, side}); });
    }
}

void Pipe::block(unsigned from, std::uint64_t for_ms) {
    Stream& stream = streams_[from];
    stream.blocked_until_ms = std::max(stream.blocked_until_ms, world_.now_ms() + for_ms);
}

bool Pipe::change_byte(unsigned from, Random& random) {
    Stream& stream = streams_[from];
    if (stream.moving.empty()) return false;
    Bytes& bytes = stream.moving[random.below(stream.moving.size())].bytes;
    bytes[random.below(bytes.size())] ^= static_cast<std::uint8_t>(1U << random.below(8));
    stream.tampered = true;
    return true;
}

bool Pipe::replay(unsigned from, Random& random) {
    Stream& stream = streams_[from];
    if (stream.history.empty() || stream.finished) return false;
    inject(from, stream.history[random.below(stream.history.size())]);
    return true;
}

void Pipe::inject(unsigned from, Bytes bytes) {
    Stream& stream = streams_[from];
    if (stream.finished || ends_closed_[from]) return;
    stream.tampered = true;
    send(from, std::move(bytes));
}

}  // namespace folkmoot::sim
