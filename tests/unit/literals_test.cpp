// The values of string and number literals, and the errors in them, as in CPython 3.11.

#include "lexer/literals.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "lexer/lexer.h"

using namespace gen;

namespace {

// The value of the first string in the text, or its error.
std::string value_of(std::string_view text, std::vector<Diagnostic>* warnings = nullptr) {
    Source source = Source::from_text("x.gen", text);
    Lexer lexer(source);
    for (;;) {
        Token token = lexer.next();
        if (token.kind == Tok::EndMarker || token.kind == Tok::Error) return "no string";
        if (token.kind != Tok::String && token.kind != Tok::Bytes && token.kind != Tok::FStringMiddle)
            continue;
        std::string value;
        if (auto error = decode_string(source, token, value, warnings)) return "error: " + error->message;
        return value;
    }
}

NumberValue number_of(const std::string& text) {
    Source source = Source::from_text("x.gen", text);
    Token token = Lexer(source).next();
    EXPECT_EQ(token.kind, Tok::Number) << text;
    EXPECT_EQ(token.end, text.size()) << text;
    NumberValue value;
    EXPECT_FALSE(decode_number(source, token, value)) << text;
    return value;
}

TEST(Strings, Escapes) {
    EXPECT_EQ(value_of(R"('a\n\t\\\'\"\a\b\f\r\v')"), "a\n\t\\'\"\a\b\f\r\v");
    EXPECT_EQ(value_of(R"('\x41\101\7\u00e9\U0001F600')"), "AA\aé😀");
    EXPECT_EQ(value_of("'a\\\nb'"), "ab");
    EXPECT_EQ(value_of(R"('\ud800')"), "\xED\xA0\x80");
    EXPECT_EQ(value_of(R"('\N{greek small letter alpha}\N{CJK UNIFIED IDEOGRAPH-4E00}')"), "α一");
    EXPECT_EQ(value_of(R"(r'\n')"), "\\n");
    EXPECT_EQ(value_of(R"(b'\xff\377\400\u0041')"), "\xFF\xFF" + std::string(1, '\0') + "\\u0041");
    EXPECT_EQ(value_of("'''a\"b'c'''"), "a\"b'c");
    EXPECT_EQ(value_of("'é'"), "é");
}

TEST(Strings, TextOfFStrings) {
    EXPECT_EQ(value_of(R"(f'\x41{{\n}}\{x}')"), "A{\n}\\");
    EXPECT_EQ(value_of(R"(rf'\x41{{')"), "\\x41{");
    EXPECT_EQ(value_of(R"(f'\N{BULLET}{{')"), "•{");
}

TEST(Strings, UnknownEscapesStayAndWarn) {
    std::vector<Diagnostic> warnings;
    EXPECT_EQ(value_of(R"('\d\é')", &warnings), R"(\d\é)");
    ASSERT_EQ(warnings.size(), 2u);
    EXPECT_EQ(warnings[0].message, R"(invalid escape sequence '\d')");
    EXPECT_EQ(warnings[1].message, R"(invalid escape sequence '\é')");
    EXPECT_EQ(warnings[0].kind, Diagnostic::Kind::DeprecationWarning);
}

TEST(Strings, BadEscapes) {
    const std::string codec = "error: (unicode error) 'unicodeescape' codec can't decode bytes in position ";
    EXPECT_EQ(value_of(R"('\x')"), codec + R"(0-1: truncated \xXX escape)");
    EXPECT_EQ(value_of(R"('\x1')"), codec + R"(0-2: truncated \xXX escape)");
    EXPECT_EQ(value_of(R"('\u12')"), codec + R"(0-3: truncated \uXXXX escape)");
    EXPECT_EQ(value_of(R"('ab\U0001')"), codec + R"(2-7: truncated \UXXXXXXXX escape)");
    EXPECT_EQ(value_of(R"('\U00110000')"), codec + "0-9: illegal Unicode character");
    EXPECT_EQ(value_of(R"('é\x1')"), codec + R"(10-12: truncated \xXX escape)");
    EXPECT_EQ(value_of(R"('\N{foo}')"), codec + "0-6: unknown Unicode character name");
    EXPECT_EQ(value_of(R"('abc\N')"), codec + R"(3-4: malformed \N character escape)");
    EXPECT_EQ(value_of(R"('\N{foo')"), codec + R"(0-5: malformed \N character escape)");
    EXPECT_EQ(value_of(R"(b'a\x1')"), R"(error: (value error) invalid \x escape at position 1)");
    EXPECT_EQ(value_of("b'é'"), "error: bytes can only contain ASCII literal characters");
}

TEST(Numbers, Ints) {
    const struct {
        const char* text;
        int64_t value;
    } cases[] = {{"0", 0},
                 {"00", 0},
                 {"0_0", 0},
                 {"7", 7},
                 {"1_000", 1000},
                 {"0xFF", 255},
                 {"0X_f_f", 255},
                 {"0o17", 15},
                 {"0B1_01", 5},
                 {"0b0", 0},
                 {"9223372036854775807", INT64_MAX}};
    for (const auto& expected : cases) {
        NumberValue value = number_of(expected.text);
        EXPECT_EQ(value.kind, NumberValue::Kind::Int) << expected.text;
        EXPECT_EQ(value.integer, expected.value) << expected.text;
    }
}

TEST(Numbers, BigIntsKeepTheirDigits) {
    NumberValue value = number_of("9223372036854775808");
    EXPECT_EQ(value.kind, NumberValue::Kind::BigInt);
    EXPECT_EQ(value.digits, "9223372036854775808");
    EXPECT_EQ(value.base, 10);
    value = number_of("0x0001_0000_0000_0000_0000");
    EXPECT_EQ(value.digits, "10000000000000000");
    EXPECT_EQ(value.base, 16);
    EXPECT_EQ(number_of("0x" + std::string(100000, 'f')).digits.size(), 100000u);

    Source source = Source::from_text("x.gen", std::string(4301, '1'));
    auto error = decode_number(source, Lexer(source).next(), value);
    ASSERT_TRUE(error);
    EXPECT_EQ(
        error->message,
        "Exceeds the limit (4300 digits) for integer string conversion: value has 4301 digits; use "
        "sys.set_int_max_str_digits() to increase the limit - Consider hexadecimal for huge integer literals "
        "to avoid decimal conversion limits.");
    EXPECT_EQ(error->column, 0u);
}

TEST(Numbers, FloatsAreCorrectlyRounded) {
    const struct {
        const char* text;
        double value;
    } cases[] = {{"1.5", 1.5},       {".5", .5},
                 {"5.", 5.0},        {"1e3", 1000.0},
                 {"1_0.2_5", 10.25}, {"0777.5", 777.5},
                 {"1E-2", 0.01},     {"9007199254740993.0", 9007199254740992.0},
                 {"5e-324", 5e-324}, {"2.2250738585072011e-308", 2.2250738585072011e-308},
                 {"0.1", 0.1},       {"1e-400", 0.0},
                 {"0e999", 0.0},     {"1e-99999999999999999999", 0.0}};
    for (const auto& expected : cases) {
        NumberValue value = number_of(expected.text);
        EXPECT_EQ(value.kind, NumberValue::Kind::Float) << expected.text;
        EXPECT_EQ(value.real, expected.value) << expected.text;
    }
    EXPECT_TRUE(std::isinf(number_of("1e400").real));
    EXPECT_TRUE(std::isinf(number_of("1e99999999999999999999").real));
    EXPECT_TRUE(std::isinf(number_of(std::string(400, '9') + ".0").real));
    EXPECT_EQ(number_of("0." + std::string(400, '0') + "1").real, 0.0);
}

TEST(Numbers, Imaginary) {
    NumberValue value = number_of("1_0.5e1J");
    EXPECT_EQ(value.kind, NumberValue::Kind::Imaginary);
    EXPECT_EQ(value.real, 105.0);
    EXPECT_EQ(number_of("09j").real, 9.0);
}

}  // namespace
