// Floats: inside the Value when the exponent allows it, else boxed; their texts and arithmetic as CPython's.
#pragma once
#include "vm/data/heap.h"

#include <string>

namespace gen {

Value box_float(Heap&, double);  // never fails
inline Value make_float(Heap& heap, double d) {
    Value v;
    if (Value::encode_float(d, v)) [[likely]]
        return v;
    return box_float(heap, d);
}
// A Float object of another class (shape), with cleared slots after it.
Float* make_float_object(Heap&, double, uint32_t shape, size_t slots);
inline Value* float_slots(Float* f) { return reinterpret_cast<Value*>(f + 1); }

inline bool is_float_object(Value v) { return v.is_object() && v.as_object()->kind == Kind::Float; }
inline bool is_float(Value v) { return v.is_inline_float() || is_float_object(v); }  // or a subclass
inline bool is_exact_float(Value v) {
    return v.is_inline_float() || (v.is_object() && v.as_object()->shape == kShapeFloat);
}
inline double as_float(Value v) { return v.is_inline_float() ? v.as_inline_float() : v.as<Float>()->value; }

uint64_t float_hash(double);  // CPython's; nan: 0

// ---- arithmetic; the divisor is not zero
double float_floor_div(double, double);
double float_mod(double, double);
void float_divmod(double, double, double& quotient, double& remainder);
enum class FloatPow : uint8_t {
    Ok,
    ZeroDivision,
    Overflow,
    Complex
};  // Complex: negative base, fractional exponent
FloatPow float_pow(double, double, double& out);
enum class FloatRound : uint8_t { Ok, Overflow };
FloatRound float_round(double, int64_t digits, double& out);  // round(x, digits), correctly rounded
double float_round_even(double);                              // round(x) before conversion to int
// Exact: numerator and denominator (> 0) of a finite number. False: out of memory.
bool float_as_integer_ratio(Heap&, double, Value& numerator, Value& denominator);

// ---- text
constexpr size_t kFloatRepr = 32;      // enough for any repr
size_t float_repr(double, char* out);  // shortest that reads back the same, as repr(); answers the length
inline std::string_view float_text(double d, char (&buffer)[kFloatRepr]) {
    return {buffer, float_repr(d, &buffer[0])};
}
// The number part of format(): kind is one of e E f F g G n % r (repr) and 0 (no type given; precision -1: as
// repr). precision -1 means the default (6, or shortest for r and 0). No sign is written for positive
// numbers; `alternate` is '#'. Appends to out. Every digit is exact for any precision.
void float_format(double, char kind, int precision, bool alternate, std::string& out);
bool parse_float(std::string_view text,
                 double& out);  // the grammar of float(): space around, underscores, inf, nan
// The same without space, underscores, inf and nan: a number as in source text or JSON.
bool parse_decimal_float(std::string_view text, double& out);
std::string float_hex(double);
enum class FromHex : uint8_t { Ok, Invalid, Overflow };
FromHex float_from_hex(std::string_view text, double& out);

}  // namespace gen
