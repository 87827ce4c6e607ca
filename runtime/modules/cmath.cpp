// The module cmath. The C++ library follows Annex G of the C standard, which is what CPython's special values
// are.
#include "runtime/modules/math_functions.h"
#include "vm/exec/arithmetic.h"

#include <cmath>
#include <complex>
#include <limits>

namespace gen {

using Number = std::complex<double>;

static bool get_complex(VM& vm, Value v, Number& out, Outcome& failure) {
    if (is_complex(v)) {
        out = {v.as<Complex>()->real, v.as<Complex>()->imag};
        return true;
    }
    double d;
    switch (to_real(vm, v, d)) {
        case ToReal::Ok:
            out = d;
            return true;
        case ToReal::Raised:
            failure = Outcome::raised();
            return false;
        case ToReal::NotANumber:
            break;
    }
    bool can = !vm.special(v, Special::Complex).is_unbound() || !vm.special(v, Special::Float).is_unbound() ||
               has_index(vm, v);
    failure = can && !is_str(v) ? Outcome::unhandled()
                                : vm.type_error("must be real number, not %s", vm.type_name(v));
    return false;
}

static bool finite(Number z) { return std::isfinite(z.real()) && std::isfinite(z.imag()); }

static Outcome result(VM& vm, Number z, Number r) {
    if (finite(z)) {
        if (std::isnan(r.real()) || std::isnan(r.imag()))
            return vm.raise(kShapeValueError, "math domain error");
        if (!finite(r)) return vm.raise(kShapeOverflowError, "math range error");
    }
    return make_complex(vm, {r.real(), r.imag()});
}

template <Number (*function)(const Number&)>
static Outcome unary(VM& vm, Value* args) {
    Number z;
    Outcome failure = Outcome::raised();
    return get_complex(vm, args[0], z, failure) ? result(vm, z, function(z)) : failure;
}

static Number inverse_hyperbolic_tangent(const Number& z) {
    return z.imag() == 0 && std::fabs(z.real()) == 1 ? Number(NAN, NAN) : std::atanh(z);
}
static Number inverse_tangent(const Number& z) {
    return z.real() == 0 && std::fabs(z.imag()) == 1 ? Number(NAN, NAN) : std::atan(z);
}

static bool logarithm(VM& vm, Value v, Number& out, Outcome& failure) {
    Number z;
    if (!get_complex(vm, v, z, failure)) return false;
    if (z == Number(0)) {
        failure = vm.raise(kShapeValueError, "math domain error");
        return false;
    }
    out = std::log(z);
    return true;
}

static Outcome cmath_log(VM& vm, Value* args) {
    Number r, base;
    Outcome failure = Outcome::raised();
    if (!logarithm(vm, args[0], r, failure)) return failure;
    if (args[1].is_unbound()) return make_complex(vm, {r.real(), r.imag()});
    if (!logarithm(vm, args[1], base, failure)) return failure;
    return complex_binary(vm, BinaryOp::TrueDiv, make_complex(vm, {r.real(), r.imag()}),
                          make_complex(vm, {base.real(), base.imag()}));
}
static Outcome cmath_log10(VM& vm, Value* args) {
    Number r;
    Outcome failure = Outcome::raised();
    if (!logarithm(vm, args[0], r, failure)) return failure;
    return make_complex(vm, {r.real() / M_LN10, r.imag() / M_LN10});
}

static Outcome cmath_phase(VM& vm, Value* args) {
    Number z;
    Outcome failure = Outcome::raised();
    return get_complex(vm, args[0], z, failure) ? Outcome(vm.real(std::atan2(z.imag(), z.real()))) : failure;
}
static Outcome cmath_polar(VM& vm, Value* args) {
    Number z;
    Outcome failure = Outcome::raised();
    if (!get_complex(vm, args[0], z, failure)) return failure;
    double r = std::hypot(z.real(), z.imag());
    if (std::isinf(r) && finite(z)) return vm.raise(kShapeOverflowError, "math range error");
    return vm.tuple({vm.real(r), vm.real(std::atan2(z.imag(), z.real()))});
}
static Outcome cmath_rect(VM& vm, Value* args) {
    double r, phi;
    Outcome failure = Outcome::raised();
    if (!get_real(vm, args[0], r, failure) || !get_real(vm, args[1], phi, failure)) return failure;
    if (std::isinf(phi) && r != 0 && !std::isnan(r)) return vm.raise(kShapeValueError, "math domain error");
    if (phi == 0) return make_complex(vm, {r, r * phi});
    return make_complex(vm, {r * std::cos(phi), r * std::sin(phi)});
}

template <bool (*test)(Number)>
static Outcome predicate(VM& vm, Value* args) {
    Number z;
    Outcome failure = Outcome::raised();
    return get_complex(vm, args[0], z, failure) ? Outcome(Value::boolean(test(z))) : failure;
}
static bool is_infinite(Number z) { return std::isinf(z.real()) || std::isinf(z.imag()); }
static bool is_nan(Number z) { return std::isnan(z.real()) || std::isnan(z.imag()); }

static Outcome cmath_isclose(VM& vm, Value* args) {
    Number a, b;
    double relative = 1e-9, absolute = 0;
    Outcome failure = Outcome::raised();
    if (!get_complex(vm, args[0], a, failure) || !get_complex(vm, args[1], b, failure)) return failure;
    if (!args[2].is_unbound() && !get_real(vm, args[2], relative, failure)) return failure;
    if (!args[3].is_unbound() && !get_real(vm, args[3], absolute, failure)) return failure;
    if (relative < 0 || absolute < 0) return vm.raise(kShapeValueError, "tolerances must be non-negative");
    if (a == b) return Value::true_();
    if (is_infinite(a) || is_infinite(b)) return Value::false_();
    double difference = std::abs(a - b);
    return Value::boolean(difference <= relative * std::abs(b) || difference <= relative * std::abs(a) ||
                          difference <= absolute);
}

#define GEN_COMPLEX(name, function, text) \
    { .signature = name "(z, /)", .fn = unary<function>, .step = step_with_complex, .locals = 1, .doc = text }
#define GEN_WITH_COMPLEX(signature_, function, text) \
    { .signature = signature_, .fn = function, .step = step_with_complex, .locals = 1, .doc = text }

static const NativeDef kCmathFunctions[] = {
    GEN_COMPLEX("acos", std::acos<double>, "Return the arc cosine of z."),
    GEN_COMPLEX("acosh", std::acosh<double>, "Return the inverse hyperbolic cosine of z."),
    GEN_COMPLEX("asin", std::asin<double>, "Return the arc sine of z."),
    GEN_COMPLEX("asinh", std::asinh<double>, "Return the inverse hyperbolic sine of z."),
    GEN_COMPLEX("atan", inverse_tangent, "Return the arc tangent of z."),
    GEN_COMPLEX("atanh", inverse_hyperbolic_tangent, "Return the inverse hyperbolic tangent of z."),
    GEN_COMPLEX("cos", std::cos<double>, "Return the cosine of z."),
    GEN_COMPLEX("cosh", std::cosh<double>, "Return the hyperbolic cosine of z."),
    GEN_COMPLEX("exp", std::exp<double>, "Return the exponential value e**z."),
    GEN_COMPLEX("sin", std::sin<double>, "Return the sine of z."),
    GEN_COMPLEX("sinh", std::sinh<double>, "Return the hyperbolic sine of z."),
    GEN_COMPLEX("sqrt", std::sqrt<double>, "Return the square root of z."),
    GEN_COMPLEX("tan", std::tan<double>, "Return the tangent of z."),
    GEN_COMPLEX("tanh", std::tanh<double>, "Return the hyperbolic tangent of z."),
    GEN_WITH_COMPLEX("log(z, base=None, /)", cmath_log, "Return the logarithm of z to the given base."),
    GEN_WITH_COMPLEX("log10(z, /)", cmath_log10, "Return the base-10 logarithm of z."),
    GEN_WITH_COMPLEX("phase(z, /)", cmath_phase,
                     "Return argument, also known as the phase angle, of a complex."),
    GEN_WITH_COMPLEX("polar(z, /)", cmath_polar,
                     "Convert a complex from rectangular coordinates to polar coordinates."),
    GEN_WITH_COMPLEX("rect(r, phi, /)", cmath_rect,
                     "Convert from polar coordinates to rectangular coordinates."),
    GEN_WITH_COMPLEX("isfinite(z, /)", predicate<finite>,
                     "Return True if both parts of z are finite, else False."),
    GEN_WITH_COMPLEX("isinf(z, /)", predicate<is_infinite>,
                     "Checks if the real or imaginary part of z is infinite."),
    GEN_WITH_COMPLEX("isnan(z, /)", predicate<is_nan>,
                     "Checks if the real or imaginary part of z not a number (NaN)."),
    GEN_WITH_COMPLEX("isclose(a, b, *, rel_tol=1e-09, abs_tol=0.0)", cmath_isclose,
                     "Determine whether two complex numbers are close in value."),
};

static void add_constants(VM& vm, Module* m) {
    double nan = std::numeric_limits<double>::quiet_NaN();
    vm.set(m->dict, "pi", vm.real(M_PI));
    vm.set(m->dict, "e", vm.real(M_E));
    vm.set(m->dict, "tau", vm.real(2 * M_PI));
    vm.set(m->dict, "inf", vm.real(INFINITY));
    vm.set(m->dict, "nan", vm.real(nan));
    vm.set(m->dict, "infj", make_complex(vm, {0, INFINITY}));
    vm.set(m->dict, "nanj", make_complex(vm, {0, nan}));
}

extern const ModuleDef kCmathModule = {
    .name = "cmath",
    .functions = kCmathFunctions,
    .init = add_constants,
    .doc = "This module provides access to mathematical functions for complex\nnumbers."};

}  // namespace gen
