#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

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
//     f"a{b!r:>{w}}"  ->  FStringStart `f"`, FStringMiddle `a`, LBrace, Name `b`, Exclamation, Name `r`,
//     Colon,
//                         FStringMiddle `>` (kSpec), LBrace, Name `w`, RBrace, RBrace, FStringEnd `"`
// Empty middles are left out. `{x = }` delivers Assign before the closing token; its text is what stands
// between the end of LBrace and the start of the Exclamation, Colon or RBrace that follows Assign.
// Lambda and := must be parenthesised in a field: at the field's own level `:` starts the format spec. A
// newline inside a field is like one inside brackets.
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

    // "invalid decimal literal" (SyntaxWarning) for 1if x else y and the like.
    const std::vector<Diagnostic>& warnings() const { return warnings_; }

    // For a parser that is about to report an error of its own: reads the rest of the text and answers the
    // error that CPython would report instead. That is the lexer's own error, or "'(' was never closed" for
    // a bracket that was opened on a line before `parser_error_line`.
    std::optional<Diagnostic> error_in_rest(uint32_t parser_error_line);

    static constexpr uint32_t kMaxBrackets = 200;
    static constexpr uint32_t kMaxIndents = 100;
    static constexpr uint32_t kMaxFStrings = 150;
    static constexpr uint32_t kMaxSpecDepth =
        1;  // f"{a:{b}}" has a field in a format spec: the deepest there may be

  private:
    struct Bracket {
        uint32_t offset;
        uint32_t line;
        char kind;
        bool field;    // the { of an f-string's replacement field
        bool in_spec;  // a field whose format spec is being read
    };
    struct Indentation {
        uint32_t column;      // tabs to multiples of 8
        uint32_t alt_column;  // tabs as one column: both must agree
    };
    struct FString {
        uint32_t start;
        uint32_t line;
        uint32_t brackets;  // number of brackets that were open around it
        char quote;
        uint8_t flags;
    };

    // lexer.re
    Token scan();
    // layout.cpp
    bool start_line(Token& result);
    Token open(Tok kind, const char* start);
    Token close(Tok kind, const char* start);
    Token newline(const char* start, const char* end);
    Token continue_line(const char* after_newline);
    Token at_end();
    Token bracket_never_closed(Incomplete incomplete);
    // scan.cpp
    bool find_closing_quote(const char*& p, char quote, bool triple);
    Token scan_string(const char* start);
    Token scan_fstring_start(const char* start);
    Token scan_fstring_text();
    Token scan_odd_number(const char* start);
    Token scan_wide_name(const char* start);
    Token invalid_character(const char* place);
    Token unterminated_string(const char* start, uint32_t start_line, uint8_t flags, bool at_limit);

    bool in_field() const { return bracket_count_ != 0 && brackets_[bracket_count_ - 1].field; }
    bool in_fstring_text() const {
        return bracket_count_ == fstrings_[fstring_count_ - 1].brackets ||
               brackets_[bracket_count_ - 1].in_spec;
    }
    uint32_t offset_of(const char* place) const { return static_cast<uint32_t>(place - begin_); }
    Token token(Tok kind, const char* start, const char* end, uint8_t flags = 0);
    Token fail(std::string message, const char* start, const char* end,
               Diagnostic::Kind kind = Diagnostic::Kind::SyntaxError);
    Token fail(std::string message, const char* place) { return fail(std::move(message), place, place); }
    Token weak_fail(Diagnostic::Kind kind, std::string message, const char* place);
    Token error_token() const;

    const Source& source_;
    const char* begin_;
    const char* limit_;   // the NUL
    const char* cursor_;  // next byte to read
    uint32_t line_ = 1;   // of cursor_
    uint32_t pending_dedents_ = 0;
    bool at_line_start_ = true;
    // CPython's tokeniser only notes some errors, which then lose to an error of the parser before them.
    bool error_is_weak_ = false;
    Incomplete incomplete_ = Incomplete::No;
    uint32_t bracket_count_ = 0;
    uint32_t indent_count_ = 0;
    uint32_t fstring_count_ = 0;
    std::array<Bracket, kMaxBrackets> brackets_;
    std::array<Indentation, kMaxIndents> indents_;
    std::array<FString, kMaxFStrings> fstrings_;
    std::optional<Diagnostic> error_;
    std::vector<Diagnostic> warnings_;
};

// One line per token, `1:0-1:2 KEYWORD "if"`, columns in code points, for `gen --tokens` and golden files;
// ends with the error, formatted, if there is one.
std::string dump_tokens(const Source& source);

}  // namespace gen
