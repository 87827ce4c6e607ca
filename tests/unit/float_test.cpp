// Floats: their texts, hashes and arithmetic, against CPython's answers.
#include "vm/data/float.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "vm/data/compare.h"
#include "vm/data/int.h"

using namespace gen;

namespace {

std::string repr(double d) {
    char buffer[kFloatRepr];
    return std::string(float_text(d, buffer));
}

std::string format(double d, char kind, int precision, bool alternate = false) {
    std::string out;
    float_format(d, kind, precision, alternate, out);
    return out;
}

double round(double d, int64_t digits) {
    double out = 0;
    EXPECT_EQ(float_round(d, digits, out), FloatRound::Ok);
    return out;
}

double parse(std::string_view text) {
    double d = -12345;
    return parse_float(text, d) ? d : -12345;
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST(Float, EveryValueSurvivesItsEncoding) {
    Heap heap;
    std::mt19937_64 generator{1};
    for (int i = 0; i < 5000; i++) {
        uint64_t bits = generator();
        double d;
        std::memcpy(&d, &bits, 8);
        Value v = make_float(heap, d);
        ASSERT_TRUE(is_exact_float(v));
        double back = as_float(v);
        EXPECT_EQ(std::memcmp(&d, &back, 8), 0);
    }
    EXPECT_TRUE(make_float(heap, 1.5).is_inline_float());
    EXPECT_TRUE(is_float_object(make_float(heap, 0.0)));
    EXPECT_TRUE(std::signbit(as_float(make_float(heap, -0.0))));
    EXPECT_TRUE(is_float_object(make_float(heap, 1e300)));
}

TEST(Float, ReprIsTheShortestThatReadsBack) {
    EXPECT_EQ(repr(0.0), "0.0");
    EXPECT_EQ(repr(-0.0), "-0.0");
    EXPECT_EQ(repr(100.0), "100.0");
    EXPECT_EQ(repr(0.1 + 0.2), "0.30000000000000004");
    EXPECT_EQ(repr(1e15), "1000000000000000.0");
    EXPECT_EQ(repr(1e16), "1e+16");
    EXPECT_EQ(repr(1.5e16), "1.5e+16");
    EXPECT_EQ(repr(123456789012345680.0), "1.2345678901234568e+17");
    EXPECT_EQ(repr(0.0001), "0.0001");
    EXPECT_EQ(repr(0.00001), "1e-05");
    EXPECT_EQ(repr(5e-324), "5e-324");
    EXPECT_EQ(repr(1.7976931348623157e308), "1.7976931348623157e+308");
    EXPECT_EQ(repr(kInfinity), "inf");
    EXPECT_EQ(repr(-kInfinity), "-inf");
    EXPECT_EQ(repr(std::nan("")), "nan");
    std::mt19937_64 generator{2};
    for (int i = 0; i < 5000; i++) {
        uint64_t bits = generator();
        double d;
        std::memcpy(&d, &bits, 8);
        if (std::isfinite(d)) {
            EXPECT_EQ(parse(repr(d)), d);
        }
    }
}

TEST(Float, Formats) {
    EXPECT_EQ(format(1234.5678, '0', 3), "1.23e+03");
    EXPECT_EQ(format(123.0, '0', 3), "1.23e+02");
    EXPECT_EQ(format(100.0, 'g', 3), "100");
    EXPECT_EQ(format(100.0, '0', 4), "100.0");
    EXPECT_EQ(format(1e16, '0', -1), "1e+16");
    EXPECT_EQ(format(1e-7, '%', 2), "0.00%");
    EXPECT_EQ(format(0.5, '%', -1), "50.000000%");
    EXPECT_EQ(format(0.0, 'f', 0, true), "0.");
    EXPECT_EQ(format(3.0, 'e', 0, true), "3.e+00");
    EXPECT_EQ(format(2.5, 'f', 0), "2");
    EXPECT_EQ(format(1e22, 'f', 30), "10000000000000000000000.000000000000000000000000000000");
    EXPECT_EQ(format(0.1, 'f', 60), "0.100000000000000005551115123125782702118158340454101562500000");
    EXPECT_EQ(format(1.0, 'g', -1, true), "1.00000");
    EXPECT_EQ(format(1e-5, 'G', 3), "1E-05");
    EXPECT_EQ(format(-kInfinity, 'F', 2), "-INF");
    EXPECT_EQ(format(std::nan(""), 'e', -1), "nan");
}

TEST(Float, GrammarOfFloat) {
    EXPECT_EQ(parse(" 1_000.5\n"), 1000.5);
    EXPECT_EQ(parse(".5"), 0.5);
    EXPECT_EQ(parse("5."), 5.0);
    EXPECT_EQ(parse("1e1_0"), 1e10);
    EXPECT_EQ(parse("\u0661.\u0665"), 1.5);
    EXPECT_EQ(parse("-Infinity"), -kInfinity);
    EXPECT_TRUE(std::isnan(parse("+nan")));
    EXPECT_EQ(parse("1e400"), kInfinity);
    EXPECT_EQ(parse("-1e400"), -kInfinity);
    EXPECT_EQ(parse("1e-400"), 0.0);
    EXPECT_EQ(parse("1" + std::string(400, '0') + "e-400"), 1.0);
    EXPECT_EQ(parse("0.000e999999999999999999999"), 0.0);
    EXPECT_EQ(parse("2.4703282292062328e-324"), 5e-324);
    for (const char* bad :
         {"", ".", "e5", "1e", "1__0", "_1", "1_", "1._5", "1e_1", "- 1", "infin", "0x1p3", "1 2"})
        EXPECT_EQ(parse(bad), -12345) << bad;
}

TEST(Float, HexadecimalTexts) {
    EXPECT_EQ(float_hex(0.1), "0x1.999999999999ap-4");
    EXPECT_EQ(float_hex(5e-324), "0x0.0000000000001p-1022");
    EXPECT_EQ(float_hex(-1.5), "-0x1.8000000000000p+0");
    double d;
    EXPECT_EQ(float_from_hex("0x1.fffffffffffff8p0", d), FromHex::Ok);
    EXPECT_EQ(d, 2.0);
    EXPECT_EQ(float_from_hex("0x1.8p-1075", d), FromHex::Ok);
    EXPECT_EQ(d, 5e-324);
    EXPECT_EQ(float_from_hex("0x1p-1075", d), FromHex::Ok);
    EXPECT_EQ(d, 0.0);
    EXPECT_EQ(float_from_hex("0x1p1024", d), FromHex::Overflow);
    EXPECT_EQ(float_from_hex("0xp1", d), FromHex::Invalid);
}

TEST(Float, Hashes) {
    EXPECT_EQ(float_hash(0.0), 0u);
    EXPECT_EQ(float_hash(-0.0), 0u);
    EXPECT_EQ(int64_t(float_hash(-1.0)), -2);
    EXPECT_EQ(float_hash(0.5), 1152921504606846976u);
    EXPECT_EQ(int64_t(float_hash(-2.5)), -1152921504606846978);
    EXPECT_EQ(float_hash(1e300), 1224995262755759164u);
    EXPECT_EQ(float_hash(kInfinity), 314159u);
}

TEST(Float, DivisionFloors) {
    double q, r;
    float_divmod(-7, 2, q, r);
    EXPECT_EQ(q, -4);
    EXPECT_EQ(r, 1);
    EXPECT_EQ(float_mod(7, -2), -1);
    EXPECT_EQ(float_mod(-0.0, 5), 0);
    EXPECT_FALSE(std::signbit(float_mod(-0.0, 5)));
    EXPECT_EQ(float_mod(5, kInfinity), 5);
    EXPECT_EQ(float_mod(-5, kInfinity), kInfinity);
    EXPECT_EQ(float_floor_div(1, 0.1), 9);
}

TEST(Float, Powers) {
    double r;
    EXPECT_EQ(float_pow(0, -1, r), FloatPow::ZeroDivision);
    EXPECT_EQ(float_pow(-8, 1.0 / 3, r), FloatPow::Complex);
    EXPECT_EQ(float_pow(10, 400, r), FloatPow::Overflow);
    EXPECT_EQ(float_pow(1, std::nan(""), r), FloatPow::Ok);
    EXPECT_EQ(r, 1);
    EXPECT_EQ(float_pow(-kInfinity, 3, r), FloatPow::Ok);
    EXPECT_EQ(r, -kInfinity);
}

TEST(Float, RoundsDecimals) {
    EXPECT_EQ(round(2.675, 2), 2.67);
    EXPECT_EQ(round(0.5, 0), 0);
    EXPECT_EQ(round(1.5, 0), 2);
    EXPECT_EQ(round(1234567, -3), 1235000);
    EXPECT_EQ(round(55, -1), 60);
    EXPECT_EQ(round(45, -1), 40);
    EXPECT_EQ(round(5, -1), 0);
    EXPECT_EQ(round(6, -1), 10);
    EXPECT_EQ(round(4, -2), 0);
    EXPECT_EQ(round(-0.05, 1), -0.1);
    EXPECT_EQ(round(5e-324, 300), 0);
    EXPECT_EQ(round(1.5e300, -300), 2e300);
    double r;
    EXPECT_EQ(float_round(1.7e308, -308, r), FloatRound::Overflow);
}

TEST(Float, Ratio) {
    Heap heap;
    Value n, d;
    ASSERT_TRUE(float_as_integer_ratio(heap, 0.1, n, d));
    EXPECT_TRUE(n.is(Value::integer(3602879701896397)));
    EXPECT_TRUE(d.is(Value::integer(36028797018963968)));
    ASSERT_TRUE(float_as_integer_ratio(heap, -0.0, n, d));
    EXPECT_TRUE(n.is(Value::integer(0)));
    EXPECT_TRUE(d.is(Value::integer(1)));
}

TEST(Float, ComparesExactlyWithInts) {
    Heap heap;
    EXPECT_EQ(compare_int_float(Value::integer((int64_t{1} << 53) + 1), 0x1p53), 1);
    EXPECT_EQ(compare_int_float(Value::integer(1), 1.5), -1);
    EXPECT_EQ(compare_int_float(Value::integer(-1), -1.5), 1);
    EXPECT_EQ(compare_int_float(Value::integer(0), -0.0), 0);
    EXPECT_EQ(compare_int_float(Value::integer(7), kInfinity), -1);
    EXPECT_EQ(compare_int_float(Value::integer(7), std::nan("")), kUnordered);
    Value big = int_lshift(heap, Value::integer(1), Value::integer(200));
    EXPECT_EQ(compare_int_float(big, 0x1p200), 0);
    EXPECT_EQ(compare_int_float(int_add(heap, big, Value::integer(1)), 0x1p200), 1);
    EXPECT_EQ(compare_int_float(int_sub(heap, big, Value::integer(1)), 0x1p200), -1);
    EXPECT_EQ(compare_int_float(int_neg(heap, big), -0x1p200), 0);
    EXPECT_EQ(compare_int_float(int_neg(heap, big), -kInfinity), 1);
}
