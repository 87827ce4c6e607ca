// Floats to and from text.
#include "vm/data/float.h"
#include "vm/data/int.h"
#include "vm/data/string.h"
#include "vm/data/unicode.h"

#include <charconv>
#include <cmath>
#include <cstdio>

namespace gen {

namespace {

bool is_digit_char(char c) { return c >= '0' && c <= '9'; }

void append_exponent(std::string& out, int exponent, char letter) {
    char text[16];
    out.append(text, size_t(std::snprintf(text, sizeof text, "%c%+03d", letter, exponent)));
}

// Lays out decimal digits d.ddd * 10^exponent as %g and repr do: with an exponent if it is below -4 or from
// `exponent_from` on.
void lay_out(std::string& out, std::string_view digits, int exponent, int exponent_from, bool point_zero,
             bool keep_point, char letter) {
    if (exponent < -4 || exponent >= exponent_from) {
        out += digits[0];
        if (digits.size() > 1 || keep_point) out += '.';
        out += digits.substr(1);
        append_exponent(out, exponent, letter);
        return;
    }
    if (exponent < 0) {
        out += "0.";
        out.append(size_t(-exponent - 1), '0');
        out += digits;
        return;
    }
    auto whole = size_t(exponent) + 1;
    if (digits.size() <= whole) {
        out += digits;
        out.append(whole - digits.size(), '0');
        if (point_zero)
            out += ".0";
        else if (keep_point)
            out += '.';
        return;
    }
    out += digits.substr(0, whole);
    out += '.';
    out += digits.substr(whole);
}

// Splits "-d.ddde+xx" into digits and exponent.
void split_scientific(std::string_view text, std::string& digits, int& exponent) {
    size_t e = text.find('e');
    for (char c : text.substr(0, e))
        if (is_digit_char(c)) digits += c;
    exponent = 0;
    const char* p = text.data() + e + 1;
    std::from_chars(*p == '+' ? p + 1 : p, text.data() + text.size(), exponent);
}

// As %e and %f, whatever the locale. Every digit is exact.
void append_digits(std::string& out, double d, std::chars_format format, int precision) {
    size_t start = out.size(), room = size_t(precision) + (format == std::chars_format::fixed ? 330 : 16);
    out.resize(start + room);
    out.resize(size_t(std::to_chars(&out[start], &out[start] + room, d, format, precision).ptr - out.data()));
}

// %g with its variants. `point_zero`: the format without a type, which shows a float as such.
void append_general(std::string& out, double d, int precision, bool alternate, bool point_zero,
                    bool capital) {
    if (precision == 0) precision = 1;
    std::string text, digits;
    append_digits(text, d, std::chars_format::scientific, precision - 1);
    int exponent;
    split_scientific(text, digits, exponent);
    if (!alternate)
        while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
    if (text[0] == '-') out += '-';
    lay_out(out, digits, exponent, precision - point_zero, point_zero, alternate, capital ? 'E' : 'e');
}

// Digits with single underscores between them, at text[i] on; they go to `out`. False: a misplaced
// underscore.
bool take_digits(std::string_view text, size_t& i, bool underscores, std::string& out, size_t& count) {
    count = 0;
    for (; i < text.size(); i++) {
        char c = text[i];
        if (is_digit_char(c)) {
            out += c;
            count++;
        } else if (c == '_' && underscores) {
            if (!count || !is_digit_char(text[i - 1]) || i + 1 == text.size() || !is_digit_char(text[i + 1]))
                return false;
        } else {
            break;
        }
    }
    return true;
}

// The number in normal form goes to `number`. What is out of range becomes infinite or zero.
bool parse_number(std::string_view text, bool underscores, double& out) {
    std::string number;
    size_t i = 0, whole, fraction = 0, power;
    bool negative = !text.empty() && text[0] == '-';
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) i++;
    if (!take_digits(text, i, underscores, number, whole)) return false;
    if (i < text.size() && text[i] == '.') {
        number += '.';
        i++;
        if (!take_digits(text, i, underscores, number, fraction)) return false;
    }
    if (whole + fraction == 0) return false;
    int64_t exponent = 0;
    if (i < text.size() && (text[i] | 32) == 'e') {
        number += 'e';
        i++;
        bool minus = i < text.size() && text[i] == '-';
        if (i < text.size() && (text[i] == '-' || text[i] == '+')) i++;
        if (minus) number += '-';
        size_t start = number.size();
        if (!take_digits(text, i, underscores, number, power) || !power) return false;
        for (size_t k = start; k < number.size() && exponent < int64_t{1} << 50; k++)
            exponent = exponent * 10 + (number[k] - '0');
        if (minus) exponent = -exponent;
    }
    if (i != text.size()) return false;
    double d = 0;
    auto result = std::from_chars(number.data(), number.data() + number.size(), d);
    if (result.ec == std::errc::result_out_of_range) {
        // Too large or too small: where the first digit that counts stands tells which.
        size_t first = number.find_first_not_of("0.");
        int64_t place = first < whole ? int64_t(whole - first) : -int64_t(first - whole - 1);
        d = place + exponent > 0 ? HUGE_VAL : 0;
    }
    out = negative ? -d : d;
    return true;
}

bool parse_special(std::string_view text, double& out) {
    bool negative = !text.empty() && text[0] == '-';
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
    auto is = [&](std::string_view word) {
        if (text.size() != word.size()) return false;
        for (size_t i = 0; i < word.size(); i++)
            if ((text[i] | 32) != word[i]) return false;
        return true;
    };
    if (is("inf") || is("infinity"))
        out = HUGE_VAL;
    else if (is("nan"))
        out = std::nan("");
    else
        return false;
    if (negative) out = -out;
    return true;
}

// Of ASCII only what C calls space, as in CPython; other space has been made ASCII before.
std::string_view strip(std::string_view text) {
    auto space = [](char c) { return c == ' ' || (c >= 9 && c <= 13); };
    while (!text.empty() && space(text.front())) text.remove_prefix(1);
    while (!text.empty() && space(text.back())) text.remove_suffix(1);
    return text;
}

int hex_digit(char c) {
    if (is_digit_char(c)) return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

}  // namespace

size_t float_repr(double d, char* out) {
    auto put = [&](std::string_view s) {
        std::memcpy(out, s.data(), s.size());
        return s.size();
    };
    if (std::isnan(d)) return put("nan");
    if (std::isinf(d)) return put(d < 0 ? "-inf" : "inf");
    if (d == std::floor(d) && std::fabs(d) < 1e15) {  // whole numbers, the common case
        char* p = out;
        if (std::signbit(d)) *p++ = '-';
        p = std::to_chars(p, out + kFloatRepr, int64_t(std::fabs(d))).ptr;
        *p++ = '.';
        *p++ = '0';
        return size_t(p - out);
    }
    char text[kFloatRepr];
    auto end = std::to_chars(text, text + sizeof text, d, std::chars_format::scientific).ptr;
    std::string digits, laid;  // both short: no allocation beyond the small string in most cases
    int exponent;
    split_scientific({text, size_t(end - text)}, digits, exponent);
    if (d < 0) laid += '-';
    lay_out(laid, digits, exponent, 16, true, false, 'e');
    return put(laid);
}

void float_format(double d, char kind, int precision, bool alternate, std::string& out) {
    bool capital = kind == 'E' || kind == 'F' || kind == 'G';
    if (kind == '%') d *= 100;
    if (!std::isfinite(d)) {
        if (d < 0) out += '-';
        out += std::isnan(d) ? (capital ? "NAN" : "nan") : capital ? "INF" : "inf";
    } else if ((kind == '0' || kind == 'r') && precision < 0) {
        char text[kFloatRepr];
        out += float_text(d, text);
    } else {
        if (precision < 0) precision = 6;
        if (kind == 'e' || kind == 'E') {
            append_digits(out, d, std::chars_format::scientific, precision);
            size_t e = out.rfind('e');
            if (capital) out[e] = 'E';
            if (alternate && precision == 0) out.insert(e, 1, '.');
        } else if (kind == 'f' || kind == 'F' || kind == '%') {
            append_digits(out, d, std::chars_format::fixed, precision);
            if (alternate && precision == 0) out += '.';
        } else {
            append_general(out, d, precision, alternate, kind == '0', capital);
        }
    }
    if (kind == '%') out += '%';
}

bool parse_decimal_float(std::string_view text, double& out) { return parse_number(text, false, out); }

bool parse_float(std::string_view text, double& out) {
    std::string ascii;
    if (!is_ascii(text)) {
        const char *p = text.data(), *end = p + text.size();
        while (p < end) {
            char32_t c = decode_utf8(p);
            int digit = decimal_value(c);
            if (c >= 128 && digit < 0 && !is_space(c)) return false;
            ascii += c < 128 ? char(c) : digit < 0 ? ' ' : char('0' + digit);
        }
        text = ascii;
    }
    text = strip(text);
    return parse_number(text, true, out) || parse_special(text, out);
}

std::string float_hex(double d) {
    std::string out;
    if (!std::isfinite(d)) {
        char text[kFloatRepr];
        return std::string(float_text(d, text));
    }
    uint64_t bits;
    std::memcpy(&bits, &d, 8);
    uint64_t mantissa = bits & ((uint64_t{1} << 52) - 1);
    int exponent = int(bits >> 52 & 0x7ff);
    if (std::signbit(d)) out += '-';
    if (d == 0) return out + "0x0.0p+0";
    char text[40];
    bool normal = exponent != 0;
    std::snprintf(text, sizeof text, "0x%d.%013llxp%+d", normal, static_cast<unsigned long long>(mantissa),
                  normal ? exponent - 1023 : -1022);
    return out + text;
}

FromHex float_from_hex(std::string_view text, double& out) {
    text = strip(text);
    if (parse_special(text, out)) return FromHex::Ok;
    size_t i = 0;
    bool negative = !text.empty() && text[0] == '-';
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) i++;
    if (i + 1 < text.size() && text[i] == '0' && (text[i + 1] | 32) == 'x') i += 2;
    uint64_t top = 0;
    bool rest = false, point = false;
    int64_t exponent = 0;
    size_t digits = 0;
    for (; i < text.size(); i++) {
        if (text[i] == '.' && !point) {
            point = true;
            continue;
        }
        int h = hex_digit(text[i]);
        if (h < 0) break;
        digits++;
        if (top >> 60) {  // no more room: what follows only tells whether there is something
            rest = rest || h;
            exponent += point ? 0 : 4;
        } else {
            top = top << 4 | unsigned(h);
            exponent -= point ? 4 : 0;
        }
    }
    if (!digits) return FromHex::Invalid;
    if (i < text.size() && (text[i] | 32) == 'p') {
        i++;
        bool minus = i < text.size() && text[i] == '-';
        if (i < text.size() && (text[i] == '-' || text[i] == '+')) i++;
        size_t start = i;
        int64_t power = 0;
        for (; i < text.size() && is_digit_char(text[i]); i++)
            if (power < int64_t{1} << 50) power = power * 10 + (text[i] - '0');
        if (i == start) return FromHex::Invalid;
        exponent += minus ? -power : power;
    }
    if (i != text.size()) return FromHex::Invalid;
    bool overflow = false;
    out = round_to_double(top, rest, exponent, overflow);
    if (negative) out = -out;
    return overflow ? FromHex::Overflow : FromHex::Ok;
}

}  // namespace gen
