#pragma once

#include <cstdint>
#include <string_view>

namespace gen {

enum class Tok : uint8_t {
#define TOKEN(name, text) name,
#define OPERATOR(name, spelling) name,
#define KEYWORD(name, spelling) name,
#include "lexer/token.def"
};

// A piece of the source, by byte offset. The text of strings includes prefix and quotes. Newline covers the
// comment that ends the line, if there is one, but not its \n; Indent covers the indentation; Dedent and
// EndMarker are empty.
struct Token {
    // Flags of String, Bytes, FStringStart, FStringMiddle and FStringEnd, except kNonAscii, which is for
    // Names.
    enum Flag : uint8_t {
        kRaw = 1 << 0,       // r: backslashes are themselves
        kUnicode = 1 << 1,   // u: ast.Constant.kind
        kTriple = 1 << 2,    // three quotes
        kSpec = 1 << 3,      // FStringMiddle inside a format spec: {{ and }} are not escapes there
        kNonAscii = 1 << 4,  // a Name to be read with name_text(), which normalises
    };

    Tok kind = Tok::EndMarker;
    uint8_t flags = 0;
    uint32_t start = 0;
    uint32_t end = 0;
    uint32_t line = 1;  // of start, from 1

    bool has(Flag flag) const { return (flags & flag) != 0; }
    bool operator==(const Token&) const = default;
};

// The spelling of operators and keywords; "NAME", "NEWLINE", ... for the others.
std::string_view token_name(Tok kind);

constexpr bool is_keyword(Tok kind) { return kind >= Tok::KwAs; }
constexpr bool is_operator(Tok kind) { return kind >= Tok::LParen && kind < Tok::KwAs; }

}  // namespace gen
