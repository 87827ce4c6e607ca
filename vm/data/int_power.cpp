// Powers, roots, common divisors, rounding.
#include "vm/data/int_power.h"
#include "vm/data/limbs.h"

#include <algorithm>
#include <cmath>

#if GEN_HAS_GMP
#include <gmp.h>
#endif

namespace gen {

namespace {

using limbs::Limb;

bool bit_of(const IntView& v, uint64_t bit) { return v.limbs[bit / 64] >> (bit % 64) & 1; }

// base^exponent modulo a modulus of one limb.
Limb pow_mod_1(Limb base, const IntView& exponent, Limb modulus) {
    using Wide = unsigned __int128;
    Limb result = 1 % modulus;
    for (uint64_t bit = limbs::bit_length(exponent.limbs, exponent.size); bit-- > 0;) {
        result = Limb(Wide(result) * result % modulus);
        if (bit_of(exponent, bit)) result = Limb(Wide(result) * base % modulus);
    }
    return result;
}

// The same for larger ones, in scratch memory: base < modulus, exponent > 0. Result in out[n].
bool pow_mod_n(Limb* out, const Limb* base, size_t base_size, const IntView& exponent, const Limb* modulus,
               size_t n, const std::function<bool()>& stop) {
    limbs::Scratch scratch(5 * n + 2);
    if (!scratch) return false;
    Limb *product = scratch.data(), *quotient = product + 2 * n, *factor = quotient + n + 1;
    std::copy_n(base, base_size, factor);
    std::copy_n(base, base_size, out);
    size_t size = base_size;
    auto times = [&](const Limb* by, size_t by_size) {
        if (size == 0 || by_size == 0) {
            size = 0;
            return true;
        }
        if (!limbs::mul(product, out, size, by, by_size)) return false;
        size_t m = limbs::normal_size(product, size + by_size);
        if (m < n) {
            std::copy_n(product, m, out);
            size = m;
            return true;
        }
        if (!limbs::divmod(quotient, out, product, m, modulus, n)) return false;
        size = limbs::normal_size(out, n);
        return true;
    };
    limbs::Scratch square(n);  // the operand of a squaring must not be the result
    if (!square) return false;
    for (uint64_t bit = limbs::bit_length(exponent.limbs, exponent.size) - 1; bit-- > 0;) {
        if (stop && stop()) return false;
        std::copy_n(out, size, square.data());
        size_t square_size = size;
        if (!times(square.data(), square_size)) return false;
        if (bit_of(exponent, bit) && !times(factor, base_size)) return false;
    }
    std::fill(out + size, out + n, 0);
    return true;
}

// The inverse of a modulo m > 0, by Euclid; false in `exists` when they have a common divisor.
Value inverse(Heap& heap, Value a, Value m, bool& exists) {
    Value r0 = m, r1 = int_mod(heap, a, m), t0 = Value::integer(0), t1 = Value::integer(1);
    exists = true;
    while (!r1.is_unbound() && !int_is_zero(r1)) {
        Value q, r;
        if (!int_divmod(heap, r0, r1, q, r)) return {};
        Value p = int_mul(heap, q, t1);
        if (p.is_unbound()) return {};
        Value t = int_sub(heap, t0, p);
        if (t.is_unbound()) return {};
        r0 = r1;
        r1 = r;
        t0 = t1;
        t1 = t;
    }
    if (r1.is_unbound()) return {};
    exists = int_equal(r0, Value::integer(1));
    return exists ? int_mod(heap, t0, m) : Value::unbound();
}

}  // namespace

Value int_pow(Heap& heap, Value base, Value exponent) {
    int64_t e;
    IntView b(base);
    if (int_is_zero(exponent)) return Value::integer(1);
    if (b.size == 0) return Value::integer(0);
    if (b.size == 1 && b.limbs[0] == 1) return Value::integer(b.negative && int_is_odd(exponent) ? -1 : 1);
    uint64_t bits = limbs::bit_length(b.limbs, b.size);
    if (!int_to_int64(exponent, e)) return {};
    uint64_t at_least;
    if (__builtin_mul_overflow(bits - 1, uint64_t(e), &at_least) || at_least / 64 > kMaxIntLimbs ||
        (at_least > 8192 && !heap.reserve(at_least / 4)))
        return {};
    if (b.size == 1 && (b.limbs[0] & (b.limbs[0] - 1)) == 0) {  // a power of two
        Value one = Value::integer(b.negative && (e & 1) ? -1 : 1);
        return int_lshift(heap, one, make_int(heap, int64_t(bits - 1) * e));
    }
    Value r = int_exact(heap, base), factor = r;
    for (int bit = 62 - __builtin_clzll(uint64_t(e)); bit >= 0 && !r.is_unbound(); bit--) {
        r = int_mul(heap, r, r);
        if (!r.is_unbound() && (e >> bit & 1)) r = int_mul(heap, r, factor);
    }
    return r;
}

Value int_pow_mod(Heap& heap, Value base, Value exponent, Value modulus, bool& invertible) {
    return int_pow_mod(heap, base, exponent, modulus, invertible, nullptr);
}

Value int_pow_mod(Heap& heap, Value base, Value exponent, Value modulus, bool& invertible,
                  const std::function<bool()>& stop) {
    invertible = true;
    IntView m(modulus);
    if (m.size == 1 && m.limbs[0] == 1) return Value::integer(0);
    Value positive = int_abs(heap, modulus);
    if (positive.is_unbound()) return {};
    if (int_sign(exponent) < 0) {
        base = inverse(heap, base, positive, invertible);
        if (base.is_unbound()) return {};
        exponent = int_neg(heap, exponent);
    } else {
        base = int_mod(heap, base, positive);
    }
    if (base.is_unbound() || exponent.is_unbound()) return {};
    Value r = Value::integer(1);
    IntView b(base), e(exponent);
    if (m.size == 1) {
        r = make_uint(heap, pow_mod_1(b.size ? b.limbs[0] : 0, e, m.limbs[0]));
    } else if (e.size) {
        Int* i = new_int(heap, m.size);
        if (!i || !pow_mod_n(i->limbs, b.limbs, b.size, e, m.limbs, m.size, stop)) return {};
        r = finish_int(heap, i, m.size, false);
    }
    if (m.negative && !r.is_unbound() && !int_is_zero(r)) r = int_add(heap, r, modulus);
    return r;
}

uint64_t int_pow_cost(Value base, Value exponent) {
    uint64_t size;
    int64_t e = int_clamp(exponent);
    if (__builtin_mul_overflow(int_bit_length(base), uint64_t(e < 0 ? 0 : e), &size)) return UINT64_MAX;
    size /= 64;
#if GEN_HAS_GMP
    return 1 + 2 * size * std::min<uint64_t>(size / 8 + 1, 16);
#else
    return 1 + size * std::min<uint64_t>(size / 8 + 1, 1 << 20);
#endif
}

uint64_t int_pow_mod_cost(Value exponent, Value modulus) {
    return 1 + int_bit_length(exponent) * 3 * int_mul_cost(modulus, modulus);
}

Value int_isqrt(Heap& heap, Value v) {
    IntView i(v);
    if (i.size == 0) return Value::integer(0);
    if (i.size == 1) {
        Limb n = i.limbs[0];
        auto r = Limb(std::sqrt(double(n)));
        using Wide = unsigned __int128;
        while (Wide(r) * r > n) r--;
        while (Wide(r + 1) * (r + 1) <= n) r++;
        return make_uint(heap, r);
    }
#if GEN_HAS_GMP
    size_t n = (i.size + 1) / 2;
    Int* r = new_int(heap, n);
    if (!r) return {};
    mpn_sqrtrem(reinterpret_cast<mp_limb_t*>(r->limbs), nullptr, reinterpret_cast<const mp_limb_t*>(i.limbs),
                mp_size_t(i.size));
    return finish_int(heap, r, n, false);
#else
    // Newton's method from above: the first value that does not decrease is the root.
    Value x = int_lshift(heap, Value::integer(1), Value::integer(int64_t(int_bit_length(v) + 1) / 2));
    for (;;) {
        if (x.is_unbound()) return {};
        Value q = int_floordiv(heap, v, x);
        if (q.is_unbound()) return {};
        Value sum = int_add(heap, x, q);
        if (sum.is_unbound()) return {};
        Value next = int_rshift(heap, sum, Value::integer(1));
        if (next.is_unbound() || int_compare(next, x) >= 0) return next.is_unbound() ? next : x;
        x = next;
    }
#endif
}

Value int_gcd(Heap& heap, Value left, Value right) {
    IntView a(left), b(right);
    if (!a.size) return int_abs(heap, right);
    if (!b.size) return int_abs(heap, left);
    if (a.size == 1 && b.size == 1) {
        Limb x = a.limbs[0], y = b.limbs[0];
        while (y) {
            Limb r = x % y;
            x = y;
            y = r;
        }
        return make_uint(heap, x);
    }
    // Euclid in scratch memory: x >= y, both normal.
    size_t n = std::max(a.size, b.size);
    limbs::Scratch scratch(4 * n + 4);
    if (!scratch) return {};
    Limb *x = scratch.data(), *y = x + n, *r = y + n, *q = r + n;
    size_t xn = a.size, yn = b.size;
    std::copy_n(a.limbs, xn, x);
    std::copy_n(b.limbs, yn, y);
#if GEN_HAS_GMP
    // mpn_gcd wants odd numbers: the common powers of two are set aside.
    auto make_odd = [](Limb* p, size_t& size) {
        uint64_t zeros = 0;
        size_t whole = 0;
        while (!p[whole]) whole++;
        auto bits = unsigned(__builtin_ctzll(p[whole]));
        zeros = whole * 64 + bits;
        limbs::shift_right(p, p + whole, size - whole, bits);
        size = limbs::normal_size(p, size - whole);
        return zeros;
    };
    uint64_t twos = make_odd(x, xn);
    twos = std::min(twos, make_odd(y, yn));
    if (limbs::compare(x, xn, y, yn) < 0) {
        std::swap(x, y);
        std::swap(xn, yn);
    }
    auto* to = reinterpret_cast<mp_limb_t*>(r);
    auto size = mpn_gcd(to, reinterpret_cast<mp_limb_t*>(x), mp_size_t(xn), reinterpret_cast<mp_limb_t*>(y),
                        mp_size_t(yn));
    Value odd = make_int_from_limbs(heap, r, size_t(size), false);
    (void)q;
    return odd.is_unbound() ? odd : int_lshift(heap, odd, make_int(heap, int64_t(twos)));
#else
    while (yn) {
        if (limbs::compare(x, xn, y, yn) >= 0) {
            if (!limbs::divmod(q, r, x, xn, y, yn)) return {};
            std::swap(x, r);
            xn = limbs::normal_size(x, yn);
        }
        std::swap(x, y);
        std::swap(xn, yn);
    }
    return make_int_from_limbs(heap, x, xn, false);
#endif
}

Value int_round(Heap& heap, Value v, int64_t digits) {
    if (double(digits) > double(int_bit_length(v)) * 0.302 + 2) return Value::integer(0);
    Value unit = int_pow(heap, Value::integer(10), make_int(heap, digits)), quotient, rest;
    if (unit.is_unbound() || !int_divmod(heap, v, unit, quotient, rest)) return {};
    Value twice = int_lshift(heap, rest, Value::integer(1));
    if (twice.is_unbound()) return {};
    int c = int_compare(twice, unit);
    if (c > 0 || (c == 0 && int_is_odd(quotient))) quotient = int_add(heap, quotient, Value::integer(1));
    return quotient.is_unbound() ? quotient : int_mul(heap, quotient, unit);
}

}  // namespace gen
