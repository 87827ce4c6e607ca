#pragma once

#include <cstdint>

#include "lexer/token.h"

// What the scanner's sources share: questions about single bytes and about the prefix of a string.
namespace gen {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr bool is_hex_digit(char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }

// Whether a byte can stand in an identifier, or is part of a character that may.
constexpr bool is_name_byte(char c) {
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || (c & 0x80) != 0;
}

// Whether what follows a well-formed number makes it doubtful: 1_, 0x, 1if, 12abc. (1é is two tokens.)
constexpr bool continues_number(char c) { return is_name_byte(c) && (c & 0x80) == 0; }

constexpr bool is_quote(char c) { return c == '\'' || c == '"'; }

constexpr bool is_bytes(const char* string) {
    for (; !is_quote(*string); ++string) {
        if ((*string | 0x20) == 'b') return true;
    }
    return false;
}

// The Token flags of a string literal, by its prefix and quotes.
constexpr uint8_t string_flags(const char* string) {
    unsigned flags = 0;
    for (; !is_quote(*string); ++string) {
        if ((*string | 0x20) == 'r') flags |= Token::kRaw;
        if ((*string | 0x20) == 'u') flags |= Token::kUnicode;
    }
    // The third quote of an empty string '' is not its own: the scanner's longest match has seen to that.
    if (string[1] == *string && string[2] == *string) flags |= Token::kTriple;
    return static_cast<uint8_t>(flags);
}

}  // namespace gen
