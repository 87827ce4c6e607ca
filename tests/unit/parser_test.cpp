// The parser: trees as CPython 3.11 builds them, depth, the three modes, and what the REPL is told.

#include "parser/parser.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

using namespace gen;
using namespace gen::ast;

namespace {

std::string read_golden(const std::string& name) {
    std::ifstream file(std::string(GEN_SOURCE_DIR) + "/tests/unit/golden/" + name, std::ios::binary);
    EXPECT_TRUE(file) << name;
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

struct Parsed {
    Source source;
    Arena arena;
    ParseResult result;

    explicit Parsed(std::string_view text, ParseMode mode = ParseMode::File,
                    size_t limit = Arena::kDefaultLimit)
        : source(Source::from_text("x.gen", text)),
          arena(limit),
          result(parse(source, arena, {.mode = mode})) {}

    std::string message() const { return result.error ? result.error->message : "no error"; }
    const ExprNode* value() const { return as<Expr>(as<Module>(result.module)->body[0])->value; }
};

std::string repeat(std::string_view text, int count) {
    std::string out;
    for (int i = 0; i < count; i++) out += text;
    return out;
}

std::string first_difference(const std::string& got, const std::string& want) {
    std::istringstream a(got), b(want);
    std::string x, y;
    for (int line = 1;; line++) {
        const bool more_a = bool(std::getline(a, x)), more_b = bool(std::getline(b, y));
        if (!more_a && !more_b) return {};
        if (more_a != more_b || x != y) return "line " + std::to_string(line) + ": got " + x + ", want " + y;
    }
}

// ast.txt is CPython's ast.dump(ast.parse(…), indent=2, include_attributes=True) of ast.gen.
TEST(Parser, BuildsTheTreeThatCPythonBuilds) {
    Parsed parsed(read_golden("ast.gen"));
    ASSERT_TRUE(parsed.result.module) << parsed.message();
    EXPECT_TRUE(parsed.result.future_annotations);
    EXPECT_EQ(first_difference(dump_ast(parsed.result.module, true) + "\n", read_golden("ast.txt")), "");
}

TEST(Parser, DumpsOnOneLineWhatIsShort) {
    Parsed parsed("x = -1\nreturn\n");
    EXPECT_EQ(dump_ast(parsed.result.module),
              "Module(\n"
              "  body=[\n"
              "    Assign(\n"
              "      targets=[\n"
              "        Name(id='x', ctx=Store())],\n"
              "      value=UnaryOp(\n"
              "        op=USub(),\n"
              "        operand=Constant(value=1))),\n"
              "    Return()],\n"
              "  type_ignores=[])");
}

TEST(Parser, KeepsLiteralsWhole) {
    const auto literal = [](Parsed& parsed) { return as<Constant>(parsed.value())->value; };
    Parsed small("9223372036854775807");
    EXPECT_EQ(literal(small).kind, LiteralKind::Int);
    EXPECT_EQ(literal(small).integer, INT64_MAX);
    Parsed big("0x_1_0000_0000_0000_0000");
    EXPECT_EQ(literal(big).kind, LiteralKind::BigInt);
    EXPECT_EQ(literal(big).base, 16);
    EXPECT_EQ(literal(big).text, "10000000000000000");
    Parsed text("'a\\x00' \"\\u20ac\" '\\ud800'");
    EXPECT_EQ(literal(text).text, std::string_view("a\0\xe2\x82\xac\xed\xa0\x80", 8));
    EXPECT_TRUE(literal(text).text_has_surrogates);
    EXPECT_FALSE(literal(text).text_is_ascii);
    Parsed bytes("b'\\xff' rb'\\n'");
    EXPECT_EQ(literal(bytes).kind, LiteralKind::Bytes);
    EXPECT_EQ(literal(bytes).text, "\xff\\n");
}

// ---- depth
// ----------------------------------------------------------------------------------------------------

// The test programs run on a C stack of 256 KB, see CMakeLists.txt.
TEST(ParserDepth, FlatChainsMayBeLong) {
    constexpr int kMany = 100'000;
    const std::string programs[] = {
        "x = " + repeat("a + ", kMany) + "a",
        "x = " + repeat("a and ", kMany) + "a",
        "x = " + repeat("a and b or ", kMany) + "a",
        "x = " + repeat("a < ", kMany) + "a",
        "x = " + repeat("not ", kMany) + "a",
        "x = " + repeat("- ", kMany) + "a",
        "x = a" + repeat(".x", kMany),
        "x = a" + repeat("()", kMany),
        "x = a" + repeat("[0]", kMany),
        "x = a" + repeat(".x[0]()", kMany),
        "x = " + repeat("a if b else ", kMany) + "c",
        "if a: pass\n" + repeat("elif b: pass\n", kMany),
        repeat("a = ", kMany) + "1",
        "x = " + repeat("'a' ", kMany),
        "x = " + repeat("f'{a}' ", kMany),
        "with " + repeat("a, ", kMany) + "b: pass",
        "match x:\n  case " + repeat("1 | ", kMany) + "2: pass",
        repeat("@a\n", kMany) + "def f(): pass",
        "x = [" + repeat("a, ", kMany) + "]",
    };
    for (const std::string& program : programs) {
        Parsed parsed(program);
        EXPECT_TRUE(parsed.result.module) << program.substr(0, 20) << ": " << parsed.message();
    }
    Parsed sum("x = " + repeat("a + ", 1000) + "a");  // the dump indents each level, so it is quadratic
    EXPECT_GT(dump_ast(sum.result.module).size(), 1'000'000u);
}

TEST(ParserDepth, NestingHasALimitThatIsTold) {
    const struct {
        std::string program;
        std::string message;
    } cases[] = {
        {"x = " + repeat("(", 199) + "a" + repeat(")", 199), "no error"},
        {"x = " + repeat("(1 + ", 199) + "a" + repeat(")", 199), "no error"},
        {"x = " + repeat("[", 199) + "a" + repeat("]", 199), "no error"},
        {"x = " + repeat("f(", 199) + "a" + repeat(")", 199), "no error"},
        {"x = " + repeat("{1: ", 199) + "a" + repeat("}", 199), "no error"},
        {"x = " + repeat("[a for a in ", 199) + "a" + repeat("]", 199), "no error"},
        {"x = " + repeat("(", 100'000), "too many nested parentheses"},
        {"x = " + repeat("lambda: ", 150) + "1", "no error"},
        {"x = " + repeat("lambda: ", 100'000) + "1", "too many nested expressions or blocks"},
        {"x = " + repeat("a ** ", 150) + "a", "no error"},
        {"x = " + repeat("a ** ", 100'000) + "a", "too many nested expressions or blocks"},
        {"x = " + repeat("(a < b and not c + ", 120) + "a" + repeat(")", 120),
         "too many nested expressions or blocks"},
        {R"x(x = f"""{f'''{f'{f"{a}"}'}'''}""")x", "no error"},  // there are no more kinds of quotes
        {"x = " + repeat("f'{", 100) + "a" + repeat("}'", 100), "f-string: expecting '}'"},
    };
    for (const auto& [program, message] : cases) {
        EXPECT_EQ(Parsed(program).message(), message) << program.substr(0, 30);
    }
}

TEST(ParserDepth, BlocksNestAHundredLevels) {
    const auto nested = [](int levels, std::string_view last) {
        std::string program;
        for (int i = 0; i < levels; i++) program += std::string(i, ' ') + "if a:\n";
        return program + std::string(levels, ' ') + std::string(last);
    };
    EXPECT_EQ(Parsed(nested(99, "pass")).message(), "no error");
    EXPECT_EQ(Parsed(nested(99, "x = " + repeat("[", 110) + repeat("]", 110))).message(), "no error");
    EXPECT_EQ(Parsed(nested(99, "x = " + repeat("[", 150) + repeat("]", 150))).message(),
              "too many nested expressions or blocks");
    EXPECT_EQ(Parsed(nested(101, "pass")).message(), "too many levels of indentation");
}

TEST(ParserDepth, HeightsAreTrue) {
    Parsed leaf("a");
    EXPECT_EQ(leaf.value()->height, 1);
    Parsed spine("a.b.c(1)[2] + 3 + 4");
    EXPECT_EQ(spine.value()->height, 2);
    Parsed nested("f([g(x)])");
    EXPECT_EQ(nested.value()->height, 4);
    Parsed mixed("-(a < b)");
    EXPECT_EQ(mixed.value()->height, 3);
}

TEST(ParserDepth, FaultsInNestedTextAreFoundInTime) {
    // Each of these once made the diagnosis try every level twice.
    const std::string programs[] = {
        "x = " + repeat("a[", 199) + "b c" + repeat("]", 199) + " d",
        "x = " + repeat("f(a[b ", 99) + "a" + repeat("])", 99),
        "x = " + repeat("{a:b[c ", 99) + "a" + repeat("]}", 99) + " x",
        "x = " + repeat("(a if (b ", 99) + "a" + repeat("))", 99) + " x",
        "x = " + repeat("[a=(b ", 99) + "a" + repeat(")]", 99) + " x",
        "x = " + repeat("f(a for a in ", 199) + "b" + repeat(")", 199) + " x",
        "x = " + repeat("[x for [y for ", 99) + "b" + repeat("]]", 99) + " x",
        "x = [" + repeat("a, ", 100'000) + "b c]",
        "x = " + repeat("a + ", 100'000) + "+",
        "print " + repeat("-x ", 10'000) + "@",
    };
    for (const std::string& program : programs) {
        const Parsed parsed(program, ParseMode::File, size_t{256} << 20);
        EXPECT_TRUE(parsed.result.error) << program.substr(0, 30);
    }
}

TEST(Parser, MemoryIsLimited) {
    Parsed parsed("x = [" + repeat("a, ", 100'000) + "]", ParseMode::File, 1 << 20);
    EXPECT_TRUE(parsed.result.out_of_memory);
    EXPECT_FALSE(parsed.result.module);
}

// ---- modes
// ----------------------------------------------------------------------------------------------------

TEST(ParserModes, EvalTakesOneExpression) {
    Parsed tuple("1, 2\n\n", ParseMode::Eval);
    ASSERT_TRUE(tuple.result.module);
    EXPECT_TRUE(is<Tuple>(as<Expression>(tuple.result.module)->body));
    EXPECT_EQ(Parsed("x = 1", ParseMode::Eval).message(), "invalid syntax");
    EXPECT_EQ(Parsed("f() = 1", ParseMode::Eval).message(), "invalid syntax");
    EXPECT_EQ(Parsed("", ParseMode::Eval).message(), "invalid syntax");
}

TEST(ParserModes, InteractiveTakesOneStatement) {
    Parsed line("a = 1; b = 2", ParseMode::Interactive);
    ASSERT_TRUE(line.result.module);
    EXPECT_EQ(as<Interactive>(line.result.module)->body.size(), 2u);
    Parsed nothing("\n", ParseMode::Interactive);
    ASSERT_TRUE(nothing.result.module);
    EXPECT_TRUE(as<Interactive>(nothing.result.module)->body.empty());
    for (const char* text : {"a = 1\nb = 2\n", "a = 1\n)", "a\n'"})
        EXPECT_EQ(Parsed(text, ParseMode::Interactive).message(),
                  "multiple statements found while compiling a single statement");
    EXPECT_EQ(Parsed("if a: b\nc", ParseMode::Interactive).message(), "invalid syntax");
}

TEST(ParserModes, TheReplLearnsThatMoreMustFollow) {
    const struct {
        std::string text;
        bool incomplete;
    } cases[] = {
        {"x = 1", false},    {"x = (1,", true}, {"x = '''abc", true},  {"x = 1 + \\", true},
        {"if x:", true},     {"if x:\n", true}, {"if x:\n  y", true},  {"if x:\n  y\n", false},
        {"def f():", true},  {"@a", true},      {"try:\n  x\n", true}, {"try:\n  x\nfinally:", true},
        {"x = 1 +", false},  {"x = )", false},  {"if x", false},       {"class A: x = 1", false},
        {"x = 'abc", false}, {"f(x y", true},   {"match x:", true},    {"for", false},
    };
    for (const auto& [text, incomplete] : cases) {
        Parsed parsed(text, ParseMode::Interactive);
        EXPECT_EQ(parsed.result.incomplete != Incomplete::No, incomplete) << text;
    }
}

TEST(Parser, SoftKeywordsAreNames) {
    for (const char* program :
         {"match = 1", "match(x)", "match[x]", "match.x", "match * x", "match - x", "match, case",
          "case = match", "match in x", "match if x else y", "print(match, case, _)",
          "match (x):\n  case 1: pass", "match [x]:\n  case 1: pass", "match -x:\n  case 1: pass",
          "match *a, b:\n  case 1: pass", "match not x:\n  case 1: pass", "match match:\n  case 1: pass",
          "match.x[match](match)", "match: int = 1"}) {
        Parsed parsed(program);
        EXPECT_TRUE(parsed.result.module) << program << ": " << parsed.message();
        const bool is_statement = std::string_view(program).find("case 1") != std::string_view::npos;
        EXPECT_EQ(is<Match>(as<Module>(parsed.result.module)->body[0]), is_statement) << program;
    }
}

// ---- warnings
// -------------------------------------------------------------------------------------------------

TEST(Parser, WarnsOfOperatorsTheWrongWayRound) {
    const struct {
        std::string program;
        std::string warning;
    } cases[] = {
        {"n =- 1", "suspicious '=-': did you mean '-='?"},
        {"n =+ 1", "suspicious '=+': did you mean '+='?"},
        {"n = -1", ""},
        {"n =-1", ""},
        {"n=- 1", ""},
        {"n = - 1", ""},
        {"f(n =- 1)", ""},
    };
    for (const auto& [program, warning] : cases) {
        Parsed parsed(program);
        ASSERT_TRUE(parsed.result.module) << program;
        EXPECT_EQ(parsed.result.warnings.empty() ? "" : parsed.result.warnings[0].message, warning)
            << program;
    }
}

TEST(Parser, WarnsOnceThoughItLooksTwice) {
    Parsed with("with ('\\d', x) as y: pass");
    ASSERT_TRUE(with.result.module);
    EXPECT_EQ(with.result.warnings.size(), 1u);
}

// ---- text of expressions
// --------------------------------------------------------------------------------------

TEST(Unparse, WritesAnnotationsAsCPythonDoes) {
    const struct {
        std::string expression;
        std::string text;
    } cases[] = {
        {"dict[str,(int,...)]", "dict[str, (int, ...)]"},
        {"list[  'A'  ]", "list['A']"},
        {"Callable[[int], str] | None", "Callable[[int], str] | None"},
        {"(a+b)*c-d**-e", "(a + b) * c - d ** (-e)"},
        {"(a ** b) ** c ** d", "(a ** b) ** c ** d"},
        {"not (a and b) or (c if d else e)", "not (a and b) or (c if d else e)"},
        {"lambda x, /, y=1, *z, k=2, **w: x+1", "lambda x, /, y=1, *z, k=2, **w: x + 1"},
        {"lambda *a: a", "lambda*a: a"},
        {"f(x for x in y)", "f(x for x in y)"},
        {"{1:2,**a}", "{1: 2, **a}"},
        {"[x async for x in y if z]", "[x async for x in y if z]"},
        {"1 .real", "1 .real"},
        {"1.5.real", "1.5.real"},
        {"1e400", "1e309"},
        {"f'{x!r:>{w}}{{}}'", "f'{x!r:>{w}}{{}}'"},
        {"u'a' \"b'\"", "u\"ab'\""},
        {"x[1:2, ::3]", "x[1:2, ::3]"},
        {"x[a,]", "x[a,]"},
        {"a < b is not c not in d", "a < b is not c not in d"},
    };
    for (const auto& [expression, text] : cases) {
        Parsed parsed(expression);
        ASSERT_TRUE(parsed.result.module) << expression << ": " << parsed.message();
        EXPECT_EQ(unparse(parsed.value()), text);
    }
    Parsed chain(repeat("a + ", 100'000) + "a");
    EXPECT_EQ(unparse(chain.value()), repeat("a + ", 100'000) + "a");
}

}  // namespace
