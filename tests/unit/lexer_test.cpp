// Tokens, layout, f-strings, incomplete input, hostile input, and the dump. Errors: lexer_errors_test.cpp.

#include "lexer/lexer.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "lexer/literals.h"
#include "lexer/unicode.h"

using namespace gen;

namespace {

Source source_of(std::string_view text) { return Source::from_text("x.gen", text); }

std::vector<Token> tokens_of(const Source& source) {
    Lexer lexer(source);
    std::vector<Token> tokens;
    do {
        tokens.push_back(lexer.next());
    } while (tokens.back().kind != Tok::EndMarker && tokens.back().kind != Tok::Error);
    return tokens;
}

// The names of the tokens up to ENDMARKER and the NEWLINE before it, with the text of those that vary.
std::string summary(std::string_view text) {
    Source source = source_of(text);
    std::string result;
    for (const Token& token : tokens_of(source)) {
        if (token.kind == Tok::EndMarker) break;
        if (!result.empty()) result += ' ';
        result += token_name(token.kind);
        bool varies = token.kind >= Tok::Name && token.kind <= Tok::FStringEnd;
        if (varies) result += "<" + std::string(source.slice(token.start, token.end)) + ">";
    }
    constexpr std::string_view kEnd = " NEWLINE";
    if (result.ends_with(kEnd)) result.resize(result.size() - kEnd.size());
    return result;
}

std::string error_of(std::string_view text) {
    Source source = source_of(text);
    Lexer lexer(source);
    for (;;) {
        Token token = lexer.next();
        if (token.kind == Tok::Error) return lexer.error().message;
        if (token.kind == Tok::EndMarker) return "";
    }
}

Incomplete incomplete_of(std::string_view text) {
    Source source = source_of(text);
    Lexer lexer(source);
    for (;;) {
        Token token = lexer.next();
        if (token.kind == Tok::Error) {
            EXPECT_EQ(lexer.error().incomplete, lexer.incomplete() != Incomplete::No) << text;
            return lexer.incomplete();
        }
        if (token.kind == Tok::EndMarker) return lexer.incomplete();
    }
}

TEST(Tokens, EveryOperatorAndKeywordIsItsOwnToken) {
    const struct {
        Tok kind;
        std::string_view spelling;
    } fixed[] = {
#define OPERATOR(name, spelling) {Tok::name, spelling},
#define KEYWORD(name, spelling) {Tok::name, spelling},
#include "lexer/token.def"
    };
    for (auto [kind, spelling] : fixed) {
        EXPECT_EQ(token_name(kind), spelling);
        EXPECT_NE(is_operator(kind), is_keyword(kind)) << spelling;
        if (kind == Tok::RParen || kind == Tok::RBracket || kind == Tok::RBrace) continue;
        Source source = source_of(std::string(spelling) + " x");
        Token token = Lexer(source).next();
        EXPECT_EQ(token.kind, kind) << spelling;
        EXPECT_EQ(token.end, spelling.size()) << spelling;
    }
    EXPECT_EQ(summary("([{}])"), "( [ { } ] )");
}

TEST(Tokens, LongestMatchWins) {
    EXPECT_EQ(summary("a**=b//=c<<=d>>=e"), "NAME<a> **= NAME<b> //= NAME<c> <<= NAME<d> >>= NAME<e>");
    EXPECT_EQ(summary("x:=y->z....w"), "NAME<x> := NAME<y> -> NAME<z> ... . NAME<w>");
    EXPECT_EQ(summary("iffy = notin"), "NAME<iffy> = NAME<notin>");
    EXPECT_EQ(summary("match case _ type"), "NAME<match> NAME<case> NAME<_> NAME<type>");
    EXPECT_EQ(summary("1..real"), "NUMBER<1.> . NAME<real>");
    EXPECT_EQ(summary("1.5.is_integer"), "NUMBER<1.5> . NAME<is_integer>");
    EXPECT_EQ(summary("rub'x'"), "NAME<rub> STRING<'x'>");
    EXPECT_EQ(summary("a <> b $ ?"), "NAME<a> OP NAME<b> OP OP");
}

TEST(Tokens, Strings) {
    for (const char* prefix : {"", "r", "R", "u", "U"}) {
        EXPECT_EQ(summary(std::string(prefix) + "'a'"), "STRING<" + std::string(prefix) + "'a'>");
    }
    for (const char* prefix : {"b", "B", "br", "bR", "Br", "BR", "rb", "rB", "Rb", "RB"}) {
        EXPECT_EQ(summary(std::string(prefix) + "'a'"), "BYTES<" + std::string(prefix) + "'a'>");
    }
    for (const char* prefix : {"f", "F", "fr", "fR", "Fr", "FR", "rf", "rF", "Rf", "RF"}) {
        std::string p = prefix;
        EXPECT_EQ(summary(p + "'a'"), "FSTRING_START<" + p + "'> FSTRING_MIDDLE<a> FSTRING_END<'>");
    }
    EXPECT_EQ(summary(R"('' "" '''''' """""")"), R"(STRING<''> STRING<""> STRING<''''''> STRING<"""""">)");
    EXPECT_EQ(summary(R"('a\'b' "a\"b")"), R"(STRING<'a\'b'> STRING<"a\"b">)");
    EXPECT_EQ(summary(R"(r'\' + ')"), R"(STRING<r'\' + '>)");
    EXPECT_EQ(summary("'''a'b''c\n\\'''d''' x"), "STRING<'''a'b''c\n\\'''d'''> NAME<x>");
    EXPECT_EQ(summary("'a\\\nb' x"), "STRING<'a\\\nb'> NAME<x>");

    Source source = source_of("'''\n\n''' + x");
    std::vector<Token> tokens = tokens_of(source);
    EXPECT_EQ(tokens[0].line, 1u);
    EXPECT_TRUE(tokens[0].has(Token::kTriple));
    EXPECT_EQ(tokens[1].line, 3u);
}

TEST(Tokens, NamesBeyondAscii) {
    std::string scratch;
    Source source = source_of("été ﬁn 变量 µ x");
    std::vector<Token> tokens = tokens_of(source);
    EXPECT_EQ(name_text(source, tokens[0], scratch), "été");
    EXPECT_EQ(name_text(source, tokens[2], scratch), "变量");
    EXPECT_EQ(name_text(source, tokens[4], scratch), "x");
    EXPECT_FALSE(tokens[4].has(Token::kNonAscii));
#ifdef GEN_HAS_UTF8PROC
    EXPECT_EQ(name_text(source, tokens[1], scratch), "fin");
    EXPECT_EQ(name_text(source, tokens[3], scratch), "μ");
    EXPECT_TRUE(is_name_start(0x2118));
    EXPECT_FALSE(is_name_start(0x0301));
    EXPECT_TRUE(is_name_continue(0x0301));
    EXPECT_FALSE(is_name_continue(0x20AC));
#endif
}

TEST(Layout, BlocksAndBlankLines) {
    EXPECT_EQ(summary("if x:\n    y\n\n  # comment\n    z\nw\n"),
              "if NAME<x> : NEWLINE INDENT NAME<y> NEWLINE NAME<z> NEWLINE DEDENT NAME<w>");
    EXPECT_EQ(summary("a:\n b:\n  c\nd"),
              "NAME<a> : NEWLINE INDENT NAME<b> : NEWLINE INDENT NAME<c> NEWLINE DEDENT DEDENT NAME<d>");
    EXPECT_EQ(summary("if x:\n\ty\n        z"), "if NAME<x> : NEWLINE INDENT NAME<y> NEWLINE ERRORTOKEN");
    EXPECT_EQ(summary("if x:\n\ty\n\tz"),
              "if NAME<x> : NEWLINE INDENT NAME<y> NEWLINE NAME<z> NEWLINE DEDENT");
    EXPECT_EQ(summary("if x:\n  \fy\nz"), "if NAME<x> : NEWLINE NAME<y> NEWLINE NAME<z>");
    EXPECT_EQ(summary(""), "");
    EXPECT_EQ(summary("\n\n# only a comment"), "");
    EXPECT_EQ(summary("  x"), "INDENT NAME<x> NEWLINE DEDENT");
}

TEST(Layout, LinesJoin) {
    EXPECT_EQ(summary("x = (1,\n  # comment\n\n 2)\ny"),
              "NAME<x> = ( NUMBER<1> , NUMBER<2> ) NEWLINE NAME<y>");
    EXPECT_EQ(summary("x = 1 + \\\n  2\ny"), "NAME<x> = NUMBER<1> + NUMBER<2> NEWLINE NAME<y>");
    EXPECT_EQ(summary("if x:\n  y\n  \\\n  z\n"),
              "if NAME<x> : NEWLINE INDENT NAME<y> NEWLINE NAME<z> NEWLINE DEDENT");
}

TEST(Layout, NewlineCoversTheComment) {
    Source source = source_of("if x # why\n");
    Token newline = tokens_of(source)[2];
    EXPECT_EQ(newline.kind, Tok::Newline);
    EXPECT_EQ(source.slice(newline.start, newline.end), "# why");
}

TEST(FStrings, FieldsConversionsAndSpecs) {
    EXPECT_EQ(summary("f'a{b!r:>{w}}'"),
              "FSTRING_START<f'> FSTRING_MIDDLE<a> { NAME<b> ! NAME<r> : FSTRING_MIDDLE<>> { NAME<w> } } "
              "FSTRING_END<'>");
    EXPECT_EQ(summary("f'{x = }'"), "FSTRING_START<f'> { NAME<x> = } FSTRING_END<'>");
    EXPECT_EQ(summary("f'{x=!r:^20}'"),
              "FSTRING_START<f'> { NAME<x> = ! NAME<r> : FSTRING_MIDDLE<^20> } FSTRING_END<'>");
    EXPECT_EQ(summary("f'{x != y}'"), "FSTRING_START<f'> { NAME<x> != NAME<y> } FSTRING_END<'>");
    EXPECT_EQ(summary("f''"), "FSTRING_START<f'> FSTRING_END<'>");
    EXPECT_EQ(summary("f'{{}}'"), "FSTRING_START<f'> FSTRING_MIDDLE<{{}}> FSTRING_END<'>");
    EXPECT_EQ(summary("f'{a}{b}'"), "FSTRING_START<f'> { NAME<a> } { NAME<b> } FSTRING_END<'>");
    EXPECT_EQ(summary("f'{a:}'"), "FSTRING_START<f'> { NAME<a> : } FSTRING_END<'>");
    EXPECT_EQ(summary("f'{ {1: 2}[1] }'"),
              "FSTRING_START<f'> { { NUMBER<1> : NUMBER<2> } [ NUMBER<1> ] } FSTRING_END<'>");
    EXPECT_EQ(summary("f'{a[1:2]:3}'"),
              "FSTRING_START<f'> { NAME<a> [ NUMBER<1> : NUMBER<2> ] : FSTRING_MIDDLE<3> } FSTRING_END<'>");
}

TEST(FStrings, WalrusAndLambdaNeedParentheses) {
    EXPECT_EQ(summary("f'{x:=5}'"), "FSTRING_START<f'> { NAME<x> : FSTRING_MIDDLE<=5> } FSTRING_END<'>");
    EXPECT_EQ(summary("f'{(x:=5)}'"), "FSTRING_START<f'> { ( NAME<x> := NUMBER<5> ) } FSTRING_END<'>");
}

TEST(FStrings, NestInTheirOwnQuotes) {
    EXPECT_EQ(summary("f'{d['k']}'"), "FSTRING_START<f'> { NAME<d> [ STRING<'k'> ] } FSTRING_END<'>");
    EXPECT_EQ(summary("f'{f'{f'{1}'}'}'"),
              "FSTRING_START<f'> { FSTRING_START<f'> { FSTRING_START<f'> { NUMBER<1> } FSTRING_END<'> } "
              "FSTRING_END<'> } FSTRING_END<'>");
    EXPECT_EQ(summary("f'''{\na # comment\n}\n'''"),
              "FSTRING_START<f'''> { NAME<a> } FSTRING_MIDDLE<\n> FSTRING_END<'''>");
}

TEST(FStrings, BackslashesAreText) {
    EXPECT_EQ(summary(R"(f'\N{BULLET}{x}')"),
              R"(FSTRING_START<f'> FSTRING_MIDDLE<\N{BULLET}> { NAME<x> } FSTRING_END<'>)");
    EXPECT_EQ(summary(R"(rf'\N{x}')"), R"(FSTRING_START<rf'> FSTRING_MIDDLE<\N> { NAME<x> } FSTRING_END<'>)");
    EXPECT_EQ(summary(R"(f'\{x}')"), R"(FSTRING_START<f'> FSTRING_MIDDLE<\> { NAME<x> } FSTRING_END<'>)");
    EXPECT_EQ(summary(R"(f'a\'b')"), R"(FSTRING_START<f'> FSTRING_MIDDLE<a\'b> FSTRING_END<'>)");
}

TEST(FStrings, Errors) {
    EXPECT_EQ(error_of("f'}'"), "f-string: single '}' is not allowed");
    EXPECT_EQ(error_of("f'{a'"), "f-string: expecting '}'");
    EXPECT_EQ(error_of("f'{a:x'"), "f-string: expecting '}'");
    EXPECT_EQ(error_of("f'{a)}'"), "f-string: unmatched ')'");
    EXPECT_EQ(error_of("f'{(a}'"),
              "f-string: closing parenthesis '}' does not match opening parenthesis '('");
    EXPECT_EQ(error_of("f'{a:{b}}'"), "");
    EXPECT_EQ(error_of("f'{a:{b:{c}}}'"), "f-string: expressions nested too deeply");
    EXPECT_EQ(error_of("f'abc"), "unterminated string literal (detected at line 1)");
    EXPECT_EQ(error_of("x\nf'''abc\n\n"), "unterminated triple-quoted string literal (detected at line 3)");
    EXPECT_EQ(error_of("f'''{a"), "unterminated triple-quoted string literal (detected at line 1)");
    std::string deep;
    for (int i = 0; i < 160; ++i) deep += "f'{";
    EXPECT_EQ(error_of(deep), "too many nested f-strings");
}

TEST(IncompleteInput, IsToldFromErrors) {
    EXPECT_EQ(incomplete_of("x = (1,"), Incomplete::Bracket);
    EXPECT_EQ(incomplete_of("x = '''a\nb"), Incomplete::TripleQuote);
    EXPECT_EQ(incomplete_of("x = f'''a\nb"), Incomplete::TripleQuote);
    EXPECT_EQ(incomplete_of("x = f'''{a"), Incomplete::TripleQuote);
    EXPECT_EQ(incomplete_of("x = 1 + \\"), Incomplete::Backslash);
    EXPECT_EQ(incomplete_of("x = (1 + \\"), Incomplete::Backslash);
    EXPECT_EQ(incomplete_of("x = 'abc\\"), Incomplete::Backslash);
    EXPECT_EQ(incomplete_of("if x:\n    y"), Incomplete::Block);
    EXPECT_EQ(incomplete_of("if x:\n    y\n"), Incomplete::No);
    EXPECT_EQ(incomplete_of("x = 'abc"), Incomplete::No);
    EXPECT_EQ(incomplete_of("x = 1)"), Incomplete::No);
    EXPECT_EQ(incomplete_of("x = 1"), Incomplete::No);
}

TEST(HostileInput, TakesLinearTimeAndNoStack) {
    EXPECT_EQ(error_of(std::string(100000, '(')), "too many nested parentheses");
    EXPECT_EQ(error_of(std::string(100000, ']')), "unmatched ']'");
    std::string sum = "x";
    std::string quotes;
    for (int i = 0; i < 300000; ++i) {
        sum += "+x";
        quotes += "'' ";
    }
    EXPECT_EQ(tokens_of(source_of(sum)).size(), 600003u);
    EXPECT_EQ(tokens_of(source_of(quotes)).size(), 300002u);
    EXPECT_EQ(tokens_of(source_of(std::string(3000000, 'x'))).size(), 3u);
    EXPECT_EQ(tokens_of(source_of(std::string(2000000, '\n'))).size(), 1u);
}

TEST(Dump, MatchesTheGoldenFile) {
    std::string folder = GEN_SOURCE_DIR "/tests/unit/golden/";
    auto read = [](const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        EXPECT_TRUE(file.good()) << path;
        return std::string(std::istreambuf_iterator<char>(file), {});
    };
    Source source = Source::from_bytes("tokens.gen", read(folder + "tokens.gen"));
    EXPECT_EQ(dump_tokens(source), read(folder + "tokens.txt"));
}

}  // namespace
