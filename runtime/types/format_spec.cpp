#include "runtime/types/format_spec.h"

#include <climits>
#include <cmath>

namespace gen {

Outcome too_many_digits(VM& vm) {
    return vm.value_error(
        "Exceeds the limit (%zu digits) for integer string conversion; "
        "use sys.set_int_max_str_digits() to increase the limit",
        vm.limits.int_digits);
}

// ---- parsing: [[fill]align][sign][z][#][0][width][grouping][.precision][type]

namespace {

class Parser {
  public:
    Parser(VM& vm, std::string_view text, const char* type_name, char default_align)
        : vm_(vm), text_(text), type_name_(type_name), default_align_(default_align) {}
    bool parse(FormatSpec& out);

  private:
    static bool is_align(char c) { return c == '<' || c == '>' || c == '=' || c == '^'; }
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    bool take(char c) { return peek() == c && at_ < text_.size() && ++at_; }
    bool number(int64_t& out);  // false: too large
    bool grouping(FormatSpec& out);
    bool check_grouping(const FormatSpec& out);
    bool invalid() {
        vm_.value_error("Invalid format specifier '%s' for object of type '%s'", std::string(text_).c_str(),
                        type_name_);
        return false;
    }

    VM& vm_;
    std::string_view text_;
    const char* type_name_;
    char default_align_;
    size_t at_ = 0;
};

bool Parser::number(int64_t& out) {
    int64_t n = 0;
    while (peek() >= '0' && peek() <= '9') {
        if (n > (INT64_MAX - 9) / 10) return false;
        n = n * 10 + (text_[at_++] - '0');
    }
    out = n;
    return true;
}

bool Parser::grouping(FormatSpec& out) {
    constexpr const char* kBoth = "Cannot specify both ',' and '_'.";
    if (take(',')) out.thousands = ',';
    if (take('_')) {
        if (out.thousands) {
            vm_.raise(kShapeValueError, kBoth);
            return false;
        }
        out.thousands = '_';
    }
    if (peek() == ',' && out.thousands == '_') {
        vm_.raise(kShapeValueError, kBoth);
        return false;
    }
    return true;
}

bool Parser::check_grouping(const FormatSpec& out) {
    if (!out.thousands) return true;
    char32_t type = out.type || default_align_ == '>' ? out.type : 's';
    switch (type) {
        case 0:
        case 'd':
        case 'e':
        case 'f':
        case 'g':
        case 'E':
        case 'G':
        case 'F':
        case '%':
            return true;
        case 'b':
        case 'o':
        case 'x':
        case 'X':
            if (out.thousands == '_') return true;
            break;
        default:
            break;
    }
    if (type > 32 && type < 128)
        vm_.value_error("Cannot specify '%c' with '%c'.", out.thousands, char(type));
    else
        vm_.value_error("Cannot specify '%c' with '\\x%x'.", out.thousands, unsigned(type));
    return false;
}

bool Parser::parse(FormatSpec& out) {
    bool fill_given = false;
    if (!text_.empty()) {
        const char* p = text_.data();
        decode_utf8(p);
        auto first = size_t(p - text_.data());
        if (first < text_.size() && is_align(text_[first])) {
            out.fill = text_.substr(0, first);
            out.align = text_[first];
            fill_given = true;
            at_ = first + 1;
        } else if (is_align(text_[0])) {
            out.align = text_[at_++];
        }
    }
    if (peek() == '+' || peek() == '-' || (peek() == ' ' && at_ < text_.size())) out.sign = text_[at_++];
    if (take('z')) out.zero_minus = true;
    if (take('#')) out.alternate = true;
    if (!fill_given && take('0')) {
        out.fill = "0";
        if (!out.align && default_align_ == '>') out.align = '=';
    }
    size_t before = at_;
    bool fits = number(out.width);
    if (at_ == before && fits) out.width = -1;
    if (fits && !grouping(out)) return false;
    if (fits && take('.')) {
        before = at_;
        fits = number(out.precision);
        if (fits && at_ == before) {
            vm_.raise(kShapeValueError, "Format specifier missing precision");
            return false;
        }
    }
    if (!fits) {
        vm_.raise(kShapeValueError, "Too many decimal digits in format string");
        return false;
    }
    if (at_ < text_.size()) {
        const char *p = text_.data() + at_, *end = text_.data() + text_.size();
        out.type = decode_utf8(p);
        if (p != end) return invalid();
        out.nul = !out.type;
    }
    if (out.width > int64_t(kMaxStr) || (out.width > 0 && !vm_.heap.reserve(size_t(out.width)))) {
        vm_.out_of_memory();
        return false;
    }
    return check_grouping(out);
}

Outcome unknown_code(VM& vm, char32_t type, const char* type_name) {
    if (type > 32 && type < 128)
        return vm.value_error("Unknown format code '%c' for object of type '%s'", char(type), type_name);
    return vm.value_error("Unknown format code '\\x%x' for object of type '%s'", unsigned(type), type_name);
}

// ---- laying out

char32_t fill_of(const FormatSpec& spec) {
    const char* p = spec.fill.data();
    return decode_utf8(p);
}

// `text` of `length` characters within the width.
void append_aligned(StringBuilder& out, std::string_view text, int64_t length, const FormatSpec& spec,
                    char default_align) {
    char align = spec.align ? spec.align : default_align;
    int64_t room = std::max<int64_t>(spec.width - length, 0);
    int64_t left = align == '>' || align == '=' ? room : align == '^' ? room / 2 : 0;
    out.fill(size_t(left), fill_of(spec));
    out.append(text);
    out.fill(size_t(room - left), fill_of(spec));
}

// Digits in groups from the right, led by zeros up to `width` characters; never led by a separator.
std::string grouped(std::string_view digits, char separator, int group, int64_t width) {
    std::string reversed;
    int in_group = 0;
    size_t taken = 0;
    while (taken < digits.size() || int64_t(reversed.size()) < width) {
        if (in_group == group && separator) {
            reversed += separator;
            in_group = 0;
        }
        reversed += taken < digits.size() ? digits[digits.size() - 1 - taken] : '0';
        taken++;
        in_group++;
    }
    return {reversed.rbegin(), reversed.rend()};
}

// A number in its parts: sign, prefix (0x), digits, and the rest (fraction, exponent, %).
struct NumberText {
    bool negative = false;
    std::string_view prefix, digits, rest;
};

void append_number(StringBuilder& out, const NumberText& number, const FormatSpec& spec) {
    std::string head;
    if (number.negative)
        head = "-";
    else if (spec.sign == '+' || spec.sign == ' ')
        head = spec.sign;
    head += number.prefix;
    bool zeros = spec.align == '=' && spec.fill == "0";
    int group = spec.type == 'b' || spec.type == 'o' || spec.type == 'x' || spec.type == 'X' ? 4 : 3;
    // Zeros are digits here, so that they are grouped as well.
    int64_t width = zeros ? spec.width - int64_t(head.size() + number.rest.size()) : 0;
    std::string digits;
    if (number.digits.empty()) {
    }  // inf and nan: the zeros are mere filling
    else if (spec.thousands)
        digits = grouped(number.digits, spec.thousands, group, width);
    else
        digits = number.digits;
    if (spec.align == '=') {
        auto length = int64_t(head.size() + digits.size() + number.rest.size());
        out.append(head);
        if (spec.width > length) out.fill(size_t(spec.width - length), fill_of(spec));
        out.append(digits);
        out.append(number.rest);
        return;
    }
    std::string text = head + digits;
    text += number.rest;
    append_aligned(out, text, int64_t(text.size()), spec, '>');
}

Outcome not_allowed(VM& vm, const char* what) { return vm.value_error("%s", what); }

}  // namespace

// ---- str

Outcome format_str(VM& vm, Str* s, std::string_view text) {
    FormatSpec spec;
    if (!Parser(vm, text, "str", '<').parse(spec)) return Outcome::raised();
    if (spec.nul || (spec.type && spec.type != 's')) return unknown_code(vm, spec.type, "str");
    if (spec.sign == ' ') return not_allowed(vm, "Space not allowed in string format specifier");
    if (spec.sign) return not_allowed(vm, "Sign not allowed in string format specifier");
    if (spec.zero_minus)
        return not_allowed(vm, "Negative zero coercion (z) not allowed in string format specifier");
    if (spec.alternate) return not_allowed(vm, "Alternate form (#) not allowed in string format specifier");
    if (spec.align == '=') return not_allowed(vm, "'=' alignment not allowed in string format specifier");
    std::string_view shown = s->view();
    int64_t length = s->length;
    if (spec.precision >= 0 && spec.precision < length) {
        length = spec.precision;
        shown = shown.substr(0, byte_offset(vm.heap, s, uint32_t(length)));
    }
    StringBuilder out(vm.heap);
    append_aligned(out, shown, length, spec, '<');
    return finish(vm, out);
}

// ---- int

static Outcome format_character(VM& vm, Value v, const FormatSpec& spec) {
    if (spec.sign) return not_allowed(vm, "Sign not allowed with integer format specifier 'c'");
    if (spec.alternate)
        return not_allowed(vm, "Alternate form (#) not allowed with integer format specifier 'c'");
    int64_t code;
    if (!int_to_int64(v, code))
        return vm.raise(kShapeOverflowError, "Python int too large to convert to C long");
    if (code < 0 || code > 0x10ffff) return vm.raise(kShapeOverflowError, "%c arg not in range(0x110000)");
    char text[4];
    StringBuilder out(vm.heap);
    append_aligned(out, {text, encode_utf8(char32_t(code), text)}, 1, spec, '>');
    return finish(vm, out);
}

static bool is_float_type(char32_t type) {
    return type == 'e' || type == 'E' || type == 'f' || type == 'F' || type == 'g' || type == 'G' ||
           type == '%';
}

static Outcome format_real(VM&, double d, FormatSpec& spec);

Outcome format_int(VM& vm, Value v, std::string_view text) {
    const char* type_name = vm.type_name(v);
    FormatSpec spec;
    if (!Parser(vm, text, type_name, '>').parse(spec)) return Outcome::raised();
    if (is_float_type(spec.type)) {
        bool overflow = false;
        double d = int_to_double(v, overflow);
        if (overflow) return vm.raise(kShapeOverflowError, "int too large to convert to float");
        return format_real(vm, d, spec);
    }
    int base = 10;
    std::string_view prefix;
    if (spec.nul) return unknown_code(vm, spec.type, type_name);
    switch (spec.type) {
        case 0:
        case 'd':
        case 'n':
        case 'c':
            break;
        case 'b':
            base = 2;
            prefix = "0b";
            break;
        case 'o':
            base = 8;
            prefix = "0o";
            break;
        case 'x':
            base = 16;
            prefix = "0x";
            break;
        case 'X':
            base = 16;
            prefix = "0X";
            break;
        default:
            return unknown_code(vm, spec.type, type_name);
    }
    if (spec.precision >= 0) return not_allowed(vm, "Precision not allowed in integer format specifier");
    if (spec.zero_minus)
        return not_allowed(vm, "Negative zero coercion (z) not allowed in integer format specifier");
    if (spec.type == 'c') return format_character(vm, v, spec);
    if (base == 10 && int_text_too_long(v, vm.limits.int_digits)) return too_many_digits(vm);
    std::string digits;
    if (!int_to_text(v, base, digits, vm.limits.int_digits)) return vm.out_of_memory();
    NumberText number;
    number.digits = digits;
    number.negative = digits[0] == '-';
    if (number.negative) number.digits.remove_prefix(1);
    if (spec.alternate) number.prefix = prefix;
    if (spec.type == 'X')
        for (char& c : digits)
            if (c >= 'a') c = char(c - 32);
    StringBuilder out(vm.heap);
    append_number(out, number, spec);
    return finish(vm, out);
}

// ---- float

// A negative number whose digits are all zero.
static bool shows_as_zero(std::string_view text) {
    for (char c : text) {
        if (c == 'e' || c == 'E') break;
        if (c >= '1' && c <= '9') return false;
    }
    return true;
}

static NumberText float_parts(std::string_view text) {
    NumberText number;
    if (text.starts_with('-')) {
        number.negative = true;
        text.remove_prefix(1);
    }
    size_t end = 0;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') end++;
    number.digits = text.substr(0, end);
    number.rest = text.substr(end);
    return number;
}

constexpr int64_t kMostDigits = int64_t{1} << 28;  // of a fraction

// The number's text for the type; false: raised.
static bool float_text(VM& vm, double d, const FormatSpec& spec, char default_type, std::string& out) {
    if (spec.precision > INT_MAX) {
        vm.raise(kShapeValueError, "precision too big");
        return false;
    }
    if (spec.precision > kMostDigits || (spec.precision > 0 && !vm.heap.reserve(size_t(spec.precision)))) {
        vm.out_of_memory();
        return false;
    }
    char type = spec.type ? char(spec.type) : default_type;
    float_format(d, type == 'n' ? 'g' : type, int(spec.precision), spec.alternate, out);
    if (spec.alternate && spec.precision < 0 && std::isfinite(d) && out.find('.') == std::string::npos)
        if (size_t exponent = out.find('e'); exponent != std::string::npos) out.insert(exponent, 1, '.');
    if (spec.zero_minus && out.starts_with('-') && std::isfinite(d) && shows_as_zero(out)) out.erase(0, 1);
    return true;
}

static Outcome format_real(VM& vm, double d, FormatSpec& spec) {
    std::string text;
    if (!float_text(vm, d, spec, '0', text)) return Outcome::raised();
    StringBuilder out(vm.heap);
    append_number(out, float_parts(text), spec);
    return finish(vm, out);
}

Outcome format_float(VM& vm, double d, std::string_view text) {
    FormatSpec spec;
    if (!Parser(vm, text, "float", '>').parse(spec)) return Outcome::raised();
    if (spec.type && spec.type != 'n' && !is_float_type(spec.type))
        return unknown_code(vm, spec.type, "float");
    return format_real(vm, d, spec);
}

// ---- complex

Outcome format_complex(VM& vm, double real, double imag, std::string_view text) {
    FormatSpec spec;
    if (!Parser(vm, text, "complex", '>').parse(spec)) return Outcome::raised();
    if (spec.type && spec.type != 'n' && (!is_float_type(spec.type) || spec.type == '%'))
        return unknown_code(vm, spec.type, "complex");
    if (spec.fill == "0") return not_allowed(vm, "Zero padding is not allowed in complex format specifier");
    if (spec.align == '=')
        return not_allowed(vm, "'=' alignment flag is not allowed in complex format specifier");
    // Without a type it looks like str(): parentheses, no real part of zero.
    bool plain = !spec.type;
    bool skip_real = plain && real == 0 && !std::signbit(real);
    FormatSpec part = spec;
    part.width = -1;
    part.align = 0;
    StringBuilder number(vm.heap);
    for (bool imaginary : {false, true}) {
        if (!imaginary && skip_real) continue;
        std::string digits;
        if (!float_text(vm, imaginary ? imag : real, part,
                        plain && spec.precision < 0 ? 'r'
                        : plain                     ? 'g'
                                                    : '0',
                        digits))
            return Outcome::raised();
        if (plain && spec.precision < 0 && digits.ends_with(".0"))
            digits.resize(digits.size() - (spec.alternate ? 1 : 2));
        if (imaginary && !skip_real) part.sign = '+';
        append_number(number, float_parts(digits), part);
    }
    std::string shown(number.view());
    shown += 'j';
    if (plain && !skip_real) shown = "(" + shown + ")";
    StringBuilder out(vm.heap);
    append_aligned(out, shown, int64_t(shown.size()), spec, '>');
    return finish(vm, out);
}

}  // namespace gen
