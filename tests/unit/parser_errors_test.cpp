// Syntax errors: message, place and marks, for parser and scope analysis together, as a program meets them.

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "parser/parser.h"
#include "parser/scope.h"

using namespace gen;

namespace {

// What CPython prints for the program: its syntax error, or its SyntaxWarnings and "ok".
std::string outcome(std::string_view text) {
    const Source source = Source::from_text("x.gen", text);
    Arena arena;
    const ParseResult parsed = parse(source, arena);
    if (parsed.error) return format_diagnostic(*parsed.error, "x.gen");
    const ScopeResult scopes =
        analyse_scopes(parsed.module, source, arena, {.future_annotations = parsed.future_annotations});
    if (scopes.error) return format_diagnostic(*scopes.error, "x.gen");
    std::string out;
    for (const auto* warnings : {&parsed.warnings, &scopes.warnings}) {
        for (const Diagnostic& warning : *warnings) {
            if (warning.kind != Diagnostic::Kind::SyntaxWarning) continue;
            out += std::to_string(warning.line) + ": SyntaxWarning: " + warning.message + "\n";
        }
    }
    return out + "ok\n";
}

// syntax_errors.txt holds programs (after ====) with what CPython 3.11 says about them (after ----).
TEST(SyntaxErrors, AreThoseOfCPython) {
    std::ifstream file(GEN_SOURCE_DIR "/tests/unit/golden/syntax_errors.txt");
    ASSERT_TRUE(file);
    std::string program, expected, line;
    bool in_program = true;
    int count = 0;
    const auto check = [&] {
        if (program.empty()) return;
        EXPECT_EQ(outcome(program), expected) << program;
        count++;
        program.clear();
        expected.clear();
        in_program = true;
    };
    while (std::getline(file, line)) {
        if (line == "====") {
            check();
        } else if (in_program && line == "----") {
            in_program = false;
        } else {
            (in_program ? program : expected) += line + "\n";
        }
    }
    check();
    EXPECT_GT(count, 500);
}

// Inside f-strings Gen reads the text in place (as CPython does since 3.12), so it can say where the fault
// is; the words are those of 3.11.
TEST(SyntaxErrors, OfFStringsStandWhereTheFaultIs) {
    const struct {
        std::string program;
        std::string error;
    } cases[] = {
        {"f'{a b}'",
         "    f'{a b}'\n"
         "       ^^^\n"
         "SyntaxError: f-string: invalid syntax. Perhaps you forgot a comma?\n"},
        {"f'{}'",
         "    f'{}'\n"
         "      ^^\n"
         "SyntaxError: f-string: empty expression not allowed\n"},
        {"f'{ !r}'",
         "    f'{ !r}'\n"
         "      ^^^\n"
         "SyntaxError: f-string: expression required before '!'\n"},
        {"x = f'{a!x}'",
         "    x = f'{a!x}'\n"
         "             ^\n"
         "SyntaxError: f-string: invalid conversion character: expected 's', 'r', or 'a'\n"},
        {"f'{a:{b c}}'",
         "    f'{a:{b c}}'\n"
         "          ^^^\n"
         "SyntaxError: f-string: invalid syntax. Perhaps you forgot a comma?\n"},
        {"f'{*a}'",
         "    f'{*a}'\n"
         "       ^^\n"
         "SyntaxError: f-string: cannot use starred expression here\n"},
        {"f'{lambda x:1}'",
         "    f'{lambda x:1}'\n"
         "                ^\n"
         "SyntaxError: f-string: invalid syntax\n"},
    };
    for (const auto& [program, error] : cases)
        EXPECT_EQ(outcome(program), "  File \"x.gen\", line 1\n" + error);
}

TEST(SyntaxErrors, OfTheTextBeforeAreReportedFirst) {
    EXPECT_EQ(outcome("x = 1 2\nreturn\n"),
              "  File \"x.gen\", line 1\n"
              "    x = 1 2\n"
              "          ^\n"
              "SyntaxError: invalid syntax\n");
    EXPECT_EQ(outcome("return\nx = 1 2\n"),  // grammar comes before places
              "  File \"x.gen\", line 2\n"
              "    x = 1 2\n"
              "          ^\n"
              "SyntaxError: invalid syntax\n");
}

TEST(SyntaxErrors, CountCharactersNotBytes) {
    EXPECT_EQ(outcome("é = 'ü' + (ñ ó)\n"),
              "  File \"x.gen\", line 1\n"
              "    é = 'ü' + (ñ ó)\n"
              "               ^^^\n"
              "SyntaxError: invalid syntax. Perhaps you forgot a comma?\n");
}

}  // namespace
