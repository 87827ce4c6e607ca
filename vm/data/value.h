// A Value is one 64-bit word. The encoding is known to this file only:
//
//   ...1    int, 63 bits, two's complement, shifted left by one
//   ..10    float: its bits plus 2^60, rotated left by three; covers exponents 2^-255 .. 2^256
//   .000    pointer to an Object, or a constant below 64: unbound, None, False, True, ...
//   .100    never a Value: see Outcome
//
// Floats outside that range, and both zeros, are boxed (Float objects); ints beyond 63 bits are Int objects.
#pragma once
#include <cstdint>
#include <cstring>

namespace gen {

struct Object;

class Value {
  public:
    constexpr Value() =
        default;  // uninitialised storage of frames is cleared to unbound, which is all zero bits
    static constexpr Value from_bits(uint64_t bits) {
        Value v;
        v.bits_ = bits;
        return v;
    }
    constexpr uint64_t bits() const { return bits_; }

    // ---- constants
    static constexpr Value unbound() { return from_bits(0); }  // an empty slot; never seen by a script
    static constexpr Value none() { return from_bits(8); }
    static constexpr Value false_() { return from_bits(16); }
    static constexpr Value true_() { return from_bits(24); }
    static constexpr Value not_implemented() { return from_bits(32); }
    static constexpr Value ellipsis() { return from_bits(40); }
    static constexpr Value boolean(bool b) { return from_bits(b ? 24 : 16); }

    constexpr bool is_unbound() const { return bits_ == 0; }
    constexpr bool is_none() const { return bits_ == 8; }
    constexpr bool is_true() const { return bits_ == 24; }
    constexpr bool is_false() const { return bits_ == 16; }
    constexpr bool is_bool() const { return (bits_ | 8) == 24; }
    constexpr bool is_not_implemented() const { return bits_ == 32; }
    constexpr bool is_ellipsis() const { return bits_ == 40; }
    constexpr bool is_constant() const { return bits_ < 64 && !(bits_ & 7); }
    constexpr bool is(Value other) const { return bits_ == other.bits_; }

    // ---- small ints
    static constexpr int64_t kMaxInt = (int64_t{1} << 62) - 1;
    static constexpr int64_t kMinInt = -(int64_t{1} << 62);
    static constexpr bool fits(int64_t i) { return i >= kMinInt && i <= kMaxInt; }
    static constexpr Value integer(int64_t i) { return from_bits((uint64_t(i) << 1) | 1); }  // i must fit
    constexpr bool is_int() const { return bits_ & 1; }
    constexpr int64_t as_int() const { return int64_t(bits_) >> 1; }

    // Each answers false, and leaves `out` alone, on overflow.
    static bool add(Value a, Value b, Value& out) { return sum(int64_t(a.bits_), int64_t(b.bits_ - 1), out); }
    static bool subtract(Value a, Value b, Value& out) {
        int64_t r;
        if (__builtin_sub_overflow(int64_t(a.bits_), int64_t(b.bits_ - 1), &r)) return false;
        out.bits_ = uint64_t(r);
        return true;
    }
    static bool multiply(Value a, Value b, Value& out) {
        int64_t r;
        if (__builtin_mul_overflow(int64_t(a.bits_ - 1), b.as_int(), &r)) return false;
        out.bits_ = uint64_t(r) + 1;
        return true;
    }

    // ---- floats; boxed ones are Float objects, see object.h
    constexpr bool is_inline_float() const { return (bits_ & 3) == 2; }
    double as_inline_float() const {
        uint64_t b = ((bits_ >> 3) | (bits_ << 61)) - (uint64_t{1} << 60);
        double d;
        std::memcpy(&d, &b, 8);
        return d;
    }
    static bool encode_float(double d, Value& out) {  // false: has to be boxed
        uint64_t b;
        std::memcpy(&b, &d, 8);
        b += uint64_t{1} << 60;
        b = (b << 3) | (b >> 61);
        out.bits_ = b;
        return !((b - 2) & 3);
    }

    // ---- objects
    static Value object(const void* o) { return from_bits(uint64_t(o)); }
    constexpr bool is_object() const { return !(bits_ & 3) && bits_ >= 64; }
    Object* as_object() const { return reinterpret_cast<Object*>(bits_); }
    template <class T>
    T* as() const {
        return reinterpret_cast<T*>(bits_);
    }  // unchecked

  private:
    static bool sum(int64_t a, int64_t b, Value& out) {
        int64_t r;
        if (__builtin_add_overflow(a, b, &r)) return false;
        out.bits_ = uint64_t(r);
        return true;
    }
    uint64_t bits_ = 0;
};

static_assert(sizeof(Value) == 8);
constexpr bool both_int(Value a, Value b) { return (a.bits() & b.bits()) & 1; }
constexpr bool both_inline_float(Value a, Value b) { return !(((a.bits() - 2) | (b.bits() - 2)) & 3); }

}  // namespace gen
