#include "lexer/diagnostic.h"

#include <algorithm>

#include "lexer/source.h"

namespace gen {

std::string_view kind_name(Diagnostic::Kind kind) {
    switch (kind) {
        case Diagnostic::Kind::SyntaxError:
            return "SyntaxError";
        case Diagnostic::Kind::IndentationError:
            return "IndentationError";
        case Diagnostic::Kind::TabError:
            return "TabError";
        case Diagnostic::Kind::SyntaxWarning:
            return "SyntaxWarning";
        case Diagnostic::Kind::DeprecationWarning:
            return "DeprecationWarning";
    }
    return "";
}

Diagnostic make_diagnostic(const Source& source, Diagnostic::Kind kind, uint32_t start, uint32_t end,
                           std::string message) {
    Diagnostic result;
    result.kind = kind;
    result.message = std::move(message);
    result.start = start;
    result.end = end;
    Source::Position from = source.position(start);
    Source::Position to = source.position(end);
    result.line = from.line;
    result.column = from.column + 1;
    result.end_line = to.line;
    result.end_column = to.column + 1;
    result.text = source.line_text(from.line);
    if (source.line_start(from.line) + result.text.size() < source.text().size()) result.text += '\n';
    return result;
}

std::string format_diagnostic(const Diagnostic& diagnostic, std::string_view file_name) {
    std::string result;
    if (diagnostic.line > 0) {
        result.append("  File \"").append(file_name).append("\", line ");
        result.append(std::to_string(diagnostic.line)).append("\n");

        std::string_view text = diagnostic.text;
        text = text.substr(0, text.find('\n'));
        size_t code_points =
            std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
        size_t indent = std::min(text.find_first_not_of(" \t\f"), text.size());
        result.append("    ").append(text.substr(indent)).append("\n");

        // The marks stand below the text without its indentation; a place left of that gets none.
        size_t column = diagnostic.column;
        if (column > indent) {
            size_t end_column = diagnostic.end_column;
            if (diagnostic.end_line > diagnostic.line) end_column = code_points + 1;
            size_t marks = end_column > column ? end_column - column : 1;
            result.append(4 + column - 1 - indent, ' ').append(marks, '^').append("\n");
        }
    }
    result.append(kind_name(diagnostic.kind)).append(": ").append(diagnostic.message).append("\n");
    return result;
}

}  // namespace gen
