#include "vm/data/float.h"

#include "vm/data/int.h"

#include <cfloat>
#include <cmath>
#include <cstdio>

namespace gen {

Value box_float(Heap& heap, double d) {
    auto* f = heap.make<Float>(Kind::Float, kShapeFloat);
    f->value = d;
    return Value::object(f);
}

Float* make_float_object(Heap& heap, double d, uint32_t shape, size_t slots) {
    auto* f = heap.make<Float>(Kind::Float, shape, sizeof(Float) + slots * sizeof(Value));
    if (!f) return nullptr;
    f->value = d;
    for (size_t i = 0; i < slots; i++) float_slots(f)[i] = Value::unbound();
    return f;
}

// The value modulo the prime 2^61 - 1, where dividing by two is rotating by a bit.
uint64_t float_hash(double d) {
    constexpr int kBits = 61;
    constexpr uint64_t kPrime = (uint64_t{1} << kBits) - 1;
    if (std::isinf(d)) return d > 0 ? 314159 : uint64_t(-314159);
    if (std::isnan(d)) return 0;
    int exponent;
    double m = std::frexp(std::fabs(d), &exponent);
    uint64_t x = 0;
    while (m != 0) {
        x = ((x << 28) & kPrime) | x >> (kBits - 28);
        m *= 268435456.0;  // 2^28
        exponent -= 28;
        auto part = uint64_t(m);
        m -= double(part);
        x += part;
        if (x >= kPrime) x -= kPrime;
    }
    exponent = exponent >= 0 ? exponent % kBits : kBits - 1 - (-1 - exponent) % kBits;
    x = ((x << exponent) & kPrime) | x >> (kBits - exponent);
    if (d < 0) x = 0 - x;
    return x == ~uint64_t{0} ? ~uint64_t{1} : x;
}

// ---- arithmetic

void float_divmod(double a, double b, double& quotient, double& remainder) {
    double r = std::fmod(a, b), q = (a - r) / b;
    if (r != 0) {
        if ((b < 0) != (r < 0)) {
            r += b;
            q -= 1;
        }
    } else {
        r = std::copysign(0.0, b);
    }
    remainder = r;
    if (q == 0) {
        quotient = std::copysign(0.0, a / b);
        return;
    }
    double whole = std::floor(q);
    quotient = q - whole > 0.5 ? whole + 1 : whole;
}

double float_floor_div(double a, double b) {
    double q, r;
    float_divmod(a, b, q, r);
    return q;
}

double float_mod(double a, double b) {
    double r = std::fmod(a, b);
    if (r == 0) return std::copysign(0.0, b);
    return (b < 0) != (r < 0) ? r + b : r;
}

FloatPow float_pow(double a, double b, double& out) {
    if (a == 0 && b < 0 && !std::isinf(b)) return FloatPow::ZeroDivision;
    if (a == 0 && std::isinf(b) && b < 0) {
        out = HUGE_VAL;
        return FloatPow::Ok;
    }
    if (std::isfinite(a) && std::isfinite(b) && a < 0 && b != std::floor(b)) return FloatPow::Complex;
    out = std::pow(a, b);
    return std::isinf(out) && std::isfinite(a) && std::isfinite(b) ? FloatPow::Overflow : FloatPow::Ok;
}

double float_round_even(double d) { return std::nearbyint(d); }

FloatRound float_round(double d, int64_t digits, double& out) {
    out = d;
    if (!std::isfinite(d) || d == 0 || digits > 323) return FloatRound::Ok;
    if (digits < -308) {
        out = std::copysign(0.0, d);
        return FloatRound::Ok;
    }
    std::string text;
    if (digits >= 0) {
        float_format(d, 'f', int(digits), false, text);
    } else {
        // As many digits of the exact value as stand before the place that is rounded to.
        float_format(std::fabs(d), 'e', 800, false, text);
        size_t e = text.find('e');
        int64_t precision = std::atoi(text.c_str() + e + 1) + digits;
        bool half_up = text[0] > '5' || (text[0] == '5' && text.find_first_not_of('0', 2) != e);
        text.clear();
        if (precision >= 0) {
            float_format(d, 'e', int(precision), false, text);
        } else {
            // Below the place: the place itself if above one half; a half is rounded to zero.
            text = d < 0 ? "-" : "";
            text += precision == -1 && half_up ? "1e" + std::to_string(-digits) : "0";
        }
    }
    parse_decimal_float(text, out);
    return std::isinf(out) ? FloatRound::Overflow : FloatRound::Ok;
}

bool float_as_integer_ratio(Heap& heap, double d, Value& numerator, Value& denominator) {
    int exponent;
    double m = std::frexp(d, &exponent);
    while (m != std::floor(m)) {
        m *= 2;
        exponent--;
    }
    numerator = int_from_double(heap, m);
    denominator = Value::integer(1);
    Value& shifted = exponent > 0 ? numerator : denominator;
    if (!numerator.is_unbound()) shifted = int_lshift(heap, shifted, Value::integer(std::abs(exponent)));
    return !numerator.is_unbound() && !denominator.is_unbound();
}

}  // namespace gen
