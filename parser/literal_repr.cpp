#include "parser/literal_repr.h"

#include <charconv>
#include <cmath>
#include <vector>

#include "lexer/unicode.h"

namespace gen {

using namespace ast;

namespace {

void append_hex(std::string& out, uint32_t value, int digits) {
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
        out += "0123456789abcdef"[(value >> shift) & 15];
}

std::string float_repr(double value) {
    if (std::isinf(value)) return "inf";
    char buffer[40];
    auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
    std::string_view text(buffer, static_cast<size_t>(end - buffer));
    const size_t e = text.find('e');
    int exponent = 0;
    std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), end, exponent);
    std::string digits(1, text[0]);
    if (e > 1) digits += text.substr(2, e - 2);
    const int count = static_cast<int>(digits.size());
    if (exponent < -4 || exponent >= 16) {
        std::string out = digits.substr(0, 1);
        if (count > 1) out += "." + digits.substr(1);
        const int size = std::abs(exponent);
        return out + (exponent < 0 ? "e-" : "e+") + (size < 10 ? "0" : "") + std::to_string(size);
    }
    if (exponent < 0) return "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
    if (count <= exponent + 1)
        return digits + std::string(static_cast<size_t>(exponent + 1 - count), '0') + ".0";
    return digits.substr(0, static_cast<size_t>(exponent) + 1) + "." +
           digits.substr(static_cast<size_t>(exponent) + 1);
}

// Digits of base 2, 8 or 16 in decimal, by repeated multiplication: few of them.
std::string decimal(std::string_view digits, uint32_t base) {
    constexpr uint32_t kLimb = 1'000'000'000;
    std::vector<uint32_t> limbs(1, 0);  // least significant first
    for (char c : digits) {
        uint64_t carry = static_cast<uint64_t>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        for (uint32_t& limb : limbs) {
            carry += uint64_t{limb} * base;
            limb = static_cast<uint32_t>(carry % kLimb);
            carry /= kLimb;
        }
        if (carry) limbs.push_back(static_cast<uint32_t>(carry));
    }
    std::string out = std::to_string(limbs.back());
    for (size_t i = limbs.size() - 1; i-- > 0;) {
        std::string part = std::to_string(limbs[i]);
        out += std::string(9 - part.size(), '0') + part;
    }
    return out;
}

constexpr size_t kMaxDecimalBits = 14283;  // 4300 digits, where int() and str() stop too

// In decimal; a huge number as it was written.
std::string big_int_repr(std::string_view digits, uint32_t base) {
    if (base == 10) return std::string(digits);
    const size_t bits = base == 16 ? 4 : base == 8 ? 3 : 1;
    if (digits.size() * bits > kMaxDecimalBits)
        return (base == 16 ? "0x" : base == 8 ? "0o" : "0b") + std::string(digits);
    return decimal(digits, base);
}

char choose_quote(std::string_view text) {
    return text.find('\'') != text.npos && text.find('"') == text.npos ? '"' : '\'';
}

std::string bytes_repr(std::string_view bytes) {
    const char quote = choose_quote(bytes);
    std::string out = {'b', quote};
    for (unsigned char c : bytes) {
        if (c == static_cast<unsigned char>(quote) || c == '\\') {
            out += '\\';
            out += static_cast<char>(c);
        } else if (c >= 0x7f) {
            out += "\\x";
            append_hex(out, c, 2);
        } else if (!escape_unprintable(out, c)) {
            out += static_cast<char>(c);
        }
    }
    return out + quote;
}

}  // namespace

bool escape_unprintable(std::string& out, char32_t c) {
    switch (c) {
        case '\n':
            out += "\\n";
            return true;
        case '\r':
            out += "\\r";
            return true;
        case '\t':
            out += "\\t";
            return true;
        default:
            break;
    }
    if (is_printable_character(c)) return false;
    if (c <= 0xff) {
        out += "\\x";
        append_hex(out, c, 2);
    } else if (c <= 0xffff) {
        out += "\\u";
        append_hex(out, c, 4);
    } else {
        out += "\\U";
        append_hex(out, c, 8);
    }
    return true;
}

std::string text_repr(std::string_view text) {
    const char quote = choose_quote(text);
    std::string out(1, quote);
    for (const char* place = text.data(); place < text.data() + text.size();) {
        const char* start = place;
        const char32_t c = read_utf8(place);
        if (c == static_cast<char32_t>(quote) || c == '\\') out += '\\';
        if (!escape_unprintable(out, c)) out.append(start, place);
    }
    return out + quote;
}

std::string literal_repr(const Literal& literal) {
    switch (literal.kind) {
        case LiteralKind::None:
            return "None";
        case LiteralKind::False:
            return "False";
        case LiteralKind::True:
            return "True";
        case LiteralKind::Ellipsis:
            return "Ellipsis";
        case LiteralKind::Int:
            return std::to_string(literal.integer);
        case LiteralKind::BigInt:
            return big_int_repr(literal.text, literal.base);
        case LiteralKind::Float:
            return float_repr(literal.number);
        case LiteralKind::Imaginary: {
            std::string text = float_repr(literal.number);
            if (text.size() > 2 && text.ends_with(".0")) text.resize(text.size() - 2);
            return text + "j";
        }
        case LiteralKind::Str:
            return text_repr(literal.text);
        case LiteralKind::Bytes:
            return bytes_repr(literal.text);
    }
    return {};
}

}  // namespace gen
