// Integers of any size, against CPython's answers and against the laws of arithmetic.
#include "vm/data/int.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "vm/data/float.h"
#include "vm/data/string.h"

using namespace gen;

namespace {

class IntTest : public testing::Test {
  protected:
    Value hex(std::string_view digits) {
        bool negative = digits[0] == '-';
        return int_from_digits(heap, digits.substr(negative), 16, negative);
    }
    static std::string text(Value v, int base = 16) {
        if (v.is_unbound()) return "unbound";
        std::string out;
        return int_to_text(v, base, out) ? out : "too long";
    }
    Value random(size_t most_limbs) {
        std::vector<uint64_t> limbs(generator() % most_limbs + 1);
        for (uint64_t& l : limbs) l = generator() % 8 == 0 ? -(generator() & 1) : generator();
        return make_int_from_limbs(heap, limbs.data(), limbs.size(), generator() & 1);
    }
    Heap heap;
    std::mt19937_64 generator{20};
};

struct Row {
    const char *operation, *left, *right, *expected;
};

// Numbers in hexadecimal.
constexpr Row kRows[] = {
    {"+", "3fffffffffffffff", "1", "4000000000000000"},
    {"*", "3fffffffffffffff", "1", "3fffffffffffffff"},
    {"//", "3fffffffffffffff", "1", "3fffffffffffffff"},
    {"%", "3fffffffffffffff", "1", "0"},
    {"&", "3fffffffffffffff", "1", "1"},
    {"|", "3fffffffffffffff", "1", "3fffffffffffffff"},
    {"^", "3fffffffffffffff", "1", "3ffffffffffffffe"},
    {"+", "3fffffffffffffff", "-1", "3ffffffffffffffe"},
    {"*", "3fffffffffffffff", "-1", "-3fffffffffffffff"},
    {"//", "3fffffffffffffff", "-1", "-3fffffffffffffff"},
    {"%", "3fffffffffffffff", "-1", "0"},
    {"&", "3fffffffffffffff", "-1", "3fffffffffffffff"},
    {"|", "3fffffffffffffff", "-1", "-1"},
    {"^", "3fffffffffffffff", "-1", "-4000000000000000"},
    {"+", "3fffffffffffffff", "4000000000000000", "7fffffffffffffff"},
    {"*", "3fffffffffffffff", "4000000000000000", "fffffffffffffffc000000000000000"},
    {"//", "3fffffffffffffff", "4000000000000000", "0"},
    {"%", "3fffffffffffffff", "4000000000000000", "3fffffffffffffff"},
    {"&", "3fffffffffffffff", "4000000000000000", "0"},
    {"|", "3fffffffffffffff", "4000000000000000", "7fffffffffffffff"},
    {"^", "3fffffffffffffff", "4000000000000000", "7fffffffffffffff"},
    {"+", "3fffffffffffffff", "-ffffffffffffffff", "-c000000000000000"},
    {"*", "3fffffffffffffff", "-ffffffffffffffff", "-3ffffffffffffffec000000000000001"},
    {"//", "3fffffffffffffff", "-ffffffffffffffff", "-1"},
    {"%", "3fffffffffffffff", "-ffffffffffffffff", "-c000000000000000"},
    {"&", "3fffffffffffffff", "-ffffffffffffffff", "1"},
    {"|", "3fffffffffffffff", "-ffffffffffffffff", "-c000000000000001"},
    {"^", "3fffffffffffffff", "-ffffffffffffffff", "-c000000000000002"},
    {"+", "-4000000000000000", "1", "-3fffffffffffffff"},
    {"*", "-4000000000000000", "1", "-4000000000000000"},
    {"//", "-4000000000000000", "1", "-4000000000000000"},
    {"%", "-4000000000000000", "1", "0"},
    {"&", "-4000000000000000", "1", "0"},
    {"|", "-4000000000000000", "1", "-3fffffffffffffff"},
    {"^", "-4000000000000000", "1", "-3fffffffffffffff"},
    {"+", "-4000000000000000", "-1", "-4000000000000001"},
    {"*", "-4000000000000000", "-1", "4000000000000000"},
    {"//", "-4000000000000000", "-1", "4000000000000000"},
    {"%", "-4000000000000000", "-1", "0"},
    {"&", "-4000000000000000", "-1", "-4000000000000000"},
    {"|", "-4000000000000000", "-1", "-1"},
    {"^", "-4000000000000000", "-1", "3fffffffffffffff"},
    {"+", "-4000000000000000", "4000000000000000", "0"},
    {"*", "-4000000000000000", "4000000000000000", "-10000000000000000000000000000000"},
    {"//", "-4000000000000000", "4000000000000000", "-1"},
    {"%", "-4000000000000000", "4000000000000000", "0"},
    {"&", "-4000000000000000", "4000000000000000", "4000000000000000"},
    {"|", "-4000000000000000", "4000000000000000", "-4000000000000000"},
    {"^", "-4000000000000000", "4000000000000000", "-8000000000000000"},
    {"+", "-4000000000000000", "-ffffffffffffffff", "-13fffffffffffffff"},
    {"*", "-4000000000000000", "-ffffffffffffffff", "3fffffffffffffffc000000000000000"},
    {"//", "-4000000000000000", "-ffffffffffffffff", "0"},
    {"%", "-4000000000000000", "-ffffffffffffffff", "-4000000000000000"},
    {"&", "-4000000000000000", "-ffffffffffffffff", "-10000000000000000"},
    {"|", "-4000000000000000", "-ffffffffffffffff", "-3fffffffffffffff"},
    {"^", "-4000000000000000", "-ffffffffffffffff", "c000000000000001"},
    {"+", "ffffffffffffffff", "1", "10000000000000000"},
    {"*", "ffffffffffffffff", "1", "ffffffffffffffff"},
    {"//", "ffffffffffffffff", "1", "ffffffffffffffff"},
    {"%", "ffffffffffffffff", "1", "0"},
    {"&", "ffffffffffffffff", "1", "1"},
    {"|", "ffffffffffffffff", "1", "ffffffffffffffff"},
    {"^", "ffffffffffffffff", "1", "fffffffffffffffe"},
    {"+", "ffffffffffffffff", "-1", "fffffffffffffffe"},
    {"*", "ffffffffffffffff", "-1", "-ffffffffffffffff"},
    {"//", "ffffffffffffffff", "-1", "-ffffffffffffffff"},
    {"%", "ffffffffffffffff", "-1", "0"},
    {"&", "ffffffffffffffff", "-1", "ffffffffffffffff"},
    {"|", "ffffffffffffffff", "-1", "-1"},
    {"^", "ffffffffffffffff", "-1", "-10000000000000000"},
    {"+", "ffffffffffffffff", "4000000000000000", "13fffffffffffffff"},
    {"*", "ffffffffffffffff", "4000000000000000", "3fffffffffffffffc000000000000000"},
    {"//", "ffffffffffffffff", "4000000000000000", "3"},
    {"%", "ffffffffffffffff", "4000000000000000", "3fffffffffffffff"},
    {"&", "ffffffffffffffff", "4000000000000000", "4000000000000000"},
    {"|", "ffffffffffffffff", "4000000000000000", "ffffffffffffffff"},
    {"^", "ffffffffffffffff", "4000000000000000", "bfffffffffffffff"},
    {"+", "ffffffffffffffff", "-ffffffffffffffff", "0"},
    {"*", "ffffffffffffffff", "-ffffffffffffffff", "-fffffffffffffffe0000000000000001"},
    {"//", "ffffffffffffffff", "-ffffffffffffffff", "-1"},
    {"%", "ffffffffffffffff", "-ffffffffffffffff", "0"},
    {"&", "ffffffffffffffff", "-ffffffffffffffff", "1"},
    {"|", "ffffffffffffffff", "-ffffffffffffffff", "-1"},
    {"^", "ffffffffffffffff", "-ffffffffffffffff", "-2"},
    {"+", "-100000000000000000000000000000000", "1", "-ffffffffffffffffffffffffffffffff"},
    {"*", "-100000000000000000000000000000000", "1", "-100000000000000000000000000000000"},
    {"//", "-100000000000000000000000000000000", "1", "-100000000000000000000000000000000"},
    {"%", "-100000000000000000000000000000000", "1", "0"},
    {"&", "-100000000000000000000000000000000", "1", "0"},
    {"|", "-100000000000000000000000000000000", "1", "-ffffffffffffffffffffffffffffffff"},
    {"^", "-100000000000000000000000000000000", "1", "-ffffffffffffffffffffffffffffffff"},
    {"+", "-100000000000000000000000000000000", "-1", "-100000000000000000000000000000001"},
    {"*", "-100000000000000000000000000000000", "-1", "100000000000000000000000000000000"},
    {"//", "-100000000000000000000000000000000", "-1", "100000000000000000000000000000000"},
    {"%", "-100000000000000000000000000000000", "-1", "0"},
    {"&", "-100000000000000000000000000000000", "-1", "-100000000000000000000000000000000"},
    {"|", "-100000000000000000000000000000000", "-1", "-1"},
    {"^", "-100000000000000000000000000000000", "-1", "ffffffffffffffffffffffffffffffff"},
    {"+", "-100000000000000000000000000000000", "4000000000000000", "-ffffffffffffffffc000000000000000"},
    {"//", "-100000000000000000000000000000000", "4000000000000000", "-40000000000000000"},
    {"%", "-100000000000000000000000000000000", "4000000000000000", "0"},
    {"&", "-100000000000000000000000000000000", "4000000000000000", "0"},
    {"|", "-100000000000000000000000000000000", "4000000000000000", "-ffffffffffffffffc000000000000000"},
    {"^", "-100000000000000000000000000000000", "4000000000000000", "-ffffffffffffffffc000000000000000"},
    {"+", "-100000000000000000000000000000000", "-ffffffffffffffff", "-10000000000000000ffffffffffffffff"},
    {"//", "-100000000000000000000000000000000", "-ffffffffffffffff", "10000000000000001"},
    {"%", "-100000000000000000000000000000000", "-ffffffffffffffff", "-1"},
    {"&", "-100000000000000000000000000000000", "-ffffffffffffffff", "-100000000000000000000000000000000"},
    {"|", "-100000000000000000000000000000000", "-ffffffffffffffff", "-ffffffffffffffff"},
    {"^", "-100000000000000000000000000000000", "-ffffffffffffffff", "ffffffffffffffff0000000000000001"},
    {"+", "536513270e", "-691f8", "53650c9516"},
    {"-", "536513270e", "-691f8", "536519b906"},
    {"*", "536513270e", "-691f8", "-223eb7cae00c390"},
    {"//", "536513270e", "-691f8", "-cb163"},
    {"%", "536513270e", "-691f8", "-3c3da"},
    {"&", "536513270e", "-691f8", "5365112608"},
    {"|", "536513270e", "-691f8", "-490f2"},
    {"^", "536513270e", "-691f8", "-536515b6fa"},
    {"gcd", "9c5d83e93a4", "-113f2b0", "c"},
    {"<<", "-691f8", "89", "-d23f00000000000000000000000000000000000"},
    {">>", "536513270e", "89", "0"},
    {"**", "-54", "11", "-19724ed028f9a2414f5400000000"},
    {"isqrt", "536513270e", "0", "921cf"},
    {"+", "-3a3897650ed904759531985d", "-58", "-3a3897650ed90475953198b5"},
    {"-", "-3a3897650ed904759531985d", "-58", "-3a3897650ed9047595319805"},
    {"*", "-3a3897650ed904759531985d", "-58", "1403740abd1a99886b490c5ff8"},
    {"//", "-3a3897650ed904759531985d", "-58", "a95ecfb19f8e989be09046"},
    {"%", "-3a3897650ed904759531985d", "-58", "-4d"},
    {"&", "-3a3897650ed904759531985d", "-58", "-3a3897650ed9047595319860"},
    {"|", "-3a3897650ed904759531985d", "-58", "-55"},
    {"^", "-3a3897650ed904759531985d", "-58", "3a3897650ed904759531980b"},
    {"gcd", "-6d2a1bdd7bd6e85c77bcfdae6", "-e70", "42"},
    {"<<", "-58", "6f", "-2c0000000000000000000000000000"},
    {">>", "-3a3897650ed904759531985d", "6f", "-1"},
    {"**", "19c", "15", "556ba8586a1f35b0600b45585fa4f63c101c0000000000"},
    {"isqrt", "3a3897650ed904759531985d", "0", "7a1598bb6e23"},
    {"+", "f670", "-3f690c192cfd3ac94af0f21ddb6", "-3f690c192cfd3ac94af0f20e746"},
    {"-", "f670", "-3f690c192cfd3ac94af0f21ddb6", "3f690c192cfd3ac94af0f22d426"},
    {"*", "f670", "-3f690c192cfd3ac94af0f21ddb6", "-3d0aaf957c3f0547261452129dde3a0"},
    {"//", "f670", "-3f690c192cfd3ac94af0f21ddb6", "-1"},
    {"%", "f670", "-3f690c192cfd3ac94af0f21ddb6", "-3f690c192cfd3ac94af0f20e746"},
    {"&", "f670", "-3f690c192cfd3ac94af0f21ddb6", "2240"},
    {"|", "f670", "-3f690c192cfd3ac94af0f21ddb6", "-3f690c192cfd3ac94af0f210986"},
    {"^", "f670", "-3f690c192cfd3ac94af0f21ddb6", "-3f690c192cfd3ac94af0f212bc6"},
    {"gcd", "1ce120", "-a673bfc21618ba5064b87b8e5fdc", "c"},
    {"<<", "-3f690c192cfd3ac94af0f21ddb6", "39", "-7ed2183259fa759295e1e43bb6c00000000000000"},
    {">>", "f670", "39", "0"},
    {"**", "-1a", "1b", "-786a435ae9558b0e6aaf6d63a8000000"},
    {"isqrt", "f670", "0", "fb"},
    {"+", "-3898df9ebdacc0cb1e29c658cda1495e60af5", "-34a23d596", "-3898df9ebdacc0cb1e29c658cda17e009e08b"},
    {"-", "-3898df9ebdacc0cb1e29c658cda1495e60af5", "-34a23d596", "-3898df9ebdacc0cb1e29c658cda114bc2355f"},
    {"//", "-3898df9ebdacc0cb1e29c658cda1495e60af5", "-34a23d596", "11346f9c82a44379d1d27406a817f"},
    {"%", "-3898df9ebdacc0cb1e29c658cda1495e60af5", "-34a23d596", "-cf627f8b"},
    {"&", "-3898df9ebdacc0cb1e29c658cda1495e60af5", "-34a23d596", "-3898df9ebdacc0cb1e29c658cda17dfe7dff6"},
    {"|", "-3898df9ebdacc0cb1e29c658cda1495e60af5", "-34a23d596", "-220095"},
    {"^", "-3898df9ebdacc0cb1e29c658cda1495e60af5", "-34a23d596", "3898df9ebdacc0cb1e29c658cda17dfc5df61"},
    {"gcd", "-6a1ea349a3a3e97cd88e53e6818e6990f548b6", "-8a29e10a9c", "1e"},
    {"<<", "-34a23d596", "24", "-34a23d596000000000"},
    {">>", "-3898df9ebdacc0cb1e29c658cda1495e60af5", "24", "-3898df9ebdacc0cb1e29c658cda2"},
    {"**", "be", "6", "2ac9b9067040"},
    {"isqrt", "3898df9ebdacc0cb1e29c658cda1495e60af5", "0", "1e17a9c42ac67e3d7c0"},
};

}  // namespace

TEST_F(IntTest, OperationsAsInCPython) {
    for (const Row& row : kRows) {
        std::string op = row.operation;
        Value a = hex(row.left), b = hex(row.right), r;
        if (op == "+")
            r = int_add(heap, a, b);
        else if (op == "-")
            r = int_sub(heap, a, b);
        else if (op == "*")
            r = int_mul(heap, a, b);
        else if (op == "//")
            r = int_floordiv(heap, a, b);
        else if (op == "%")
            r = int_mod(heap, a, b);
        else if (op == "&")
            r = int_and(heap, a, b);
        else if (op == "|")
            r = int_or(heap, a, b);
        else if (op == "^")
            r = int_xor(heap, a, b);
        else if (op == "<<")
            r = int_lshift(heap, a, b);
        else if (op == ">>")
            r = int_rshift(heap, a, b);
        else if (op == "**")
            r = int_pow(heap, a, b);
        else if (op == "gcd")
            r = int_gcd(heap, a, b);
        else if (op == "isqrt")
            r = int_isqrt(heap, a);
        else
            FAIL() << op;
        EXPECT_EQ(text(r), row.expected) << row.left << ' ' << op << ' ' << row.right;
    }
}

TEST_F(IntTest, SmallResultsAreImmediate) {
    Value large = int_add(heap, Value::integer(Value::kMaxInt), Value::integer(1));
    EXPECT_TRUE(is_int_object(large));
    EXPECT_TRUE(int_sub(heap, large, Value::integer(1)).is(Value::integer(Value::kMaxInt)));
    Value low = int_sub(heap, Value::integer(Value::kMinInt), Value::integer(1));
    EXPECT_TRUE(is_int_object(low));
    EXPECT_TRUE(int_add(heap, low, Value::integer(1)).is(Value::integer(Value::kMinInt)));
    EXPECT_TRUE(int_neg(heap, Value::integer(Value::kMinInt)).is_object());
    EXPECT_TRUE(int_sub(heap, large, large).is(Value::integer(0)));
    EXPECT_TRUE(int_add(heap, Value::true_(), Value::true_()).is(Value::integer(2)));
    EXPECT_TRUE(int_exact(heap, Value::true_()).is(Value::integer(1)));
}

TEST_F(IntTest, DivisionAndProductsAgree) {
    for (int i = 0; i < 3000; i++) {
        Value a = random(i % 100 == 0 ? 300 : 12), b = random(i % 100 == 0 ? 200 : 8);
        if (int_is_zero(b)) continue;
        Value q, r;
        ASSERT_TRUE(int_divmod(heap, a, b, q, r));
        EXPECT_TRUE(int_equal(int_add(heap, int_mul(heap, q, b), r), a)) << text(a) << ' ' << text(b);
        EXPECT_TRUE(int_is_zero(r) || int_sign(r) == int_sign(b));
        EXPECT_LT(int_compare(int_abs(heap, r), int_abs(heap, b)), 0);
        Value c = random(20);
        EXPECT_TRUE(int_equal(int_mul(heap, int_add(heap, a, b), c),
                              int_add(heap, int_mul(heap, a, c), int_mul(heap, b, c))));
        EXPECT_TRUE(int_equal(int_add(heap, int_and(heap, a, b), int_or(heap, a, b)), int_add(heap, a, b)));
        EXPECT_TRUE(int_equal(int_xor(heap, int_xor(heap, a, b), b), a));
    }
}

TEST_F(IntTest, PowersModulo) {
    bool invertible;
    Value m = int_sub(heap, int_lshift(heap, Value::integer(1), Value::integer(89)), Value::integer(1));
    Value e = int_pow(heap, Value::integer(10), Value::integer(30));
    EXPECT_EQ(text(int_pow_mod(heap, Value::integer(3), e, m, invertible), 10),
              "599468838281692422919200473");
    EXPECT_EQ(text(int_pow_mod(heap, Value::integer(3), Value::integer(-1), m, invertible), 10),
              "412646679761793424966374741");
    EXPECT_TRUE(int_pow_mod(heap, Value::integer(7), Value::integer(100), Value::integer(-1000), invertible)
                    .is(Value::integer(-999)));
    EXPECT_TRUE(invertible);
    EXPECT_TRUE(
        int_pow_mod(heap, Value::integer(6), Value::integer(-1), Value::integer(9), invertible).is_unbound());
    EXPECT_FALSE(invertible);
}

TEST_F(IntTest, HashesEqualThoseOfFloats) {
    auto power = [&](int n) { return int_lshift(heap, Value::integer(1), Value::integer(n)); };
    EXPECT_EQ(int64_t(int_hash(Value::integer(-1))), -2);
    EXPECT_EQ(int64_t(int_hash(int_sub(heap, power(61), Value::integer(1)))), 0);
    EXPECT_EQ(int64_t(int_hash(power(61))), 1);
    EXPECT_EQ(int64_t(int_hash(power(100))), 549755813888);
    EXPECT_EQ(int64_t(int_hash(int_sub(heap, int_neg(heap, power(200)), Value::integer(7)))), -131079);
    for (double d : {1.0, -1.0, 12345.0, 1e15, 1e22, -1e300, 0x1p61, 0x1p1000})
        EXPECT_EQ(int_hash(int_from_double(heap, d)), float_hash(d)) << d;
}

TEST_F(IntTest, FloatsRoundToNearestEven) {
    bool overflow;
    Value n = int_add(heap, int_lshift(heap, Value::integer(1), Value::integer(100)),
                      int_lshift(heap, Value::integer(1), Value::integer(47)));
    EXPECT_EQ(int_to_double(n, overflow), 0x1p100);  // a tie
    EXPECT_EQ(int_to_double(int_add(heap, n, Value::integer(1)), overflow), 0x1.0000000000001p100);
    EXPECT_EQ(int_true_divide(int_pow(heap, Value::integer(2), Value::integer(100)),
                              int_pow(heap, Value::integer(3), Value::integer(50)), overflow),
              1765780.963259017);
    EXPECT_EQ(int_true_divide(int_pow(heap, Value::integer(10), Value::integer(400)),
                              int_pow(heap, Value::integer(10), Value::integer(399)), overflow),
              10.0);
    EXPECT_FALSE(overflow);
    int_to_double(int_pow(heap, Value::integer(10), Value::integer(309)), overflow);
    EXPECT_TRUE(overflow);
    int_true_divide(int_pow(heap, Value::integer(10), Value::integer(309)), Value::integer(1), overflow);
    EXPECT_TRUE(overflow);
    EXPECT_EQ(
        int_true_divide(Value::integer(1), int_pow(heap, Value::integer(3), Value::integer(700)), overflow),
        0.0);
}

TEST_F(IntTest, TextsInEveryBase) {
    for (int i = 0; i < 500; i++) {
        Value v = random(9), back;
        for (int base : {2, 3, 7, 8, 10, 16, 32, 36}) {
            ASSERT_EQ(int_from_text(heap, text(v, base), base, back), ParseInt::Ok);
            EXPECT_TRUE(int_equal(v, back)) << text(v) << ' ' << base;
        }
    }
}

TEST_F(IntTest, GrammarOfInt) {
    Value v;
    struct {
        const char* text;
        int base;
        ParseInt result;
        int64_t value;
    } cases[] = {
        {" 12\n", 10, ParseInt::Ok, 12},    {"-0x1F", 16, ParseInt::Ok, -31},
        {"0x_1f", 0, ParseInt::Ok, 31},     {"0b12", 0, ParseInt::Invalid, 0},
        {"1__0", 10, ParseInt::Invalid, 0}, {"_1", 10, ParseInt::Invalid, 0},
        {"1_", 10, ParseInt::Invalid, 0},   {"017", 0, ParseInt::Invalid, 0},
        {"0_0", 0, ParseInt::Ok, 0},        {"", 10, ParseInt::Invalid, 0},
        {"-", 10, ParseInt::Invalid, 0},    {"0x", 16, ParseInt::Invalid, 0},
        {"1_000", 10, ParseInt::Ok, 1000},  {"z", 36, ParseInt::Ok, 35},
        {"9", 8, ParseInt::Invalid, 0},     {"\u0661\u0662", 10, ParseInt::Ok, 12},
        {"0b1", 16, ParseInt::Ok, 0xb1},    {"+5", 10, ParseInt::Ok, 5},
    };
    for (auto& c : cases) {
        EXPECT_EQ(int_from_text(heap, c.text, c.base, v), c.result) << c.text;
        if (c.result == ParseInt::Ok) {
            EXPECT_TRUE(v.is(Value::integer(c.value))) << c.text;
        }
    }
    size_t digits = 0;
    EXPECT_EQ(int_from_text(heap, std::string(4300, '1'), 10, v), ParseInt::Ok);
    EXPECT_FALSE(int_text_too_long(v));
    EXPECT_EQ(int_from_text(heap, std::string(4301, '1'), 10, v, &digits), ParseInt::TooLong);
    EXPECT_EQ(digits, 4301u);
    EXPECT_EQ(int_from_text(heap, std::string(9000, '1'), 16, v), ParseInt::Ok);
    EXPECT_TRUE(int_text_too_long(v));
    EXPECT_EQ(text(v, 10), "too long");
}

TEST_F(IntTest, Bytes) {
    uint8_t bytes[4];
    EXPECT_TRUE(int_to_bytes(Value::integer(-2), bytes, 4, false, true));
    EXPECT_EQ(std::vector<uint8_t>(bytes, bytes + 4), (std::vector<uint8_t>{0xff, 0xff, 0xff, 0xfe}));
    EXPECT_TRUE(int_to_bytes(Value::integer(-128), bytes, 1, false, true));
    EXPECT_FALSE(int_to_bytes(Value::integer(128), bytes, 1, false, true));
    EXPECT_TRUE(int_to_bytes(Value::integer(255), bytes, 1, false, false));
    EXPECT_FALSE(int_to_bytes(Value::integer(256), bytes, 1, false, false));
    EXPECT_FALSE(int_to_bytes(Value::integer(-1), bytes, 1, false, false));
    for (int i = 0; i < 500; i++) {
        Value v = random(5);
        uint8_t buffer[48];
        bool little = i & 1;
        ASSERT_TRUE(int_to_bytes(v, buffer, sizeof buffer, little, true));
        EXPECT_TRUE(int_equal(int_from_bytes(heap, buffer, sizeof buffer, little, true), v));
    }
}

TEST_F(IntTest, RefusesWhatIsTooLargeBeforeComputingIt) {
    Value huge = int_pow(heap, Value::integer(10), Value::integer(30));
    EXPECT_TRUE(int_lshift(heap, Value::integer(1), huge).is_unbound());
    EXPECT_TRUE(int_pow(heap, Value::integer(3), Value::integer(int64_t{1} << 60)).is_unbound());
    EXPECT_TRUE(int_pow(heap, Value::integer(2), huge).is_unbound());
    EXPECT_TRUE(int_pow(heap, Value::integer(-1), huge).is(Value::integer(1)));
    EXPECT_TRUE(int_rshift(heap, Value::integer(-5), huge).is(Value::integer(-1)));
    heap.set_limit(heap.used() + (1 << 20));
    EXPECT_TRUE(int_lshift(heap, Value::integer(1), Value::integer(100'000'000)).is_unbound());
    EXPECT_TRUE(int_pow(heap, Value::integer(7), Value::integer(100'000'000)).is_unbound());
    heap.set_limit(0);
    EXPECT_GT(int_pow_cost(Value::integer(7), Value::integer(1'000'000)), 10'000u);
}

TEST_F(IntTest, RoundsToPowersOfTen) {
    EXPECT_TRUE(int_round(heap, Value::integer(125), 1).is(Value::integer(120)));
    EXPECT_TRUE(int_round(heap, Value::integer(135), 1).is(Value::integer(140)));
    EXPECT_TRUE(int_round(heap, Value::integer(-126), 1).is(Value::integer(-130)));
    EXPECT_TRUE(int_round(heap, Value::integer(5), 1).is(Value::integer(0)));
    EXPECT_TRUE(int_round(heap, Value::integer(51), 2).is(Value::integer(100)));
    EXPECT_TRUE(int_round(heap, Value::integer(51), int64_t{1} << 60).is(Value::integer(0)));
}
