#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lexer/diagnostic.h"

namespace gen {

// The text of one module, decoded, with its lines. Immutable; tokens, AST and diagnostics refer to it by byte
// offset, so it must outlive them where their text is asked for.
//
// text() is valid UTF-8 without NUL, byte order mark or carriage returns (\r\n and \r have become \n), and it
// ends in \n unless it is empty. text().data()[text().size()] is NUL: the scanner's sentinel.
class Source {
  public:
    // A place in the text. Lines count from 1, columns from 0.
    struct Position {
        uint32_t line;
        uint32_t column;       // in code points
        uint32_t byte_column;  // in bytes (what the AST's col_offset means in CPython)
    };

    // The bytes of a file: a byte order mark is skipped, a `# -*- coding: x -*-` line in the first two lines
    // is obeyed for utf-8, ascii and latin-1. On failure text() is empty and error() says why.
    static Source from_bytes(std::string name, std::string_view bytes);
    // Text that is known to be a str (compile, exec, eval, the REPL): coding lines mean nothing.
    static Source from_text(std::string name, std::string_view text);

    const std::string& name() const { return name_; }
    const std::string& text() const { return text_; }
    std::string_view slice(uint32_t start, uint32_t end) const {
        return std::string_view(text_).substr(start, end - start);
    }
    // The decoding failure, if any. A lexer over such a source delivers it as its first token.
    const std::optional<Diagnostic>& error() const { return error_; }
    // Whether the final newline was missing and has been added.
    bool newline_added() const { return newline_added_; }

    // Number of lines; offsets and lines beyond the end are answered for the end.
    uint32_t line_count() const { return static_cast<uint32_t>(line_starts_.size()); }
    uint32_t line_of(uint32_t offset) const;
    uint32_t line_start(uint32_t line) const;
    Position position(uint32_t offset) const;
    // Anything but comments and blank lines.
    bool has_code_behind(uint32_t offset) const;
    // The text of a line without its newline.
    std::string_view line_text(uint32_t line) const;

  private:
    static Source decode(std::string name, std::string_view bytes, bool obey_cookie);

    std::string name_;
    std::string text_;
    std::vector<uint32_t> line_starts_;  // offset of every line's first byte
    std::optional<Diagnostic> error_;
    bool newline_added_ = false;
    bool is_ascii_ = true;
};

}  // namespace gen
