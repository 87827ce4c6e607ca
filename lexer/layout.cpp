// Lines, indentation and brackets, and the errors that concern them.

#include <cstring>

#include "lexer/lexer.h"

namespace gen {

Lexer::Lexer(const Source& source)
    : source_(source), begin_(source.text().data()), limit_(begin_ + source.text().size()), cursor_(begin_) {
    indents_[0] = {0, 0};
    if (source.error()) error_ = source.error();
}

Token Lexer::next() {
    if (error_) return error_token();
    if (fstring_count_ != 0 && in_fstring_text()) return scan_fstring_text();
    if (at_line_start_) {
        Token result;
        if (start_line(result)) return result;
    }
    if (pending_dedents_ != 0) {
        --pending_dedents_;
        return token(Tok::Dedent, cursor_, cursor_);
    }
    return scan();
}

// Skips blank lines and comments, and compares the indentation of the line that follows. Answers whether
// there is a token to deliver: an Indent or an Error. Dedents are counted in pending_dedents_.
bool Lexer::start_line(Token& result) {
    const char* p = cursor_;
    const char* start = p;
    uint32_t column = 0;
    uint32_t alt_column = 0;
    uint32_t continued_column = 0;  // of the first backslash: what comes after it does not count
    for (bool blank = true; blank;) {
        switch (*p) {
            case ' ':
                ++column;
                ++alt_column;
                ++p;
                break;
            case '\t':
                column = (column / 8 + 1) * 8;
                ++alt_column;
                ++p;
                break;
            case '\f':
                column = alt_column = 0;
                ++p;
                break;
            case '\\':
                if (p[1] != '\n') {
                    result = weak_fail(Diagnostic::Kind::SyntaxError,
                                       "unexpected character after line continuation character", p + 1);
                    return true;
                }
                if (continued_column == 0) continued_column = column;
                p += 2;
                if (p == limit_) {
                    result = continue_line(p);
                    return true;
                }
                start = p;
                ++line_;
                break;
            case '#':
                p = static_cast<const char*>(std::memchr(p, '\n', static_cast<size_t>(limit_ - p)));
                break;
            case '\n':
                start = ++p;
                ++line_;
                column = alt_column = continued_column = 0;
                break;
            default:
                blank = false;
        }
    }
    cursor_ = p;
    at_line_start_ = false;

    if (p == limit_) {
        pending_dedents_ = indent_count_;
        if (indent_count_ != 0 && source_.newline_added()) incomplete_ = Incomplete::Block;
        indent_count_ = 0;
        return false;
    }
    if (continued_column != 0) column = alt_column = continued_column;

    auto inconsistent = [&] {
        result = weak_fail(Diagnostic::Kind::TabError, "inconsistent use of tabs and spaces in indentation",
                           start);
        return true;
    };
    const Indentation& current = indents_[indent_count_];
    if (column == current.column) return alt_column != current.alt_column && inconsistent();

    if (column > current.column) {
        if (indent_count_ + 1 >= kMaxIndents) {
            result = weak_fail(Diagnostic::Kind::IndentationError, "too many levels of indentation", start);
            return true;
        }
        if (alt_column <= current.alt_column) return inconsistent();
        indents_[++indent_count_] = {column, alt_column};
        result = token(Tok::Indent, start, p);
        return true;
    }

    while (column < indents_[indent_count_].column) {
        --indent_count_;
        ++pending_dedents_;
    }
    if (column != indents_[indent_count_].column) {
        const void* line_end = std::memchr(p, '\n', static_cast<size_t>(limit_ - p));
        result = weak_fail(Diagnostic::Kind::IndentationError,
                           "unindent does not match any outer indentation level",
                           static_cast<const char*>(line_end));
        return true;
    }
    return alt_column != indents_[indent_count_].alt_column && inconsistent();
}

Token Lexer::newline(const char* start, const char* end) {
    Token result = token(Tok::Newline, start, end);
    --result.end;
    ++line_;
    at_line_start_ = true;
    return result;
}

// A backslash joined the last line to nothing.
Token Lexer::continue_line(const char* after_newline) {
    if (bracket_count_ != 0) return bracket_never_closed(Incomplete::Backslash);
    incomplete_ = Incomplete::Backslash;
    return weak_fail(Diagnostic::Kind::SyntaxError, "unexpected EOF while parsing", after_newline - 1);
}

Token Lexer::at_end() {
    if (bracket_count_ != 0) return bracket_never_closed(Incomplete::Bracket);
    return token(Tok::EndMarker, limit_, limit_);
}

Token Lexer::open(Tok kind, const char* start) {
    if (bracket_count_ == kMaxBrackets) return fail("too many nested parentheses", start);
    brackets_[bracket_count_++] = {offset_of(start), line_, *start, false, false};
    return token(kind, start, start + 1);
}

Token Lexer::close(Tok kind, const char* start) {
    std::string prefix = fstring_count_ != 0 ? "f-string: " : "";
    if (bracket_count_ == 0) return fail(std::string("unmatched '") + *start + "'", start);

    const Bracket& bracket = brackets_[bracket_count_ - 1];
    char expected = bracket.kind == '(' ? ')' : bracket.kind == '[' ? ']' : '}';
    if (*start != expected) {
        if (bracket.field) return fail(prefix + "unmatched '" + *start + "'", start);
        std::string message = prefix + "closing parenthesis '" + *start +
                              "' does not match opening parenthesis '" + bracket.kind + "'";
        if (bracket.line != line_) message += " on line " + std::to_string(bracket.line);
        return fail(std::move(message), start);
    }
    --bracket_count_;
    return token(kind, start, start + 1);
}

Token Lexer::bracket_never_closed(Incomplete incomplete) {
    const Bracket& bracket = brackets_[bracket_count_ - 1];
    incomplete_ = incomplete;
    return weak_fail(Diagnostic::Kind::SyntaxError, std::string("'") + bracket.kind + "' was never closed",
                     begin_ + bracket.offset);
}

std::optional<Diagnostic> Lexer::error_in_rest(uint32_t parser_error_line) {
    while (!error_ && next().kind != Tok::EndMarker) {
    }
    if (!error_) return std::nullopt;
    if (!error_is_weak_) return error_;
    if (bracket_count_ != 0 && parser_error_line > brackets_[bracket_count_ - 1].line) {
        bracket_never_closed(incomplete_);
        return error_;
    }
    return std::nullopt;
}

Token Lexer::token(Tok kind, const char* start, const char* end, uint8_t flags) {
    cursor_ = end;
    return {kind, flags, offset_of(start), offset_of(end), line_};
}

Token Lexer::error_token() const { return {Tok::Error, 0, error_->start, error_->end, error_->line}; }

Token Lexer::fail(std::string message, const char* start, const char* end, Diagnostic::Kind kind) {
    error_ = make_diagnostic(source_, kind, offset_of(start), offset_of(end), std::move(message));
    error_->incomplete = incomplete_ != Incomplete::No;
    return error_token();
}

Token Lexer::weak_fail(Diagnostic::Kind kind, std::string message, const char* place) {
    error_is_weak_ = true;
    return fail(std::move(message), place, place, kind);
}

}  // namespace gen
