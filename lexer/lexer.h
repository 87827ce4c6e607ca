#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "lexer/diagnostic.h"
#include "lexer/source.h"
#include "lexer/token.h"

namespace gen {

// Why a text ends too early. The REPL asks for more lines while this is not No.
enum class Incomplete : uint8_t { No, Bracket, TripleQuote, Backslash, Block };

// Turns a Source into tokens, one at a time, layout included: Newline ends a logical line, Indent and Dedent
// bracket blocks, EndMarker is last and repeats. It allocates nothing but diagnostics, never recurses, and
// takes time linear in the text whatever the bytes are. The Source must outlive it.
//
// An f-string is a sequence, nested to any quotes, as in CPython 3.12:
//     f"a{b!r:>{w}}"  ->  FStringStart `f"`, FStringMiddle `a`, LBrace, Name `b`, Exclamation, Name `r`, Colon,
//                         FStringMiddle `>` (kSpec), LBrace, Name `w`, RBrace, RBrace, FStringEnd `"`
// Empty middles are left out. `{x = }` delivers Assign before the closing token; its text is what stands
// between the end of LBrace and the start of the Exclamation, Colon or RBrace that follows Assign.
// Lambda and := must be parenthesised in a field: at the field's own level `:` starts the format spec.
//
// The first error ends the stream: next() then answers Tok::Error for ever, and error() tells what it was.
class Lexer {
  public:
    explicit Lexer(const Source& source);

    Token next();

    const Source& source() const { return source_; }
    // Valid after an Error token.
    const Diagnostic& error() const { return *error_; }
    // Valid after EndMarker or Error. Block means: inside an indented block when the text ended without a
    // final newline (join the REPL's lines by \n: an empty last line closes the block). A text that ends
    // where a block should begin ("if x:") is the parser's to see, by an error at EndMarker.
    Incomplete incomplete() const { return incomplete_; }

    // The innermost open bracket: its offset in the source, if any.
    std::optional<uint32_t> open_bracket() const;

    // For a parser that is about to report an error of its own: reads the rest of the text and answers the
    // error that CPython would report instead. That is the lexer's own error, or "'(' was never closed" for
    // a bracket that was opened on a line before `parser_error_line`.
    std::optional<Diagnostic> error_in_rest(uint32_t parser_error_line);

    static constexpr uint32_t kMaxBrackets = 200;
    static constexpr uint32_t kMaxIndents = 100;
    static constexpr uint32_t kMaxFStrings = 150;

  private:
    struct Bracket {
        uint32_t offset;
        char kind;
    };
    struct Indentation {
        uint32_t column;      // tabs to multiples of 8
        uint32_t alt_column;  // tabs as one column: both must agree
    };
    // An f-string that is open. While fewer brackets are open than `field_depth`, its text is being read.
    struct FString {
        uint32_t start;
        uint32_t field_depth;  // number of open brackets inside the innermost field, its { included
        uint32_t spec_depth;   // number of format specs that are open
        char quote;
        uint8_t flags;
        bool in_text;  // reading literal text or a format spec, not a field's tokens
    };

    Token scan();
    Token scan_fstring_text();
    Token scan_line_start();
    Token scan_string(const char* token_start, const char* body, uint8_t flags, Tok kind);
    Token scan_number_tail(const char* token_start);
    Token scan_identifier(const char* token_start);
    Token open(Tok kind, const char* token_start);
    Token close(Tok kind, const char* token_start);
    Token at_end();
    Token token(Tok kind, const char* token_start, uint8_t flags = 0);
    Token fail(Diagnostic::Kind kind, const char* start, const char* end, std::string message,
               Incomplete incomplete = Incomplete::No);
    uint32_t offset_of(const char* place) const;

    const Source& source_;
    const char* begin_;
    const char* limit_;   // the NUL
    const char* cursor_;  // next byte to read
    uint32_t line_ = 1;   // of cursor_
    uint32_t pending_dedents_ = 0;
    bool at_line_start_ = true;
    bool line_has_tokens_ = false;  // since the last Newline
    Incomplete incomplete_ = Incomplete::No;
    uint32_t bracket_count_ = 0;
    uint32_t indent_count_ = 0;
    uint32_t fstring_count_ = 0;
    std::array<Bracket, kMaxBrackets> brackets_;
    std::array<Indentation, kMaxIndents> indents_;
    std::array<FString, kMaxFStrings> fstrings_;
    std::optional<Diagnostic> error_;
};

// One line per token, "1:0-1:2 NAME 'if'", for `gen --tokens` and golden files; ends with the error, formatted,
// if there is one.
std::string dump_tokens(const Source& source);

}  // namespace gen
