// Exact integers: small ones in the Value, others as Int objects, with the operations of Python's int.
//
// Operands may be anything that is_int_like: small ints, True and False, Int objects (of subclasses too).
// Results are exact ints in normal form. `unbound` means out of memory, or larger than kMaxIntLimbs or the
// heap's limit allows: sizes are checked before anything is allocated. Zero divisors and negative counts are
// the caller's to refuse, before. What a big operation will cost is told by the int_cost functions, for the
// caller to charge first.
#pragma once
#include "vm/data/heap.h"

#include <string>

namespace gen {

constexpr size_t kMaxIntLimbs = size_t{1} << 26;  // of 64 bits
constexpr size_t kMaxIntDigits = 4300;  // of conversions from and to decimal text, unless told otherwise

inline bool is_int_object(Value v) { return v.is_object() && v.as_object()->kind == Kind::Int; }
inline bool is_int_like(Value v) { return v.is_int() || v.is_bool() || is_int_object(v); }
// int exactly: neither bool nor an instance of a subclass.
inline bool is_exact_int(Value v) {
    return v.is_int() || (v.is_object() && v.as_object()->shape == kShapeInt);
}

// Sign and magnitude of any int-like Value; `one` holds the limb of small ones, so it must not be copied.
struct IntView {
    explicit IntView(Value v);
    IntView(const IntView&) = delete;
    IntView& operator=(const IntView&) = delete;
    const uint64_t* limbs;
    size_t size;  // limbs; 0 for zero
    bool negative;
    uint64_t one;
};

// ---- making
Value make_int_slow(Heap&, int64_t);
inline Value make_int(Heap& heap, int64_t i) {
    return Value::fits(i) ? Value::integer(i) : make_int_slow(heap, i);
}
Value make_uint(Heap&, uint64_t);
Value make_int_from_limbs(Heap&, const uint64_t* limbs, size_t n, bool negative);  // leading zeros allowed
// For those who fill the limbs themselves: null when too large; finish_int drops leading zeros and gives the
// normal form.
Int* new_int(Heap&, size_t limbs);
Value finish_int(Heap&, Int*, size_t limbs, bool negative);
Value int_exact(Heap&, Value);  // True -> 1, instances of subclasses -> int
// An Int object of another class (shape), with cleared slots after the limbs.
Int* make_int_object(Heap&, Value, uint32_t shape, size_t slots);
inline Value* int_slots(Int* i) {
    return reinterpret_cast<Value*>(i->limbs + (i->size < 0 ? -i->size : i->size));
}

// ---- asking
bool int_to_int64(Value, int64_t& out);  // false: does not fit
bool int_to_uint64(Value, uint64_t& out);
int64_t int_clamp(Value);  // to the range of int64_t, as slices do
int int_sign(Value);       // -1, 0, 1
inline bool int_is_zero(Value v) { return int_sign(v) == 0; }
bool int_is_odd(Value);
int int_compare(Value, Value);  // -1, 0, 1
bool int_equal(Value, Value);
uint64_t int_hash(Value);  // CPython's: modulo 2^61 - 1, so equal to the hash of an equal float
uint64_t int_bit_length(Value);
uint64_t int_bit_count(Value);  // of the magnitude

// ---- arithmetic
Value int_add(Heap&, Value, Value);
Value int_sub(Heap&, Value, Value);
Value int_mul(Heap&, Value, Value);
Value int_floordiv(Heap&, Value, Value);  // divisor not zero, here and below
Value int_mod(Heap&, Value, Value);
bool int_divmod(Heap&, Value, Value, Value& quotient, Value& remainder);
Value int_pow(Heap&, Value base, Value exponent);  // exponent >= 0
// Modulus not zero. exponent < 0: by the inverse; `invertible` is false, and the result unbound, when there
// is none.
Value int_pow_mod(Heap&, Value base, Value exponent, Value modulus, bool& invertible);
Value int_neg(Heap&, Value);
Value int_abs(Heap&, Value);
Value int_invert(Heap&, Value);
Value int_lshift(Heap&, Value, Value count);  // count >= 0
Value int_rshift(Heap&, Value, Value count);
Value int_and(Heap&, Value, Value);
Value int_or(Heap&, Value, Value);
Value int_xor(Heap&, Value, Value);
Value int_isqrt(Heap&, Value);  // of a number >= 0
Value int_gcd(Heap&, Value, Value);
Value int_round(Heap&, Value,
                int64_t digits);  // round(n, -digits): to a multiple of 10^digits, ties to even; digits > 0

// Rough cost in steps of the VM (about 10 ns each); small numbers cost 1.
uint64_t int_mul_cost(Value, Value);
uint64_t int_div_cost(Value, Value);
uint64_t int_pow_cost(Value base, Value exponent);
uint64_t int_pow_mod_cost(Value exponent, Value modulus);

// ---- floats
// (top + something below 1, if `rest`) * 2^exponent, to nearest, ties to even; with `rest`, top has at least
// 55 bits.
double round_to_double(uint64_t top, bool rest, int64_t exponent, bool& overflow);
double int_to_double(Value, bool& overflow);  // to nearest, ties to even
Value int_from_double(Heap&, double);         // truncates; must be finite
double int_true_divide(Value, Value,
                       bool& overflow);  // correctly rounded; divisor not zero; overflow too without memory
double int_frexp(Value, int64_t& exponent);  // |result| in [0.5, 1); for logarithms of any size

// ---- text and bytes
// Digits of base 2..36 in either case, nothing else; well-formed. Not limited to kMaxIntDigits.
Value int_from_digits(Heap&, std::string_view digits, int base, bool negative = false);
enum class ParseInt : uint8_t { Ok, Invalid, TooLong, NoMemory };
// The grammar of int(text, base): space around, sign, prefix, underscores, decimals of any script. base 0
// or 2..36. TooLong: beyond `most` digits; `digits` tells how many.
ParseInt int_from_text(Heap&, std::string_view text, int base, Value& out, size_t* digits = nullptr,
                       size_t most = kMaxIntDigits);
// Appends digits (lower case, '-' in front, no prefix). False: decimal and longer than `most`, or no memory.
bool int_to_text(Value, int base, std::string& out, size_t most = kMaxIntDigits);
size_t int_text_size(Value, int base);  // an upper bound of the characters, before they are made
// Would be refused by int_to_text in base 10.
bool int_text_too_long(Value, size_t most = kMaxIntDigits);
Str* int_to_str(Heap&, Value);  // decimal; null: too long (ask before), or no memory
// Two's complement if `with_sign`; false: does not fit.
bool int_to_bytes(Value, uint8_t* out, size_t size, bool little_endian, bool with_sign);
Value int_from_bytes(Heap&, const uint8_t* bytes, size_t size, bool little_endian, bool with_sign);

}  // namespace gen
