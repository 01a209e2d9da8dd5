#include "encoding/base64url.hpp"

#include <gtest/gtest.h>

namespace folkmoot::encoding {
namespace {

// RFC 4648 section 10, without padding.
TEST(Base64Url, the_examples_of_the_standard) {
    const std::pair<std::string, std::string> examples[] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"},
    };
    for (const auto& [plain, text] : examples) {
        EXPECT_EQ(base64url(as_bytes(plain)), text);
        const auto back = from_base64url(text);
        ASSERT_TRUE(back.has_value()) << text;
        EXPECT_EQ(std::string(back->begin(), back->end()), plain);
    }
    EXPECT_EQ(base64url(Bytes{0xfb, 0xff, 0xbf}), "-_-_");
}

TEST(Base64Url, one_meaning_has_one_text) {
    for (const char* text : {"Zh", "Zm9", "Z", "Zg==", "Zm9v\n", "+/+/", "Zm9vA", " Zg"})
        EXPECT_FALSE(from_base64url(text).has_value()) << text;
}

}  // namespace
}  // namespace folkmoot::encoding
