// Code as bytes: what comes back is what was written; whatever else comes in is told, not run.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "vm/code/assembler.h"
#include "vm/code/disasm.h"
#include "vm/code/encoding.h"
#include "vm/code/image.h"
#include "vm/code/verify.h"
#include "vm/compile/compile.h"

using namespace gen;
namespace fs = std::filesystem;

namespace {

constexpr const char* kEverything = R"(
"""A text for the module."""
import os.path as path
from math import sin, cos as cosine
constants = [1, -1, 4611686018427387903, -4611686018427387905, 2 ** 200, -(3 ** 90), 1.5, -0.0, 1e300, 5e-324, 2j, 1.5j,
             None, True, False, ..., 'text', 'two words', 'ünïcödé \U0001f600', '\ud800', '', b'', b'by\x00tes',
             (), (1, (2, (3, 'four', b'five'))), ((), ((),))]
def plain(a, b=1, /, c=2, *args, d, e=5, **rest) -> int:
    """A docstring."""
    def inner(x):
        nonlocal a
        a = x + c
        return lambda: (a, args, rest)
    return inner
class Base:
    """Another."""
    def __init__(self, v):
        self.v = v
        self.w: int = v
        self.v += 1
    @property
    def double(self): return self.v * 2
    async def wait(self):
        async with self as s:
            async for i in s: yield i
        await s
def generator(n):
    try:
        x = yield from range(n)
    except* ValueError as group:
        pass
    finally:
        with open('x') as f, open('y'): print(f"{x!r:>{n}} {n=}")
def control(v):
    while v:
        for i, (j, *k) in enumerate(v):
            if i in {1, 2, 'three', (4, 5)} and not j or k is None: continue
            else: break
        else: del v[i]
    match v:
        case {'a': 1, **others} | {'b': [others, _, *_]}: return others
        case Base(v=1): raise KeyError from None
    return [x for x in v if x if (y := x)], {x: y for x, y in v}, {*v}, f(*v, k=1, **v)
print(*(x async for x in y)) if None else ...
)";

class ImageTest : public testing::Test {
  protected:
    ImageTest() {
        strings_.start(heap_);
        others_.start(heap_);
    }
    Code* compiled(std::string_view text) {
        CompileOptions options;
        options.filename = "test.gen";
        options.top_level_await = true;
        CompileResult r = compile(builder_, Source::from_text("test.gen", text), options);
        EXPECT_FALSE(r.error.has_value()) << r.error->message << " in line " << r.error->line;
        return r.code;
    }
    std::string written(const Code& code) {
        std::string image, error;
        EXPECT_TRUE(write_image(code, image, error)) << error;
        return image;
    }
    Code* read(std::string_view image, std::string& error) {
        return read_image(heap_, others_, {reinterpret_cast<const uint8_t*>(image.data()), image.size()},
                          error);
    }
    static std::string listing(const Code& code) { return disassemble(code, {.positions = true}); }
    // The checksum as the writer would have it.
    static void seal(std::string& image) {
        constexpr size_t kFrom = offsetof(ImageHeader, size);
        uint64_t sum = siphash13({}, image.data() + kFrom, image.size() - kFrom);
        std::memcpy(image.data() + offsetof(ImageHeader, checksum), &sum, 8);
    }
    // Reads all that is left out.
    void read_all(Code* code) {
        ASSERT_TRUE(read_code(heap_, others_, code));
        for (size_t i = 0; i < code->constants->size; i++) {
            Value v = code->constants->items[i];
            if (v.is_object() && v.as_object()->kind == Kind::Code) read_all(v.as<Code>());
        }
    }

    Heap heap_;
    HashKey key_{1, 2}, other_key_{3, 4};
    StringTable strings_{key_}, others_{other_key_};
    CodeBuilder builder_{heap_, strings_};
};

TEST_F(ImageTest, EverythingComesBack) {
    Code* code = compiled(kEverything);
    ASSERT_TRUE(code);
    std::string image = written(*code), error;
    Code* again = read(image, error);
    ASSERT_TRUE(again) << error;
    EXPECT_EQ(listing(*again), listing(*code));
    EXPECT_EQ(verify(*again), "");
    EXPECT_EQ(written(*again), image);
}

TEST_F(ImageTest, ProgramsComeBack) {
    size_t found = 0;
    for (const char* folder :
         {"tests/unit/golden/compile", "samples", "tests/lang", "runtime/modules/asyncio"})
        for (auto& entry : fs::recursive_directory_iterator(fs::path(GEN_SOURCE_DIR) / folder)) {
            if (entry.path().extension() != ".gen") continue;
            SCOPED_TRACE(entry.path());
            std::ifstream in(entry.path(), std::ios::binary);
            std::ostringstream text;
            text << in.rdbuf();
            CompileResult r = compile(builder_, Source::from_text("test.gen", text.str()), {});
            if (!r.code) continue;
            found++;
            std::string error;
            Code* again = read(written(*r.code), error);
            ASSERT_TRUE(again) << error;
            ASSERT_EQ(listing(*again), listing(*r.code));
        }
    EXPECT_GT(found, 50u);
}

TEST_F(ImageTest, ConstantDataIsReadInTwoSteps) {
    Code* code = compiled(kEverything);
    std::string image = written(*code);
    Code* frozen = frozen_code(heap_, others_, reinterpret_cast<const uint8_t*>(image.data()));
    ASSERT_TRUE(frozen);
    EXPECT_FALSE(frozen->is_read());
    EXPECT_EQ(frozen->registers, code->registers);
    EXPECT_EQ(frozen->frame_bytes, code->frame_bytes);
    ASSERT_TRUE(read_code(heap_, others_, frozen));
    EXPECT_TRUE(frozen->is_read());
    size_t inner = 0;
    for (size_t i = 0; i < frozen->constants->size; i++) {
        Value v = frozen->constants->items[i];
        if (!v.is_object() || v.as_object()->kind != Kind::Code) continue;
        inner++;
        EXPECT_FALSE(v.as<Code>()->is_read());
    }
    EXPECT_GE(inner, 4u);
    read_all(frozen);
    EXPECT_EQ(listing(*frozen), listing(*code));
    EXPECT_EQ(verify(*frozen), "");
    EXPECT_EQ(written(*frozen), image);
    for (const PositionEntry& e : positions_of(*code)) {
        PositionEntry other = position_of(*frozen, e.pc);
        EXPECT_EQ(other.line, e.line);
        EXPECT_EQ(other.end_column, e.end_column);
    }
}

TEST_F(ImageTest, NamesAreSharedAndOthersAreNot) {
    Code* code = compiled("a = 'name'\nb = 'two words'\ndef f(): return 'name', 'two words'\n");
    std::string error;
    Code* again = read(written(*code), error);
    ASSERT_TRUE(again) << error;
    auto find = [](const Code* c, std::string_view text) -> Str* {
        for (size_t i = 0; i < c->constants->size; i++) {
            Value v = c->constants->items[i];
            if (is_exact_str(v) && v.as<Str>()->view() == text) return v.as<Str>();
        }
        return nullptr;
    };
    Str* name = find(again, "name");
    ASSERT_TRUE(name);
    EXPECT_TRUE(name->flags & kInterned);
    EXPECT_EQ(name, others_.intern(heap_, "name"));
    ASSERT_TRUE(find(again, "two words"));
    EXPECT_FALSE(find(again, "two words")->flags & kInterned);
}

// What running has made of an instruction does not go into an image.
TEST_F(ImageTest, QuickenedCodeIsWrittenAsItWas) {
    Code* code = compiled("def f(o):\n    for i in o: i.x = g(i.y.z(i))\n");
    std::string image = written(*code);
    Code* f = nullptr;
    for (size_t i = 0; i < code->constants->size; i++)
        if (code->constants->items[i].is_object() &&
            code->constants->items[i].as_object()->kind == Kind::Code)
            f = code->constants->items[i].as<Code>();
    ASSERT_TRUE(f);
    auto* words = reinterpret_cast<Instruction*>(f->instructions->data);
    size_t changed = 0;
    for (uint32_t pc = 0; pc < f->length();) {
        Instruction& i = words[pc];
        const unsigned count = op_words(i.op());
        auto quicken = [&](Op to) {
            i.bits = (i.bits & ~uint64_t{0xff}) | uint64_t(to);
            changed++;
        };
        if (has_attribute_cache(i.op())) {
            words[pc + 1].bits = 0x123456789abcdef0;
            words[pc + count - 1].bits |= uint64_t{77} << 32;
        }
        switch (i.op()) {
            case Op::LOAD_GLOBAL:
                quicken(Op::LOAD_BUILTIN_HIT);
                words[pc + 1].bits = 99;
                break;
            case Op::STORE_GLOBAL:
                quicken(Op::STORE_GLOBAL_HIT);
                words[pc + 2].bits = 99;
                break;
            case Op::GET_ATTR:
                quicken(Op::GET_ATTR_SLOT);
                break;
            case Op::SET_ATTR:
                quicken(Op::SET_ATTR_ADD);
                break;
            case Op::FOR_ITER:
                quicken(Op::FOR_ITER_LIST);
                break;
            case Op::CALL:
                quicken(Op::CALL_FUNCTION);
                break;
            case Op::INVOKE:
                quicken(Op::INVOKE_HIT);
                break;
            default:
                break;
        }
        pc += count;
    }
    EXPECT_GE(changed, 4u);
    EXPECT_EQ(written(*code), image);
}

TEST_F(ImageTest, DamageIsTold) {
    const std::string image = written(*compiled(kEverything));
    std::string error;
    EXPECT_FALSE(read("", error));
    EXPECT_EQ(error, "this is no image of code");
    EXPECT_FALSE(read(image.substr(0, image.size() - 1), error));
    EXPECT_EQ(error, "the image is cut off");
    std::string other = image;
    other[4] = char(other[4] + 1);
    EXPECT_FALSE(read(other, error));
    EXPECT_EQ(error, "the image was made by another version");
    other = image;
    other[image.size() / 2] = char(other[image.size() / 2] ^ 4);
    EXPECT_FALSE(read(other, error));
    EXPECT_EQ(error, "the image is damaged");
}

// Damage that hides behind a right checksum never makes a crash, and what passes is well-formed.
TEST_F(ImageTest, ForgedImagesDoNoHarm) {
    const std::string image = written(*compiled(kEverything));
    std::mt19937_64 random(1);
    size_t refused = 0, passed = 0;
    for (int round = 0; round < 20'000; round++) {
        std::string forged = image;
        const size_t changes = 1 + random() % 4;
        for (size_t i = 0; i < changes; i++) {
            // In the tables as often as in the rest.
            const size_t limit = random() % 2 ? forged.size() : forged.size() / 4;
            const size_t at = offsetof(ImageHeader, size) + random() % (limit - offsetof(ImageHeader, size));
            switch (random() % 4) {
                case 0:
                    forged[at] = char(random());
                    break;
                case 1:
                    forged[at] = char(forged[at] + (random() % 2 ? 1 : -1));
                    break;
                case 2:
                    forged[at] = char(random() % 2 ? 0xff : 0);
                    break;
                default:
                    forged[at] = char(forged[at] ^ 1 << random() % 8);
                    break;
            }
        }
        if (random() % 16 == 0) {
            forged.resize(sizeof(ImageHeader) + random() % (forged.size() - sizeof(ImageHeader)));
            const auto size = uint32_t(forged.size());
            std::memcpy(forged.data() + offsetof(ImageHeader, size), &size, 4);
        }
        seal(forged);
        std::string error;
        Code* code = read(forged, error);
        if (code) {
            passed++;
            ASSERT_EQ(verify(*code), "");
            (void)listing(*code);
        } else {
            refused++;
            ASSERT_FALSE(error.empty());
        }
    }
    EXPECT_GT(refused, 10'000u);
    EXPECT_GT(passed, 10u);  // another number or text is as good as the one before
}

TEST_F(ImageTest, CodeThatWasRunIsRefused) {
    std::string image = written(*compiled("x.y\n")), error;
    // GET_ATTR stands in the words of the only code.
    bool done = false;
    for (size_t at = image.size(); at-- > sizeof(ImageHeader) && !done;) {
        if (Op(uint8_t(image[at])) != Op::GET_ATTR) continue;
        std::string forged = image;
        forged[at] = char(Op::GET_ATTR_SLOT);
        seal(forged);
        done = !read(forged, error) && error == "code 0 has been run";
    }
    EXPECT_TRUE(done);
}

}  // namespace
