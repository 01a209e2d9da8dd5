// What `moot serve` writes about peers who connect again and again. MOOT names the program; without it there
// is nothing to test.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <filesystem>

#include "sockets_fixture.hpp"

namespace folkmoot::net::test {
namespace {

namespace fs = std::filesystem;

/// `moot` in a home of its own; its output goes to a file.
class Moot {
   public:
    explicit Moot(std::string program) : program_(std::move(program)) {
        std::string name = (fs::temp_directory_path() / "folkmoot-log-XXXXXX").string();
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        home_ = name;
    }
    ~Moot() {
        stop();
        std::error_code ignored;
        fs::remove_all(home_, ignored);
    }
    Moot(const Moot&) = delete;
    Moot& operator=(const Moot&) = delete;

    void start(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {program_, "--home", (home_ / "home").string()});
        const int out = ::open(output().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        child_ = ::fork();
        if (child_ == 0) {
            std::vector<char*> words;
            for (std::string& argument : arguments) words.push_back(argument.data());
            words.push_back(nullptr);
            ::dup2(out, 1);
            ::dup2(out, 2);
            ::execv(words[0], words.data());
            ::_exit(127);
        }
        ::close(out);
    }
    /// The exit code.
    int wait() {
        int status = 0;
        ::waitpid(std::exchange(child_, -1), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    int run(const std::vector<std::string>& arguments) {
        start(arguments);
        return wait();
    }
    void stop() {
        if (child_ <= 0) return;
        ::kill(child_, SIGTERM);
        EXPECT_EQ(wait(), 0);
    }
    [[nodiscard]] fs::path output() const { return home_ / "output"; }
    /// What the output names as "group".
    [[nodiscard]] std::optional<GroupId> group() const {
        std::ifstream file(output());
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        const std::size_t at = text.find("\"group\":");
        const std::size_t quote = at == std::string::npos ? at : text.find('"', at + 8);
        if (quote == std::string::npos) return std::nullopt;
        return fixed_from_hex<GroupId>(text.substr(quote + 1, 2 * GroupId::size));
    }
    /// "127.0.0.1:PORT", once it is told.
    [[nodiscard]] std::string listening() const {
        for (int i = 0; i < 500; ++i) {
            std::ifstream file(output());
            for (std::string line; std::getline(file, line);) {
                const std::size_t at = line.find("127.0.0.1:");
                if (at != std::string::npos) return line.substr(at, line.find_first_of("\" \r", at) - at);
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        return {};
    }

   private:
    std::string program_;
    fs::path home_;
    pid_t child_ = -1;
};

// A session that a stranger opens and leaves is worth some 700 bytes of log; so many of them are more than
// what a source may burst.
TEST(SocketLog, a_flood_of_strangers_fills_no_log) {
    const char* program = std::getenv("MOOT");
    if (program == nullptr) GTEST_SKIP() << "MOOT names no program";
    Moot moot(program);
    ASSERT_EQ(moot.run({"init", "--name", "ann"}), 0);
    ASSERT_EQ(moot.run({"group", "create", "book club", "--json"}), 0);
    const auto group = moot.group();
    ASSERT_TRUE(group.has_value());
    moot.start({"serve", "--json", "-v", "--listen", "127.0.0.1:0"});
    const std::string address = moot.listening();
    ASSERT_FALSE(address.empty());
    std::size_t sessions = 0;
    for (std::uint8_t round = 0; round < 30; ++round) {
        Device stranger(static_cast<std::uint8_t>(100 + round), *group);
        RawPeer peer(address, *stranger.signer, 0, 0x301);
        ASSERT_TRUE(peer.channel().established());
        for (std::uint8_t stream = 0; stream < limits::streams; ++stream)
            sessions += peer.send(stream, opening(stranger, peer)) ? 1 : 0;
        // Each new one ends the one before it; the last answer says that all are done.
        for (std::uint8_t stream = 0; stream < limits::streams; ++stream) static_cast<void>(peer.next());
    }
    for (int i = 0; i < 200; ++i) {
        RawSocket nobody(address, 0, 0x301);
        static_cast<void>(nobody.send(Bytes(100, 7)));
    }
    // Somebody else is still told of.
    const auto before = fs::file_size(moot.output());
    {
        const auto signer = signer_of(9);
        RawPeer peer(address, *signer, 0, 0x302);
        EXPECT_TRUE(peer.channel().established());
    }
    moot.stop();
    const auto size = fs::file_size(moot.output());
    std::printf("    %zu sessions, %ju bytes of log\n", sessions, static_cast<std::uintmax_t>(before));
    EXPECT_LE(before, limits::log_bytes_per_hour / 2);
    EXPECT_GE(before, limits::log_bytes_per_hour / 4) << "the flood was not one";
    EXPECT_GT(size, before);
}

}  // namespace
}  // namespace folkmoot::net::test
