// Every error of the lexer and of decoding a source. The messages and places are those of CPython 3.11 for
// the same text.

#include <gtest/gtest.h>

#include <string>

#include "lexer/lexer.h"

using namespace gen;
using Kind = Diagnostic::Kind;

namespace {

Source source_of(std::string_view text) { return Source::from_text("x.gen", text); }

Diagnostic error_of(const Source& source) {
    Lexer lexer(source);
    for (;;) {
        Token token = lexer.next();
        if (token.kind == Tok::Error) return lexer.error();
        if (token.kind == Tok::EndMarker) return {};
    }
}

std::string formatted(std::string_view text) { return format_diagnostic(error_of(source_of(text)), "x.gen"); }

TEST(Errors, SayWhatCPythonSaysWhereItSaysIt) {
    std::string too_deep;
    for (int i = 0; i < 101; ++i) too_deep += std::string(i, ' ') + "if 1:\n";
    const struct {
        std::string text;
        Kind kind;
        std::string message;
        uint32_t line;
        uint32_t column;
    } cases[] = {
        {"1abc", Kind::SyntaxError, "invalid decimal literal", 1, 1},
        {"x = 1\nx = (1]\n", Kind::SyntaxError,
         "closing parenthesis ']' does not match opening parenthesis '('", 2, 7},
        {"x = 1\\", Kind::SyntaxError, "unexpected EOF while parsing", 1, 7},
        {"y\nx = 1\\ \n", Kind::SyntaxError, "unexpected character after line continuation character", 2, 7},
        {"if 1:\n    x\n  y\n", Kind::IndentationError, "unindent does not match any outer indentation level",
         3, 4},
        {"if 1:\n\tx\n        y\n", Kind::TabError, "inconsistent use of tabs and spaces in indentation", 3,
         1},
        {"if 1:\n        x\n\ty\n", Kind::TabError, "inconsistent use of tabs and spaces in indentation", 3,
         1},
        {"x = \"abc", Kind::SyntaxError, "unterminated string literal (detected at line 1)", 1, 5},
        {"x = \"\"\"abc\nfoo\n\n", Kind::SyntaxError,
         "unterminated triple-quoted string literal (detected at line 3)", 1, 5},
        {"x = ('''abc\n", Kind::SyntaxError, "unterminated triple-quoted string literal (detected at line 1)",
         1, 6},
        {"x = (\n1]", Kind::SyntaxError,
         "closing parenthesis ']' does not match opening parenthesis '(' on line 1", 2, 2},
        {"x = 012", Kind::SyntaxError,
         "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers",
         1, 5},
        {"x = 00_12", Kind::SyntaxError,
         "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers",
         1, 5},
        {"x = (\n1", Kind::SyntaxError, "'(' was never closed", 1, 5},
        {"x = (1 2", Kind::SyntaxError, "'(' was never closed", 1, 5},
        {"x = \"abc\\\nde\n", Kind::SyntaxError, "unterminated string literal (detected at line 2)", 1, 5},
        {"\342\200\234", Kind::SyntaxError, "invalid character '\342\200\234' (U+201C)", 1, 1},
        {"\303\251\342\200\234", Kind::SyntaxError, "invalid character '\342\200\234' (U+201C)", 1, 2},
        {"x\302\240", Kind::SyntaxError, "invalid non-printable character U+00A0", 1, 2},
        {"x\342\200\213 = 1", Kind::SyntaxError, "invalid non-printable character U+200B", 1, 2},
        {"\001", Kind::SyntaxError, "invalid non-printable character U+0001", 1, 1},
        {"x = 0b12", Kind::SyntaxError, "invalid digit '2' in binary literal", 1, 8},
        {"x = 0b1_2", Kind::SyntaxError, "invalid digit '2' in binary literal", 1, 9},
        {"x = 0b", Kind::SyntaxError, "invalid binary literal", 1, 6},
        {"x = 0b_", Kind::SyntaxError, "invalid binary literal", 1, 7},
        {"x = 0b1a", Kind::SyntaxError, "invalid binary literal", 1, 7},
        {"x = 0o8", Kind::SyntaxError, "invalid digit '8' in octal literal", 1, 7},
        {"x = 0o18", Kind::SyntaxError, "invalid digit '8' in octal literal", 1, 8},
        {"x = 0o", Kind::SyntaxError, "invalid octal literal", 1, 6},
        {"x = 0o1_", Kind::SyntaxError, "invalid octal literal", 1, 8},
        {"x = 0xg", Kind::SyntaxError, "invalid hexadecimal literal", 1, 6},
        {"x = 0x", Kind::SyntaxError, "invalid hexadecimal literal", 1, 6},
        {"x = 0x_", Kind::SyntaxError, "invalid hexadecimal literal", 1, 7},
        {"x = 0x1_", Kind::SyntaxError, "invalid hexadecimal literal", 1, 8},
        {"x = 0x1g", Kind::SyntaxError, "invalid hexadecimal literal", 1, 7},
        {"x = 1_", Kind::SyntaxError, "invalid decimal literal", 1, 6},
        {"x = 1__0", Kind::SyntaxError, "invalid decimal literal", 1, 6},
        {"x = 0_", Kind::SyntaxError, "invalid decimal literal", 1, 6},
        {"1e", Kind::SyntaxError, "invalid decimal literal", 1, 1},
        {"1e+", Kind::SyntaxError, "invalid decimal literal", 1, 3},
        {"1_e5", Kind::SyntaxError, "invalid decimal literal", 1, 2},
        {"1.5abc", Kind::SyntaxError, "invalid decimal literal", 1, 3},
        {"1._5", Kind::SyntaxError, "invalid decimal literal", 1, 2},
        {"1.e5j2", Kind::SyntaxError, "invalid imaginary literal", 1, 5},
        {"1j_", Kind::SyntaxError, "invalid imaginary literal", 1, 2},
        {"0777.5e", Kind::SyntaxError, "invalid decimal literal", 1, 6},
        {"x = 1\n)\n", Kind::SyntaxError, "unmatched ')'", 2, 1},
        {"x = {1:2]", Kind::SyntaxError, "closing parenthesis ']' does not match opening parenthesis '{'", 1,
         9},
        {"x = [" + std::string(201, '('), Kind::SyntaxError, "too many nested parentheses", 1, 205},
        {too_deep, Kind::IndentationError, "too many levels of indentation", 101, 1},
        {"x = (1\n + \\", Kind::SyntaxError, "'(' was never closed", 1, 5},
        {"a\\", Kind::SyntaxError, "unexpected EOF while parsing", 1, 3},
        {"\\\n", Kind::SyntaxError, "unexpected EOF while parsing", 1, 2},
        {"if x:\n  \\\n", Kind::SyntaxError, "unexpected EOF while parsing", 2, 4},
        {"\"\"\" \n  \\x1 \"\"\" )", Kind::SyntaxError, "unmatched ')'", 2, 11},
        {"\"a", Kind::SyntaxError, "unterminated string literal (detected at line 1)", 1, 1},
        {"'\\\n", Kind::SyntaxError, "unterminated string literal (detected at line 1)", 1, 1},
        {"u\"\\\"", Kind::SyntaxError, "unterminated string literal (detected at line 1)", 1, 1},
        {"rb'''\n\n\n", Kind::SyntaxError, "unterminated triple-quoted string literal (detected at line 3)",
         1, 1},
    };
    for (const auto& expected : cases) {
        Source source = source_of(expected.text);
        Diagnostic error = error_of(source);
        EXPECT_EQ(error.message, expected.message) << expected.text;
        EXPECT_EQ(kind_name(error.kind), kind_name(expected.kind)) << expected.text;
        EXPECT_EQ(error.line, expected.line) << expected.text;
        EXPECT_EQ(error.column, expected.column) << expected.text;
    }
}

TEST(Errors, Formatted) {
    EXPECT_EQ(formatted("if 1:\n    x = “a”\n"),
              "  File \"x.gen\", line 2\n"
              "    x = “a”\n"
              "        ^\n"
              "SyntaxError: invalid character '“' (U+201C)\n");
    EXPECT_EQ(formatted("if 1:\n    x\n  y\n"),
              "  File \"x.gen\", line 3\n"
              "    y\n"
              "     ^\n"
              "IndentationError: unindent does not match any outer indentation level\n");
    EXPECT_EQ(formatted("if 1:\n    x\n\ty\n"),
              "  File \"x.gen\", line 3\n"
              "    y\n"
              "TabError: inconsistent use of tabs and spaces in indentation\n");
    EXPECT_EQ(formatted("x = 00_1\n"),
              "  File \"x.gen\", line 1\n"
              "    x = 00_1\n"
              "        ^^^\n"
              "SyntaxError: leading zeros in decimal integer literals are not permitted; use an 0o prefix "
              "for octal "
              "integers\n");
    EXPECT_EQ(formatted("x = 1\\\n"),
              "  File \"x.gen\", line 1\n"
              "    x = 1\\\n"
              "          ^\n"
              "SyntaxError: unexpected EOF while parsing\n");
}

TEST(Errors, RangesOverSeveralLinesAreMarkedToTheEndOfTheFirst) {
    Source source = source_of("if 1:\n    f(aa, \n1)  = 3 # x\n");
    Diagnostic error = make_diagnostic(source, Kind::SyntaxError, 10, 19, "cannot assign");
    EXPECT_EQ(error.end_line, 3u);
    EXPECT_EQ(format_diagnostic(error, "x.gen"),
              "  File \"x.gen\", line 2\n"
              "    f(aa, \n"
              "    ^^^^^^\n"
              "SyntaxError: cannot assign\n");
}

TEST(Errors, TheFirstEndsTheStream) {
    Source source = source_of("x = 1_\ny = 2_\n");
    Lexer lexer(source);
    while (lexer.next().kind != Tok::Error) {
    }
    EXPECT_EQ(lexer.next().kind, Tok::Error);
    EXPECT_EQ(lexer.error().line, 1u);
    EXPECT_EQ(lexer.error().text, "x = 1_\n");
}

TEST(Errors, OfTheRestReplaceErrorsOfTheParser) {
    auto rest = [](std::string_view text, uint32_t line) -> std::string {
        Source source = source_of(text);
        Lexer lexer(source);
        lexer.next();
        auto error = lexer.error_in_rest(line);
        return error ? error->message : "";
    };
    EXPECT_EQ(rest("x = = 1\n'abc\n", 1), "unterminated string literal (detected at line 2)");
    EXPECT_EQ(rest("x = = 1\n", 1), "");
    EXPECT_EQ(rest("x = (1\ny = 2 3\n", 2), "'(' was never closed");
    EXPECT_EQ(rest("x = ] (1\n", 1), "unmatched ']'");
    EXPECT_EQ(rest("x = = (1\n", 1), "");
    EXPECT_EQ(rest("x = =\nif x:\n    y\n  z\n", 1), "");
}

TEST(Errors, WarnsOfKeywordsThatTouchNumbers) {
    Source source = source_of("1if x else 0x1 + 2.0or y\n");
    Lexer lexer(source);
    while (lexer.next().kind != Tok::EndMarker) {
        ASSERT_NE(lexer.next().kind, Tok::Error);
    }
    ASSERT_EQ(lexer.warnings().size(), 2u);
    EXPECT_EQ(lexer.warnings()[0].message, "invalid decimal literal");
    EXPECT_EQ(lexer.warnings()[0].kind, Kind::SyntaxWarning);
    EXPECT_EQ(lexer.warnings()[1].column, 20u);
}

TEST(Sources, LinesAndColumns) {
    Source source = source_of("a = 'é'; b\r\nc\rd");
    EXPECT_EQ(source.text(), "a = 'é'; b\nc\nd\n");
    EXPECT_TRUE(source.newline_added());
    EXPECT_EQ(source.line_count(), 4u);
    Source::Position place = source.position(10);
    EXPECT_EQ(place.line, 1u);
    EXPECT_EQ(place.byte_column, 10u);
    EXPECT_EQ(place.column, 9u);
    EXPECT_EQ(source.line_text(2), "c");
    EXPECT_EQ(source.line_text(9), "");
    EXPECT_EQ(source.position(999).line, 4u);
    EXPECT_EQ(source_of("").position(0).line, 1u);
}

TEST(Sources, Decoding) {
    auto failure = [](std::string_view bytes) -> std::string {
        Source source = Source::from_bytes("x.gen", bytes);
        return source.error() ? source.error()->message : "";
    };
    EXPECT_EQ(Source::from_bytes("x.gen", "\xEF\xBB\xBFx").text(), "x\n");
    EXPECT_EQ(Source::from_bytes("x.gen", "# coding: latin-1\n'\xE9'").text(), "# coding: latin-1\n'é'\n");
    EXPECT_EQ(failure("#!/bin/gen\n# -*- coding: UTF_8 -*-\n'é'"), "");
    EXPECT_EQ(failure("x = 1\ny = '\xFF'\n"),
              "Non-UTF-8 code starting with '\\xff' in file x.gen on line 2, but no encoding declared; see "
              "https://peps.python.org/pep-0263/ for details");
    EXPECT_EQ(failure("# coding: utf-8\n'\xFF'"),
              "(unicode error) 'utf-8' codec can't decode byte 0xff in position 17: invalid start byte");
    EXPECT_EQ(failure("# coding: foo\n"), "encoding problem: foo");
    EXPECT_EQ(failure("x = 1\n# coding: foo\n"), "");
    EXPECT_EQ(failure("# coding: ascii\n'é'"), "encoding problem: ascii");
    EXPECT_EQ(failure("\xEF\xBB\xBF# coding: latin-1\n"), "encoding problem: iso-8859-1 with BOM");
    EXPECT_EQ(failure(std::string_view("x\0y", 3)), "source code cannot contain null bytes");
    for (const char* bad :
         {"'\xC0\x80'", "'\xED\xA0\x80'", "'\xE0\x80\x80'", "'\xF5\x80\x80\x80'", "'\xC3"}) {
        EXPECT_NE(failure(bad), "") << bad;
    }
    EXPECT_FALSE(source_of("# coding: foo\n").error()) << "a str needs no coding";

    Source source = Source::from_bytes("x.gen", std::string_view("a = 1\nbc\0d", 10));
    EXPECT_EQ(format_diagnostic(error_of(source), "x.gen"),
              "  File \"x.gen\", line 2\n"
              "    bc\n"
              "SyntaxError: source code cannot contain null bytes\n");
}

}  // namespace
