#include "vm/exec/arithmetic.h"

#include "vm/data/int_power.h"
#include "vm/exec/stop.h"

#include <cerrno>
#include <cmath>

namespace gen {

// ---- int

static Outcome int_division_by_zero(VM& vm, BinaryOp op) {
    switch (op) {
        case BinaryOp::TrueDiv:
            return vm.raise(kShapeZeroDivisionError, "division by zero");
        case BinaryOp::Mod:
            return vm.raise(kShapeZeroDivisionError, "integer modulo by zero");
        default:
            return vm.raise(kShapeZeroDivisionError, "integer division or modulo by zero");
    }
}

static Outcome int_shift(VM& vm, BinaryOp op, Value a, Value count) {
    if (int_sign(count) < 0) return vm.raise(kShapeValueError, "negative shift count");
    if (op == BinaryOp::RShift) return vm.checked(int_rshift(vm.heap, a, count));
    int64_t n;
    bool fits = int_to_int64(count, n);
    if (!fits && int_sign(a)) return vm.raise(kShapeOverflowError, "too many digits in integer");
    if (fits) charge(vm, uint64_t(n) / 1024);
    return vm.checked(int_lshift(vm.heap, a, count));
}

static Outcome int_to_real_power(VM& vm, Value a, Value b) {
    bool overflow = false;
    double x = int_to_double(a, overflow), y = overflow ? 0 : int_to_double(b, overflow);
    if (overflow) return vm.raise(kShapeOverflowError, "int too large to convert to float");
    return float_binary(vm, BinaryOp::Pow, vm.real(x), vm.real(y));
}

Outcome int_binary(VM& vm, BinaryOp op, Value a, Value b) {
    Heap& heap = vm.heap;
    switch (op) {
        case BinaryOp::Add:
            return vm.checked(int_add(heap, a, b));
        case BinaryOp::Sub:
            return vm.checked(int_sub(heap, a, b));
        case BinaryOp::Mul:
            if (!pay(vm, int_mul_cost(a, b))) return stop_now(vm);
            return vm.checked(int_mul(heap, a, b));
        case BinaryOp::And:
            if (a.is_bool() && b.is_bool()) return Value::boolean(a.is_true() && b.is_true());
            return vm.checked(int_and(heap, a, b));
        case BinaryOp::Or:
            if (a.is_bool() && b.is_bool()) return Value::boolean(a.is_true() || b.is_true());
            return vm.checked(int_or(heap, a, b));
        case BinaryOp::Xor:
            if (a.is_bool() && b.is_bool()) return Value::boolean(a.is_true() != b.is_true());
            return vm.checked(int_xor(heap, a, b));
        case BinaryOp::LShift:
        case BinaryOp::RShift:
            return int_shift(vm, op, a, b);
        case BinaryOp::Pow:
            return int_power(vm, a, b, Value::none());
        case BinaryOp::MatMul:
            return Value::not_implemented();
        default:
            break;
    }
    if (int_is_zero(b)) return int_division_by_zero(vm, op);
    if (op == BinaryOp::TrueDiv) {
        bool overflow = false;
        double d = int_true_divide(a, b, overflow);
        if (overflow) return vm.raise(kShapeOverflowError, "integer division result too large for a float");
        return vm.real(d);
    }
    if (!pay(vm, int_div_cost(a, b))) return stop_now(vm);
    if (op == BinaryOp::FloorDiv) return vm.checked(int_floordiv(heap, a, b));
    if (op == BinaryOp::Mod) return vm.checked(int_mod(heap, a, b));
    Value quotient, remainder;
    if (!int_divmod(heap, a, b, quotient, remainder)) return vm.out_of_memory();
    return vm.tuple({quotient, remainder});
}

Outcome int_power(VM& vm, Value base, Value exponent, Value modulus) {
    if (modulus.is_none()) {
        if (int_sign(exponent) < 0) return int_to_real_power(vm, base, exponent);
        if (!pay(vm, int_pow_cost(base, exponent))) return stop_now(vm);
        return vm.checked(int_pow(vm.heap, base, exponent));
    }
    if (int_is_zero(modulus)) return vm.raise(kShapeValueError, "pow() 3rd argument cannot be 0");
    if (!pay(vm, int_pow_mod_cost(exponent, modulus))) return stop_now(vm);
    bool invertible = true;
    Value r = int_pow_mod(vm.heap, base, exponent, modulus, invertible, [&, steps = 0u]() mutable {
        return int_bit_length(modulus) > 100'000 ? stop_due(vm) : ++steps % 1024 == 0 && stop_due(vm);
    });
    if (r.is_unbound() && invertible && stop_due(vm)) return stop_now(vm);
    if (!invertible) return vm.raise(kShapeValueError, "base is not invertible for the given modulus");
    return vm.checked(r);
}

// ---- float

ToReal to_real(VM& vm, Value v, double& out) {
    if (is_float(v)) {
        out = as_float(v);
        return ToReal::Ok;
    }
    if (!is_int_like(v)) return ToReal::NotANumber;
    bool overflow = false;
    out = int_to_double(v, overflow);
    if (!overflow) return ToReal::Ok;
    vm.raise(kShapeOverflowError, "int too large to convert to float");
    return ToReal::Raised;
}

static Outcome real_power(VM& vm, double x, double y) {
    double r;
    switch (float_pow(x, y, r)) {
        case FloatPow::Ok:
            return vm.real(r);
        case FloatPow::ZeroDivision:
            return vm.raise(kShapeZeroDivisionError, "0.0 cannot be raised to a negative power");
        case FloatPow::Overflow:
            return vm.raise(kShapeOverflowError,
                            {Value::integer(ERANGE), vm.str("Numerical result out of range")});
        case FloatPow::Complex:
            break;
    }
    return complex_binary(vm, BinaryOp::Pow, make_complex(vm, {x, 0}), make_complex(vm, {y, 0}));
}

Outcome float_binary(VM& vm, BinaryOp op, Value a, Value b) {
    double x, y;
    for (auto [v, d] : {std::pair<Value, double*>{a, &x}, {b, &y}}) {
        ToReal r = to_real(vm, v, *d);
        if (r == ToReal::NotANumber) return Value::not_implemented();
        if (r == ToReal::Raised) return Outcome::raised();
    }
    switch (op) {
        case BinaryOp::Add:
            return vm.real(x + y);
        case BinaryOp::Sub:
            return vm.real(x - y);
        case BinaryOp::Mul:
            return vm.real(x * y);
        case BinaryOp::Pow:
            return real_power(vm, x, y);
        case BinaryOp::TrueDiv:
            if (y == 0) return vm.raise(kShapeZeroDivisionError, "float division by zero");
            return vm.real(x / y);
        case BinaryOp::FloorDiv:
            if (y == 0) return vm.raise(kShapeZeroDivisionError, "float floor division by zero");
            return vm.real(float_floor_div(x, y));
        case BinaryOp::Mod:
            if (y == 0) return vm.raise(kShapeZeroDivisionError, "float modulo");
            return vm.real(float_mod(x, y));
        case BinaryOp::DivMod: {
            if (y == 0) return vm.raise(kShapeZeroDivisionError, "float divmod()");
            double quotient, remainder;
            float_divmod(x, y, quotient, remainder);
            return vm.tuple({vm.real(quotient), vm.real(remainder)});
        }
        default:
            return Value::not_implemented();
    }
}

// ---- complex

Value make_complex(VM& vm, ComplexNumber z) {
    auto* c = vm.heap.make<Complex>(Kind::Complex, kShapeComplex);
    c->real = z.real;
    c->imag = z.imag;
    return Value::object(c);
}

static ComplexNumber multiply(ComplexNumber a, ComplexNumber b) {
    return {a.real * b.real - a.imag * b.imag, a.real * b.imag + a.imag * b.real};
}

// Smith's way: scales by the larger part of the divisor, so that nothing overflows on the way.
static bool divide(ComplexNumber a, ComplexNumber b, ComplexNumber& out) {
    double real = std::fabs(b.real), imag = std::fabs(b.imag);
    if (real >= imag) {
        if (real == 0) return false;
        double ratio = b.imag / b.real, denominator = b.real + b.imag * ratio;
        out = {(a.real + a.imag * ratio) / denominator, (a.imag - a.real * ratio) / denominator};
    } else if (imag >= real) {
        double ratio = b.real / b.imag, denominator = b.real * ratio + b.imag;
        out = {(a.real * ratio + a.imag) / denominator, (a.imag * ratio - a.real) / denominator};
    } else {
        out = {NAN, NAN};
    }
    return true;
}

static ComplexNumber whole_power(ComplexNumber base, unsigned n) {
    ComplexNumber r{1, 0};
    for (unsigned bit = 1; bit <= n; bit <<= 1) {
        if (n & bit) r = multiply(r, base);
        base = multiply(base, base);
    }
    return r;
}

// False: zero to a negative or complex power.
static bool complex_power(ComplexNumber a, ComplexNumber b, ComplexNumber& out) {
    if (b.imag == 0 && b.real == std::floor(b.real) && std::fabs(b.real) <= 100) {
        if (b.real > 0 || b.real == 0) {
            out = whole_power(a, unsigned(b.real));
            return true;
        }
        return divide({1, 0}, whole_power(a, unsigned(-b.real)), out);
    }
    if (a.real == 0 && a.imag == 0) {
        out = {0, 0};
        return b.imag == 0 && b.real >= 0;
    }
    double modulus = std::hypot(a.real, a.imag), angle = std::atan2(a.imag, a.real);
    double length = std::pow(modulus, b.real), phase = angle * b.real;
    if (b.imag != 0) {
        length /= std::exp(angle * b.imag);
        phase += b.imag * std::log(modulus);
    }
    out = {length * std::cos(phase), length * std::sin(phase)};
    return true;
}

Outcome complex_binary(VM& vm, BinaryOp op, Value a, Value b) {
    ComplexNumber x{0, 0}, y{0, 0};
    for (auto [v, z] : {std::pair<Value, ComplexNumber*>{a, &x}, {b, &y}}) {
        if (is_complex(v)) {
            *z = {v.as<Complex>()->real, v.as<Complex>()->imag};
            continue;
        }
        ToReal r = to_real(vm, v, z->real);
        if (r == ToReal::NotANumber) return Value::not_implemented();
        if (r == ToReal::Raised) return Outcome::raised();
    }
    ComplexNumber r;
    switch (op) {
        case BinaryOp::Add:
            return make_complex(vm, {x.real + y.real, x.imag + y.imag});
        case BinaryOp::Sub:
            return make_complex(vm, {x.real - y.real, x.imag - y.imag});
        case BinaryOp::Mul:
            return make_complex(vm, multiply(x, y));
        case BinaryOp::TrueDiv:
            if (!divide(x, y, r)) return vm.raise(kShapeZeroDivisionError, "complex division by zero");
            return make_complex(vm, r);
        case BinaryOp::Pow:
            if (!complex_power(x, y, r))
                return vm.raise(kShapeZeroDivisionError, "0.0 to a negative or complex power");
            if (std::isinf(r.real) || std::isinf(r.imag))
                return vm.raise(kShapeOverflowError, "complex exponentiation");
            return make_complex(vm, r);
        default:
            return Value::not_implemented();
    }
}

}  // namespace gen
