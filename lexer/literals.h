#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lexer/diagnostic.h"
#include "lexer/source.h"
#include "lexer/token.h"

namespace gen {

// Appends the value of a String, Bytes or FStringMiddle token to `value`, so that adjacent literals join. A
// str's value is generalised UTF-8: lone surrogates written as escapes are encoded in three bytes. In an
// FStringMiddle {{ and }} become one brace, except in a format spec. Answers the error, if any, placed at
// `token`. (CPython 3.11 shows "(unicode error)" and "(value error)" at the token after the last of the
// adjacent strings instead: a parser that wants this moves it with make_diagnostic.) Warnings (invalid escape
// sequences: DeprecationWarning, silent unless asked for) go to `warnings`.
std::optional<Diagnostic> decode_string(const Source& source, const Token& token, std::string& value,
                                        std::vector<Diagnostic>* warnings = nullptr);

// The value of a Number token.
struct NumberValue {
    enum class Kind : uint8_t { Int, BigInt, Float, Imaginary };
    Kind kind = Kind::Int;
    uint8_t base = 10;    // of digits: 2, 8, 10, 16
    int64_t integer = 0;  // Int: never negative
    double real = 0;      // Float, Imaginary: correctly rounded, infinite when out of range
    std::string digits;   // BigInt: beyond 63 bits; no prefix, no underscores, no leading zeros, as written
};

// Fails only for a decimal integer of more than 4,300 digits, as in CPython 3.11.
std::optional<Diagnostic> decode_number(const Source& source, const Token& token, NumberValue& value);

// The identifier a Name stands for: the source's own text, or, if that is not ASCII, its NFKC form, which is
// kept in `scratch`. Without utf8proc (GEN_HAS_UTF8PROC) names are not normalised, and every code point from
// U+0080 on counts as a letter.
std::string_view name_text(const Source& source, const Token& token, std::string& scratch);

}  // namespace gen
