#include "moot/counted_store.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "moot/files.hpp"

namespace folkmoot::moot {
namespace {

constexpr std::string_view header = "moot own ops 1\n";
constexpr std::size_t digits = 20;

struct Known {
    StoreInstance instance;
    std::uint64_t count = 0;
};

std::optional<Known> parse(std::string_view text) {
    constexpr std::size_t hex = 2 * StoreInstance::size;
    if (!text.starts_with(header) || text.size() != header.size() + hex + 1 + digits + 1) return std::nullopt;
    text.remove_prefix(header.size());
    const auto instance = fixed_from_hex<StoreInstance>(text.substr(0, hex));
    const std::string number(text.substr(hex + 1, digits));
    Known out;
    const auto read = std::from_chars(number.data(), number.data() + digits, out.count);
    if (!instance || read.ec != std::errc() || read.ptr != number.data() + digits) return std::nullopt;
    out.instance = *instance;
    return out;
}

}  // namespace

std::string CountedStore::content() const {
    const std::string number = std::to_string(held_);
    return std::string(header) + to_hex(inner_->instance().view()) + "\n" +
           std::string(digits - number.size(), '0') + number + "\n";
}

void forget_if_nothing(const std::filesystem::path& file) {
    const auto text = read_file(file, 4096);
    const auto known = text ? parse(*text) : std::nullopt;
    std::error_code ignored;
    if (known && known->count == 0) std::filesystem::remove(file, ignored);
}

Result<bool> CountedStore::matches(std::uint64_t held) {
    held_ = held;
    std::error_code error;
    if (!std::filesystem::exists(file_, error)) {
        if (auto made = write_file(file_, content(), Replace::yes); !made)
            return std::unexpected(made.error());
        return true;
    }
    const auto text = read_file(file_, 4096);
    if (!text) return std::unexpected(text.error());
    // Made whole at once and overwritten in place with as many bytes: something else is nobody's work here.
    const auto known = parse(*text);
    const bool same = known && known->instance == inner_->instance();
    if (!known || known->count > held || (!same && known->count > 0)) return false;
    if (!same || known->count < held) note();
    return true;
}

// After the commit and without a sync: after a crash the file may be behind, which only notices less. It is
// never ahead of what was committed, so it accuses no sound store.
void CountedStore::note() const {
    if (inner_->may_be_rolled_back()) return;
    const int file = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return;
    const std::string text = content();
    const ssize_t written = ::pwrite(file, text.data(), text.size(), 0);
    static_cast<void>(written);
    ::close(file);
}

Result<void> CountedStore::mark_rolled_back(bool value) {
    auto done = inner_->mark_rolled_back(value);
    if (done && !value) note();
    return done;
}

Result<void> CountedStore::append(std::span<const StoredOp> ops) {
    auto done = inner_->append(ops);
    if (!done) return done;
    const std::uint64_t before = held_;
    for (const auto& stored : ops) {
        if (std::ranges::search(stored.body, self_.bytes).empty()) continue;
        const auto op = decode_body(stored.body);
        if (op && op->author == self_) ++held_;
    }
    if (held_ != before) note();
    return done;
}

}  // namespace folkmoot::moot
