// The scanner's uncommon paths: strings over several lines, f-strings, names beyond ASCII, numbers that go
// wrong.

#include "lexer/scan.h"

#include <cstdio>
#include <cstring>

#include "lexer/lexer.h"
#include "lexer/unicode.h"

namespace gen {
namespace {

// Whether `place` stands before the closing quotes.
bool at_closing_quote(const char* place, char quote, bool triple) {
    return *place == quote && (!triple || (place[1] == quote && place[2] == quote));
}

const char* skip_prefix(const char* string) {
    while (!is_quote(*string)) ++string;
    return string;
}

}  // namespace

// Moves `p` and line_ from the first character of a string to its closing quotes. False: they stand where it should have
// ended.
bool Lexer::find_closing_quote(const char*& p, char quote, bool triple) {
    while (!at_closing_quote(p, quote, triple)) {
        if (p == limit_ || (*p == '\n' && !triple)) return false;
        if (*p == '\\') ++p;
        if (*p == '\n') ++line_;
        ++p;
    }
    return true;
}

Token Lexer::scan_string(const char* start) {
    const char* p = skip_prefix(start);
    char quote = *p;
    uint8_t flags = string_flags(start);
    bool triple = (flags & Token::kTriple) != 0;
    p += triple ? 3 : 1;

    uint32_t first_line = line_;
    if (!find_closing_quote(p, quote, triple))
        return unterminated_string(start, first_line, flags, p == limit_);
    Token result = token(is_bytes(start) ? Tok::Bytes : Tok::String, start, p + (triple ? 3 : 1), flags);
    result.line = first_line;
    return result;
}

// line_ is where the search for the end gave up; at the end of the text it counts one line too many.
Token Lexer::unterminated_string(const char* start, uint32_t start_line, uint8_t flags, bool at_limit) {
    bool triple = (flags & Token::kTriple) != 0;
    uint32_t detected = at_limit ? line_ - 1 : line_;
    line_ = start_line;
    if (fstring_count_ != 0 && !in_fstring_text()) {
        // More likely the end of the f-string around this field than the start of a string in it.
        const FString& around = fstrings_[fstring_count_ - 1];
        if (is_quote(*start) && *start == around.quote && triple == ((around.flags & Token::kTriple) != 0)) {
            return fail("f-string: expecting '}'", start);
        }
    }
    if (triple) incomplete_ = Incomplete::TripleQuote;
    if (!triple && at_limit) incomplete_ = Incomplete::Backslash;
    std::string message =
        triple ? "unterminated triple-quoted string literal" : "unterminated string literal";
    return fail(message + " (detected at line " + std::to_string(detected) + ")", start);
}

Token Lexer::scan_fstring_start(const char* start) {
    if (fstring_count_ == kMaxFStrings) return fail("too many nested f-strings", start);
    const char* p = skip_prefix(start);
    char quote = *p;
    uint8_t flags = string_flags(start);
    // f"" followed by a quote is no triple quote, and the scanner matched only what it saw.
    const bool triple = (flags & Token::kTriple) != 0;
    p += triple ? 3 : 1;
    // To CPython 3.11 it is a string like any other, whose fields are looked at when its end has been found.
    const uint32_t first_line = line_;
    const char* end = p;
    if (!find_closing_quote(end, quote, triple))
        return unterminated_string(start, first_line, flags, end == limit_);
    line_ = first_line;
    fstrings_[fstring_count_++] = {offset_of(start), line_, bracket_count_, quote, flags};
    return token(Tok::FStringStart, start, p, flags);
}

// Literal text or a format spec, up to a brace that means something or to the closing quotes, and these.
Token Lexer::scan_fstring_text() {
    const FString& fstring = fstrings_[fstring_count_ - 1];
    const bool spec = bracket_count_ > fstring.brackets;
    const bool triple = (fstring.flags & Token::kTriple) != 0;
    const bool raw = (fstring.flags & Token::kRaw) != 0;
    const uint8_t flags = fstring.flags | (spec ? Token::kSpec : 0);
    const char* start = cursor_;
    const uint32_t first_line = line_;

    const char* p = start;
    auto middle = [&] {
        Token result = token(Tok::FStringMiddle, start, p, flags);
        result.line = first_line;
        return result;
    };
    for (;; ++p) {
        switch (*p) {
            case '\0':
                return unterminated_string(begin_ + fstring.start, fstring.line, fstring.flags, true);
            case '\n':
                if (!triple)
                    return unterminated_string(begin_ + fstring.start, fstring.line, fstring.flags, false);
                ++line_;
                break;
            case '\'':
            case '"': {
                if (!at_closing_quote(p, fstring.quote, triple)) break;
                if (spec) return fail("f-string: expecting '}'", p);
                if (p != start) return middle();
                --fstring_count_;
                return token(Tok::FStringEnd, p, p + (triple ? 3 : 1), flags);
            }
            case '{': {
                if (!spec && p[1] == '{') {
                    ++p;
                    break;
                }
                if (p != start) return middle();
                if (spec && bracket_count_ - fstring.brackets > kMaxSpecDepth) {
                    return fail("f-string: expressions nested too deeply", p);
                }
                Token result = open(Tok::LBrace, p);
                if (result.kind == Tok::LBrace) brackets_[bracket_count_ - 1].field = true;
                return result;
            }
            case '}':
                if (!spec && p[1] == '}') {
                    ++p;
                    break;
                }
                if (!spec) return fail("f-string: single '}' is not allowed", p);
                if (p != start) return middle();
                return close(Tok::RBrace, p);
            case '\\':
                // The character after a backslash is text, unless it is a brace: {x} is a field in f"\{x}"
                // too.
                if (!raw && p[1] == 'N' && p[2] == '{') {
                    p += 3;
                    while (*p != '}' && *p != '\n' && *p != '\0' && *p != fstring.quote) ++p;
                    if (*p != '}') --p;
                } else if (p[1] != '{' && p[1] != '}' && p[1] != '\0') {
                    ++p;
                    if (*p == '\n') ++line_;
                }
                break;
            default:
                break;
        }
    }
}

// What the rule for numbers left because a letter, digit, underscore or the like follows it. Finds the error,
// or the end of the number before a keyword (1if x else y), which is worth a warning.
Token Lexer::scan_odd_number(const char* start) {
    const char* p = start;
    auto finish = [&](const char* kind) {
        bool keyword = false;
        // Of the keywords of two letters with an i, CPython looks at no more than these.
        for (std::string_view word : {"and", "else", "for", "if", "in", "is", "or", "not"}) {
            if (std::strncmp(p, word.data(), word.size()) != 0) continue;
            keyword |= word[0] == 'i' || !is_name_byte(p[word.size()]);
        }
        std::string message = std::string("invalid ") + kind + " literal";
        if (!keyword && continues_number(*p)) return fail(std::move(message), p - 1);
        if (keyword) {
            warnings_.push_back(make_diagnostic(source_, Diagnostic::Kind::SyntaxWarning, offset_of(p - 1),
                                                offset_of(p), std::move(message)));
        }
        return token(Tok::Number, start, p);
    };
    // Digits in groups of any size, joined by single underscores; false at an underscore that joins nothing.
    auto digits_below = [&](char limit) {
        auto good = [&](char c) { return limit == 'g' ? is_hex_digit(c) : c >= '0' && c < limit; };
        for (;;) {
            while (good(*p)) ++p;
            if (*p != '_') return true;
            ++p;
            if (!good(*p)) return false;
        }
    };
    auto with_base = [&](const char* kind, char limit) {
        p = start + 2;
        bool empty = *p == '_' ? false : !(limit == 'g' ? is_hex_digit(*p) : *p >= '0' && *p < limit);
        bool good = !empty && digits_below(limit);
        if (limit != 'g' && is_digit(*p)) {
            return fail(std::string("invalid digit '") + *p + "' in " + kind + " literal", p);
        }
        if (!good) return fail(std::string("invalid ") + kind + " literal", p - 1);
        return finish(kind);
    };
    auto decimal_fault = [&] { return fail("invalid decimal literal", p - 1); };

    if (*p == '0') {
        switch (p[1] | 0x20) {
            case 'x':
                return with_base("hexadecimal", 'g');
            case 'o':
                return with_base("octal", '8');
            case 'b':
                return with_base("binary", '2');
            default:
                break;
        }
    }
    const char* zeros_end = start;
    if (*p == '0') {
        for (;;) {
            if (*p == '_') {
                ++p;
                if (!is_digit(*p)) return decimal_fault();
            }
            if (*p != '0') break;
            ++p;
        }
        zeros_end = p;
    }
    bool leading_zeros = zeros_end != start && is_digit(*p);
    if (is_digit(*p) && !digits_below(':')) return decimal_fault();

    bool real = false;
    if (*p == '.') {
        real = true;
        ++p;
        if (is_digit(*p) && !digits_below(':')) return decimal_fault();
    }
    if ((*p | 0x20) == 'e') {
        bool is_signed = p[1] == '+' || p[1] == '-';
        const char* digits = p + (is_signed ? 2 : 1);
        if (is_digit(*digits)) {
            real = true;
            p = digits;
            if (!digits_below(':')) return decimal_fault();
        } else if (is_signed) {
            p = digits;
            return decimal_fault();
        } else {
            return finish("decimal");
        }
    }
    if ((*p | 0x20) == 'j') {
        ++p;
        return finish("imaginary");
    }
    if (leading_zeros && !real) {
        return fail(
            "leading zeros in decimal integer literals are not permitted; "
            "use an 0o prefix for octal integers",
            start, zeros_end);
    }
    return finish("decimal");
}

Token Lexer::scan_wide_name(const char* start) {
    const char* p = start;
    while (is_name_byte(*p)) {
        const char* place = p;
        char32_t code = read_utf8(p);
        bool good = place == start ? is_name_start(code) : is_name_continue(code);
        if (!good) return invalid_character(place);
    }
    return token(Tok::Name, start, p, Token::kNonAscii);
}

Token Lexer::invalid_character(const char* place) {
    const char* after = place;
    char32_t code = read_utf8(after);
    char hex[16];
    std::snprintf(hex, sizeof hex, "U+%04X", static_cast<unsigned>(code));
    if (!is_printable_character(code))
        return fail(std::string("invalid non-printable character ") + hex, place);
    return fail("invalid character '" + std::string(place, after) + "' (" + hex + ")", place);
}

}  // namespace gen
