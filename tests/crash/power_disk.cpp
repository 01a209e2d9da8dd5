#include "crash/power_disk.hpp"

#include <algorithm>

namespace folkmoot::crash {
namespace {

void put(Bytes& into, std::uint64_t at, ByteView bytes) {
    if (into.size() < at + bytes.size()) into.resize(at + bytes.size());
    std::ranges::copy(bytes, into.begin() + static_cast<std::ptrdiff_t>(at));
}

}  // namespace

const FileNumber* PowerDisk::find(const std::string& name) const {
    const auto at = names_.find(name);
    return at == names_.end() ? nullptr : &at->second;
}

std::vector<std::string> PowerDisk::names(const std::string& start) const {
    std::vector<std::string> out;
    for (const auto& [name, file] : names_) {
        if (name.starts_with(start)) out.push_back(name);
    }
    return out;
}

FileNumber PowerDisk::create(const std::string& name) {
    replay({DiskEvent::Kind::create, files_.size(), 0, {}, name, {}});
    return files_.size() - 1;
}
void PowerDisk::write(FileNumber file, std::uint64_t at, ByteView bytes) {
    replay({DiskEvent::Kind::write, file, at, {bytes.begin(), bytes.end()}, {}, {}});
}
void PowerDisk::truncate(FileNumber file, std::uint64_t size) {
    replay({DiskEvent::Kind::truncate, file, size, {}, {}, {}});
}
void PowerDisk::sync(FileNumber file) {
    if (!lies_about_files) replay({DiskEvent::Kind::sync, file, 0, {}, {}, {}});
}
void PowerDisk::remove(const std::string& name) { replay({DiskEvent::Kind::remove, 0, 0, {}, name, {}}); }
void PowerDisk::rename(const std::string& from, const std::string& to) {
    replay({DiskEvent::Kind::rename, *find(from), 0, {}, from, to});
}
void PowerDisk::sync_names() {
    if (!lies_about_names) replay({DiskEvent::Kind::sync_names, 0, 0, {}, {}, {}});
}

void PowerDisk::apply_name(Names& names, const DiskEvent& event) const {
    switch (event.kind) {
        case DiskEvent::Kind::create: names[event.name] = event.file; break;
        case DiskEvent::Kind::remove: names.erase(event.name); break;
        case DiskEvent::Kind::rename: rename_in(names, event); break;
        default: break;
    }
}

void PowerDisk::rename_in(Names& names, const DiskEvent& event) {
    names[event.to] = event.file;
    const auto old = names.find(event.name);
    if (old != names.end() && old->second == event.file) names.erase(old);
}

void PowerDisk::replay(const DiskEvent& event) {
    switch (event.kind) {
        case DiskEvent::Kind::write: {
            File& file = files_[event.file];
            put(file.now, event.at, event.bytes);
            file.pending.push_back({false, event.at, event.bytes});
            break;
        }
        case DiskEvent::Kind::truncate: {
            File& file = files_[event.file];
            file.now.resize(event.at);
            file.pending.push_back({true, event.at, {}});
            break;
        }
        case DiskEvent::Kind::sync: {
            File& file = files_[event.file];
            file.synced = file.now;
            file.pending.clear();
            break;
        }
        case DiskEvent::Kind::sync_names:
            synced_names_ = names_;
            pending_names_.clear();
            break;
        case DiskEvent::Kind::create: files_.emplace_back(); [[fallthrough]];
        case DiskEvent::Kind::remove:
        case DiskEvent::Kind::rename:
            apply_name(names_, event);
            pending_names_.push_back(event);
            break;
    }
    events_.push_back(event);
}

bool PowerDisk::anything_pending() const {
    return !pending_names_.empty() ||
           std::ranges::any_of(files_, [](const File& file) { return !file.pending.empty(); });
}

// A sector holds bytes of this write and of its neighbours. Only those of the write are at risk: SQLite
// counts on that (SQLITE_IOCAP_POWERSAFE_OVERWRITE), and the system's VFS promises it, too.
void PowerDisk::tear_write(Bytes& into, const Change& change, Random& random) {
    std::uint64_t from = 0;
    while (from < change.bytes.size()) {
        const std::uint64_t place = change.at + from;
        const std::uint64_t size = std::min(sector - place % sector, change.bytes.size() - from);
        Bytes bytes(change.bytes.begin() + static_cast<std::ptrdiff_t>(from),
                    change.bytes.begin() + static_cast<std::ptrdiff_t>(from + size));
        const auto fate = random() % 8;
        if (fate == 0) {
            bytes.resize(size / 2);
        } else if (fate == 1) {
            for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
        }
        if (fate < 5) put(into, place, bytes);
        from += size;
    }
}

Bytes PowerDisk::torn(const File& file, Random& random) {
    Bytes out = file.synced;
    // Often all of it or nothing got there: mixtures alone would never leave a long valid log.
    const auto whole = random() % 6;
    for (const Change& change : file.pending) {
        if (whole == 0) break;
        if (change.truncates) {
            if (whole == 1 || random() % 2 == 0) out.resize(change.at);
        } else if (whole == 1) {
            put(out, change.at, change.bytes);
        } else {
            tear_write(out, change, random);
        }
    }
    return out;
}

PowerDisk PowerDisk::after_cut(Random& random) const {
    PowerDisk out;
    out.names_ = synced_names_;
    const bool in_order = random() % 2 == 0;
    const std::size_t count = random() % (pending_names_.size() + 1);
    for (std::size_t i = 0; i < pending_names_.size(); ++i) {
        if (in_order ? i < count : random() % 2 == 0) apply_name(out.names_, pending_names_[i]);
    }
    out.files_.resize(files_.size());
    for (std::size_t i = 0; i < files_.size(); ++i) {
        out.files_[i].now = out.files_[i].synced = torn(files_[i], random);
    }
    out.synced_names_ = out.names_;
    out.drop_nameless();
    return out;
}

PowerDisk PowerDisk::settled() const {
    PowerDisk out;
    out.names_ = out.synced_names_ = names_;
    out.files_.resize(files_.size());
    for (const auto& [name, file] : names_) out.files_[file].now = out.files_[file].synced = files_[file].now;
    return out;
}

// A file that no name leads to is gone when nobody has it open.
void PowerDisk::drop_nameless() {
    std::vector<bool> named(files_.size());
    for (const auto& [name, file] : names_) named[file] = true;
    for (std::size_t i = 0; i < files_.size(); ++i) {
        if (!named[i]) files_[i] = {};
    }
}

}  // namespace folkmoot::crash
