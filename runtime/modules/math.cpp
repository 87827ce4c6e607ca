// The module math: functions of one or two floats in a table, then what works on ints of any size or on many
// values (math_integer.cpp, math_sum.cpp).
#include "runtime/modules/math_functions.h"

#include <cmath>
#include <limits>

namespace gen {

static Outcome domain_error(VM& vm) { return vm.raise(kShapeValueError, "math domain error"); }
static Outcome range_error(VM& vm) { return vm.raise(kShapeOverflowError, "math range error"); }

// ---- one float. A nan from something that was none is a domain error; an infinity from something finite is
// an overflow, or a domain error for functions that have poles.

enum class Infinity : uint8_t { Overflow, Domain };

template <double (*function)(double), Infinity infinity>
static Outcome unary(VM& vm, Value* args) {
    double x;
    Outcome failure = Outcome::raised();
    if (!get_real(vm, args[0], x, failure)) return failure;
    double r = function(x);
    if (std::isnan(r) && !std::isnan(x)) return domain_error(vm);
    if (std::isinf(r) && std::isfinite(x))
        return infinity == Infinity::Overflow ? range_error(vm) : domain_error(vm);
    return vm.real(r);
}

static double gamma(double x) {
    if (x == std::floor(x)) {
        if (x <= 0) return x == 0 ? std::copysign(INFINITY, x) : NAN;
        if (x <= 23) {
            double r = 1;
            for (double i = 2; i < x; i++) r *= i;
            return r;
        }
    }
    return std::tgamma(x);
}
static double log_gamma(double x) {
    int sign;
    return std::isinf(x) ? INFINITY : lgamma_r(x, &sign);
}
static double to_degrees(double x) { return x * (180.0 / M_PI); }
static double to_radians(double x) { return x * (M_PI / 180.0); }
static double unit_in_last_place(double x) {
    if (std::isnan(x)) return x;
    x = std::fabs(x);
    if (std::isinf(x)) return x;
    double next = std::nextafter(x, INFINITY);
    return std::isinf(next) ? x - std::nextafter(x, -INFINITY) : next - x;
}
static double hyperbolic_arc_tangent(double x) { return std::fabs(x) >= 1 ? NAN : std::atanh(x); }

static Outcome math_gamma(VM& vm, Value* args) {
    double x;
    Outcome failure = Outcome::raised();
    if (!get_real(vm, args[0], x, failure)) return failure;
    if (std::isinf(x)) return x > 0 ? Outcome(args[0]) : domain_error(vm);
    double r = gamma(x);
    if (std::isnan(r) && !std::isnan(x)) return domain_error(vm);
    if (std::isinf(r)) return x == 0 ? domain_error(vm) : range_error(vm);
    return vm.real(r);
}
static Outcome math_lgamma(VM& vm, Value* args) {
    double x;
    Outcome failure = Outcome::raised();
    if (!get_real(vm, args[0], x, failure)) return failure;
    if (x == std::floor(x) && x <= 0 && std::isfinite(x)) return domain_error(vm);
    double r = log_gamma(x);
    return std::isinf(r) && std::isfinite(x) ? range_error(vm) : Outcome(vm.real(r));
}

// Functions whose result is never an error.
template <double (*function)(double)>
static Outcome total(VM& vm, Value* args) {
    double x;
    Outcome failure = Outcome::raised();
    return get_real(vm, args[0], x, failure) ? Outcome(vm.real(function(x))) : failure;
}
template <bool (*test)(double)>
static Outcome predicate(VM& vm, Value* args) {
    double x;
    Outcome failure = Outcome::raised();
    return get_real(vm, args[0], x, failure) ? Outcome(Value::boolean(test(x))) : failure;
}
static bool is_finite(double x) { return std::isfinite(x); }
static bool is_infinite(double x) { return std::isinf(x); }
static bool is_nan(double x) { return std::isnan(x); }

// ---- two floats

static bool two(VM& vm, Value* args, double& x, double& y, Outcome& failure) {
    return get_real(vm, args[0], x, failure) && get_real(vm, args[1], y, failure);
}

template <double (*function)(double, double)>
static Outcome binary(VM& vm, Value* args) {
    double x, y;
    Outcome failure = Outcome::raised();
    if (!two(vm, args, x, y, failure)) return failure;
    double r = function(x, y);
    if (std::isnan(r) && !std::isnan(x) && !std::isnan(y)) return domain_error(vm);
    if (std::isinf(r) && std::isfinite(x) && std::isfinite(y)) return range_error(vm);
    return vm.real(r);
}
static Outcome math_nextafter(VM& vm, Value* args) {
    double x, y;
    Outcome failure = Outcome::raised();
    return two(vm, args, x, y, failure) ? Outcome(vm.real(std::nextafter(x, y))) : failure;
}
static Outcome math_fmod(VM& vm, Value* args) {
    double x, y;
    Outcome failure = Outcome::raised();
    if (!two(vm, args, x, y, failure)) return failure;
    if (std::isinf(y) && std::isfinite(x)) return vm.real(x);
    double r = std::fmod(x, y);
    return std::isnan(r) && !std::isnan(x) && !std::isnan(y) ? domain_error(vm) : Outcome(vm.real(r));
}
static Outcome math_pow(VM& vm, Value* args) {
    double x, y;
    Outcome failure = Outcome::raised();
    if (!two(vm, args, x, y, failure)) return failure;
    double r = std::pow(x, y);
    if (std::isfinite(x) && std::isfinite(y)) {
        if (std::isnan(r)) return domain_error(vm);
        if (std::isinf(r)) return x == 0 ? domain_error(vm) : range_error(vm);
    }
    return vm.real(r);
}

static Outcome math_isclose(VM& vm, Value* args) {
    double a, b, relative = 1e-9, absolute = 0;
    Outcome failure = Outcome::raised();
    if (!two(vm, args, a, b, failure)) return failure;
    if (!args[2].is_unbound() && !get_real(vm, args[2], relative, failure)) return failure;
    if (!args[3].is_unbound() && !get_real(vm, args[3], absolute, failure)) return failure;
    if (relative < 0 || absolute < 0) return vm.raise(kShapeValueError, "tolerances must be non-negative");
    if (a == b) return Value::true_();
    if (std::isinf(a) || std::isinf(b)) return Value::false_();
    double difference = std::fabs(b - a);
    return Value::boolean(difference <= std::fabs(relative * b) || difference <= std::fabs(relative * a) ||
                          difference <= absolute);
}

// ---- parts of floats

static Outcome math_frexp(VM& vm, Value* args) {
    double x;
    Outcome failure = Outcome::raised();
    if (!get_real(vm, args[0], x, failure)) return failure;
    int exponent = 0;
    if (std::isfinite(x)) x = std::frexp(x, &exponent);
    return vm.tuple({vm.real(x), Value::integer(exponent)});
}

static Outcome math_modf(VM& vm, Value* args) {
    double x, whole;
    Outcome failure = Outcome::raised();
    if (!get_real(vm, args[0], x, failure)) return failure;
    if (std::isinf(x)) return vm.tuple({vm.real(std::copysign(0.0, x)), vm.real(x)});
    double fraction = std::modf(x, &whole);
    return vm.tuple({vm.real(fraction), vm.real(whole)});
}

static Outcome math_ldexp(VM& vm, Value* args) {
    double x;
    Outcome failure = Outcome::raised();
    if (!get_real(vm, args[0], x, failure)) return failure;
    if (!is_int_like(args[1])) return vm.type_error("Expected an int as second argument to ldexp.");
    int64_t exponent = int_clamp(args[1]);
    if (x == 0 || !std::isfinite(x)) return vm.real(x);
    constexpr int64_t kMost = 5000;  // beyond every double
    double r = std::ldexp(x, int(std::clamp(exponent, -kMost, kMost)));
    return std::isinf(r) ? range_error(vm) : Outcome(vm.real(r));
}

// ---- logarithms, of ints of any size

enum class Base : uint8_t { E, Two, Ten };

static double log_of(double x, Base base) {
    return base == Base::E ? std::log(x) : base == Base::Two ? std::log2(x) : std::log10(x);
}

static bool logarithm(VM& vm, Value v, Base base, double& out, Outcome& failure) {
    if (is_int_like(v)) {
        if (int_sign(v) <= 0) {
            failure = domain_error(vm);
            return false;
        }
        bool overflow = false;
        double d = int_to_double(v, overflow);
        if (!overflow) {
            out = log_of(d, base);
            return true;
        }
        int64_t exponent;
        double mantissa = int_frexp(v, exponent);
        out = log_of(mantissa, base) + log_of(2.0, base) * double(exponent);
        return true;
    }
    double x;
    if (!get_real(vm, v, x, failure)) return false;
    if (x <= 0) {
        failure = domain_error(vm);
        return false;
    }
    out = log_of(x, base);
    return true;
}

template <Base base>
static Outcome log_fn(VM& vm, Value* args) {
    double r;
    Outcome failure = Outcome::raised();
    return logarithm(vm, args[0], base, r, failure) ? Outcome(vm.real(r)) : failure;
}

static Outcome math_log(VM& vm, Value* args) {
    double r, base;
    Outcome failure = Outcome::raised();
    if (!logarithm(vm, args[0], Base::E, r, failure)) return failure;
    if (args[1].is_unbound()) return vm.real(r);
    if (!logarithm(vm, args[1], Base::E, base, failure)) return failure;
    if (base == 0) return vm.raise(kShapeZeroDivisionError, "float division by zero");
    return vm.real(r / base);
}

#define GEN_UNARY(name, function, infinity, text)                                                       \
    {                                                                                                   \
        .signature = name "(x, /)", .fn = unary<function, Infinity::infinity>, .step = step_with_float, \
        .locals = 1, .doc = text                                                                        \
    }
#define GEN_TOTAL(name, function, text) \
    { .signature = name "(x, /)", .fn = total<function>, .step = step_with_float, .locals = 1, .doc = text }
#define GEN_TEST(name, function, text)                                                               \
    {                                                                                                \
        .signature = name "(x, /)", .fn = predicate<function>, .step = step_with_float, .locals = 1, \
        .doc = text                                                                                  \
    }
#define GEN_FLOATS(signature_, function, text) \
    { .signature = signature_, .fn = function, .step = step_with_float, .locals = 1, .doc = text }

static const NativeDef kMathFunctions[] = {
    GEN_UNARY("acos", std::acos, Domain, "Return the arc cosine (measured in radians) of x."),
    GEN_UNARY("acosh", std::acosh, Domain, "Return the inverse hyperbolic cosine of x."),
    GEN_UNARY("asin", std::asin, Domain, "Return the arc sine (measured in radians) of x."),
    GEN_UNARY("asinh", std::asinh, Domain, "Return the inverse hyperbolic sine of x."),
    GEN_UNARY("atan", std::atan, Domain, "Return the arc tangent (measured in radians) of x."),
    GEN_UNARY("atanh", hyperbolic_arc_tangent, Domain, "Return the inverse hyperbolic tangent of x."),
    GEN_UNARY("cbrt", std::cbrt, Domain, "Return the cube root of x."),
    GEN_UNARY("cos", std::cos, Domain, "Return the cosine of x (measured in radians)."),
    GEN_UNARY("cosh", std::cosh, Overflow, "Return the hyperbolic cosine of x."),
    GEN_UNARY("exp", std::exp, Overflow, "Return e raised to the power of x."),
    GEN_UNARY("exp2", std::exp2, Overflow, "Return 2 raised to the power of x."),
    GEN_UNARY("expm1", std::expm1, Overflow, "Return exp(x)-1."),
    GEN_UNARY("log1p", std::log1p, Domain, "Return the natural logarithm of 1+x (base e)."),
    GEN_UNARY("sin", std::sin, Domain, "Return the sine of x (measured in radians)."),
    GEN_UNARY("sinh", std::sinh, Overflow, "Return the hyperbolic sine of x."),
    GEN_UNARY("sqrt", std::sqrt, Domain, "Return the square root of x."),
    GEN_UNARY("tan", std::tan, Domain, "Return the tangent of x (measured in radians)."),
    GEN_UNARY("tanh", std::tanh, Domain, "Return the hyperbolic tangent of x."),
    GEN_TOTAL("erf", std::erf, "Error function at x."),
    GEN_TOTAL("erfc", std::erfc, "Complementary error function at x."),
    GEN_TOTAL("fabs", std::fabs, "Return the absolute value of the float x."),
    GEN_TOTAL("degrees", to_degrees, "Convert angle x from radians to degrees."),
    GEN_TOTAL("radians", to_radians, "Convert angle x from degrees to radians."),
    GEN_TOTAL("ulp", unit_in_last_place, "Return the value of the least significant bit of the float x."),
    GEN_TEST("isfinite", is_finite,
             "Return True if x is neither an infinity nor a NaN, and False otherwise."),
    GEN_TEST("isinf", is_infinite,
             "Return True if x is a positive or negative infinity, and False otherwise."),
    GEN_TEST("isnan", is_nan, "Return True if x is a NaN (not a number), and False otherwise."),
    GEN_FLOATS("gamma(x, /)", math_gamma, "Gamma function at x."),
    GEN_FLOATS("lgamma(x, /)", math_lgamma, "Natural logarithm of absolute value of Gamma function at x."),
    GEN_FLOATS("atan2(y, x, /)", binary<std::atan2>, "Return the arc tangent (measured in radians) of y/x."),
    GEN_FLOATS("copysign(x, y, /)", binary<std::copysign>,
               "Return a float with the magnitude of x but the sign of y."),
    GEN_FLOATS("remainder(x, y, /)", binary<std::remainder>,
               "Difference between x and the closest integer multiple of y."),
    GEN_FLOATS("nextafter(x, y, /)", math_nextafter,
               "Return the next floating-point value after x towards y."),
    GEN_FLOATS("fmod(x, y, /)", math_fmod, "Return fmod(x, y), according to platform C."),
    GEN_FLOATS("pow(x, y, /)", math_pow, "Return x**y (x to the power of y)."),
    GEN_FLOATS("isclose(a, b, *, rel_tol=1e-09, abs_tol=0.0)", math_isclose,
               "Determine whether two floating point numbers are close in value."),
    GEN_FLOATS("frexp(x, /)", math_frexp, "Return the mantissa and exponent of x, as pair (m, e)."),
    GEN_FLOATS("modf(x, /)", math_modf, "Return the fractional and integer parts of x."),
    GEN_FLOATS("ldexp(x, i, /)", math_ldexp, "Return x * (2**i)."),
    GEN_FLOATS("log(x, base=math.e, /)", math_log, "Return the logarithm of x to the given base."),
    GEN_FLOATS("log2(x, /)", log_fn<Base::Two>, "Return the base 2 logarithm of x."),
    GEN_FLOATS("log10(x, /)", log_fn<Base::Ten>, "Return the base 10 logarithm of x."),
    GEN_MATH_INTEGER_FUNCTIONS,
    GEN_MATH_SUM_FUNCTIONS,
};

static void add_constants(VM& vm, Module* m) {
    vm.set(m->dict, "pi", vm.real(M_PI));
    vm.set(m->dict, "e", vm.real(M_E));
    vm.set(m->dict, "tau", vm.real(2 * M_PI));
    vm.set(m->dict, "inf", vm.real(INFINITY));
    vm.set(m->dict, "nan", vm.real(std::numeric_limits<double>::quiet_NaN()));
}

extern const ModuleDef kMathModule = {
    .name = "math",
    .functions = kMathFunctions,
    .init = add_constants,
    .doc = "This module provides access to the mathematical functions\ndefined by the C standard."};

}  // namespace gen
