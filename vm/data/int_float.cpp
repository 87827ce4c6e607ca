// Integers and floats: conversions and division, correctly rounded.
#include "vm/data/float.h"
#include "vm/data/int.h"
#include "vm/data/limbs.h"

#include <algorithm>
#include <cfloat>
#include <cmath>

namespace gen {

namespace {

using limbs::Limb;

// The top 64 bits of a magnitude (the highest one set), and whether anything is set below them.
Limb top_bits(const IntView& v, bool& rest) {
    size_t last = v.size - 1;
    auto shift = unsigned(__builtin_clzll(v.limbs[last]));
    Limb top = v.limbs[last] << shift;
    rest = false;
    if (last == 0) return top;
    if (shift) top |= v.limbs[last - 1] >> (64 - shift);
    rest = (v.limbs[last - 1] << shift) != 0 || limbs::normal_size(v.limbs, last - 1) != 0;
    return top;
}

}  // namespace

double round_to_double(uint64_t top, bool rest, int64_t exponent, bool& overflow) {
    if (top == 0) return 0;
    int length = 64 - __builtin_clzll(top);
    int64_t end = length + exponent;  // the value is below 2^end
    int64_t precision = std::min<int64_t>(DBL_MANT_DIG, end + 1074);
    if (precision < 0) return 0;
    int64_t drop = length - precision;
    if (drop > 0) {
        bool half = top >> (drop - 1) & 1;
        rest = rest || (top & ((uint64_t{1} << (drop - 1)) - 1)) != 0;
        top = drop == 64 ? 0 : top >> drop;
        top += half && (rest || (top & 1));
        exponent += drop;
    }
    if (end > DBL_MAX_EXP + 1) {
        overflow = true;
        return HUGE_VAL;
    }
    double d = std::ldexp(double(top), int(exponent));
    if (std::isinf(d)) overflow = true;
    return d;
}

double int_to_double(Value v, bool& overflow) {
    overflow = false;
    if (v.is_int()) return double(v.as_int());
    IntView i(v);
    if (i.size == 0) return 0;
    bool rest;
    Limb top = top_bits(i, rest);
    double d = round_to_double(top, rest, int64_t(limbs::bit_length(i.limbs, i.size)) - 64, overflow);
    return i.negative ? -d : d;
}

double int_frexp(Value v, int64_t& exponent) {
    IntView i(v);
    exponent = 0;
    if (i.size == 0) return 0;
    bool rest, overflow = false;
    Limb top = top_bits(i, rest);
    exponent = int64_t(limbs::bit_length(i.limbs, i.size));
    double d = round_to_double(top, rest, -64, overflow);
    if (d >= 1) {
        d /= 2;
        exponent++;
    }
    return i.negative ? -d : d;
}

Value int_from_double(Heap& heap, double d) {
    if (d > -0x1p62 && d < 0x1p62) return Value::integer(int64_t(d));
    int exponent;
    auto mantissa = int64_t(std::ldexp(std::frexp(d, &exponent), DBL_MANT_DIG));
    return int_lshift(heap, Value::integer(mantissa), Value::integer(exponent - DBL_MANT_DIG));
}

double int_true_divide(Value left, Value right, bool& overflow) {
    overflow = false;
    constexpr int64_t kExact = int64_t{1} << DBL_MANT_DIG;
    if (both_int(left, right) && std::abs(left.as_int()) <= kExact && std::abs(right.as_int()) <= kExact)
        return double(left.as_int()) / double(right.as_int());
    IntView a(left), b(right);
    if (a.size == 0) return b.negative ? -0.0 : 0.0;
    bool negative = a.negative != b.negative;
    auto an = int64_t(limbs::bit_length(a.limbs, a.size)), bn = int64_t(limbs::bit_length(b.limbs, b.size));
    if (an - bn > DBL_MAX_EXP + 1) {
        overflow = true;
        return negative ? -HUGE_VAL : HUGE_VAL;
    }
    if (an - bn < DBL_MIN_EXP - DBL_MANT_DIG - 2) return negative ? -0.0 : 0.0;
    // A quotient of 60 or 61 bits, and whether there is a remainder.
    int64_t shift = 60 - (an - bn);
    size_t room = a.size + size_t(std::max<int64_t>(shift, 0)) / 64 + 2;
    limbs::Scratch scratch(2 * room + b.size + 2);
    if (!scratch) {
        overflow = true;
        return 0;
    }
    Limb *n = scratch.data(), *q = n + room, *r = q + room;
    size_t size;
    bool rest = false;
    if (shift >= 0) {
        size_t whole = size_t(shift) / 64;
        std::fill_n(n, whole, 0);
        n[whole + a.size] = limbs::shift_left(n + whole, a.limbs, a.size, unsigned(shift % 64));
        size = limbs::normal_size(n, whole + a.size + 1);
    } else {
        size_t whole = size_t(-shift) / 64;
        auto bits = unsigned(-shift % 64);
        limbs::shift_right(n, a.limbs + whole, a.size - whole, bits);
        rest = limbs::normal_size(a.limbs, whole) != 0 || (a.limbs[whole] & ((Limb{1} << bits) - 1)) != 0;
        size = limbs::normal_size(n, a.size - whole);
    }
    if (!limbs::divmod(q, r, n, size, b.limbs, b.size)) {
        overflow = true;
        return 0;
    }
    rest = rest || limbs::normal_size(r, b.size) != 0;
    double d = round_to_double(q[0], rest, -shift, overflow);
    return negative ? -d : d;
}

}  // namespace gen
