#include "lexer/literals.h"

#include <charconv>
#include <cstdio>
#include <limits>

#include "lexer/scan.h"
#include "lexer/unicode.h"
#include "lexer/unicode_names.h"

namespace gen {
namespace {

constexpr size_t kMaxIntDigits = 4300;

int hex_value(char c) {
    if (is_digit(c)) return c - '0';
    return is_hex_digit(c) ? (c | 0x20) - 'a' + 10 : -1;
}

size_t utf8_length(char first) {
    auto byte = static_cast<unsigned char>(first);
    return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

class StringDecoder {
  public:
    StringDecoder(const Source& source, const Token& token, std::string_view body, std::string& value,
                  std::vector<Diagnostic>* warnings)
        : source_(source), token_(token), body_(body), value_(value), warnings_(warnings) {}

    std::optional<Diagnostic> decode() {
        bool bytes = token_.kind == Tok::Bytes;
        bool text_of_fstring = token_.kind == Tok::FStringMiddle && !token_.has(Token::kSpec);
        while (at_ < body_.size() && !error_) {
            size_t plain = at_;
            while (plain < body_.size() && !is_special(body_[plain], text_of_fstring)) ++plain;
            value_.append(body_.substr(at_, plain - at_));
            at_ = plain;
            if (at_ == body_.size()) break;
            if (body_[at_] == '\\') {
                escape(bytes);
            } else {
                value_ += body_[at_];
                at_ += 2;  // {{ or }}
            }
        }
        return std::move(error_);
    }

  private:
    bool is_special(char c, bool text_of_fstring) const {
        return (c == '\\' && !token_.has(Token::kRaw)) || (text_of_fstring && (c == '{' || c == '}'));
    }

    void escape(bool bytes) {
        size_t start = at_;
        // A middle may end in a backslash: the one before a replacement field.
        char kind = at_ + 1 < body_.size() ? body_[at_ + 1] : '{';
        at_ += 2;
        switch (kind) {
            case '\n':
                return;
            case '\\':
            case '\'':
            case '"':
                value_ += kind;
                return;
            case 'a':
                value_ += '\a';
                return;
            case 'b':
                value_ += '\b';
                return;
            case 'f':
                value_ += '\f';
                return;
            case 'n':
                value_ += '\n';
                return;
            case 'r':
                value_ += '\r';
                return;
            case 't':
                value_ += '\t';
                return;
            case 'v':
                value_ += '\v';
                return;
            case 'x':
                return hex_escape(start, 2, bytes, "truncated \\xXX escape");
            default:
                break;
        }
        if (kind >= '0' && kind <= '7') return octal_escape(start, kind, bytes);
        if (!bytes) {
            if (kind == 'u') return hex_escape(start, 4, bytes, "truncated \\uXXXX escape");
            if (kind == 'U') return hex_escape(start, 8, bytes, "truncated \\UXXXXXXXX escape");
            if (kind == 'N') return name_escape(start);
        }
        at_ = start + 1;
        value_ += '\\';
        std::string shown = kind == '{' || kind == '}' ? std::string(1, kind)
                                                       : std::string(body_.substr(at_, utf8_length(kind)));
        warn("invalid escape sequence '\\" + shown + "'");
    }

    void hex_escape(size_t start, int digits, bool bytes, const char* truncated) {
        char32_t code = 0;
        for (int i = 0; i < digits; ++i, ++at_) {
            int digit = at_ < body_.size() ? hex_value(body_[at_]) : -1;
            if (digit < 0) return bytes ? bad_byte(start) : bad_escape(start, truncated);
            code = code << 4 | static_cast<char32_t>(digit);
        }
        if (code > 0x10FFFF) return bad_escape(start, "illegal Unicode character");
        add(code, bytes);
    }

    void octal_escape(size_t start, char first, bool bytes) {
        char32_t code = static_cast<char32_t>(first - '0');
        for (int i = 0; i < 2 && at_ < body_.size() && body_[at_] >= '0' && body_[at_] <= '7'; ++i, ++at_) {
            code = code * 8 + static_cast<char32_t>(body_[at_] - '0');
        }
        if (code > 0377)
            warn("invalid octal escape sequence '" + std::string(body_.substr(start, at_ - start)) + "'");
        add(bytes ? code & 0xFF : code, bytes);
    }

    void warn(std::string message) {
        if (warnings_ == nullptr) return;
        warnings_->push_back(make_diagnostic(source_, Diagnostic::Kind::DeprecationWarning, token_.start,
                                             token_.end, std::move(message)));
    }

    void name_escape(size_t start) {
        if (at_ >= body_.size() || body_[at_] != '{')
            return bad_escape(start, "malformed \\N character escape");
        size_t close = body_.find('}', at_);
        if (close == std::string_view::npos) close = body_.size();
        std::string_view name = body_.substr(at_ + 1, close - at_ - 1);
        at_ = close;
        if (close == body_.size() || name.empty()) return bad_escape(start, "malformed \\N character escape");
        ++at_;
        char32_t code;
        if (!find_named_character(name, code)) return bad_escape(start, "unknown Unicode character name");
        add(code, false);
    }

    void add(char32_t code, bool bytes) {
        if (bytes) {
            value_ += static_cast<char>(code);
        } else {
            append_utf8(value_, code);
        }
    }

    // CPython counts in a copy of the body where what is not ASCII has become \UXXXXXXXX, and the backslash
    // of an unknown escape before it \u005c.
    size_t codec_position(size_t at) const {
        size_t position = 0;
        for (size_t i = 0; i < at;) {
            if ((body_[i] & 0x80) != 0) {
                position += 10;
                i += utf8_length(body_[i]);
            } else if (body_[i] == '\\' && i + 1 < at) {
                bool wide = (body_[i + 1] & 0x80) != 0;
                position += wide ? 6 : 2;
                i += wide ? 1 : 2;
            } else {
                ++position;
                ++i;
            }
        }
        return position;
    }

    void bad_escape(size_t start, const char* reason) {
        size_t from = codec_position(start);
        size_t to = codec_position(at_);
        std::string place = to - from == 1
                                ? "byte 0x5c in position " + std::to_string(from)
                                : "bytes in position " + std::to_string(from) + "-" + std::to_string(to - 1);
        fail("(unicode error) 'unicodeescape' codec can't decode " + place + ": " + reason);
    }

    void bad_byte(size_t start) {
        fail("(value error) invalid \\x escape at position " + std::to_string(start));
    }

    void fail(std::string message) {
        error_ = make_diagnostic(source_, Diagnostic::Kind::SyntaxError, token_.start, token_.end,
                                 std::move(message));
    }

    const Source& source_;
    const Token& token_;
    std::string_view body_;
    std::string& value_;
    std::vector<Diagnostic>* warnings_;
    std::optional<Diagnostic> error_;
    size_t at_ = 0;
};

// What stands between the quotes.
std::string_view body_of(const Source& source, const Token& token) {
    std::string_view text = source.slice(token.start, token.end);
    if (token.kind == Tok::FStringMiddle) return text;
    text.remove_prefix(text.find_first_of("'\""));
    size_t quotes = token.has(Token::kTriple) ? 3 : 1;
    return text.substr(quotes, text.size() - 2 * quotes);
}

// A number too large or too small for a double: which of the two is it?
bool is_huge(std::string_view text) {
    size_t exponent_mark = text.find_first_of("eE");
    bool negative_exponent = false;
    if (exponent_mark != std::string_view::npos) negative_exponent = text[exponent_mark + 1] == '-';
    // Out of range without the exponent's doing only by a huge number of digits before the point.
    std::string_view mantissa = text.substr(0, exponent_mark);
    long long exponent = 0;
    if (exponent_mark != std::string_view::npos) {
        std::string_view digits = text.substr(exponent_mark + 1);
        if (digits[0] == '+' || digits[0] == '-') digits.remove_prefix(1);
        auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
        if (parsed.ec != std::errc()) exponent = std::numeric_limits<int64_t>::max() / 2;
        if (negative_exponent) exponent = -exponent;
    }
    size_t first = mantissa.find_first_not_of("0.");
    if (first == std::string_view::npos) return false;
    size_t point = std::min(mantissa.find('.'), mantissa.size());
    long long magnitude = static_cast<long long>(point) - static_cast<long long>(first);
    return exponent + magnitude > 0;
}

double decode_double(std::string_view text) {
    double result = 0;
    auto parsed = std::from_chars(text.data(), text.data() + text.size(), result);
    if (parsed.ec == std::errc::result_out_of_range) {
        return is_huge(text) ? std::numeric_limits<double>::infinity() : 0.0;
    }
    return result;
}

}  // namespace

std::optional<Diagnostic> decode_string(const Source& source, const Token& token, std::string& value,
                                        std::vector<Diagnostic>* warnings) {
    std::string_view body = body_of(source, token);
    if (token.kind == Tok::Bytes) {
        for (char c : body) {
            if ((c & 0x80) != 0) {
                return make_diagnostic(source, Diagnostic::Kind::SyntaxError, token.start, token.end,
                                       "bytes can only contain ASCII literal characters");
            }
        }
    }
    return StringDecoder(source, token, body, value, warnings).decode();
}

std::optional<Diagnostic> decode_number(const Source& source, const Token& token, NumberValue& value) {
    std::string text;
    for (char c : source.slice(token.start, token.end)) {
        if (c != '_') text += c;
    }
    value = {};

    char mark = text.size() > 1 ? static_cast<char>(text[1] | 0x20) : '\0';
    if (text[0] == '0' && (mark == 'x' || mark == 'o' || mark == 'b')) {
        value.base = mark == 'x' ? 16 : mark == 'o' ? 8 : 2;
        text.erase(0, 2);
    } else if ((text.back() | 0x20) == 'j') {
        text.pop_back();
        value.kind = NumberValue::Kind::Imaginary;
        value.real = decode_double(text);
        return std::nullopt;
    } else if (text.find_first_of(".eE") != std::string::npos) {
        value.kind = NumberValue::Kind::Float;
        value.real = decode_double(text);
        return std::nullopt;
    }

    text.erase(0, std::min(text.find_first_not_of('0'), text.size() - 1));
    auto parsed = std::from_chars(text.data(), text.data() + text.size(), value.integer, value.base);
    if (parsed.ec == std::errc()) return std::nullopt;

    if (value.base == 10 && text.size() > kMaxIntDigits) {
        Diagnostic error =
            make_diagnostic(source, Diagnostic::Kind::SyntaxError, token.start, token.end,
                            "Exceeds the limit (4300 digits) for integer string conversion: value has " +
                                std::to_string(text.size()) +
                                " digits; use sys.set_int_max_str_digits() to increase the limit - Consider "
                                "hexadecimal for huge "
                                "integer literals to avoid decimal conversion limits.");
        error.column = error.end_column = 0;
        return error;
    }
    value.kind = NumberValue::Kind::BigInt;
    value.integer = 0;
    value.digits = std::move(text);
    return std::nullopt;
}

std::string_view name_text(const Source& source, const Token& token, std::string& scratch) {
    std::string_view text = source.slice(token.start, token.end);
    if (!token.has(Token::kNonAscii)) return text;
    scratch = normalize_nfkc(text);
    return scratch;
}

}  // namespace gen
