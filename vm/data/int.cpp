#include "vm/data/int.h"

#include "vm/data/limbs.h"

#include <algorithm>

namespace gen {

namespace {

using limbs::Limb;

uint64_t magnitude(int64_t i) { return i < 0 ? 0 - uint64_t(i) : uint64_t(i); }

Value from_wide(Heap& heap, __int128 w) {
    if (w >= Value::kMinInt && w <= Value::kMaxInt) return Value::integer(int64_t(w));
    auto m = w < 0 ? -(unsigned __int128)w : (unsigned __int128)w;
    Limb l[2] = {Limb(m), Limb(m >> 64)};
    return make_int_from_limbs(heap, l, 2, w < 0);
}

// True and False as ints, so that what is not an Int object is a small int.
Value plain(Value v) { return v.is_bool() ? Value::integer(v.is_true()) : v; }

// a + b, or a - b if `negate`
Value add_signed(Heap& heap, Value left, Value right, bool negate) {
    left = plain(left);
    right = plain(right);
    if (both_int(left, right)) {
        int64_t b = right.as_int();
        return make_int(heap, left.as_int() + (negate ? -b : b));  // 63 bits each: no overflow
    }
    IntView a(left), b(right);
    bool b_negative = b.negative != negate;
    const IntView *large = &a, *small = &b;
    bool negative = a.negative;
    if (a.negative == b_negative) {
        if (a.size < b.size) std::swap(large, small);
        Int* r = new_int(heap, large->size + 1);
        if (!r) return {};
        r->limbs[large->size] = limbs::add(r->limbs, large->limbs, large->size, small->limbs, small->size);
        return finish_int(heap, r, large->size + 1, negative);
    }
    if (limbs::compare(a.limbs, a.size, b.limbs, b.size) < 0) {
        std::swap(large, small);
        negative = b_negative;
    }
    Int* r = new_int(heap, large->size);
    if (!r) return {};
    limbs::sub(r->limbs, large->limbs, large->size, small->limbs, small->size);
    return finish_int(heap, r, large->size, negative);
}

// Floored division; either result may not be wanted. False: out of memory.
bool divide(Heap& heap, Value left, Value right, Value* quotient, Value* remainder) {
    left = plain(left);
    right = plain(right);
    if (both_int(left, right)) {
        int64_t a = left.as_int(), b = right.as_int(), q = a / b, r = a % b;
        if (r && (r < 0) != (b < 0)) {
            q--;
            r += b;
        }
        if (quotient) *quotient = make_int(heap, q);
        if (remainder) *remainder = make_int(heap, r);
        return true;
    }
    IntView a(left), b(right);
    bool differ = a.negative != b.negative;
    if (limbs::compare(a.limbs, a.size, b.limbs, b.size) < 0) {
        bool adjust = differ && a.size;
        if (quotient) *quotient = Value::integer(adjust ? -1 : 0);
        if (remainder) *remainder = adjust ? int_add(heap, left, right) : int_exact(heap, left);
        return !remainder || !remainder->is_unbound();
    }
    size_t n = a.size - b.size + 1;
    Int* q = new_int(heap, n + 1);
    Int* r = new_int(heap, b.size);
    if (!q || !r) return false;
    if (b.size == 1)
        r->limbs[0] = limbs::divmod_1(q->limbs, a.limbs, a.size, b.limbs[0]);
    else if (!limbs::divmod(q->limbs, r->limbs, a.limbs, a.size, b.limbs, b.size))
        return false;
    q->limbs[n] = 0;
    size_t rest = limbs::normal_size(r->limbs, b.size);
    if (differ && rest) {
        limbs::add_1(q->limbs, q->limbs, n + 1, 1);
        limbs::sub(r->limbs, b.limbs, b.size, r->limbs, rest);
    }
    if (quotient) {
        *quotient = finish_int(heap, q, n + 1, differ);
        if (quotient->is_unbound()) return false;
    }
    if (remainder) {
        *remainder = finish_int(heap, r, b.size, b.negative);
        if (remainder->is_unbound()) return false;
    }
    return true;
}

// The limbs of a number in two's complement, from the least significant one on, without end.
class Complement {
  public:
    explicit Complement(const IntView& v) : view_(v), carry_(v.negative) {}
    Limb next() {
        Limb l = at_ < view_.size ? view_.limbs[at_] : 0;
        at_++;
        if (!view_.negative) return l;
        l = ~l + carry_;
        carry_ = carry_ && l == 0;
        return l;
    }

  private:
    const IntView& view_;
    size_t at_ = 0;
    bool carry_;
};

template <class Operation>
Value bitwise(Heap& heap, Value left, Value right, Operation operation) {
    left = plain(left);
    right = plain(right);
    if (both_int(left, right))
        return Value::integer(int64_t(operation(uint64_t(left.as_int()), uint64_t(right.as_int()))));
    IntView a(left), b(right);
    Complement x(a), y(b);
    size_t n = std::max(a.size, b.size) + 1;
    Int* r = new_int(heap, n);
    if (!r) return {};
    bool negative = operation(Limb(a.negative), Limb(b.negative)) & 1;
    for (size_t i = 0; i < n; i++) r->limbs[i] = operation(x.next(), y.next());
    if (negative) {
        for (size_t i = 0; i < n; i++) r->limbs[i] = ~r->limbs[i];
        limbs::add_1(r->limbs, r->limbs, n, 1);
    }
    return finish_int(heap, r, n, negative);
}

}  // namespace

IntView::IntView(Value v) {
    if (is_int_object(v)) {
        auto* i = v.as<Int>();
        limbs = i->limbs;
        negative = i->size < 0;
        size = size_t(negative ? -i->size : i->size);
        return;
    }
    int64_t i = v.is_int() ? v.as_int() : v.is_true();
    one = magnitude(i);
    limbs = &one;
    size = i != 0;
    negative = i < 0;
}

// ---- making

Int* new_int(Heap& heap, size_t n) {
    if (n > kMaxIntLimbs) return nullptr;
    return heap.make<Int>(Kind::Int, kShapeInt, sizeof(Int) + n * sizeof(Limb));
}

Value finish_int(Heap& heap, Int* i, size_t n, bool negative) {
    size_t allocated = n;
    n = limbs::normal_size(i->limbs, n);
    if (n == 0) return Value::integer(0);
    if (n == 1 && i->limbs[0] <= uint64_t(Value::kMaxInt) + negative)
        return Value::integer(negative ? int64_t(0 - i->limbs[0]) : int64_t(i->limbs[0]));
    if (2 * n + 8 < allocated) return make_int_from_limbs(heap, i->limbs, n, negative);
    i->size = negative ? -int64_t(n) : int64_t(n);
    return Value::object(i);
}

Value make_int_from_limbs(Heap& heap, const uint64_t* source, size_t n, bool negative) {
    n = limbs::normal_size(source, n);
    if (n == 0) return Value::integer(0);
    Int* r = new_int(heap, n);
    if (!r) return {};
    std::memcpy(r->limbs, source, n * sizeof(Limb));
    return finish_int(heap, r, n, negative);
}

Value make_int_slow(Heap& heap, int64_t i) {
    uint64_t m = magnitude(i);
    return make_int_from_limbs(heap, &m, 1, i < 0);
}

Value make_uint(Heap& heap, uint64_t i) { return make_int_from_limbs(heap, &i, 1, false); }

Value int_exact(Heap& heap, Value v) {
    if (is_exact_int(v)) return v;
    IntView i(v);
    return make_int_from_limbs(heap, i.limbs, i.size, i.negative);
}

Int* make_int_object(Heap& heap, Value v, uint32_t shape, size_t slots) {
    IntView i(v);
    auto* r = heap.make<Int>(Kind::Int, shape, sizeof(Int) + (i.size + slots) * sizeof(Limb));
    if (!r) return nullptr;
    r->size = i.negative ? -int64_t(i.size) : int64_t(i.size);
    std::memcpy(r->limbs, i.limbs, i.size * sizeof(Limb));
    for (size_t k = 0; k < slots; k++) int_slots(r)[k] = Value::unbound();
    return r;
}

// ---- asking

bool int_to_int64(Value v, int64_t& out) {
    IntView i(v);
    if (i.size > 1) return false;
    uint64_t m = i.size ? i.limbs[0] : 0;
    if (m > uint64_t(INT64_MAX) + i.negative) return false;
    out = int64_t(i.negative ? 0 - m : m);
    return true;
}

bool int_to_uint64(Value v, uint64_t& out) {
    IntView i(v);
    if (i.size > 1 || i.negative) return false;
    out = i.size ? i.limbs[0] : 0;
    return true;
}

int64_t int_clamp(Value v) {
    int64_t i;
    if (int_to_int64(v, i)) return i;
    return int_sign(v) < 0 ? INT64_MIN : INT64_MAX;
}

int int_sign(Value v) {
    IntView i(v);
    return i.negative ? -1 : i.size != 0;
}

bool int_is_odd(Value v) {
    IntView i(v);
    return i.size && (i.limbs[0] & 1);
}

int int_compare(Value left, Value right) {
    IntView a(left), b(right);
    if (a.negative != b.negative) return a.negative ? -1 : 1;
    int c = limbs::compare(a.limbs, a.size, b.limbs, b.size);
    return a.negative ? -c : c;
}

bool int_equal(Value a, Value b) { return a.is(b) || int_compare(a, b) == 0; }

uint64_t int_hash(Value v) {
    constexpr uint64_t kPrime = (uint64_t{1} << 61) - 1;
    IntView i(v);
    unsigned __int128 h = 0;
    for (size_t k = i.size; k-- > 0;) h = (h * 8 + i.limbs[k]) % kPrime;  // 2^64 is 8 modulo the prime
    auto r = uint64_t(h);
    if (i.negative) r = 0 - r;
    return r == ~uint64_t{0} ? ~uint64_t{1} : r;
}

uint64_t int_bit_length(Value v) {
    IntView i(v);
    return limbs::bit_length(i.limbs, i.size);
}

uint64_t int_bit_count(Value v) {
    IntView i(v);
    uint64_t n = 0;
    for (size_t k = 0; k < i.size; k++) n += uint64_t(__builtin_popcountll(i.limbs[k]));
    return n;
}

// ---- arithmetic

Value int_add(Heap& heap, Value a, Value b) { return add_signed(heap, a, b, false); }
Value int_sub(Heap& heap, Value a, Value b) { return add_signed(heap, a, b, true); }

Value int_mul(Heap& heap, Value left, Value right) {
    left = plain(left);
    right = plain(right);
    if (both_int(left, right)) return from_wide(heap, __int128(left.as_int()) * right.as_int());
    IntView a(left), b(right);
    if (!a.size || !b.size) return Value::integer(0);
    Int* r = new_int(heap, a.size + b.size);
    if (!r) return {};
    if (b.size == 1)
        r->limbs[a.size] = limbs::mul_1(r->limbs, a.limbs, a.size, b.limbs[0]);
    else if (a.size == 1)
        r->limbs[b.size] = limbs::mul_1(r->limbs, b.limbs, b.size, a.limbs[0]);
    else if (!limbs::mul(r->limbs, a.limbs, a.size, b.limbs, b.size))
        return {};
    return finish_int(heap, r, a.size + b.size, a.negative != b.negative);
}

Value int_floordiv(Heap& heap, Value a, Value b) {
    Value q;
    return divide(heap, a, b, &q, nullptr) ? q : Value::unbound();
}

Value int_mod(Heap& heap, Value a, Value b) {
    Value r;
    return divide(heap, a, b, nullptr, &r) ? r : Value::unbound();
}

bool int_divmod(Heap& heap, Value a, Value b, Value& quotient, Value& remainder) {
    return divide(heap, a, b, &quotient, &remainder);
}

Value int_neg(Heap& heap, Value v) {
    v = plain(v);
    if (v.is_int()) return make_int(heap, -v.as_int());
    IntView i(v);
    return make_int_from_limbs(heap, i.limbs, i.size, !i.negative);
}

Value int_abs(Heap& heap, Value v) { return int_sign(v) < 0 ? int_neg(heap, v) : int_exact(heap, v); }

Value int_invert(Heap& heap, Value v) {
    v = plain(v);
    if (v.is_int()) return Value::integer(~v.as_int());
    Value n = int_neg(heap, v);
    return n.is_unbound() ? n : int_sub(heap, n, Value::integer(1));
}

Value int_lshift(Heap& heap, Value v, Value count) {
    IntView i(v);
    if (!i.size) return Value::integer(0);
    int64_t n;
    if (!int_to_int64(count, n) || uint64_t(n) / 64 > kMaxIntLimbs) return {};
    if (n == 0) return int_exact(heap, v);
    size_t whole = size_t(n) / 64, size = whole + i.size + 1;
    if (i.size == 1 && uint64_t(n) < uint64_t(__builtin_clzll(i.limbs[0]))) {
        Limb l = i.limbs[0] << n;
        return make_int_from_limbs(heap, &l, 1, i.negative);
    }
    Int* r = new_int(heap, size);
    if (!r) return {};
    std::memset(r->limbs, 0, whole * sizeof(Limb));
    r->limbs[size - 1] = limbs::shift_left(r->limbs + whole, i.limbs, i.size, unsigned(n % 64));
    return finish_int(heap, r, size, i.negative);
}

Value int_rshift(Heap& heap, Value v, Value count) {
    v = plain(v);
    int64_t n = int_clamp(count);
    if (v.is_int()) return Value::integer(v.as_int() >> std::min<int64_t>(n, 63));
    IntView i(v);
    size_t whole = size_t(n) / 64;
    if (whole >= i.size) return Value::integer(i.negative ? -1 : 0);
    size_t size = i.size - whole;
    Int* r = new_int(heap, size + 1);
    if (!r) return {};
    limbs::shift_right(r->limbs, i.limbs + whole, size, unsigned(n % 64));
    r->limbs[size] = 0;
    if (i.negative) {  // towards minus infinity
        bool lost =
            (i.limbs[whole] & ((Limb{1} << n % 64) - 1)) != 0 || limbs::normal_size(i.limbs, whole) != 0;
        if (lost) limbs::add_1(r->limbs, r->limbs, size + 1, 1);
    }
    return finish_int(heap, r, size + 1, i.negative);
}

Value int_and(Heap& heap, Value a, Value b) {
    return bitwise(heap, a, b, [](Limb x, Limb y) { return x & y; });
}
Value int_or(Heap& heap, Value a, Value b) {
    return bitwise(heap, a, b, [](Limb x, Limb y) { return x | y; });
}
Value int_xor(Heap& heap, Value a, Value b) {
    return bitwise(heap, a, b, [](Limb x, Limb y) { return x ^ y; });
}

// ---- costs

uint64_t int_mul_cost(Value left, Value right) {
    IntView a(left), b(right);
    uint64_t n = std::max(a.size, b.size), each = std::min(a.size, b.size) / 8 + 1;
#if GEN_HAS_GMP
    each = std::min<uint64_t>(each, 16);  // nearly linear from there on
#endif
    return 1 + n * each;
}

uint64_t int_div_cost(Value left, Value right) {
    IntView a(left), b(right);
    if (a.size < b.size) return 1;
    uint64_t n = std::max(a.size - b.size, b.size), each = std::min(a.size - b.size, b.size) / 8 + 1;
#if GEN_HAS_GMP
    each = std::min<uint64_t>(each, 32);
#endif
    return 1 + n * each;
}

}  // namespace gen
