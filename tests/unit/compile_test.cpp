// The compiler: golden disassemblies of small programs, and properties that every compiled program must have.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "vm/code/assembler.h"
#include "vm/code/disasm.h"
#include "vm/code/verify.h"
#include "vm/compile/compile.h"

using namespace gen;
namespace fs = std::filesystem;

namespace {

std::string read(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

class CompileTest : public testing::Test {
  protected:
    CompileTest() { strings_.start(heap_); }

    CompileResult compile_text(std::string_view text,
                               CompileOptions::Mode mode = CompileOptions::Mode::File) {
        CompileOptions options;
        options.mode = mode;
        options.filename = "test.gen";
        return compile(builder_, Source::from_text("test.gen", text), options);
    }
    // The verified code, or null with a failure.
    Code* ok(std::string_view text, CompileOptions::Mode mode = CompileOptions::Mode::File) {
        CompileResult r = compile_text(text, mode);
        EXPECT_FALSE(r.error.has_value()) << r.error->message << " in\n" << text;
        if (!r.code) return nullptr;
        EXPECT_EQ(verify(*r.code), "") << text;
        return r.code;
    }
    std::string listing(std::string_view text, CompileOptions::Mode mode = CompileOptions::Mode::File) {
        Code* code = ok(text, mode);
        return code ? disassemble(*code) : "";
    }
    // The listing of the first function of the text.
    std::string function(std::string_view text) {
        Code* code = ok(text);
        for (size_t i = 0; code && i < code->constants->size; i++) {
            Value v = code->constants->items[i];
            if (v.is_object() && v.as_object()->kind == Kind::Code)
                return disassemble(*v.as<Code>(), {.nested = false});
        }
        return "";
    }
    static size_t count(const std::string& text, const std::string& part) {
        size_t n = 0;
        for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) n++;
        return n;
    }

    Heap heap_;
    HashKey key_{1, 2};
    StringTable strings_{key_};
    CodeBuilder builder_{heap_, strings_};
};

// tests/unit/golden/compile/NAME.gen compiles to NAME.dis. GEN_UPDATE_GOLDEN=1 writes the .dis files.
TEST_F(CompileTest, GoldenListings) {
    fs::path folder = fs::path(GEN_SOURCE_DIR) / "tests/unit/golden/compile";
    bool update = std::getenv("GEN_UPDATE_GOLDEN") != nullptr;
    size_t found = 0;
    for (auto& entry : fs::directory_iterator(folder)) {
        if (entry.path().extension() != ".gen") continue;
        found++;
        SCOPED_TRACE(entry.path().filename());
        std::string text = listing(read(entry.path()));
        fs::path golden = entry.path();
        golden.replace_extension(".dis");
        if (update) std::ofstream(golden, std::ios::binary) << text;
        EXPECT_EQ(text, read(golden));
    }
    EXPECT_GE(found, 20u);
}

// Every program of the tests and the library compiles to well-formed code whose listing assembles to the
// same.
TEST_F(CompileTest, ProgramsCompileAndListingsRoundTrip) {
    size_t programs = 0;
    for (const char* folder : {"samples", "tests", "runtime"}) {
        for (auto& entry : fs::recursive_directory_iterator(fs::path(GEN_SOURCE_DIR) / folder)) {
            if (entry.path().extension() != ".gen") continue;
            SCOPED_TRACE(entry.path());
            CompileOptions options;
            options.filename = entry.path().filename();
            CompileResult r =
                compile(builder_, Source::from_bytes(options.filename, read(entry.path())), options);
            if (!r.code) continue;  // a test of syntax errors
            programs++;
            ASSERT_EQ(verify(*r.code), "");
            std::string text = disassemble(*r.code, {.positions = true});
            AssembleResult again = assemble(builder_, text);
            ASSERT_EQ(again.error, "");
            ASSERT_EQ(verify(*again.code), "");
            ASSERT_EQ(disassemble(*again.code, {.positions = true}), text);
        }
    }
    EXPECT_GT(programs, 30u);
}

// The number of a name stands in a word of its own, which may look like any instruction.
TEST_F(CompileTest, ManyNames) {
    std::string source;
    for (int i = 0; i < 600; i++) source += "x.name" + std::to_string(i) + "()\n";
    CompileResult r = compile(builder_, Source::from_bytes("<test>", source), {});
    ASSERT_TRUE(r.code);
    EXPECT_EQ(verify(*r.code), "");
}

TEST_F(CompileTest, ConstantsKeepTypeAndSign) {
    std::string text =
        listing("f(1, 1.0, True, 0.0, -0.0, 0, -1, 'a', b'a', 1+2j, 10**30, (1, 1.0), (1.0, 1))");
    for (const char* part :
         {" 1\n", ", 1.0\n", "True", ", 0.0\n", ", -0.0\n", ", 0\n", ", -1\n", "'a'", "b'a'",
          "complex(1.0, 2.0)", "0xc9f2c9cd04674edea40000000", "(1, 1.0)", "(1.0, 1)"})
        EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST_F(CompileTest, FoldsOnlyWhatCannotRaise) {
    EXPECT_NE(listing("x = 60 * 60 * 24").find("LOAD_INT         r0, 86400"), std::string::npos);
    EXPECT_NE(listing("x = -7 // 2").find("LOAD_INT         r0, -4"), std::string::npos);
    EXPECT_NE(listing("x = -7 % 3").find("LOAD_INT         r0, 2"), std::string::npos);
    EXPECT_NE(listing("x = 'a' 'b' + 'c' * 3").find("'abccc'"), std::string::npos);
    EXPECT_NE(listing("x = not 0").find("True"), std::string::npos);
    EXPECT_NE(listing("x = 1 / 0").find("TRUE_DIV"), std::string::npos);
    EXPECT_NE(listing("x = 1 // 0").find("FLOOR_DIV"), std::string::npos);
    EXPECT_NE(listing("x = 1 << 1000").find("LSHIFT"), std::string::npos);
    EXPECT_NE(listing("x = 'a' * 1000000").find("MUL"), std::string::npos);
    EXPECT_NE(listing("x = 2 ** -1").find("POW"), std::string::npos);
    EXPECT_NE(listing("x = 10 ** 40").find("POW"), std::string::npos);
}

TEST_F(CompileTest, LocalsAreCheckedUnlessCertainlyBound) {
    EXPECT_EQ(count(function("def f(a):\n x = a\n return x"), "CHECK_BOUND"), 0u);
    EXPECT_EQ(count(function("def f(a):\n if a: x = 1\n return x"), "CHECK_BOUND"), 1u);
    EXPECT_EQ(count(function("def f(a):\n if a: x = 1\n else: x = 2\n return x"), "CHECK_BOUND"), 0u);
    EXPECT_EQ(count(function("def f(a):\n if a: x = 1\n else: return\n return x"), "CHECK_BOUND"), 0u);
    EXPECT_EQ(count(function("def f(a):\n for x in a: pass\n return x"), "CHECK_BOUND"), 1u);
    EXPECT_EQ(count(function("def f(a):\n while True:\n  x = a\n  if x: break\n return x"), "CHECK_BOUND"),
              0u);
    EXPECT_EQ(count(function("def f(a):\n try: x = a()\n except E: pass\n return x"), "CHECK_BOUND"), 1u);
    EXPECT_EQ(count(function("def f(a):\n try: x = a()\n except E: x = 1\n return x"), "CHECK_BOUND"), 0u);
    EXPECT_EQ(count(function("def f(a):\n try: x = a()\n finally: a()\n return x"), "CHECK_BOUND"), 0u);
    EXPECT_EQ(count(function("def f(a):\n with a: x = 1\n return x"), "CHECK_BOUND"), 1u);
    EXPECT_EQ(count(function("def f(a):\n x = 1\n del x\n return x"), "CHECK_BOUND"), 1u);
    EXPECT_EQ(count(function("def f(a):\n a and (x := 1)\n return x"), "CHECK_BOUND"), 1u);
    EXPECT_EQ(count(function("def f(a):\n (x := 1) and a\n return x"), "CHECK_BOUND"), 0u);
    EXPECT_EQ(
        count(function("def f(a):\n match a:\n  case 1: x = 1\n  case _: x = 2\n return x"), "CHECK_BOUND"),
        0u);
}

TEST_F(CompileTest, WalrusDoesNotDisturbOperands) {
    std::string text = function("def f(x):\n return x + (x := 5)");
    EXPECT_NE(text.find("MOVE             r1, r0"), std::string::npos) << text;
}

TEST_F(CompileTest, LongChainsNeedNoDeepStack) {
    constexpr int kLength = 20000;
    auto chain = [](std::string first, const std::string& more) {
        for (int i = 0; i < kLength; i++) first += more;
        return first;
    };
    ok(chain("x = a", " + a"));
    ok(chain("x = a", ".x"));
    ok(chain("x = a", "()"));
    ok(chain("x = a", "[0]"));
    ok(chain("x = a", " and a"));
    ok(chain("x = a", " < a"));
    ok(chain("x = 1", " if a else 1"));
    ok("x = " + chain("", "not ") + "a");
    ok("x = " + chain("", "- ") + "a");
    ok(chain("if a: pass\n", "elif a: pass\n"));
    ok("x = [" + chain("", "a,") + "]");
    ok("x = {" + chain("", "a:a,") + "}");
    ok("f(" + chain("", "a,") + ")");
    ok("x = 'a'" + chain("", " 'b'"));
    ok("def f(a):\n if " + chain("a", " or a") + ": return 1\n");
}

TEST_F(CompileTest, FarJumpsAreLengthened) {
    std::string body;
    for (int i = 0; i < 20000; i++) body += "  x.a = i\n";
    std::string text =
        "def f(x, n):\n for i in n:\n" + body + "  if i < 3: break\n else:\n" + body + " return x\n";
    ASSERT_TRUE(ok(text));
    ASSERT_TRUE(ok("def f(x, n):\n try:\n  if n < 3:\n " + body + "\n except n: pass\n"));
}

TEST_F(CompileTest, NestedFinallyIsBounded) {
    std::string text = "def f():\n", indent = " ";
    for (int i = 0; i < 30; i++) {
        text += indent + "try: f()\n" + indent + "finally:\n";
        indent += " ";
    }
    text += indent + "pass\n";
    CompileResult r = compile_text(text);
    ASSERT_TRUE(r.error.has_value());
    EXPECT_EQ(r.error->message, "the code is too large");
}

TEST_F(CompileTest, NestedBlocksAreLimitedAsInCPython) {
    std::string text, indent;
    for (int i = 0; i < 21; i++) {
        text += indent + "while x:\n";
        indent += " ";
    }
    CompileResult r = compile_text(text + indent + "pass\n");
    ASSERT_TRUE(r.error.has_value());
    EXPECT_EQ(r.error->message, "too many statically nested blocks");
    EXPECT_EQ(r.error->line, 21u);
}

TEST_F(CompileTest, NamespaceModes) {
    using Mode = CompileOptions::Mode;
    Code* code = ok("x = y\ndef f(): return x", Mode::Exec);
    ASSERT_TRUE(code);
    EXPECT_TRUE(code->code_flags & Code::kNamespace);
    std::string text = disassemble(*code);
    EXPECT_NE(text.find("LOAD_NAME"), std::string::npos);
    EXPECT_NE(text.find("STORE_NAME"), std::string::npos);
    EXPECT_NE(text.find("LOAD_GLOBAL"), std::string::npos);  // in f
    EXPECT_NE(listing("a + 1", Mode::Eval).find("RETURN"), std::string::npos);
    EXPECT_NE(listing("a\n", Mode::Single).find("PRINT_EXPRESSION"), std::string::npos);
}

TEST_F(CompileTest, PositionsAreCPythons) {
    Code* code = ok("x = (a\n  .b\n  .c(1,\n   2))\ny = a.b + c[d]\n");
    ASSERT_TRUE(code);
    auto at = [&](Op op, unsigned nth = 0) {
        for (uint32_t pc = 0; pc < code->length(); pc += op_info(code->entry()[pc].op()).words)
            if (code->entry()[pc].op() == op && nth-- == 0) {
                PositionEntry p = position_of(*code, pc);
                return std::to_string(p.line) + ":" + std::to_string(p.column) + "-" +
                       std::to_string(p.end_line) + ":" + std::to_string(p.end_column);
            }
        return std::string("absent");
    };
    EXPECT_EQ(at(Op::GET_ATTR), "2:3-2:4");
    EXPECT_EQ(at(Op::INVOKE), "3:3-3:4");  // the lookup
    EXPECT_EQ(at(Op::GET_ATTR, 1), "5:4-5:7");
    EXPECT_EQ(at(Op::ADD), "5:4-5:14");
    EXPECT_EQ(at(Op::GET_ITEM), "5:10-5:14");
    for (uint32_t pc = 0; pc < code->length(); pc += op_info(code->entry()[pc].op()).words)
        if (code->entry()[pc].op() == Op::INVOKE) {
            EXPECT_EQ(position_of(*code, pc + 3).line, 3u);  // the call
            EXPECT_EQ(position_of(*code, pc + 3).end_line, 4u);
        }
}

}  // namespace
