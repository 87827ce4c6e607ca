#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gen {

class Source;

// One error or warning about a program's text, with everything that a SyntaxError object shows: it stays
// valid when its Source is gone.
struct Diagnostic {
    enum class Kind : uint8_t { SyntaxError, IndentationError, TabError, SyntaxWarning, DeprecationWarning };

    Kind kind = Kind::SyntaxError;
    // More input at the end of the text could make it right (the REPL asks for another line).
    bool incomplete = false;
    std::string message;
    uint32_t start = 0;  // byte offsets into Source::text()
    uint32_t end = 0;
    // Lines and columns as in SyntaxError.lineno, offset, end_lineno, end_offset: lines from 1, columns from
    // 1 in code points. Column 0 means "the whole line", line 0 means "no place".
    uint32_t line = 0;
    uint32_t column = 0;
    uint32_t end_line = 0;
    uint32_t end_column = 0;
    std::string text;  // the line at `line` with its newline, SyntaxError.text
};

// "SyntaxError", "IndentationError", ...
std::string_view kind_name(Diagnostic::Kind kind);

// A diagnostic about text[start, end), places and line text filled in. start == end marks one column.
Diagnostic make_diagnostic(const Source& source, Diagnostic::Kind kind, uint32_t start, uint32_t end,
                           std::string message);

// What CPython 3.11 prints for the uncaught exception, final newline included:
//       File "x.gen", line 3
//         if x
//             ^
//     SyntaxError: expected ':'
std::string format_diagnostic(const Diagnostic& diagnostic, std::string_view file_name);

}  // namespace gen
