// O6 on the edge vectors of tests/vectors/ed25519: columns are key acceptable, signature valid, key, message,
// signature, name.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "folkmoot/signer.hpp"
#include "source_dir.hpp"

namespace folkmoot {
namespace {

struct Case {
    bool key_acceptable = false;
    bool valid = false;
    DeviceKey key;
    Bytes message;
    Signature signature;
    std::string name;
};

std::vector<Case> read_cases(const std::string& file) {
    std::ifstream in(std::string(FOLKMOOT_SOURCE_DIR) + "/tests/vectors/ed25519/" + file);
    std::vector<Case> cases;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with('#')) continue;
        std::istringstream words(line);
        Case c;
        std::string key;
        std::string message;
        std::string signature;
        words >> c.key_acceptable >> c.valid >> key >> message >> signature >> c.name;
        c.key = fixed_from_hex<DeviceKey>(key).value();
        c.message = message == "-" ? Bytes{} : from_hex(message).value();
        c.signature = fixed_from_hex<Signature>(signature).value();
        cases.push_back(std::move(c));
    }
    return cases;
}

void check(const std::string& file, std::size_t count) {
    ASSERT_TRUE(start_crypto());
    const Verifier& verifier = ed25519_verifier();
    const auto cases = read_cases(file);
    ASSERT_EQ(cases.size(), count);
    for (const Case& c : cases) {
        const bool acceptable = verifier.key_acceptable(c.key);
        EXPECT_EQ(acceptable, c.key_acceptable) << c.name;
        EXPECT_EQ(acceptable && verifier.verify(c.key, c.message, c.signature), c.valid) << c.name;
    }
}

TEST(Ed25519Vectors, O6_every_pair_of_edge_keys_and_edge_nonces) { check("made.txt", 933); }
TEST(Ed25519Vectors, O6_taming_the_many_eddsas) { check("speccheck.txt", 17); }
TEST(Ed25519Vectors, O6_wycheproof) { check("wycheproof.txt", 51); }

}  // namespace
}  // namespace folkmoot
