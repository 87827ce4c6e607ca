// The library as it travels inside the program: every image is whole and well-formed.
#include <gtest/gtest.h>

#include <cstring>

#include "runtime/embedded.h"
#include "vm/code/image.h"

using namespace gen;

namespace {

class LibraryImages : public testing::Test {
  protected:
    LibraryImages() { strings_.start(heap_); }
    Code* read(const uint8_t* image) {
        ImageHeader header;
        std::memcpy(&header, image, sizeof header);
        std::string error;
        Code* code = read_image(heap_, strings_, {image, header.size}, error);
        EXPECT_TRUE(code) << error;
        return code;
    }
    Heap heap_;
    HashKey key_{1, 2};
    StringTable strings_{key_};
};

TEST_F(LibraryImages, ModulesAreWellFormed) {
    std::string_view before;
    for (const EmbeddedFile& file : embedded_files()) {
        SCOPED_TRACE(file.path);
        EXPECT_LT(before, file.path);
        before = file.path;
        Code* code = read(file.image);
        ASSERT_TRUE(code);
        EXPECT_EQ(code->filename.as<Str>()->view(), "<gen>/" + std::string(file.path));
        EXPECT_EQ(code->name.as<Str>()->view(), "<module>");
    }
    EXPECT_GT(embedded_files().size(), 80u);
}

TEST_F(LibraryImages, DefinitionsOfThePreludeAreHidden) {
    std::string_view before;
    for (const EmbeddedDefinition& definition : embedded_definitions()) {
        SCOPED_TRACE(definition.name);
        EXPECT_LT(before, definition.name);
        before = definition.name;
        Code* code = read(definition.image);
        ASSERT_TRUE(code);
        EXPECT_TRUE(code->code_flags & Code::kHidden);
    }
    EXPECT_GT(embedded_definitions().size(), 80u);
}

}  // namespace
