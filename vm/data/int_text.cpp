// Integers to and from text and bytes.
#include "vm/data/int.h"
#include "vm/data/limbs.h"
#include "vm/data/string.h"
#include "vm/data/unicode.h"

#include <algorithm>
#include <charconv>

namespace gen {

namespace {

using limbs::Limb;

constexpr char kDigits[] = "0123456789abcdefghijklmnopqrstuvwxyz";

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

bool is_power_of_two(int base) { return (base & (base - 1)) == 0; }

// The largest power of the base that fits a limb, and how many digits that are.
struct Chunk {
    Limb power = 1;
    int digits = 0;
    explicit Chunk(int base) {
        while (power <= UINT64_MAX / unsigned(base)) {
            power *= unsigned(base);
            digits++;
        }
    }
};

void append_power_of_two(const IntView& v, int base, std::string& out) {
    auto width = unsigned(__builtin_ctz(unsigned(base)));
    uint64_t bits = limbs::bit_length(v.limbs, v.size);
    uint64_t n = (bits + width - 1) / width;
    size_t start = out.size();
    out.resize(start + n);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t bit = i * width;
        unsigned shift = bit % 64;
        Limb l = v.limbs[bit / 64] >> shift;
        if (shift + width > 64 && bit / 64 + 1 < v.size) l |= v.limbs[bit / 64 + 1] << (64 - shift);
        out[start + n - 1 - i] = kDigits[l & unsigned(base - 1)];
    }
}

bool append_other_base(const IntView& v, int base, std::string& out) {
    limbs::Scratch scratch(v.size);
    if (!scratch) return false;
    Limb* rest = scratch.data();
    std::copy_n(v.limbs, v.size, rest);
    Chunk chunk(base);
    size_t start = out.size(), n = v.size;
    while (n) {
        Limb low = limbs::divmod_1(rest, rest, n, chunk.power);
        n = limbs::normal_size(rest, n);
        for (int i = 0; i < chunk.digits && (n || low); i++) {
            out.push_back(kDigits[low % unsigned(base)]);
            low /= unsigned(base);
        }
    }
    std::reverse(out.begin() + ptrdiff_t(start), out.end());
    return true;
}

// How many digits a decimal text of the number has at least.
uint64_t least_decimal_digits(Value v) { return uint64_t(double(int_bit_length(v)) * 0.30102); }

// Strips the prefix that belongs to the base, and finds the base where it is 0. False: not a number.
bool take_prefix(std::string_view& text, int& base) {
    int prefix = 0;
    if (text.size() >= 2 && text[0] == '0') {
        char c = text[1] | 32;
        prefix = c == 'x' ? 16 : c == 'o' ? 8 : c == 'b' ? 2 : 0;
    }
    if (prefix && (base == 0 || base == prefix)) {
        base = prefix;
        text.remove_prefix(2);
        if (!text.empty() && text[0] == '_') text.remove_prefix(1);
        return true;
    }
    if (base != 0) return true;
    base = 10;
    if (text.size() > 1 && text[0] == '0')  // as in source text: 0, 00, but not 012
        return text.find_first_not_of("0_") == std::string_view::npos;
    return true;
}

// Of ASCII only what C calls space, as in CPython; other space has been made ASCII before.
std::string_view strip(std::string_view text) {
    auto space = [](char c) { return c == ' ' || (c >= 9 && c <= 13); };
    while (!text.empty() && space(text.front())) text.remove_prefix(1);
    while (!text.empty() && space(text.back())) text.remove_suffix(1);
    return text;
}

}  // namespace

// ---- text

Value int_from_digits(Heap& heap, std::string_view digits, int base, bool negative) {
    while (!digits.empty() && digits[0] == '0') digits.remove_prefix(1);
    if (digits.empty()) return Value::integer(0);
    if (is_power_of_two(base)) {
        auto width = unsigned(__builtin_ctz(unsigned(base)));
        if (digits.size() / 64 > kMaxIntLimbs) return {};
        size_t n = digits.size() * width / 64 + 1;
        Int* r = new_int(heap, n);
        if (!r) return {};
        std::fill_n(r->limbs, n, 0);
        for (size_t i = 0; i < digits.size(); i++) {
            auto d = Limb(digit_of(digits[digits.size() - 1 - i]));
            size_t bit = i * width;
            r->limbs[bit / 64] |= d << (bit % 64);
            if (bit % 64 + width > 64) r->limbs[bit / 64 + 1] |= d >> (64 - bit % 64);
        }
        return finish_int(heap, r, n, negative);
    }
    Chunk chunk(base);
    size_t n = digits.size() / size_t(chunk.digits) + 1, size = 0;
    Int* r = new_int(heap, n);
    if (!r) return {};
    size_t i = 0, end = (digits.size() - 1) % size_t(chunk.digits) + 1;  // the first chunk may be a short one
    for (; i < digits.size(); end += size_t(chunk.digits)) {
        Limb value = 0;
        for (; i < end; i++) value = value * unsigned(base) + unsigned(digit_of(digits[i]));
        Limb over = value;
        if (size) {
            over = limbs::mul_1(r->limbs, r->limbs, size, chunk.power);
            over += limbs::add_1(r->limbs, r->limbs, size, value);
        }
        if (over) r->limbs[size++] = over;
    }
    return finish_int(heap, r, size, negative);
}

ParseInt int_from_text(Heap& heap, std::string_view text, int base, Value& out, size_t* digits, size_t most) {
    StringBuilder ascii(heap);
    if (!is_ascii(text)) {
        if (!append_ascii_digits(ascii, text)) return ParseInt::Invalid;
        if (ascii.failed()) return ParseInt::NoMemory;
        text = ascii.view();
    }
    text = strip(text);
    bool negative = !text.empty() && text[0] == '-';
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
    if (!take_prefix(text, base) || text.empty() || text.front() == '_' || text.back() == '_')
        return ParseInt::Invalid;
    size_t count = 0;
    for (size_t i = 0; i < text.size(); i++) {
        if (text[i] == '_') {
            if (text[i - 1] == '_') return ParseInt::Invalid;
        } else if (digit_of(text[i]) >= base) {
            return ParseInt::Invalid;
        } else {
            count++;
        }
    }
    if (digits) *digits = count;
    if (!is_power_of_two(base) && count > most) return ParseInt::TooLong;
    if (count == text.size()) {
        out = int_from_digits(heap, text, base, negative);
    } else {
        StringBuilder plain(heap);
        for (char c : text)
            if (c != '_') plain.append(c);
        if (plain.failed()) return ParseInt::NoMemory;
        out = int_from_digits(heap, plain.view(), base, negative);
    }
    return out.is_unbound() ? ParseInt::NoMemory : ParseInt::Ok;
}

size_t int_text_size(Value v, int base) {
    auto bits = double(int_bit_length(v));
    return size_t(is_power_of_two(base) ? bits / __builtin_ctz(unsigned(base))
                  : base < 10           ? bits
                                        : bits * 0.3011) +
           3;
}

bool int_text_too_long(Value v, size_t most) {
    if (v.is_int() || least_decimal_digits(v) < most - std::min<size_t>(most, 2)) return false;
    std::string text;
    return !int_to_text(v, 10, text, most);
}

bool int_to_text(Value v, int base, std::string& out, size_t most) {
    IntView i(v);
    if (i.size <= 1) {
        char buffer[72];
        char* at = buffer;
        if (i.negative) *at++ = '-';
        auto end = std::to_chars(at, buffer + sizeof buffer, i.size ? i.limbs[0] : 0, base).ptr;
        out.append(buffer, size_t(end - buffer));
        return true;
    }
    if (base == 10 && least_decimal_digits(v) > most) return false;
    size_t start = out.size();
    if (i.negative) out.push_back('-');
    if (is_power_of_two(base))
        append_power_of_two(i, base, out);
    else if (!append_other_base(i, base, out))
        return false;
    if (base == 10 && out.size() - start - i.negative > most) {
        out.resize(start);
        return false;
    }
    return true;
}

Str* int_to_str(Heap& heap, Value v) {
    if (v.is_int()) {
        char buffer[24];
        auto end = std::to_chars(buffer, buffer + sizeof buffer, v.as_int()).ptr;
        return make_ascii_str(heap, {buffer, size_t(end - buffer)});
    }
    std::string text;
    return int_to_text(v, 10, text) ? make_str(heap, text) : nullptr;
}

// ---- bytes

bool int_to_bytes(Value v, uint8_t* out, size_t size, bool little_endian, bool with_sign) {
    IntView i(v);
    uint64_t bits = limbs::bit_length(i.limbs, i.size), room = uint64_t(size) * 8;
    if (i.negative && !with_sign) return false;
    if (with_sign && i.size) {
        // The most negative number needs no bit more: its magnitude is a power of two.
        bool power = (i.limbs[i.size - 1] & (i.limbs[i.size - 1] - 1)) == 0 &&
                     limbs::normal_size(i.limbs, i.size - 1) == 0;
        if (!(i.negative && power)) bits++;
    }
    if (bits > room && !(i.negative && bits == 1)) return false;  // -1 is taken to fit no bytes, in CPython
    bool carry = i.negative;
    for (size_t k = 0; k < size; k++) {
        uint8_t byte = k / 8 < i.size ? uint8_t(i.limbs[k / 8] >> (k % 8 * 8)) : 0;
        if (i.negative) {
            byte = uint8_t(~byte + carry);
            carry = carry && byte == 0;
        }
        out[little_endian ? k : size - 1 - k] = byte;
    }
    return true;
}

Value int_from_bytes(Heap& heap, const uint8_t* bytes, size_t size, bool little_endian, bool with_sign) {
    if (size == 0) return Value::integer(0);
    if (size / 8 > kMaxIntLimbs) return {};
    size_t n = (size + 7) / 8;
    Int* r = new_int(heap, n);
    if (!r) return {};
    std::fill_n(r->limbs, n, 0);
    bool negative = with_sign && bytes[little_endian ? size - 1 : 0] >= 0x80;
    bool carry = true;
    for (size_t k = 0; k < size; k++) {
        uint8_t byte = bytes[little_endian ? k : size - 1 - k];
        if (negative) {
            byte = uint8_t(~byte + carry);
            carry = carry && byte == 0;
        }
        r->limbs[k / 8] |= Limb(byte) << (k % 8 * 8);
    }
    return finish_int(heap, r, n, negative);
}

}  // namespace gen
