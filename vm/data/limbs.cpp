#include "vm/data/limbs.h"

#include <cstdlib>
#include <cstring>
#include <utility>

#if GEN_HAS_GMP
#include <gmp.h>
static_assert(sizeof(mp_limb_t) == 8 && GMP_NAIL_BITS == 0);
#endif

namespace gen::limbs {

Scratch::Scratch(size_t limbs)
    : data_(limbs <= 64 ? small_ : static_cast<Limb*>(std::malloc(limbs * sizeof(Limb)))) {}

Scratch::~Scratch() {
    if (data_ != small_) std::free(data_);
}

int compare(const Limb* a, size_t an, const Limb* b, size_t bn) {
    if (an != bn) return an < bn ? -1 : 1;
    for (size_t i = an; i-- > 0;)
        if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
    return 0;
}

uint64_t bit_length(const Limb* a, size_t n) { return n ? n * 64 - size_t(__builtin_clzll(a[n - 1])) : 0; }

Limb add_1(Limb* out, const Limb* a, size_t an, Limb b) {
    for (size_t i = 0; i < an; i++) b = __builtin_add_overflow(a[i], b, &out[i]);
    return b;
}

void sub_1(Limb* out, const Limb* a, size_t an, Limb b) {
    for (size_t i = 0; i < an; i++) b = __builtin_sub_overflow(a[i], b, &out[i]);
}

#if GEN_HAS_GMP

namespace {
auto* to_gmp(Limb* p) { return reinterpret_cast<mp_limb_t*>(p); }
auto* to_gmp(const Limb* p) { return reinterpret_cast<const mp_limb_t*>(p); }
mp_size_t to_size(size_t n) { return mp_size_t(n); }
}  // namespace

Limb add(Limb* out, const Limb* a, size_t an, const Limb* b, size_t bn) {
    if (bn == 0) return add_1(out, a, an, 0);
    return mpn_add(to_gmp(out), to_gmp(a), to_size(an), to_gmp(b), to_size(bn));
}

void sub(Limb* out, const Limb* a, size_t an, const Limb* b, size_t bn) {
    if (bn == 0) return sub_1(out, a, an, 0);
    mpn_sub(to_gmp(out), to_gmp(a), to_size(an), to_gmp(b), to_size(bn));
}

bool mul(Limb* out, const Limb* a, size_t an, const Limb* b, size_t bn) {
    if (an < bn) {
        std::swap(a, b);
        std::swap(an, bn);
    }
    if (a == b && an == bn)
        mpn_sqr(to_gmp(out), to_gmp(a), to_size(an));
    else
        mpn_mul(to_gmp(out), to_gmp(a), to_size(an), to_gmp(b), to_size(bn));
    return true;
}

Limb mul_1(Limb* out, const Limb* a, size_t an, Limb b) {
    return mpn_mul_1(to_gmp(out), to_gmp(a), to_size(an), b);
}

Limb divmod_1(Limb* q, const Limb* a, size_t an, Limb d) {
    return mpn_divrem_1(to_gmp(q), 0, to_gmp(a), to_size(an), d);
}

bool divmod(Limb* q, Limb* r, const Limb* a, size_t an, const Limb* d, size_t dn) {
    mpn_tdiv_qr(to_gmp(q), to_gmp(r), 0, to_gmp(a), to_size(an), to_gmp(d), to_size(dn));
    return true;
}

Limb shift_left(Limb* out, const Limb* a, size_t an, unsigned bits) {
    if (bits) return mpn_lshift(to_gmp(out), to_gmp(a), to_size(an), bits);
    std::memmove(out, a, an * sizeof(Limb));
    return 0;
}

void shift_right(Limb* out, const Limb* a, size_t an, unsigned bits) {
    if (bits)
        mpn_rshift(to_gmp(out), to_gmp(a), to_size(an), bits);
    else
        std::memmove(out, a, an * sizeof(Limb));
}

#else

using Wide = unsigned __int128;

Limb add(Limb* out, const Limb* a, size_t an, const Limb* b, size_t bn) {
    Limb carry = 0;
    for (size_t i = 0; i < bn; i++) {
        Wide s = Wide(a[i]) + b[i] + carry;
        out[i] = Limb(s);
        carry = Limb(s >> 64);
    }
    return add_1(out + bn, a + bn, an - bn, carry);
}

void sub(Limb* out, const Limb* a, size_t an, const Limb* b, size_t bn) {
    Limb borrow = 0;
    for (size_t i = 0; i < bn; i++) {
        Wide s = Wide(a[i]) - b[i] - borrow;
        out[i] = Limb(s);
        borrow = Limb(s >> 64) & 1;
    }
    sub_1(out + bn, a + bn, an - bn, borrow);
}

Limb mul_1(Limb* out, const Limb* a, size_t an, Limb b) {
    Limb carry = 0;
    for (size_t i = 0; i < an; i++) {
        Wide p = Wide(a[i]) * b + carry;
        out[i] = Limb(p);
        carry = Limb(p >> 64);
    }
    return carry;
}

namespace {

constexpr size_t kKaratsuba = 40;

// out[an] += a * b, answers the limb above
Limb add_mul_1(Limb* out, const Limb* a, size_t an, Limb b) {
    Limb carry = 0;
    for (size_t i = 0; i < an; i++) {
        Wide p = Wide(a[i]) * b + out[i] + carry;
        out[i] = Limb(p);
        carry = Limb(p >> 64);
    }
    return carry;
}

// out[an] -= a * b, answers the borrow
Limb sub_mul_1(Limb* out, const Limb* a, size_t an, Limb b) {
    Limb carry = 0;
    for (size_t i = 0; i < an; i++) {
        Wide p = Wide(a[i]) * b + carry;
        carry = Limb(p >> 64) + (out[i] < Limb(p));
        out[i] -= Limb(p);
    }
    return carry;
}

void mul_school(Limb* out, const Limb* a, size_t an, const Limb* b, size_t bn) {
    out[an] = mul_1(out, a, an, b[0]);
    for (size_t i = 1; i < bn; i++) out[an + i] = add_mul_1(out + i, a, an, b[i]);
}

// out[2n] = a * b. The depth is log2 n; `work` holds 4n + 256 limbs.
void mul_karatsuba(Limb* out, const Limb* a, const Limb* b, size_t n, Limb* work) {
    if (n < kKaratsuba) return mul_school(out, a, n, b, n);
    size_t low = n / 2, high = n - low;  // high >= low
    Limb *sa = work, *sb = sa + high + 1, *middle = sb + high + 1, *rest = middle + 2 * high + 2;
    mul_karatsuba(out, a, b, low, rest);
    mul_karatsuba(out + 2 * low, a + low, b + low, high, rest);
    sa[high] = add(sa, a + low, high, a, low);
    sb[high] = add(sb, b + low, high, b, low);
    mul_karatsuba(middle, sa, sb, high + 1, rest);
    size_t m = 2 * high + 2;
    sub(middle, middle, m, out, 2 * low);
    sub(middle, middle, m, out + 2 * low, 2 * high);
    m = normal_size(middle, m);
    add(out + low, out + low, 2 * n - low, middle, m);
}

size_t karatsuba_work(size_t n) { return 6 * n + 1024; }

}  // namespace

bool mul(Limb* out, const Limb* a, size_t an, const Limb* b, size_t bn) {
    if (an < bn) {
        std::swap(a, b);
        std::swap(an, bn);
    }
    if (bn < kKaratsuba) {
        mul_school(out, a, an, b, bn);
        return true;
    }
    // a in pieces of the size of b
    Scratch scratch(karatsuba_work(bn) + 2 * bn);
    if (!scratch) return false;
    Limb *product = scratch.data(), *work = product + 2 * bn;
    std::memset(out, 0, (an + bn) * sizeof(Limb));
    size_t at = 0;
    for (; at + bn <= an; at += bn) {
        mul_karatsuba(product, a + at, b, bn, work);
        add(out + at, out + at, an + bn - at, product, 2 * bn);
    }
    for (; at < an; at++) {
        Limb carry = add_mul_1(out + at, b, bn, a[at]);
        add_1(out + at + bn, out + at + bn, an - at, carry);
    }
    return true;
}

Limb divmod_1(Limb* q, const Limb* a, size_t an, Limb d) {
    Limb r = 0;
    for (size_t i = an; i-- > 0;) {
        Wide n = Wide(r) << 64 | a[i];
        q[i] = Limb(n / d);
        r = Limb(n % d);
    }
    return r;
}

// Knuth's algorithm D.
bool divmod(Limb* q, Limb* r, const Limb* a, size_t an, const Limb* d, size_t dn) {
    if (dn == 1) {
        r[0] = divmod_1(q, a, an, d[0]);
        return true;
    }
    Scratch scratch(an + 1 + dn);
    if (!scratch) return false;
    Limb *u = scratch.data(), *v = u + an + 1;
    auto shift = unsigned(__builtin_clzll(d[dn - 1]));
    shift_left(v, d, dn, shift);
    u[an] = shift_left(u, a, an, shift);
    for (size_t j = an - dn + 1; j-- > 0;) {
        Wide top = Wide(u[j + dn]) << 64 | u[j + dn - 1];
        Wide guess = u[j + dn] >= v[dn - 1] ? Wide(~Limb{0}) : top / v[dn - 1];
        Wide rest = top - guess * v[dn - 1];
        while (!(rest >> 64) && guess * v[dn - 2] > (rest << 64 | u[j + dn - 2])) {
            guess--;
            rest += v[dn - 1];
        }
        auto digit = Limb(guess);
        Limb borrow = sub_mul_1(u + j, v, dn, digit);
        bool negative = u[j + dn] < borrow;
        u[j + dn] -= borrow;
        if (negative) {
            digit--;
            u[j + dn] += add(u + j, u + j, dn, v, dn);
        }
        q[j] = digit;
    }
    shift_right(r, u, dn, shift);
    return true;
}

Limb shift_left(Limb* out, const Limb* a, size_t an, unsigned bits) {
    if (bits == 0) {
        std::memmove(out, a, an * sizeof(Limb));
        return 0;
    }
    Limb over = a[an - 1] >> (64 - bits);
    for (size_t i = an; i-- > 1;) out[i] = a[i] << bits | a[i - 1] >> (64 - bits);
    out[0] = a[0] << bits;
    return over;
}

void shift_right(Limb* out, const Limb* a, size_t an, unsigned bits) {
    if (bits == 0) {
        std::memmove(out, a, an * sizeof(Limb));
        return;
    }
    for (size_t i = 0; i + 1 < an; i++) out[i] = a[i] >> bits | a[i + 1] << (64 - bits);
    out[an - 1] = a[an - 1] >> bits;
}

#endif

}  // namespace gen::limbs
