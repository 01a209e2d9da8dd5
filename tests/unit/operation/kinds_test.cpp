#include <gtest/gtest.h>

#include "folkmoot/operation.hpp"
#include "support/sample_operations.hpp"

namespace folkmoot {
namespace {

using namespace sample;

TEST(Level, names_are_shorthands_for_five_numbers) {
    EXPECT_EQ(level::to_text(10), "reader");
    EXPECT_EQ(level::to_text(25), "member");
    EXPECT_EQ(level::to_text(50), "moderator");
    EXPECT_EQ(level::to_text(100), "admin");
    EXPECT_EQ(level::to_text(255), "founder");
    EXPECT_EQ(level::to_text(26), "26");
}

TEST(Level, text_and_number_are_inverse_for_1_to_255) {
    for (unsigned value = 1; value < 256; ++value) {
        const auto level = static_cast<Level>(value);
        EXPECT_EQ(level::from_text(level::to_text(level)), level);
        EXPECT_EQ(level::from_text(std::to_string(value)), level);
    }
}

TEST(Level, other_words_and_numbers_are_none) {
    for (const auto* text :
         {"", "0", "256", "-1", "+5", "1.0", "25 ", " 25", "Member", "owner", "99999999999999999999"}) {
        EXPECT_FALSE(level::from_text(text)) << text;
    }
}

TEST(Kind, names_and_numbers_are_those_of_the_specification) {
    const std::array<std::string_view, kind_count> names{"create", "add",   "link",  "set_level", "remove",
                                                         "ban",    "unban", "leave", "post"};
    for (std::size_t i = 0; i < names.size(); ++i) {
        EXPECT_EQ(to_text(static_cast<Kind>(i)), names[i]);
        EXPECT_EQ(kind_from_text(names[i]), static_cast<Kind>(i));
    }
    EXPECT_FALSE(kind_from_text("Create"));
    EXPECT_FALSE(kind_from_text(""));
}

TEST(Kind, follows_from_the_act) {
    EXPECT_EQ(kind_of(Act(Create{})), Kind::create);
    EXPECT_EQ(kind_of(Act(Add{})), Kind::add);
    EXPECT_EQ(kind_of(Act(Link{})), Kind::link);
    EXPECT_EQ(kind_of(Act(SetLevel{})), Kind::set_level);
    EXPECT_EQ(kind_of(Act(Remove{})), Kind::remove);
    EXPECT_EQ(kind_of(Act(Ban{})), Kind::ban);
    EXPECT_EQ(kind_of(Act(Unban{})), Kind::unban);
    EXPECT_EQ(kind_of(Act(Leave{})), Kind::leave);
    EXPECT_EQ(kind_of(Act(Post{})), Kind::post);
}

TEST(Act, tells_its_subject_its_level_and_its_cut) {
    for (const auto& op : one_of_each()) {
        const auto kind = op.kind();
        SCOPED_TRACE(to_text(kind));
        const bool about_nobody = kind == Kind::create || kind == Kind::leave || kind == Kind::post;
        EXPECT_EQ(subject_of(op.act) == nullptr, about_nobody);
        const bool grants = kind == Kind::add || kind == Kind::link || kind == Kind::set_level;
        EXPECT_EQ(granted_level(op.act).has_value(), grants);
    }
    const Act add = Add{key(2), 30};
    EXPECT_EQ(*subject_of(add), key(2));
    EXPECT_EQ(granted_level(add), 30);
    const Act remove = Remove{key(2), ids(2)};
    ASSERT_NE(cut_of(remove), nullptr);
    EXPECT_EQ(*cut_of(remove), ids(2));
    EXPECT_EQ(cut_of(Act(Remove{key(2), std::nullopt})), nullptr);
    EXPECT_EQ(cut_of(Act(Ban{key(2), std::nullopt})), nullptr);
    EXPECT_EQ(cut_of(Act(Leave{})), nullptr);
}

}  // namespace
}  // namespace folkmoot
