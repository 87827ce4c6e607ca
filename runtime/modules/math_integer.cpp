// Functions of math on ints of any size, and those that round to one.
#include "runtime/modules/math_functions.h"
#include "runtime/types/int_parse.h"
#include "vm/exec/stop.h"

#include <cmath>

namespace gen {

// ---- floor, ceil, trunc

static Outcome rounded(VM& vm, Value v, Special s, double (*round)(double)) {
    if (is_exact_int(v)) return v;
    if (is_exact_float(v)) return int_of_float(vm, round(as_float(v)));
    Value method = vm.special(v, s);
    if (!method.is_unbound()) return call_found(vm, s, method, v);
    double d;
    Outcome failure = Outcome::raised();
    return get_real(vm, v, d, failure) ? int_of_float(vm, round(d)) : failure;
}

Outcome math_floor(VM& vm, Value* args) { return rounded(vm, args[0], Special::Floor, std::floor); }
Outcome math_ceil(VM& vm, Value* args) { return rounded(vm, args[0], Special::Ceil, std::ceil); }

// Objects that have a __float__ only.
static Outcome round_float(VM& vm, NativeFrame& frame, double (*round)(double)) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, vm.call(Value::object(vm.type(kShapeFloat)), {frame[0]}))
            return int_of_float(vm, round(as_float(frame.result())));
    }
    return Outcome::raised();
}
Outcome math_floor_step(VM& vm, NativeFrame& frame) { return round_float(vm, frame, std::floor); }
Outcome math_ceil_step(VM& vm, NativeFrame& frame) { return round_float(vm, frame, std::ceil); }

Outcome math_trunc(VM& vm, Value* args) {
    if (is_exact_float(args[0])) return int_of_float(vm, as_float(args[0]));
    Value method = vm.special(args[0], Special::Trunc);
    if (method.is_unbound())
        return vm.type_error("type %s doesn't define __trunc__ method", vm.type_name(args[0]));
    return call_found(vm, Special::Trunc, method, args[0]);
}

// ---- products

// low * (low + 1) * ... * high, by halves, so that factors are of equal size. The depth is that of the bits
// of the range.
static Value product(VM& vm, int64_t low, int64_t high) {
    if (low > high) return Value::integer(1);
    if (high - low < 8) {
        charge(vm, 8);
        if (vm.budget < 0 && stop_due(vm)) return Value::unbound();
        Value r = vm.integer(low);
        for (int64_t i = low + 1; i <= high && !r.is_unbound(); i++) r = int_mul(vm.heap, r, vm.integer(i));
        return r;
    }
    int64_t middle = low + (high - low) / 2;
    Value a = product(vm, low, middle);
    if (a.is_unbound()) return a;
    Value b = product(vm, middle + 1, high);
    if (b.is_unbound()) return b;
    if (!pay(vm, int_mul_cost(a, b))) return Value::unbound();
    return int_mul(vm.heap, a, b);
}

// What came of it. Unbound: it was to stop, or there is no room.
static Outcome made(VM& vm, Value v) {
    if (!v.is_unbound()) return v;
    return stop_due(vm) ? stop_now(vm) : vm.no_room();
}

// Bits of the result are known to be about n log2 n: too many are refused before any work.
static bool fits(VM& vm, double bits) {
    return bits < double(kMaxIntLimbs) * 64 && (!vm.heap.limit() || vm.heap.reserve(size_t(bits / 8)));
}

Outcome math_factorial(VM& vm, Value* args) {
    Value v;
    int64_t n;
    Outcome failure = Outcome::raised();
    if (!get_int(vm, args[0], v, failure)) return failure;
    if (int_sign(v) < 0) return vm.raise(kShapeValueError, "factorial() not defined for negative values");
    if (!int_to_int64(v, n))
        return vm.raise(kShapeOverflowError, "factorial() argument should not exceed 9223372036854775807");
    if (n > 2 && !fits(vm, double(n) * (std::log2(double(n)) - 1.44))) return vm.out_of_memory();
    return made(vm, product(vm, 2, n));
}

static bool two_counts(VM& vm, Value* args, Value& n, Value& k, Outcome& failure) {
    if (!get_int(vm, args[0], n, failure) || !get_int(vm, args[1], k, failure)) return false;
    if (int_sign(n) < 0) {
        failure = vm.raise(kShapeValueError, "n must be a non-negative integer");
        return false;
    }
    if (int_sign(k) < 0) {
        failure = vm.raise(kShapeValueError, "k must be a non-negative integer");
        return false;
    }
    return true;
}

// n * (n - 1) * ..., k factors.
static Value falling(VM& vm, Value n, int64_t k) {
    int64_t small;
    if (int_to_int64(n, small)) return product(vm, small - k + 1, small);
    Value r = Value::integer(1);
    for (int64_t i = 0; i < k && !r.is_unbound(); i++) {
        Value factor = int_sub(vm.heap, n, vm.integer(i));
        if (factor.is_unbound()) return factor;
        charge(vm, int_mul_cost(r, factor) + 2);
        if (vm.budget < 0 && stop_due(vm)) return Value::unbound();
        r = int_mul(vm.heap, r, factor);
    }
    return r;
}

Outcome math_comb(VM& vm, Value* args) {
    Value n, k;
    Outcome failure = Outcome::raised();
    if (!two_counts(vm, args, n, k, failure)) return failure;
    if (int_compare(k, n) > 0) return Value::integer(0);
    Value rest = int_sub(vm.heap, n, k);
    if (rest.is_unbound()) return vm.out_of_memory();
    if (int_compare(rest, k) < 0) k = rest;
    int64_t count;
    if (!int_to_int64(k, count))
        return vm.raise(kShapeOverflowError, "min(n - k, k) must not exceed 9223372036854775807");
    if (!fits(vm, double(count) * double(int_bit_length(n)))) return vm.out_of_memory();
    Value above = falling(vm, n, count);
    if (above.is_unbound()) return made(vm, above);
    Value below = product(vm, 2, count);
    if (below.is_unbound()) return made(vm, below);
    if (!pay(vm, int_div_cost(above, below))) return stop_now(vm);
    return vm.checked(int_floordiv(vm.heap, above, below));
}

Outcome math_perm(VM& vm, Value* args) {
    if (args[1].is_unbound() || args[1].is_none()) return math_factorial(vm, args);
    Value n, k;
    Outcome failure = Outcome::raised();
    if (!two_counts(vm, args, n, k, failure)) return failure;
    if (int_compare(k, n) > 0) return Value::integer(0);
    int64_t count;
    if (!int_to_int64(k, count))
        return vm.raise(kShapeOverflowError, "k must not exceed 9223372036854775807");
    if (!fits(vm, double(count) * double(int_bit_length(n)))) return vm.out_of_memory();
    return made(vm, falling(vm, n, count));
}

Outcome math_isqrt(VM& vm, Value* args) {
    Value v;
    Outcome failure = Outcome::raised();
    if (!get_int(vm, args[0], v, failure)) return failure;
    if (int_sign(v) < 0) return vm.raise(kShapeValueError, "isqrt() argument must be nonnegative");
    return vm.checked(int_isqrt(vm.heap, v));
}

// ---- gcd, lcm. Registers: integers, index, result so far.

static Value least_common_multiple(VM& vm, Value a, Value b) {
    if (int_is_zero(a) || int_is_zero(b)) return Value::integer(0);
    Value divisor = int_gcd(vm.heap, a, b);
    if (divisor.is_unbound()) return divisor;
    Value part = int_floordiv(vm.heap, a, divisor);
    if (part.is_unbound()) return part;
    Value r = int_mul(vm.heap, part, b);
    return r.is_unbound() ? r : int_abs(vm.heap, r);
}

static Outcome fold_integers(VM& vm, NativeFrame& frame, int64_t start, Value (*combine)(VM&, Value, Value)) {
    switch (frame.step_state()) {
        case 0:
            frame[1] = Value::integer(0);
            frame[2] = Value::integer(start);
            while (uint64_t(frame[1].as_int()) < frame[0].as<Tuple>()->size) {
                AWAIT(1, op_index(vm, frame[0].as<Tuple>()->items[frame[1].as_int()]))
                frame[2] = combine(vm, frame[2], frame.result());
                if (frame[2].is_unbound()) return vm.out_of_memory();
                frame[1] = Value::integer(frame[1].as_int() + 1);
            }
            return frame[2];
    }
    return Outcome::raised();
}

Outcome math_gcd(VM& vm, NativeFrame& frame) {
    return fold_integers(vm, frame, 0, [](VM& vm, Value a, Value b) { return int_gcd(vm.heap, a, b); });
}
Outcome math_lcm(VM& vm, NativeFrame& frame) { return fold_integers(vm, frame, 1, least_common_multiple); }

}  // namespace gen
