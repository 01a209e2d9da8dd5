// A disk in memory whose power can be cut.
//
// What is written is pending until its file is synced, and a name is pending until its folder is. A cut
// leaves an image: of every pending write each sector of 512 bytes is old, new, half of both or noise;
// pending truncations happened or did not; of the pending names either the first few changes happened, as on
// a disk that keeps a journal, or any of them.
//
// Everything done to a disk is recorded, so that after one run of a program a cut can be made at every point.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "folkmoot/bytes.hpp"

namespace folkmoot::crash {

inline constexpr std::size_t sector = 512;

/// A file, whatever its names.
using FileNumber = std::size_t;

struct DiskEvent {
    enum class Kind : std::uint8_t { write, truncate, sync, create, remove, rename, sync_names } kind;
    FileNumber file = 0;
    std::uint64_t at = 0;  // where it is written, or the size to cut to
    Bytes bytes;
    std::string name;
    std::string to;  // of rename
};

class PowerDisk {
   public:
    using Random = std::mt19937_64;

    // --- As a program sees it. Each call that changes anything is one event. ---
    [[nodiscard]] const FileNumber* find(const std::string& name) const;
    [[nodiscard]] std::vector<std::string> names(const std::string& start) const;
    [[nodiscard]] const Bytes& contents(FileNumber file) const { return files_[file].now; }
    FileNumber create(const std::string& name);
    void write(FileNumber file, std::uint64_t at, ByteView bytes);
    void truncate(FileNumber file, std::uint64_t size);
    void sync(FileNumber file);
    void remove(const std::string& name);
    void rename(const std::string& from, const std::string& to);
    void sync_names();

    // --- Lies, for the proof that the tests would notice. ---
    bool lies_about_files = false;
    bool lies_about_names = false;

    // --- As a cut sees it. ---
    [[nodiscard]] const std::vector<DiskEvent>& events() const { return events_; }
    /// Does one recorded event to this disk.
    void replay(const DiskEvent& event);
    /// What could be found after a cut now: a disk on which nothing is pending.
    [[nodiscard]] PowerDisk after_cut(Random& random) const;
    /// What its names lead to now, as if all of it had been synced.
    [[nodiscard]] PowerDisk settled() const;
    /// Where nothing is pending a cut changes nothing.
    [[nodiscard]] bool anything_pending() const;
    /// So that a run starts with a disk as it is, and only what it does is recorded.
    void forget_events() { events_.clear(); }

   private:
    struct Change {
        bool truncates = false;
        std::uint64_t at = 0;
        Bytes bytes;
    };
    struct File {
        Bytes now;
        Bytes synced;
        std::vector<Change> pending;
    };
    using Names = std::map<std::string, FileNumber>;

    static Bytes torn(const File& file, Random& random);
    static void tear_write(Bytes& into, const Change& change, Random& random);
    static void rename_in(Names& names, const DiskEvent& event);
    void drop_nameless();
    void apply_name(Names& names, const DiskEvent& event) const;

    std::vector<File> files_;
    Names names_;
    Names synced_names_;
    std::vector<DiskEvent> pending_names_;
    std::vector<DiskEvent> events_;
};

}  // namespace folkmoot::crash
