// What the tests of the store share: ops out of numbers, a folder of one's own, a process to kill.
#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "folkmoot/store.hpp"

namespace folkmoot::test {

inline StoreInstance instance_of(std::uint8_t n) {
    StoreInstance out;
    out.bytes.fill(n);
    return out;
}

/// Random-looking and distinct for distinct n, as ids are.
template <class T>
T value_of(std::uint64_t n) {
    std::mt19937_64 random(n * 2654435761U + 1);
    T out;
    for (auto& byte : out.bytes) byte = static_cast<std::uint8_t>(random());
    std::memcpy(out.bytes.data() + out.bytes.size() - sizeof n, &n, sizeof n);
    return out;
}
inline OpId id_of(std::uint64_t n) { return value_of<OpId>(n); }
inline Signature signature_of(std::uint64_t n) { return value_of<Signature>(n); }
inline DeviceKey peer_of(std::uint64_t n) { return value_of<DeviceKey>(n); }

/// Op number n: its body starts with n, the rest is random.
inline StoredOp op_of(std::uint64_t n, std::size_t body_bytes = 200) {
    StoredOp out;
    out.id = id_of(n);
    out.body.assign(body_bytes, static_cast<std::uint8_t>(n));
    std::memcpy(out.body.data(), &n, sizeof n);
    out.signatures.push_back(signature_of(n));
    return out;
}
inline std::vector<StoredOp> ops_of(std::uint64_t first, std::uint64_t last, std::size_t body_bytes = 200) {
    std::vector<StoredOp> out;
    for (std::uint64_t n = first; n <= last; ++n) out.push_back(op_of(n, body_bytes));
    return out;
}
inline Result<void> add_signature(Store& store, const OpId& id, const Signature& signature) {
    const OpSignature one[] = {{id, signature}};
    return store.add_signatures(one);
}
inline std::uint64_t number_of(const StoredOp& op) {
    std::uint64_t n = 0;
    std::memcpy(&n, op.body.data(), sizeof n);
    return n;
}

/// The numbers of all ops in order, each checked to be what op_of made.
inline std::vector<std::uint64_t> numbers_in(const Store& store) {
    std::vector<std::uint64_t> out;
    const auto done = store.for_each(false, [&](StoredOp&& op) -> Result<void> {
        const std::uint64_t n = number_of(op);
        EXPECT_EQ(op.id, id_of(n));
        EXPECT_EQ(op.body, op_of(n, op.body.size()).body);
        EXPECT_FALSE(op.signatures.empty());
        out.push_back(n);
        return {};
    });
    EXPECT_TRUE(done.has_value()) << done.error().text;
    return out;
}
inline std::vector<std::uint64_t> numbers(std::uint64_t first, std::uint64_t last) {
    std::vector<std::uint64_t> out;
    for (std::uint64_t n = first; n <= last; ++n) out.push_back(n);
    return out;
}

template <class T>
testing::AssertionResult ok(const Result<T>& result) {
    if (result) return testing::AssertionSuccess();
    return testing::AssertionFailure() << name_of(result.error().code) << ": " << result.error().text;
}
template <class T>
testing::AssertionResult fails_with(ErrorCode code, const Result<T>& result) {
    if (!result && result.error().code == code) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "expected " << name_of(code) << ", got "
                                       << (result ? std::string("success") : result.error().text);
}

/// An empty folder, removed at the end. In memory where there is such a place: thousands of syncs are slow on
/// a disk, and no test here depends on one (a kill takes nothing from the system's cache).
class Folder {
   public:
    Folder() {
        std::string name = "/dev/shm/folkmoot-store-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) {
            name = (std::filesystem::temp_directory_path() / "folkmoot-store-XXXXXX").string();
            if (::mkdtemp(name.data()) == nullptr) std::abort();
        }
        path_ = name;
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::filesystem::path operator/(const char* name) const { return path_ / name; }

   private:
    std::filesystem::path path_;
};

inline std::unique_ptr<Store> open_or_fail(const std::filesystem::path& path) {
    auto store = open_sqlite_store(path, instance_of(7));
    EXPECT_TRUE(ok(store));
    return store ? std::move(*store) : nullptr;
}

inline std::string contents(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}
inline void overwrite(const std::filesystem::path& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// Runs `body` in a child process and returns what it returned (0 to 255), or 255 + the signal that ended it.
template <class Body>
int in_child(Body&& body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body());
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255 + WTERMSIG(status);
}

}  // namespace folkmoot::test
